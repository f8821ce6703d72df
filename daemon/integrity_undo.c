/*
 * integrity_undo.c - `validate --undo ID`: rows that a mend changed, put back as they were, byte for byte, in one transaction.
 * Where somebody has changed one of them since, or a trigger has another idea of it, nothing is put back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/buf.h"
#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "integrity_fix.h"

struct undo {
    struct desk *d;
    const char *id;
    PGresult *steps; /* integrity/undo_steps.sql */
    int row;
    char *key_type; /* of that row's table */
    bool said;      /* why it is not undone */
};

static const char *
field(const struct undo *u, const char *name)
{
    return PQgetvalue(u->steps, u->row, PQfnumber(u->steps, name));
}

static PGresult *
ask(struct undo *u, enum pack_undo step, const char *columns, const char *values)
{
    const struct pack_table t = {field(u, "table_schema"), field(u, "table_name"), field(u, "key_column"), u->key_type};
    const char *params[] = {u->id, field(u, "pack"), field(u, "check_name")};
    char *sql = pack_undo_sql(step, &t, columns, values);
    PGresult *r = desk_ask(u->d, DATABASE_VNEXT, sql, 3, params);

    free(sql);
    return r;
}

/* A step that names rows where something is wrong; false then, or after a refusal. */
static bool
names_nothing(struct undo *u, enum pack_undo step, const char *what)
{
    PGresult *r = ask(u, step, NULL, NULL);
    const bool good = r != NULL && PQgetvalue(r, 0, 0)[0] == '\0';
    struct buf keys = {0};

    if (r != NULL && !good) {
        shown_text(&keys, PQgetvalue(r, 0, 0), 0);
        fprintf(stderr, "dualwrited validate: nothing was put back: rows of %s.%s %s: %s\n", field(u, "table_schema"),
                field(u, "table_name"), what, buf_text(&keys));
        buf_free(&keys);
        u->said = true;
    }
    PQclear(r);
    return good;
}

/* A step that changes rows; false after a refusal. Triggers find what stands beside their table. */
static bool
changes(struct undo *u, enum pack_undo step, const char *columns, const char *values)
{
    PGresult *r =
        integrity_names(u->d, DATABASE_VNEXT, field(u, "table_schema")) ? ask(u, step, columns, values) : NULL;
    const bool good = r != NULL && integrity_names(u->d, DATABASE_VNEXT, "pg_catalog");

    PQclear(r);
    return good;
}

static bool
locks(struct undo *u)
{
    PGresult *r = ask(u, PACK_UNDO_LOCK, NULL, NULL);

    PQclear(r);
    return r != NULL;
}

/* The table is there, and has its key; *key_type. */
static bool
find_key(struct undo *u)
{
    const char *params[] = {field(u, "table_schema"), field(u, "table_name"), field(u, "key_column")};
    PGresult *r = desk_ask(u->d, DATABASE_VNEXT, sql_integrity_key_type, 3, params);
    const bool there = r != NULL && PQntuples(r) == 1;

    free(u->key_type);
    u->key_type = there ? xstrdup(PQgetvalue(r, 0, 0)) : NULL;
    if (r != NULL && !there) {
        fprintf(stderr,
                "dualwrited validate: nothing was put back: there is no table %s.%s with a column %s any more\n",
                params[0], params[1], params[2]);
        u->said = true;
    }
    PQclear(r);
    return there;
}

static bool
put_back(struct undo *u)
{
    const bool deleted = strcmp(field(u, "deleted"), "0") != 0;
    const bool updated = strcmp(field(u, "deleted"), field(u, "rows")) != 0;

    return find_key(u) && locks(u) && names_nothing(u, PACK_UNDO_CHECK, "or its columns were changed since") &&
           (!updated || changes(u, PACK_UNDO_UPDATE, field(u, "updatable"), field(u, "values"))) &&
           (!deleted || changes(u, PACK_UNDO_INSERT, field(u, "insertable"), field(u, "all_values"))) &&
           names_nothing(u, PACK_UNDO_VERIFY, "would not be as they were, as by a trigger");
}

/* Whether there is such a mend, and nobody has undone it. */
static bool
begin(struct undo *u, int64_t timeout_ms)
{
    const char *params[] = {u->id};
    PGresult *r = desk_begin(u->d, DATABASE_VNEXT, timeout_ms, true)
                      ? desk_ask(u->d, DATABASE_VNEXT, sql_integrity_undo_begin, 1, params)
                      : NULL;
    bool good = r != NULL && PQntuples(r) == 1 && PQgetisnull(r, 0, 2);

    if (r != NULL && PQntuples(r) == 0)
        fprintf(stderr, "dualwrited validate: there is no mend %s; `--fix` said which number it has\n", u->id);
    else if (r != NULL && !good)
        fprintf(stderr, "dualwrited validate: mend %s was undone at %s by %s\n", u->id, PQgetvalue(r, 0, 2),
                PQgetvalue(r, 0, 3));
    u->said = r != NULL && !good;
    PQclear(r);
    return good;
}

static void
say_put_back(struct undo *u)
{
    for (u->row = 0; u->row < PQntuples(u->steps); u->row++)
        printf("put back: %s row%s of %s.%s (%s)\n", field(u, "rows"), strcmp(field(u, "rows"), "1") == 0 ? "" : "s",
               field(u, "table_schema"), field(u, "table_name"), field(u, "check_name"));
    if (PQntuples(u->steps) == 0)
        puts("put back: nothing was changed by it");
}

static void
print_put_back(struct undo *u)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list;
    char *text;

    cJSON_AddNumberToObject(root, "mend", strtod(u->id, NULL));
    list = cJSON_AddArrayToObject(root, "put_back");
    for (u->row = 0; u->row < PQntuples(u->steps); u->row++) {
        cJSON *step = cJSON_CreateObject();

        cJSON_AddStringToObject(step, "pack", field(u, "pack"));
        cJSON_AddStringToObject(step, "check", field(u, "check_name"));
        cJSON_AddStringToObject(step, "schema", field(u, "table_schema"));
        cJSON_AddStringToObject(step, "table", field(u, "table_name"));
        cJSON_AddNumberToObject(step, "rows", strtod(field(u, "rows"), NULL));
        cJSON_AddItemToArray(list, step);
    }
    text = cJSON_Print(root);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(root);
}

static int
refused(const struct undo *u, int64_t timeout_ms)
{
    if (u->said)
        return EXIT_UNFINISHED;
    if (!desk_timed_out(u->d))
        return desk_refused(u->d, "undoing");
    fprintf(stderr, "dualwrited validate: nothing was put back: it took longer than %g s (--timeout)\n",
            (double) timeout_ms / 1000);
    return EXIT_UNFINISHED;
}

int
integrity_undo(struct desk *d, const char *id, int64_t timeout_ms, bool json)
{
    const char *params[] = {id};
    struct undo u = {.d = d, .id = id};
    PGresult *r = NULL;
    bool good;

    desk_doing(d, "undoing");
    good = begin(&u, timeout_ms);
    if (good)
        u.steps = desk_ask(d, DATABASE_VNEXT, sql_integrity_undo_steps, 1, params);
    good = good && u.steps != NULL;
    for (u.row = 0; good && u.row < PQntuples(u.steps); u.row++)
        good = put_back(&u);
    if (good)
        r = desk_ask(d, DATABASE_VNEXT, sql_integrity_undo_end, 1, params);
    good = desk_end(d, DATABASE_VNEXT, r != NULL) && r != NULL;
    desk_quiet(d);
    if (good && json)
        print_put_back(&u);
    else if (good)
        say_put_back(&u);
    PQclear(r);
    PQclear(u.steps);
    free(u.key_type);
    return good ? EXIT_GOOD : refused(&u, timeout_ms);
}
