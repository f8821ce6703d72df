/* delta_read.c - a validation report as numbers, and what is odd about it; see dualwrite/delta_read.h. */
#include "dualwrite/delta_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dualwrite/json_node.h"
#include "dualwrite/suggest.h"

/* ---- the keys of SPEC section 10 ---- */

enum type { NUMBER, WHOLE, PERCENT, TEXT, TRUTH, LIST, OBJECT, ANY };

struct key {
    const char *section, *key;
    enum type type;
    bool optional; /* reports of other programs do without */
};

static const struct delta_metric_info metrics[DELTA_METRICS] = {
    [DELTA_LEGACY_TEAMS] = {"coverage", "legacy_team_count", "Legacy teams (active)", DELTA_COUNT, -1},
    [DELTA_VNEXT_TEAMS] = {"coverage", "vnext_team_count", "vNext teams (active)", DELTA_COUNT, -1},
    [DELTA_MAPPED] = {"coverage", "mapped_team_count", "Mapped teams", DELTA_COUNT, -1},
    [DELTA_WITH_MAPPING] = {"coverage", "legacy_teams_with_mapping", "Legacy teams with a mapping", DELTA_COUNT,
                            DELTA_LEGACY_TEAMS},
    [DELTA_UNMAPPED] = {"coverage", "unmapped_legacy_count", "Legacy teams without one", DELTA_COUNT,
                        DELTA_LEGACY_TEAMS},
    [DELTA_PERCENTAGE] = {"coverage", "mapping_percentage", "Mapping coverage", DELTA_PERCENT, -1},
    [DELTA_TOTAL_MAPPINGS] = {"mapping_health", "total_mappings", "Map rows", DELTA_COUNT, -1},
    [DELTA_DUPLICATE_LEGACY] = {"mapping_health", "duplicate_legacy_count", "Legacy ids mapped twice", DELTA_COUNT,
                                DELTA_TOTAL_MAPPINGS},
    [DELTA_DUPLICATE_VNEXT] = {"mapping_health", "duplicate_vnext_count", "vNext ids mapped twice", DELTA_COUNT,
                               DELTA_TOTAL_MAPPINGS},
    [DELTA_ORPHANS] = {"mapping_health", "orphan_count", "Orphan mappings", DELTA_COUNT, DELTA_TOTAL_MAPPINGS},
    [DELTA_RETIRED] = {"mapping_health", "retired_mapping_count", "Retired mappings", DELTA_COUNT,
                       DELTA_TOTAL_MAPPINGS},
    [DELTA_SAMPLED] = {"consistency", "sampled_teams", "Sampled teams", DELTA_COUNT, -1},
    [DELTA_NAMES] = {"consistency", "name_mismatch_count", "Name mismatches", DELTA_COUNT, DELTA_SAMPLED},
    [DELTA_SLUGS] = {"consistency", "slug_mismatch_count", "Slug mismatches", DELTA_COUNT, DELTA_SAMPLED},
    [DELTA_MEMBERSHIPS] = {"consistency", "membership_count_mismatch_count", "Membership count mismatches", DELTA_COUNT,
                           DELTA_SAMPLED},
    [DELTA_RANKINGS] = {"consistency", "ranking_mismatch_count", "Ranking mismatches", DELTA_COUNT, DELTA_SAMPLED},
    [DELTA_RECENT] = {"dual_write_health", "recent_vnext_teams", "New vNext teams (24 h)", DELTA_COUNT, -1},
    [DELTA_MISSING] = {"dual_write_health", "missing_legacy_count", "Those without a legacy row", DELTA_COUNT,
                       DELTA_RECENT},
    [DELTA_BACKLOG] = {"dual_write_health", "backlog", "Waiting events", DELTA_COUNT, -1},
    [DELTA_OLDEST] = {"dual_write_health", "oldest_event_age_seconds", "Oldest waiting event", DELTA_SECONDS, -1},
    [DELTA_FAILED] = {"dual_write_health", "failed_events", "Failed events", DELTA_COUNT, -1},
    [DELTA_PROCESSED] = {"dual_write_health", "processed_24h", "Processed events (24 h)", DELTA_COUNT, -1},
    [DELTA_INLINE] = {"dual_write_health", "inline_legacy_writes_24h", "Inline legacy writes (24 h)", DELTA_COUNT, -1},
};

/* Beside the metrics. */
static const struct key others[] = {
    {"meta", "generated_at", TEXT, false},
    {"meta", "sample_size", NUMBER, false},
    {"meta", "seed", ANY, true},
    {"meta", "filters", OBJECT, false},
    {"meta", "dual_write_enabled", TRUTH, false},
    {"meta", "dual_write_strict_mode", TRUTH, false},
    {"meta", "legacy_write_blocked", TRUTH, true},
    {"meta", "execution_time_seconds", NUMBER, true},
    {"mapping_health", "duplicate_legacy_ids", LIST, true},
    {"mapping_health", "duplicate_vnext_ids", LIST, true},
    {"mapping_health", "orphan_mappings", LIST, true},
    {"consistency", "samples", OBJECT, true},
    {"dual_write_health", "missing_mappings", LIST, true},
    {"dual_write_health", "severity", TEXT, false},
};

static const char *const sections[] = {"meta",        "coverage",          "mapping_health",
                                       "consistency", "dual_write_health", "recommendations"};

#define EXACT 9007199254740992.0 /* 2^53: from here on a double no longer tells whole numbers apart */
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

const struct delta_metric_info *
delta_metric(enum delta_metric m)
{
    return &metrics[m];
}

/* What this project's reports say beyond those that it took its keys from. */
static bool
is_extra(enum delta_metric m)
{
    return m == DELTA_RETIRED || (m >= DELTA_BACKLOG && m <= DELTA_INLINE);
}

/* ---- times ---- */

/* The minutes of "Z", "+01:00", "-0130", or 0 for nothing; INT64_MIN for anything else. */
static int64_t
zone_minutes(const char *text)
{
    int hours = 0;
    int minutes = 0;
    int used = 0;

    if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return 0;
    if (*text != '+' && *text != '-')
        return INT64_MIN;
    if ((sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) < 2 &&
         sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &used) < 2) ||
        text[1 + used] != '\0' || hours > 23 || minutes > 59)
        return INT64_MIN;
    return (*text == '-' ? -1 : 1) * ((int64_t) hours * 60 + minutes);
}

int64_t
delta_time_ms(const char *text)
{
    struct tm tm = {0};
    char t = ' ';
    int used = 0;
    int64_t ms = 0;
    int64_t zone;
    const char *rest;

    if (text == NULL || sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &t,
                               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 7)
        return INT64_MIN;
    if (strchr("Tt ", t) == NULL || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
        tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return INT64_MIN;
    rest = text + used;
    if (*rest == '.') {
        int64_t unit = 100;

        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
            ms += (*rest - '0') * unit;
    }
    zone = zone_minutes(rest);
    if (zone == INT64_MIN)
        return INT64_MIN;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return ((int64_t) timegm(&tm) - zone * 60) * 1000 + ms;
}

/* ---- oddities ---- */

static bool
fits(enum type type, const cJSON *json)
{
    switch (type) {
    case NUMBER:
        return cJSON_IsNumber(json) && isfinite(json->valuedouble) && json->valuedouble >= 0;
    case WHOLE:
        return fits(NUMBER, json) && json->valuedouble <= EXACT &&
               (double) (int64_t) json->valuedouble == json->valuedouble;
    case PERCENT:
        return fits(NUMBER, json) && json->valuedouble <= 100;
    case TEXT:
        return cJSON_IsString(json);
    case TRUTH:
        return cJSON_IsBool(json);
    case LIST:
        return cJSON_IsArray(json);
    case OBJECT:
        return cJSON_IsObject(json);
    case ANY:
        break;
    }
    return true;
}

static const char *
wanted(enum type type)
{
    static const char *const words[] = {[NUMBER] = "a number that is not negative",
                                        [WHOLE] = "a whole number that is not negative",
                                        [PERCENT] = "a number from 0 to 100",
                                        [TEXT] = "a text",
                                        [TRUTH] = "true or false",
                                        [LIST] = "a list",
                                        [OBJECT] = "an object",
                                        [ANY] = ""};

    return words[type];
}

/* The value when it is there and fits, else NULL after naming what is odd. */
static const cJSON *
value(struct json_reader *r, const struct json_node *section, const struct key *k)
{
    const struct json_node n = json_child(section, k->key);

    if (n.json == NULL) {
        if (!k->optional)
            json_fault(r, FAULT_WARNING, &n, "is missing: not known");
        return NULL;
    }
    if (cJSON_IsNull(n.json) && k->type != ANY) {
        /* nothing waits, so nothing is the oldest */
        if (strcmp(k->key, metrics[DELTA_OLDEST].key) != 0)
            json_fault(r, FAULT_WARNING, &n, "is null: not known");
        return NULL;
    }
    if (fits(k->type, n.json))
        return n.json;
    json_fault(r, FAULT_WARNING, &n, "is %s, where %s is expected: not known", json_kind(n.json), wanted(k->type));
    return NULL;
}

/* Each key that nobody asks for, with the nearest that somebody does; and each that is there twice. */
static void
name_strangers(struct json_reader *r, const struct json_node *n, const char *const *known, size_t count)
{
    const cJSON *child;

    cJSON_ArrayForEach(child, n->json)
    {
        if (r->said > JSON_FAULTS_MAX)
            return;
        const struct json_node c = {.up = n, .key = child->string, .json = child};
        const char *nearest;
        bool is_known = false;

        for (size_t i = 0; i < count; i++)
            is_known = is_known || strcmp(known[i], child->string) == 0;
        if (is_known && cJSON_GetObjectItemCaseSensitive(n->json, child->string) != child)
            json_fault(r, FAULT_WARNING, &c, "is there twice: the first one counts");
        else if (is_known)
            continue;
        else if ((nearest = suggest_nearest(child->string, known, count)) != NULL)
            json_fault(r, FAULT_WARNING, &c, "is not a key of a report, is \"%s\" meant: not compared", nearest);
        else
            json_fault(r, FAULT_WARNING, &c, "is not a key of a report: not compared");
    }
}

static void
name_strangers_of(struct json_reader *r, const struct json_node *section)
{
    const char *known[DELTA_METRICS + COUNT_OF(others)];
    size_t count = 0;

    for (size_t i = 0; i < DELTA_METRICS; i++)
        if (strcmp(metrics[i].section, section->key) == 0)
            known[count++] = metrics[i].key;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(others[i].section, section->key) == 0)
            known[count++] = others[i].key;
    name_strangers(r, section, known, count);
}

/* ---- reading ---- */

static void
take(struct delta_report *r, const char *key, const cJSON *v)
{
    const enum delta_truth truth = v == NULL ? DELTA_UNKNOWN : cJSON_IsTrue(v) ? DELTA_TRUE : DELTA_FALSE;

    if (strcmp(key, "dual_write_enabled") == 0)
        r->enabled = truth;
    else if (strcmp(key, "dual_write_strict_mode") == 0)
        r->strict = truth;
    else if (strcmp(key, "legacy_write_blocked") == 0)
        r->blocked = truth;
    else if (strcmp(key, "severity") == 0)
        r->severity = cJSON_GetStringValue(v);
    else if (strcmp(key, "generated_at") == 0)
        r->generated_at = cJSON_GetStringValue(v);
    else if (strcmp(key, "sample_size") == 0)
        r->sample_size = v == NULL ? -1 : v->valuedouble;
    else if (strcmp(key, "filters") == 0)
        r->filters = v;
}

static void
read_section(struct delta_report *r, struct json_reader *reader, const struct json_node *section)
{
    static const enum type types[] = {[DELTA_COUNT] = WHOLE, [DELTA_PERCENT] = PERCENT, [DELTA_SECONDS] = NUMBER};

    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(others[i].section, section->key) == 0)
            take(r, others[i].key, value(reader, section, &others[i]));
    for (size_t i = 0; i < DELTA_METRICS; i++) {
        const struct key k = {metrics[i].section, metrics[i].key, types[metrics[i].kind],
                              is_extra((enum delta_metric) i)};
        const cJSON *v;

        if (strcmp(k.section, section->key) != 0)
            continue;
        v = value(reader, section, &k);
        r->known[i] = v != NULL;
        r->value[i] = v == NULL ? 0 : v->valuedouble;
    }
    name_strangers_of(reader, section);
}

static void
read_recommendations(struct delta_report *r, struct json_reader *reader, const struct json_node *n)
{
    const cJSON *item;
    size_t i = 0;

    if (n->json == NULL) {
        json_fault(reader, FAULT_WARNING, n, "is missing: not known");
        return;
    }
    if (!cJSON_IsArray(n->json)) {
        json_fault(reader, FAULT_WARNING, n, "is %s, where a list of texts is expected: not known", json_kind(n->json));
        return;
    }
    r->recommendations = n->json;
    cJSON_ArrayForEach(item, n->json)
    {
        const struct json_node e = json_element(n, i++, item);

        if (!cJSON_IsString(item))
            json_fault(reader, FAULT_WARNING, &e, "is %s, where a text is expected: left out", json_kind(item));
    }
}

static void
read_sections(struct delta_report *r, struct json_reader *reader, const struct json_node *top)
{
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        const struct json_node n = json_child(top, sections[i]);
        const bool health = strcmp(sections[i], "dual_write_health") == 0;

        if (strcmp(sections[i], "recommendations") == 0) {
            read_recommendations(r, reader, &n);
        } else if (cJSON_IsObject(n.json)) {
            r->health = health ? DELTA_TRUE : r->health;
            read_section(r, reader, &n);
        } else if (health && cJSON_IsNull(n.json)) {
            r->health = DELTA_FALSE;
        } else if (n.json == NULL) {
            json_fault(reader, FAULT_WARNING, &n, "is missing: nothing of it is known");
        } else {
            json_fault(reader, FAULT_WARNING, &n, "is %s, where an object is expected: nothing of it is known",
                       json_kind(n.json));
        }
    }
}

bool
delta_read(struct delta_report *r, const char *file, const cJSON *json, struct faults *faults)
{
    struct json_reader reader = {.file = file, .faults = faults};
    const struct json_node top = {.json = json};
    bool any = false;

    *r = (struct delta_report){.file = file,
                               .enabled = DELTA_UNKNOWN,
                               .strict = DELTA_UNKNOWN,
                               .blocked = DELTA_UNKNOWN,
                               .health = DELTA_UNKNOWN,
                               .sample_size = -1};
    if (!cJSON_IsObject(json)) {
        json_fault(&reader, FAULT_ERROR, &top, "is %s; a report is an object with the key \"coverage\" and others",
                   json_kind(json));
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        any = any || (strcmp(sections[i], "meta") != 0 && cJSON_HasObjectItem(json, sections[i]));
    if (!any) {
        json_fault(
            &reader, FAULT_ERROR, &top,
            "has no key of a report (coverage, mapping_health, ...); `dualwrited report --format=json` prints one");
        return false;
    }
    read_sections(r, &reader, &top);
    name_strangers(&reader, &top, sections, COUNT_OF(sections));
    r->at_ms = delta_time_ms(r->generated_at);
    if (r->generated_at != NULL && r->at_ms == INT64_MIN)
        json_fault(&reader, FAULT_WARNING, &top,
                   "meta.generated_at is \"%.40s\", which is no time as 2026-01-31T12:00:00Z", r->generated_at);
    return true;
}
