/* report.c - the document of the validation report and its recommendations; see dualwrite/report.h. The text is report_text.c. */
#include "dualwrite/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

#define CRITICAL "🔴 CRITICAL"
#define WARNING "🟡 WARNING"
#define SUCCESS "✅ SUCCESS"

/* ---- lists and ids ---- */

void
report_begin(struct report *r)
{
    cJSON **const lists[] = {&r->legacy_twice, &r->vnext_twice, &r->orphans, &r->missing_list};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        *lists[i] = cJSON_CreateArray();
    for (int part = 0; part < REPORT_PARTS; part++)
        r->samples[part] = cJSON_CreateArray();
}

void
report_end(struct report *r)
{
    cJSON_Delete(r->legacy_twice);
    cJSON_Delete(r->vnext_twice);
    cJSON_Delete(r->orphans);
    cJSON_Delete(r->missing_list);
    free(r->refusal);
    for (int part = 0; part < REPORT_PARTS; part++)
        cJSON_Delete(r->samples[part]);
}

void
report_refused(struct report *r, const char *why)
{
    if (r->refused++ == 0)
        r->refusal = xstrdup(why);
}

cJSON *
report_id(const char *text, bool integer)
{
    if (text == NULL)
        return cJSON_CreateNull();
    return integer ? cJSON_CreateRaw(text) : cJSON_CreateString(text); /* a double holds no integer beyond 2^53 */
}

void
report_add(cJSON *list, cJSON *item, int max)
{
    if (cJSON_GetArraySize(list) < max)
        cJSON_AddItemToArray(list, item);
    else
        cJSON_Delete(item);
}

/* ---- the document ---- */

static void
add_number(cJSON *to, const char *key, int64_t n)
{
    cJSON_AddNumberToObject(to, key, (double) n);
}

static void
add_list(cJSON *to, const char *key, const cJSON *list)
{
    cJSON_AddItemToObject(to, key, cJSON_Duplicate(list, true));
}

static bool
is_number(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len < 16 && strspn(text, "0123456789") == len && (text[0] != '0' || len == 1);
}

static void
add_filter(cJSON *to, const char *key, const char *value, bool may_be_number)
{
    cJSON_AddItemToObject(to, key, report_id(value, may_be_number && value != NULL && is_number(value)));
}

static void
add_meta(cJSON *document, const struct report *r)
{
    cJSON *meta = cJSON_AddObjectToObject(document, "meta");
    cJSON *filters;

    cJSON_AddStringToObject(meta, "generated_at", r->generated_at);
    add_number(meta, "sample_size", r->sample_size);
    filters = cJSON_AddObjectToObject(meta, "filters");
    add_filter(filters, REPORT_GAME, r->game, true);
    add_filter(filters, "region", r->region, false);
    cJSON_AddBoolToObject(meta, "dual_write_enabled", r->enabled);
    cJSON_AddBoolToObject(meta, "dual_write_strict_mode", r->strict);
    cJSON_AddBoolToObject(meta, "legacy_write_blocked", r->blocked);
    cJSON_AddNumberToObject(meta, "execution_time_seconds", (double) (int64_t) (r->seconds * 1000 + 0.5) / 1000);
}

double
report_percentage(const struct report *r)
{
    int64_t hundredths;

    if (r->legacy_mapped >= r->legacy_active)
        return 100;
    hundredths = r->legacy_mapped * 10000 / r->legacy_active; /* rounded down: 100 is said of all alone */
    return (double) hundredths / 100;
}

static void
add_coverage(cJSON *document, const struct report *r)
{
    cJSON *coverage = cJSON_AddObjectToObject(document, "coverage");

    add_number(coverage, "legacy_team_count", r->legacy_active);
    add_number(coverage, "vnext_team_count", r->vnext_active);
    add_number(coverage, "mapped_team_count", r->mapped);
    add_number(coverage, "legacy_teams_with_mapping", r->legacy_mapped);
    add_number(coverage, "unmapped_legacy_count", r->legacy_active - r->legacy_mapped);
    cJSON_AddNumberToObject(coverage, "mapping_percentage", report_percentage(r));
}

static void
add_mapping_health(cJSON *document, const struct report *r)
{
    cJSON *health = cJSON_AddObjectToObject(document, "mapping_health");

    add_number(health, "total_mappings", r->mapped);
    add_list(health, "duplicate_legacy_ids", r->legacy_twice);
    add_number(health, "duplicate_legacy_count", r->legacy_twice_count);
    add_list(health, "duplicate_vnext_ids", r->vnext_twice);
    add_number(health, "duplicate_vnext_count", r->vnext_twice_count);
    add_list(health, "orphan_mappings", r->orphans);
    add_number(health, "orphan_count", r->orphan_count);
    add_number(health, "retired_mapping_count", r->retired);
}

static void
add_consistency(cJSON *document, const struct report *r)
{
    static const struct {
        const char *count, *samples;
    } keys[REPORT_PARTS] = {
        [REPORT_NAMES] = {"name_mismatch_count", "name_mismatches"},
        [REPORT_SLUGS] = {"slug_mismatch_count", "slug_mismatches"},
        [REPORT_MEMBERS] = {"membership_count_mismatch_count", "membership_count_mismatches"},
        [REPORT_RANKINGS_PART] = {"ranking_mismatch_count", "ranking_mismatches"},
    };
    cJSON *consistency = cJSON_AddObjectToObject(document, "consistency");
    cJSON *samples;

    add_number(consistency, "sampled_teams", r->sampled);
    for (int part = 0; part < REPORT_PARTS; part++)
        add_number(consistency, keys[part].count, r->mismatches[part]);
    samples = cJSON_AddObjectToObject(consistency, "samples");
    for (int part = 0; part < REPORT_PARTS; part++)
        add_list(samples, keys[part].samples, r->samples[part]);
}

static void
add_dual_write_health(cJSON *document, const struct report *r)
{
    cJSON *health;

    if (!r->installed || !r->enabled) {
        cJSON_AddNullToObject(document, "dual_write_health");
        return;
    }
    health = cJSON_AddObjectToObject(document, "dual_write_health");
    add_number(health, "recent_vnext_teams", r->recent);
    add_number(health, "missing_legacy_count", r->missing);
    add_list(health, "missing_mappings", r->missing_list);
    cJSON_AddStringToObject(health, "severity", r->missing == 0 ? "ok" : r->strict ? "error" : "warning");
    add_number(health, "backlog", r->backlog);
    cJSON_AddNumberToObject(health, "oldest_event_age_seconds", r->oldest_seconds);
    add_number(health, "failed_events", r->failed);
    add_number(health, "processed_24h", r->processed);
    add_number(health, "inline_legacy_writes_24h", r->inline_writes);
}

/* ---- recommendations ---- */

static void advise(cJSON *list, const char *level, const char *command, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
advise(cJSON *list, const char *level, const char *command, const char *fmt, ...)
{
    struct buf out = {0};
    va_list ap;

    buf_printf(&out, "%s: ", level);
    va_start(ap, fmt);
    buf_vprintf(&out, fmt, ap);
    va_end(ap);
    buf_printf(&out, ". Next: %s", command);
    cJSON_AddItemToArray(list, cJSON_CreateString(buf_text(&out)));
    buf_free(&out);
}

static const char *
s(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void
advise_critical(cJSON *list, const struct report *r)
{
    if (r->legacy_twice_count > 0)
        advise(list, CRITICAL, "dualwrited check", "%" PRId64 " legacy id%s mapped more than once",
               r->legacy_twice_count, r->legacy_twice_count == 1 ? " is" : "s are");
    if (r->vnext_twice_count > 0)
        advise(list, CRITICAL, "dualwrited check", "%" PRId64 " vNext id%s mapped more than once", r->vnext_twice_count,
               r->vnext_twice_count == 1 ? " is" : "s are");
    if (r->enabled && r->strict && r->missing > 0)
        advise(list, CRITICAL, "dualwrited failed list, then dualwrited reconcile --fix",
               "strict mode: %" PRId64 " vNext team%s of the last 24 hours without a legacy row", r->missing,
               s(r->missing));
    if (r->enabled && r->inline_writes > 0)
        advise(list, CRITICAL, "dualwrited status, which says by whom; dualwrited install --guard=on refuses them",
               "%" PRId64 " statement%s wrote legacy tables past the sync in the last 24 hours", r->inline_writes,
               s(r->inline_writes));
}

static void
advise_mismatches(cJSON *list, const struct report *r)
{
    static const char *const what[REPORT_PARTS] = {"another name", "another slug", "another number of members",
                                                   "another ranking"};

    for (int part = 0; part < REPORT_PARTS; part++)
        if (r->mismatches[part] > 0)
            advise(list, WARNING, "dualwrited reconcile, then with --fix",
                   "%" PRId64 " of %" PRId64 " sampled teams ha%s %s in legacy", r->mismatches[part], r->sampled,
                   r->mismatches[part] == 1 ? "s" : "ve", what[part]);
}

static void
advise_warnings(cJSON *list, const struct report *r)
{
    const int64_t unmapped = r->legacy_active - r->legacy_mapped;

    if (unmapped > 0)
        advise(list, WARNING, "migrate them to vNext with the application; dualwrited reconcile counts them",
               "coverage is %.2f %%: %" PRId64 " active legacy team%s without a vNext team", report_percentage(r),
               unmapped, s(unmapped));
    if (r->orphan_count > 0)
        advise(list, WARNING,
               r->missing_legacy_orphans > 0 ? "dualwrited reconcile --fix writes missing legacy rows"
                                             : "dualwrited reconcile --fix, or delete these map rows",
               "%" PRId64 " orphan%s in the map: %" PRId64 " without a legacy team, %" PRId64 " without a vNext team",
               r->orphan_count, s(r->orphan_count), r->missing_legacy_orphans,
               r->orphan_count - r->missing_legacy_orphans);
    advise_mismatches(list, r);
    if (r->refused > 0)
        advise(list, WARNING, "mend that, then dualwrited reconcile",
               "%" PRId64 " team%s of the sample cannot be compared, because the sync could not write %s: %s",
               r->refused, s(r->refused), r->refused == 1 ? "it" : "them", r->refusal);
    if (r->enabled && r->failed > 0)
        advise(list, WARNING, "dualwrited failed list", "%" PRId64 " event%s failed and %s parked or tried again",
               r->failed, s(r->failed), r->failed == 1 ? "is" : "are");
    if (r->enabled && !r->strict && r->missing > 0)
        advise(list, WARNING, "dualwrited status, then dualwrited reconcile --fix",
               "%" PRId64 " vNext team%s of the last 24 hours without a legacy row", r->missing, s(r->missing));
}

static void
add_recommendations(cJSON *document, const struct report *r)
{
    cJSON *list = cJSON_AddArrayToObject(document, "recommendations");

    advise_critical(list, r);
    advise_warnings(list, r);
    if (cJSON_GetArraySize(list) > 0)
        return;
    if (!r->installed)
        advise(list, SUCCESS, "dualwrited install", "nothing is wrong with the map and the sample");
    else if (!r->enabled)
        advise(list, SUCCESS, "set TEAM_VNEXT_DUAL_WRITE_ENABLED=true, then dualwrited smoke",
               "nothing is wrong with the map and the sample; dual write is off");
    else
        advise(list, SUCCESS, "dualwrited gate", "all checks passed");
}

cJSON *
report_document(const struct report *r)
{
    cJSON *document = cJSON_CreateObject();

    add_meta(document, r);
    add_coverage(document, r);
    add_mapping_health(document, r);
    add_consistency(document, r);
    add_dual_write_health(document, r);
    add_recommendations(document, r);
    return document;
}

bool
report_is_critical(const cJSON *document)
{
    const cJSON *line;

    cJSON_ArrayForEach(line, cJSON_GetObjectItemCaseSensitive(document, "recommendations"))
    {
        if (strncmp(line->valuestring, CRITICAL, sizeof CRITICAL - 1) == 0)
            return true;
    }
    return false;
}
