/*
 * mapping_check.h - does the mapping fit its databases: tables, columns, types, keys, lookups, rights.
 *
 * Pure: compares models. It cannot see inside SQL expressions (sqlgen's statements are prepared for that), whether a
 * constant fits its column, nor whether the data fits: `dualwrited check` tries those (check_sql.h).
 */
#ifndef DUALWRITE_MAPPING_CHECK_H
#define DUALWRITE_MAPPING_CHECK_H

#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/faults.h"
#include "dualwrite/mapping.h"

/*
 * Adds a fault, with its mend and a kind, for everything in `m` that does not fit `c`. Faults carry "FILE: $.json.path".
 * The rights asked for are those of the sync role; with `for_install` those of the role that installs triggers (TRIGGER
 * and the owner's rights on source and target tables), and row-level security is not looked at.
 */
void mapping_check(const char *file, const struct mapping *m, const struct catalogs *c, bool for_install,
                   struct faults *faults);

#endif
