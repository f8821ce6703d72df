/* init_value.c - how one legacy column is fed in a proposed mapping; see dualwrite/init_value.h. */
#include "dualwrite/init_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dualwrite/buf.h"
#include "dualwrite/lossless.h"
#include "dualwrite/names.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

void
init_todo(cJSON *object, const char *fmt, ...)
{
    const char *before = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "TODO"));
    struct buf text = {0};
    va_list ap;

    if (before != NULL)
        buf_printf(&text, "%s; also: ", before);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    cJSON_DeleteItemFromObjectCaseSensitive(object, "TODO");
    cJSON_AddStringToObject(object, "TODO", buf_text(&text));
    buf_free(&text);
}

char *
init_default_text(const struct catalog_column *c)
{
    struct buf out = {0};
    const char *s = c->default_expr;

    if (s == NULL || *s != '\'')
        return NULL;
    for (s++; *s != '\0'; s++) {
        if (*s == '\'' && *++s != '\'') {
            /* nothing but a cast may follow */
            if (*s == '\0' || (strncmp(s, "::", 2) == 0 && strchr(s, '\'') == NULL))
                return buf_steal(&out);
            break;
        }
        buf_putc(&out, *s);
    }
    buf_free(&out);
    return NULL;
}

const char *
init_label(const struct schema_labels *labels, const char *text)
{
    for (size_t i = 0; i < labels->count; i++)
        if (strcasecmp(labels->items[i], text) == 0)
            return labels->items[i];
    return NULL;
}

bool
init_labels_meet(const struct schema_labels *from, const struct schema_labels *to)
{
    size_t met = 0;

    for (size_t i = 0; from != NULL && to != NULL && i < from->count; i++)
        met += init_label(to, from->items[i]) != NULL;
    return met > 0 && 2 * met >= from->count;
}

/* 'A', 'B' or 'C' */
static char *
listed(const struct schema_labels *labels)
{
    struct buf out = {0};

    for (size_t i = 0; i < labels->count; i++)
        buf_printf(&out, "%s'%s'", i == 0 ? "" : i + 1 < labels->count ? ", " : " or ", labels->items[i]);
    return buf_steal(&out);
}

/* ---- values maps ---- */

/* Whether each label is there on the other side just so. */
static bool
all_the_same(const struct schema_labels *from, const struct schema_labels *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const char *label = init_label(to, from->items[i]);

        if (label == NULL || strcmp(label, from->items[i]) != 0)
            return false;
    }
    return true;
}

static void
add_values(cJSON *v, const struct schema_labels *from, const struct schema_labels *to)
{
    cJSON *values = cJSON_AddObjectToObject(v, "values");
    char *list = listed(to);

    for (size_t i = 0; i < from->count; i++) {
        const char *label = init_label(to, from->items[i]);

        if (label != NULL)
            cJSON_AddStringToObject(values, from->items[i], label);
        else
            init_todo(cJSON_AddObjectToObject(values, from->items[i]), "legacy takes %s", list);
    }
    free(list);
}

/* True when the labels decide how the values travel. */
static bool
feed_labels(const struct init_feed *f, cJSON *v)
{
    char *list;

    if (f->to_labels == NULL || f->key)
        return false;
    if (f->from_labels != NULL) {
        if (!all_the_same(f->from_labels, f->to_labels))
            add_values(v, f->from_labels, f->to_labels);
        return true;
    }
    if (!init_is_text(f->from))
        return false;
    list = listed(f->to_labels);
    if (!init_is_text(f->to))
        add_values(v, f->to_labels, f->to_labels);
    init_todo(v, "legacy takes only %s; if vNext holds others, say in values and otherwise what becomes of them", list);
    free(list);
    return true;
}

/* ---- what may not fit ---- */

static bool
is_shorter(const struct init_feed *f)
{
    bool text = init_is_text(f->from) || strcmp(f->from->base, "json") == 0 || strcmp(f->from->base, "jsonb") == 0;

    return f->to->length > 0 && text && (f->from->length == 0 || f->from->length > f->to->length);
}

static void
feed_length(const struct init_feed *f, cJSON *v)
{
    char length[32] = "any number";

    if (!is_shorter(f) || f->key)
        return;
    if (f->from->length > 0)
        snprintf(length, sizeof length, "%d", f->from->length);
    if (f->unique)
        init_todo(v,
                  "legacy takes %d characters and each value once, vNext %s: add unique (suffix or truncate), else "
                  "longer ones fail by name",
                  f->to->length, length);
    else
        init_todo(v, "legacy takes %d characters, vNext %s: add truncate, else longer ones fail by name", f->to->length,
                  length);
}

/* A NULL that legacy refuses; texts get a proposal. */
static void
feed_null(const struct init_feed *f, cJSON *v)
{
    struct buf sql = {0};

    if (f->from->not_null || !f->to->not_null)
        return;
    if (init_is_text(f->from) && cJSON_GetObjectItemCaseSensitive(v, "values") == NULL) {
        buf_puts(&sql, "coalesce(");
        quote_ident(&sql, f->from->name);
        buf_puts(&sql, ", '')");
        cJSON_DeleteItemFromObjectCaseSensitive(v, "column");
        cJSON_AddStringToObject(v, "expression", buf_text(&sql));
        buf_free(&sql);
    }
    init_todo(v, "vNext may hold NULL and legacy may not: say with an expression what NULL becomes");
}

static void
todo_last(cJSON *v)
{
    cJSON *todo = cJSON_DetachItemFromObjectCaseSensitive(v, "TODO");

    if (todo != NULL)
        cJSON_AddItemToObject(v, "TODO", todo);
}

cJSON *
init_value(const struct init_feed *f)
{
    cJSON *v = cJSON_CreateObject();

    cJSON_AddStringToObject(v, "column", f->from->name);
    if (init_is_creation(f->to) && !f->key)
        cJSON_AddTrueToObject(v, "insert_only");
    if (f->match == MATCH_MEANING || f->match == MATCH_PART)
        init_todo(v, "only guessed from names and values");
    if (f->match == MATCH_CORE && !init_is_text(f->from) && init_is_text(f->to))
        init_todo(v, "a key would become a text: add values, or a lookup");
    if (!feed_labels(f, v)) {
        if (!lossless(f->from, f->to))
            init_todo(v, "%s does not go into %s without loss: write an expression", f->from->shown_type,
                      f->to->shown_type);
        else
            feed_length(f, v);
    }
    feed_null(f, v);
    todo_last(v);
    if (v->child->next == NULL && cJSON_GetObjectItemCaseSensitive(v, "column") != NULL) {
        cJSON_Delete(v);
        v = cJSON_CreateString(f->from->name);
    }
    return v;
}

cJSON *
init_constant(const struct catalog_column *to, const struct schema_labels *labels)
{
    static const char *const good[] = {"active", "enabled", "visible", "valid", "open", "current", NULL};
    cJSON *v = cJSON_CreateObject();
    size_t len = strlen(to->base);
    const char *constant = NULL;

    if (init_is_time(to))
        cJSON_AddTrueToObject(v, "now");
    else if (labels != NULL && labels->count > 0)
        constant = labels->items[0];
    else if (strcmp(to->base, "bool") == 0)
        constant = name_word_among(to->name, good) != NULL ? "true" : "false";
    else if (init_is_integer(to) || strcmp(to->base, "numeric") == 0 || strncmp(to->base, "float", 5) == 0)
        constant = "0";
    else if (init_is_text(to) || strcmp(to->base, "bytea") == 0)
        constant = "";
    else if (strcmp(to->base, "json") == 0 || strcmp(to->base, "jsonb") == 0 ||
             (len > 2 && strcmp(to->base + len - 2, "[]") == 0))
        constant = "{}";
    if (constant != NULL)
        cJSON_AddStringToObject(v, "constant", constant);
    if (init_is_creation(to))
        cJSON_AddTrueToObject(v, "insert_only");
    init_todo(v, "NOT NULL (%s), and no vNext column is named like it", to->shown_type);
    return v;
}
