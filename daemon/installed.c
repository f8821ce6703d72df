/* installed.c - what a database has of us; see installed.h. Reads only. */
#include "installed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/pgblock.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "owned.h"

static const char *
field(const PGresult *r, const char *column)
{
    return PQgetvalue(r, 0, PQfnumber(r, column)); /* "" for NULL */
}

static long
number(const PGresult *r, const char *column)
{
    return strtol(field(r, column), NULL, 10);
}

static enum install_side
side(const char *word)
{
    for (int s = SIDE_VNEXT; s <= SIDE_LEGACY; s++)
        if (strcmp(word, side_word((enum install_side) s)) == 0)
            return (enum install_side) s;
    return SIDE_BOTH; /* also of version 1, which knew no other */
}

static enum guard_mode
guard(const char *word)
{
    for (int g = GUARD_RECORD; g <= GUARD_OFF; g++)
        if (strcmp(word, guard_word((enum guard_mode) g)) == 0)
            return (enum guard_mode) g;
    return GUARD_ON;
}

static int
read_epochs(PGconn *pq, struct installed *now)
{
    PGresult *r = pgblock_query(pq, sql_install_epochs, 0, NULL);

    if (r == NULL)
        return -1;
    now->epoch_drawn = strtoll(field(r, "drawn"), NULL, 10);
    now->epoch_seen = strtoll(field(r, "seen"), NULL, 10);
    PQclear(r);
    return 0;
}

static void
replace(char **text, const PGresult *r, const char *column)
{
    free(*text);
    *text = xstrdup(field(r, column));
}

int
installed_read(PGconn *pq, struct installed *now)
{
    enum owned owned = owned_schema(pq);
    PGresult *r;

    *now = (struct installed){
        .partitions = CAPTURE_PARTITIONS,
        .installation = xstrdup(""),
        .legacy_database = xstrdup(""),
        .hang_digest = xstrdup(""),
        .ref_layout = xstrdup(""),
        .entities = xstrdup(""),
    };
    if (owned != OWNED_OURS)
        return owned == OWNED_NOTHING ? 0 : -1;
    r = pgblock_query(pq, sql_install_state, 0, NULL);
    if (r == NULL)
        return -1;
    now->there = true;
    now->version = (int) number(r, "schema_version");
    now->side = side(field(r, "side"));
    replace(&now->installation, r, "installation");
    replace(&now->legacy_database, r, "legacy_database");
    replace(&now->hang_digest, r, "hang_digest");
    replace(&now->ref_layout, r, "ref_layout");
    if (number(r, "partitions") > 0) /* a database of legacy tables only has none */
        now->partitions = (int) number(r, "partitions");
    now->guard = guard(field(r, "guard"));
    now->waiting = number(r, "waiting");
    now->daemons = number(r, "daemons");
    now->triggers = number(r, "triggers");
    replace(&now->entities, r, "entities");
    PQclear(r);
    if (now->version > CAPTURE_SCHEMA_VERSION) {
        fprintf(stderr, "dualwrited: database \"%s\" has schema version %d, this program knows %d; use the newer one\n",
                PQdb(pq), now->version, CAPTURE_SCHEMA_VERSION);
        return -1;
    }
    return now->version < 2 ? 0 : read_epochs(pq, now);
}

void
installed_clear(struct installed *now)
{
    free(now->installation);
    free(now->legacy_database);
    free(now->hang_digest);
    free(now->ref_layout);
    free(now->entities);
    *now = (struct installed){0};
}
