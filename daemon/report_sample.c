/*
 * report_sample.c - the sample of the report: teams drawn from the map, each compared as `reconcile` compares it, so a value
 * differs when the sync would write another; the numbers of its members; its rankings. See report_run.h.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "report_run.h"

#define CHUNK 500

struct team {
    char *ref, *vnext, *legacy;
    bool sampled; /* it is there on both sides, and can be compared */
    int64_t members[2], ranked[2];
    bool ranking_differs;
};

struct sampling {
    struct report_run *run;
    struct team *teams;
    size_t count;
};

/* ---- what was found ---- */

static cJSON *
value(const char *text)
{
    return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
}

/* NULL when there are enough. */
static cJSON *
new_sample(struct report_run *run, const struct team *t, enum report_part part)
{
    cJSON *sample;

    if (cJSON_GetArraySize(run->report.samples[part]) >= REPORT_SAMPLES_MAX)
        return NULL;
    sample = cJSON_CreateObject();
    cJSON_AddItemToObject(sample, REPORT_VNEXT_ID, report_id(t->vnext, run->plan->vnext_integer));
    cJSON_AddItemToObject(sample, REPORT_LEGACY_ID, report_id(t->legacy, run->plan->legacy_integer));
    cJSON_AddItemToArray(run->report.samples[part], sample);
    return sample;
}

static void
add_mismatch(struct report_run *run, const struct team *t, enum report_part part,
             const struct reconcile_difference *difference)
{
    static const char *const keys[REPORT_PARTS][2] = {
        [REPORT_NAMES] = {"vnext_name", "legacy_name"},
        [REPORT_SLUGS] = {"vnext_slug", "legacy_slug"},
        [REPORT_RANKINGS_PART] = {"vnext_ranking", "legacy_ranking"},
    };
    cJSON *sample;

    run->report.mismatches[part]++;
    sample = new_sample(run, t, part);
    if (sample == NULL)
        return;
    cJSON_AddStringToObject(sample, "column", difference->column);
    cJSON_AddItemToObject(sample, keys[part][0], value(difference->vnext));
    cJSON_AddItemToObject(sample, keys[part][1], value(difference->legacy));
}

/* One mismatch per team and part, however many columns of it differ: the first is shown. */
static void
take_look(struct report_run *run, struct team *t, const struct reconcile_look *look)
{
    static const enum report_part parts[] = {
        [ABOUT_NAME] = REPORT_NAMES, [ABOUT_SLUG] = REPORT_SLUGS, [ABOUT_RANKING] = REPORT_RANKINGS_PART};
    bool counted[REPORT_PARTS] = {false};

    if (look->class == RECONCILE_REFUSED)
        report_refused(&run->report, look->error);
    t->sampled = look->class != RECONCILE_MISSING && look->class != RECONCILE_REFUSED;
    if (!t->sampled)
        return;
    run->report.sampled++;
    for (size_t i = 0; i < look->count; i++) {
        enum report_about about = report_about(look->items[i].column);

        if (about == ABOUT_NOTHING || counted[parts[about]])
            continue;
        counted[parts[about]] = true;
        t->ranking_differs = t->ranking_differs || about == ABOUT_RANKING;
        add_mismatch(run, t, parts[about], &look->items[i]);
    }
}

static bool
look_at(struct sampling *s, size_t from, size_t to)
{
    struct reconcile_suspect *items = xcalloc(to - from, sizeof *items);
    struct reconcile_look *looks = xcalloc(to - from, sizeof *looks);
    bool good;

    for (size_t i = from; i < to; i++)
        items[i - from].ref = s->teams[i].ref;
    good = reconcile_look(&s->run->ask, 0, items, to - from, false, looks);
    for (size_t i = from; i < to; i++) {
        if (good)
            take_look(s->run, &s->teams[i], &looks[i - from]);
        reconcile_look_free(&looks[i - from]);
    }
    free(items);
    free(looks);
    return good;
}

/* ---- members ---- */

/* The keys of one side of a range of sampled teams. */
static char *
keys_of(const struct sampling *s, size_t from, size_t to, enum database side)
{
    struct buf out = {0};

    pgarray_open(&out);
    for (size_t i = from; i < to; i++)
        if (s->teams[i].sampled)
            pgarray_add(&out, side == DATABASE_VNEXT ? s->teams[i].vnext : s->teams[i].legacy);
    pgarray_close(&out);
    return buf_steal(&out);
}

/* A question about a range of teams by their keys of that side; NULL after a refusal. */
static PGresult *
ask_keys(struct sampling *s, size_t from, size_t to, enum report_step step, enum database side)
{
    char *keys = keys_of(s, from, to, side);
    const char *params[] = {keys};
    PGresult *r = reconcile_query(&s->run->ask, side, s->run->plan->sql[step], 1, params);

    free(keys);
    if (r == NULL)
        reconcile_break(&s->run->ask, "counting the members of sampled teams");
    return r;
}

/* A legacy team may stand for several vNext teams, where that is a fault: each is counted. */
static bool
count_members(struct sampling *s, size_t from, size_t to, enum report_step step, enum database side, bool ranked)
{
    PGresult *r = ask_keys(s, from, to, step, side);

    for (int row = 0; r != NULL && row < PQntuples(r); row++)
        for (size_t i = from; i < to; i++) {
            struct team *t = &s->teams[i];

            if (strcmp(side == DATABASE_VNEXT ? t->vnext : t->legacy, reconcile_field(r, row, "root")) == 0)
                (ranked ? t->ranked : t->members)[side] = reconcile_number(r, row, "members");
        }
    PQclear(r);
    return r != NULL;
}

static void
compare_members(struct report_run *run, const struct team *t)
{
    cJSON *sample;

    if (!t->sampled || t->members[DATABASE_VNEXT] == t->members[DATABASE_LEGACY])
        return;
    run->report.mismatches[REPORT_MEMBERS]++;
    sample = new_sample(run, t, REPORT_MEMBERS);
    if (sample == NULL)
        return;
    cJSON_AddNumberToObject(sample, "vnext_count", (double) t->members[DATABASE_VNEXT]);
    cJSON_AddNumberToObject(sample, "legacy_count", (double) t->members[DATABASE_LEGACY]);
}

static bool
look_at_members(struct sampling *s, size_t from, size_t to)
{
    if (s->run->plan->sql[REPORT_MEMBERS_VNEXT] == NULL)
        return true;
    if (!count_members(s, from, to, REPORT_MEMBERS_VNEXT, DATABASE_VNEXT, false) ||
        !count_members(s, from, to, REPORT_MEMBERS_LEGACY, DATABASE_LEGACY, false))
        return false;
    for (size_t i = from; i < to; i++)
        compare_members(s->run, &s->teams[i]);
    return true;
}

/* ---- rankings of an entity of their own ---- */

static struct team *
team_of(const struct sampling *s, size_t from, size_t to, const char *vnext)
{
    while (from < to && strcmp(s->teams[from].vnext, vnext) != 0)
        from++;
    return from < to ? &s->teams[from] : NULL;
}

/* A team's first difference: a ranking that legacy lacks, or a column. */
static void
take_ranking(struct report_run *run, struct team *t, const struct reconcile_look *look)
{
    struct reconcile_difference lacks = {.column = "", .vnext = "a ranking"};
    const struct reconcile_difference *difference = look->count > 0 ? &look->items[0] : &lacks;

    if (t == NULL || t->ranking_differs || look->class == RECONCILE_EQUAL)
        return;
    t->ranking_differs = true;
    lacks.column = (char *) run->ask.mapping->entities[run->plan->rankings].name;
    add_mismatch(run, t, REPORT_RANKINGS_PART, difference);
}

static bool
compare_rankings(struct sampling *s, size_t from, size_t to, const PGresult *r)
{
    size_t n = (size_t) PQntuples(r);
    struct reconcile_suspect *items = xcalloc(n + 1, sizeof *items);
    struct reconcile_look *looks = xcalloc(n + 1, sizeof *looks);
    bool good;

    for (size_t i = 0; i < n; i++)
        items[i].ref = PQgetvalue(r, (int) i, PQfnumber(r, "ref"));
    good = n == 0 || reconcile_look(&s->run->ask, s->run->plan->rankings, items, n, false, looks);
    for (size_t i = 0; i < n; i++) {
        if (good)
            take_ranking(s->run, team_of(s, from, to, reconcile_field(r, (int) i, "root")), &looks[i]);
        reconcile_look_free(&looks[i]);
    }
    free(items);
    free(looks);
    return good;
}

/* Rankings that only legacy has. */
static void
compare_ranked(struct report_run *run, struct team *t)
{
    char vnext[24], legacy[24];
    struct reconcile_difference number = {.vnext = vnext, .legacy = legacy};

    if (!t->sampled || t->ranking_differs || t->ranked[DATABASE_VNEXT] == t->ranked[DATABASE_LEGACY])
        return;
    number.column = (char *) "number of rankings";
    snprintf(vnext, sizeof vnext, "%lld", (long long) t->ranked[DATABASE_VNEXT]);
    snprintf(legacy, sizeof legacy, "%lld", (long long) t->ranked[DATABASE_LEGACY]);
    t->ranking_differs = true;
    add_mismatch(run, t, REPORT_RANKINGS_PART, &number);
}

static bool
look_at_rankings(struct sampling *s, size_t from, size_t to)
{
    PGresult *r;
    bool good;

    if (s->run->plan->sql[REPORT_RANKINGS] == NULL)
        return true;
    r = ask_keys(s, from, to, REPORT_RANKINGS, DATABASE_VNEXT);
    good = r != NULL && compare_rankings(s, from, to, r) &&
           count_members(s, from, to, REPORT_RANKED_VNEXT, DATABASE_VNEXT, true) &&
           count_members(s, from, to, REPORT_RANKED_LEGACY, DATABASE_LEGACY, true);
    PQclear(r);
    for (size_t i = from; good && i < to; i++)
        compare_ranked(s->run, &s->teams[i]);
    return good;
}

/* ---- the sample ---- */

static bool
draw(struct sampling *s)
{
    struct report_run *run = s->run;
    char seed[24], size[24];
    const char *params[] = {seed, size};
    PGresult *r;

    snprintf(seed, sizeof seed, "%lld", (long long) run->options->seed);
    snprintf(size, sizeof size, "%lld", (long long) run->options->sample_size);
    r = reconcile_query(&run->ask, DATABASE_VNEXT, run->plan->sql[REPORT_SAMPLE], 2, params);
    if (r == NULL) {
        reconcile_break(&run->ask, "drawing the sample");
        return false;
    }
    s->teams = xcalloc((size_t) PQntuples(r) + 1, sizeof *s->teams);
    for (int i = 0; i < PQntuples(r); i++) {
        /* of several map rows of one team, which stand side by side, the first */
        if (i > 0 && strcmp(reconcile_field(r, i, "vnext"), reconcile_field(r, i - 1, "vnext")) == 0)
            continue;
        s->teams[s->count++] = (struct team){
            .ref = xstrdup(reconcile_field(r, i, "ref")),
            .vnext = xstrdup(reconcile_field(r, i, "vnext")),
            .legacy = xstrdup(reconcile_field(r, i, "legacy")),
        };
    }
    PQclear(r);
    return true;
}

/* What the mapping says nothing about is skipped, and why. */
static void
skip(struct report_run *run)
{
    const struct mapping *m = run->ask.mapping;
    struct report *r = &run->report;

    if (!report_compares(m, ABOUT_NAME))
        r->skipped[REPORT_NAMES] = "the mapping keeps no column called name in step";
    if (!report_compares(m, ABOUT_SLUG))
        r->skipped[REPORT_SLUGS] = "the mapping keeps no column called slug in step";
    if (run->plan->members == m->count)
        r->skipped[REPORT_MEMBERS] = "the mapping has no entity below its first one";
    if (run->plan->rankings == m->count && !report_compares(m, ABOUT_RANKING))
        r->skipped[REPORT_RANKINGS_PART] = "the mapping names no ranking";
}

bool
report_sample(struct report_run *run)
{
    struct sampling s = {.run = run};
    bool good;

    skip(run);
    reconcile_doing(&run->ask, "drawing the sample");
    good = draw(&s);
    for (size_t from = 0; good && from < s.count; from += CHUNK) {
        size_t to = s.count - from < CHUNK ? s.count : from + CHUNK;

        reconcile_doing(&run->ask, "comparing sampled teams: %zu of %zu", from, s.count);
        good = look_at(&s, from, to) && look_at_members(&s, from, to) && look_at_rankings(&s, from, to);
    }
    for (size_t i = 0; i < s.count; i++) {
        free(s.teams[i].ref);
        free(s.teams[i].vnext);
        free(s.teams[i].legacy);
    }
    free(s.teams);
    return good;
}
