/* rates.c - events per second over the last minute; see dualwrite/rates.h. */
#include "dualwrite/rates.h"

#define STEP_MS (RATES_WINDOW_MS / (RATES_SAMPLES - 1))

void
rates_note(struct rates *r, monotime now, int64_t completed, int64_t failures)
{
    r->last = (struct rates_sample){now, completed, failures};
    if (r->count == 0 || monotime_diff_ms(now, r->samples[(r->count - 1) % RATES_SAMPLES].at) >= STEP_MS)
        r->samples[r->count++ % RATES_SAMPLES] = r->last;
}

/* The oldest sample within the window, so that a daemon that was asked rarely does not tell of long ago. */
static const struct rates_sample *
oldest(const struct rates *r)
{
    size_t i = r->count < RATES_SAMPLES ? 0 : r->count - RATES_SAMPLES;

    while (i + 1 < r->count && monotime_diff_ms(r->last.at, r->samples[i % RATES_SAMPLES].at) > RATES_WINDOW_MS)
        i++;
    return &r->samples[i % RATES_SAMPLES];
}

static void
add_rate(struct buf *text, int64_t events, int64_t ms)
{
    double rate = ms <= 0 ? 0 : (double) events * 1000 / (double) ms;

    if (events == 0)
        buf_puts(text, "0");
    else if (rate < 0.1)
        buf_puts(text, "<0.1");
    else
        buf_printf(text, rate < 10 ? "%.1f" : "%.0f", rate);
}

void
rates_text(const struct rates *r, int64_t lag_ms, struct buf *text)
{
    const struct rates_sample *from = oldest(r);
    int64_t ms = monotime_diff_ms(r->last.at, from->at);

    add_rate(text, r->last.completed - from->completed, ms);
    buf_puts(text, " events/s completed, ");
    add_rate(text, r->last.failures - from->failures, ms);
    buf_puts(text, " failing");
    if (lag_ms >= 0)
        buf_printf(text, ", lag %.2f s", (double) lag_ms / 1000);
}
