/* report_rules.c - what of a mapping the report is about; see dualwrite/report_rules.h. */
#include "dualwrite/report_rules.h"

#include <string.h>
#include <strings.h>

/* ---- filters ---- */

static const struct mapping_column *
filtered_column(const struct mapping_entity *e, const char *name, size_t *index)
{
    for (int by_target = 0; by_target < 2; by_target++)
        for (*index = 0; *index < e->columns.count; ++*index) {
            const struct mapping_column *c = &e->columns.items[*index];

            if (by_target
                    ? strcmp(c->name, name) == 0 && (c->value.kind == VALUE_COLUMN || c->value.kind == VALUE_EXPRESSION)
                    : c->value.kind == VALUE_COLUMN && strcmp(c->value.text, name) == 0)
                return c;
        }
    return NULL;
}

bool
report_filter_find(const struct mapping *m, const char *name, const char *value, struct report_filter *filter,
                   struct buf *why)
{
    const struct mapping_entity *e = &m->entities[0];
    const struct mapping_column *c = filtered_column(e, name, &filter->index);

    if (c == NULL) {
        buf_printf(why, "the mapping reads no column \"%s\" of %s.%s, and writes none of that name to %s.%s", name,
                   e->source.schema, e->source.name, e->target.schema, e->target.name);
        return false;
    }
    filter->column = name;
    filter->value = value;
    filter->legacy = value;
    if (c->value.lookup != NULL) {
        buf_printf(why, "the mapping looks %s.%s up in another table, by which no rows can be chosen", e->name,
                   c->name);
        return false;
    }
    if (c->value.nvalues == 0)
        return true;
    for (size_t i = 0; i < c->value.nvalues; i++)
        if (strcmp(c->value.values[i].from, value) == 0) {
            filter->legacy = c->value.values[i].to;
            return true;
        }
    filter->legacy = c->value.otherwise;
    if (!c->value.has_otherwise) {
        buf_printf(why, "the value map of %s.%s has no entry for \"%s\", but for", e->name, c->name, value);
        for (size_t i = 0; i < c->value.nvalues; i++)
            buf_printf(why, "%s %s", i == 0 ? "" : ",", c->value.values[i].from);
    }
    return c->value.has_otherwise;
}

/* ---- entities ---- */

static bool
is_ranking(const struct mapping_entity *e)
{
    return strcasestr(e->name, "rank") != NULL || strcasestr(e->target.name, "ranking") != NULL;
}

size_t
report_child(const struct mapping *m, bool ranking)
{
    size_t i = 0;

    while (i < m->count && (m->entities[i].parent == NULL || m->entities[i].parent->index != 0 ||
                            is_ranking(&m->entities[i]) != ranking))
        i++;
    return i;
}

/* ---- what a column is about ---- */

enum report_about
report_about(const char *column)
{
    static const struct {
        const char *word;
        enum report_about about;
    } words[] = {{"slug", ABOUT_SLUG},       {"handle", ABOUT_SLUG},   {"name", ABOUT_NAME},
                 {"title", ABOUT_NAME},      {"rank", ABOUT_RANKING},  {"ranking", ABOUT_RANKING},
                 {"rating", ABOUT_RANKING},  {"elo", ABOUT_RANKING},   {"mmr", ABOUT_RANKING},
                 {"points", ABOUT_RANKING},  {"score", ABOUT_RANKING}, {"tier", ABOUT_RANKING},
                 {"division", ABOUT_RANKING}};

    for (const char *p = column; *p != '\0';) {
        size_t len = strcspn(p, "_");

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (strlen(words[i].word) == len && strncasecmp(words[i].word, p, len) == 0)
                return words[i].about;
        p += len + (p[len] == '_');
    }
    return ABOUT_NOTHING;
}

static bool
is_key(const struct mapping_entity *e, const char *column)
{
    for (size_t i = 0; i < e->target_key.count; i++)
        if (strcmp(e->target_key.items[i], column) == 0)
            return true;
    return false;
}

bool
report_compares(const struct mapping *m, enum report_about about)
{
    const struct mapping_entity *e = &m->entities[0];

    for (size_t i = 0; i < e->columns.count; i++) {
        const struct mapping_column *c = &e->columns.items[i];

        if (!c->value.insert_only && c->value.kind != VALUE_NOW && !is_key(e, c->name) &&
            report_about(c->name) == about)
            return true;
    }
    return false;
}
