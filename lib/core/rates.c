/* rates.c - events per second over the last minute; see dualwrite/rates.h. */
#include "dualwrite/rates.h"

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

static void
add_lag(struct buf *text, const struct tally *t)
{
    const struct tally_event *e;

    for (size_t i = 0; (e = tally_recent(t, i)) != NULL; i++)
        if (e->outcome == TALLY_COMPLETED) {
            buf_printf(text, ", lag %.2f s", (double) e->lag_ms / 1000);
            return;
        }
}

void
rates_text(const struct tally *t, struct moment now, struct buf *text)
{
    int64_t completed, failed;
    int64_t ms = tally_minute(t, now, &completed, &failed);

    add_rate(text, completed, ms);
    buf_puts(text, " events/s completed, ");
    add_rate(text, failed, ms);
    buf_puts(text, " failing");
    add_lag(text, t);
}
