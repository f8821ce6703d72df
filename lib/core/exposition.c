/* exposition.c - the text that Prometheus reads; see dualwrite/exposition.h. */
#include "dualwrite/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Both formats escape the same in HELP and in labels, but that 0.0.4 leaves the quotes of HELP as they are. */
static void
escaped(struct buf *out, const char *text, bool quotes)
{
    for (; *text != '\0'; text++)
        if (*text == '\n')
            buf_puts(out, "\\n");
        else if (*text == '\\' || (*text == '"' && quotes))
            buf_printf(out, "\\%c", *text);
        else
            buf_putc(out, *text);
}

static const char *
suffix(enum exposition_type type)
{
    return type == EXPOSITION_COUNTER ? "_total" : type == EXPOSITION_INFO ? "_info" : "";
}

void
exposition_family(struct exposition *e, const char *name, enum exposition_type type, const char *unit, const char *help)
{
    static const char *const types[] = {"gauge", "counter", "histogram", "info"};
    const char *shown = e->open || type != EXPOSITION_INFO ? types[type] : "gauge";
    const char *end = e->open ? "" : suffix(type);

    e->name = name;
    e->type = type;
    buf_printf(e->out, "# TYPE %s%s %s\n", name, end, shown);
    if (e->open && unit != NULL)
        buf_printf(e->out, "# UNIT %s %s\n", name, unit);
    buf_printf(e->out, "# HELP %s%s ", name, end);
    escaped(e->out, help, e->open);
    buf_putc(e->out, '\n');
}

/* Whole numbers as such: a count or a time in seconds loses no digit. */
static void
number(struct buf *out, double value)
{
    if (value == floor(value) && fabs(value) < 1e15)
        buf_printf(out, "%.0f\n", value);
    else
        buf_printf(out, "%.15g\n", value);
}

void
exposition_sample(struct exposition *e, const struct exposition_label labels[2], double value)
{
    if (!isfinite(value))
        return;
    buf_printf(e->out, "%s%s", e->name, suffix(e->type));
    for (int i = 0; i < 2 && labels != NULL && labels[i].name != NULL; i++) {
        buf_printf(e->out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        escaped(e->out, labels[i].value, true);
        buf_putc(e->out, '"');
    }
    buf_puts(e->out, labels != NULL && labels[0].name != NULL ? "} " : " ");
    number(e->out, value);
}

/* As Go prints it, with a point: OpenMetrics wants bounds to be the same text everywhere. */
static void
bound(char out[32], int64_t ms)
{
    double seconds = (double) ms / 1000;

    snprintf(out, 32, seconds == floor(seconds) ? "%.1f" : "%g", seconds);
}

void
exposition_histogram(struct exposition *e, const int64_t *bounds_ms, const int64_t *bucket, size_t n, int64_t sum_ms)
{
    int64_t count = 0;

    for (size_t i = 0; i <= n; i++) {
        char le[32] = "+Inf";

        if (i < n)
            bound(le, bounds_ms[i]);
        count += bucket[i];
        buf_printf(e->out, "%s_bucket{le=\"%s\"} %" PRId64 "\n", e->name, le, count);
    }
    buf_printf(e->out, "%s_sum ", e->name);
    number(e->out, (double) sum_ms / 1000);
    buf_printf(e->out, "%s_count %" PRId64 "\n", e->name, count);
}

void
exposition_end(struct exposition *e)
{
    if (e->open)
        buf_puts(e->out, "# EOF\n");
}
