/*
 * report_coverage.c - coverage and the map's health: the map, with what vNext knows of it, and the legacy teams come in the
 * order of the legacy key and are merged here; see report_run.h.
 */
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "report_run.h"

/* One of both streams. */
struct stream {
    struct report_run *run;
    enum database side;
    const char *fetch;
    PGresult *chunk;
    int row;
};

static const char *
field(const struct stream *s, const char *column)
{
    int i = PQfnumber(s->chunk, column);

    return PQgetisnull(s->chunk, s->row, i) ? NULL : PQgetvalue(s->chunk, s->row, i);
}

static bool
truth(const struct stream *s, const char *column)
{
    const char *text = field(s, column);

    return text != NULL && text[0] == 't';
}

static bool
at_end(const struct stream *s)
{
    return PQntuples(s->chunk) == 0;
}

/* The next row; at_end() after the last. */
static bool
advance(struct stream *s)
{
    if (s->chunk != NULL && (at_end(s) || ++s->row < PQntuples(s->chunk)))
        return true;
    PQclear(s->chunk);
    s->row = 0;
    s->chunk = reconcile_ask(&s->run->ask, s->side, s->fetch, 0, NULL);
    return s->chunk != NULL;
}

static bool
open_stream(struct stream *s, const char *declare)
{
    PGresult *r = reconcile_ask(&s->run->ask, s->side, declare, 0, NULL);

    PQclear(r);
    return r != NULL && advance(s);
}

/* ---- merging ---- */

/* The legacy key at which the merge stands. */
struct key {
    char *text; /* NULL: a map row without one, which come last */
    bool there, active;
    int64_t mapped; /* map rows */
};

static int
compare_keys(const struct report_run *run, const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a == NULL) - (b == NULL);
    if (run->plan->integer) {
        long long x = strtoll(a, NULL, 10), y = strtoll(b, NULL, 10);

        return (x > y) - (x < y);
    }
    return strcmp(a, b);
}

static void
add_orphan(struct report_run *run, const struct stream *map, const char *type)
{
    const struct report_plan *p = run->plan;
    cJSON *orphan;

    run->report.orphan_count++;
    if (cJSON_GetArraySize(run->report.orphans) >= REPORT_ORPHANS_MAX)
        return;
    orphan = cJSON_CreateObject();
    cJSON_AddItemToObject(orphan, "mapping_id", report_id(field(map, "id"), p->map_integer));
    cJSON_AddStringToObject(orphan, "type", type);
    cJSON_AddItemToObject(orphan, REPORT_LEGACY_ID, report_id(field(map, "legacy"), p->legacy_integer));
    cJSON_AddItemToObject(orphan, REPORT_VNEXT_ID, report_id(field(map, "vnext"), p->vnext_integer));
    cJSON_AddItemToArray(run->report.orphans, orphan);
}

static void
add_missing(struct report_run *run, const char *vnext, const char *legacy, const char *created)
{
    cJSON *missing;

    if (cJSON_GetArraySize(run->report.missing_list) >= REPORT_MISSING_MAX)
        return;
    missing = cJSON_CreateObject();
    cJSON_AddItemToObject(missing, REPORT_VNEXT_ID, report_id(vnext, run->plan->vnext_integer));
    cJSON_AddItemToObject(missing, REPORT_LEGACY_ID, report_id(legacy, run->plan->legacy_integer));
    cJSON_AddStringToObject(missing, "created_at", created);
    cJSON_AddItemToArray(run->report.missing_list, missing);
}

/* The vNext row is gone, or not present, and the legacy side is as its removal leaves it. */
static bool
is_retired(const struct report_run *run, const struct stream *map, const struct key *key)
{
    switch (run->ask.mapping->entities[0].removal.kind) {
    case REMOVAL_DELETE:
        return !truth(map, "present") && !key->there;
    case REMOVAL_KEEP:
        return !truth(map, "found") && key->there;
    default:
        return !truth(map, "found") && key->there && !key->active;
    }
}

static void
take_map_row(struct report_run *run, const struct stream *map, struct key *key)
{
    struct report *r = &run->report;
    const bool has_map = run->ask.mapping->entities[0].map != NULL;
    const char *recent = field(map, "recent");

    key->mapped++;
    if (!has_map && key->there)
        r->mapped++;
    if (has_map) {
        r->mapped++;
        if (is_retired(run, map, key)) {
            r->retired++;
        } else {
            if (!key->there) {
                r->missing_legacy_orphans++;
                add_orphan(run, map, "missing_legacy_team");
            }
            if (!truth(map, "found"))
                add_orphan(run, map, "missing_vnext_team");
        }
    }
    if (recent != NULL && !key->there) {
        r->missing++;
        add_missing(run, field(map, "vnext"), has_map ? field(map, "legacy") : NULL, recent);
    }
}

/* Everything that either side has of the lower of both next keys. */
static bool
take_key(struct report_run *run, struct stream *map, struct stream *legacy)
{
    struct report *r = &run->report;
    int order = at_end(legacy) ? -1
                : at_end(map)  ? 1
                               : compare_keys(run, field(map, "legacy"), field(legacy, "legacy"));
    const char *text = field(order <= 0 ? map : legacy, "legacy");
    struct key key = {.text = text == NULL ? NULL : xstrdup(text), .there = order >= 0};
    bool wanted = false;
    bool good = true;

    if (order >= 0) {
        key.active = truth(legacy, "active");
        wanted = truth(legacy, "wanted");
        good = advance(legacy);
    }
    if (order <= 0)
        do {
            take_map_row(run, map, &key);
            good = good && advance(map);
        } while (good && !at_end(map) && key.text != NULL && field(map, "legacy") != NULL &&
                 compare_keys(run, key.text, field(map, "legacy")) == 0);
    if (key.mapped > 1 && run->ask.mapping->entities[0].map != NULL) {
        r->legacy_twice_count++;
        report_add(r->legacy_twice, report_id(key.text, run->plan->legacy_integer), REPORT_IDS_MAX);
    }
    if (key.there && key.active && wanted) {
        r->legacy_active++;
        r->legacy_mapped += key.mapped > 0;
    }
    free(key.text);
    return good;
}

static bool
merge(struct report_run *run)
{
    struct stream map = {.run = run, .side = DATABASE_VNEXT, .fetch = sql_report_fetch_map};
    struct stream legacy = {.run = run, .side = DATABASE_LEGACY, .fetch = sql_report_fetch_legacy};
    bool good = open_stream(&map, run->plan->sql[REPORT_MAP]) && open_stream(&legacy, run->plan->sql[REPORT_LEGACY]);

    while (good && !(at_end(&map) && at_end(&legacy)))
        good = take_key(run, &map, &legacy);
    PQclear(map.chunk);
    PQclear(legacy.chunk);
    return good;
}

/* ---- what one side knows by itself ---- */

static bool
count_vnext(struct report_run *run)
{
    PGresult *r = reconcile_ask(&run->ask, DATABASE_VNEXT, run->plan->sql[REPORT_VNEXT], 0, NULL);

    if (r == NULL)
        return false;
    run->report.vnext_active = reconcile_number(r, 0, "active");
    run->report.recent = reconcile_number(r, 0, "recent");
    PQclear(r);
    return true;
}

static bool
list_unmapped(struct report_run *run)
{
    const char *sql = run->plan->sql[REPORT_UNMAPPED];
    PGresult *r = sql == NULL ? NULL : reconcile_ask(&run->ask, DATABASE_VNEXT, sql, 0, NULL);

    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        run->report.missing = reconcile_number(r, i, "total");
        add_missing(run, reconcile_field(r, i, "vnext"), NULL, reconcile_field(r, i, "created"));
    }
    PQclear(r);
    return sql == NULL || r != NULL;
}

static bool
list_twice(struct report_run *run)
{
    const char *sql = run->plan->sql[REPORT_TWICE];
    PGresult *r = sql == NULL ? NULL : reconcile_ask(&run->ask, DATABASE_VNEXT, sql, 0, NULL);

    for (int i = 0; r != NULL && i < PQntuples(r); i++) {
        run->report.vnext_twice_count = reconcile_number(r, i, "total");
        report_add(run->report.vnext_twice, report_id(reconcile_field(r, i, "vnext"), run->plan->vnext_integer),
                   REPORT_IDS_MAX);
    }
    PQclear(r);
    return sql == NULL || r != NULL;
}

static bool
open_side(struct report_run *run, enum database side)
{
    PGresult *r =
        reconcile_open(&run->ask, side, false) ? reconcile_ask(&run->ask, side, sql_report_session, 0, NULL) : NULL;

    PQclear(r);
    return r != NULL;
}

bool
report_coverage(struct report_run *run)
{
    const bool two = run->ask.pair.count == 2;
    bool good;

    reconcile_doing(&run->ask, "comparing the map with both sides");
    /* both snapshots at once, vNext first: the map has a key before legacy has its row */
    good = open_side(run, DATABASE_VNEXT) && (!two || open_side(run, DATABASE_LEGACY)) && count_vnext(run) &&
           list_unmapped(run) && list_twice(run) && merge(run);
    if (!good)
        reconcile_break(&run->ask, "comparing the map with both sides");
    reconcile_close(&run->ask, DATABASE_VNEXT);
    if (two)
        reconcile_close(&run->ask, DATABASE_LEGACY);
    return good;
}
