/* catalog_read.c - the catalog of the mapped tables, blocking; see dualwrite/catalog_read.h. */
#include "dualwrite/catalog_read.h"

#include <stdio.h>
#include <stdlib.h>

#include "dualwrite/catalog_parse.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"

struct catalog *
catalog_read(PGconn *pq, const struct mapping *m, bool vnext, bool legacy)
{
    char *parameters[2];
    struct catalog *c = NULL;
    PGresult *r;

    catalog_parameters(m, vnext, legacy, parameters);
    r = pgblock_query(pq, sql_catalog, 2, (const char *const *) parameters);
    if (r != NULL) {
        c = catalog_parse(PQgetvalue(r, 0, 0));
        if (c == NULL)
            fputs("dualwrited: the catalog query gave no answer\n", stderr);
    }
    PQclear(r);
    for (int i = 0; i < 2; i++)
        free(parameters[i]);
    return c;
}
