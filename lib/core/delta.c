/*
 * delta.c - the document of two validation reports compared; see dualwrite/delta.h. What is expected is delta_expect.c, the
 * texts are delta_text.c.
 */
#include "dualwrite/delta.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/delta_expect.h"

#define CRITICAL_MARK "\xf0\x9f\x94\xb4 CRITICAL"
#define WARNING_MARK "\xf0\x9f\x9f\xa1 WARNING"
#define SUCCESS_MARK "\xe2\x9c\x85 SUCCESS"

/* ---- numbers ---- */

/* To a thousandth: what a person reads, and the same on every machine. */
static cJSON *
number(double n)
{
    if (n > -1e12 && n < 1e12)
        n = (double) (int64_t) (n * 1000 + (n < 0 ? -0.5 : 0.5)) / 1000;
    return cJSON_CreateNumber(n);
}

static cJSON *
number_or_null(bool known, double n)
{
    return known ? number(n) : cJSON_CreateNull();
}

/* What part of its whole the metric is, in percent; false when that is not known. */
static bool
share(const struct delta_report *r, enum delta_metric m, double *percent)
{
    const int of = delta_metric(m)->of;

    if (of < 0 || !r->known[m] || !r->known[of] || r->value[of] <= 0)
        return false;
    *percent = 100 * r->value[m] / r->value[of];
    return true;
}

static void
add_share(cJSON *item, const struct delta_parts *p, enum delta_metric m)
{
    double before = 0;
    double after = 0;
    const bool known_before = share(p->before, m, &before);
    const bool known_after = share(p->after, m, &after);

    cJSON_AddItemToObject(item, "before_percent", number_or_null(known_before, before));
    cJSON_AddItemToObject(item, "after_percent", number_or_null(known_after, after));
    cJSON_AddItemToObject(item, "difference_percent", number_or_null(known_before && known_after, after - before));
}

static cJSON *
metric_json(const struct delta_parts *p, enum delta_metric m)
{
    static const char *const units[] = {
        [DELTA_COUNT] = "count", [DELTA_PERCENT] = "percent", [DELTA_SECONDS] = "seconds"};
    const struct delta_metric_info *info = delta_metric(m);
    const double before = p->before->value[m];
    const double after = p->after->value[m];
    const bool both = p->before->known[m] && p->after->known[m];
    cJSON *item = cJSON_CreateObject();

    cJSON_AddStringToObject(item, "label", info->label);
    cJSON_AddStringToObject(item, "unit", units[info->kind]);
    cJSON_AddItemToObject(item, "before", number_or_null(p->before->known[m], before));
    cJSON_AddItemToObject(item, "after", number_or_null(p->after->known[m], after));
    cJSON_AddItemToObject(item, "difference", number_or_null(both, after - before));
    if (info->kind == DELTA_COUNT)
        cJSON_AddItemToObject(item, "change_percent",
                              number_or_null(both && before > 0, before > 0 ? 100 * (after - before) / before : 0));
    if (info->of >= 0) {
        cJSON_AddStringToObject(item, "share_of", delta_metric((enum delta_metric) info->of)->key);
        add_share(item, p, m);
    }
    return item;
}

static void
add_metrics(cJSON *delta, const struct delta_parts *p)
{
    cJSON *metrics = cJSON_AddObjectToObject(delta, "metrics");
    cJSON *section = NULL;

    for (int m = 0; m < DELTA_METRICS; m++) {
        const struct delta_metric_info *info = delta_metric((enum delta_metric) m);

        section = cJSON_GetObjectItemCaseSensitive(metrics, info->section);
        if (section == NULL)
            section = cJSON_AddObjectToObject(metrics, info->section);
        cJSON_AddItemToObject(section, info->key, metric_json(p, (enum delta_metric) m));
    }
}

/* ---- the two reports ---- */

static cJSON *
text_or_null(const char *text)
{
    return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
}

static cJSON *
truth_or_null(enum delta_truth t)
{
    return t == DELTA_UNKNOWN ? cJSON_CreateNull() : cJSON_CreateBool(t == DELTA_TRUE);
}

static void
add_report(cJSON *delta, const char *side, const struct delta_report *r)
{
    cJSON *item = cJSON_AddObjectToObject(delta, side);
    const cJSON *text;
    cJSON *list;

    cJSON_AddStringToObject(item, "file", r->file);
    cJSON_AddItemToObject(item, "generated_at", text_or_null(r->generated_at));
    cJSON_AddItemToObject(item, "sample_size", number_or_null(r->sample_size >= 0, r->sample_size));
    cJSON_AddItemToObject(item, "filters", r->filters == NULL ? cJSON_CreateNull() : cJSON_Duplicate(r->filters, true));
    cJSON_AddItemToObject(item, "dual_write_enabled", truth_or_null(r->enabled));
    cJSON_AddItemToObject(item, "dual_write_strict_mode", truth_or_null(r->strict));
    cJSON_AddItemToObject(item, "legacy_write_blocked", truth_or_null(r->blocked));
    cJSON_AddItemToObject(item, "dual_write_health", truth_or_null(r->health));
    cJSON_AddItemToObject(item, "severity", text_or_null(r->severity));
    list = cJSON_AddArrayToObject(item, "recommendations");
    cJSON_ArrayForEach(text, r->recommendations)
    {
        if (cJSON_IsString(text))
            cJSON_AddItemToArray(list, cJSON_CreateString(text->valuestring));
    }
}

/* ---- what is doubtful about comparing them ---- */

static void
warn(cJSON *warnings, const char *where, const char *text)
{
    cJSON *w = cJSON_CreateObject();

    cJSON_AddStringToObject(w, "where", where);
    cJSON_AddStringToObject(w, "text", text);
    cJSON_AddItemToArray(warnings, w);
}

static void
add_warnings(cJSON *delta, const struct delta_parts *p)
{
    const struct delta_report *b = p->before;
    const struct delta_report *a = p->after;
    cJSON *warnings = cJSON_AddArrayToObject(delta, "warnings");

    if (p->same_file)
        warn(warnings, "both", "before and after are the same file, so every difference is 0");
    else if (b->at_ms != INT64_MIN && b->at_ms == a->at_ms)
        warn(warnings, "both", "before and after were made at the same moment: are they copies of one report?");
    if (b->at_ms != INT64_MIN && a->at_ms != INT64_MIN && b->at_ms > a->at_ms)
        warn(warnings, "both",
             "the report before was made later than the report after: were --before and --after exchanged?");
    if (b->filters != NULL && a->filters != NULL && !cJSON_Compare(b->filters, a->filters, true))
        warn(warnings, "both", "the reports have different filters, so they count different teams");
    if (b->sample_size >= 0 && a->sample_size >= 0 && fabs(b->sample_size - a->sample_size) > 0.5)
        warn(warnings, "both",
             "the reports have different sample sizes: compare the shares of mismatches, not their counts");
    for (size_t i = 0; i < p->oddities->count; i++)
        warn(warnings, p->oddities->items[i].where, p->oddities->items[i].text);
}

/* ---- what to do ---- */

static bool
begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return text == NULL ? "" : text;
}

static bool
says(const struct delta_report *r, const char *mark)
{
    const cJSON *text;

    cJSON_ArrayForEach(text, r->recommendations)
    {
        if (cJSON_IsString(text) && begins(text->valuestring, mark))
            return true;
    }
    return false;
}

/* What the report after says by itself, then what did not hold and it does not speak of. */
static void
recommend(cJSON *list, const struct delta_report *after, const cJSON *expectations, const char *severity,
          const char *mark)
{
    const bool said = says(after, mark);
    const cJSON *item;

    cJSON_ArrayForEach(item, after->recommendations)
    {
        if (cJSON_IsString(item) && begins(item->valuestring, mark))
            cJSON_AddItemToArray(list, cJSON_CreateString(item->valuestring));
    }
    cJSON_ArrayForEach(item, expectations)
    {
        struct buf text = {0};

        if (!cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(item, "held")) ||
            strcmp(string(item, "severity"), severity) != 0 ||
            (said && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "reported"))))
            continue;
        buf_printf(&text, "%s: %s: %s. Run `%s`", mark, string(item, "title"), string(item, "found"),
                   string(item, "next"));
        cJSON_AddItemToArray(list, cJSON_CreateString(buf_text(&text)));
        buf_free(&text);
    }
}

static void
add_recommendations(cJSON *delta, const struct delta_parts *p, const cJSON *expectations)
{
    cJSON *list = cJSON_AddArrayToObject(delta, "recommendations");
    const cJSON *e;
    int unknown = 0;

    recommend(list, p->after, expectations, "critical", CRITICAL_MARK);
    recommend(list, p->after, expectations, "warning", WARNING_MARK);
    cJSON_ArrayForEach(e, expectations) unknown += cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(e, "held"));
    if (cJSON_GetArraySize(list) > 0)
        return;
    cJSON_AddItemToArray(list, cJSON_CreateString(unknown == 0 ? SUCCESS_MARK
                                                      ": everything that was expected held. Run `dualwrited gate` "
                                                      "before the cut-over"
                                                               : SUCCESS_MARK
                                                      ": nothing that was expected failed, but not everything could "
                                                      "be seen. Run `dualwrited gate` before the cut-over"));
}

/* ---- the verdict ---- */

static void
add_summary(cJSON *delta, const cJSON *expectations)
{
    cJSON *summary = cJSON_CreateObject();
    const cJSON *item;
    int held = 0;
    int missed = 0;
    int unknown = 0;
    int critical = 0;

    cJSON_ArrayForEach(item, expectations)
    {
        const cJSON *h = cJSON_GetObjectItemCaseSensitive(item, "held");

        held += cJSON_IsTrue(h);
        missed += cJSON_IsFalse(h);
        unknown += cJSON_IsNull(h);
    }
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(delta, "recommendations")) critical +=
        begins(item->valuestring, CRITICAL_MARK);
    cJSON_AddStringToObject(summary, "verdict", critical > 0 ? "critical" : missed > 0 ? "missed" : "held");
    cJSON_AddNumberToObject(summary, "held", held);
    cJSON_AddNumberToObject(summary, "missed", missed);
    cJSON_AddNumberToObject(summary, "not_known", unknown);
    cJSON_AddNumberToObject(summary, "critical", critical);
    cJSON_AddItemToObject(delta, "summary", summary);
}

cJSON *
delta_document(const struct delta_parts *p)
{
    cJSON *delta = cJSON_CreateObject();
    cJSON *expectations;

    cJSON_AddStringToObject(delta, "generated_at", p->at);
    cJSON_AddStringToObject(delta, "version", p->version);
    add_report(delta, "before", p->before);
    add_report(delta, "after", p->after);
    add_warnings(delta, p);
    add_metrics(delta, p);
    expectations = delta_expectations(p->before, p->after);
    cJSON_AddItemToObject(delta, "expectations", expectations);
    add_recommendations(delta, p, expectations);
    add_summary(delta, expectations);
    return delta;
}

enum delta_verdict
delta_verdict(const cJSON *delta)
{
    const char *word = string(cJSON_GetObjectItemCaseSensitive(delta, "summary"), "verdict");

    return strcmp(word, "critical") == 0 ? DELTA_CRITICAL : strcmp(word, "missed") == 0 ? DELTA_MISSED : DELTA_HELD;
}

bool
delta_is_blind(const cJSON *delta)
{
    const cJSON *e;

    cJSON_ArrayForEach(e, cJSON_GetObjectItemCaseSensitive(delta, "expectations"))
    {
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(e, "required")) &&
            cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(e, "held")))
            return true;
    }
    return false;
}
