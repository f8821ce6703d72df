/*
 * smoke_run.h - what the parts of `dualwrited smoke` share: the run, its rows, and how it asks and waits. Internal to
 * cmd_smoke.c and smoke_*.c.
 */
#ifndef SMOKE_RUN_H
#define SMOKE_RUN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "desk.h"
#include "dualwrite/smoke_sql.h"
#include "dualwrite/sqlgen.h"

struct smoke_asked {
    const char *config;
    const char *base_url;
    const char *api_file;
    struct smoke_set *sets;
    size_t nsets;
    const char **logs;
    size_t nlogs;
    int64_t timeout_ms;
    long perf;
    bool api, keep, json, with_daemon, fail_on_errors;
};

/* One test row, as it is known. */
struct smoke_row {
    size_t entity;
    cJSON *key;      /* array of texts; NULL: there is no row */
    cJSON *identity; /* ... of texts or null */
    bool in_legacy;
};

struct smoke {
    const struct smoke_asked *asked;
    struct desk *d;
    const struct mapping *mapping;
    struct catalog *read[2]; /* with one database the first alone */
    struct catalogs catalogs;
    struct plan *plan;
    cJSON *api;       /* NULL: via SQL */
    cJSON *variables; /* of the API */
    char run[9];
    char name[100];
    struct smoke_row root, child; /* entity == mapping->count: there is none */
    cJSON *made;                  /* the keys of every root row that was made: arrays of texts */
    char *missing;                /* a table of the mapping that is not there; NULL: all are */
    long long guard_mark;         /* -1: no guard */
    int64_t *log_from;            /* where each log ended at the beginning of a flow */
    cJSON *doc;
};

/* What became of a change. */
struct smoke_arrival {
    bool arrived;
    double lag_ms;
    char *reason, *next; /* not arrived: why, and the command to run; owned by the caller */
};

/* Catches SIGINT and SIGTERM, once each: the run ends early, and cleans up. The number of the one that came; 0: none. */
void smoke_catch(void);
int smoke_interrupted(void);

/* A clock in ms that only goes forward; a nap that a signal cuts short. */
double smoke_now(void);
void smoke_nap(int ms);

/* EXIT_GOOD with catalogs and plan, or with `missing`; else the status to exit with, said on stderr. */
int smoke_prepare(struct smoke *s);
void smoke_free(struct smoke *s);

/* May a change arrive at all? False: why not, and what to run. */
bool smoke_may_arrive(struct smoke *s, char **reason, char **next);

/*
 * Waits until no event of `row` waits, of transaction `xid` where that is known, or one has failed, or the time is up. `from`
 * is when the change was committed.
 */
void smoke_await(struct smoke *s, const struct smoke_row *row, const char *xid, double from, double timeout_ms,
                 struct smoke_arrival *a);

/*
 * Both sides of a row: {entity, vnext_table, vnext_key, legacy_table, found, present, map_verified, legacy {key, found, equal,
 * columns}}. `within` the open transaction of the vNext connection. NULL: refused, see the desk.
 */
cJSON *smoke_look(struct smoke *s, const struct smoke_row *row, bool within);

/* The first column of rows by PLAN_READ: adds each legacy key (arrays of texts) of these identities to `keys`. */
bool smoke_legacy_keys(struct smoke *s, size_t entity, const cJSON *identities, cJSON *keys);

/* Per column of `width`, one array of PostgreSQL of what `keys` (arrays of texts) have there; free each and the list. */
char **smoke_arrays(const cJSON *keys, size_t width);
void smoke_arrays_free(char **arrays, size_t width);

/* Logs: where they end now; the completed line that came since, waited for a moment. NULL: none, see *why. */
void smoke_log_mark(struct smoke *s);
char *smoke_log_line(struct smoke *s, const char *operation, const struct smoke_row *row, char **why);

/* "text (SQLSTATE 23505)" of the desk's last refusal. */
char *smoke_refusal(const struct smoke *s);
char *smoke_text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The parts of a run. */
void smoke_flows(struct smoke *s); /* smoke_flows.c: all five, by SQL or API */
bool smoke_write(struct smoke *s, int flow, cJSON *entry, char **xid, double *committed); /* smoke_write.c: by SQL */
bool smoke_request(struct smoke *s, int flow, cJSON *entry, double *committed);           /* smoke_request.c: by API */
void smoke_measure(struct smoke *s);                                                      /* smoke_measure.c: --perf */

/* One more root row, called `name`: how long its creation took. False: refused, see *why. */
bool smoke_write_one(struct smoke *s, const char *name, double *ms, char **why);
bool smoke_request_one(struct smoke *s, const char *name, double *ms, char **why);

void smoke_clean(struct smoke *s); /* smoke_clean.c: takes it all away */

#endif
