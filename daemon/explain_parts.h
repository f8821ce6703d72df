/*
 * explain_parts.h - what the parts of explain.c share: the story while it is gathered, and how it asks. Internal to
 * explain.c, explain_find.c and explain_ask.c.
 */
#ifndef EXPLAIN_PARTS_H
#define EXPLAIN_PARTS_H

#include <cjson/cJSON.h>
#include <libpq-fe.h>

#include "dualwrite/sqlgen.h"
#include "explain.h"

struct story {
    struct desk *d;
    const struct mapping *mapping;
    size_t entity;
    const struct mapping_entity *e;
    struct catalog *read[2]; /* with one database the first alone */
    struct catalogs catalogs;
    struct plan *plan;
    cJSON *key;      /* array of texts; the source key */
    cJSON *identity; /* array of texts or null: the identity, in its order */
    cJSON *doc;
    int status;
};

/* One look that cannot write; NULL after a refusal. */
PGresult *story_look(struct story *s, enum database side, const char *sql, int nparams, const char *const *params);

/* The field of a row by its column's name; NULL for NULL. */
const char *story_field(const PGresult *r, int row, const char *column);
bool story_truth(const PGresult *r, int row, const char *column);

/* The JSON that it holds, null for NULL. */
cJSON *story_json(const PGresult *r, int row, const char *column);
cJSON *story_text(const char *text);

/* The texts of an array as parameters; free the array, not the texts. */
const char **story_texts(const cJSON *array);

/* ... and as one array of PostgreSQL; free() it. */
char *story_array(const cJSON *array);

/* `names` with the texts of `values` in their order. */
cJSON *story_named(const struct mapping_names *names, const cJSON *values);

/* Says the last refusal, sets the status to exit with; false. */
bool story_refused(struct story *s, const char *what);

/* The last refusal was about data, not about rights, locks or the connection. */
bool story_about_data(const struct desk *d);

/* explain_find.c: fills in entity, key and identity of the row that is meant; false after saying why not. */
bool explain_find(struct story *s, const struct explain_wanted *w);

#endif
