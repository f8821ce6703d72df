/*
 * reconcile_run.h - one run of `dualwrited reconcile`: its connections, how it asks, how fast it goes, and its parts. `report`
 * compares its sample by the same looks.
 *
 * Comparing is done in transactions that cannot write, one snapshot for each chunk (lib/sql/reconcile/look.sql), with the
 * session of a daemon's batch, so that values look the same as text. What is decided is lib/core/reconcile.c.
 */
#ifndef RECONCILE_RUN_H
#define RECONCILE_RUN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "dualwrite/catalog.h"
#include "dualwrite/monotime.h"
#include "dualwrite/reconcile.h"
#include "dualwrite/reconcile_report.h"
#include "dualwrite/sqlcompare.h"
#include "dualwrite/sqlgen.h"
#include "pair.h"

#define RECONCILE_ENTITIES_MAX 64

struct reconcile_options {
    const char *config;
    const char *entities[RECONCILE_ENTITIES_MAX]; /* --entity; none: all */
    size_t nentities;
    int64_t chunk;     /* rows that one look takes */
    int64_t max_chunk; /* ... where the servers compare by themselves and the rows are short */
    int64_t rate, max_lag_ms, settle_ms;
    int sample, removal_share;
    bool resume, fix, dry_run, no_wait, allow_removals, json;
};

enum reconcile_pass { PASS_VNEXT, PASS_LEGACY, PASS_DONE };

/* How far one entity has got: a row of dualwrite.reconcile. */
struct reconcile_progress {
    size_t entity; /* in the mapping */
    enum reconcile_pass pass;
    char *position; /* of that pass, as the server writes an array; NULL: it has not begun */
    char *last[2];  /* the key, so written, with which the pass on that side ends; NULL: the table is empty */
    int64_t vnext_rows, vnext_seen, legacy_rows, legacy_seen, unmapped;
};

struct reconcile_run {
    const char *name; /* of the command, for messages */
    const struct reconcile_options *options;
    const struct settings *settings;
    const struct mapping *mapping;
    struct pair pair;
    PGconn *beside[2]; /* by side as in the pair: of the second lane, see reconcile_glance(); NULL: there is none */
    struct catalog *catalog[2]; /* of each connection */
    struct catalogs catalogs;
    struct plan *plan;
    struct compare_plan *compare;
    char *digest;  /* of the mapping */
    char *timeout; /* of a statement, ms */
    char *begun;   /* when this run was begun, which says of its tables whether they are about it still */
    struct reconcile_progress *progress;
    size_t nprogress;
    monotime noted;   /* when it was last written down how far the run has got */
    bool broken;      /* no use in going on: the report says why */
    char *why;        /* ... */
    char sqlstate[6]; /* of the last refusal, "" for a lost connection */
    char *error;

    monotime pass_began; /* since when rows are counted for the rate */
    int64_t pass_rows;
    monotime paced; /* when the lag was asked for last */
    int64_t daemons;
    bool enabled;
    int64_t lag_ms, waiting;

    char doing[160]; /* progress on a terminal */
    monotime started;
    bool terminal, shown;
};

/* A row that may differ. */
struct reconcile_suspect {
    int64_t id; /* of the finding; 0: it is none yet */
    char *ref;  /* JSON array of texts, as an event's */
    bool removal;
    enum reconcile_judgement judgement;
    struct reconcile_look look; /* the last one */
};

/* ---- reconcile_prepare.c ---- */

/*
 * Connects, and makes plans from the mapping and the live tables. EXIT_GOOD, or the status to exit with after saying what is
 * wrong; reconcile_forget() is called in any case. `installed` of a command that only looks: it may do without the schema,
 * and without rights to write; NULL: it may not.
 */
int reconcile_prepare(struct reconcile_run *run, bool *installed);
void reconcile_forget(struct reconcile_run *run);

/* ---- reconcile_run.c: asking ---- */

monotime reconcile_now(void);

/* One statement; NULL after a refusal. With nparams -1 a script. */
PGresult *reconcile_ask(struct reconcile_run *run, enum database side, const char *sql, int nparams,
                        const char *const *params);

/* Opens a transaction with the session of a batch: one that only looks, or one that writes our tables. */
bool reconcile_open(struct reconcile_run *run, enum database side, bool writes);
void reconcile_close(struct reconcile_run *run, enum database side);
bool reconcile_commit(struct reconcile_run *run, enum database side);

/* reconcile_open(), one statement, and the end. */
PGresult *reconcile_query(struct reconcile_run *run, enum database side, const char *sql, int nparams,
                          const char *const *params);

/* A connection of its own for each lane. */
enum { RECONCILE_LANES = 2 };

/* The same in one round trip: after reconcile_send() the answer is to be had from reconcile_collect(). */
bool reconcile_send(struct reconcile_run *run, enum database side, size_t lane, const char *sql, int nparams,
                    const char *const *params);
PGresult *reconcile_collect(struct reconcile_run *run, enum database side, size_t lane);

/* Writes our own tables: one statement and COMMIT; false after a refusal, which ends the run. */
bool reconcile_note(struct reconcile_run *run, const char *sql, int nparams, const char *const *params);

/* The last refusal was that the connection is gone, or that the server ends. */
bool reconcile_lost(const struct reconcile_run *run);

/* The last refusal is not one row's: the run ends, and says why. `what` it was doing. */
void reconcile_break(struct reconcile_run *run, const char *what);

/*
 * What to do about the last refusal of a question over `count` rows, after adding it to *tries. RECONCILE_STOP: the run has
 * been ended, and says why; `what` it was doing.
 */
enum reconcile_refusal reconcile_refused(struct reconcile_run *run, size_t count, int *tries, const char *what);

/* The field of a row by its column's name, "" for NULL. */
const char *reconcile_field(const PGresult *r, int row, const char *column);
int64_t reconcile_number(const PGresult *r, int row, const char *column);
bool reconcile_truth(const PGresult *r, int row, const char *column);

/* ---- pace and progress ---- */

/* Reads how the sync keeps up. */
bool reconcile_pace(struct reconcile_run *run);

/* The rate is counted from here. */
void reconcile_pass_begins(struct reconcile_run *run);

/* After `rows` more: rests as long as the rate asks for, and while the sync lags behind; false: the run ends. */
bool reconcile_rest(struct reconcile_run *run, int64_t rows);
void reconcile_sleep_ms(struct reconcile_run *run, int64_t ms);
void reconcile_doing(struct reconcile_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void reconcile_quiet(struct reconcile_run *run);

/* ---- reconcile_look.c ---- */

/*
 * One look at each of `items`, all of `entity`: looks[i], which reconcile_look_free() frees. Of several items with one
 * identity only one gets a look; the others count as equal. `doubt`: with versions and events, as a judgement needs them.
 * False: the run ends.
 */
bool reconcile_look(struct reconcile_run *run, size_t entity, const struct reconcile_suspect *items, size_t count,
                    bool doubt, struct reconcile_look *looks);

/* Two looks in a row, and the judgement over them. */
bool reconcile_confirm(struct reconcile_run *run, size_t entity, struct reconcile_suspect *items, size_t count,
                       bool last);
void reconcile_suspects_free(struct reconcile_suspect *items, size_t count);

/* ---- reconcile_glance.c ---- */

/* A chunk that the servers have compared by themselves. */
struct reconcile_chunk {
    PGresult *
        rows; /* of the side that is walked: one row with "rows" and "position", and what the other one was asked with */
    PGresult *found; /* what that had to say; NULL: there are no rows */
};

/* Several at once, one after the other in the order of their keys. */
struct reconcile_glance {
    struct reconcile_chunk chunks[RECONCILE_LANES];
    size_t count;
    int64_t next; /* how many rows the next ones take; 0: none was taken yet */
};

/* How a side is walked: statements of the plan, and the first parameter of `take` among the columns of `give`. */
struct reconcile_way {
    enum database side;
    enum compare_step middle, give, take;
    const char *first;
};

/*
 * The next chunks of a pass from where it is. With a second connection there are two of them, so that each server has as much to
 * do for us as two sessions can ask for. False: the servers cannot tell, and the next chunk is to be looked at row by row.
 */
bool reconcile_glance(struct reconcile_run *run, const struct reconcile_progress *p, const struct reconcile_way *way,
                      struct reconcile_glance *g);
void reconcile_glance_clear(struct reconcile_glance *g);

/* Opens the second connections, where nobody asked for a pace. Without them it only takes longer. */
void reconcile_open_lanes(struct reconcile_run *run);

/* ---- reconcile_scan.c ---- */

/* Both passes over one entity, from where they are. False: the run ends. */
bool reconcile_scan(struct reconcile_run *run, struct reconcile_progress *p);

/* Where its passes will end, before the first one begins: the later ones would have the more to do the longer the earlier ones
 * take, while writers add rows. */
bool reconcile_bound(struct reconcile_run *run, struct reconcile_progress *p);

/* ---- reconcile_store.c ---- */

/* A new run, or with --resume the one that is there. EXIT_GOOD, or the status to exit with after saying why. */
int reconcile_store_open(struct reconcile_run *run);
bool reconcile_store_step(struct reconcile_run *run, const struct reconcile_progress *p,
                          const struct reconcile_suspect *found, size_t count);

/* Findings in `state` after `id`, of one entity: *items to be freed with reconcile_suspects_free(). */
bool reconcile_store_again(struct reconcile_run *run, const char *state, int64_t id, size_t *entity,
                           struct reconcile_suspect **items, size_t *count);

/* Writes down what became of findings: what the state of one is called that is gone, confirmed or open; NULL: as it was. */
bool reconcile_store_judge(struct reconcile_run *run, const struct reconcile_suspect *items, size_t count,
                           const char *gone, const char *confirmed, const char *open);

/* Fills the counts of the report. */
bool reconcile_store_count(struct reconcile_run *run, struct reconcile_report *report);

/* ---- reconcile_mend.c ---- */

/* Looks again at what is in flight, until it is settled or the time is up. */
bool reconcile_settle(struct reconcile_run *run);

/* Queues what is confirmed, and waits until it is applied. */
bool reconcile_fix(struct reconcile_run *run, const struct reconcile_report *plan);

/* Looks at a few rows of each kind again, for their values. */
bool reconcile_samples(struct reconcile_run *run, struct reconcile_report *report);

#endif
