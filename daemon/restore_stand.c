/*
 * restore_stand.c - daemons stand back while a database is restored, and go on as they were; see restore.h.
 *
 * The override stops new work; the partitions' locks, which this session holds until the end, show that none is under way. The
 * vNext dump ends with the same override (backup/epilogue.sql), so that what it brings back does not set the daemons going.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/table_list.h"
#include "embedded.h"
#include "restore.h"

static bool
ask(struct dump_run *run, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = dump_ask(run, DATABASE_VNEXT, sql, nparams, params);

    PQclear(r);
    return r != NULL;
}

bool
restore_stand_back(struct dump_run *run, struct restore_stand *stand)
{
    if (!run->sides[DATABASE_VNEXT].installed)
        return true;
    dump_doing(run, "waiting for the batches under way");
    stand->standing = ask(run, sql_backup_stand_back, 0, NULL);
    stand->held = stand->standing && ask(run, sql_backup_hold, 0, NULL);
    dump_quiet(run);
    return stand->held;
}

/* The tables of the mapping that the capture or guard triggers hang on: not the map's. */
static long
without_triggers(struct dump_run *run, enum database side)
{
    struct table_list tables = table_list_of(run->settings->mapping, side == DATABASE_VNEXT, false);
    PGresult *r = dump_ask(run, side, sql_backup_after, 2, (const char *[]){tables.schemas, tables.names});
    long unhung = 0;

    if (r != NULL && PQgetvalue(r, 0, 0)[0] == 't')
        unhung = strtol(PQgetvalue(r, 0, 1), NULL, 10);
    else
        unhung = -1;
    PQclear(r);
    table_list_free(&tables);
    return unhung;
}

bool
restore_go_on(struct dump_run *run, struct restore_stand *stand, bool order, long *unhung)
{
    bool good = true;
    PGresult *r;

    *unhung = without_triggers(run, DATABASE_VNEXT);
    if (*unhung < 0) /* the schema is not there: nothing to put back */
        return true;
    if (order)
        good = ask(run, sql_backup_order, 0, NULL);
    /* also where a dump brought it, and nobody stood back: then it says so by itself */
    r = dump_ask(run, DATABASE_VNEXT, sql_backup_go_on, 0, NULL);
    good = r != NULL && good;
    stand->overridden = r != NULL && PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    if (stand->held)
        good = ask(run, sql_backup_let_go, 0, NULL) && good;
    return good;
}
