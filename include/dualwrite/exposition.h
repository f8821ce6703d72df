/*
 * exposition.h - the text that Prometheus reads: OpenMetrics 1.0, or Prometheus' own text format 0.0.4.
 *
 * Families are begun with exposition_family() and followed by their samples. What differs between the two formats (the names of
 * counters and infos, units, the end, times) is in here. Pure. Which metrics there are is metrics.h's.
 */
#ifndef DUALWRITE_EXPOSITION_H
#define DUALWRITE_EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"

enum exposition_type { EXPOSITION_GAUGE, EXPOSITION_COUNTER, EXPOSITION_HISTOGRAM, EXPOSITION_INFO };

struct exposition {
    struct buf *out;
    bool open;        /* OpenMetrics */
    const char *name; /* of the family begun last */
    enum exposition_type type;
};

/* A label's name and value. */
struct exposition_label {
    const char *name, *value;
};

/* `name` without _total or _info; `unit` is its last word, NULL: it has none. `help` is one sentence. */
void exposition_family(struct exposition *e, const char *name, enum exposition_type type, const char *unit,
                       const char *help);

/* A sample of the family; labels end at the first without a name. A number that is none (NaN) is left out. */
void exposition_sample(struct exposition *e, const struct exposition_label labels[2], double value);

/* A histogram in milliseconds, shown in seconds: `bucket` has n + 1 counts, the last of what is above every bound. */
void exposition_histogram(struct exposition *e, const int64_t *bounds_ms, const int64_t *bucket, size_t n,
                          int64_t sum_ms);

void exposition_end(struct exposition *e);

#endif
