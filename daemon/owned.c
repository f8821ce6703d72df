/* owned.c - whose the dualwrite schema is; see owned.h. */
#include "owned.h"

#include <stdio.h>
#include <string.h>

#include "dualwrite/pgblock.h"
#include "embedded.h"

enum owned
owned_schema(PGconn *pq)
{
    PGresult *r = pgblock_query(pq, sql_install_owner, 0, NULL);
    enum owned owned = OWNED_OTHERS;
    const char *state;

    if (r == NULL)
        return owned;
    state = PQgetvalue(r, 0, PQfnumber(r, "state"));
    if (strcmp(state, "nothing") == 0)
        owned = OWNED_NOTHING;
    else if (strcmp(state, "foreign") == 0)
        fprintf(stderr,
                "dualwrited: there is a schema \"dualwrite\" in database \"%s\" that is not ours; rename it first\n",
                PQdb(pq));
    else if (PQgetvalue(r, 0, PQfnumber(r, "trusted"))[0] != 't')
        fprintf(stderr,
                "dualwrited: the schema \"dualwrite\" of database \"%s\" belongs to role %s, which could have put "
                "anything into it; run this as role %s\n",
                PQdb(pq), PQgetvalue(r, 0, PQfnumber(r, "owner")), PQgetvalue(r, 0, PQfnumber(r, "owner")));
    else
        owned = OWNED_OURS;
    PQclear(r);
    return owned;
}
