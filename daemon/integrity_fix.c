/* integrity_fix.c - mending what checks found; see integrity_fix.h. Undoing is integrity_undo.c. */
#include "integrity_fix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/change.h"
#include "dualwrite/quote.h"
#include "dualwrite/reconcile.h"
#include "dualwrite/ref.h"
#include "dualwrite/shown.h"
#include "dualwrite/template.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define QUEUE_MAX 100000 /* events that are queued at once: `reconcile --fix` has a pace, a transaction has none */

struct fix {
    struct integrity *i;
    struct desk *d;
    const struct pack *pack;
    const struct pack_look *look;
    struct integrity_result *result;
    char *id; /* of the mend, 24 bytes; empty: there is none yet */
};

/* ---- what is mended ---- */

static const struct pack_look *
look_of(const struct integrity *i, size_t pack, const struct integrity_result *r)
{
    for (size_t n = 0; n < i->looks[pack].count; n++) {
        const struct pack_look *look = &i->looks[pack].items[n];

        if (look->check == r->check && (r->about == NULL || strcmp(look->about, r->about) == 0))
            return look;
    }
    return NULL;
}

/* Calls `mend` for each result that has one; false when that failed. */
static bool
each_mend(struct integrity *i, const struct integrity_report *report, bool (*mend)(struct fix *f), char *id)
{
    for (size_t p = 0; p < report->count; p++)
        for (size_t n = 0; n < report->packs[p].count; n++) {
            struct integrity_result *r = &report->packs[p].items[n];
            struct fix f = {.i = i, .d = i->desk, .pack = i->packs[p], .look = look_of(i, p, r), .result = r};

            f.id = id;
            if (r->state == INTEGRITY_FOUND && r->check->mends != PACK_NO_MEND && f.look != NULL && !mend(&f))
                return false;
        }
    return true;
}

static bool
say_plan(struct fix *f)
{
    struct buf done = {0};

    shown_text(&done, f->look->check->done, 0);
    fprintf(stderr, "dualwrited validate: to mend: %s%s%s%s: %" PRId64 " row%s: %s\n", f->look->check->name,
            f->look->about == NULL ? "" : " (", f->look->about == NULL ? "" : f->look->about,
            f->look->about == NULL ? "" : ")", f->result->rows, f->result->rows == 1 ? "" : "s", buf_text(&done));
    buf_free(&done);
    return true;
}

void
integrity_plan(const struct integrity *i, const struct integrity_report *report)
{
    each_mend((struct integrity *) i, report, say_plan, NULL);
}

/* ---- handed to the daemons ---- */

/* Not more than a transaction should hold, nor more removals than go without somebody's word. */
static bool
may_queue(struct fix *f, const char *class)
{
    const struct mapping_entity *e = f->look->e;
    const char *params[] = {e->name, class};
    PGresult *r;
    bool asks;

    if (f->result->rows > QUEUE_MAX) {
        fprintf(stderr, "dualwrited validate: %s are too many for one transaction; run `dualwrited reconcile --fix`\n",
                f->look->check->name);
        return false;
    }
    r = desk_ask(f->d, DATABASE_VNEXT, sql_integrity_removals, 2, params);
    asks = r != NULL && PQntuples(r) == 1 &&
           reconcile_asks(strtoll(PQgetvalue(r, 0, 0), NULL, 10), strtoll(PQgetvalue(r, 0, 1), NULL, 10),
                          f->d->settings->config->removal_share);
    if (asks)
        fprintf(stderr,
                "dualwrited validate: %s would remove %s legacy rows of %s, more than DUALWRITE_REMOVAL_SHARE allows; "
                "when that is right, run `dualwrited reconcile --fix --allow-removals`\n",
                f->look->check->name, PQgetvalue(r, 0, 0), e->name);
    PQclear(r);
    return r != NULL && !asks;
}

static bool
queue(struct fix *f)
{
    const struct mapping_entity *e = f->look->e;
    const char *class = f->look->check->compares;
    char root[24];
    PGresult *r, *rung = NULL;

    snprintf(root, sizeof root, "%zu", ref_position(e, ref_root(e)) + 1);
    if (!may_queue(f, class))
        return false;
    r = desk_ask(f->d, DATABASE_VNEXT, sql_integrity_queue, 6,
                 (const char *[]){e->name, class, e->operation_update, e->operation_remove, root, ACTOR_RECONCILE});
    if (r != NULL) {
        f->result->changed = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
        rung = desk_ask(f->d, DATABASE_VNEXT, sql_reconcile_ring, 2,
                        (const char *[]){f->d->settings->mapping->channel, PQgetvalue(r, 0, 1)});
    }
    PQclear(rung);
    PQclear(r);
    return r != NULL && rung != NULL;
}

static bool
retry(struct fix *f)
{
    PGresult *r = desk_ask(f->d, DATABASE_VNEXT, sql_integrity_retry, 0, NULL);
    PGresult *rung = r == NULL ? NULL : desk_ask(f->d, DATABASE_VNEXT, sql_failed_ring, 0, NULL);

    if (r != NULL)
        f->result->changed = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    PQclear(rung);
    return rung != NULL;
}

/* ---- by the pack's SQL ---- */

static bool
begin_mend(struct fix *f)
{
    PGresult *r;

    if (f->id[0] != '\0')
        return true;
    r = desk_ask(f->d, DATABASE_VNEXT, sql_integrity_mend_begin, 0, NULL);
    if (r != NULL)
        snprintf(f->id, 24, "%s", PQgetvalue(r, 0, 0));
    PQclear(r);
    return r != NULL;
}

/*
 * The keys that the check finds now, of those in `among` (an array of `type`; NULL: of all), as an array; NULL after a refusal.
 * Legacy's rows come anew: what the second time, with the rows locked, still has none there is no row that was under way.
 */
static PGresult *
ask_keys(struct fix *f, const char *type, const char *among)
{
    const size_t nwhere = f->i->asked->nwhere;
    char *sql = pack_keys_sql(f->look, f->i->asked->where_columns, nwhere, type);
    const char *params[INTEGRITY_WHERE_MAX + 1];
    PGresult *r = NULL;

    memcpy(params, f->i->asked->where_values, nwhere * sizeof *params);
    params[nwhere] = among;
    if (integrity_names(f->d, DATABASE_VNEXT, f->pack->schema) && integrity_gather(f->i, f->pack, f->look))
        r = desk_ask(f->d, DATABASE_VNEXT, sql, (int) nwhere + (type != NULL), params);
    free(sql);
    return r;
}

/* Statements about whole rows: as text these look the same only where names are looked up the same, now and when it is undone. */
static PGresult *
ask_rows(struct fix *f, char *sql, int nparams, const char *const *params)
{
    PGresult *r = integrity_names(f->d, DATABASE_VNEXT, "pg_catalog")
                      ? desk_ask(f->d, DATABASE_VNEXT, sql, nparams, params)
                      : NULL;

    free(sql);
    return r;
}

/* The rows that the check finds, locked and kept; their keys, NULL after a refusal. */
static PGresult *
keep_before(struct fix *f, const struct pack_table *t)
{
    PGresult *keys = ask_keys(f, NULL, NULL);
    PGresult *r;

    if (keys == NULL)
        return NULL;
    r = ask_rows(f, pack_before_sql(t), 7,
                 (const char *[]){f->id, f->pack->name, f->look->check->name, t->schema, t->name, t->key,
                                  PQgetvalue(keys, 0, 0)});
    if (r == NULL) {
        PQclear(keys);
        return NULL;
    }
    PQclear(r);
    return keys;
}

/* One UPDATE or DELETE of one table: what else is changed beside it nobody could put back. */
static bool
writes_once(struct fix *f)
{
    PGresult *r;
    struct buf explain = {0};
    bool good;

    buf_printf(&explain, "EXPLAIN (FORMAT JSON) %s", f->look->mend);
    r = desk_ask(f->d, DATABASE_VNEXT, buf_text(&explain), 1, (const char *[]){"{}"});
    good = r != NULL && pack_plan_writes_once(PQgetvalue(r, 0, 0));
    if (r != NULL && !good)
        fprintf(stderr, "dualwrited validate: %s: " PACK_WRITES_ONCE "\n", f->look->check->mend.name);
    PQclear(r);
    buf_free(&explain);
    return good;
}

/* Runs the mend over what was kept (`keys`) and is still found; what the server said of it, NULL after a refusal. */
static PGresult *
run_mend(struct fix *f, const struct pack_table *t, const char *keys)
{
    PGresult *now = ask_keys(f, t->key_type, keys);
    PGresult *r = NULL, *mended = NULL;

    if (now != NULL)
        r = desk_ask(f->d, DATABASE_VNEXT, sql_integrity_mend_keys, 4,
                     (const char *[]){f->id, f->look->check->name, f->pack->name, PQgetvalue(now, 0, 0)});
    if (r != NULL && !PQgetisnull(r, 0, 1))
        fprintf(stderr,
                "dualwrited validate: %s.%s has the %s %s more than once, so its rows could not be put back; name a "
                "\"key\" that is unique\n",
                t->schema, t->name, t->key, PQgetvalue(r, 0, 1));
    else if (r != NULL && writes_once(f))
        mended = desk_ask(f->d, DATABASE_VNEXT, f->look->mend, 1, (const char *[]){PQgetvalue(r, 0, 0)});
    PQclear(now);
    PQclear(r);
    return mended;
}

/* Keeps what became of the rows; false where the mend, which changed `touched` of them, cannot be put back, or after a refusal. */
static bool
keep_after(struct fix *f, const struct pack_table *t, const PGresult *mended)
{
    const int64_t touched = strtoll(PQcmdTuples((PGresult *) mended), NULL, 10);
    PGresult *r = ask_rows(f, pack_after_sql(t), 3, (const char *[]){f->id, f->look->check->name, f->pack->name});
    int64_t gone;

    if (r == NULL)
        return false;
    f->result->changed = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
    gone = strtoll(PQgetvalue(r, 0, 1), NULL, 10);
    PQclear(r);
    if (touched != f->result->changed)
        fprintf(stderr,
                "dualwrited validate: %s changes %" PRId64 " rows, of which %" PRId64
                " are those that its check found; a mend may touch no others, because only those can be put back\n",
                f->look->check->mend.name, touched, f->result->changed);
    else if (gone > 0 && strncmp(PQcmdStatus((PGresult *) mended), "UPDATE", 6) == 0)
        fprintf(stderr,
                "dualwrited validate: %s gives %" PRId64
                " rows another %s; a mend may not, because rows are put back by it\n",
                f->look->check->mend.name, gone, t->key);
    else
        return true;
    return false;
}

/* Rows that followed this transaction's changes by foreign keys; -1 after a refusal. Rows of `t` itself are not counted. */
static int64_t
followers(struct fix *f, const struct pack_table *t)
{
    PGresult *r = desk_ask(f->d, DATABASE_VNEXT, sql_integrity_followers, 2, (const char *[]){t->schema, t->name});
    const int64_t rows = r == NULL ? -1 : strtoll(PQgetvalue(r, 0, 0), NULL, 10);

    PQclear(r);
    return rows;
}

static bool
mend_rows(struct fix *f, const struct pack_table *t)
{
    PGresult *keys = begin_mend(f) ? keep_before(f, t) : NULL;
    const int64_t before = keys == NULL ? -1 : followers(f, t);
    PGresult *mended = before < 0 ? NULL : run_mend(f, t, PQgetvalue(keys, 0, 0));
    const int64_t after = mended == NULL ? -1 : followers(f, t);
    const bool good = after >= 0 && keep_after(f, t, mended);

    if (good && after > before)
        fprintf(stderr,
                "dualwrited validate: %s changes %" PRId64
                " rows of other tables by their foreign keys (ON DELETE CASCADE and the like), which could not be put "
                "back; see to those first\n",
                f->look->check->mend.name, after - before);
    PQclear(keys);
    PQclear(mended);
    return good && after == before;
}

/* In one database a pack may name a legacy table too. Only the sync writes those. */
static bool
is_legacy(const struct fix *f)
{
    const struct mapping *m = f->d->settings->mapping;
    const struct mapping_table table = {f->look->check->table_schema, f->look->check->table};

    for (size_t n = 0; !f->d->two && n < m->count; n++)
        if (mapping_same_table(&m->entities[n].target, &table)) {
            fprintf(stderr, "dualwrited validate: %s.%s is a legacy table, which only the sync writes; leave %s out\n",
                    table.schema, table.name, f->look->check->mend.name);
            return true;
        }
    return false;
}

static bool
mend_by_sql(struct fix *f)
{
    const struct pack_check *c = f->look->check;
    PGresult *type = is_legacy(f) ? NULL
                                  : desk_ask(f->d, DATABASE_VNEXT, sql_integrity_key_type, 3,
                                             (const char *[]){c->table_schema, c->table, c->key});
    bool good = false;

    if (type != NULL && PQntuples(type) == 1 && PQgetvalue(type, 0, 1)[0] == 't') {
        fprintf(stderr,
                "dualwrited validate: %s.%s has tables that inherit from it, whose rows could not be put back; let %s "
                "name those\n",
                c->table_schema, c->table, c->name);
    } else if (type != NULL && PQntuples(type) == 1) {
        const struct pack_table t = {c->table_schema, c->table, c->key, PQgetvalue(type, 0, 0)};

        good = mend_rows(f, &t);
    } else if (type != NULL) {
        fprintf(stderr, "dualwrited validate: %s names a table %s.%s with a column %s, which is not there\n", c->name,
                c->table_schema, c->table, c->key);
    }
    PQclear(type);
    return good;
}

/* ---- the whole ---- */

static bool
mend(struct fix *f)
{
    bool good = false;

    f->d->sqlstate[0] = '\0';
    switch (f->look->check->mends) {
    case PACK_MEND_QUEUE:
        good = queue(f);
        break;
    case PACK_MEND_RETRY:
        good = retry(f);
        break;
    case PACK_MEND_SQL:
        good = mend_by_sql(f);
        break;
    case PACK_NO_MEND:
        break;
    }
    f->result->mended = good;
    /* handed to the daemons: how that ends is not known yet; what could not be handed over stays */
    if (f->look->check->mends != PACK_MEND_SQL)
        f->result->left = f->result->rows > f->result->changed ? f->result->rows - f->result->changed : -1;
    if (!good)
        fprintf(stderr, "dualwrited validate: nothing was changed, because %s could not be mended\n",
                f->look->check->name);
    return good;
}

/* A mend may undo another, or make what another check finds: only what is left when all are done counts. */
static bool
look_again(struct integrity *i, struct integrity_report *report)
{
    for (size_t p = 0; p < report->count; p++)
        for (size_t n = 0; n < report->packs[p].count; n++) {
            struct integrity_result *r = &report->packs[p].items[n];
            const struct pack_look *look = look_of(i, p, r);
            struct integrity_result now = {0};

            if (look == NULL || integrity_side(look) != DATABASE_VNEXT || r->check->compares != NULL ||
                !((r->state == INTEGRITY_CLEAN && look->legacy == NULL) ||
                  (r->mended && r->check->mends == PACK_MEND_SQL)))
                continue;
            if (!integrity_names(i->desk, DATABASE_VNEXT, look->e == NULL ? i->packs[p]->schema : "pg_catalog") ||
                !integrity_gather(i, i->packs[p], look) || !integrity_count(i, look, &now)) {
                cJSON_Delete(now.samples);
                return false;
            }
            if (r->state == INTEGRITY_CLEAN && now.rows > 0) {
                r->state = INTEGRITY_FOUND;
                r->rows = now.rows;
                cJSON_Delete(r->samples);
                r->samples = now.samples;
            } else {
                cJSON_Delete(now.samples);
            }
            r->left = now.rows;
        }
    return true;
}

/* A mend that changed nothing is none. */
static bool
end_mend(struct integrity *i, char *id)
{
    PGresult *r = desk_ask(i->desk, DATABASE_VNEXT, sql_integrity_mend_end, 1, (const char *[]){id});
    const bool good = r != NULL;

    if (good && PQntuples(r) == 1)
        id[0] = '\0';
    PQclear(r);
    return good;
}

static int
refused(struct integrity *i, const char *what)
{
    if (i->desk->sqlstate[0] == '\0') /* what is wrong was said */
        return EXIT_UNFINISHED;
    if (strcmp(i->desk->sqlstate, "42501") == 0)
        fprintf(stderr,
                "dualwrited validate: %s; a mend by SQL takes the rights to change the application's rows, and GRANT "
                "SELECT, "
                "INSERT, UPDATE, DELETE ON dualwrite.mend, dualwrite.mended_row: who installed has them\n",
                i->desk->error);
    else if (desk_timed_out(i->desk))
        fprintf(stderr, "dualwrited validate: %s took longer than %g s (--timeout)\n", what,
                (double) i->asked->timeout_ms / 1000);
    else
        desk_refused(i->desk, what);
    if (strcmp(i->desk->sqlstate, "23514") == 0)
        fputs("dualwrited validate: where a row needs several mends, a constraint is against what is between them: "
              "take it away "
              "(`dualwrited constraints remove`), mend, and put it in again\n",
              stderr);
    return desk_lost(i->desk) ? EXIT_UNREACHABLE : EXIT_UNFINISHED;
}

int
integrity_fix(struct integrity *i, struct integrity_report *report, char id[24])
{
    bool good;

    id[0] = '\0';
    desk_doing(i->desk, "mending");
    good = desk_begin(i->desk, DATABASE_VNEXT, i->asked->timeout_ms, true) && each_mend(i, report, mend, id);
    if (good && id[0] != '\0')
        good = look_again(i, report) && end_mend(i, id);
    if (!good) {
        desk_end(i->desk, DATABASE_VNEXT, false);
    } else if (!desk_end(i->desk, DATABASE_VNEXT, true)) {
        good = false;
        if (!desk_lost(i->desk))
            fputs("dualwrited validate: nothing was changed, because the COMMIT was refused\n", stderr);
        else
            fprintf(stderr,
                    "dualwrited validate: the COMMIT was not answered: run it again, which says what is left%s%s\n",
                    id[0] == '\0' ? "" : "; if it was done, it was mend ", id);
    }
    desk_quiet(i->desk);
    i->desk->doing = NULL;
    if (good)
        return EXIT_GOOD;
    for (size_t p = 0; p < report->count; p++)
        for (size_t n = 0; n < report->packs[p].count; n++)
            report->packs[p].items[n].mended = false;
    id[0] = '\0';
    return refused(i, "mending");
}
