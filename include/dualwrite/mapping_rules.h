/*
 * mapping_rules.h - what must hold between the parts of a mapping, beyond the form of each.
 *
 * Used by mapping.c alone. The entities are still in the file's order, and where the file has faults parts of them are
 * missing (NULL): a rule speaks up only when the parts it compares are there.
 */
#ifndef DUALWRITE_MAPPING_RULES_H
#define DUALWRITE_MAPPING_RULES_H

#include "dualwrite/json_node.h"
#include "dualwrite/mapping.h"

/* The rules within the entity that was read from `n`; sets its identity. */
void mapping_rules_entity(struct json_reader *r, const struct json_node *n, struct mapping_entity *e);

/* The rules between entities; `n` is the node of "entities". Sets the index of each parent. */
void mapping_rules_entities(struct json_reader *r, const struct json_node *n, struct mapping *m);

#endif
