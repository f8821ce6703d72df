/*
 * settings.h - the env file, the environment and the mapping file, read together.
 *
 * The edge between files and the pure readers (config.h, mapping.h). Blocking file I/O: `run` calls it before the loop
 * starts and, for a reload, on a worker thread. It logs nothing: faults go back to the caller.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/config.h"
#include "dualwrite/faults.h"
#include "dualwrite/mapping.h"

#define SETTINGS_URL "DUALWRITE_DATABASE_URL"
#define SETTINGS_LEGACY_URL "DUALWRITE_LEGACY_DATABASE_URL"

struct settings {
    char *file; /* the env file; NULL: none is used */
    struct config *config;
    char *mapping_name; /* for messages: the file, or "built-in mapping" */
    char *mapping_text; /* without white space and comments: what the digest is taken of */
    struct mapping *mapping;
    uint64_t content; /* of both files as they were read, as settings_content() has it */
};

/*
 * `option` is the argument of --config or NULL; then $DUALWRITE_CONFIG, then the default file if it is there.
 * `before` as in config_parse(). NULL when `faults` has errors. Free with settings_free().
 */
struct settings *settings_load(const char *option, const struct config *before, struct faults *faults);
void settings_free(struct settings *s);

/* The same without the mapping, for a command that makes one: mapping and its texts are NULL. */
struct settings *settings_load_without_mapping(const char *option, struct faults *faults);

/* A hash of what is in both files, "" for none; false when one is not there, or is no file. */
bool settings_content(const char *file, const char *mapping_file, uint64_t *content);

/* The legacy tables are in a database of their own: the second URL is set, and not word for word the first. */
bool settings_two_databases(const struct settings *s);

/* The file that settings_load() would read, whether it can or not; NULL: none. Not owned. */
const char *settings_file(const char *option);

#endif
