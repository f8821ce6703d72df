/* integrity_lint.c - the packs' SQL against the live database; see integrity_lint.h. Nothing is changed: all is READ ONLY, but
 * for functions, which are made in a transaction that is taken back. */
#include "integrity_lint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/constraint_sql.h"
#include "dualwrite/shown.h"
#include "embedded.h"

struct lint {
    struct integrity *i;
    const struct pack *pack;
    struct faults faults;
    int good;
    bool lost;
};

/* One transaction of its own, so that a refusal spoils nothing else. */
static void
try(struct lint *t, const struct pack_look *look, const char *file, const char *sql, bool mends)
{
    const char *const empty[] = {"{}"};
    PGresult *r =
        integrity_begin(t->i, t->pack, look) ? desk_ask(t->i->desk, integrity_side(look), sql, mends, empty) : NULL;

    if (r != NULL && look->legacy == NULL && !integrity_only_read(t->i, integrity_side(look))) {
        PQclear(r);
        r = NULL;
    }
    if (r == NULL && desk_lost(t->i->desk)) {
        t->lost = true;
    } else if (r == NULL) {
        char *why = integrity_why(t->i, look);

        faults_add(&t->faults, FAULT_ERROR, file, "%s%s%s: %s", look->check->name, look->about == NULL ? "" : ", ",
                   look->about == NULL ? "" : look->about, why);
        free(why);
    } else if (mends && !pack_plan_writes_once(PQgetvalue(r, 0, 0))) {
        faults_add(&t->faults, FAULT_ERROR, file, "%s: " PACK_WRITES_ONCE, look->check->name);
    } else {
        t->good++;
    }
    PQclear(r);
    desk_end(t->i->desk, integrity_side(look), false);
}

/* It is planned, and run: a function that writes shows only then. */
static void
lint_look(struct lint *t, const struct pack_look *look)
{
    struct buf mend = {0};
    char *count;

    if (t->i->desk->pq[integrity_side(look)] == NULL ||
        (look->legacy != NULL && t->i->desk->pq[DATABASE_LEGACY] == NULL)) {
        faults_add(&t->faults, FAULT_ERROR, look->check->find.name, "%s: the legacy database does not answer: %s",
                   look->check->name, t->i->desk->why);
        return;
    }
    desk_doing(t->i->desk, look->check->name);
    count = pack_count_sql(look, 0, NULL, 0);
    try(t, look, look->check->find.name, count, false);
    free(count);
    if (look->mend != NULL && !t->lost) {
        buf_printf(&mend, "EXPLAIN (FORMAT JSON) %s", look->mend);
        try(t, look, look->check->mend.name, buf_text(&mend), true);
    }
    buf_free(&mend);
}

/* ---- constraints, functions, triggers ---- */

/* What the server said of a part, with its line. */
static void
fault_part(struct lint *t, const struct pack_part *part, const char *why)
{
    struct buf where = {0}, text = {0};

    buf_printf(&where, "%s:%d", pack_part_is_constraint(part) ? PACK_CONSTRAINTS_FILE : PACK_FUNCTIONS_FILE,
               part->line);
    shown_text(&text, part->name, 0);
    faults_add(&t->faults, FAULT_ERROR, buf_text(&where), "%s: %s", buf_text(&text), why);
    buf_free(&where);
    buf_free(&text);
}

/* One statement in the transaction that is open; false after saying why not. */
static bool
try_part(struct lint *t, const struct pack_part *part, const char *sql)
{
    PGresult *r = desk_ask(t->i->desk, DATABASE_VNEXT, sql, 0, NULL);
    const bool good = r != NULL;

    if (!good && desk_lost(t->i->desk))
        t->lost = true;
    else if (!good)
        fault_part(t, part, t->i->desk->error);
    else
        t->good++;
    PQclear(r);
    return good;
}

/* A constraint is planned as the look for rows that are against it, the columns of a unique one too. */
static void
lint_constraint(struct lint *t, const struct pack_part *part)
{
    const char *schema[] = {t->pack->schema};
    char *failing = constraint_sql(CONSTRAINT_FAILING, part, t->pack->name, "ctid::pg_catalog.text");
    struct buf sql = {0};
    PGresult *r = desk_begin(t->i->desk, DATABASE_VNEXT, t->i->asked->timeout_ms, false)
                      ? desk_ask(t->i->desk, DATABASE_VNEXT, sql_constraints_path, 1, schema)
                      : NULL;

    buf_printf(&sql, "EXPLAIN %s", failing);
    if (r == NULL || !try_part(t, part, buf_text(&sql)))
        t->lost = t->lost || desk_lost(t->i->desk);
    desk_end(t->i->desk, DATABASE_VNEXT, false);
    PQclear(r);
    buf_free(&sql);
    free(failing);
}

/* A trigger would lock its table, so of it only the table is looked for. */
static void
lint_trigger(struct lint *t, const struct pack_part *part)
{
    const char *params[4];
    const int count = constraint_parameters(part, params);
    PGresult *r =
        desk_look(t->i->desk, DATABASE_VNEXT, t->i->asked->timeout_ms, sql_constraints_state_trigger, count, params);

    if (r == NULL)
        t->lost = desk_lost(t->i->desk);
    if (r != NULL && PQgetvalue(r, 0, 0)[0] == 't')
        t->good++;
    else
        fault_part(t, part, r == NULL ? t->i->desk->error : "its table is not there");
    PQclear(r);
}

/* Functions are made in a schema that nobody else sees, in the order of the file, and taken back. */
static void
lint_functions(struct lint *t)
{
    const struct pack_parts *parts = &t->pack->parts;
    const char *schema[] = {t->pack->schema};
    PGresult *r = desk_begin(t->i->desk, DATABASE_VNEXT, t->i->asked->timeout_ms, true)
                      ? desk_ask(t->i->desk, DATABASE_VNEXT, sql_constraints_lint_path, 1, schema)
                      : NULL;

    for (size_t n = 0; r != NULL && n < parts->count; n++)
        if (parts->items[n].kind == PACK_PART_FUNCTION && !try_part(t, &parts->items[n], parts->items[n].text))
            break; /* the transaction is spoilt, and what follows may need this one */
    desk_end(t->i->desk, DATABASE_VNEXT, false);
    PQclear(r);
}

static void
lint_parts(struct lint *t)
{
    const struct pack_parts *parts = &t->pack->parts;

    for (size_t n = 0; n < parts->count && !t->lost; n++)
        if (pack_part_is_constraint(&parts->items[n]))
            lint_constraint(t, &parts->items[n]);
        else if (parts->items[n].kind == PACK_PART_TRIGGER)
            lint_trigger(t, &parts->items[n]);
    if (!t->lost)
        lint_functions(t);
}

static void
print_lint(const struct lint *t)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *list;
    char *text;

    cJSON_AddNumberToObject(root, "good", t->good);
    list = cJSON_AddArrayToObject(root, "faults");
    for (size_t n = 0; n < t->faults.count; n++) {
        cJSON *fault = cJSON_CreateObject();

        cJSON_AddStringToObject(fault, "where", t->faults.items[n].where);
        cJSON_AddStringToObject(fault, "fault", t->faults.items[n].text);
        cJSON_AddItemToArray(list, fault);
    }
    text = cJSON_Print(root);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(root);
}

int
integrity_lint(struct integrity *i, bool json)
{
    struct lint t = {.i = i};
    size_t errors;

    for (size_t p = 0; p < i->asked->npacks; p++) {
        t.pack = i->packs[p];
        for (size_t n = 0; !t.lost && n < i->looks[p].count; n++)
            lint_look(&t, &i->looks[p].items[n]);
        if (!t.lost)
            lint_parts(&t);
        if (i->no_sync != NULL && pack_is_about_sync(t.pack))
            faults_add(&t.faults, FAULT_ERROR, t.pack->name, "checks about the mapping cannot be tried: %s",
                       i->no_sync);
    }
    i->desk->doing = NULL;
    desk_quiet(i->desk);
    command_print_faults(&t.faults);
    errors = t.faults.errors;
    if (json && !t.lost)
        print_lint(&t);
    faults_free(&t.faults);
    if (t.lost)
        return desk_refused(i->desk, "trying the SQL");
    if (!json)
        printf("%d statement%s good, %zu fault%s\n", t.good, t.good == 1 ? " is" : "s are", errors,
               errors == 1 ? "" : "s");
    return errors == 0 ? EXIT_GOOD : EXIT_INPUT;
}
