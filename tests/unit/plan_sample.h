/*
 * plan_sample.h - mappings with the catalogs they are made for, ready for the generator of SQL. Includes
 * catalog_sample.h.
 *
 * The second family has what the parser does not know yet: its lookups, unique rules, composite map key, presence by
 * NULL and parent without a map are set by hand.
 */
#ifndef TESTS_PLAN_SAMPLE_H
#define TESTS_PLAN_SAMPLE_H

#include "catalog_sample.h"
#include "dualwrite/sqlparts.h"

/*
 * A word has no map and pages below it; a note has a key of two columns; a line's key holds a lookup of the legacy
 * side.
 */
static const char more_json[] =
    "{\"channel\": \"bell\", \"entities\": [\n"
    "{\"name\": \"word\",\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Word\", \"key\": [\"Code\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Word\", \"key\": [\"Code\"]},\n"
    " \"columns\": {\"Code\": \"Code\"},\n"
    " \"removal\": \"delete\",\n"
    " \"log\": {\"id\": \"word_id\"},\n"
    " \"operations\": {\"insert\": \"word_i\", \"update\": \"word_u\", \"remove\": \"word_r\"}},\n"
    "{\"name\": \"page\",\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"b\", \"key\": [\"Id\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Page\", \"key\": [\"Id\"]},\n"
    " \"map\": {\"schema\": \"Map\", \"table\": \"Page Map\", \"source_key\": \"N\", \"target_key\": \"O\", "
    "\"columns\": {\n"
    "  \"Slug\": {\"target_column\": \"Slug\"}, \"Seen\": {\"target_column\": \"Left\"}, \"Data\": \"Data\",\n"
    "  \"Made\": {\"now\": true}, \"Author\": \"User\", \"Kind\": {\"expression\": \"upper(v)\", \"truncate\": 2}}},\n"
    " \"columns\": {\n"
    "  \"Slug\": \"Slug\",\n"
    "  \"Link\": {\"expression\": \"v || \\\"Slug\\\" -- both\", \"truncate\": 12},\n"
    "  \"Name\": \"v\",\n"
    "  \"Author\": \"User\",\n"
    "  \"Shelf\": {\"column\": \"Shelf\", \"values\": {\"0\": \"0\"}, \"otherwise\": \"none\"},\n"
    "  \"Tags\": {\"column\": \"Shelf\", \"truncate\": 5},\n"
    "  \"Data\": \"Data\",\n"
    "  \"Left\": {\"now\": true}},\n"
    " \"present\": {\"column\": \"v\", \"in\": [\"here\"]},\n"
    " \"removal\": {\"set\": {\"Data\": {\"constant\": \"{\\\"gone\\\": \\\"it's\\\"}\"}, \"Name\": {\"constant\": "
    "null}, "
    "\"Left\": {\"now\": true}}},\n"
    " \"log\": {\"id\": \"page_id\"},\n"
    " \"operations\": {\"insert\": \"page_i\", \"update\": \"page_u\", \"remove\": \"page_r\"}},\n"
    "{\"name\": \"note\",\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Note\", \"key\": [\"ref\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Note\", \"key\": [\"Id\"]},\n"
    " \"map\": {\"schema\": \"Map\", \"table\": \"Note Map\", \"source_key\": \"X\", \"target_key\": \"O\", "
    "\"verified\": \"Ok\"},\n"
    " \"columns\": {\"Body\": \"Body\"},\n"
    " \"removal\": \"keep\",\n"
    " \"log\": {\"id\": \"note_id\"},\n"
    " \"operations\": {\"insert\": \"note_i\", \"update\": \"note_u\", \"remove\": \"note_r\"}},\n"
    "{\"name\": \"line\",\n"
    " \"source\": {\"schema\": \"New\", \"table\": \"Line\", \"key\": [\"Id\"]},\n"
    " \"target\": {\"schema\": \"Old\", \"table\": \"Line\", \"key\": [\"Who\", \"Word\", \"Nr\"]},\n"
    " \"columns\": {\"Who\": \"User\", \"Nr\": \"Nr\", \"Text\": {\"expression\": \"1 / \\\"Nr\\\"\"}, \"Word\": "
    "\"Word\",\n"
    "  \"Mood\": {\"column\": \"Mood\", \"values\": {\"a\": \"A\"}}},\n"
    " \"latest_by\": \"Changed\",\n"
    " \"removal\": \"delete\",\n"
    " \"log\": {\"id\": \"line_id\"},\n"
    " \"operations\": {\"insert\": \"line_i\", \"update\": \"line_u\", \"remove\": \"line_r\"}}\n"
    "]}\n";

static const char more_catalog[] =
    "T|New|Word|\nC|Code|pg_catalog.text\nC|Gone|pg_catalog.timestamptz\nU|Code\n"
    "T|Old|Word|\nC|Code|pg_catalog.\"varchar\"|10\nU|Code\n"
    "T|New|b|\nC|Id|pg_catalog.int8\nC|Word|pg_catalog.text\nC|Slug|pg_catalog.text\nC|v|pg_catalog.text\n"
    "C|User|pg_catalog.int4\nC|Shelf|pg_catalog.text\nC|Data|pg_catalog.jsonb\nU|Id\n"
    "T|Old|Page|\"Old\".\"Page Seq\"\nC|Id|pg_catalog.int8|=|nextval('\"Old\".\"Page Seq\"'::regclass)\n"
    "C|Word|pg_catalog.\"varchar\"|10\nC|Slug|pg_catalog.\"varchar\"|20\nC|Link|pg_catalog.text\n"
    "C|Name|pg_catalog.\"varchar\"|8\nC|Author|pg_catalog.uuid\nC|Shelf|pg_catalog.bpchar|6\nC|Tags|pg_catalog.jsonb\n"
    "C|Data|pg_catalog.json|j\nC|Left|pg_catalog.timestamptz\nU|Id\nU|Slug\n"
    "T|Map|Page "
    "Map|\nC|N|pg_catalog.int8\nC|O|pg_catalog.int8\nC|Slug|pg_catalog.\"varchar\"|20\nC|Seen|pg_catalog.date\n"
    "C|Data|pg_catalog.jsonb\nC|Made|pg_catalog.timestamptz\nC|Author|pg_catalog.uuid\nC|Kind|pg_catalog.bpchar|2\nU|"
    "N\n"
    "T|New|Note|\nC|ref|pg_catalog.int4\nC|root|pg_catalog.text\nC|Body|pg_catalog.text\nU|ref|root\n"
    "T|Old|Note|\nC|Id|pg_catalog.uuid|=|gen_random_uuid()\nC|Body|pg_catalog.text\nd|Id\n"
    "T|Map|Note "
    "Map|\nC|X|pg_catalog.int4\nC|Y|pg_catalog.\"varchar\"|9\nC|O|pg_catalog.uuid\nC|Ok|pg_catalog.bool\nU|Y|X\n"
    "T|New|Line|\nC|Id|pg_catalog.int8\nC|Word|pg_catalog.text\nC|Nr|pg_catalog.int4\nC|User|pg_catalog.int4\n"
    "C|Mood|pg_catalog.text\nC|Live|pg_catalog.timestamptz\nC|Changed|pg_catalog.timestamptz\nU|Id\n"
    "T|Old|Line|\nC|Who|pg_catalog.bpchar|4\nC|Word|pg_catalog.\"varchar\"|10\nC|Nr|pg_catalog.int2\n"
    "C|Text|pg_catalog.numeric\nC|Mood|pg_catalog.text\nU|Word|Nr|Who\n"
    "T|Look|Person|\nC|User|pg_catalog.int4\nC|Id|pg_catalog.uuid\nU|User\n"
    "T|Old|l|\nC|Code|pg_catalog.\"varchar\"|4\nC|Place|pg_catalog.text\nC|Words|pg_catalog.text\nU|Code\n"
    "T|Old|Person|\nC|Nr|pg_catalog.int4\nC|Login|pg_catalog.text\nU|Nr\n";

static inline struct mapping_entity *
entity_of(const struct mapping *m, const char *name)
{
    size_t i = mapping_entity_index(m, name);

    assert_true(i < m->count);
    return &m->entities[i];
}

static inline struct mapping_value *
value_in(const struct mapping_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->items[i].name, name) == 0)
            return &columns->items[i].value;
    fail_msg("no column is called %s", name);
    return NULL;
}

static inline struct mapping_value *
value_of(const struct mapping *m, const char *entity, const char *column)
{
    return value_in(&entity_of(m, entity)->columns, column);
}

static inline void
no_value_map(struct mapping_value *v)
{
    for (size_t i = 0; i < v->nvalues; i++) {
        free(v->values[i].from);
        free(v->values[i].to);
    }
    free(v->values);
    v->values = NULL;
    v->nvalues = 0;
}

static inline void
look_up(struct mapping_value *v, const char *schema, const char *table, const char *key, const char *value, bool legacy)
{
    v->lookup = xcalloc(1, sizeof *v->lookup);
    *v->lookup = (struct mapping_lookup){
        .table = {.schema = xstrdup(schema), .name = xstrdup(table)},
        .key = xstrdup(key),
        .value = xstrdup(value),
        .legacy = legacy,
    };
}

/* The parser's successor frees them itself: they are taken out before. */
static inline void
free_lookups(struct mapping_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        struct mapping_lookup *l = columns->items[i].value.lookup;

        if (l == NULL)
            continue;
        free(l->table.schema);
        free(l->table.name);
        free(l->key);
        free(l->value);
        free(l);
        columns->items[i].value.lookup = NULL;
    }
}

static inline void
add_name(struct mapping_names *names, const char *name)
{
    names->items = xreallocarray(names->items, names->count + 1, sizeof *names->items);
    names->items[names->count++] = xstrdup(name);
}

static inline void
set_present(struct mapping_entity *e, enum present_kind kind, const char *column)
{
    e->present.kind = kind;
    e->present.column = xstrdup(column);
}

/* The target column that takes the parent's key is none of the mapped ones. */
static inline void
set_parent(const struct mapping *m, const char *child, const char *parent, const char *column)
{
    struct mapping_entity *e = entity_of(m, child);

    e->parent = xcalloc(1, sizeof *e->parent);
    *e->parent = (struct mapping_parent){
        .entity = xstrdup(parent),
        .index = mapping_entity_index(m, parent),
        .column = xstrdup(column),
        .target_column = xstrdup(column),
    };
    for (size_t i = 0; i < e->columns.count; i++) {
        struct mapping_column *c = &e->columns.items[i];

        if (strcmp(c->name, column) != 0)
            continue;
        free(c->name);
        free(c->value.text);
        e->columns.count--;
        memmove(c, c + 1, (e->columns.count - i) * sizeof *c);
        return;
    }
}

static inline struct mapping *
more_of(const char *json)
{
    struct mapping *m = mapping_of(json);
    struct mapping_entity *page = entity_of(m, "page");

    set_present(entity_of(m, "word"), PRESENT_NULL, "Gone");
    set_present(entity_of(m, "line"), PRESENT_NOT_NULL, "Live");
    set_parent(m, "page", "word", "Word");
    set_parent(m, "line", "word", "Word");
    add_name(&entity_of(m, "note")->source_key, "root");
    add_name(&entity_of(m, "note")->identity, "root");
    add_name(&entity_of(m, "note")->map->source_key, "Y");
    value_of(m, "page", "Slug")->unique = UNIQUE_SUFFIX;
    value_of(m, "page", "Link")->unique = UNIQUE_SUFFIX;
    value_of(m, "page", "Name")->unique = UNIQUE_TRUNCATE;
    look_up(value_of(m, "page", "Author"), "Look", "Person", "User", "Id", false);
    look_up(value_in(&page->map->columns, "Author"), "Look", "Person", "User", "Id", false);
    no_value_map(value_of(m, "page", "Shelf"));
    look_up(value_of(m, "page", "Shelf"), "Old", "l", "Code", "Place", true);
    look_up(value_of(m, "page", "Tags"), "Old", "l", "Code", "Words", true);
    look_up(value_of(m, "line", "Who"), "Old", "Person", "Nr", "Login", true);
    return m;
}

struct sample {
    struct mapping *mapping;
    struct catalog *catalog;
    struct catalogs catalogs;
};

/* Takes the mapping over. One catalog twice: the tables of both sides have different names. */
static inline struct sample
sample_with(struct mapping *m, const char *catalog)
{
    struct sample s = {.mapping = m, .catalog = catalog_of(catalog)};

    s.catalogs = (struct catalogs){s.catalog, s.catalog};
    return s;
}

static inline struct sample
sample_of(const char *json, const char *catalog)
{
    return sample_with(mapping_of(json), catalog);
}

static inline struct sample
more_sample(void)
{
    return sample_with(more_of(more_json), more_catalog);
}

static inline void
sample_free(struct sample *s)
{
    for (size_t i = 0; i < s->mapping->count; i++) {
        free_lookups(&s->mapping->entities[i].columns);
        if (s->mapping->entities[i].map != NULL)
            free_lookups(&s->mapping->entities[i].map->columns);
    }
    mapping_free(s->mapping);
    catalog_free(s->catalog);
}

static inline struct gen
gen_of(const struct sample *s, const char *entity)
{
    return gen_for(s->mapping, &s->catalogs, entity_of(s->mapping, entity));
}

/* A column of the sample's catalog, to be changed. */
static inline struct catalog_column *
column_of(const struct sample *s, const char *schema, const char *table, const char *name)
{
    const struct catalog_table *t = catalog_table(s->catalog, schema, table);

    assert_non_null(t);
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return &t->columns[i];
    fail_msg("no column is called %s", name);
    return NULL;
}

/* No domain: what it is shown as is what it is. */
static inline void
no_domain(struct catalog_column *c)
{
    free(c->exact_type);
    c->exact_type = xstrdup(c->shown_type);
}

/* What one of the gen_ functions makes for an entity must hold, or not hold, a text; `sql` is freed. */
static inline void
has(char *sql, const char *part)
{
    assert_non_null(sql);
    must_have(sql, part);
    free(sql);
}

static inline void
has_not(char *sql, const char *part)
{
    assert_non_null(sql);
    must_not_have(sql, part);
    free(sql);
}

/* A piece of what is generated for an entity: it is there, or nowhere. */
struct plan_part {
    int sample; /* family, more */
    const char *entity;
    const char *part;
};

static inline void
check_parts(char *make(const struct gen *g), const struct plan_part *rows, size_t count, bool there)
{
    struct sample samples[] = {sample_of(family_json, family_catalog), more_sample()};

    for (size_t i = 0; i < count; i++) {
        struct gen g = gen_of(&samples[rows[i].sample], rows[i].entity);

        if (there)
            has(make(&g), rows[i].part);
        else
            has_not(make(&g), rows[i].part);
    }
    sample_free(&samples[0]);
    sample_free(&samples[1]);
}

#endif
