/*
 * json_node.h - a cJSON tree read with paths, so that every fault says where: "FILE: $.entities[0].columns.name".
 *
 * A node is a place in the tree, also one where nothing is. Each reader function says its own faults, with what would
 * be accepted, and lets the caller go on to the next place. Text and syntax are json_file.h.
 */
#ifndef DUALWRITE_JSON_NODE_H
#define DUALWRITE_JSON_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/faults.h"

#define JSON_FAULTS_MAX 500    /* a reader says so many and then that there are more */
#define JSON_IDENTIFIER_MAX 63 /* bytes of a PostgreSQL name (NAMEDATALEN - 1); longer ones it would cut in silence */

struct json_reader {
    const char *file;
    struct faults *faults;
    size_t said;
};

/* Lives on the stack of whoever reads that place; the nodes above it must outlive it. */
struct json_node {
    const struct json_node *up; /* NULL: the top */
    const char *key;            /* NULL: an element of an array */
    size_t index;
    const cJSON *json; /* NULL: not in the file */
};

struct json_node json_child(const struct json_node *up, const char *key);
struct json_node json_element(const struct json_node *up, size_t index, const cJSON *json);

/* Adds a fault at `n`. */
void json_fault(struct json_reader *r, enum fault_severity severity, const struct json_node *n, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* "an array", "the number", ...: for messages. */
const char *json_kind(const cJSON *json);

/* True for an object; says a fault for anything else, and for each key that is there twice. `accepted` completes
 * "write ...". */
bool json_object(struct json_reader *r, const struct json_node *n, const char *accepted);

/* json_object(), and says each key that is not one of `known`, with the nearest. */
bool json_object_of(struct json_reader *r, const struct json_node *n, const char *accepted, const char *const *known,
                    size_t count);

/* True for an array with at least one element. */
bool json_list(struct json_reader *r, const struct json_node *n, const char *accepted);

/* The string, owned by the tree; NULL with a fault for anything else. */
const char *json_string(struct json_reader *r, const struct json_node *n, const char *accepted);

/* A copy of the string when it can be a name in PostgreSQL, else NULL with a fault. */
char *json_identifier(struct json_reader *r, const struct json_node *n, const char *accepted);

/* The same question about the key of `n`. */
bool json_key_is_identifier(struct json_reader *r, const struct json_node *n);

/* A string, whole number, true, false or null as text to be freed, null as NULL. False with a fault for others. */
bool json_scalar(struct json_reader *r, const struct json_node *n, char **text);

/* Appends .key, or ["odd key"], as in a path. */
void json_path_key(struct buf *out, const char *key);

/* Appends `text` as a JSON string. */
void json_quote(struct buf *out, const char *text);

#endif
