/* smoke_write.c - a flow by SQL: what the application would write, in one transaction, and what that transaction wrote. */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/explain_sql.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "smoke_run.h"

static bool
failed(cJSON *entry, const char *status, char *reason)
{
    cJSON_ReplaceItemInObject(entry, "status", cJSON_CreateString(status));
    cJSON_ReplaceItemInObject(entry, "reason", cJSON_CreateString(reason));
    free(reason);
    return false;
}

/* The statement of a flow; NULL: *why there is none. `n` counts the attempts at a change. */
static char *
statement(struct smoke *s, int flow, const struct smoke_row *row, size_t n, char **why)
{
    const struct mapping_entity *e = &s->mapping->entities[row->entity];
    const char **key = xcalloc(e->source_key.count, sizeof *key);
    struct smoke_fill fill = {
        .name = s->name,
        .parent_key = cJSON_GetStringValue(cJSON_GetArrayItem(s->root.key, 0)),
        .sets = s->asked->sets,
        .nsets = s->asked->nsets,
    };
    char *sql;

    *why = NULL;
    for (size_t i = 0; i < e->source_key.count; i++)
        key[i] = cJSON_GetStringValue(cJSON_GetArrayItem(row->key, (int) i));
    if (flow <= 2)
        sql = smoke_insert_sql(s->mapping, &s->catalogs, e, &fill, why);
    else if (flow == 5)
        sql = smoke_remove_sql(s->mapping, &s->catalogs, e, key);
    else
        sql = smoke_change_sql(s->mapping, &s->catalogs, e, key, s->name, n);
    if (sql == NULL && *why == NULL)
        *why = smoke_text_of("the mapping copies no column of %s that a test may change", e->source.name);
    free((void *) key);
    return sql;
}

static PGresult *
ask(struct smoke *s, const char *sql)
{
    return desk_ask(s->d, DATABASE_VNEXT, sql, 0, NULL);
}

/* What the session has written so far and not told the statistics: {table: [inserted, updated, deleted]}. */
static cJSON *
written(struct smoke *s)
{
    PGresult *r = ask(s, sql_smoke_written);
    cJSON *counts = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));

    PQclear(r);
    return counts;
}

static void
add_written(cJSON *evidence, const cJSON *before, const cJSON *after)
{
    static const char *const kinds[] = {"inserted", "updated", "deleted"};
    cJSON *list = cJSON_CreateArray();
    const cJSON *table;

    cJSON_ArrayForEach(table, after)
    {
        const cJSON *was = cJSON_GetObjectItemCaseSensitive(before, table->string);
        cJSON *one = cJSON_CreateObject();
        double all = 0;

        cJSON_AddStringToObject(one, "table", table->string);
        for (int k = 0; k < 3; k++) {
            const cJSON *first = cJSON_GetArrayItem(was, k);
            double count = cJSON_GetArrayItem(table, k)->valuedouble - (first == NULL ? 0 : first->valuedouble);

            cJSON_AddNumberToObject(one, kinds[k], count);
            all += count;
        }
        if (all > 0)
            cJSON_AddItemToArray(list, one);
        else
            cJSON_Delete(one);
    }
    if (cJSON_GetArraySize(list) == 0) { /* it wrote something, so it was not counted */
        cJSON_Delete(list);
        list = cJSON_CreateNull();
    }
    cJSON_AddItemToObject(evidence, "written", list);
}

/*
 * An entity without a map has a legacy key made of its own values: legacy may have such a row already, which would be
 * overwritten, and taken away at the end. False: it has, or that cannot be told.
 */
static bool
is_new(struct smoke *s, const struct smoke_row *row, char **why)
{
    cJSON *rows;
    bool is;

    if (s->mapping->entities[row->entity].map != NULL)
        return true;
    rows = smoke_look(s, row, true);
    is = rows != NULL && !cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(rows, "legacy"), "found"));
    if (rows == NULL)
        *why = smoke_refusal(s);
    else if (!is)
        *why = xstrdup("legacy has a row with the key of the new row already, which is not the test's");
    cJSON_Delete(rows);
    return is;
}

static void
take_row(struct smoke_row *row, const PGresult *r)
{
    cJSON_Delete(row->key);
    cJSON_Delete(row->identity);
    row->key = cJSON_Parse(PQgetvalue(r, 0, 0));
    row->identity = cJSON_Parse(PQgetvalue(r, 0, 1));
}

/* One transaction; true when it was committed. `row` and *xid are what it wrote. */
static bool
transaction(struct smoke *s, int flow, const char *sql, struct smoke_row *row, char **xid, cJSON *evidence,
            double *committed, char **why)
{
    PGresult *begin = ask(s, sql_daemon_begin);
    PGresult *settings = begin == NULL ? NULL : ask(s, sql_smoke_settings);
    cJSON *before = settings == NULL ? NULL : written(s);
    PGresult *r = before == NULL ? NULL : ask(s, sql);
    cJSON *after = r == NULL || PQntuples(r) != 1 ? NULL : written(s);
    bool good = after != NULL;

    if (good) {
        *xid = xstrdup(PQgetvalue(settings, 0, 1));
        take_row(row, r);
        good = flow > 2 || is_new(s, row, why);
        if (flow == 1 && good)
            cJSON_AddItemToArray(s->made, cJSON_Duplicate(row->key, true));
    } else {
        *why = r != NULL ? xstrdup("the statement found no row") : smoke_refusal(s);
    }
    if (good) {
        good = desk_end(s->d, DATABASE_VNEXT, true);
        *committed = smoke_now();
        if (good)
            add_written(evidence, before, after);
        else
            *why = smoke_refusal(s);
    } else {
        desk_end(s->d, DATABASE_VNEXT, false);
    }
    cJSON_Delete(before);
    cJSON_Delete(after);
    PQclear(begin);
    PQclear(settings);
    PQclear(r);
    return good;
}

/* The row that a refused flow did not make. */
static void
forget(int flow, struct smoke_row *row)
{
    if (flow > 2)
        return;
    cJSON_Delete(row->key);
    cJSON_Delete(row->identity);
    row->key = row->identity = NULL;
}

bool
smoke_write_one(struct smoke *s, const char *name, double *ms, char **why)
{
    const struct smoke_fill fill = {.name = name, .sets = s->asked->sets, .nsets = s->asked->nsets};
    char *sql = smoke_insert_sql(s->mapping, &s->catalogs, &s->mapping->entities[s->root.entity], &fill, why);
    const double from = smoke_now();
    PGresult *begin = sql == NULL ? NULL : ask(s, sql_daemon_begin);
    PGresult *r = begin == NULL ? NULL : ask(s, sql);
    bool good = r != NULL;

    if (begin != NULL)
        good = desk_end(s->d, DATABASE_VNEXT, good) && good;
    *ms = smoke_now() - from;
    if (good)
        cJSON_AddItemToArray(s->made, cJSON_Parse(PQgetvalue(r, 0, 0)));
    else if (sql != NULL)
        *why = smoke_refusal(s);
    PQclear(begin);
    PQclear(r);
    free(sql);
    return good;
}

bool
smoke_write(struct smoke *s, int flow, cJSON *entry, char **xid, double *committed)
{
    struct smoke_row *row = flow == 1 || flow == 4 ? &s->root : &s->child;
    char *refused = NULL;
    char *why = NULL;
    char *sql;

    /* a change that the table does not take may be one of another column */
    for (size_t n = 0; (sql = statement(s, flow, row, n, &why)) != NULL; n++) {
        cJSON *evidence = cJSON_CreateObject();
        cJSON *list;
        bool good;

        cJSON_AddNumberToObject(evidence, "flow", flow);
        list = cJSON_AddArrayToObject(evidence, "statements");
        for (char *line = sql + strlen(sql); line > sql && line[-1] == '\n'; line--)
            line[-1] = '\0';
        cJSON_AddItemToArray(list, cJSON_CreateString("BEGIN"));
        cJSON_AddItemToArray(list, cJSON_CreateString(sql));
        cJSON_AddItemToArray(list, cJSON_CreateString("COMMIT"));
        good = transaction(s, flow, sql, row, xid, evidence, committed, &why);
        free(sql);
        if (good) {
            cJSON_AddItemToArray(cJSON_GetObjectItem(s->doc, "writer_statements"), evidence);
            free(refused);
            return true;
        }
        cJSON_Delete(evidence);
        free(*xid);
        *xid = NULL;
        forget(flow, row);
        free(refused);
        refused = smoke_text_of("vNext refused it: %s", why);
        free(why);
        if (flow != 3 && flow != 4)
            return failed(entry, "failed", refused);
    }
    if (refused == NULL)
        return failed(entry, "skipped", why);
    free(why);
    return failed(entry, "failed", refused);
}
