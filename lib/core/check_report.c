/* check_report.c - the findings of `check`, ordered, judged and shown; see dualwrite/check_report.h. */
#include "dualwrite/check_report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/xalloc.h"

static const char *const level_words[] = {"PASS", "WARN", "FAIL"};
static const char *const level_colors[] = {"\x1b[32m", "\x1b[33m", "\x1b[1;31m"};

static const struct {
    const char *word;
    const char *heading;
} areas[AREA_COUNT] = {
    [AREA_CONFIG] = {"config", "settings"},
    [AREA_VNEXT] = {"vnext", "vNext database"},
    [AREA_LEGACY] = {"legacy", "legacy database"},
    [AREA_MAPPING] = {"mapping", "mapping"},
    [AREA_DATA] = {"data", "data"},
    [AREA_INSTALLATION] = {"installation", "installation"},
};

static const struct {
    const char *word;
    const char *sentence;
} verdicts[] = {
    [VERDICT_CLEAN] = {"clean", "Nothing stands in the way."},
    [VERDICT_WARNED] = {"warned", "Read each WARN before the first write."},
    [VERDICT_FAILED] = {"failed", "Mend each FAIL before the first write."},
    [VERDICT_UNFINISHED] = {"unfinished", "NOT FINISHED: what was not looked at may hide a fault."},
};

void
check_add(struct check_report *r, enum check_level level, enum check_area area, const char *check, const char *where,
          const char *fmt, ...)
{
    struct buf message = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&message, fmt, ap);
    va_end(ap);
    r->items = xreallocarray(r->items, r->count + 1, sizeof *r->items);
    r->items[r->count++] = (struct check_finding){level, area, check, xstrdup(where), buf_steal(&message), NULL};
    r->counts[level]++;
}

void
check_mend(struct check_report *r, const char *fmt, ...)
{
    struct check_finding *last = &r->items[r->count - 1];
    struct buf mend = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&mend, fmt, ap);
    va_end(ap);
    free(last->mend);
    last->mend = buf_steal(&mend);
}

void
check_unfinished(struct check_report *r)
{
    r->unfinished++;
}

void
check_add_faults(struct check_report *r, enum check_area area, const char *check, const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->items[i];
        const char *path = strstr(f->where, ": $");
        const char *mend = strstr(f->text, "; ");
        size_t said = mend == NULL ? strlen(f->text) : (size_t) (mend - f->text);

        check_add(r, f->severity == FAULT_ERROR ? CHECK_FAIL : CHECK_WARN, area, f->kind != NULL ? f->kind : check,
                  path != NULL ? path + 2 : f->where, "%.*s", (int) said, f->text);
        if (mend != NULL)
            check_mend(r, "%s", mend + 2);
    }
}

enum check_verdict
check_verdict(const struct check_report *r)
{
    if (r->counts[CHECK_FAIL] > 0)
        return VERDICT_FAILED;
    if (r->unfinished > 0)
        return VERDICT_UNFINISHED;
    return r->counts[CHECK_WARN] > 0 ? VERDICT_WARNED : VERDICT_CLEAN;
}

/* Text on a line of its own whatever a name or a value of the database holds. */
static void
put_line(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            buf_putc(out, ' ');
        else if ((unsigned char) *text < 0x20 || *text == 0x7f)
            buf_printf(out, "\\x%02x", (unsigned) (unsigned char) *text);
        else
            buf_putc(out, *text);
    }
}

static void
put_finding(struct buf *out, const struct check_finding *f, int width, bool color)
{
    buf_printf(out, "  %s%s%s  %-*s  ", color ? level_colors[f->level] : "", level_words[f->level],
               color ? "\x1b[0m" : "", width, f->check);
    if (f->where != NULL) {
        put_line(out, f->where);
        buf_puts(out, ": ");
    }
    put_line(out, f->message);
    buf_putc(out, '\n');
    if (f->mend != NULL) {
        buf_printf(out, "  %4s  %*s  -> ", "", width, "");
        put_line(out, f->mend);
        buf_putc(out, '\n');
    }
}

static void
put_summary(struct buf *out, const struct check_report *r)
{
    buf_printf(out, "%zu checks: %zu PASS, %zu WARN, %zu FAIL", r->count, r->counts[CHECK_PASS], r->counts[CHECK_WARN],
               r->counts[CHECK_FAIL]);
    if (r->unfinished > 0)
        buf_printf(out, ", %zu of them not finished", r->unfinished);
    buf_printf(out, ". %s\n", verdicts[check_verdict(r)].sentence);
}

void
check_text(struct buf *out, const struct check_report *r, bool color)
{
    int width = 0;

    for (size_t i = 0; i < r->count; i++)
        if ((int) strlen(r->items[i].check) > width)
            width = (int) strlen(r->items[i].check);
    for (int area = 0; area < AREA_COUNT; area++) {
        bool headed = false;

        for (int level = CHECK_FAIL; level >= CHECK_PASS; level--)
            for (size_t i = 0; i < r->count; i++) {
                const struct check_finding *f = &r->items[i];

                if (f->area != (enum check_area) area || f->level != (enum check_level) level)
                    continue;
                if (!headed)
                    buf_printf(out, "%s\n", areas[area].heading);
                headed = true;
                put_finding(out, f, width, color);
            }
        if (headed)
            buf_putc(out, '\n');
    }
    put_summary(out, r);
}

static cJSON *
text_or_null(const char *text)
{
    return text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text);
}

void
check_json(struct buf *out, const struct check_report *r)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *checks = cJSON_AddArrayToObject(root, "checks");
    cJSON *summary = cJSON_AddObjectToObject(root, "summary");
    char *text;

    for (size_t i = 0; i < r->count; i++) {
        const struct check_finding *f = &r->items[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "level", level_words[f->level]);
        cJSON_AddStringToObject(object, "area", areas[f->area].word);
        cJSON_AddStringToObject(object, "check", f->check);
        cJSON_AddItemToObject(object, "where", text_or_null(f->where));
        cJSON_AddStringToObject(object, "message", f->message);
        cJSON_AddItemToObject(object, "mend", text_or_null(f->mend));
        cJSON_AddItemToArray(checks, object);
    }
    cJSON_AddNumberToObject(summary, "pass", (double) r->counts[CHECK_PASS]);
    cJSON_AddNumberToObject(summary, "warn", (double) r->counts[CHECK_WARN]);
    cJSON_AddNumberToObject(summary, "fail", (double) r->counts[CHECK_FAIL]);
    cJSON_AddNumberToObject(summary, "unfinished", (double) r->unfinished);
    cJSON_AddStringToObject(summary, "verdict", verdicts[check_verdict(r)].word);
    text = cJSON_Print(root);
    buf_printf(out, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(root);
}

void
check_report_free(struct check_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->items[i].where);
        free(r->items[i].message);
        free(r->items[i].mend);
    }
    free(r->items);
    *r = (struct check_report){0};
}
