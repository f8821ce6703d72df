/* delta_expect.c - what is expected between two validation reports, and whether it held; see dualwrite/delta_expect.h. */
#include "dualwrite/delta_expect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/shown.h"

enum held { NO, YES, NOT_KNOWN };

struct pair {
    const struct delta_report *before, *after;
};

/* One expectation: judges, and says in `found` what was found. */
typedef enum held (*judge)(const struct pair *p, struct buf *found);

/* ---- saying numbers ---- */

static void
put_value(struct buf *out, const struct delta_report *r, enum delta_metric m)
{
    if (!r->known[m])
        buf_puts(out, "not known");
    else if (delta_metric(m)->kind == DELTA_COUNT)
        shown_count(out, r->value[m]);
    else
        buf_printf(out, "%.2f%s", r->value[m], delta_metric(m)->kind == DELTA_PERCENT ? " %" : " s");
}

/* "3 before, 5 after"; false when one of them is not known. */
static bool
put_both(struct buf *out, const struct pair *p, enum delta_metric m)
{
    put_value(out, p->before, m);
    buf_puts(out, " before, ");
    put_value(out, p->after, m);
    buf_puts(out, " after");
    return p->before->known[m] && p->after->known[m];
}

static double
difference(const struct pair *p, enum delta_metric m)
{
    return p->after->value[m] - p->before->value[m];
}

static bool
both_known(const struct pair *p, enum delta_metric m)
{
    return p->before->known[m] && p->after->known[m];
}

/* True while it can be said that vNext got no team between the reports: what depends on new ones cannot be seen then. */
static bool
nothing_new(const struct pair *p)
{
    return both_known(p, DELTA_VNEXT_TEAMS) && difference(p, DELTA_VNEXT_TEAMS) <= 0;
}

static enum held
judge_truth(enum delta_truth is, enum delta_truth wanted, struct buf *found)
{
    buf_puts(found, is == DELTA_UNKNOWN ? "not known" : is == DELTA_TRUE ? "on" : "off");
    return is == DELTA_UNKNOWN ? NOT_KNOWN : is == wanted ? YES : NO;
}

/* ---- flags ---- */

static enum held
enabled(const struct pair *p, struct buf *found)
{
    return judge_truth(p->after->enabled, DELTA_TRUE, found);
}

static enum held
strict_off(const struct pair *p, struct buf *found)
{
    return judge_truth(p->after->strict, DELTA_FALSE, found);
}

static enum held
blocked(const struct pair *p, struct buf *found)
{
    return judge_truth(p->after->blocked, DELTA_TRUE, found);
}

/* ---- coverage ---- */

static enum held
vnext_grew(const struct pair *p, struct buf *found)
{
    if (!put_both(found, p, DELTA_VNEXT_TEAMS))
        return NOT_KNOWN;
    if (difference(p, DELTA_VNEXT_TEAMS) > 0)
        return YES;
    if (difference(p, DELTA_VNEXT_TEAMS) < 0) {
        buf_puts(found, ": teams went away");
        return NO;
    }
    buf_puts(found, ": no team was created, or the test's teams were removed before the report after");
    return NOT_KNOWN;
}

static enum held
mapped_as_many(const struct pair *p, struct buf *found)
{
    if (!put_both(found, p, DELTA_MAPPED) || !both_known(p, DELTA_VNEXT_TEAMS))
        return NOT_KNOWN;
    buf_printf(found, " (%+.0f, vNext teams %+.0f)", difference(p, DELTA_MAPPED), difference(p, DELTA_VNEXT_TEAMS));
    /* more than that is fine: older teams were mapped, and the map keeps the rows of deleted ones */
    return difference(p, DELTA_MAPPED) >= difference(p, DELTA_VNEXT_TEAMS) ? YES : NO;
}

static enum held
coverage_grew(const struct pair *p, struct buf *found)
{
    const double change = difference(p, DELTA_PERCENTAGE);

    if (!put_both(found, p, DELTA_PERCENTAGE))
        return NOT_KNOWN;
    if (change < 0)
        return NO;
    if (change > 0 || p->after->value[DELTA_PERCENTAGE] >= 100)
        return YES;
    if (both_known(p, DELTA_WITH_MAPPING) && difference(p, DELTA_WITH_MAPPING) > 0) {
        buf_puts(found, ": more teams are mapped, too few to be seen in it");
        return YES;
    }
    if (nothing_new(p)) {
        buf_puts(found, ": no new team that could have raised it");
        return NOT_KNOWN;
    }
    return NO;
}

static enum held
unmapped_not_more(const struct pair *p, struct buf *found)
{
    if (!put_both(found, p, DELTA_UNMAPPED))
        return NOT_KNOWN;
    return difference(p, DELTA_UNMAPPED) <= 0 ? YES : NO;
}

/* ---- mapping health ---- */

static enum held
judge_none(const struct pair *p, enum delta_metric m, struct buf *found)
{
    put_both(found, p, m);
    if (!p->after->known[m])
        return NOT_KNOWN;
    return p->after->value[m] > 0 ? NO : YES;
}

static enum held
no_duplicate_legacy(const struct pair *p, struct buf *found)
{
    return judge_none(p, DELTA_DUPLICATE_LEGACY, found);
}

static enum held
no_duplicate_vnext(const struct pair *p, struct buf *found)
{
    return judge_none(p, DELTA_DUPLICATE_VNEXT, found);
}

static enum held
orphans_not_more(const struct pair *p, struct buf *found)
{
    put_both(found, p, DELTA_ORPHANS);
    if (p->after->known[DELTA_ORPHANS] && p->after->value[DELTA_ORPHANS] <= 0)
        return YES;
    if (!both_known(p, DELTA_ORPHANS))
        return NOT_KNOWN;
    return difference(p, DELTA_ORPHANS) <= 0 ? YES : NO;
}

/* ---- consistency ---- */

/* The share of the sample that mismatches; false when it is not known. */
static bool
mismatch_share(const struct delta_report *r, enum delta_metric m, double *share)
{
    if (!r->known[m] || !r->known[DELTA_SAMPLED])
        return false;
    *share = r->value[DELTA_SAMPLED] > 0 ? r->value[m] / r->value[DELTA_SAMPLED] : 0;
    return true;
}

static enum held
mismatches_not_more(const struct pair *p, struct buf *found)
{
    static const struct {
        enum delta_metric m;
        const char *word;
    } kinds[] = {{DELTA_NAMES, "names"},
                 {DELTA_SLUGS, "slugs"},
                 {DELTA_MEMBERSHIPS, "member counts"},
                 {DELTA_RANKINGS, "rankings"}};
    enum held held = YES;
    int known = 0;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        double before = 0;
        double after = 0;

        buf_printf(found, "%s%s ", i == 0 ? "" : "; ", kinds[i].word);
        put_both(found, p, kinds[i].m);
        if (!mismatch_share(p->before, kinds[i].m, &before) || !mismatch_share(p->after, kinds[i].m, &after))
            continue;
        known++;
        if (after > before)
            held = NO;
    }
    return known == 0 ? NOT_KNOWN : held;
}

/* ---- the health of dual write ---- */

static enum held
health_there(const struct pair *p, struct buf *found)
{
    if (p->after->health == DELTA_UNKNOWN) {
        buf_puts(found, "not known");
        return NOT_KNOWN;
    }
    buf_puts(found, p->after->health == DELTA_TRUE ? "it is there" : "it is null, as while dual write is off");
    return p->after->health == DELTA_TRUE ? YES : NO;
}

static enum held
recent_teams(const struct pair *p, struct buf *found)
{
    put_value(found, p->after, DELTA_RECENT);
    if (!p->after->known[DELTA_RECENT])
        return NOT_KNOWN;
    if (p->after->value[DELTA_RECENT] > 0)
        return YES;
    return nothing_new(p) ? NOT_KNOWN : NO;
}

static enum held
none_missing(const struct pair *p, struct buf *found)
{
    put_value(found, p->after, DELTA_MISSING);
    if (!p->after->known[DELTA_MISSING])
        return NOT_KNOWN;
    return p->after->value[DELTA_MISSING] > 0 ? NO : YES;
}

static enum held
severity(const struct pair *p, struct buf *found)
{
    shown_text(found, p->after->severity == NULL ? "not known" : p->after->severity, 40);
    if (p->after->severity == NULL)
        return NOT_KNOWN;
    return strcmp(p->after->severity, "ok") == 0 || strcmp(p->after->severity, "warning") == 0 ? YES : NO;
}

static enum held
none_failed(const struct pair *p, struct buf *found)
{
    put_value(found, p->after, DELTA_FAILED);
    if (!p->after->known[DELTA_FAILED])
        return NOT_KNOWN;
    return p->after->value[DELTA_FAILED] > 0 ? NO : YES;
}

static enum held
none_inline(const struct pair *p, struct buf *found)
{
    put_value(found, p->after, DELTA_INLINE);
    if (!p->after->known[DELTA_INLINE])
        return NOT_KNOWN;
    return p->after->value[DELTA_INLINE] > 0 ? NO : YES;
}

/* ---- all of them ---- */

static const struct {
    const char *name, *title, *expected;
    judge judge;
    bool critical;
    bool always;   /* a report that does not say it leaves the comparison blind */
    bool reported; /* a report that finds it says so in its own recommendations */
    const char *next;
} expectations[] = {
    {"dual_write_enabled", "Dual write is enabled", "on in the report after", enabled, false, true, false,
     "dualwrited flags"},
    {"strict_mode_off", "Strict mode stayed off", "off in the report after", strict_off, false, false, false,
     "dualwrited flags"},
    {"legacy_writes_blocked", "Direct legacy writes are blocked", "on in the report after", blocked, false, false,
     false, "dualwrited flags"},
    {"vnext_teams_grew", "The test created vNext teams", "more after than before", vnext_grew, false, false, false,
     "dualwrited smoke --keep"},
    {"mapped_as_many", "Every new vNext team is mapped", "mapped teams grow by at least as many as vNext teams",
     mapped_as_many, false, false, false, "dualwrited reconcile"},
    {"coverage_grew", "Mapping coverage", "higher than before, or 100 %", coverage_grew, false, false, true,
     "dualwrited reconcile"},
    {"unmapped_not_more", "No more unmapped legacy teams", "not more after than before", unmapped_not_more, false,
     false, false, "dualwrited report"},
    {"no_duplicate_legacy", "No legacy id is mapped twice", "0 after", no_duplicate_legacy, true, true, true,
     "dualwrited report"},
    {"no_duplicate_vnext", "No vNext id is mapped twice", "0 after", no_duplicate_vnext, true, true, true,
     "dualwrited report"},
    {"orphans_not_more", "No more orphan mappings", "0 after, or not more than before", orphans_not_more, false, false,
     true, "dualwrited reconcile"},
    {"mismatches_not_more", "No more mismatches in the sample", "no larger share after than before",
     mismatches_not_more, false, false, true, "dualwrited reconcile"},
    {"health_present", "The dual write health section is there", "not null in the report after", health_there, false,
     false, false, "dualwrited flags"},
    {"recent_teams", "Recent vNext teams are seen", "more than 0 after", recent_teams, false, false, false,
     "dualwrited smoke --keep"},
    {"none_missing", "Every recent vNext team has its legacy row", "0 missing after", none_missing, false, false, true,
     "dualwrited status"},
    {"severity", "Severity", "ok or warning after", severity, true, false, true, "dualwrited failed list"},
    {"none_failed", "No failed events", "0 after", none_failed, false, false, true, "dualwrited failed list"},
    {"no_inline_writes", "No inline legacy writes", "0 in 24 h after", none_inline, true, false, true,
     "dualwrited status"},
};

/* Missing legacy rows are critical in strict mode (SPEC section 10). */
static bool
is_critical(size_t i, const struct delta_report *after)
{
    return expectations[i].critical || (expectations[i].judge == none_missing && after->strict == DELTA_TRUE);
}

cJSON *
delta_expectations(const struct delta_report *before, const struct delta_report *after)
{
    const struct pair p = {before, after};
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        cJSON *e = cJSON_CreateObject();
        struct buf found = {0};
        const enum held held = expectations[i].judge(&p, &found);

        cJSON_AddStringToObject(e, "name", expectations[i].name);
        cJSON_AddStringToObject(e, "title", expectations[i].title);
        cJSON_AddStringToObject(e, "expected", expectations[i].expected);
        cJSON_AddStringToObject(e, "found", buf_text(&found));
        cJSON_AddItemToObject(e, "held", held == NOT_KNOWN ? cJSON_CreateNull() : cJSON_CreateBool(held == YES));
        cJSON_AddStringToObject(e, "severity", is_critical(i, after) ? "critical" : "warning");
        cJSON_AddBoolToObject(e, "required", expectations[i].always);
        cJSON_AddBoolToObject(e, "reported", expectations[i].reported);
        cJSON_AddStringToObject(e, "next", expectations[i].next);
        cJSON_AddItemToArray(list, e);
        buf_free(&found);
    }
    return list;
}
