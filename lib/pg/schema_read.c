/* schema_read.c - a whole schema's tables, blocking; see dualwrite/schema_read.h. */
#include "dualwrite/schema_read.h"

#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/catalog_parse.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"

bool
schema_read(PGconn *pq, const char *schema, struct schema_facts **facts, struct catalog **catalog)
{
    PGresult *r = pgblock_query(pq, sql_schema_tables, 1, &schema);
    char *parameters[2];

    *facts = r == NULL ? NULL : schema_facts_parse(schema, PQgetvalue(r, 0, 0));
    *catalog = NULL;
    PQclear(r);
    if (*facts == NULL)
        return false;
    schema_facts_parameters(*facts, parameters);
    r = pgblock_query(pq, sql_catalog, 2, (const char *const *) parameters);
    if (r != NULL)
        *catalog = catalog_parse(PQgetvalue(r, 0, 0));
    PQclear(r);
    for (int i = 0; i < 2; i++)
        free(parameters[i]);
    if (*catalog != NULL)
        return true;
    schema_facts_free(*facts);
    *facts = NULL;
    return false;
}
