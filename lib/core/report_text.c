/* report_text.c - the validation report for people: the document's content in its order; see dualwrite/report.h. */
#include <string.h>

#include "dualwrite/report.h"
#include "dualwrite/shown.h"

#define WIDTH 80
#define LISTED 5 /* ids, orphans: the document has the others */

static const cJSON *
item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* Words from `text`, from column `at` on, in lines that begin with `indent` spaces. */
static void
put_wrapped(struct buf *out, const char *text, size_t at, size_t indent)
{
    bool first = true;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        struct buf raw = {0}, word = {0};

        buf_add(&raw, text, len);
        shown_text(&word, buf_text(&raw), WIDTH - indent);
        if (!first && at + 1 + shown_width(buf_text(&word)) > WIDTH) {
            buf_printf(out, "\n%*s", (int) indent, "");
            at = indent;
        } else if (!first) {
            buf_putc(out, ' ');
            at++;
        }
        buf_puts(out, buf_text(&word));
        at += shown_width(buf_text(&word));
        text += len + strspn(text + len, " ");
        first = false;
        buf_free(&raw);
        buf_free(&word);
    }
    buf_putc(out, '\n');
}

/* "  heading             text", whatever the text holds. */
static void
put_row(struct buf *out, const char *heading, const struct buf *text)
{
    buf_printf(out, "  %-27s ", heading);
    put_wrapped(out, buf_text(text), 30, 30);
}

static void
put_count(struct buf *out, const char *heading, double n)
{
    struct buf text = {0};

    shown_count(&text, n);
    buf_printf(out, "  %-27s %s\n", heading, buf_text(&text));
    buf_free(&text);
}

/* A value as the document has it: ids of any size keep their digits. */
static void
put_value(struct buf *out, const cJSON *value, bool quoted)
{
    if (cJSON_IsString(value) && quoted)
        buf_printf(out, "\"%s\"", value->valuestring);
    else if (cJSON_IsString(value) || cJSON_IsRaw(value))
        buf_puts(out, value->valuestring);
    else if (cJSON_IsNumber(value))
        buf_printf(out, "%.0f", value->valuedouble);
    else
        buf_puts(out, quoted ? "NULL" : "none");
}

/* ---- meta ---- */

static void
put_meta(struct buf *out, const struct report *r)
{
    struct buf text = {0};

    buf_printf(out, "Validation report of %s (%.1f s)\n", r->generated_at, r->seconds);
    put_count(out, "sample size", (double) r->sample_size);
    if (r->game != NULL)
        buf_printf(&text, REPORT_GAME "=%s", r->game);
    if (r->region != NULL)
        buf_printf(&text, "%sregion=%s", text.len > 0 ? ", " : "", r->region);
    if (text.len == 0)
        buf_puts(&text, "none");
    put_row(out, "filters", &text);
    buf_clear(&text);
    buf_printf(&text, "dual write %s, strict mode %s, legacy writes %s%s", r->enabled ? "on" : "off",
               r->strict ? "on" : "off", r->blocked ? "blocked" : "not blocked",
               r->installed ? "" : " (as the settings say: dualwrite is not installed)");
    put_row(out, "flags", &text);
    buf_free(&text);
}

/* ---- coverage and map ---- */

static void
put_coverage(struct buf *out, const struct report *r)
{
    buf_puts(out, "\nCoverage\n");
    put_count(out, "legacy teams (active)", (double) r->legacy_active);
    put_count(out, "vNext teams (active)", (double) r->vnext_active);
    put_count(out, "mapped teams", (double) r->mapped);
    put_count(out, "legacy teams with mapping", (double) r->legacy_mapped);
    put_count(out, "unmapped legacy teams", (double) (r->legacy_active - r->legacy_mapped));
    buf_printf(out, "  %-27s %.2f %%\n", "mapping coverage", report_percentage(r));
}

static void
put_ids(struct buf *out, const char *heading, int64_t count, const cJSON *ids)
{
    struct buf text = {0};
    const cJSON *id;
    int n = 0;

    shown_count(&text, (double) count);
    cJSON_ArrayForEach(id, ids)
    {
        if (n == LISTED)
            break;
        buf_puts(&text, n++ == 0 ? ": " : ", ");
        put_value(&text, id, false);
    }
    buf_puts(&text, count > n && n > 0 ? ", ..." : "");
    put_row(out, heading, &text);
    buf_free(&text);
}

static void
put_orphans(struct buf *out, const cJSON *orphans)
{
    struct buf text = {0};
    const cJSON *orphan;
    int n = 0;

    cJSON_ArrayForEach(orphan, orphans)
    {
        if (n++ == LISTED) {
            buf_puts(out, "    ... (--format=json lists more)\n");
            break;
        }
        buf_clear(&text);
        buf_printf(&text, "%s: map row ", item(orphan, "type")->valuestring);
        put_value(&text, item(orphan, "mapping_id"), false);
        buf_puts(&text, ", legacy team ");
        put_value(&text, item(orphan, REPORT_LEGACY_ID), false);
        buf_puts(&text, ", vNext team ");
        put_value(&text, item(orphan, REPORT_VNEXT_ID), false);
        buf_puts(out, "    ");
        put_wrapped(out, buf_text(&text), 4, 4);
    }
    buf_free(&text);
}

static void
put_mapping_health(struct buf *out, const struct report *r)
{
    struct buf line = {0};

    buf_printf(&line, "Mapping health%s%s", r->map == NULL ? ": skipped, because the mapping has no map table" : " of ",
               r->map == NULL ? "" : r->map);
    buf_putc(out, '\n');
    put_wrapped(out, buf_text(&line), 0, 0);
    put_count(out, "map rows", (double) r->mapped);
    put_ids(out, "duplicate legacy ids", r->legacy_twice_count, r->legacy_twice);
    put_ids(out, "duplicate vNext ids", r->vnext_twice_count, r->vnext_twice);
    put_count(out, "orphans", (double) r->orphan_count);
    put_orphans(out, r->orphans);
    put_count(out, "retired (vNext deleted)", (double) r->retired);
    buf_free(&line);
}

/* ---- consistency ---- */

static void
put_sample(struct buf *out, const cJSON *sample, const char *vnext, const char *legacy)
{
    struct buf text = {0};

    buf_puts(&text, "team ");
    put_value(&text, item(sample, REPORT_VNEXT_ID), false);
    buf_puts(&text, ", legacy ");
    put_value(&text, item(sample, REPORT_LEGACY_ID), false);
    buf_puts(&text, ": vNext ");
    put_value(&text, item(sample, vnext), true);
    buf_puts(&text, ", legacy ");
    put_value(&text, item(sample, legacy), true);
    buf_puts(out, "    ");
    put_wrapped(out, buf_text(&text), 4, 6);
    buf_free(&text);
}

static void
put_consistency(struct buf *out, const struct report *r)
{
    static const struct {
        const char *heading, *vnext, *legacy;
    } parts[REPORT_PARTS] = {
        [REPORT_NAMES] = {"name mismatches", "vnext_name", "legacy_name"},
        [REPORT_SLUGS] = {"slug mismatches", "vnext_slug", "legacy_slug"},
        [REPORT_MEMBERS] = {"member count mismatches", "vnext_count", "legacy_count"},
        [REPORT_RANKINGS_PART] = {"ranking mismatches", "vnext_ranking", "legacy_ranking"},
    };
    const cJSON *sample;

    buf_puts(out, "\nConsistency\n");
    put_count(out, "sampled teams", (double) r->sampled);
    for (int part = 0; part < REPORT_PARTS; part++) {
        if (r->skipped[part] != NULL) {
            struct buf text = {0};

            buf_printf(&text, "skipped, because %s", r->skipped[part]);
            put_row(out, parts[part].heading, &text);
            buf_free(&text);
            continue;
        }
        put_count(out, parts[part].heading, (double) r->mismatches[part]);
        cJSON_ArrayForEach(sample, r->samples[part]) put_sample(out, sample, parts[part].vnext, parts[part].legacy);
    }
}

/* ---- health ---- */

static void
put_missing(struct buf *out, const cJSON *list)
{
    const cJSON *missing;

    cJSON_ArrayForEach(missing, list)
    {
        struct buf text = {0};

        buf_puts(&text, "team ");
        put_value(&text, item(missing, REPORT_VNEXT_ID), false);
        buf_puts(&text, " of ");
        put_value(&text, item(missing, "created_at"), false);
        buf_puts(&text,
                 cJSON_IsNull(item(missing, REPORT_LEGACY_ID)) ? ": no map row" : ": a map row, but no legacy team");
        buf_puts(out, "    ");
        put_wrapped(out, buf_text(&text), 4, 6);
        buf_free(&text);
    }
}

static void
put_health(struct buf *out, const struct report *r, const cJSON *health)
{
    struct buf text = {0};

    buf_puts(out, "\nDual-write health\n");
    if (!cJSON_IsObject(health)) {
        buf_printf(out, "  none, because %s\n", r->installed ? "dual write is off" : "dualwrite is not installed yet");
        return;
    }
    if (r->created == NULL) {
        buf_puts(&text, "skipped, because no column of vNext says when a row was made");
        put_row(out, "vNext teams of 24 h", &text);
    } else {
        put_count(out, "vNext teams of 24 h", (double) r->recent);
    }
    put_count(out, "... without a legacy team", (double) r->missing);
    put_missing(out, r->missing_list);
    buf_printf(out, "  %-27s %s\n", "severity", item(health, "severity")->valuestring);
    buf_clear(&text);
    buf_puts(&text, r->backlog_exact ? "" : "about ");
    shown_count(&text, (double) r->backlog);
    if (r->backlog > 0) {
        buf_puts(&text, ", the oldest for ");
        shown_span(&text, r->oldest_seconds);
    }
    put_row(out, "waiting events", &text);
    put_count(out, "failed events", (double) r->failed);
    put_count(out, "processed in 24 h", (double) r->processed);
    buf_clear(&text);
    shown_count(&text, (double) r->inline_writes);
    buf_puts(&text, r->recorded ? "" : " (proves nothing: the guard is off, so writes are not recorded)");
    put_row(out, "inline legacy writes 24 h", &text);
    buf_free(&text);
}

void
report_text(struct buf *out, const struct report *r, const cJSON *document)
{
    const cJSON *line;

    put_meta(out, r);
    put_coverage(out, r);
    put_mapping_health(out, r);
    put_consistency(out, r);
    put_health(out, r, item(document, "dual_write_health"));
    buf_puts(out, "\nRecommendations\n");
    cJSON_ArrayForEach(line, item(document, "recommendations"))
    {
        buf_puts(out, "  ");
        put_wrapped(out, line->valuestring, 2, 5);
    }
}
