/*
 * integrity_gather.c - the transaction of one look, and with two databases legacy's rows in it: they are copied, a row at a time,
 * into a temporary table of the vNext database, where the check's SQL joins them. See integrity.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "embedded.h"
#include "integrity.h"

/* A statement that only does; false after a refusal. */
static bool
does(struct integrity *i, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = desk_ask(i->desk, side, sql, nparams, params);

    PQclear(r);
    return r != NULL;
}

/* The pack's names, where they are not the mapping's. */
static bool
set_names(struct integrity *i, const struct pack *p, const struct pack_look *look, enum database side)
{
    return look->e != NULL || integrity_names(i->desk, side, p->schema);
}

bool
integrity_gather(struct integrity *i, const struct pack *p, const struct pack_look *look)
{
    char *out;
    bool good;

    if (look->legacy == NULL)
        return true;
    out = pack_legacy_sql(look);
    good = does(i, DATABASE_VNEXT, sql_integrity_legacy_make, -1, NULL);
    i->gathering = good;
    good = good && desk_begin(i->desk, DATABASE_LEGACY, i->asked->timeout_ms, false) &&
           set_names(i, p, look, DATABASE_LEGACY) &&
           desk_copy(i->desk, DATABASE_LEGACY, out, DATABASE_VNEXT, sql_integrity_legacy_take) &&
           integrity_only_read(i, DATABASE_LEGACY);
    if (i->gathering)
        desk_end(i->desk, DATABASE_LEGACY, good);
    i->gathering = !good && i->gathering;
    free(out);
    return good && does(i, DATABASE_VNEXT, sql_integrity_legacy_taken, 0, NULL);
}

/* A look that joins legacy's rows: they come while it still may write them down. */
static bool
begin_gathering(struct integrity *i, const struct pack *p, const struct pack_look *look)
{
    char timeout[24];

    snprintf(timeout, sizeof timeout, "%lld", (long long) i->asked->timeout_ms);
    return does(i, DATABASE_VNEXT, sql_integrity_legacy_begin, 0, NULL) &&
           does(i, DATABASE_VNEXT, sql_daemon_session, 1, (const char *[]){timeout}) && integrity_gather(i, p, look) &&
           does(i, DATABASE_VNEXT, sql_integrity_look_only, 0, NULL) && set_names(i, p, look, DATABASE_VNEXT);
}

bool
integrity_begin(struct integrity *i, const struct pack *p, const struct pack_look *look)
{
    const enum database side = integrity_side(look);

    i->gathering = false;
    if (look->legacy != NULL)
        return begin_gathering(i, p, look);
    return desk_begin(i->desk, side, i->asked->timeout_ms, false) && set_names(i, p, look, side);
}
