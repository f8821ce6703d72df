/*
 * conninfo.h - connection strings: checked, completed with our defaults, and shown without secrets.
 *
 * Uses libpq's own parser and nothing else of libpq; opens no connection.
 */
#ifndef DUALWRITE_CONNINFO_H
#define DUALWRITE_CONNINFO_H

#include <stddef.h>

#define CONNINFO_MAX 64

/* Keyword and value arrays for PQconnectStartParams(), ending with NULL; the strings are owned. */
struct conninfo {
    char *keywords[CONNINFO_MAX];
    char *values[CONNINFO_MAX];
    size_t count;
};

/*
 * Parses `url` (URL or keyword string, "" for libpq's own defaults). Fills in application_name "dualwrited/NAME" and TCP keepalive and timeout
 * settings where the string has none. Returns NULL, and in *why (free it) what is wrong without repeating the string,
 * because a password may stand anywhere in a malformed one.
 */
struct conninfo *conninfo_parse(const char *url, const char *name, char **why);
void conninfo_free(struct conninfo *c);

/* The value in force for `keyword`, from the string or libpq's environment and defaults; NULL when there is none. */
const char *conninfo_get(const struct conninfo *c, const char *keyword);
void conninfo_set(struct conninfo *c, const char *keyword, const char *value);

/*
 * Leaves only the `n`-th (modulo their number) of the comma-separated hosts, with its hostaddr and port, and returns how
 * many there were. libpq would try them in turn within one attempt, and a host that swallows packets would use up the
 * time of all.
 */
size_t conninfo_pick(struct conninfo *c, size_t n);

/* "host=db1 port=5432 dbname=app user=web": what may be logged; free() it. */
char *conninfo_shown(const struct conninfo *c);

/* The same of a connection string; of one that cannot be read, why not. free() it. */
char *conninfo_shown_of(const char *url);

#endif
