/*
 * mapping_rights.h - the rights that an entity of the mapping asks of the role that uses it.
 *
 * The part of mapping_check.h that ends in GRANT statements; used by mapping_check.c alone.
 */
#ifndef DUALWRITE_MAPPING_RIGHTS_H
#define DUALWRITE_MAPPING_RIGHTS_H

#include <stdbool.h>

#include "dualwrite/catalog.h"
#include "dualwrite/faults.h"
#include "dualwrite/mapping.h"

/* Adds a fault (kind "rights" or "row-security") per table whose rights do not suffice, with the statement that gives them. Tables that are missing or no
 * tables are passed over. */
void mapping_rights(const char *file, const struct mapping_entity *e, const struct catalogs *c, bool for_install,
                    struct faults *faults);

#endif
