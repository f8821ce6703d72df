/*
 * mapping_rules.h - what must hold between the parts of an entity, beyond the form of each.
 *
 * Used by mapping.c alone. Where the file has faults, parts of the entity are missing (NULL): a rule speaks up only when
 * the parts it compares are there.
 */
#ifndef DUALWRITE_MAPPING_RULES_H
#define DUALWRITE_MAPPING_RULES_H

#include "dualwrite/json_node.h"
#include "dualwrite/mapping.h"

/* The rules within the entity that was read from `n`; sets its identity. */
void mapping_rules_check(struct json_reader *r, const struct json_node *n, struct mapping_entity *e);

#endif
