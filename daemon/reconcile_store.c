/*
 * reconcile_store.c - the tables dualwrite.reconcile and dualwrite.reconcile_finding: how far a run has got and what it found,
 * so that it can be killed at any time; see reconcile_run.h.
 */
#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/json_node.h"
#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "reconcile_run.h"

static const char *const pass_words[] = {"vnext", "legacy", "done"};

/* ---- runs ---- */

static bool
is_asked(const struct reconcile_options *o, const char *entity)
{
    bool asked = o->nentities == 0;

    for (size_t i = 0; i < o->nentities; i++)
        asked = asked || strcmp(o->entities[i], entity) == 0;
    return asked;
}

static int
refused(struct reconcile_run *run)
{
    fprintf(stderr, "dualwrited reconcile: the vNext database refuses: %s (SQLSTATE %s)\n", run->error, run->sqlstate);
    return EXIT_UNFINISHED;
}

/* In one transaction, so that a run that is there is only forgotten for a new one. */
static int
start_anew(struct reconcile_run *run)
{
    PGresult *r = reconcile_open(run, DATABASE_VNEXT, true)
                      ? reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_forget, 0, NULL)
                      : NULL;
    bool good = r != NULL;

    for (size_t i = 0; good && i < run->mapping->count; i++) {
        char place[24];
        const char *params[] = {place, run->mapping->entities[i].name, run->digest};

        snprintf(place, sizeof place, "%zu", i);
        if (!is_asked(run->options, params[1]))
            continue;
        PQclear(r);
        r = reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_start, 3, params);
        good = r != NULL;
    }
    PQclear(r);
    good = good && reconcile_commit(run, DATABASE_VNEXT);
    reconcile_close(run, DATABASE_VNEXT);
    return good ? EXIT_GOOD : refused(run);
}

static int
load(struct reconcile_run *run)
{
    PGresult *r = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_load, 0, NULL);

    if (r == NULL)
        return refused(run);
    if (PQntuples(r) == 0) {
        fputs("dualwrited reconcile: there is no run to go on with; leave --resume out\n", stderr);
        PQclear(r);
        return EXIT_USAGE;
    }
    if (strcmp(reconcile_field(r, 0, "mapping_digest"), run->digest) != 0) {
        fputs(
            "dualwrited reconcile: the run was begun with another mapping than this one, and what it compared may not "
            "hold any more; leave --resume out to begin again\n",
            stderr);
        PQclear(r);
        return EXIT_CONFIGURATION;
    }
    run->begun = xstrdup(reconcile_field(r, 0, "started_at"));
    run->nprogress = (size_t) PQntuples(r);
    run->progress = xcalloc(run->nprogress, sizeof *run->progress);
    for (int i = 0; i < PQntuples(r); i++) {
        struct reconcile_progress *p = &run->progress[i];

        p->entity = mapping_entity_index(run->mapping, reconcile_field(r, i, "entity"));
        while (strcmp(pass_words[p->pass], reconcile_field(r, i, "pass")) != 0)
            p->pass++;
        if (!PQgetisnull(r, i, PQfnumber(r, "position")))
            p->position = xstrdup(reconcile_field(r, i, "position"));
        p->vnext_rows = reconcile_number(r, i, "vnext_rows");
        p->vnext_seen = reconcile_number(r, i, "vnext_seen");
        p->legacy_rows = reconcile_number(r, i, "legacy_rows");
        p->legacy_seen = reconcile_number(r, i, "legacy_seen");
        p->unmapped = reconcile_number(r, i, "unmapped");
    }
    PQclear(r);
    return EXIT_GOOD;
}

/* The lock is the session's, and so is this run. */
int
reconcile_store_open(struct reconcile_run *run)
{
    PGresult *r = reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_alone, 0, NULL);
    bool alone = r != NULL && PQgetvalue(r, 0, 0)[0] == 't';
    int status = EXIT_GOOD;

    PQclear(r);
    if (r == NULL)
        return refused(run);
    if (!alone) {
        fputs("dualwrited reconcile: another reconcile works in this database; wait for it, or end that one\n", stderr);
        return EXIT_UNFINISHED;
    }
    if (!run->options->resume)
        status = start_anew(run);
    return status == EXIT_GOOD ? load(run) : status;
}

/* ---- findings ---- */

/* The identity as an event's ref carries it: a JSON array of texts. */
static void
put_identity(struct buf *out, const struct mapping_entity *e, const char *ref)
{
    cJSON *array = cJSON_Parse(ref);

    for (size_t i = 0; i < e->identity.count; i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(array, (int) ref_position(e, e->identity.items[i])));

        buf_puts(out, i == 0 ? "[" : ", ");
        if (text == NULL)
            buf_puts(out, "null");
        else
            json_quote(out, text);
    }
    buf_putc(out, ']');
    cJSON_Delete(array);
}

static void
put_look(struct buf *out, const struct reconcile_look *look)
{
    bool mendable = look->class != RECONCILE_REFUSED || look->lacks;

    buf_printf(out, ", \"class\": \"%s\", \"mendable\": %s", reconcile_class_name(look->class),
               mendable ? "true" : "false");
    buf_puts(out, ", \"columns\": [");
    for (size_t i = 0; i < look->count; i++) {
        buf_puts(out, i == 0 ? "" : ", ");
        json_quote(out, look->items[i].column);
    }
    buf_puts(out, "]");
}

static void
put_finding(struct buf *out, const struct mapping_entity *e, const struct reconcile_suspect *s)
{
    static const char *const states[] = {
        [RECONCILE_OPEN] = "open", [RECONCILE_CONFIRMED] = "confirmed", [RECONCILE_PARKED] = "parked"};

    if (s->judgement == RECONCILE_GONE)
        return;
    buf_puts(out, out->len == 0 ? "[" : ",\n");
    buf_puts(out, "{\"entity\": ");
    json_quote(out, e->name);
    buf_printf(out, ", \"state\": \"%s\", \"ref\": %s, \"identity\": ", states[s->judgement], s->ref);
    put_identity(out, e, s->ref);
    buf_printf(out, ", \"removal\": %s", s->removal || s->look.removes ? "true" : "false");
    put_look(out, &s->look);
    buf_putc(out, '}');
}

bool
reconcile_store_step(struct reconcile_run *run, const struct reconcile_progress *p,
                     const struct reconcile_suspect *found, size_t count)
{
    const struct mapping_entity *e = &run->mapping->entities[p->entity];
    char numbers[5][24];
    const char *params[8] = {e->name, pass_words[p->pass], p->position};
    const int64_t values[5] = {p->vnext_seen, p->vnext_rows, p->legacy_seen, p->legacy_rows, p->unmapped};
    struct buf findings = {0};
    const char *json;
    PGresult *r = NULL;
    bool good;

    run->noted = reconcile_now();
    for (int i = 0; i < 5; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%" PRId64, values[i]);
        params[3 + i] = numbers[i];
    }
    for (size_t i = 0; i < count; i++)
        put_finding(&findings, e, &found[i]);
    if (findings.len == 0) {
        buf_free(&findings);
        return reconcile_note(run, sql_reconcile_step, 8, params);
    }
    buf_putc(&findings, ']');
    json = buf_text(&findings);
    good = reconcile_open(run, DATABASE_VNEXT, true);
    if (good)
        good = (r = reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_find, 1, &json)) != NULL;
    PQclear(r);
    r = good ? reconcile_ask(run, DATABASE_VNEXT, sql_reconcile_step, 8, params) : NULL;
    good = r != NULL && reconcile_commit(run, DATABASE_VNEXT);
    PQclear(r);
    reconcile_close(run, DATABASE_VNEXT);
    buf_free(&findings);
    if (!good)
        reconcile_break(run, "writing down what was found");
    return good;
}

bool
reconcile_store_again(struct reconcile_run *run, const char *state, int64_t id, size_t *entity,
                      struct reconcile_suspect **items, size_t *count)
{
    char after[24];
    char limit[24];
    const char *params[] = {state, after, limit};
    PGresult *r;

    snprintf(after, sizeof after, "%" PRId64, id);
    snprintf(limit, sizeof limit, "%" PRId64, run->options->chunk);
    *items = NULL;
    *count = 0;
    r = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_again, 3, params);
    if (r == NULL) {
        reconcile_break(run, "reading what was found");
        return false;
    }
    *count = (size_t) PQntuples(r);
    *items = xcalloc(*count, sizeof **items);
    for (int i = 0; i < PQntuples(r); i++) {
        *entity = mapping_entity_index(run->mapping, reconcile_field(r, i, "entity"));
        (*items)[i] = (struct reconcile_suspect){.id = reconcile_number(r, i, "id"),
                                                 .ref = xstrdup(reconcile_field(r, i, "ref")),
                                                 .removal = reconcile_truth(r, i, "removal")};
    }
    PQclear(r);
    return true;
}

bool
reconcile_store_judge(struct reconcile_run *run, const struct reconcile_suspect *items, size_t count, const char *gone,
                      const char *confirmed, const char *open)
{
    const char *const states[] = {[RECONCILE_GONE] = gone,
                                  [RECONCILE_OPEN] = open,
                                  [RECONCILE_CONFIRMED] = confirmed,
                                  [RECONCILE_PARKED] = "parked"};
    struct buf out = {0};
    const char *json;
    bool good;

    for (size_t i = 0; i < count; i++) {
        const char *state = states[items[i].judgement];

        buf_printf(&out, "%s{\"id\": %" PRId64, out.len == 0 ? "[" : ",\n", items[i].id);
        if (state != NULL)
            buf_printf(&out, ", \"state\": \"%s\"", state);
        if (items[i].judgement != RECONCILE_GONE) {
            buf_printf(&out, ", \"removal\": %s", items[i].look.removes ? "true" : "false");
            put_look(&out, &items[i].look);
        }
        buf_putc(&out, '}');
    }
    if (out.len == 0)
        return true;
    buf_putc(&out, ']');
    json = buf_text(&out);
    good = reconcile_note(run, sql_reconcile_judge, 1, &json);
    buf_free(&out);
    return good;
}

/* ---- the report ---- */

static struct reconcile_entity *
entity_of(struct reconcile_report *report, const char *name)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->items[i].name, name) == 0)
            return &report->items[i];
    return NULL;
}

static void
add_total(struct reconcile_entity *e, enum reconcile_class class, const char *state, bool removal, bool mendable,
          int64_t rows)
{
    if (strcmp(state, "open") == 0) {
        e->in_flight += rows;
        return;
    }
    if (strcmp(state, "parked") == 0) {
        e->parked += rows;
        reconcile_list_add(&e->lists, &e->nlists, "parked", rows);
        return;
    }
    e->found[class] += rows;
    reconcile_list_add(&e->lists, &e->nlists, reconcile_class_name(class), rows);
    if (strcmp(state, "confirmed") == 0 && mendable)
        *(removal ? &e->to_remove : &e->to_update) += rows;
    else if (strcmp(state, "queued") == 0)
        e->queued += rows;
    else if (strcmp(state, "fixed") == 0)
        e->fixed += rows;
    else if (strcmp(state, "unfixed") == 0)
        e->unfixed += rows;
}

static void
add_entities(const struct reconcile_run *run, struct reconcile_report *report)
{
    report->count = run->nprogress;
    report->items = xcalloc(report->count, sizeof *report->items);
    for (size_t i = 0; i < report->count; i++) {
        const struct reconcile_progress *p = &run->progress[i];
        struct reconcile_entity *e = &report->items[i];

        e->name = run->mapping->entities[p->entity].name;
        e->vnext_rows = p->vnext_rows;
        e->vnext_seen = p->vnext_seen;
        e->legacy_rows = p->legacy_rows;
        e->legacy_seen = p->legacy_seen;
        e->unmapped = p->unmapped;
        e->legacy_asked = run->compare[p->entity].sql[COMPARE_LEGACY_LIST] != NULL;
        e->complete = p->pass == PASS_DONE;
    }
}

/* A restore forgets what was found in other rows, or brings another run's findings along: nothing is to be counted then. */
static bool
stands(struct reconcile_run *run)
{
    PGresult *r = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_load, 0, NULL);
    const bool same = r != NULL && (size_t) PQntuples(r) == run->nprogress &&
                      strcmp(reconcile_field(r, 0, "started_at"), run->begun) == 0;

    if (r == NULL) {
        reconcile_break(run, "counting what was found");
    } else if (!same) {
        run->broken = true;
        free(run->why);
        run->why = xstrdup("what this run has found was forgotten meanwhile, because a database was restored: begin "
                           "again, without --resume");
    }
    PQclear(r);
    return same;
}

bool
reconcile_store_count(struct reconcile_run *run, struct reconcile_report *report)
{
    const bool good = stands(run);
    PGresult *totals = reconcile_query(run, DATABASE_VNEXT, sql_reconcile_totals, 0, NULL);
    PGresult *columns = totals == NULL ? NULL : reconcile_query(run, DATABASE_VNEXT, sql_reconcile_columns, 0, NULL);

    add_entities(run, report);
    for (int i = 0; columns != NULL && i < PQntuples(totals); i++)
        add_total(entity_of(report, reconcile_field(totals, i, "entity")),
                  reconcile_class_named(reconcile_field(totals, i, "class")), reconcile_field(totals, i, "state"),
                  reconcile_truth(totals, i, "removal"), reconcile_truth(totals, i, "mendable"),
                  reconcile_number(totals, i, "rows"));
    for (int i = 0; columns != NULL && i < PQntuples(columns); i++) {
        struct reconcile_entity *e = entity_of(report, reconcile_field(columns, i, "entity"));

        reconcile_list_add(&e->columns, &e->ncolumns, reconcile_field(columns, i, "column"),
                           reconcile_number(columns, i, "rows"));
    }
    for (size_t i = 0; i < report->count; i++) {
        struct reconcile_entity *e = &report->items[i];

        e->asks = !run->options->allow_removals &&
                  reconcile_asks(e->to_remove, e->legacy_seen - e->unmapped, run->options->removal_share);
    }
    if (columns == NULL)
        reconcile_break(run, "counting what was found");
    PQclear(totals);
    PQclear(columns);
    return good && columns != NULL;
}
