/* locked.c - transactions that take locks on the application's tables; see locked.h. */
#include "locked.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"

#define TRIES 10

int
locked_script(PGconn *pq, const char *sql, const char *what)
{
    PGresult *r = PQexec(pq, sql);
    const char *sqlstate = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    ExecStatusType result = PQresultStatus(r);
    int status = EXIT_GOOD;

    if (result != PGRES_COMMAND_OK && result != PGRES_TUPLES_OK && result != PGRES_EMPTY_QUERY) {
        /* lock_not_available and deadlock_detected */
        if (sqlstate != NULL && (strcmp(sqlstate, "55P03") == 0 || strcmp(sqlstate, "40P01") == 0)) {
            status = LOCKED;
        } else {
            pgblock_complain(pq, r, what);
            status = EXIT_UNFINISHED;
        }
    }
    PQclear(r);
    return status;
}

int
locked_transaction(const struct pair *p, int (*attempt)(void *job), void *job)
{
    for (int tries = 1;; tries++) {
        int status = EXIT_GOOD;

        for (size_t i = 0; i < p->count && status == EXIT_GOOD; i++)
            status = locked_script(p->pq[i], sql_install_begin, "cannot begin");
        if (status == EXIT_GOOD)
            status = attempt(job);
        pair_rollback(p);
        if (status != LOCKED)
            return status;
        if (tries == TRIES) {
            fprintf(stderr, "dualwrited: nothing was changed: a table is locked by somebody else all the time; look at "
                            "pg_stat_activity for transactions that stay open, and run it again\n");
            return EXIT_UNFINISHED;
        }
        fprintf(stderr, "dualwrited: a table is locked by somebody else; trying again (%d of %d)\n", tries, TRIES);
        sleep(1);
    }
}
