/* pack_sql.c - a rule pack's statements, filled in from the mapping; see dualwrite/pack_sql.h and dualwrite/sqlparts.h. */
#include "dualwrite/pack_sql.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/quote.h"
#include "dualwrite/ref.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

static void
take(struct fragments *f, const char *name, struct buf *text)
{
    fragments_take(f, name, buf_steal(text));
}

/* ---- places of an entity ---- */

/* "a.x::text", of several columns "x,y" */
static void
take_label(struct fragments *f, const char *name, const char *alias, char *const *columns, size_t count)
{
    struct buf text = {0};

    if (count > 1)
        buf_puts(&text, "pg_catalog.concat_ws(','");
    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s%s.", count > 1 ? ", " : "", alias);
        quote_ident(&text, columns[i]);
        buf_puts(&text, "::pg_catalog.text");
    }
    buf_puts(&text, count > 1 ? ")" : "");
    take(f, name, &text);
}

static void
put_same(struct buf *out, const char *alias, const char *column, const char *other, const char *other_column)
{
    buf_printf(out, "%s%s.", out->len == 0 ? "" : " AND ", alias);
    quote_ident(out, column);
    buf_printf(out, " = %s.", other);
    quote_ident(out, other_column);
}

/* What is over m, the map, and over s. */
static void
take_map(struct fragments *f, const struct mapping_entity *e)
{
    const struct mapping_map *map = e->map;
    struct buf text = {0};

    gen_set_table(f, "map", &map->table);
    take_label(f, "map_source_key", "m", map->source_key.items, map->source_key.count);
    take_label(f, "map_target_key", "m", &map->target_key, 1);
    for (size_t i = 0; i < map->source_key.count; i++)
        put_same(&text, "m", map->source_key.items[i], "s", e->source_key.items[i]);
    take(f, "map_is_source", &text);
    buf_puts(&text, "EXISTS (SELECT FROM dualwrite.outbox o WHERE o.entity = ");
    quote_literal(&text, e->name);
    for (size_t i = 0; i < map->source_key.count; i++) {
        buf_printf(&text, " AND o.ref[%zu] = m.", ref_position(e, e->source_key.items[i]) + 1);
        quote_ident(&text, map->source_key.items[i]);
        buf_puts(&text, "::pg_catalog.text");
    }
    buf_putc(&text, ')');
    take(f, "map_waits", &text);
}

static void
take_vnext(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf text = {0};

    gen_set_table(f, "source", &e->source);
    take_label(f, "source_key", "s", e->source_key.items, e->source_key.count);
    sql_present(&text, e, "s");
    take(f, "present", &text);
    if (e->map != NULL)
        take_map(f, e);
    if (e->parent == NULL)
        return;
    gen_set_table(f, "parent_source", &g->parent->source);
    put_same(&text, "s", e->parent->column, "p", g->parent->source_key.items[0]);
    take(f, "source_is_of_parent", &text);
    take_label(f, "source_parent", "s", &e->parent->column, 1);
}

static void
take_legacy(struct fragments *f, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    struct buf text = {0};

    gen_set_table(f, "target", &e->target);
    take_label(f, "target_key", "t", e->target_key.items, e->target_key.count);
    gen_active_there(&text, g);
    take(f, "active", &text);
    if (e->parent == NULL)
        return;
    gen_set_table(f, "parent_target", &g->parent->target);
    put_same(&text, "t", e->parent->target_column, "p", g->parent->target_key.items[0]);
    take(f, "target_is_of_parent", &text);
    take_label(f, "target_parent", "t", &e->parent->target_column, 1);
}

/* SQL that is run on one side gets that side's tables only: so it works with two databases too. */
static void
take_entity(struct fragments *f, const struct gen *g, enum pack_on on)
{
    gen_set_literal(f, "entity", g->e->name);
    fragments_set(f, "deletes", g->e->removal.kind == REMOVAL_DELETE ? "true" : "false");
    if (on == PACK_VNEXT)
        take_vnext(f, g);
    else
        take_legacy(f, g);
}

/* ---- sets of values ---- */

static void
put_value(struct buf *out, const char *text)
{
    if (text == NULL) /* NULL is never outside */
        return;
    buf_puts(out, out->len == 0 ? "" : ", ");
    quote_literal(out, text);
}

/* What legacy's `c` may hold, as the mapping knows; false where it does not. */
static bool
put_set(struct buf *out, const struct mapping_entity *e, const struct mapping_column *c)
{
    const struct mapping_value *v = &c->value;

    if (v->nvalues > 0) {
        for (size_t i = 0; i < v->nvalues; i++)
            put_value(out, v->values[i].to);
        put_value(out, v->has_otherwise ? v->otherwise : NULL);
    } else if (v->kind == VALUE_COLUMN && v->lookup == NULL && e->present.kind == PRESENT_IN &&
               strcmp(v->text, e->present.column) == 0) {
        for (size_t i = 0; i < e->present.values.count; i++)
            put_value(out, e->present.values.items[i]);
    }
    for (size_t i = 0; out->len > 0 && i < e->removal.set.count; i++)
        if (strcmp(e->removal.set.items[i].name, c->name) == 0 && e->removal.set.items[i].value.kind == VALUE_CONSTANT)
            put_value(out, e->removal.set.items[i].value.text);
    return out->len > 0;
}

/* The places of a look at one column; false where it is none for it. */
static bool
take_column(struct fragments *f, const struct mapping_entity *e, const struct mapping_column *c, enum pack_each each,
            enum pack_on on)
{
    struct buf set = {0}, known = {0}, value = {0};
    const bool has_set = put_set(&set, e, c);
    const bool reads = gen_input(&value, &c->value);
    bool fits = each == PACK_SET ? has_set : each == PACK_VALUES ? c->value.nvalues > 0 && reads : true;

    for (size_t i = 0; i < c->value.nvalues; i++)
        put_value(&known, c->value.values[i].from);
    gen_set_ident(f, "column", c->name);
    take(f, "set", &set);
    take(f, "known", &known);
    if (reads && on == PACK_VNEXT)
        take(f, "value", &value);
    else
        buf_free(&value);
    return fits;
}

/* ---- filling in ---- */

/* False after saying which place of the file is not known here. */
static bool
check_places(const struct pack_file *file, const struct fragments *f, struct faults *faults)
{
    const char **names = xcalloc(f->count, sizeof *names);
    bool good = true;

    for (size_t i = 0; i < f->count; i++)
        names[i] = f->items[i].name;
    for (const char *p = strstr(file->text, ":{"); p != NULL; p = strstr(p + 2, ":{")) {
        const size_t len = strcspn(p + 2, "}\n");
        char *name = xstrndup(p + 2, len);
        const char *nearest = suggest_nearest(name, names, f->count);
        bool known = false;

        for (size_t i = 0; i < f->count; i++)
            known = known || strcmp(names[i], name) == 0;
        if (!known) {
            faults_add(faults, FAULT_ERROR, file->name,
                       "there is no place :{%s} in a check of this kind and side%s%s%s", name,
                       nearest == NULL ? "; docs/packs.md lists them" : "; did you mean :{",
                       nearest == NULL ? "" : nearest, nearest == NULL ? "" : "}");
            good = false;
        }
        free(name);
    }
    free(names);
    return good;
}

/* NULL: there is no such file, or a fault was said. */
static char *
filled(const struct pack_file *file, const struct fragments *f, struct faults *faults)
{
    struct buf out = {0};

    if (file->text == NULL || !check_places(file, f, faults))
        return NULL;
    template_fill(&out, file->text, f);
    while (out.len > 0 && strchr(" \t\r\n;", out.data[out.len - 1]) != NULL)
        out.data[--out.len] = '\0';
    return buf_steal(&out);
}

/* Who fills in: what looks are made of. */
struct filling {
    struct pack_looks *looks;
    int period_hours;
    bool two;
    struct faults *faults;
};

static struct fragments
places(const struct filling *fill)
{
    struct fragments f = {0};
    struct buf period = {0};

    buf_printf(&period, "'%d hours'::pg_catalog.interval", fill->period_hours);
    take(&f, "period", &period);
    return f;
}

/* The places of one file of `check`, which runs on `on`; false where the check does not fit column `c`. */
static bool
take_places(struct fragments *f, const struct pack_check *check, const struct gen *g, const struct mapping_column *c,
            enum pack_on on)
{
    if (g == NULL)
        return true;
    take_entity(f, g, on);
    if (check->compares != NULL)
        gen_set_literal(f, "class", check->compares);
    return c == NULL || take_column(f, g->e, c, check->each, on);
}

/* Legacy's rows, and the place where `find` has them: the same columns of the same types, wherever they are. */
static char *
fill_legacy(const struct filling *fill, const struct pack_check *check, const struct gen *g,
            const struct mapping_column *c, struct fragments *find)
{
    struct fragments f = places(fill);
    struct buf here = {0};
    char *legacy;

    take_places(&f, check, g, c, PACK_LEGACY);
    legacy = filled(&check->legacy, &f, fill->faults);
    fragments_free(&f);
    if (!fill->two)
        buf_printf(&here, "(SELECT l.key::pg_catalog.text AS key, l.value::pg_catalog.text AS value FROM (\n%s\n) l)",
                   legacy == NULL ? "" : legacy);
    else
        buf_puts(&here, "pg_temp.dualwrite_legacy");
    take(find, "legacy", &here);
    if (fill->two)
        return legacy;
    free(legacy);
    return NULL;
}

/* `g` NULL: it is not about the mapping; `c` NULL: not about a column. */
static void
add_look(const struct filling *fill, const struct pack_check *check, const struct gen *g,
         const struct mapping_column *c)
{
    struct pack_looks *looks = fill->looks;
    struct fragments f = places(fill);
    struct buf about = {0};

    if (take_places(&f, check, g, c, check->on)) {
        struct pack_look look = {.check = check, .e = g == NULL ? NULL : g->e};

        if (g != NULL) {
            buf_printf(&about, "%s%s%s", g->e->name, c == NULL ? "" : ".", c == NULL ? "" : c->name);
            look.about = buf_steal(&about);
        }
        if (check->legacy.text != NULL)
            look.legacy = fill_legacy(fill, check, g, c, &f);
        look.find = filled(&check->find, &f, fill->faults);
        look.mend = filled(&check->mend, &f, fill->faults);
        looks->items = xreallocarray(looks->items, looks->count + 1, sizeof *looks->items);
        looks->items[looks->count++] = look;
    }
    fragments_free(&f);
}

static void
add_entity(const struct filling *fill, const struct pack_check *check, const struct gen *g)
{
    const struct mapping_entity *e = g->e;
    const bool by_column = check->column != NULL || check->each == PACK_SET || check->each == PACK_VALUES;

    if ((check->each == PACK_MAP && e->map == NULL) || (check->each == PACK_CHILD && e->parent == NULL))
        return;
    if (!by_column)
        add_look(fill, check, g, NULL);
    for (size_t i = 0; by_column && i < e->columns.count; i++)
        if (check->column == NULL || strcmp(check->column, e->columns.items[i].name) == 0)
            add_look(fill, check, g, &e->columns.items[i]);
}

struct pack_looks
pack_looks_make(const struct pack *p, const struct mapping *m, const struct catalogs *c, bool two, int period_hours,
                struct faults *faults)
{
    struct pack_looks looks = {0};
    const struct filling fill = {&looks, period_hours, two, faults};

    for (size_t i = 0; i < p->count; i++) {
        const struct pack_check *check = &p->checks[i];

        if (check->each == PACK_ONCE)
            add_look(&fill, check, NULL, NULL);
        for (size_t j = 0; check->each != PACK_ONCE && m != NULL && c != NULL && j < m->count; j++) {
            const struct gen g = gen_for(m, c, &m->entities[j]);

            add_entity(&fill, check, &g);
        }
    }
    return looks;
}

void
pack_looks_free(struct pack_looks *looks)
{
    for (size_t i = 0; i < looks->count; i++) {
        free(looks->items[i].about);
        free(looks->items[i].find);
        free(looks->items[i].legacy);
        free(looks->items[i].mend);
    }
    free(looks->items);
    *looks = (struct pack_looks){0};
}

/* ---- rows of a table ---- */

static void
take_narrowed(struct fragments *f, const struct pack_check *c, const char *const *where, size_t nwhere)
{
    struct buf text = {0};

    if (nwhere > 0) {
        buf_puts(&text, "\n    WHERE EXISTS (SELECT FROM ");
        quote_qualified(&text, c->table_schema, c->table);
        buf_puts(&text, " w WHERE w.");
        quote_ident(&text, c->key);
        buf_puts(&text, " = f.key");
        for (size_t i = 0; i < nwhere; i++) {
            buf_puts(&text, " AND w.");
            quote_ident(&text, where[i]);
            buf_printf(&text, "::pg_catalog.text = $%zu", i + 1);
        }
        buf_putc(&text, ')');
    }
    take(f, "narrowed", &text);
}

char *
pack_count_sql(const struct pack_look *look, int samples, const char *const *where, size_t nwhere)
{
    struct fragments f = {0};
    struct buf limit = {0};

    take_narrowed(&f, look->check, where, nwhere);
    buf_printf(&limit, "%d", samples);
    take(&f, "samples", &limit);
    fragments_set(&f, "find", look->find);
    return gen_fill(sql_integrity_count, &f);
}

char *
pack_legacy_sql(const struct pack_look *look)
{
    struct fragments f = {0};

    fragments_set(&f, "legacy", look->legacy);
    return gen_fill(sql_integrity_legacy, &f);
}

char *
pack_keys_sql(const struct pack_look *look, const char *const *where, size_t nwhere, const char *key_type)
{
    struct fragments f = {0};
    struct buf among = {0};

    take_narrowed(&f, look->check, where, nwhere);
    if (key_type != NULL)
        buf_printf(&among, "\n    %s f.key::%s = ANY ($%zu::%s[])", nwhere > 0 ? "AND" : "WHERE", key_type, nwhere + 1,
                   key_type);
    take(&f, "among", &among);
    fragments_set(&f, "find", look->find);
    return gen_fill(sql_integrity_keys, &f);
}

/* The places table, key, type and layout. */
static struct fragments
of_table(const struct pack_table *t)
{
    struct fragments f = {0}, layout = {0};
    struct buf table = {0}, literal = {0}, text = {0};

    quote_qualified(&table, t->schema, t->name);
    quote_literal(&literal, buf_text(&table));
    take(&layout, "regclass", &literal);
    template_fill(&text, sql_integrity_layout, &layout);
    fragments_free(&layout);
    take(&f, "layout", &text);
    take(&f, "table", &table);
    gen_set_ident(&f, "key", t->key);
    fragments_set(&f, "type", t->key_type == NULL ? "" : t->key_type);
    return f;
}

char *
pack_before_sql(const struct pack_table *t)
{
    struct fragments f = of_table(t);

    return gen_fill(sql_integrity_mend_before, &f);
}

char *
pack_after_sql(const struct pack_table *t)
{
    struct fragments f = of_table(t);

    return gen_fill(sql_integrity_mend_after, &f);
}

static size_t
count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *p = strstr(text, part); p != NULL; p = strstr(p + 1, part))
        count++;
    return count;
}

bool
pack_plan_writes_once(const char *plan)
{
    /* quotes of names and expressions are escaped in there, so these are keys and values of the plan */
    return count_of(plan, "\"Node Type\": \"ModifyTable\"") == 1 &&
           count_of(plan, "\"Operation\": \"Update\"") + count_of(plan, "\"Operation\": \"Delete\"") == 1;
}

char *
pack_undo_sql(enum pack_undo step, const struct pack_table *t, const char *columns, const char *values)
{
    static const char *const templates[] = {
        [PACK_UNDO_LOCK] = sql_integrity_undo_lock,     [PACK_UNDO_CHECK] = sql_integrity_undo_check,
        [PACK_UNDO_UPDATE] = sql_integrity_undo_update, [PACK_UNDO_INSERT] = sql_integrity_undo_insert,
        [PACK_UNDO_VERIFY] = sql_integrity_undo_verify,
    };
    struct fragments f = of_table(t);

    fragments_set(&f, "columns", columns == NULL ? "" : columns);
    fragments_set(&f, "values", values == NULL ? "" : values);
    return gen_fill(templates[step], &f);
}
