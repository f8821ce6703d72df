/*
 * mapping_entities.h - what must hold between the entities of a mapping: names, tables, parents.
 *
 * Used by mapping.c alone. The entities are still in the file's order, and where the file has faults parts of them are
 * missing (NULL): a rule speaks up only when the parts it compares are there.
 */
#ifndef DUALWRITE_MAPPING_ENTITIES_H
#define DUALWRITE_MAPPING_ENTITIES_H

#include "dualwrite/json_node.h"
#include "dualwrite/mapping.h"

/* The rules between entities; `n` is the node of "entities". Sets the index of each parent. */
void mapping_entities_check(struct json_reader *r, const struct json_node *n, struct mapping *m);

#endif
