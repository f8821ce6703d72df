/*
 * schema_read.h - asks the database for everything in a schema (lib/sql/schema_tables.sql, catalog.sql), blocking.
 */
#ifndef DUALWRITE_SCHEMA_READ_H
#define DUALWRITE_SCHEMA_READ_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "dualwrite/catalog.h"
#include "dualwrite/schema_facts.h"

/* False after printing why on stderr; then both are NULL. Free with schema_facts_free() and catalog_free(). */
bool schema_read(PGconn *pq, const char *schema, struct schema_facts **facts, struct catalog **catalog);

#endif
