/* reconcile_report.c - the report of reconcile as text and JSON; see dualwrite/reconcile_report.h. */
#include "dualwrite/reconcile_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/xalloc.h"

static const char *const verdict_words[] = {
    [RECONCILE_CLEAN] = "clean",
    [RECONCILE_MENDED] = "fixed",
    [RECONCILE_FOUND] = "differences",
    [RECONCILE_UNFINISHED] = "unfinished",
};

struct sums {
    int64_t vnext_rows, vnext_seen;
    int64_t found, parked, in_flight, plan, queued, fixed, unfixed;
    bool complete, asks;
};

static struct sums
sums_of(const struct reconcile_report *r)
{
    struct sums s = {.complete = !r->broken_off};

    for (size_t i = 0; i < r->count; i++) {
        const struct reconcile_entity *e = &r->items[i];

        s.vnext_rows += e->vnext_rows;
        s.vnext_seen += e->vnext_seen;
        for (int c = RECONCILE_MISSING; c < RECONCILE_CLASSES; c++)
            s.found += e->found[c];
        s.parked += e->parked;
        s.in_flight += e->in_flight;
        s.plan += e->to_update + e->to_remove;
        s.queued += e->queued;
        s.fixed += e->fixed;
        s.unfixed += e->unfixed;
        s.complete = s.complete && e->complete;
        s.asks = s.asks || e->asks;
    }
    return s;
}

enum reconcile_verdict
reconcile_verdict(const struct reconcile_report *r)
{
    const struct sums s = sums_of(r);

    if (!s.complete || s.in_flight > 0 || (r->fix && r->waits && !r->dry_run && s.queued > 0))
        return RECONCILE_UNFINISHED;
    if (s.found + s.parked == 0)
        return RECONCILE_CLEAN;
    return s.fixed == s.found && s.parked == 0 ? RECONCILE_MENDED : RECONCILE_FOUND;
}

/* ---- text ---- */

/* Text on a line of its own whatever a name or a value holds. */
static void
put_line(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char) *text < 0x20 || *text == 0x7f)
            buf_printf(out, "\\x%02x", (unsigned) (unsigned char) *text);
        else
            buf_putc(out, *text);
    }
}

static void
put_value(struct buf *out, const char *text)
{
    if (text == NULL) {
        buf_puts(out, "NULL");
        return;
    }
    buf_putc(out, '"');
    put_line(out, text);
    buf_putc(out, '"');
}

static void
put_samples(struct buf *out, const struct reconcile_list *l, const char *indent, bool values)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct reconcile_sample *s = &l->samples[i];

        buf_puts(out, indent);
        put_line(out, s->key);
        if (values) {
            buf_puts(out, ": vNext gives ");
            put_value(out, s->vnext);
            buf_puts(out, ", legacy has ");
            put_value(out, s->legacy);
        } else if (s->why != NULL) {
            buf_puts(out, ": ");
            put_line(out, s->why);
        }
        buf_putc(out, '\n');
    }
    if (l->rows > (int64_t) l->count && l->count > 0)
        buf_printf(out, "%s... and %" PRId64 " more\n", indent, l->rows - (int64_t) l->count);
}

static void
put_entity(struct buf *out, const struct reconcile_entity *e)
{
    put_line(out, e->name);
    buf_printf(out, ": %" PRId64 " of %" PRId64 " vNext rows compared", e->vnext_seen, e->vnext_rows);
    if (e->legacy_asked)
        buf_printf(out, ", %" PRId64 " of %" PRId64 " legacy rows", e->legacy_seen, e->legacy_rows);
    if (e->unmapped > 0)
        buf_printf(out, " (%" PRId64 " unmapped: not known to be the dual write's)", e->unmapped);
    buf_puts(out, e->complete ? "\n" : "; NOT COMPLETE\n");
    for (size_t i = 0; i < e->nlists; i++) {
        const struct reconcile_list *l = &e->lists[i];

        buf_printf(out, "  %-9s %" PRId64 "\n", l->name, l->rows);
        if (strcmp(l->name, "drifted") == 0)
            for (size_t c = 0; c < e->ncolumns; c++) {
                buf_puts(out, "    column ");
                put_line(out, e->columns[c].name);
                buf_printf(out, ": %" PRId64 "\n", e->columns[c].rows);
                put_samples(out, &e->columns[c], "      ", true);
            }
        else
            put_samples(out, l, "    ", false);
    }
    if (e->in_flight > 0)
        buf_printf(out, "  in flight %" PRId64 "\n", e->in_flight);
}

static void
put_plan(struct buf *out, const struct reconcile_report *r)
{
    if (!r->fix)
        return;
    buf_puts(out, r->dry_run ? "\nwould be queued:\n" : "\nqueued:\n");
    for (size_t i = 0; i < r->count; i++) {
        const struct reconcile_entity *e = &r->items[i];

        buf_puts(out, "  ");
        put_line(out, e->name);
        if (r->dry_run || e->to_update + e->to_remove > 0)
            buf_printf(out, ": %" PRId64 " updates, %" PRId64 " removals%s", e->to_update, e->to_remove,
                       r->dry_run ? "" : " not queued");
        if (!r->dry_run)
            buf_printf(out, "%s%" PRId64 " fixed, %" PRId64 " not yet applied, %" PRId64 " still different",
                       e->to_update + e->to_remove > 0 ? "; " : ": ", e->fixed, e->queued, e->unfixed);
        if (e->asks)
            buf_printf(out, "; more removals than one run may do without being told");
        buf_putc(out, '\n');
    }
}

static void
put_next(struct buf *out, const struct reconcile_report *r, const struct sums *s, enum reconcile_verdict verdict)
{
    if (verdict == RECONCILE_UNFINISHED && (!s->complete || s->queued > 0)) {
        buf_puts(out, r->fix ? " Go on with `dualwrited reconcile --resume --fix`."
                             : " Go on with `dualwrited reconcile --resume`.");
    } else if (verdict == RECONCILE_UNFINISHED) {
        buf_puts(out, !r->enabled       ? " Dual write is off: what waits is not applied."
                      : r->daemons == 0 ? " No daemon with this mapping is running: what waits is not applied."
                                        : " Look again with `dualwrited reconcile --resume` once the backlog is gone.");
    } else if (verdict == RECONCILE_FOUND) {
        if (s->asks)
            buf_puts(out, " Look at the extra rows; if they are to go: `dualwrited reconcile --resume --fix "
                          "--allow-removals`.");
        else if (s->plan > 0 && !(r->fix && !r->dry_run))
            buf_puts(out, " Queue them with `dualwrited reconcile --resume --fix`.");
        else if (s->queued > 0)
            buf_puts(out, r->daemons == 0
                              ? " No daemon with this mapping is running: start one, then look with "
                                "`dualwrited reconcile --resume`."
                              : " Look whether they are applied with `dualwrited reconcile --resume --fix`.");
        else if (s->parked > 0)
            buf_puts(out, " Mend what the parked events say, then `dualwrited failed retry`.");
        else if (s->unfixed > 0)
            buf_puts(out, " Look for a trigger or rule on the legacy table that changes what is written.");
        else
            buf_puts(out, " Mend the refused rows in vNext, or the mapping.");
    }
}

void
reconcile_text(struct buf *out, const struct reconcile_report *r)
{
    const struct sums s = sums_of(r);
    enum reconcile_verdict verdict = reconcile_verdict(r);

    for (size_t i = 0; i < r->count; i++)
        put_entity(out, &r->items[i]);
    put_plan(out, r);
    if (r->why != NULL)
        buf_printf(out, "\n%s\n", r->why);
    buf_puts(out, "\n");
    switch (verdict) {
    case RECONCILE_CLEAN:
        buf_printf(out, "CLEAN: %" PRId64 " of %" PRId64 " rows compared, no difference.", s.vnext_seen, s.vnext_rows);
        break;
    case RECONCILE_MENDED:
        buf_printf(out, "FIXED: %" PRId64 " of %" PRId64 " differences; %" PRId64 " of %" PRId64 " rows compared.",
                   s.fixed, s.found, s.vnext_seen, s.vnext_rows);
        break;
    case RECONCILE_FOUND:
        buf_printf(out, "DIFFERENCES: %" PRId64 " in %" PRId64 " of %" PRId64 " rows compared", s.found + s.parked,
                   s.vnext_seen, s.vnext_rows);
        if (s.fixed > 0)
            buf_printf(out, ", %" PRId64 " fixed", s.fixed);
        buf_putc(out, '.');
        break;
    case RECONCILE_UNFINISHED:
        buf_printf(out,
                   "NOT FINISHED: %" PRId64 " of %" PRId64 " rows compared, %" PRId64 " differences, %" PRId64
                   " in flight.",
                   s.vnext_seen, s.vnext_rows, s.found + s.parked, s.in_flight);
        break;
    }
    put_next(out, r, &s, verdict);
    buf_putc(out, '\n');
}

/* ---- JSON ---- */

static void
add_text(cJSON *object, const char *key, const char *text)
{
    cJSON_AddItemToObject(object, key, text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text));
}

static void
add_number(cJSON *object, const char *key, int64_t number)
{
    cJSON_AddNumberToObject(object, key, (double) number);
}

static void
add_list(cJSON *array, const struct reconcile_list *l, const char *key, bool values)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *samples;

    add_text(object, key, l->name);
    add_number(object, "rows", l->rows);
    samples = cJSON_AddArrayToObject(object, "samples");
    for (size_t i = 0; i < l->count; i++) {
        cJSON *sample = cJSON_CreateObject();

        add_text(sample, "key", l->samples[i].key);
        if (values) {
            add_text(sample, "vnext", l->samples[i].vnext);
            add_text(sample, "legacy", l->samples[i].legacy);
        } else {
            add_text(sample, "error", l->samples[i].why);
        }
        cJSON_AddItemToArray(samples, sample);
    }
    cJSON_AddItemToArray(array, object);
}

static cJSON *
entity_json(const struct reconcile_entity *e)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *lists;
    cJSON *fix;

    add_text(object, "entity", e->name);
    cJSON_AddBoolToObject(object, "complete", e->complete);
    add_number(object, "compared", e->vnext_seen);
    add_number(object, "rows", e->vnext_rows);
    add_number(object, "legacy_compared", e->legacy_seen);
    add_number(object, "legacy_rows", e->legacy_rows);
    add_number(object, "unmapped", e->unmapped);
    for (int c = RECONCILE_MISSING; c < RECONCILE_CLASSES; c++)
        add_number(object, reconcile_class_name((enum reconcile_class) c), e->found[c]);
    add_number(object, "parked", e->parked);
    add_number(object, "in_flight", e->in_flight);
    lists = cJSON_AddArrayToObject(object, "columns");
    for (size_t i = 0; i < e->ncolumns; i++)
        add_list(lists, &e->columns[i], "column", true);
    lists = cJSON_AddArrayToObject(object, "classes");
    for (size_t i = 0; i < e->nlists; i++)
        if (strcmp(e->lists[i].name, "drifted") != 0)
            add_list(lists, &e->lists[i], "class", false);
    fix = cJSON_AddObjectToObject(object, "fix");
    add_number(fix, "updates_planned", e->to_update);
    add_number(fix, "removals_planned", e->to_remove);
    add_number(fix, "queued", e->queued);
    add_number(fix, "fixed", e->fixed);
    add_number(fix, "still_different", e->unfixed);
    cJSON_AddBoolToObject(fix, "needs_allow_removals", e->asks);
    return object;
}

void
reconcile_json(struct buf *out, const struct reconcile_report *r)
{
    const struct sums s = sums_of(r);
    cJSON *root = cJSON_CreateObject();
    cJSON *entities = cJSON_AddArrayToObject(root, "entities");
    cJSON *summary = cJSON_AddObjectToObject(root, "summary");
    struct buf next = {0};
    char *text;

    for (size_t i = 0; i < r->count; i++)
        cJSON_AddItemToArray(entities, entity_json(&r->items[i]));
    add_text(summary, "verdict", verdict_words[reconcile_verdict(r)]);
    cJSON_AddBoolToObject(summary, "complete", s.complete);
    add_number(summary, "compared", s.vnext_seen);
    add_number(summary, "rows", s.vnext_rows);
    add_number(summary, "differences", s.found + s.parked);
    add_number(summary, "in_flight", s.in_flight);
    add_number(summary, "planned", s.plan);
    add_number(summary, "queued", s.queued);
    add_number(summary, "fixed", s.fixed);
    cJSON_AddBoolToObject(summary, "fix", r->fix);
    cJSON_AddBoolToObject(summary, "dry_run", r->dry_run);
    add_number(summary, "daemons", r->daemons);
    cJSON_AddBoolToObject(summary, "dual_write_enabled", r->enabled);
    cJSON_AddNumberToObject(summary, "seconds", r->seconds);
    add_text(summary, "why", r->why);
    put_next(&next, r, &s, reconcile_verdict(r));
    add_text(summary, "next", next.len == 0 ? NULL : buf_text(&next) + 1);
    buf_free(&next);
    text = cJSON_Print(root);
    buf_printf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
}

/* ---- the model ---- */

struct reconcile_list *
reconcile_list_add(struct reconcile_list **lists, size_t *count, const char *name, int64_t rows)
{
    struct reconcile_list *l;

    for (size_t i = 0; i < *count; i++)
        if (strcmp((*lists)[i].name, name) == 0) {
            (*lists)[i].rows += rows;
            return &(*lists)[i];
        }
    *lists = xreallocarray(*lists, *count + 1, sizeof **lists);
    l = &(*lists)[(*count)++];
    *l = (struct reconcile_list){.name = xstrdup(name), .rows = rows};
    return l;
}

void
reconcile_sample_add(struct reconcile_list *l, const char *key, const char *vnext, const char *legacy, const char *why)
{
    l->samples = xreallocarray(l->samples, l->count + 1, sizeof *l->samples);
    l->samples[l->count++] = (struct reconcile_sample){xstrdup(key), xstrdup(vnext), xstrdup(legacy), xstrdup(why)};
}

static void
lists_free(struct reconcile_list *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < lists[i].count; j++) {
            free(lists[i].samples[j].key);
            free(lists[i].samples[j].vnext);
            free(lists[i].samples[j].legacy);
            free(lists[i].samples[j].why);
        }
        free(lists[i].samples);
        free(lists[i].name);
    }
    free(lists);
}

void
reconcile_report_free(struct reconcile_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        lists_free(r->items[i].lists, r->items[i].nlists);
        lists_free(r->items[i].columns, r->items[i].ncolumns);
    }
    free(r->items);
    free(r->why);
    *r = (struct reconcile_report){0};
}
