/*
 * cleanup_delete.c - the transactions of `rollback cleanup`; see cleanup.h.
 *
 * The locks are a batch's: every partition, and in a legacy database of its own the fence, so that no daemon is in the midst of
 * these rows and none brings them back. Capture queues our deletions like any others; they are taken off the queue before anybody
 * could see them. Triggers of the application fire as always.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "dualwrite/cleanup_sql.h"
#include "dualwrite/shown.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define ATTEMPTS 10
#define AGAIN (-1) /* beside enum exit_status: somebody had a lock */
#define PARAMS 64

/* What one attempt works on. */
struct deletion {
    struct cleanup_run *run;
    const struct cleanup_plan *shown;
    const struct keyset *roots;
    char *note; /* id in dualwrite.cleanup, NULL with one database */
    bool resumed;
    bool legacy_done; /* its COMMIT was sent */
    struct cleanup_plan plan;
    struct cleanup_steps *steps;
};

static bool
ask(struct desk *d, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = desk_ask(d, side, sql, nparams, params);

    PQclear(r);
    return r != NULL;
}

PGresult *
cleanup_note(struct cleanup_run *run, const char *sql, int nparams, const char *const *params)
{
    return desk_ask(run->desk, DATABASE_VNEXT, sql, nparams, params);
}

/* ---- beginning ---- */

static bool
begin(struct desk *d, enum database side)
{
    char timeout[24];
    const char *params[] = {timeout};
    const int64_t ms = d->settings->config->statement_timeout_ms;

    snprintf(timeout, sizeof timeout, "%lld", (long long) ms * 10);
    return desk_begin(d, side, ms, true) && ask(d, side, sql_cleanup_patience, 1, params);
}

/* The partitions as an array literal. */
static char *
partitions(size_t count)
{
    struct buf out = {0};

    buf_putc(&out, '{');
    for (size_t p = 0; p < count; p++)
        buf_printf(&out, "%s%zu", p == 0 ? "" : ",", p);
    buf_putc(&out, '}');
    return buf_steal(&out);
}

/* As a batch begins in a legacy database of its own (fence.c). */
static int
begin_legacy(struct desk *d, const char *epoch, const char *leases, const char *all)
{
    const char *evict[] = {epoch, all};
    const char *fence[] = {epoch, all, leases};
    PGresult *r;
    int status = EXIT_GOOD;

    if (!begin(d, DATABASE_LEGACY) || !ask(d, DATABASE_LEGACY, sql_daemon_hold_epoch, 1, &epoch) ||
        !ask(d, DATABASE_LEGACY, sql_daemon_evict, 2, evict) ||
        !ask(d, DATABASE_LEGACY, sql_daemon_hold_legacy, 1, &all) ||
        (r = desk_ask(d, DATABASE_LEGACY, sql_daemon_fence, 3, fence)) == NULL)
        return AGAIN;
    if (PQgetvalue(r, 0, PQfnumber(r, "restored"))[0] == 't' || PQgetvalue(r, 0, PQfnumber(r, "passed"))[0] != 't') {
        fputs(
            "dualwrited rollback cleanup: one of the two databases was restored from an older copy, and no daemon has "
            "looked at that yet; nothing was changed: start a daemon, and run the same command again\n",
            stderr);
        status = EXIT_UNFINISHED;
    }
    PQclear(r);
    return status;
}

static int
begin_both(struct deletion *n)
{
    struct desk *d = n->run->desk;
    PGresult *epoch;
    PGresult *held;
    char *all;
    int status;

    if (!begin(d, DATABASE_VNEXT) || (held = desk_ask(d, DATABASE_VNEXT, sql_cleanup_hold, 0, NULL)) == NULL)
        return AGAIN;
    all = partitions((size_t) strtoul(PQgetvalue(held, 0, 0), NULL, 10));
    PQclear(held);
    if (!d->two) {
        free(all);
        return ask(d, DATABASE_VNEXT, sql_daemon_sync_session, 0, NULL) ? EXIT_GOOD : AGAIN;
    }
    if ((epoch = desk_ask(d, DATABASE_VNEXT, sql_daemon_epoch, 0, NULL)) == NULL) {
        free(all);
        return AGAIN;
    }
    status = begin_legacy(d, PQgetvalue(epoch, 0, 0), PQgetvalue(epoch, 0, 1), all);
    PQclear(epoch);
    free(all);
    if (status == EXIT_GOOD && !ask(d, DATABASE_LEGACY, sql_daemon_sync_session, 0, NULL))
        status = AGAIN;
    return status;
}

/* ---- what must be true ---- */

static struct mapping_names
names_of(cJSON *list)
{
    struct mapping_names names = {xcalloc((size_t) cJSON_GetArraySize(list), sizeof(char *)), 0};
    cJSON *item;

    cJSON_ArrayForEach(item, list) names.items[names.count++] = cJSON_GetStringValue(item);
    return names;
}

static const struct cleanup_step *
step_of(const struct cleanup_steps *steps, enum database side, bool two, const char *schema, const char *name)
{
    for (size_t i = 0; i < steps->count; i++)
        if ((!two || steps->items[i].side == side) && strcmp(steps->items[i].table->schema, schema) == 0 &&
            strcmp(steps->items[i].table->name, name) == 0)
            return &steps->items[i];
    return NULL;
}

/* One foreign key; row `i` of foreign_keys.sql. */
static bool
referring(struct cleanup_run *run, const struct cleanup_steps *steps, enum database side, const PGresult *r, int i,
          struct buf *found)
{
    struct desk *d = run->desk;
    char *schema = PQgetvalue(r, i, 1), *table = PQgetvalue(r, i, 2);
    const struct cleanup_step *to = step_of(steps, side, d->two, PQgetvalue(r, i, 3), PQgetvalue(r, i, 4));
    const struct cleanup_step *from = step_of(steps, side, d->two, schema, table);
    cJSON *columns = cJSON_Parse(PQgetvalue(r, i, 5));
    cJSON *referenced = cJSON_Parse(PQgetvalue(r, i, 6));
    const struct cleanup_foreign foreign = {{schema, table}, names_of(columns), names_of(referenced)};
    char *sql = cleanup_referring_sql(&foreign, to->table, to->key, from == NULL ? NULL : from->table,
                                      from == NULL ? NULL : from->key);
    char *owned[PARAMS];
    const char *params[PARAMS];
    int n = 0;
    PGresult *count;

    for (size_t k = 0; k < to->key->count; k++, n++)
        params[n] = owned[n] = keyset_array(&to->rows, k);
    for (size_t k = 0; from != NULL && k < from->key->count; k++, n++)
        params[n] = owned[n] = keyset_array(&from->rows, k);
    count = desk_ask(d, side, sql, n, params);
    if (count != NULL && strcmp(PQgetvalue(count, 0, 0), "0") != 0) {
        buf_printf(found, "%s rows of ", PQgetvalue(count, 0, 0));
        shown_text(found, schema, 0);
        buf_putc(found, '.');
        shown_text(found, table, 0);
        buf_puts(found, " refer to rows of ");
        shown_text(found, to->table->name, 0);
        buf_puts(found, " (foreign key ");
        shown_text(found, PQgetvalue(r, i, 0), 0);
        buf_puts(found, ")\n");
    }
    while (n > 0)
        free(owned[--n]);
    free((void *) foreign.columns.items);
    free((void *) foreign.referenced.items);
    cJSON_Delete(columns);
    cJSON_Delete(referenced);
    free(sql);
    PQclear(count);
    return count != NULL;
}

static bool
referring_side(struct cleanup_run *run, const struct cleanup_steps *steps, enum database side, struct buf *found)
{
    struct keyset tables = {.columns = 2};
    char *schemas;
    char *names;
    PGresult *r;
    bool good;

    for (size_t i = 0; i < steps->count; i++)
        if ((!run->desk->two || steps->items[i].side == side) && steps->items[i].rows.count > 0)
            keyset_add(&tables, (const char *[]){steps->items[i].table->schema, steps->items[i].table->name});
    keyset_settle(&tables);
    schemas = keyset_array(&tables, 0);
    names = keyset_array(&tables, 1);
    r = desk_ask(run->desk, side, sql_cleanup_foreign_keys, 2, (const char *[]){schemas, names});
    good = r != NULL;
    for (int i = 0; good && i < PQntuples(r); i++)
        good = referring(run, steps, side, r, i, found);
    PQclear(r);
    free(schemas);
    free(names);
    keyset_free(&tables);
    return good;
}

bool
cleanup_referring(struct cleanup_run *run, const struct cleanup_steps *steps, char **found)
{
    struct buf out = {0};
    bool good = referring_side(run, steps, DATABASE_VNEXT, &out) &&
                (!run->desk->two || referring_side(run, steps, DATABASE_LEGACY, &out));

    *found = buf_steal(&out);
    return good;
}

/* Nothing has changed since it was shown, and nothing else hangs on it. */
static int
check(struct deletion *n)
{
    char *found = NULL;
    int status = EXIT_GOOD;

    if (!n->resumed && !cleanup_plan_stands(n->shown, &n->plan)) {
        fprintf(stderr,
                "dualwrited rollback cleanup: the rows changed since they were shown (%.0f then, %.0f now, or other "
                "names); "
                "nothing was deleted: run the same command again\n",
                cleanup_plan_rows(n->shown), cleanup_plan_rows(&n->plan));
        return EXIT_FOUND;
    }
    if (!cleanup_referring(n->run, n->steps, &found)) {
        status = AGAIN;
    } else if (*found != '\0') {
        fprintf(stderr, "dualwrited rollback cleanup: nothing was deleted, because other rows refer to these:\n%s",
                found);
        status = EXIT_FOUND;
    }
    free(found);
    return status;
}

/* ---- deleting ---- */

static int
delete_step(struct deletion *n, struct cleanup_step *step)
{
    char *sql = cleanup_delete_sql(step->table, step->key);
    char *owned[PARAMS];
    const char *params[PARAMS];
    PGresult *r;

    for (size_t k = 0; k < step->key->count; k++)
        params[k] = owned[k] = keyset_array(&step->rows, k);
    r = desk_ask(n->run->desk, step->side, sql, (int) step->key->count, params);
    step->deleted = r == NULL ? 0 : strtod(PQcmdTuples(r), NULL);
    for (size_t k = 0; k < step->key->count; k++)
        free(owned[k]);
    free(sql);
    PQclear(r);
    if (r == NULL)
        return AGAIN;
    if (step->deleted == (double) step->rows.count)
        return EXIT_GOOD;
    fprintf(
        stderr,
        "dualwrited rollback cleanup: of %zu rows of %s.%s %.0f could be deleted: a trigger or rule keeps or takes the "
        "others; nothing was changed\n",
        step->rows.count, step->table->schema, step->table->name, step->deleted);
    return EXIT_FOUND;
}

static int
delete_all(struct deletion *n)
{
    struct desk *d = n->run->desk;
    double waiting;
    double failed;
    int status = EXIT_GOOD;

    for (size_t i = 0; i < n->steps->count && status == EXIT_GOOD; i++)
        if (n->steps->items[i].rows.count > 0)
            status = delete_step(n, &n->steps->items[i]);
    if (status != EXIT_GOOD)
        return status;
    if (!cleanup_events(n->run, &n->plan, true, &waiting, &failed) ||
        !ask(d, DATABASE_VNEXT, sql_daemon_constraints, 0, NULL) ||
        (d->two && !ask(d, DATABASE_LEGACY, sql_daemon_constraints, 0, NULL)))
        return AGAIN;
    return EXIT_GOOD;
}

static int
commit(struct deletion *n)
{
    struct desk *d = n->run->desk;
    const char *ended[] = {n->note, "done"};

    if (d->two) {
        n->legacy_done = true;
        if (!desk_end(d, DATABASE_LEGACY, true) || !ask(d, DATABASE_VNEXT, sql_cleanup_ended, 2, ended))
            return AGAIN;
    }
    return desk_end(d, DATABASE_VNEXT, true) ? EXIT_GOOD : AGAIN;
}

static int
attempt(struct deletion *n)
{
    int status = begin_both(n);

    if (status == EXIT_GOOD && !cleanup_collect(n->run, n->roots, true, &n->plan))
        status = AGAIN;
    if (status == EXIT_GOOD) {
        *n->steps = cleanup_steps(n->run, &n->plan);
        status = check(n);
    }
    if (status == EXIT_GOOD)
        status = delete_all(n);
    if (status == EXIT_GOOD)
        status = commit(n);
    return status;
}

/* A lock that somebody has, a deadlock, or rows that changed under our hands. */
static bool
passes(const struct desk *d)
{
    return strcmp(d->sqlstate, "55P03") == 0 || strncmp(d->sqlstate, "40", 2) == 0;
}

/* What the last attempt means. */
static int
judge(struct deletion *n, int status)
{
    struct desk *d = n->run->desk;

    if (status != AGAIN)
        return status;
    desk_quiet(d);
    status = desk_refused(d, "deleting");
    if (n->legacy_done)
        fprintf(
            stderr,
            "dualwrited rollback cleanup: the legacy rows are deleted (%s), those of the vNext database may still be "
            "there (%s): run the same command again, which finishes it\n",
            d->shown[DATABASE_LEGACY], d->shown[DATABASE_VNEXT]);
    else if (!d->two && strncmp(d->sqlstate, "08", 2) == 0)
        fputs("dualwrited rollback cleanup: everything is deleted, or nothing: run the same command again\n", stderr);
    else
        fputs("dualwrited rollback cleanup: nothing was deleted\n", stderr);
    return status;
}

/* With two databases, what is about to happen is noted first; so it can be finished. */
static bool
take_note(struct deletion *n)
{
    struct cleanup_run *run = n->run;
    cJSON *json = cJSON_CreateObject();
    char *roots;
    char rows[24];
    PGresult *r;

    cJSON_AddItemToObject(json, "source", keyset_json(&n->shown->parts[0].keys[DATABASE_VNEXT]));
    cJSON_AddItemToObject(json, "target", keyset_json(&n->shown->parts[0].keys[DATABASE_LEGACY]));
    roots = cJSON_PrintUnformatted(json);
    snprintf(rows, sizeof rows, "%zu", n->shown->parts[0].rows[CLEANUP_TARGET].count);
    r = cleanup_note(run, sql_cleanup_note, 5,
                     (const char *[]){run->column.entity->name, run->column.target, run->pattern, roots, rows});
    if (r != NULL)
        n->note = xstrdup(PQgetvalue(r, 0, 0));
    PQclear(r);
    cJSON_free(roots);
    cJSON_Delete(json);
    return n->note != NULL;
}

int
cleanup_delete(struct cleanup_run *run, const struct cleanup_plan *shown, const struct keyset *roots, long long note,
               struct cleanup_steps *steps)
{
    struct desk *d = run->desk;
    struct deletion n = {.run = run, .shown = shown, .roots = roots, .resumed = note != 0, .steps = steps};
    int status = AGAIN;

    *steps = (struct cleanup_steps){0};
    if (note != 0) {
        char id[24];

        snprintf(id, sizeof id, "%lld", note);
        n.note = xstrdup(id);
    } else if (d->two && !take_note(&n)) {
        return desk_refused(d, "noting what is to be deleted");
    }
    for (int i = 0; i < ATTEMPTS && status == AGAIN && !n.legacy_done; i++) {
        if (i > 0 && !passes(d))
            break;
        if (i > 0)
            sleep(1);
        desk_doing(d, i == 0 ? "deleting" : "deleting; waiting for a lock");
        cleanup_steps_free(steps);
        cleanup_plan_free(&n.plan);
        status = attempt(&n);
        if (status != EXIT_GOOD) {
            if (d->two)
                desk_end(d, DATABASE_LEGACY, false);
            desk_end(d, DATABASE_VNEXT, false);
        }
    }
    desk_quiet(d);
    status = judge(&n, status);
    if (status != EXIT_GOOD && n.note != NULL && note == 0 && !n.legacy_done)
        PQclear(cleanup_note(run, sql_cleanup_ended, 2, (const char *[]){n.note, "given up"}));
    cleanup_plan_free(&n.plan);
    free(n.note);
    return status;
}
