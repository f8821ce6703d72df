/*
 * json_file.h - the text of a JSON file as a cJSON tree, or its syntax faults with their lines.
 *
 * Stricter than cJSON, which lets through what a person did not mean: control characters, \u0000 (it would cut the
 * string there), bytes that are not UTF-8, numbers that a double cannot hold exactly, text after the end. What the
 * keys mean is not its business (json_node.h helps with that). Opens no file.
 */
#ifndef DUALWRITE_JSON_FILE_H
#define DUALWRITE_JSON_FILE_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "dualwrite/faults.h"

#define JSON_FILE_MAX ((size_t) 4 * 1024 * 1024) /* bytes; a file beyond it is refused unread */
#define JSON_FILE_DEPTH 32                       /* objects and arrays within each other */

/*
 * Reads `text` (`len` bytes, need not be NUL-terminated, may be NULL when len is 0). Faults carry "FILE:LINE". Returns
 * a tree to free with cJSON_Delete(), or NULL when the text is not JSON. A tree may come with faults (a number that
 * is not whole): count faults->errors. Duplicate keys are still in the tree: json_object() finds them.
 */
cJSON *json_file_parse(const char *file, const char *text, size_t len, struct faults *faults);

/* The same for what a program wrote: numbers may have fractions and are doubles, and how much it is the caller decides. */
cJSON *json_file_parse_document(const char *file, const char *text, size_t len, struct faults *faults);

#endif
