/*
 * change.h - claimed events, and the subjects they are about.
 *
 * An event is a doorbell: it names a source row and an operation. A subject is one identity of one entity with all the
 * events of the batch that name it; it is read and written once, however often it changed. Pure: claim fills events in,
 * apply works on subjects and leaves the outcome in them, ack and the log read it.
 */
#ifndef DUALWRITE_CHANGE_H
#define DUALWRITE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/mapping.h"
#include "dualwrite/monotime.h"
#include "dualwrite/outcome.h"

struct event {
    int64_t id;
    size_t entity; /* index in the mapping; == mapping.count when the mapping does not know it */
    char *operation;
    char **ref; /* ref_count() texts, laid out by ref.h; an item may be NULL */
    size_t nref;
    char *actor;       /* NULL: unknown */
    int attempt;       /* this one's number, from 1 */
    int failed_before; /* attempts that failed by themselves, from dualwrite.failed: what the limit counts */
    int64_t age_ms;    /* from commit (or capture) to the claim, on the database's clock */
    bool age_from_commit;
    size_t subject; /* index in batch.subjects */
};

/* What became of a subject. PENDING ones have not been tried yet. */
enum subject_state { SUBJECT_PENDING, SUBJECT_DONE, SUBJECT_FAILED };

struct subject {
    size_t entity;
    size_t event; /* one of its events: the one whose ref gives the identity */
    bool removal; /* one of its events is a removal */
    enum subject_state state;
    bool found;                          /* there is a source row */
    bool second_try;                     /* it failed once on another row's value and is tried again after the others */
    bool verified;                       /* the legacy row was read back equal */
    char *target_key;                    /* text of the legacy key, NULL when there is none; owned */
    enum outcome outcome;                /* FAILED: retry or park */
    char *sqlstate, *constraint, *error; /* FAILED; owned; sqlstate and constraint may be NULL */
};

struct batch {
    struct event *events; /* in the order of their ids */
    size_t count;
    struct subject *subjects; /* by entity, so parents come first */
    size_t nsubjects;
    monotime claimed;
};

/* Groups the events by identity into batch->subjects. Events of unknown entities are grouped too, and fail at once. */
void batch_group(struct batch *b, const struct mapping *m);

/* The text of identity column `i` of subject `s`; NULL for SQL NULL. */
const char *subject_identity(const struct batch *b, const struct mapping *m, const struct subject *s, size_t i);

/* The first identity column of `s` that is NULL, or NULL: no legacy row can stand for such an identity. */
const char *subject_null_column(const struct batch *b, const struct mapping *m, const struct subject *s);

void subject_fail(struct subject *s, enum outcome outcome, const char *sqlstate, const char *constraint,
                  const char *error);

void batch_free(struct batch *b);

#endif
