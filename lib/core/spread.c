/* spread.c - percentiles of times; see dualwrite/spread.h. */
#include "dualwrite/spread.h"

#define EXACT 8 /* below that each millisecond has a range of its own */

static unsigned
range_of(int64_t ms)
{
    unsigned octave = 3;
    unsigned at;

    if (ms < EXACT)
        return (unsigned) ms;
    while (octave < 62 && ms >> (octave + 1) != 0)
        octave++;
    at = EXACT + (octave - 3) * 4 + (unsigned) (ms >> (octave - 2) & 3);
    return at < SPREAD_RANGES ? at : SPREAD_RANGES - 1;
}

/* The middle of a range. */
static int64_t
middle(unsigned range)
{
    unsigned octave;
    int64_t width;

    if (range < EXACT)
        return range;
    octave = (range - EXACT) / 4 + 3;
    width = INT64_C(1) << (octave - 2);
    return (INT64_C(1) << octave) + (range - EXACT) % 4 * width + width / 2;
}

void
spread_add(struct spread *s, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    s->range[range_of(ms)]++;
    s->count++;
    if (ms > s->max_ms)
        s->max_ms = ms;
}

void
spread_merge(struct spread *into, const struct spread *s)
{
    for (unsigned i = 0; i < SPREAD_RANGES; i++)
        into->range[i] += s->range[i];
    into->count += s->count;
    if (s->max_ms > into->max_ms)
        into->max_ms = s->max_ms;
}

int64_t
spread_percentile(const struct spread *s, unsigned percent)
{
    uint64_t wanted = ((uint64_t) s->count * percent + 99) / 100;
    uint64_t seen = 0;

    if (s->count == 0)
        return -1;
    for (unsigned i = 0; i < SPREAD_RANGES; i++) {
        seen += s->range[i];
        if (seen >= wanted && seen > 0)
            return middle(i) < s->max_ms ? middle(i) : s->max_ms;
    }
    return s->max_ms;
}
