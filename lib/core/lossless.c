/* lossless.c - which pairs of types keep every value; see dualwrite/lossless.h. Not whether the data would fit. */
#include "dualwrite/lossless.h"

#include <stdlib.h>
#include <string.h>

static bool
among(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* How far down `base` a value is kept: the digits of numeric(8,2), timestamp(3); 1000 where there is no limit. */
static long
digits(const struct catalog_column *column)
{
    const char *open = strchr(column->shown_type, '(');
    const char *comma = open == NULL ? NULL : strchr(open, ',');

    return open == NULL ? 1000 : strtol((comma == NULL ? open : comma) + 1, NULL, 10);
}

bool
lossless(const struct catalog_column *from, const struct catalog_column *to)
{
    static const char *const texts[] = {"text", "varchar", "bpchar", NULL};
    static const char *const rounded[] = {"numeric", "timestamp", "timestamptz", "time", "timetz", "interval", NULL};
    static const char *const shown[] = {"int2", "int4", "int8",  "uuid",    "enum", "text", "varchar", "bpchar",
                                        "bool", "json", "jsonb", "numeric", "name", "char", NULL};
    static const char *const wider[][2] = {
        {"int2", "int4"},    {"int2", "int8"},     {"int4", "int8"},   {"int2", "numeric"},
        {"int4", "numeric"}, {"int8", "numeric"},  {"int4", "float8"}, {"int2", "float8"},
        {"int2", "float4"},  {"float4", "float8"}, {"json", "jsonb"},  {"jsonb", "json"},
        {"int8", "int4"},    {"int8", "int2"},     {"int4", "int2"},   {"date", "timestamp"},
    };

    if (strcmp(from->base, to->base) == 0)
        return !among(from->base, rounded) || digits(to) >= digits(from);
    if (among(to->base, texts) && among(from->base, shown))
        return true;
    for (size_t i = 0; i < sizeof wider / sizeof wider[0]; i++)
        if (strcmp(from->base, wider[i][0]) == 0 && strcmp(to->base, wider[i][1]) == 0)
            return true;
    return false;
}
