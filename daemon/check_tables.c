/*
 * check_tables.c - the mapped tables: the mapping against their catalogs, what else hangs on them, their sequences; see
 * check_run.h. What fits is judged by lib/core/mapping_check.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "dualwrite/catalog_parse.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/quote.h"
#include "dualwrite/template.h"
#include "embedded.h"

/* ---- catalogs ---- */

static struct catalog *
read_catalog(struct check_run *run, enum database side)
{
    bool vnext = side == DATABASE_VNEXT;
    struct catalog *c = NULL;
    char *parameters[2];
    PGresult *r;

    catalog_parameters(run->settings->mapping, vnext, !vnext || !run->two, parameters);
    r = check_look(run, side, sql_catalog, 2, (const char *const *) parameters);
    if (r == NULL)
        check_refused(run, run->sides[side].area, "catalog", NULL);
    else
        c = catalog_parse(PQgetvalue(r, 0, 0));
    PQclear(r);
    for (int i = 0; i < 2; i++)
        free(parameters[i]);
    return c;
}

static bool
read_catalogs(struct check_run *run)
{
    struct check_side *vnext = &run->sides[DATABASE_VNEXT];
    struct check_side *legacy = &run->sides[DATABASE_LEGACY];

    vnext->catalog = read_catalog(run, DATABASE_VNEXT);
    legacy->catalog = run->two ? read_catalog(run, DATABASE_LEGACY) : vnext->catalog;
    return vnext->catalog != NULL && legacy->catalog != NULL;
}

/* ---- the mapping ---- */

/* A right that is missing before the installation, whose grants are not there yet. */
static bool
is_expected(const struct check_run *run, const struct fault *f)
{
    return !run->installed && strcmp(f->kind, "rights") == 0;
}

/* All of them in one line: nobody is to run these GRANTs by hand. */
static void
say_expected_rights(struct check_run *run, const struct faults *faults)
{
    struct buf role = {0};
    size_t count = 0;

    for (size_t i = 0; i < faults->count; i++)
        count += is_expected(run, &faults->items[i]);
    quote_ident(&role, run->sides[DATABASE_VNEXT].catalog->role);
    if (count > 0) {
        check_add(&run->report, CHECK_WARN, AREA_MAPPING, "rights", NULL,
                  "role %s lacks rights on %zu tables and sequences, which `dualwrited install` will give to "
                  "dualwrite_daemon",
                  buf_text(&role), count);
        check_mend(&run->report, "after `dualwrited install`: GRANT dualwrite_daemon TO %s;", buf_text(&role));
    }
    buf_free(&role);
}

/* One line for an entity with nothing to say about. */
static void
pass_entity(struct check_run *run, const struct mapping_entity *e, const struct faults *faults)
{
    char at[40];

    snprintf(at, sizeof at, ": $.entities[%zu]", e->position);
    for (size_t i = 0; i < faults->count; i++)
        if (strstr(faults->items[i].where, at) != NULL && !is_expected(run, &faults->items[i]))
            return;
    check_add(&run->report, CHECK_PASS, AREA_MAPPING, "entity", at + 2,
              "%s: %s.%s -> %s.%s: tables, columns, types and keys fit", e->name, e->source.schema, e->source.name,
              e->target.schema, e->target.name);
}

static void
compare_mapping(struct check_run *run)
{
    const struct mapping *m = run->settings->mapping;
    const struct catalogs both = {run->sides[DATABASE_VNEXT].catalog, run->sides[DATABASE_LEGACY].catalog};
    struct faults faults = {0};

    mapping_check(run->settings->mapping_name, m, &both, false, &faults);
    for (size_t i = 0; i < faults.count; i++)
        if (!is_expected(run, &faults.items[i]))
            check_add_faults(&run->report, AREA_MAPPING, "mapping",
                             &(struct faults){.items = &faults.items[i], .count = 1});
    say_expected_rights(run, &faults);
    for (size_t i = 0; i < m->count; i++)
        pass_entity(run, &m->entities[i], &faults);
    faults_free(&faults);
}

/* ---- what else hangs on the tables ---- */

enum part { PART_SOURCE, PART_TARGET, PART_MAP };

static const struct mapping_table *
table_of(const struct mapping_entity *e, enum part part)
{
    return part == PART_SOURCE ? &e->source : part == PART_TARGET ? &e->target : e->map == NULL ? NULL : &e->map->table;
}

/* Each table once: several entities may share one. */
static bool
is_first(const struct mapping *m, size_t entity, enum part part)
{
    const struct mapping_table *t = table_of(&m->entities[entity], part);

    for (size_t i = 0; i < entity && t != NULL; i++) {
        const struct mapping_table *other = table_of(&m->entities[i], part);

        if (other != NULL && strcmp(other->schema, t->schema) == 0 && strcmp(other->name, t->name) == 0)
            return false;
    }
    return t != NULL;
}

/* The parameters of a query about all tables of one part. */
static void
parameters_of(const struct mapping *m, enum part part, struct buf out[2])
{
    pgarray_open(&out[0]);
    pgarray_open(&out[1]);
    for (size_t i = 0; i < m->count; i++)
        if (is_first(m, i, part)) {
            pgarray_add(&out[0], table_of(&m->entities[i], part)->schema);
            pgarray_add(&out[1], table_of(&m->entities[i], part)->name);
        }
    pgarray_close(&out[0]);
    pgarray_close(&out[1]);
}

static PGresult *
ask_tables(struct check_run *run, enum part part, const char *sql)
{
    enum database side = part == PART_TARGET ? DATABASE_LEGACY : DATABASE_VNEXT;
    struct buf parameters[2] = {{0}, {0}};
    const char *params[2];
    PGresult *r;

    parameters_of(run->settings->mapping, part, parameters);
    params[0] = buf_text(&parameters[0]);
    params[1] = buf_text(&parameters[1]);
    r = check_look(run, side, sql, 2, params);
    if (r == NULL)
        check_refused(run, part == PART_TARGET ? AREA_LEGACY : AREA_VNEXT, "tables", NULL);
    buf_free(&parameters[0]);
    buf_free(&parameters[1]);
    return r;
}

static void
judge_triggers(struct check_run *run, enum check_area area, enum part part, const char *table, const PGresult *r,
               int row)
{
    static const char *const mends[] = {
        [PART_SOURCE] = "look whether one writes the legacy tables itself: it would be refused there, or write twice",
        [PART_TARGET] = "look what each does when dualwrited writes: it runs as the daemon's role, with search_path = "
                        "pg_catalog, and must not change what is written",
        [PART_MAP] = "look what each does when dualwrited writes: it runs as the daemon's role, with search_path = "
                     "pg_catalog, and must not change what is written",
    };

    if (*check_field(r, row, "triggers") != '\0') {
        check_add(&run->report, CHECK_WARN, area, "triggers", table, "has triggers already: %s",
                  check_field(r, row, "triggers"));
        check_mend(&run->report, "%s", mends[part]);
    }
    if (*check_field(r, row, "rules") != '\0') {
        check_add(&run->report, CHECK_WARN, area, "rules", table, "has rules: %s", check_field(r, row, "rules"));
        check_mend(&run->report, "a rule can turn a write into another one, which nobody sees: make it a trigger");
    }
}

static void
judge_replication(struct check_run *run, enum check_area area, enum part part, const char *table, const PGresult *r,
                  int row)
{
    const char *publications = check_field(r, row, "publications");

    if (*publications != '\0' && !check_truth(r, row, "identity")) {
        check_add(&run->report, part == PART_SOURCE ? CHECK_WARN : CHECK_FAIL, area, "replica-identity", table,
                  "is published by %s without a replica identity: the server refuses every UPDATE and DELETE of it",
                  publications);
        check_mend(&run->report,
                   "ALTER TABLE %s REPLICA IDENTITY DEFAULT; with a primary key, else USING INDEX or FULL", table);
    }
    if (!check_truth(r, row, "subscribed"))
        return;
    if (part == PART_SOURCE) {
        check_add(&run->report, CHECK_FAIL, area, "subscription", table,
                  "gets rows by logical replication, which fires no statement triggers: they would not be captured");
        check_mend(&run->report, "end the subscription (pg_subscription_rel names it), or capture where the rows are "
                                 "written");
    } else {
        check_add(&run->report, CHECK_WARN, area, "subscription", table,
                  "gets rows by logical replication, which the guard does not see and the next sync overwrites");
        check_mend(&run->report, "end the subscription: pg_subscription_rel names it");
    }
}

static void
check_hangers(struct check_run *run, enum part part)
{
    enum check_area area = part == PART_TARGET ? AREA_LEGACY : AREA_VNEXT;
    PGresult *r = ask_tables(run, part, sql_check_tables);
    size_t before = run->report.count;
    int tables = r == NULL ? 0 : PQntuples(r);

    for (int row = 0; row < tables; row++) {
        struct buf table = {0};

        quote_qualified(&table, check_field(r, row, "schema"), check_field(r, row, "name"));
        judge_triggers(run, area, part, buf_text(&table), r, row);
        judge_replication(run, area, part, buf_text(&table), r, row);
        buf_free(&table);
    }
    if (r != NULL && tables > 0 && run->report.count == before)
        check_add(&run->report, CHECK_PASS, area, "triggers", NULL,
                  "no triggers, rules or subscriptions of others on the %s tables",
                  part == PART_SOURCE   ? "vNext"
                  : part == PART_TARGET ? "legacy"
                                        : "map");
    PQclear(r);
}

/* ---- sequences ---- */

/* The SQL of a template with these fragments, which are taken. */
static char *
filled(const char *template, struct fragments *f)
{
    struct buf sql = {0};

    template_fill(&sql, template, f);
    fragments_free(f);
    return buf_steal(&sql);
}

/* What the sequence gives next: read from itself where this role may, because it may have been set and not used. */
static PGresult *
next_value(struct check_run *run, enum database side, const PGresult *r, int row)
{
    struct fragments f = {0};
    PGresult *answer;
    char *sql;

    fragments_set(&f, "step", check_field(r, row, "step"));
    fragments_set(&f, "sequence", check_field(r, row, "sequence"));
    sql = filled(sql_check_sequence_next, &f);
    answer = check_look(run, side, sql, 0, NULL);
    free(sql);
    return answer;
}

static PGresult *
rows_beyond(struct check_run *run, enum database side, const char *table, const char *column, const char *next)
{
    struct fragments f = {0};
    PGresult *answer;
    char *sql;

    fragments_set(&f, "table", table);
    fragments_set(&f, "column", column);
    sql = filled(sql_check_beyond, &f);
    answer = check_look(run, side, sql, 1, &next);
    free(sql);
    return answer;
}

static void
say_behind(struct check_run *run, enum check_area area, const char *where, const char *table, const char *column,
           const char *sequence, const char *next, const PGresult *beyond)
{
    struct buf name = {0};

    quote_literal(&name, sequence);
    check_add(&run->report, CHECK_FAIL, area, "sequence", where,
              "its sequence gives %s next, but %s rows are there or above, up to %s: new rows would collide", next,
              check_field(beyond, 0, "rows"), check_field(beyond, 0, "highest"));
    check_mend(&run->report, "SELECT setval(%s, (SELECT max(%s) FROM %s));", buf_text(&name), column, table);
    buf_free(&name);
}

static void
judge_sequence(struct check_run *run, enum database side, enum check_area area, const PGresult *r, int row)
{
    bool readable = check_truth(r, row, "readable");
    PGresult *own = readable ? next_value(run, side, r, row) : NULL;
    const char *next = own != NULL ? check_field(own, 0, "next") : check_field(r, row, "next");
    struct buf table = {0}, column = {0}, where = {0};
    PGresult *beyond = NULL;

    quote_qualified(&table, check_field(r, row, "schema"), check_field(r, row, "name"));
    quote_ident(&column, check_field(r, row, "column"));
    buf_printf(&where, "%s.%s", buf_text(&table), buf_text(&column));
    if (*next != '\0' && (own != NULL || !readable))
        beyond = rows_beyond(run, side, buf_text(&table), buf_text(&column), next);
    if (beyond == NULL && *next != '\0')
        check_refused(run, area, "sequence", buf_text(&where));
    else if (beyond != NULL && check_number(beyond, 0, "rows") > 0)
        say_behind(run, area, buf_text(&where), buf_text(&table), buf_text(&column), check_field(r, row, "sequence"),
                   next, beyond);
    else if (beyond != NULL)
        check_add(&run->report, CHECK_PASS, area, "sequence", buf_text(&where), "no row is beyond its sequence");
    /* else this role may not use the sequence, which the mapping's rights say */
    PQclear(own);
    PQclear(beyond);
    buf_free(&table);
    buf_free(&column);
    buf_free(&where);
}

static void
check_sequences(struct check_run *run, enum part part)
{
    PGresult *r = ask_tables(run, part, sql_check_sequences);

    for (int row = 0; r != NULL && row < PQntuples(r); row++)
        judge_sequence(run, part == PART_TARGET ? DATABASE_LEGACY : DATABASE_VNEXT,
                       part == PART_TARGET ? AREA_LEGACY : AREA_VNEXT, r, row);
    PQclear(r);
}

bool
check_mapping(struct check_run *run)
{
    PGresult *r;

    check_doing(run, "the mapped tables");
    r = check_look(run, DATABASE_VNEXT, sql_check_schema, 0, NULL);
    run->installed = r != NULL && strcmp(check_field(r, 0, "state"), "ours") == 0;
    PQclear(r);
    if (!read_catalogs(run))
        return false;
    compare_mapping(run);
    for (int part = PART_SOURCE; part <= PART_MAP && !run->lost; part++)
        check_hangers(run, (enum part) part);
    check_sequences(run, PART_TARGET);
    check_sequences(run, PART_MAP);
    return !run->lost;
}
