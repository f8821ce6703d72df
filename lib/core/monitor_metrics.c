/* monitor_metrics.c - figures against their targets; see dualwrite/monitor_metrics.h. */
#include "dualwrite/monitor_metrics.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "dualwrite/shown.h"

#define UNASKED "the database could not be asked"
#define BEGAN_ANEW "the server's statistics began anew since the run before"

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

/* What the server has counted between the run before and this one. */
struct span {
    const cJSON *now, *before;
    const char *why; /* nothing can be said of it; NULL: it can */
};

static struct span
span_of(const cJSON *facts)
{
    struct span s = {cJSON_GetObjectItemCaseSensitive(facts, "counters"),
                     cJSON_GetObjectItemCaseSensitive(facts, "before"), NULL};
    const char *since = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s.now, "since"));
    const char *since_before = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s.before, "since"));

    if (!cJSON_IsObject(s.now))
        s.why = UNASKED;
    else if (!cJSON_IsObject(s.before))
        s.why = "counted from one run to the next, and this is the first";
    else if (since == NULL || since_before == NULL || strcmp(since, since_before) != 0)
        s.why = BEGAN_ANEW;
    return s;
}

static double
gone(const struct span *s, const char *name)
{
    return number(s->now, name) - number(s->before, name);
}

/* Of the operations of packs' functions.sql, on average. */
static void
add_response(cJSON *list, const struct span *s)
{
    const double calls = gone(s, "calls"), ms = gone(s, "calls_ms");
    struct figure f = {"response_time", "ms", "< 200", NAN, false, calls, s->why};

    if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(s->now, "tracked")))
        f.why = "the server times no operation of a pack (track_functions = pl); dualwrite_duration_seconds of "
                "/metrics has the sync's";
    else if (f.why == NULL && !(calls >= 0 && ms >= 0))
        f.why = isnan(calls) ? "counted from one run to the next, and this is the first" : BEGAN_ANEW;
    else if (f.why == NULL && calls == 0)
        f.why = "no operation of a pack was called since the run before";
    else if (f.why == NULL)
        f.value = floor(ms / calls * 100 + 0.5) / 100;
    f.met = f.value < 200;
    add(list, &f);
}

static void
add_rollbacks(cJSON *list, const struct span *s)
{
    const double rollbacks = gone(s, "rollbacks"), all = rollbacks + gone(s, "commits");
    struct figure f = {"transaction_rollbacks", "percent", "< 1", NAN, false, all, s->why};

    if (f.why == NULL && !(rollbacks >= 0))
        f.why = BEGAN_ANEW;
    else if (f.why == NULL && !(all >= MONITOR_TRANSACTIONS_LEAST))
        f.why = "there were too few transactions since the run before";
    else if (f.why == NULL)
        f.value = share(rollbacks, all);
    f.met = f.value < 1;
    add(list, &f);
}

cJSON *
monitor_metrics(const cJSON *facts)
{
    cJSON *list = cJSON_CreateArray();
    const struct span since = span_of(facts);

    add_success(list, facts);
    add_response(list, &since);
    add_violations(list, facts);
    add_rollbacks(list, &since);
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
