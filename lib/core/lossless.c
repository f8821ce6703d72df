/* lossless.c - which pairs of types keep every value; see dualwrite/lossless.h. Not whether the data would fit. */
#include "dualwrite/lossless.h"

#include <stdlib.h>
#include <string.h>

/* The name of a type without its schema; of an array the name of its elements. Points into a catalog. */
struct name {
    const char *text;
    size_t len;
    bool qualified; /* not one of PostgreSQL's own */
    bool array;
};

/* A base of catalog.h: int4, "enum", public.ltree, "odd.schema"."T"[]. */
static struct name
name_of(const char *base)
{
    struct name n = {.text = base};
    bool quoted = false;

    for (const char *p = base; *p != '\0'; p++) {
        if (*p == '"') {
            quoted = !quoted;
        } else if (*p == '.' && !quoted) {
            n.text = p + 1;
            n.qualified = true;
        }
    }
    n.len = strlen(n.text);
    n.array = n.len > 2 && strcmp(n.text + n.len - 2, "[]") == 0;
    if (n.array)
        n.len -= 2;
    return n;
}

static bool
is(struct name n, const char *word)
{
    return strlen(word) == n.len && memcmp(n.text, word, n.len) == 0;
}

static bool
among(struct name n, const char *const *words)
{
    for (; *words != NULL; words++)
        if (!n.qualified && is(n, *words))
            return true;
    return false;
}

/* citext is an extension's, in whatever schema that was put. */
static bool
is_text(struct name n)
{
    static const char *const texts[] = {"text", "varchar", "bpchar", NULL};

    return among(n, texts) || (n.qualified && is(n, "citext"));
}

/* The type with its modifier; a domain's own name would not show it. */
static const char *
exact(const struct catalog_column *column)
{
    return column->exact_type != NULL ? column->exact_type : column->shown_type;
}

/* How far down a value is kept: the digits of numeric(8,2), timestamp(3); 1000 where there is no limit. */
static long
digits(const struct catalog_column *column)
{
    const char *open = strchr(exact(column), '(');
    const char *comma = open == NULL ? NULL : strchr(open, ',');

    return open == NULL ? 1000 : strtol((comma == NULL ? open : comma) + 1, NULL, 10);
}

/* The fields of interval day to second, which drops the others in silence; "" when it keeps all. */
static bool
same_fields(const struct catalog_column *from, const struct catalog_column *to)
{
    const char *a = exact(from) + strcspn(exact(from), " ([");
    const char *b = exact(to) + strcspn(exact(to), " ([");

    return *b != ' ' || (strcspn(a, "([") == strcspn(b, "([") && strncmp(a, b, strcspn(b, "([")) == 0);
}

static bool
keeps_precision(struct name n, const struct catalog_column *from, const struct catalog_column *to)
{
    static const char *const rounded[] = {"numeric", "timestamp", "timestamptz", "time", "timetz", "interval", NULL};

    if (!among(n, rounded))
        return true;
    return digits(to) >= digits(from) && (!is(n, "interval") || same_fields(from, to));
}

bool
lossless(const struct catalog_column *from, const struct catalog_column *to)
{
    static const char *const shown[] = {"int2", "int4",  "int8",    "uuid", "enum", "bool",
                                        "json", "jsonb", "numeric", "name", "char", NULL};
    static const char *const wider[][2] = {
        {"int2", "int4"},    {"int2", "int8"},     {"int4", "int8"},   {"int2", "numeric"},
        {"int4", "numeric"}, {"int8", "numeric"},  {"int4", "float8"}, {"int2", "float8"},
        {"int2", "float4"},  {"float4", "float8"}, {"json", "jsonb"},  {"jsonb", "json"},
        {"int8", "int4"},    {"int8", "int2"},     {"int4", "int2"},   {"date", "timestamp"},
    };
    struct name a = name_of(from->base);
    struct name b = name_of(to->base);

    if (a.array != b.array)
        return false;
    /* two databases may have an extension or a type of their own in different schemas */
    if (a.len == b.len && memcmp(a.text, b.text, a.len) == 0 && a.qualified == b.qualified)
        return keeps_precision(a, from, to);
    if (is_text(b))
        return is_text(a) || among(a, shown);
    if (is_text(a)) /* what does not fit is refused by name */
        return !b.qualified && (is(b, "enum") || is(b, "uuid"));
    for (size_t i = 0; i < sizeof wider / sizeof wider[0]; i++)
        if (!a.qualified && !b.qualified && is(a, wider[i][0]) && is(b, wider[i][1]))
            return !is(b, "numeric") || digits(to) >= 0; /* numeric(5,-2) rounds integers */
    return false;
}
