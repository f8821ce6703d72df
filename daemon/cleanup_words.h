/*
 * cleanup_words.h - what `rollback cleanup` says: the plan, the result, its checklist, the same as JSON.
 */
#ifndef CLEANUP_WORDS_H
#define CLEANUP_WORDS_H

#include "cleanup.h"

struct cleanup_done {
    bool did;
    struct cleanup_steps steps; /* with what was deleted */
    bool checked;               /* looked again */
    double left;                /* ... and found so many of these rows, */
    double events_left;         /* and so many events of them */
};

void cleanup_print_plan(const struct cleanup_run *run, const struct cleanup_plan *plan,
                        const struct cleanup_steps *steps, bool dry_run);
void cleanup_print_done(const struct cleanup_plan *plan, const struct cleanup_done *done);

/* A run that was cut off, as noted.sql has it. */
void cleanup_print_unfinished(const PGresult *r, double rows, bool dry_run);

/* Adds the keys of a plan and its result to a document. */
void cleanup_json(cJSON *document, const struct cleanup_run *run, const struct cleanup_plan *plan,
                  const struct cleanup_done *done);
void cleanup_print_json(const cJSON *document);

#endif
