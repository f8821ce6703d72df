/*
 * preflight.h - what must be true before any work: server, installation, mapping against the catalog, rights.
 *
 * Runs on a fresh connection; its product is the plan. Run again after each reconnection, because the schema may have
 * changed meanwhile.
 */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "dualwrite/faults.h"
#include "dualwrite/mapping.h"
#include "dualwrite/pgconn.h"
#include "dualwrite/sqlgen.h"

enum preflight_verdict {
    PREFLIGHT_GOOD,      /* plan is there */
    PREFLIGHT_WAIT,      /* not installed, or by another version: an operator will see to it */
    PREFLIGHT_BAD,       /* faults: the configuration does not fit the database */
    PREFLIGHT_UNANSWERED /* the connection or a statement failed */
};

struct preflight_answer {
    enum preflight_verdict verdict;
    struct plan *plan;      /* GOOD: handed over */
    const char *why;        /* WAIT, UNANSWERED */
    struct faults faults;   /* BAD: errors; GOOD: maybe warnings; handed over */
    const char *own_digest; /* of the mapping that was asked about; NULL when not known */
};

typedef void (*preflight_done)(void *arg, struct preflight_answer *answer);

struct preflight;

/* The connections are the same when there is one database. */
struct preflight *preflight_new(struct pgconn *vnext, struct pgconn *legacy, preflight_done done, void *arg);

/* The arguments must live until done. `name` is what faults call the mapping, `text` what its digest is taken of. */
void preflight_start(struct preflight *p, const char *name, const char *text, const struct mapping *mapping);
void preflight_free(struct preflight *p);

#endif
