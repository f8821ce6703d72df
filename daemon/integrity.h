/*
 * integrity.h - rule packs at their databases: what `validate` and `monitor` have in common.
 *
 * Looking only; each look is a READ ONLY transaction of its own with a statement_timeout. Mending is integrity_fix.h. What was
 * found is judged and shown by dualwrite/integrity_report.h.
 */
#ifndef INTEGRITY_H
#define INTEGRITY_H

#include <stdbool.h>
#include <stdint.h>

#include "desk.h"
#include "dualwrite/integrity_report.h"
#include "dualwrite/pack_sql.h"

#define INTEGRITY_PACKS_MAX 16
#define INTEGRITY_WHERE_MAX 8
#define INTEGRITY_PACK "teams" /* without --pack */

/* What was asked for on the command line. */
struct integrity_asked {
    const char *config;
    const char *packs[INTEGRITY_PACKS_MAX];
    size_t npacks;
    char where_names[INTEGRITY_WHERE_MAX][64];
    const char *where_columns[INTEGRITY_WHERE_MAX]; /* point there: it is not copied */
    const char *where_values[INTEGRITY_WHERE_MAX];
    size_t nwhere;
    int period_hours;
    int samples;        /* keys to show of each look */
    int64_t timeout_ms; /* of one look */
    bool no_compare;    /* the last reconcile counts, where it is of the period */
};

struct integrity {
    const struct integrity_asked *asked;
    struct desk *desk;
    struct pack *packs[INTEGRITY_PACKS_MAX];
    struct pack_looks looks[INTEGRITY_PACKS_MAX];
    struct catalog *catalogs[2]; /* by enum database; the second NULL with one */
    char *no_sync;               /* why no look about the mapping can be taken; NULL: they can */
    cJSON *runs;                 /* integrity/compared.sql; NULL: not asked yet */
    char *no_runs;               /* ... why there is no answer */
    bool gathering;              /* the last refusal was of legacy's rows: integrity_gather() */
    char at[40];
};

/* Reads the catalogs and fills in the statements. EXIT_GOOD, or the status to exit with after saying why. */
int integrity_prepare(struct integrity *i, struct desk *desk);

/*
 * Compares where a pack asks for it (`reconcile` as a child), then looks. EXIT_GOOD, or the status to exit with when a database
 * went away, after saying so. integrity_report_free() in any case.
 */
int integrity_look(struct integrity *i, struct integrity_report *report);

/* The side that a look is taken on. */
enum database integrity_side(const struct pack_look *look);

/* Opens a transaction that cannot write for that look, with its names and legacy's rows; false after a refusal. */
bool integrity_begin(struct integrity *i, const struct pack *p, const struct pack_look *look);

/*
 * Brings the look's rows of legacy into the transaction that is open on vNext; false after a refusal. What legacy has is newer then
 * than what that transaction has read before. Nothing to do for a look that joins none.
 */
bool integrity_gather(struct integrity *i, const struct pack *p, const struct pack_look *look);

/* Where names without a schema are looked up from here on, in that transaction; false after a refusal. */
bool integrity_names(struct desk *d, enum database side, const char *schema);

/*
 * Whether what ran in this READ ONLY transaction left it without a trace, as a refusal (SQLSTATE 25006) where it did not: large
 * objects and messages are written by functions that servers do not refuse.
 */
bool integrity_only_read(struct integrity *i, enum database side);

/* What to say of the last refusal of `look`; free it. */
char *integrity_why(const struct integrity *i, const struct pack_look *look);

/* rows and samples of one look into `r`, within a transaction; false after a refusal. */
bool integrity_count(struct integrity *i, const struct pack_look *look, struct integrity_result *r);

/*
 * The whole of command `name`: settings, packs (none: INTEGRITY_PACK, but for `undoes`), databases, then `answer`. The status to exit
 * with.
 */
int integrity_command(struct integrity_asked *asked, const char *name, bool undoes,
                      int (*answer)(void *arg, struct integrity *i, struct desk *d), void *arg);

/* Options that both commands have; false: it is none of them. */
bool integrity_take(struct integrity_asked *asked, const char *name, const char *argument, int *status);

#endif
