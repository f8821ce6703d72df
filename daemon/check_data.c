/*
 * check_data.c - the rows of today, entity by entity: expressions, values, constants; see check_run.h. What is tried on the
 * legacy server is check_rows.c; which faults a value can have says lib/core/check_value.c.
 */
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "dualwrite/check_sql.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define CONDITIONS_AT_ONCE 100

/* The server is to blame, or time, or a right that the installation gives: nothing is known of the rows. */
static bool
says_nothing(const struct check_run *run)
{
    const char *s = run->sqlstate;

    return run->lost || strncmp(s, "57", 2) == 0 || strncmp(s, "53", 2) == 0 || strncmp(s, "08", 2) == 0 ||
           strcmp(s, "55P03") == 0 || (strcmp(s, "42501") == 0 && !run->installed);
}

/* ", of the first N rows" where not all were looked at; to free. */
static char *
sampled(const struct check_subject *s, int64_t rows)
{
    struct buf out = {0};

    if (s->limit > 0 && rows >= s->limit)
        buf_printf(&out, " (of the first %lld rows; --sample-rows looks at more)", (long long) s->limit);
    return buf_steal(&out);
}

/* ---- expressions ---- */

static void
say_expression(struct check_run *run, const char *where, const char *what)
{
    check_add(&run->report, CHECK_FAIL, AREA_DATA, "expression", where, "%s: %s (SQLSTATE %s)", what, run->error,
              run->sqlstate);
}

/* It fails on some row: on how many, and on which. */
static void
count_failing(struct check_run *run, const struct check_subject *s, size_t i, const char *where)
{
    char *sql = check_sql_failing(s, i);
    char *first = xstrdup(run->error);
    PGresult *done = check_open(run, DATABASE_VNEXT) ? check_ask(run, DATABASE_VNEXT, sql, -1, NULL) : NULL;
    PGresult *r = done == NULL ? NULL : check_ask(run, DATABASE_VNEXT, sql_check_failed, 0, NULL);

    if (r != NULL && check_number(r, 0, "failed") > 0)
        check_add(&run->report, CHECK_FAIL, AREA_DATA, "expression", where,
                  "fails on %s rows, the first with key %s: %s", check_field(r, 0, "failed"), check_field(r, 0, "key"),
                  check_field(r, 0, "error"));
    else
        check_add(&run->report, CHECK_FAIL, AREA_DATA, "expression", where, "fails on some row: %s", first);
    check_mend(&run->report, "mend these rows, or write the expression so that it takes them: each would be parked");
    check_close(run, DATABASE_VNEXT);
    PQclear(done);
    PQclear(r);
    free(first);
    free(sql);
}

static void
evaluate(struct check_run *run, struct check_subject *s, size_t i, const char *where)
{
    char *sql = check_sql_expression(s, i);
    PGresult *r = check_look(run, DATABASE_VNEXT, sql, 0, NULL);

    s->columns[i].skip = r == NULL;
    if (r != NULL) {
        char *how_many = sampled(s, check_number(r, 0, "rows"));

        check_add(&run->report, CHECK_PASS, AREA_DATA, "expression", where, "can be evaluated for %s rows%s",
                  check_field(r, 0, "rows"), how_many);
        free(how_many);
    } else if (says_nothing(run)) {
        check_refused(run, AREA_DATA, "expression", where);
    } else if (strcmp(run->sqlstate, "25006") == 0) {
        say_expression(run, where, "writes, which the daemon does not let it");
        check_mend(&run->report, "call nothing that writes: a value is computed, maybe several times");
    } else {
        count_failing(run, s, i, where);
    }
    PQclear(r);
    free(sql);
}

static void
check_expression(struct check_run *run, struct check_subject *s, size_t i)
{
    struct buf where = {0};
    char *sql = check_sql_explain(s, i);
    PGresult *r = check_look(run, DATABASE_VNEXT, sql, 0, NULL);

    buf_printf(&where, "%s.expression", s->columns[i].path);
    if (r != NULL) {
        evaluate(run, s, i, buf_text(&where));
    } else {
        s->columns[i].skip = true;
        if (says_nothing(run)) {
            check_refused(run, AREA_DATA, "expression", buf_text(&where));
        } else {
            say_expression(run, buf_text(&where), "the server refuses it");
            check_mend(&run->report,
                       "correct it; functions and tables that are not PostgreSQL's own need their schema");
        }
    }
    PQclear(r);
    free(sql);
    buf_free(&where);
}

/* ---- values ---- */

/* The labels of one enum that another, or a value map, does not have: "a, b". */
static void
list_labels(struct buf *out, const struct check_column *column, bool mapped)
{
    const struct catalog_column *from = column->looked_up != NULL ? column->looked_up : column->from;

    for (size_t i = 0; from != NULL && i < from->nlabels; i++) {
        bool found = false;

        for (size_t j = 0; !mapped && j < column->to->nlabels; j++)
            found = found || strcmp(column->to->labels[j], from->labels[i]) == 0;
        for (size_t j = 0; mapped && j < column->value->nvalues; j++)
            found = found || strcmp(column->value->values[j].from, from->labels[i]) == 0;
        if (!found)
            buf_printf(out, "%s%s", out->len == 0 ? "" : ", ", from->labels[i]);
    }
}

static const char *
type_of(const struct check_column *column)
{
    const struct catalog_column *from = column->looked_up != NULL ? column->looked_up : column->from;

    return from == NULL ? "an expression" : from->shown_type;
}

/* Some rows have it today. */
static void
say_rows(struct check_run *run, const struct check_condition *c, const struct check_column *column, const char *rows,
         const char *key, const char *value, const char *how_many)
{
    struct check_report *r = &run->report;

    switch (c->kind) {
    case KIND_NULL:
        check_add(r, CHECK_FAIL, AREA_DATA, "null", column->path,
                  "%s rows give NULL to \"%s\", which is NOT NULL, the first with key %s%s", rows, column->to->name,
                  key, how_many);
        check_mend(r, "fill it in vNext, or write an expression with coalesce()");
        break;
    case KIND_VALUES:
        check_add(r, CHECK_FAIL, AREA_DATA, "values", column->path,
                  "%s rows hold a value that \"values\" does not have, like \"%s\" with key %s%s", rows, value, key,
                  how_many);
        check_mend(r, "add what is missing to \"values\", or give \"otherwise\"");
        break;
    case KIND_LOOKUP:
        check_add(
            r, CHECK_WARN, AREA_DATA, "lookup", column->path,
            "%s rows hold a key that the looked-up table does not have, like \"%s\" with key %s%s: they would wait",
            rows, value, key, how_many);
        check_mend(r, "add the rows that are looked up, or give \"otherwise\"");
        break;
    case KIND_LENGTH:
        check_add(r, CHECK_FAIL, AREA_DATA, "length", column->path,
                  "%s rows are longer than the %d characters of \"%s\", the first with key %s%s", rows,
                  column->to->length, column->to->name, key, how_many);
        check_mend(r, "give \"truncate\": %d, or widen the legacy column", column->to->length);
        break;
    case KIND_LABEL:
        check_add(r, CHECK_FAIL, AREA_DATA, "enum", column->path,
                  "%s rows hold what is no label of %s, like \"%s\" with key %s%s", rows, column->to->shown_type, value,
                  key, how_many);
        check_mend(r, "ALTER TYPE %s ADD VALUE ..., or give \"values\"", column->to->shown_type);
        break;
    }
}

/* None has it today, but the types let it come. */
static void
say_expected(struct check_run *run, const struct check_condition *c, const struct check_column *column)
{
    struct check_report *r = &run->report;
    struct buf labels = {0};

    list_labels(&labels, column, c->kind == KIND_VALUES);
    switch (c->kind) {
    case KIND_NULL:
        check_add(r, CHECK_WARN, AREA_DATA, "null", column->path,
                  "can be NULL in vNext, but \"%s\" is NOT NULL; no row is NULL today", column->to->name);
        check_mend(r, "make it NOT NULL in vNext too, or write an expression with coalesce()");
        break;
    case KIND_VALUES:
        check_add(r, CHECK_WARN, AREA_DATA, "values", column->path,
                  "has labels that \"values\" does not: %s; no row holds one today", buf_text(&labels));
        check_mend(r, "add them to \"values\", or give \"otherwise\"");
        break;
    case KIND_LENGTH:
        check_add(r, CHECK_WARN, AREA_DATA, "length", column->path,
                  "is %s, and may be longer than the %d characters of \"%s\"; no row is today", type_of(column),
                  column->to->length, column->to->name);
        check_mend(r, "give \"truncate\": %d, or widen the legacy column", column->to->length);
        break;
    case KIND_LABEL:
        if (labels.len > 0)
            check_add(r, CHECK_WARN, AREA_DATA, "enum", column->path,
                      "has labels that %s does not: %s; no row holds one today", column->to->shown_type,
                      buf_text(&labels));
        else
            check_add(r, CHECK_WARN, AREA_DATA, "enum", column->path,
                      "is %s, which may hold what is no label of %s; no row does today", type_of(column),
                      column->to->shown_type);
        check_mend(r, "ALTER TYPE %s ADD VALUE ..., or give \"values\"", column->to->shown_type);
        break;
    case KIND_LOOKUP:
        break;
    }
    buf_free(&labels);
}

/* Column N of condition `i`: cN, kN, vN. */
static const char *
counted(const PGresult *r, char what, size_t i)
{
    return PQgetvalue(r, 0, 1 + 3 * (int) i + (what == 'c' ? 0 : what == 'k' ? 1 : 2));
}

static void
scan(struct check_run *run, struct check_subject *s, const struct check_condition *items, size_t count)
{
    char *sql = check_sql_scan(s, items, count);
    PGresult *r = check_look(run, DATABASE_VNEXT, sql, 0, NULL);
    char *how_many = r == NULL ? NULL : sampled(s, check_number(r, 0, "rows"));
    size_t quiet = 0;

    free(sql);
    if (r == NULL) {
        char *path = check_path(s->e, "columns", NULL);

        check_refused(run, AREA_DATA, "values", path);
        free(path);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct check_column *column = &s->columns[items[i].column];

        if (strcmp(counted(r, 'c', i), "0") != 0) {
            say_rows(run, &items[i], column, counted(r, 'c', i), counted(r, 'k', i), counted(r, 'v', i), how_many);
            /* they would stop each further look at this column */
            column->skip = column->skip || items[i].kind == KIND_LABEL;
        } else if (items[i].expected) {
            say_expected(run, &items[i], column);
        } else {
            quiet++;
        }
    }
    if (quiet > 0) {
        char *path = check_path(s->e, "columns", NULL);

        check_add(
            &run->report, CHECK_PASS, AREA_DATA, "values", path,
            "%zu of %zu possible faults of values (NULL, length, label, value map, lookup) are in none of %s rows%s",
            quiet, count, check_field(r, 0, "rows"), how_many);
        free(path);
    }
    PQclear(r);
    free(how_many);
}

static void
check_values(struct check_run *run, struct check_subject *s)
{
    size_t count;
    struct check_condition *items = check_conditions(s, &count);

    for (size_t i = 0; i < count && !run->lost; i += CONDITIONS_AT_ONCE)
        scan(run, s, items + i, count - i < CONDITIONS_AT_ONCE ? count - i : CONDITIONS_AT_ONCE);
    check_conditions_free(items, count);
}

void
check_data(struct check_run *run)
{
    const struct mapping *m = run->settings->mapping;
    const struct catalogs both = {run->sides[DATABASE_VNEXT].catalog, run->sides[DATABASE_LEGACY].catalog};

    for (size_t i = 0; i < m->count && !run->lost; i++) {
        const struct mapping_entity *e = &m->entities[i];
        struct buf doing = {0};
        struct check_subject s;

        if (!check_subject_make(&s, m, &both, e, run->sample_rows))
            continue; /* without a table or a key; that was said */
        buf_printf(&doing, "the rows of %s.%s", e->source.schema, e->source.name);
        check_doing(run, buf_text(&doing));
        check_constants_of(run, &s);
        for (size_t j = 0; j < s.count && !run->lost; j++)
            if (s.columns[j].value->kind == VALUE_EXPRESSION)
                check_expression(run, &s, j);
        if (!run->lost)
            check_values(run, &s);
        if (!run->lost)
            check_rows_of(run, &s);
        if (!run->lost && s.map != NULL)
            check_map_of(run, &s);
        check_subject_free(&s);
        run->doing = NULL;
        buf_free(&doing);
    }
}
