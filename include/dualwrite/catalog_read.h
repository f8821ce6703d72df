/*
 * catalog_read.h - asks the database about the mapped tables (lib/sql/catalog.sql), blocking, for one-shot commands.
 */
#ifndef DUALWRITE_CATALOG_READ_H
#define DUALWRITE_CATALOG_READ_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/*
 * The tables that the mapping has in the vNext database, the legacy one, or both: which of them `pq` is. NULL after
 * printing why on stderr. Free with catalog_free().
 */
struct catalog *catalog_read(PGconn *pq, const struct mapping *m, bool vnext, bool legacy);

#endif
