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

/* The actor of removals that reconcile queues: it has judged how many they are, so daemons do not stop them. */
#define ACTOR_RECONCILE "dualwrited reconcile"

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
    bool conflicted; /* its last attempt failed on a value that another legacy row holds */
    size_t subject;  /* index in batch.subjects */
};

/* What became of a subject. PENDING ones have not been tried yet. */
enum subject_state { SUBJECT_PENDING, SUBJECT_DONE, SUBJECT_FAILED };

struct subject {
    size_t entity;
    size_t event;       /* one of its events: the one whose ref gives the identity */
    char *implicit_key; /* no event: a parent that a child needs; its source key. Owned; NULL for others */
    char **companion;   /* no event: it holds a value that another one wants; its identity. Owned; NULL for others */
    bool removal;       /* one of its events is a removal */
    bool let_through;   /* ... that failed before or comes from reconcile: it was decided that it is to be done */
    bool conflicted;    /* one of its events failed on a value that another legacy row holds */
    bool made;          /* its events say that the row was made, none was tried before: there is hardly a legacy row */
    enum subject_state state;
    size_t row;           /* its first row in batch.rows, NO_INDEX before it was read */
    bool found;           /* there is a source row */
    unsigned put_off;     /* how often it failed on another row's value, to be tried again after the others */
    size_t freed[2];      /* of those put off so many had been written the last time, and the time before */
    bool verified;        /* the legacy row was read back equal */
    char *target_key;     /* text of the legacy key, NULL when there is none; owned by its row */
    enum outcome outcome; /* FAILED: retry or park */
    char *sqlstate, *constraint, *error; /* FAILED; owned; sqlstate and constraint may be NULL */
    char *
        holder; /* FAILED: the key of the legacy row that has the value it wants, an array literal; owned; NULL: none */
};

#define NO_INDEX ((size_t) -1)

/* Whether there is a legacy row, before anybody has looked: which statement need not be tried at first. */
enum row_guess {
    GUESS_NONE,
    GUESS_NEW,   /* its events say that it was made, or its map row has just been */
    GUESS_THERE, /* the map has noted it as read back */
};

/* What vNext says for one subject and one legacy row (several when the map has several), and what is to be done. */
struct row {
    size_t subject;
    bool found;       /* there is a source row */
    bool present;     /* ... and it counts as present */
    bool noted;       /* the map says that the legacy row is equal */
    bool reserved;    /* its map row has just been made, with that note */
    char *parent;     /* text of the parent's source key; NULL when it has none */
    char *parent_key; /* ... and target key; NULL until it is known */
    char **key;       /* the target key's columns as text; NULL until they are known */
    size_t nkey;
    char **values; /* the mapped values, laid out by slots.h; NULL when not found. One block: free() it */
    char **extra;  /* ... and what the map's columns get */
    size_t length; /* of both, bytes */
    size_t needs;  /* the subject of its parent, which has no legacy row yet; NO_INDEX: none */
    enum row_guess guess;
    bool write;  /* make an existing legacy row equal */
    bool create; /* make one where there is none */
    bool remove; /* do what the mapping says of removals */
    bool shadow; /* after the write: there is a legacy row */
    bool equal;  /* ... and it is what was asked for */
};

struct batch {
    struct event *events; /* in the order of their ids */
    size_t count;
    struct subject *subjects; /* by entity, so parents come first */
    size_t nsubjects;
    struct row *rows; /* in the order in which they were read */
    size_t nrows;
    void *index;      /* of the subjects by entity and identity, for batch_parent() and batch_companion() */
    size_t *children; /* rows that need a subject, by that subject; NULL: not sorted yet */
    size_t nchildren;
    monotime claimed;
};

/* Groups the events by identity into batch->subjects. Events of unknown entities are grouped too, and fail at once. */
void batch_group(struct batch *b, const struct mapping *m);

/* The text of identity column `i` of subject `s`; NULL for SQL NULL. */
const char *subject_identity(const struct batch *b, const struct mapping *m, const struct subject *s, size_t i);

/* The first identity column of `s` that is NULL, or NULL: no legacy row can stand for such an identity. */
const char *subject_null_column(const struct batch *b, const struct mapping *m, const struct subject *s);

/* The entity of a row's subject. */
const struct mapping_entity *row_entity(const struct batch *b, const struct mapping *m, const struct row *r);

/* Adds an empty row for subject `s`; it lives until the next one is added. */
struct row *batch_add_row(struct batch *b, size_t subject);

/* Frees what a row that is in no batch owns. */
void row_free(struct row *r);

/* Decides write, create and remove of row `n`, which was read. */
void row_decide(const struct batch *b, const struct mapping *m, struct row *r);

/* ... of a row that is only looked at, as if an event of each kind were there; and whether its legacy row is as it should be. */
void row_decide_looked(struct row *r, enum removal_kind kind);
bool row_is_settled(const struct row *r, bool found, bool equal);

/* After the write: what has not failed is done. */
void batch_written(struct batch *b, const struct mapping *m);

/*
 * After the write: the guess has kept the row from being written, or may have. `some_there`: of the rows that were thought to be
 * new, some were there, nobody knows which. Not those that are not equal: what is equal to the type's operator may be another
 * value (1.5 and 1.50). If none were there, a row that is not equal was made so by legacy itself.
 */
bool row_guessed_wrong(const struct row *r, bool some_there);

/* After the write: there is a legacy row, and it was read back. */
bool row_read_back(const struct batch *b, const struct row *r);

/* What the map has noted of the row is not so. A row that failed was not read back. */
bool row_is_news(const struct batch *b, const struct row *r);

/*
 * The subject of `entity` whose source key is `key`: one of the batch, or a new one without events. It is appended, so
 * pointers to subjects do not survive the call.
 */
size_t batch_parent(struct batch *b, const struct mapping *m, size_t entity, const char *key);

/* The same for a subject with that identity, which holds a value that another one wants: it is synced along. */
size_t batch_companion(struct batch *b, const struct mapping *m, size_t entity, char *const *identity);

/* Row `row` needs subject `s`. */
void batch_need(struct batch *b, size_t row, size_t s);

/* The rows that need subject `s`; they live until the next batch_need() or batch_add_row(). */
const size_t *batch_children(struct batch *b, size_t s, size_t *count);

/* The text of the identity column of `s` that its bucket is a hash of (ref_root()). */
const char *subject_root(const struct batch *b, const struct mapping *m, const struct subject *s);

/* Fails every subject that has a row which needs subject `s`, because that one failed or is not there. */
void batch_fail_children(struct batch *b, const struct mapping *m, size_t s);

void subject_fail(struct subject *s, enum outcome outcome, const char *sqlstate, const char *constraint,
                  const char *error);

/*
 * A lookup in the target key of subject `s` found no row. Such a row may come later, so the subject waits; but for a removal
 * nothing says any more which legacy row is meant, so that is left to a person.
 */
void subject_fail_lookup(struct subject *s, const char *error);

void batch_free(struct batch *b);

#endif
