/*
 * check_stream.h - counting the rows of today that the legacy table would not take: what each would become is streamed
 * from the vNext server and tried on the legacy one, whether they are two or one. Statements as text, to free.
 *
 * Pure; the templates are in lib/sql/check. In the stream column N of the target is called fN, a map's legacy key t0.
 */
#ifndef DUALWRITE_CHECK_STREAM_H
#define DUALWRITE_CHECK_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/check_keys.h"

/* On the vNext server: the cursor dualwrite_check over k and fields, a JSON object with k, t0 and the needed fN. */
char *check_stream_sql(const struct check_subject *s, const bool *needed);

/* On the legacy server, $1 an array of such objects: fails when a value does not fit its column's type. Of the columns
 * that check_tries() only number `only`, or with ncolumns all. */
char *check_try_sql(const struct check_subject *s, const bool *needed, size_t only);

/* rows, k: those that would take what another legacy row has. */
char *check_taken_sql(const struct check_subject *s, const struct catalog_unique *u);

/* rows, k: those whose referenced row is not there. */
char *check_orphans_sql(const struct check_subject *s, const struct catalog_foreign *f);

/* On the vNext server, without the stream: groups, rows, k of those that would give several legacy rows the same. */
char *check_twice_sql(const struct check_subject *s, const struct catalog_unique *u);

#endif
