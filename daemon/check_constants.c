/*
 * check_constants.c - what the mapping itself gives, tried by the types of the columns that get it, and the indexes that
 * "unique": "suffix" needs; see check_run.h. The rows are check_data.c.
 */
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "dualwrite/check_sql.h"
#include "dualwrite/json_node.h"
#include "embedded.h"

/* Tries `count` constants of one column: true when all fit. */
static bool
fit(struct check_run *run, const struct check_constant *items, size_t count)
{
    char *sql = check_sql_fits(items[0].column);
    struct buf values = {0};
    const char *param;
    PGresult *r;

    for (size_t i = 0; i < count; i++) {
        buf_puts(&values, i == 0 ? "[{\"f\": " : ", {\"f\": ");
        json_quote(&values, items[i].text);
        buf_putc(&values, '}');
    }
    buf_putc(&values, ']');
    param = buf_text(&values);
    r = check_look(run, items[0].side, sql, 1, &param);
    free(sql);
    buf_free(&values);
    PQclear(r);
    return r != NULL;
}

static void
try_constants(struct check_run *run, const struct check_constant *items, size_t count, size_t *bad)
{
    if (fit(run, items, count))
        return;
    for (size_t i = 0; i < count && !run->lost; i++) {
        if (count > 1 && fit(run, &items[i], 1))
            continue;
        (*bad)++;
        check_add(&run->report, CHECK_FAIL, AREA_DATA, "constant", items[i].path, "\"%s\" is no value of \"%s\": %s",
                  items[i].text, items[i].column->name, run->error);
        check_mend(&run->report, "write a value of type %s", items[i].column->shown_type);
    }
}

static void
check_all_constants(struct check_run *run, const struct check_subject *s)
{
    size_t count;
    size_t bad = 0;
    struct check_constant *items = check_constants(s, &count);
    char *path = check_path(s->e, "columns", NULL);

    for (size_t i = 0, n; i < count && !run->lost; i += n) {
        for (n = 1; i + n < count && items[i + n].column == items[i].column; n++)
            ;
        try_constants(run, &items[i], n, &bad);
    }
    if (run->lost)
        check_refused(run, AREA_DATA, "constant", path);
    else if (count > bad)
        check_add(&run->report, CHECK_PASS, AREA_DATA, "constant", path,
                  "%zu constants, results of value maps and the like fit their columns", count - bad);
    check_constants_free(items, count);
    free(path);
}

static bool
plan_has(const PGresult *r, const char *words)
{
    for (int row = 0; row < PQntuples(r); row++)
        if (strstr(PQgetvalue(r, row, 0), words) != NULL)
            return true;
    return false;
}

static void
check_suffix_index(struct check_run *run, const struct check_subject *s, size_t i)
{
    char *sql = check_sql_same_value(s, i);
    char *index = check_sql_suffix_index(s, i);
    PGresult *off = check_open(run, DATABASE_VNEXT) ? check_ask(run, DATABASE_VNEXT, sql_check_no_scan, 0, NULL) : NULL;
    PGresult *r = off == NULL ? NULL : check_ask(run, DATABASE_VNEXT, sql, 0, NULL);

    check_close(run, DATABASE_VNEXT);
    if (r == NULL) {
        check_refused(run, AREA_DATA, "suffix-index", s->columns[i].path);
    } else if (plan_has(r, "Index Cond")) {
        check_add(&run->report, CHECK_PASS, AREA_DATA, "suffix-index", s->columns[i].path,
                  "an index finds the rows that give one value");
    } else {
        check_add(
            &run->report, CHECK_WARN, AREA_DATA, "suffix-index", s->columns[i].path,
            "no index finds the rows that give one value: each row that is synced costs a scan of the vNext table");
        check_mend(&run->report, "%s", index);
    }
    PQclear(off);
    PQclear(r);
    free(sql);
    free(index);
}

void
check_constants_of(struct check_run *run, const struct check_subject *s)
{
    check_all_constants(run, s);
    for (size_t i = 0; i < s->count && !run->lost; i++)
        if (s->columns[i].value->unique == UNIQUE_SUFFIX && check_from_row(s->columns[i].value))
            check_suffix_index(run, s, i);
}
