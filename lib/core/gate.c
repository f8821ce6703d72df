/* gate.c - may we cut over; see dualwrite/gate.h. */
#include "dualwrite/gate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "dualwrite/shown.h"

static const struct {
    const char *name, *title;
} criteria[GATE_CRITERIA] = {
    [GATE_COVERAGE] = {"coverage", "coverage is 100 %"},
    [GATE_DIFFERENCES] = {"differences", "no confirmed difference"},
    [GATE_PARKED] = {"parked", "nothing parked"},
    [GATE_LAG] = {"lag", "lag under its bound"},
    [GATE_TRIGGERS] = {"triggers", "triggers in place"},
    [GATE_DAEMONS] = {"daemons", "daemons running and in agreement"},
    [GATE_FLAGS] = {"flags", "dual write on"},
};

/* ---- reading ---- */

static const cJSON *
item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *
string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(item(object, key));

    return text == NULL ? "" : text;
}

static double
number(const cJSON *object, const char *key)
{
    const cJSON *n = item(object, key);

    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static const char *
flag(const struct gate_parts *p, const char *name)
{
    return string(item(item(p->overview, "flags"), name), "value");
}

/* ---- saying ---- */

struct say {
    struct gate_report *report;
    const struct gate_parts *parts;
    enum gate_criterion about;
};

static struct buf *
evidence(const struct say *s)
{
    struct buf *text = &s->report->items[s->about].evidence;

    buf_puts(text, text->len == 0 ? "" : "; ");
    return text;
}

static void says(const struct say *s, enum gate_state state, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds to the evidence; a state that is worse than before is the criterion's: missed before unknown before met. */
static void
says(const struct say *s, enum gate_state state, const char *fmt, ...)
{
    static const int weight[] = {[GATE_MET] = 0, [GATE_UNKNOWN] = 1, [GATE_MISSED] = 2};
    enum gate_state *is = &s->report->items[s->about].state;
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(evidence(s), fmt, ap);
    va_end(ap);
    *is = weight[state] > weight[*is] ? state : *is;
}

/* The first command that is proposed stays. */
static void
next(const struct say *s, const char *command)
{
    struct buf *to = &s->report->items[s->about].next;

    if (to->len == 0 && s->report->items[s->about].state != GATE_MET)
        buf_puts(to, command);
}

/* False after saying that nothing is known of it. */
static bool
answered(const struct say *s, const cJSON *answer)
{
    if (answer != NULL)
        return true;
    says(s, GATE_UNKNOWN, "not known: %s", s->parts->refused == NULL ? "no answer" : s->parts->refused);
    next(s, "dualwrited check");
    return false;
}

static void
put_count(struct buf *out, double n, const char *one, const char *many)
{
    shown_count(out, n);
    buf_printf(out, " %s", n >= 1 && n < 2 ? one : many);
}

/* By a clock that was set back what is old looks new: false after saying that nothing is known of it. */
static bool
is_past(const struct say *s, double age)
{
    if (age >= -1)
        return true;
    says(s, GATE_UNKNOWN, "not known: it began in the future, so the database server's clock was set back");
    next(s, "dualwrited check");
    return false;
}

/* ---- criteria ---- */

/* Never 100 % while a row is missing, however many there are. */
static void
put_share(struct buf *out, int64_t part, int64_t whole)
{
    const double percent = whole == 0 ? 100 : 100.0 * (double) part / (double) whole;

    buf_printf(out, "%.2f %%", part < whole && percent > 99.99 ? 99.99 : percent);
}

static void
judge_entity(const struct say *s, const char *name, const struct gate_coverage *c)
{
    struct buf text = {0};
    bool whole = true;

    if (c->error != NULL) {
        says(s, GATE_UNKNOWN, "%s: not known: %s", name, c->error);
        next(s, "dualwrited check");
        return;
    }
    if (!c->legacy_asked && !c->vnext_asked) {
        says(s, GATE_MET, "%s: skipped, because no map tells its rows from others; reconcile compares them one by one",
             name);
        return;
    }
    buf_printf(&text, "%s:", name);
    if (c->legacy_asked) {
        whole = c->legacy_mapped >= c->legacy_rows;
        buf_putc(&text, ' ');
        put_share(&text, c->legacy_mapped, c->legacy_rows);
        buf_puts(&text, " of ");
        put_count(&text, (double) c->legacy_rows, "legacy row", "legacy rows");
    }
    if (c->vnext_asked) {
        const int64_t mapped = c->vnext_mapped + c->vnext_waiting;

        whole = whole && mapped >= c->vnext_rows;
        buf_puts(&text, c->legacy_asked ? ", " : " ");
        put_share(&text, mapped, c->vnext_rows);
        buf_puts(&text, " of ");
        put_count(&text, (double) c->vnext_rows, "vNext row", "vNext rows");
        if (c->vnext_waiting > 0)
            buf_printf(&text, " (%" PRId64 " on the way)", c->vnext_waiting);
    }
    says(s, whole ? GATE_MET : GATE_MISSED, "%s", buf_text(&text));
    next(s, c->vnext_asked && c->vnext_mapped + c->vnext_waiting < c->vnext_rows ? "dualwrited reconcile --fix"
                                                                                 : "dualwrited report");
    buf_free(&text);
}

static void
judge_coverage(const struct say *s)
{
    for (size_t i = 0; i < s->parts->mapping->count; i++)
        judge_entity(s, s->parts->mapping->entities[i].name, &s->parts->coverage[i]);
}

static const cJSON *
run_of(const cJSON *runs, const char *entity)
{
    const cJSON *run;

    cJSON_ArrayForEach(run, runs)
    {
        if (strcmp(string(run, "entity"), entity) == 0)
            return run;
    }
    return NULL;
}

static void
judge_run(const struct say *s, const char *entity, const cJSON *run)
{
    struct buf text = {0};

    if (run == NULL || !cJSON_IsTrue(item(run, "done"))) {
        says(s, GATE_UNKNOWN, "%s: %s", entity,
             run == NULL ? "the last reconcile left it out" : "the last reconcile did not end");
    } else if (!cJSON_IsTrue(item(run, "same_mapping"))) {
        says(s, GATE_UNKNOWN, "%s: the last reconcile was of another mapping", entity);
    } else if (number(run, "found") > 0) {
        put_count(&text, number(run, "found"), "row differs", "rows differ");
        says(s, GATE_MISSED, "%s: %s", entity, buf_text(&text));
    } else if (number(run, "open") > 0) {
        put_count(&text, number(run, "open"), "row", "rows");
        says(s, GATE_UNKNOWN, "%s: %s in flight when reconcile ended", entity, buf_text(&text));
    } else {
        says(s, GATE_MET, "%s: none", entity);
    }
    buf_free(&text);
}

static void
judge_differences(const struct say *s)
{
    const cJSON *runs = item(s->parts->facts, "reconcile");
    struct buf age = {0};

    if (!answered(s, s->parts->facts))
        return;
    if (cJSON_GetArraySize(runs) == 0) {
        says(s, GATE_UNKNOWN, "no reconcile was run yet");
    } else if (is_past(s, number(runs->child, "age"))) {
        for (size_t i = 0; i < s->parts->mapping->count; i++)
            judge_run(s, s->parts->mapping->entities[i].name, run_of(runs, s->parts->mapping->entities[i].name));
        shown_span(&age, number(runs->child, "age"));
        says(s, number(runs->child, "age") > s->parts->max_age_s ? GATE_UNKNOWN : GATE_MET, "the run began %s ago%s",
             buf_text(&age), number(runs->child, "age") > s->parts->max_age_s ? ", too long (see --max-age)" : "");
        buf_free(&age);
    }
    next(s, s->report->items[s->about].state == GATE_MISSED ? "dualwrited reconcile --fix"
                                                            : "dualwrited gate --reconcile");
}

static void
judge_parked(const struct say *s)
{
    const double parked = number(s->parts->facts, "parked");
    struct buf text = {0};

    if (!answered(s, s->parts->facts))
        return;
    put_count(&text, parked, "event is parked", "events are parked");
    says(s, parked > 0 ? GATE_MISSED : GATE_MET, "%s", parked > 0 ? buf_text(&text) : "none");
    next(s, "dualwrited failed list --parked");
    buf_free(&text);
}

static void
judge_lag(const struct say *s)
{
    const cJSON *facts = s->parts->facts;
    const double waiting = number(facts, "waiting_age");
    const double retrying = number(facts, "retrying_age");
    const double age = waiting > retrying ? waiting : retrying;
    const int resyncs = cJSON_GetArraySize(item(s->parts->overview, "resyncs"));
    struct buf text = {0};

    if (!answered(s, facts) || !answered(s, s->parts->overview) || !is_past(s, waiting) || !is_past(s, retrying))
        return;
    shown_span(&text, age);
    buf_puts(&text, age > s->parts->max_lag_s ? ", more than " : ", at most ");
    shown_span(&text, s->parts->max_lag_s);
    says(s, age > s->parts->max_lag_s ? GATE_MISSED : GATE_MET, "the oldest event waits for %s allowed",
         buf_text(&text));
    buf_clear(&text);
    if (number(facts, "retrying") > 0) {
        put_count(&text, number(facts, "retrying"), "event is tried again", "events are tried again");
        says(s, GATE_MET, "%s", buf_text(&text));
    }
    if (resyncs > 0)
        says(s, GATE_MISSED, "a whole table is being synced anew");
    next(s, retrying > waiting ? "dualwrited failed list --retrying" : "dualwrited status");
    buf_free(&text);
}

static void
judge_triggers(const struct say *s)
{
    const struct gate_parts *p = s->parts;
    const char *guard = string(p->facts, "guard");

    if (!answered(s, p->facts))
        return;
    if (!cJSON_IsTrue(item(p->facts, "same_mapping"))) {
        says(s, GATE_MISSED, "another mapping is installed than this command was given");
        next(s, "dualwrited check");
        return;
    }
    if (p->triggers == '\0' || p->triggers == 'D')
        says(s, GATE_MISSED, "%s: %s", p->triggers == 'D' ? "switched off" : "missing", p->bad_triggers);
    else if (p->triggers != 'A')
        says(s, GATE_MISSED, "not in every session_replication_role: %s", p->bad_triggers);
    if (p->triggers_error != NULL)
        says(s, GATE_UNKNOWN, "not known: %s", p->triggers_error);
    else if (p->triggers == 'A')
        says(s, GATE_MET, "capture triggers are there and on; %s%s",
             strcmp(guard, "off") == 0 ? "the guard is off, so direct legacy writes are not even recorded"
                                       : "the guard is ",
             strcmp(guard, "off") == 0 ? "" : guard);
    next(s, p->triggers != 'A' ? "dualwrited install" : "dualwrited check");
}

/* A daemon that beats, and yet does nothing that may come. */
static bool
is_idle(const cJSON *daemon)
{
    static const char *const idle[] = {"off", "stalled", "not connected"};

    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
        if (strcmp(string(daemon, "state"), idle[i]) == 0)
            return true;
    return false;
}

/* Nothing may wait at the moment: who writes next would wait. */
static void
judge_partitions(const struct say *s)
{
    const cJSON *p;
    int stuck = 0;

    cJSON_ArrayForEach(p, item(s->parts->overview, "partitions"))
    {
        stuck += cJSON_IsFalse(item(item(p, "holder"), "live"));
    }
    if (stuck > 0)
        says(s, GATE_MISSED, "%d partition%s held by a backend that is no live daemon's", stuck,
             stuck == 1 ? " is" : "s are");
}

static void
judge_daemons(const struct say *s)
{
    const cJSON *d;
    struct buf age = {0};
    int working = 0;

    if (!answered(s, s->parts->overview))
        return;
    cJSON_ArrayForEach(d, item(s->parts->overview, "daemons"))
    {
        if (!cJSON_IsTrue(item(d, "mapping_installed"))) {
            says(s, GATE_MISSED, "%s on %s runs another mapping and takes no work", string(d, "instance_short"),
                 string(d, "host"));
        } else if (number(d, "last_beat_age_seconds") > GATE_BEAT_S) {
            buf_clear(&age);
            shown_span(&age, number(d, "last_beat_age_seconds"));
            says(s, GATE_MISSED, "%s on %s has not beaten for %s", string(d, "instance_short"), string(d, "host"),
                 buf_text(&age));
        } else if (is_idle(d)) {
            says(s, GATE_MISSED, "%s on %s takes no work: it is %s", string(d, "instance_short"), string(d, "host"),
                 string(d, "state"));
        } else {
            working++;
        }
    }
    says(s, working > 0 ? GATE_MET : GATE_MISSED,
         working == 1   ? "%d daemon works"
         : working == 0 ? "no daemon works"
                        : "%d daemons work",
         working);
    judge_partitions(s);
    cJSON_ArrayForEach(d, item(s->parts->overview, "flags"))
    {
        if (cJSON_IsTrue(item(d, "disagreement"))) {
            says(s, GATE_MISSED, "they disagree on %s", d->string);
            next(s, "dualwrited flags");
        }
    }
    next(s, "dualwrited status");
    buf_free(&age);
}

static void
judge_flags(const struct say *s)
{
    const char *value = flag(s->parts, "TEAM_VNEXT_DUAL_WRITE_ENABLED");

    if (!answered(s, s->parts->overview))
        return;
    says(s, strcmp(value, "true") == 0 ? GATE_MET : GATE_MISSED, "TEAM_VNEXT_DUAL_WRITE_ENABLED=%s", value);
    next(s, "dualwrited flags");
}

struct gate_report
gate_judge(const struct gate_parts *parts)
{
    static void (*const judges[GATE_CRITERIA])(const struct say *) = {
        [GATE_COVERAGE] = judge_coverage, [GATE_DIFFERENCES] = judge_differences, [GATE_PARKED] = judge_parked,
        [GATE_LAG] = judge_lag,           [GATE_TRIGGERS] = judge_triggers,       [GATE_DAEMONS] = judge_daemons,
        [GATE_FLAGS] = judge_flags,
    };
    struct gate_report report = {0};

    for (int i = 0; i < GATE_CRITERIA; i++) {
        const struct say s = {.report = &report, .parts = parts, .about = (enum gate_criterion) i};

        judges[i](&s);
    }
    return report;
}

void
gate_report_free(struct gate_report *r)
{
    for (int i = 0; i < GATE_CRITERIA; i++) {
        buf_free(&r->items[i].evidence);
        buf_free(&r->items[i].next);
    }
}

enum gate_state
gate_verdict(const struct gate_report *r)
{
    enum gate_state verdict = GATE_MET;

    for (int i = 0; i < GATE_CRITERIA; i++) {
        if (r->items[i].state == GATE_MISSED)
            return GATE_MISSED;
        if (r->items[i].state == GATE_UNKNOWN)
            verdict = GATE_UNKNOWN;
    }
    return verdict;
}

/* ---- showing ---- */

void
gate_text(struct buf *out, const struct gate_report *r, const struct gate_run *run)
{
    static const char *const marks[] = {
        [GATE_MET] = "\xe2\x9c\x93", [GATE_MISSED] = "\xe2\x9c\x97", [GATE_UNKNOWN] = "?"};
    static const char *const words[] = {[GATE_MET] = "yes: the cut-over may begin",
                                        [GATE_MISSED] = "no: not yet",
                                        [GATE_UNKNOWN] = "not known: something could not be found out"};

    for (int i = 0; i < GATE_CRITERIA; i++) {
        buf_printf(out, "%s %s: ", marks[r->items[i].state], criteria[i].title);
        shown_text(out, buf_text(&r->items[i].evidence), 0);
        buf_putc(out, '\n');
        if (r->items[i].next.len > 0)
            buf_printf(out, "  -> %s\n", buf_text(&r->items[i].next));
    }
    buf_printf(out, "\n%s", words[gate_verdict(r)]);
    if (run->wanted_s > 0) {
        buf_puts(out, gate_verdict(r) == GATE_MET ? ", held for " : ", after ");
        shown_span(out, run->held_s);
        buf_puts(out, " of ");
        shown_span(out, run->wanted_s);
        buf_printf(out, " in %d look%s", run->looks, run->looks == 1 ? "" : "s");
    }
    buf_putc(out, '\n');
}

void
gate_json(struct buf *out, const struct gate_report *r, const struct gate_run *run)
{
    static const char *const words[] = {[GATE_MET] = "yes", [GATE_MISSED] = "no", [GATE_UNKNOWN] = "unknown"};
    static const char *const states[] = {[GATE_MET] = "met", [GATE_MISSED] = "missed", [GATE_UNKNOWN] = "unknown"};
    cJSON *root = cJSON_CreateObject();
    cJSON *list;
    char *text;

    cJSON_AddStringToObject(root, "verdict", words[gate_verdict(r)]);
    cJSON_AddNumberToObject(root, "held_seconds", run->held_s);
    cJSON_AddNumberToObject(root, "wanted_seconds", run->wanted_s);
    cJSON_AddNumberToObject(root, "looks", run->looks);
    list = cJSON_AddArrayToObject(root, "criteria");
    for (int i = 0; i < GATE_CRITERIA; i++) {
        cJSON *c = cJSON_CreateObject();

        cJSON_AddStringToObject(c, "name", criteria[i].name);
        cJSON_AddStringToObject(c, "title", criteria[i].title);
        cJSON_AddStringToObject(c, "state", states[r->items[i].state]);
        cJSON_AddStringToObject(c, "evidence", buf_text(&r->items[i].evidence));
        cJSON_AddItemToObject(c, "next",
                              r->items[i].next.len == 0 ? cJSON_CreateNull()
                                                        : cJSON_CreateString(buf_text(&r->items[i].next)));
        cJSON_AddItemToArray(list, c);
    }
    text = cJSON_Print(root);
    buf_printf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
}
