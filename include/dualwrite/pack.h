/*
 * pack.h - a rule pack: what its rules.json says, as a model.
 *
 * Pure: parses JSON text (cJSON) and says everything that is wrong with it. The SQL lives in .sql files beside it: here only
 * their names are known (daemon/pack_load.c reads them), and whether they fit a mapping is pack_sql.h. The format is documented
 * in docs/packs.md.
 */
#ifndef DUALWRITE_PACK_H
#define DUALWRITE_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/faults.h"
#include "dualwrite/pack_parts.h"

#define PACK_FILE "rules.json"
#define PACK_WEIGHT_MAX 100

enum pack_severity { PACK_CRITICAL, PACK_ERROR, PACK_WARNING };

/* What of the mapping a check runs once for. */
enum pack_each {
    PACK_ONCE,   /* nothing: the pack's own SQL */
    PACK_ENTITY, /* every entity */
    PACK_MAP,    /* those with a map of their own */
    PACK_CHILD,  /* those with a parent */
    PACK_SET,    /* every column whose values the mapping knows all of */
    PACK_VALUES, /* every column with a value map */
    PACK_EACH
};

/* Which database a check runs on. */
enum pack_on { PACK_VNEXT, PACK_LEGACY };

enum pack_mend_kind {
    PACK_NO_MEND,
    PACK_MEND_SQL,   /* one statement over `table`; $1 the keys that were found */
    PACK_MEND_QUEUE, /* the daemons write what differs: events for what `reconcile` found */
    PACK_MEND_RETRY, /* the daemons try what failed again */
};

/* A file's name, and its text once it was read. */
struct pack_file {
    char *name; /* NULL: none */
    char *text;
};

struct pack_check {
    char *name, *title;
    enum pack_severity severity;
    int weight; /* points off the score while it finds something */
    enum pack_each each;
    char *column; /* only entities that write a legacy column of this name; NULL: any */
    enum pack_on on;
    const char *compares; /* it reads what `reconcile` found of this class, "missing" ..: static; NULL: it does not */
    struct pack_file find;
    struct pack_file legacy; /* what `find`, on vNext, needs of legacy's rows; no name: nothing */
    enum pack_mend_kind mends;
    struct pack_file mend;            /* PACK_MEND_SQL */
    char *done;                       /* what was done, for people; NULL without a mend */
    char *table_schema, *table, *key; /* the rows' table, and its column that `find` gives; NULL: none was named */
};

/* How much a pack's score loses (health_score.h). */
struct pack_scoring {
    int per_issue; /* points for each row that was found ... */
    int most;      /* ... up to so many */
};

struct pack {
    char *name, *title;
    char *schema; /* where names without a schema are looked up; never NULL */
    struct pack_scoring scoring;
    struct pack_check *checks;
    size_t count;
    struct pack_parts parts; /* of constraints.sql and functions.sql, which are read by daemon/pack_load.c */
};

/*
 * Reads `json` (`len` bytes, need not be NUL-terminated). `file` is the name that faults carry: syntax faults as "FILE:LINE",
 * others as "FILE: $.checks[0].weight". Returns a pack to free with pack_free(), or NULL when an error was added to `faults`.
 */
struct pack *pack_parse(const char *file, const char *json, size_t len, struct faults *faults);
void pack_free(struct pack *p);

/* "critical", "error", "warning": static. */
const char *pack_severity_word(enum pack_severity s);

/* Whether some check of it is about the mapping. */
bool pack_is_about_sync(const struct pack *p);

/* Whether some check of it reads what `reconcile` found. */
bool pack_compares(const struct pack *p);

#endif
