/*
 * capture_read.h - how the capture functions read a row of the source: by code of the server only.
 *
 * They act with the rights of whoever ran `install`, maybe a superuser. The owner of the table may give a column a type of his
 * own, and such a type a cast to text, which is a function of his: a cast would run it with those rights. So keys are read
 * only while their types are such as only a superuser makes casts for, and anything else by its type's output function.
 */
#ifndef DUALWRITE_CAPTURE_READ_H
#define DUALWRITE_CAPTURE_READ_H

#include "dualwrite/buf.h"
#include "dualwrite/catalog.h"
#include "dualwrite/mapping.h"

/* alias."column"::text for each column that an event carries, with commas. */
void capture_read_ref(struct buf *out, const struct mapping_entity *e, const char *alias);

/* A condition: those columns may be turned into text and compared. The same for every row of a statement. */
void capture_read_known(struct buf *out, const struct mapping_entity *e, const struct catalog_table *source,
                        const char *alias);

/* Whether the row counts as present, as sql_present() says it. */
void capture_read_present(struct buf *out, const struct mapping_entity *e, const struct catalog_table *source,
                          const char *alias);

/* alias."column" for each column whose change may change the legacy row, with commas; keys are compared by the join instead. */
void capture_read_mapped(struct buf *out, const struct mapping_entity *e, const struct catalog_table *source,
                         const char *alias);

#endif
