/*
 * catalog_parse.h - asks for and reads the JSON document of lib/sql/catalog.sql.
 *
 * Pure: the query's parameters come out as text, its answer goes in as text. Who sends it is lib/pg's business.
 */
#ifndef DUALWRITE_CATALOG_PARSE_H
#define DUALWRITE_CATALOG_PARSE_H

#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/*
 * The two array parameters of catalog.sql for the tables that the mapping names in the vNext database, the legacy one, or
 * (`both`) in the one that is both; free() each.
 */
void catalog_parameters(const struct mapping *m, bool vnext, bool legacy, char *parameters[2]);

/* NULL when `json` is not what the query returns. Free with catalog_free(). */
struct catalog *catalog_parse(const char *json);

#endif
