/*
 * grants.h - the GRANTs that give the role dualwrite_daemon what the mapping needs in one database, and no more.
 *
 * Pure: text out; a part of what capture.h publishes. The rights within the schema dualwrite are in lib/sql/install.
 */
#ifndef DUALWRITE_GRANTS_H
#define DUALWRITE_GRANTS_H

#include "dualwrite/buf.h"
#include "dualwrite/capture.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* `c` is the catalog of this side's tables. Vnext: sources, maps, lookups there; legacy: targets, lookups there. */
void grants_sql(struct buf *out, const struct mapping *m, const struct catalog *c, enum install_side side);

#endif
