/*
 * mapping_init.h - a first mapping, proposed from what the catalogs of two live schemas say.
 *
 * Pure. What follows from the schemas is written down; what a person must decide carries a "TODO", which the mapping's
 * reader (mapping.h) refuses until it is taken out. The parts: init_tables.h, init_keys.h, init_columns.h.
 */
#ifndef DUALWRITE_MAPPING_INIT_H
#define DUALWRITE_MAPPING_INIT_H

#include "dualwrite/faults.h"
#include "dualwrite/init_tables.h"

struct mapping_proposal {
    char *json;          /* the file; valid JSON, but only a valid mapping when there is no todo */
    struct faults todos; /* where: the JSON path; text: what is to be decided */
    struct faults notes; /* where: a table; text: what is left out of the file */
    char *sql;           /* statements that make the map tables it names, one a line; "" when they are all there */
};

/* NULL when `faults` has errors: see init_pairs(). Free with mapping_proposal_free(). */
struct mapping_proposal *mapping_init(const struct init_input *in, const char *by_hand, struct faults *faults);
void mapping_proposal_free(struct mapping_proposal *p);

#endif
