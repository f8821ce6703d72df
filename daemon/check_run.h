/*
 * check_run.h - one run of `dualwrited check`: its connections, its report, and how it asks.
 *
 * Each question is a transaction of its own that cannot write (lib/sql/check/begin.sql). What a server refuses is kept for
 * the caller, who knows what it means; nothing is printed but the progress on a terminal.
 */
#ifndef CHECK_RUN_H
#define CHECK_RUN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "dualwrite/catalog.h"
#include "dualwrite/check_report.h"
#include "dualwrite/check_value.h"
#include "settings.h"

struct check_side {
    PGconn *pq;
    const char *url;
    const char *key; /* the setting that names it */
    enum check_area area;
    struct catalog *catalog; /* NULL while not read; with one database both sides have the same */
    int64_t clock_ahead_ms, clock_uncertain_ms;
    char *encoding;
    char *identity; /* of server and database */
};

struct check_run {
    const struct settings *settings;
    int64_t sample_rows; /* 0: all */
    struct check_report report;
    struct check_side sides[2]; /* by enum database: two connections, also to one database */
    bool two;                   /* databases */
    bool installed;             /* the schema dualwrite is in the vNext database */
    bool unreachable;           /* one of them */
    bool lost;                  /* a connection broke: no use in going on */
    char *begin;                /* SQL */
    char sqlstate[6];           /* of the last refusal */
    char *error;

    const char *doing; /* progress */
    struct timespec started;
    bool terminal;
    bool shown;
};

void check_run_begin(struct check_run *run, const struct settings *settings, int64_t sample_rows);
void check_run_end(struct check_run *run);

/* What is being looked at, for a terminal, once two seconds have passed. */
void check_doing(struct check_run *run, const char *what);

/* Takes the progress off the terminal. */
void check_quiet(struct check_run *run);

/* BEGIN on that side; false after a refusal. */
bool check_open(struct check_run *run, enum database side);
void check_close(struct check_run *run, enum database side);

/* One statement within check_open(); NULL after a refusal. With nparams -1 a script. */
PGresult *check_ask(struct check_run *run, enum database side, const char *sql, int nparams, const char *const *params);

/* check_open(), check_ask() and check_close(). */
PGresult *check_look(struct check_run *run, enum database side, const char *sql, int nparams,
                     const char *const *params);

/* The last refusal as a finding: this was not looked at, and the report is not complete. */
void check_refused(struct check_run *run, enum check_area area, const char *check, const char *where);

/* The field of a row by its column's name, "" for NULL. */
const char *check_field(const PGresult *r, int row, const char *column);
int64_t check_number(const PGresult *r, int row, const char *column);
bool check_truth(const PGresult *r, int row, const char *column);

/*
 * Opens the cursor of `sql` on the vNext server and a transaction on the legacy one, and hands chunks over until `take`
 * says no. False after a refusal of the vNext server.
 */
bool check_each_chunk(struct check_run *run, const char *sql, bool (*take)(void *arg, const PGresult *chunk),
                      void *arg);

/* The second column of rows from..to, which is JSON, as one array, without those in `bad` (may be NULL); free() it. */
char *check_array(const PGresult *chunk, const bool *bad, int from, int to);

/* ---- the parts, each in a file of its own; false: no use in going on ---- */

bool check_server(struct check_run *run); /* check_server.c: both servers, clocks, LISTEN */
bool check_mapping(
    struct check_run *run);             /* check_tables.c: catalogs, the mapping against them, what hangs on tables */
void check_data(struct check_run *run); /* check_data.c: the rows of today */
void check_installation(struct check_run *run); /* check_install.c */

/* check_constants.c: what the mapping itself gives, tried by the columns' types; the indexes that "suffix" needs. */
void check_constants_of(struct check_run *run, const struct check_subject *s);

/* check_rows.c: what rows of the entity would become, tried on the legacy server. */
void check_rows_of(struct check_run *run, struct check_subject *s);

/* check_map.c */
void check_map_of(struct check_run *run, struct check_subject *s);

#endif
