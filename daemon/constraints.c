/* constraints.c - a rule pack's parts at the vNext database; see constraints.h. */
#include "constraints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/constraint_sql.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

/* One statement about one part. */
struct step {
    enum constraint_step step;
    const struct pack_part *part;
};

/* ---- refusals ---- */

static bool
lost(const struct constraints *c)
{
    return strncmp(c->desk->sqlstate, "08", 2) == 0 || strncmp(c->desk->sqlstate, "57P", 3) == 0;
}

static bool
met_lock(const struct constraints *c)
{
    return strcmp(c->desk->sqlstate, "55P03") == 0 || strcmp(c->desk->sqlstate, "40P01") == 0;
}

/* Who has the part's table locked, after a blank; nothing where nobody has any more. */
static void
put_holder(struct buf *out, struct constraints *c, const struct pack_part *p)
{
    PGresult *r = p->table == NULL ? NULL
                                   : desk_look(c->desk, DATABASE_VNEXT, c->timeout_ms, sql_constraints_holders, 2,
                                               (const char *[]){p->schema, p->table});

    if (r != NULL && PQntuples(r) > 0)
        buf_printf(out, " by %s", PQgetvalue(r, 0, 0));
    PQclear(r);
}

static void
refuse(struct constraints *c, struct constraint_result *item)
{
    const struct desk *d = c->desk;
    struct buf why = {0};

    if (met_lock(c)) {
        buf_printf(&why, "%s stayed locked", item->part->table == NULL ? "something" : item->part->table);
        put_holder(&why, c, item->part);
        buf_puts(&why, ": end that, or run it again later");
    } else if (desk_timed_out(d)) {
        buf_printf(&why, "it took longer than %g s (--timeout)", (double) c->timeout_ms / 1000);
    } else if (strcmp(d->sqlstate, "42501") == 0) {
        buf_printf(&why, "%s: run it as the owner of the table, who may also create in the schema", d->error);
    } else if (strcmp(d->sqlstate, "42P01") == 0 || strcmp(d->sqlstate, "42703") == 0 ||
               strcmp(d->sqlstate, "42704") == 0 || strcmp(d->sqlstate, "42883") == 0) {
        buf_printf(&why, "this database has no such thing: %s", d->error);
    } else {
        buf_printf(&why, "the server refuses: %s (SQLSTATE %s)", d->error == NULL ? "no answer" : d->error,
                   d->sqlstate);
    }
    free(item->why);
    item->why = buf_steal(&why);
}

/* ---- asking ---- */

static bool
begin(struct constraints *c, bool writes)
{
    const char *schema[] = {c->pack->schema};
    PGresult *r = desk_begin(c->desk, DATABASE_VNEXT, c->timeout_ms, writes)
                      ? desk_ask(c->desk, DATABASE_VNEXT, sql_constraints_path, 1, schema)
                      : NULL;

    PQclear(r);
    return r != NULL;
}

static bool
ask(struct constraints *c, const struct step *s)
{
    char *sql = constraint_sql(s->step, s->part, c->pack->name, c->key);
    PGresult *r = desk_ask(c->desk, DATABASE_VNEXT, sql, 0, NULL);

    free(sql);
    PQclear(r);
    return r != NULL;
}

/* The table of this part has had its time. */
static bool
stayed_locked(const struct constraints *c, const struct pack_part *p)
{
    return c->locked != NULL && c->locked->table != NULL && p->table != NULL &&
           strcmp(c->locked->schema, p->schema) == 0 && strcmp(c->locked->table, p->table) == 0;
}

/* All of them or none; a lock that is not to be had is tried again, ever more seldom: whoever comes behind has to wait for the
 * length of each try, and not in between. */
static bool
together(struct constraints *c, const struct step *steps, size_t count)
{
    struct timespec first, now;
    unsigned pause = 1;

    clock_gettime(CLOCK_MONOTONIC, &first);
    for (;;) {
        bool good = begin(c, true);

        for (size_t i = 0; good && i < count; i++)
            good = ask(c, &steps[i]);
        if (!good)
            desk_end(c->desk, DATABASE_VNEXT, false);
        else if (desk_end(c->desk, DATABASE_VNEXT, true))
            return true;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!met_lock(c))
            return false;
        if (stayed_locked(c, steps[0].part) || (now.tv_sec - first.tv_sec) * 1000 >= c->lock_ms) {
            c->locked = steps[0].part;
            return false;
        }
        desk_doing(c->desk, "a table is locked by somebody else: trying again");
        sleep(pause);
        pause = pause < 8 ? pause * 2 : pause;
    }
}

/* By itself, outside of a transaction. */
static bool
alone(struct constraints *c, enum constraint_step step, const struct pack_part *p)
{
    char timeout[24], lock[24];
    const char *params[] = {c->pack->schema, timeout, lock};
    PGresult *r;

    snprintf(timeout, sizeof timeout, "%lld", (long long) c->timeout_ms);
    snprintf(lock, sizeof lock, "%lld", (long long) c->lock_ms);
    r = desk_ask(c->desk, DATABASE_VNEXT, sql_constraints_session, 3, params);
    PQclear(r);
    return r != NULL && ask(c, &(struct step){step, p});
}

static bool
is_true(const PGresult *r, const char *column)
{
    const int n = PQfnumber(r, column);

    return n >= 0 && PQgetvalue(r, 0, n)[0] == 't';
}

/* What there is; false after a refusal, which is in the item. */
static bool
look(struct constraints *c, struct constraint_result *item)
{
    const char *params[4];
    const int count = constraint_parameters(item->part, params);
    char *sql = constraint_sql(CONSTRAINT_STATE, item->part, c->pack->name, NULL);
    PGresult *r = desk_look(c->desk, DATABASE_VNEXT, c->timeout_ms, sql, count, params);

    free(sql);
    if (r == NULL) {
        item->state = CONSTRAINT_UNKNOWN;
        refuse(c, item);
    } else {
        const int comment = PQfnumber(r, "comment"), key = PQfnumber(r, "key");
        const struct constraint_facts f = {is_true(r, "there"), is_true(r, "has"),  is_true(r, "valid"),
                                           is_true(r, "named"), is_true(r, "fits"), PQgetvalue(r, 0, comment)};

        item->state = constraint_judge(item->part, c->pack->name, &f);
        c->built = is_true(r, "built");
        free(c->key);
        c->key = key < 0 ? NULL : xstrdup(PQgetvalue(r, 0, key));
    }
    PQclear(r);
    return r != NULL;
}

/* The rows that are against it. */
static bool
look_failing(struct constraints *c, struct constraint_result *item)
{
    char *sql = constraint_sql(CONSTRAINT_FAILING, item->part, c->pack->name, c->key);
    PGresult *r = begin(c, false) ? desk_ask(c->desk, DATABASE_VNEXT, sql, 0, NULL) : NULL;

    desk_end(c->desk, DATABASE_VNEXT, false);
    free(sql);
    if (r == NULL) {
        refuse(c, item);
    } else {
        item->failing = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
        cJSON_Delete(item->samples);
        item->samples = cJSON_Parse(PQgetvalue(r, 0, 1));
    }
    PQclear(r);
    return r != NULL;
}

/* ---- putting in ---- */

/* What nobody here can mend is said; true: there is something to do. */
static bool
may_install(struct constraint_result *item)
{
    if (item->state == CONSTRAINT_FOREIGN)
        item->why = xstrdup("rename it in the pack, or take the other one away");
    if (item->state == CONSTRAINT_NO_TABLE)
        item->why = xstrdup("this is for a database that has it; make the table first");
    return item->why == NULL && item->state != CONSTRAINT_IN_FORCE;
}

/* Rows may have been written between the look and the ADD: then it stays for new rows, and those are named. */
static bool
validate(struct constraints *c, struct constraint_result *item)
{
    const struct step step = {CONSTRAINT_VALIDATE, item->part};

    if (together(c, &step, 1))
        return true;
    if (strcmp(c->desk->sqlstate, "23514") == 0)
        look_failing(c, item);
    else
        refuse(c, item);
    return false;
}

static void
install_check(struct constraints *c, struct constraint_result *item)
{
    const struct pack_part *p = item->part;
    const struct step replace[] = {{CONSTRAINT_DROP, p}, {CONSTRAINT_ADD, p}, {CONSTRAINT_COMMENT, p}};
    const bool adds = item->state != CONSTRAINT_UNVALIDATED, drops = item->state == CONSTRAINT_CHANGED;
    const char *done = drops ? "replaced" : adds ? "added" : NULL;

    if (!look_failing(c, item) || (adds && item->failing > 0 && !c->not_valid))
        return;
    if (!c->dry_run && adds && !together(c, replace + !drops, drops ? 3 : 2)) {
        refuse(c, item);
        return;
    }
    item->done = done;
    if (item->failing == 0 && (c->dry_run || validate(c, item)))
        item->done = drops ? "replaced and validated" : adds ? "added and validated" : "validated";
}

/* The index that the constraint is made of. */
static bool
build(struct constraints *c, struct constraint_result *item)
{
    if (item->state == CONSTRAINT_UNFINISHED && c->built)
        return true;
    if (item->state == CONSTRAINT_UNFINISHED && !alone(c, CONSTRAINT_UNBUILD, item->part)) {
        refuse(c, item);
        return false;
    }
    if (alone(c, CONSTRAINT_BUILD, item->part))
        return true;
    refuse(c, item);
    if (!lost(c)) {
        alone(c, CONSTRAINT_UNBUILD, item->part); /* it would cost every writer, and serve nobody */
        if (look_failing(c, item) && item->failing > 0) {
            free(item->why); /* written while it was built: those rows say it better */
            item->why = NULL;
        }
    }
    return false;
}

static bool
install_unique(struct constraints *c, struct constraint_result *item)
{
    const struct pack_part *p = item->part;
    const struct step drop = {CONSTRAINT_DROP, p};
    const struct step add[] = {{CONSTRAINT_ADD, p}, {CONSTRAINT_COMMENT, p}};
    const bool drops = item->state == CONSTRAINT_CHANGED;

    if (!look_failing(c, item))
        return false;
    if (item->failing == 0)
        item->done = drops ? "replaced" : "added";
    if (c->dry_run || item->failing > 0)
        return true;
    item->done = NULL;
    if (drops && !together(c, &drop, 1)) {
        refuse(c, item);
        return false;
    }
    if (!build(c, item))
        return false;
    if (!together(c, add, 2)) {
        refuse(c, item);
        return false;
    }
    item->done = drops ? "replaced" : "added";
    return true;
}

/* Triggers first, which need the functions; in place: a function that is there is not taken away. */
static bool
make_functions(struct constraints *c, const struct constraint_report *report, const bool *meant, bool in_place)
{
    struct step *steps = xcalloc(report->count * 3 + 1, sizeof *steps);
    size_t n = 0;
    bool good;

    for (int kind = PACK_PART_TRIGGER; kind >= PACK_PART_FUNCTION + in_place; kind--)
        for (size_t i = 0; i < report->count; i++)
            if (meant[i] && (int) report->items[i].part->kind == kind && report->items[i].state != CONSTRAINT_ABSENT)
                steps[n++] = (struct step){CONSTRAINT_DROP, report->items[i].part};
    for (size_t i = 0; i < report->count; i++)
        if (meant[i]) {
            const bool there = report->items[i].state != CONSTRAINT_ABSENT;

            steps[n++] = (struct step){in_place && there ? CONSTRAINT_REPLACE : CONSTRAINT_ADD, report->items[i].part};
            steps[n++] = (struct step){CONSTRAINT_COMMENT, report->items[i].part};
        }
    good = n == 0 || together(c, steps, n);
    free(steps);
    return good;
}

/* Functions and triggers stand or fall together: one transaction. A function of another shape (parameters, result) cannot be put in
 * the place of the one that is there; where it is taken away, triggers are made anew with theirs. */
static void
install_functions(struct constraints *c, struct constraint_report *report)
{
    bool *meant = xcalloc(report->count, sizeof *meant);
    bool anew = false;
    bool good;

    for (size_t i = 0; i < report->count; i++) {
        struct constraint_result *item = &report->items[i];

        if (pack_part_is_constraint(item->part))
            continue;
        meant[i] = may_install(item);
        anew = anew || (meant[i] && item->part->kind == PACK_PART_FUNCTION && item->state == CONSTRAINT_CHANGED);
    }
    good = c->dry_run || make_functions(c, report, meant, true);
    if (!good && anew && !lost(c) && !met_lock(c)) {
        for (size_t i = 0; i < report->count; i++)
            if (report->items[i].part->kind == PACK_PART_TRIGGER && report->items[i].state == CONSTRAINT_IN_FORCE)
                meant[i] = true;
        good = make_functions(c, report, meant, false);
    }
    for (size_t i = 0; i < report->count; i++) {
        if (meant[i] && good)
            report->items[i].done = report->items[i].state == CONSTRAINT_ABSENT ? "added" : "replaced";
        else if (meant[i])
            refuse(c, &report->items[i]);
    }
    free(meant);
}

static void
install(struct constraints *c, struct constraint_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct constraint_result *item = &report->items[i];

        desk_doing(c->desk, item->part->name);
        if (!look(c, item) || !pack_part_is_constraint(item->part) || !may_install(item))
            continue;
        if (item->part->kind == PACK_PART_CHECK)
            install_check(c, item);
        else
            install_unique(c, item);
        if (lost(c))
            return;
    }
    install_functions(c, report);
}

/* ---- taking away ---- */

static void
remove_item(struct constraints *c, struct constraint_result *item)
{
    const struct step drop = {CONSTRAINT_DROP, item->part};
    bool good = true;

    if (item->state == CONSTRAINT_ABSENT || item->state == CONSTRAINT_FOREIGN || item->state == CONSTRAINT_NO_TABLE)
        return;
    if (!c->dry_run)
        good = item->state == CONSTRAINT_UNFINISHED ? alone(c, CONSTRAINT_UNBUILD, item->part) : together(c, &drop, 1);
    if (good)
        item->done = "removed";
    else
        refuse(c, item);
}

/* Backwards: what needs something else comes behind it in the pack. */
static void
remove_all(struct constraints *c, struct constraint_report *report)
{
    for (size_t i = report->count; i-- > 0 && !lost(c);) {
        desk_doing(c->desk, report->items[i].part->name);
        if (look(c, &report->items[i]))
            remove_item(c, &report->items[i]);
    }
}

/* ---- the whole ---- */

/* Also which rows are against what is not in force. */
static void
look_at_all(struct constraints *c, struct constraint_report *report)
{
    for (size_t i = 0; i < report->count && !lost(c); i++) {
        struct constraint_result *item = &report->items[i];

        desk_doing(c->desk, item->part->name);
        if (look(c, item) && pack_part_is_constraint(item->part) && item->state != CONSTRAINT_IN_FORCE &&
            item->state != CONSTRAINT_NO_TABLE)
            look_failing(c, item);
    }
}

static bool
is_meant(const struct constraints *c, enum constraint_word word, const struct pack_part *p)
{
    for (size_t i = 0; i < c->nnames; i++)
        if (strcmp(c->names[i], p->name) == 0)
            return true;
    return c->nnames == 0 && (word != CONSTRAINTS_REMOVE || c->functions || pack_part_is_constraint(p));
}

static bool
only_one(struct constraints *c, int *status)
{
    PGresult *r = desk_ask(c->desk, DATABASE_VNEXT, sql_constraints_only_one, 0, NULL);
    const bool got = r != NULL && PQgetvalue(r, 0, 0)[0] == 't';

    if (r == NULL)
        *status = desk_refused(c->desk, "asking whether another `constraints` is at work");
    else if (!got) {
        fputs("dualwrited constraints: another one is at work in this database, or the server still works on what one "
              "began that was killed; run it again when it has ended\n",
              stderr);
        *status = EXIT_UNFINISHED;
    }
    PQclear(r);
    return got;
}

int
constraints_run(struct constraints *c, enum constraint_word word, struct constraint_report *report)
{
    const struct pack_parts *parts = &c->pack->parts;
    int status = EXIT_GOOD;

    *report = (struct constraint_report){.pack = c->pack->name, .word = word, .dry_run = c->dry_run};
    if (word != CONSTRAINTS_STATUS && !c->dry_run && !only_one(c, &status))
        return status;
    report->items = xcalloc(parts->count + 1, sizeof *report->items);
    for (size_t i = 0; i < parts->count; i++)
        if (is_meant(c, word, &parts->items[i]))
            report->items[report->count++] =
                (struct constraint_result){.part = &parts->items[i], .state = CONSTRAINT_UNKNOWN, .failing = -1};
    c->desk->sqlstate[0] = '\0';
    if (word == CONSTRAINTS_INSTALL)
        install(c, report);
    else if (word == CONSTRAINTS_REMOVE)
        remove_all(c, report);
    else
        look_at_all(c, report);
    /* what has come of it, by another look */
    for (size_t i = 0; word != CONSTRAINTS_STATUS && i < report->count && !lost(c); i++)
        look(c, &report->items[i]);
    desk_quiet(c->desk);
    c->desk->doing = NULL;
    free(c->key);
    c->key = NULL;
    return lost(c) ? desk_refused(c->desk, "constraints") : EXIT_GOOD;
}
