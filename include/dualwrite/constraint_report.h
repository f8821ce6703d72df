/*
 * constraint_report.h - what there is of a rule pack's constraints, functions and triggers, and the answer of `constraints`.
 *
 * Pure. Who looks and changes is daemon/constraints.c.
 */
#ifndef DUALWRITE_CONSTRAINT_REPORT_H
#define DUALWRITE_CONSTRAINT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/pack_parts.h"

enum constraint_state {
    CONSTRAINT_IN_FORCE,
    CONSTRAINT_ABSENT,
    CONSTRAINT_UNVALIDATED, /* rows of before may be against it */
    CONSTRAINT_CHANGED,     /* ours, but of another text */
    CONSTRAINT_OFF,         /* a trigger that was switched off */
    CONSTRAINT_UNFINISHED,  /* an index without its constraint, whole or not */
    CONSTRAINT_FOREIGN,     /* somebody else's has the name: it is left alone */
    CONSTRAINT_NO_TABLE,
    CONSTRAINT_UNKNOWN,
};

/* What the database says (constraint_sql.h, CONSTRAINT_STATE). */
struct constraint_facts {
    bool there, has, valid; /* its table or schema; it; it holds for all rows, or it is switched on */
    bool named, fits;       /* an index of this name; ... that it can be made of */
    const char *comment;    /* NULL: none */
};

enum constraint_state constraint_judge(const struct pack_part *p, const char *pack, const struct constraint_facts *f);

struct constraint_result {
    const struct pack_part *part;
    enum constraint_state state;
    int64_t failing;  /* rows that are against it; -1: nobody looked */
    cJSON *samples;   /* ... keys of the first of them */
    const char *done; /* what was done, or would be: static; NULL: nothing */
    char *why;        /* what was asked for could not be done */
};

enum constraint_word { CONSTRAINTS_STATUS, CONSTRAINTS_INSTALL, CONSTRAINTS_REMOVE };

struct constraint_report {
    const char *pack;
    enum constraint_word word;
    bool dry_run;
    struct constraint_result *items;
    size_t count;
};

/* All is as it was asked for; something is not; something could not be done or looked at. */
enum constraint_verdict { CONSTRAINTS_GOOD, CONSTRAINTS_FOUND, CONSTRAINTS_UNFINISHED };
enum constraint_verdict constraint_verdict(const struct constraint_report *r);

void constraint_text(struct buf *out, const struct constraint_report *r);
void constraint_json(struct buf *out, const struct constraint_report *r);
void constraint_report_free(struct constraint_report *r);

#endif
