/*
 * check_map.c - the map tables: rows that stand for one row twice, or for one that is gone; see check_run.h.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "check_run.h"
#include "dualwrite/check_sql.h"
#include "dualwrite/quote.h"
#include "dualwrite/xalloc.h"

struct orphans {
    struct check_run *run;
    char *sql;
    int64_t looked_at;
    int64_t rows;
    char *key;
    bool refused;
};

/* Which of these legacy keys no legacy row has. */
static bool
take_chunk(void *arg, const PGresult *chunk)
{
    struct orphans *o = arg;
    char *rows = check_array(chunk, NULL, 0, PQntuples(chunk));
    const char *param = rows;
    PGresult *r = check_ask(o->run, DATABASE_LEGACY, o->sql, 1, &param);

    if (r != NULL && check_number(r, 0, "rows") > 0 && o->key == NULL)
        o->key = xstrdup(check_field(r, 0, "k"));
    if (r != NULL)
        o->rows += check_number(r, 0, "rows");
    o->looked_at += PQntuples(chunk);
    o->refused = r == NULL;
    PQclear(r);
    free(rows);
    return !o->refused;
}

static bool
say_facts(struct check_run *run, const char *where, const PGresult *r)
{
    bool good = true;

    if (check_number(r, 0, "source_twice") > 0 || check_number(r, 0, "target_twice") > 0) {
        good = false;
        check_add(&run->report, CHECK_WARN, AREA_DATA, "map-duplicates", where,
                  "%s vNext rows and %s legacy rows have several map rows", check_field(r, 0, "source_twice"),
                  check_field(r, 0, "target_twice"));
        check_mend(&run->report, "delete the wrong ones: which of them counts is left to chance");
    }
    if (check_number(r, 0, "source_gone") > 0) {
        good = false;
        check_add(&run->report, CHECK_WARN, AREA_DATA, "map-orphans", where, "%s of %s map rows have no vNext row",
                  check_field(r, 0, "source_gone"), check_field(r, 0, "rows"));
        check_mend(&run->report,
                   "look whether they are left over from rows that were deleted, and leave or delete them");
    }
    return good;
}

void
check_map_of(struct check_run *run, struct check_subject *s)
{
    struct orphans o = {.run = run, .sql = check_sql_map_orphans(s)};
    /* once installed, a map row outlives its vNext row: that is how a deletion is known */
    char *facts = check_sql_map_facts(s, !run->installed);
    char *stream = check_sql_map_stream(s);
    PGresult *r = check_look(run, DATABASE_VNEXT, facts, 0, NULL);
    struct buf where = {0};
    bool good;

    quote_qualified(&where, s->map->schema, s->map->name);
    if (r == NULL || !check_each_chunk(run, stream, take_chunk, &o) || o.refused) {
        check_refused(run, AREA_DATA, "map", buf_text(&where));
    } else {
        good = say_facts(run, buf_text(&where), r);
        if (o.rows > 0) {
            check_add(&run->report, CHECK_WARN, AREA_DATA, "map-orphans", buf_text(&where),
                      "%" PRId64 " of %" PRId64 " map rows name a legacy row that is not there, the first for key %s",
                      o.rows, o.looked_at, o.key);
            check_mend(&run->report, "delete these map rows: a row that is synced would get a new legacy row");
        } else if (good) {
            check_add(&run->report, CHECK_PASS, AREA_DATA, "map", buf_text(&where),
                      "%s rows, none of them twice or without a legacy row", check_field(r, 0, "rows"));
        }
    }
    PQclear(r);
    free(o.sql);
    free(o.key);
    free(facts);
    free(stream);
    buf_free(&where);
}
