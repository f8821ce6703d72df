/*
 * capture.h - the SQL of `install` and `uninstall`: schema, capture triggers, guard, rights, settings, flags.
 *
 * Pure: text out. What is printed by --print-sql is this text and nothing else is executed. The templates are in
 * lib/sql/capture, the schema's versions in lib/sql/install. With two databases each gets a text of its own, of one side.
 */
#ifndef DUALWRITE_CAPTURE_H
#define DUALWRITE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/flags.h"
#include "dualwrite/mapping.h"

#define CAPTURE_SCHEMA_VERSION 6
#define CAPTURE_WORKS_WITH 3 /* a daemon made for this schema version, or a later one, works with ours too */
#define CAPTURE_PARTITIONS 8 /* default; at most 64 */

enum guard_mode { GUARD_ON, GUARD_RECORD, GUARD_OFF };

const char *guard_word(enum guard_mode g);

/* What of an installation a database holds: everything, or with two databases sources and maps here, targets there. */
enum install_side { SIDE_BOTH, SIDE_VNEXT, SIDE_LEGACY };

/* As the setting `side` has it: "both", "vnext", "legacy". */
const char *side_word(enum install_side s);

struct install_options {
    int installed_version; /* 0: the schema is not there */
    enum install_side side;
    enum install_side installed_side; /* as it was; what was hung and granted for it is taken away */
    const char *installation;         /* two databases: the name of the pair, in both; NULL with one */
    const char *legacy_database;      /* SIDE_VNEXT: where the other one is, as it may be shown; else NULL */
    bool repartitioned;               /* the partitions stand for other buckets than before */
    int64_t epoch_above;              /* ... with two databases: epochs go on from here */
    const bool *missed;               /* by entity: changes of it were not captured, so all is queued anew; or NULL */
    bool rehearsed;                   /* will be rolled back: nothing of what a rollback does not take back */
    int partitions;
    enum guard_mode guard;
    int64_t outbox_max;
    const char *mapping_digest;
    struct flags flags; /* published */
};

/*
 * The triggers and functions that hang on the application's tables: what needs locks on them, and a digest. `c` is the
 * catalog of this side's tables.
 */
void capture_hang_sql(struct buf *out, const struct mapping *m, const struct catalog *c,
                      const struct install_options *o);

/* How many triggers that makes. */
long capture_hang_count(const struct mapping *m, const struct install_options *o);

/* The schema, brought to CAPTURE_SCHEMA_VERSION from installed_version: before anything else. */
void capture_schema_sql(struct buf *out, const struct install_options *o);

/* Takes every trigger and capture function of an earlier mapping away: before capture_hang_sql(). */
void capture_release_sql(struct buf *out);

/* Rights for dualwrite_daemon, settings and published flags. The last two arguments are remembered for the next run;
 * `ref_layout` is not used on SIDE_LEGACY, where no event waits. */
void capture_publish_sql(struct buf *out, const struct mapping *m, const struct catalog *c,
                         const struct install_options *o, const char *hang_digest, const char *ref_layout);

/* `role`: the role too, where nothing else uses it. */
void capture_uninstall_sql(struct buf *out, bool role);

#endif
