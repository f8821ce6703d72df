/*
 * dump.h - what `rollback backup` and `rollback restore` share: their databases, the files, looking through a file.
 *
 * Dumps are made and read by pg_dump, pg_restore, psql and gzip, as children. Whatever a file's format, what comes out of it is
 * SQL text: it is looked through (dump_scan.h) before it is given to psql.
 */
#ifndef DUMP_H
#define DUMP_H

#include <cjson/cJSON.h>
#include <libpq-fe.h>
#include <time.h>

#include "child.h"
#include "dualwrite/catalog.h"
#include "dualwrite/dump_scan.h"
#include "settings.h"

enum dump_format { DUMP_CUSTOM, DUMP_PLAIN, DUMP_GZIP };

/* A side of the run: with one database only the vNext one, which has everything. */
struct dump_side {
    bool wanted;
    const char *word; /* "vnext", "legacy"; "both" where there is one database */
    PGconn *pq;
    const char *url;
    char *shown;
    char *file;
    const struct mapping_table **tables; /* of the mapping, each once */
    size_t ntables;
    bool installed; /* the schema dualwrite is there */
};

struct dump_run {
    const char *name; /* of the command, for messages */
    const struct settings *settings;
    bool two;
    struct dump_side sides[2];
    enum dump_format format;
    struct timespec started; /* of what is being done */
    const char *doing;
    bool terminal, on_screen;
};

/* The format by the file's name; false after saying which there are. */
bool dump_format_of(const char *command, const char *file, enum dump_format *format);

/*
 * Connects to the vNext database, which has the override, and to those that are wanted; chooses sides by `which` ("vnext", "legacy", "both" or NULL) and
 * names their files: FILE with one side, FILE.vnext.dump and FILE.legacy.dump for FILE.dump with two. EXIT_GOOD or the status to
 * exit with. dump_end() is called in any case.
 */
int dump_begin(struct dump_run *run, const char *which, const char *file);
void dump_end(struct dump_run *run);

/* Progress on a terminal after two seconds; a tick for child_wait(). */
void dump_doing(struct dump_run *run, const char *what);
void dump_tick(void *arg);
void dump_quiet(struct dump_run *run);

/* A statement; NULL after the server's refusal has been printed. */
PGresult *dump_ask(struct dump_run *run, enum database side, const char *sql, int nparams, const char *const *params);

/* How many rows a table has; -1 after a refusal. */
double dump_count(struct dump_run *run, enum database side, const struct mapping_table *table);

/* Starts what turns the file into SQL text on `out`. */
bool dump_feed(struct child *c, const char *file, enum dump_format format, int out);

/* Reads the whole file. EXIT_GOOD, or EXIT_INPUT after saying what is wrong with it. */
int dump_look_through(struct dump_run *run, const char *file, struct dump_scan *scan);

/* The file's SHA-256 as hex digits; NULL after saying why not. */
char *dump_digest(struct dump_run *run, const char *file);

/* FILE.manifest.json; free() it. */
char *dump_manifest_name(const char *file);

/* Runs an operator's command with the shell; its exit status, after saying which it was when it is not 0. */
int dump_hook(struct dump_run *run, const char *option, const char *command);

#endif
