/* monitor_metrics.c - figures against their targets; see dualwrite/monitor_metrics.h. */
#include "dualwrite/monitor_metrics.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "dualwrite/shown.h"

#define UNASKED "the database could not be asked"

/* One figure; `value` NAN: not known, because of `why`. */
struct figure {
    const char *name, *unit, *target;
    double value;
    bool met;
    double of; /* so many; NAN: it is no share */
    const char *why;
};

static double
number(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name)); /* NAN where it is none */
}

static cJSON *
number_or_null(double value)
{
    return isnan(value) ? cJSON_CreateNull() : cJSON_CreateNumber(value);
}

static void
add(cJSON *list, const struct figure *f)
{
    cJSON *object = cJSON_CreateObject();
    const bool known = !isnan(f->value);

    cJSON_AddStringToObject(object, "metric", f->name);
    cJSON_AddItemToObject(object, "value", number_or_null(f->value));
    cJSON_AddStringToObject(object, "unit", f->unit);
    cJSON_AddStringToObject(object, "target", f->target);
    cJSON_AddItemToObject(object, "met", known ? cJSON_CreateBool(f->met) : cJSON_CreateNull());
    cJSON_AddItemToObject(object, "of", known ? number_or_null(f->of) : cJSON_CreateNull());
    cJSON_AddItemToObject(object, "why", known ? cJSON_CreateNull() : cJSON_CreateString(f->why));
    cJSON_AddItemToArray(list, object);
}

/* Percent, with two digits, and never a whole 100 or 0 that it is not. */
static double
share(double part, double of)
{
    return part == of ? 100 : floor(part / of * 10000) / 100;
}

static void
add_success(cJSON *list, const cJSON *facts)
{
    const double completed = number(facts, "completed");
    const double all = completed + number(facts, "failed");
    struct figure f = {"operation_success", "percent", "> 95", NAN, false, all, UNASKED};

    if (all > 0) {
        f.value = share(completed, all);
        f.met = f.value > 95;
    } else if (all == 0) {
        f.why = "no event was synced in this time";
    }
    add(list, &f);
}

static void
add_violations(cJSON *list, const cJSON *facts)
{
    const double violations = number(facts, "violations");

    add(list, &(struct figure){"constraint_violations", "events of the sync", "0", violations, violations == 0, NAN,
                               UNASKED});
}

/* Of the transactions between the run before and this one. */
static void
add_rollbacks(cJSON *list, const cJSON *facts)
{
    const cJSON *now = cJSON_GetObjectItemCaseSensitive(facts, "counters");
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(facts, "before");
    const char *since = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(now, "since"));
    const char *since_before = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(before, "since"));
    const double rollbacks = number(now, "rollbacks") - number(before, "rollbacks");
    const double all = rollbacks + number(now, "commits") - number(before, "commits");
    struct figure f = {"transaction_rollbacks", "percent", "< 1", NAN, false, all, UNASKED};

    if (!cJSON_IsObject(now))
        f.why = UNASKED;
    else if (!cJSON_IsObject(before))
        f.why = "counted from one run to the next, and this is the first";
    else if (since == NULL || since_before == NULL || strcmp(since, since_before) != 0 || !(rollbacks >= 0))
        f.why = "the server's statistics began anew since the run before";
    else if (!(all >= MONITOR_TRANSACTIONS_LEAST))
        f.why = "there were too few transactions since the run before";
    else
        f.value = share(rollbacks, all);
    f.met = f.value < 1;
    add(list, &f);
}

cJSON *
monitor_metrics(const cJSON *facts)
{
    cJSON *list = cJSON_CreateArray();

    add_success(list, facts);
    add(list, &(struct figure){"response_time", "ms", "< 200", NAN, false, NAN,
                               "the database keeps no times; dualwrite_duration_seconds of /metrics has the sync's"});
    add_violations(list, facts);
    add_rollbacks(list, facts);
    return list;
}

void
monitor_metrics_text(struct buf *out, const cJSON *metrics)
{
    const cJSON *m;

    cJSON_ArrayForEach(m, metrics)
    {
        const char *unit = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m, "unit"));
        const cJSON *met = cJSON_GetObjectItemCaseSensitive(m, "met");
        const double of = number(m, "of");

        unit = strcmp(unit, "percent") == 0 ? "%" : unit;
        buf_printf(out, "  %s ", cJSON_IsNull(met) ? "-" : cJSON_IsTrue(met) ? "\xe2\x9c\x93" : "\xe2\x9a\xa0");
        for (const char *c = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m, "metric")); *c != '\0'; c++)
            buf_putc(out, *c == '_' ? ' ' : *c);
        if (cJSON_IsNull(met))
            buf_puts(out, ": not known");
        else
            buf_printf(out, ": %g %s", number(m, "value"), unit);
        if (!isnan(of)) {
            buf_puts(out, " of ");
            shown_count(out, of);
        }
        buf_printf(out, "; target %s %s", cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m, "target")), unit);
        if (cJSON_IsNull(met))
            buf_printf(out, "; %s", cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(m, "why")));
        buf_putc(out, '\n');
    }
}
