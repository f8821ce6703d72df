/*
 * faults.h - everything that is wrong with an input, collected so that it can be said all at once.
 *
 * Readers of a file (config, mapping) and checks against a database add to a list and go on; the command prints the
 * list and decides the exit status. A fault says where, what, and what would be accepted or what to do next.
 */
#ifndef DUALWRITE_FAULTS_H
#define DUALWRITE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

enum fault_severity { FAULT_WARNING, FAULT_ERROR };

struct fault {
    enum fault_severity severity;
    char *where;      /* "FILE:LINE", "FILE: $.json.path", "environment", "database": owned */
    char *text;       /* one sentence without a final full stop: owned */
    const char *kind; /* a word for programs, like "type": static; NULL: none was given */
};

struct faults {
    struct fault *items;
    size_t count;
    size_t errors; /* how many of them are FAULT_ERROR */
};

void faults_add(struct faults *f, enum fault_severity severity, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Gives the fault that was added last its kind. */
void faults_kind(struct faults *f, const char *kind);

void faults_free(struct faults *f);

#endif
