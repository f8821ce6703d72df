/*
 * capture.h - the SQL of `install` and `uninstall`: schema, capture triggers, guard, rights, settings, flags.
 *
 * Pure: text out. What is printed by --print-sql is this text and nothing else is executed. The templates are in
 * lib/sql/capture, the schema's versions in lib/sql/install.
 */
#ifndef DUALWRITE_CAPTURE_H
#define DUALWRITE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/flags.h"
#include "dualwrite/mapping.h"

#define CAPTURE_SCHEMA_VERSION 1
#define CAPTURE_PARTITIONS 8 /* default; at most 64 */

enum guard_mode { GUARD_ON, GUARD_RECORD, GUARD_OFF };

const char *guard_word(enum guard_mode g);

struct install_options {
    int installed_version; /* 0: the schema is not there */
    int partitions;
    enum guard_mode guard;
    int64_t outbox_max;
    const char *mapping_digest;
    struct flags flags; /* published */
};

/* The triggers and functions that hang on the application's tables: what needs locks on them, and a digest. */
void capture_hang_sql(struct buf *out, const struct mapping *m, const struct catalog *c,
                      const struct install_options *o);

/* The schema, brought to CAPTURE_SCHEMA_VERSION from installed_version: before anything else. */
void capture_schema_sql(struct buf *out, const struct install_options *o);

/* Takes every trigger and capture function of an earlier mapping away: before capture_hang_sql(). */
void capture_release_sql(struct buf *out);

/* Rights for dualwrite_daemon, settings and published flags. The last two are remembered for the next run. */
void capture_publish_sql(struct buf *out, const struct mapping *m, const struct catalog *c,
                         const struct install_options *o, const char *hang_digest, const char *ref_layout);

void capture_uninstall_sql(struct buf *out);

#endif
