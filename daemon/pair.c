/* pair.c - the databases that a one-shot command changes; see pair.h. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/conninfo.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"

/*
 * One holds a lock with a number of its own; whether the other gets it, says whether they share a database. That needs no
 * right, and is true through any name, address, tunnel or pooler that leads there. EXIT_GOOD: they do not.
 */
static int
check_apart(const struct pair *p)
{
    PGresult *held = NULL;
    PGresult *got = NULL;
    const char *number[1];
    int status = EXIT_UNFINISHED;

    if (pgblock_script(p->pq[DATABASE_VNEXT], "BEGIN") == 0)
        held = pgblock_query(p->pq[DATABASE_VNEXT], sql_install_apart_hold, 0, NULL);
    if (held != NULL) {
        number[0] = PQgetvalue(held, 0, 0);
        got = pgblock_query(p->pq[DATABASE_LEGACY], sql_install_apart_try, 1, number);
    }
    if (got != NULL && PQgetvalue(got, 0, 0)[0] == 't') {
        status = EXIT_GOOD;
    } else if (got != NULL) {
        fprintf(stderr,
                "dualwrited: " SETTINGS_LEGACY_URL " (%s) leads to the same database as " SETTINGS_URL
                " (%s); where the legacy tables are in the vNext database, remove the key\n",
                p->shown[DATABASE_LEGACY], p->shown[DATABASE_VNEXT]);
        status = EXIT_CONFIGURATION;
    }
    PQclear(held);
    PQclear(got);
    if (pgblock_script(p->pq[DATABASE_VNEXT], "ROLLBACK") != 0)
        status = EXIT_UNFINISHED;
    return status;
}

int
pair_connect(struct pair *p, const struct settings *settings, const char *name)
{
    const char *const urls[] = {settings->config->database_url, settings->config->legacy_database_url};
    static const char *const keys[] = {SETTINGS_URL, SETTINGS_LEGACY_URL};
    const size_t count = settings_two_databases(settings) ? 2 : 1;

    *p = (struct pair){.count = count};
    for (size_t i = 0; i < count; i++)
        p->shown[i] = conninfo_shown_of(urls[i]);
    for (size_t i = 0; i < count; i++)
        if ((p->pq[i] = pgblock_connect(urls[i], keys[i], name)) == NULL)
            return EXIT_UNREACHABLE;
    return count == 1 ? EXIT_GOOD : check_apart(p);
}

void
pair_close(struct pair *p)
{
    for (size_t i = 0; i < p->count; i++) {
        PQfinish(p->pq[i]);
        free(p->shown[i]);
    }
    *p = (struct pair){0};
}

const char *
pair_word(enum database d)
{
    return d == DATABASE_VNEXT ? "vNext" : "legacy";
}

void
pair_print_sql(const struct pair *p, enum database d, const char *sql)
{
    if (p->count == 2) {
        printf("-- for the %s database: ", pair_word(d));
        for (const char *c = p->shown[d]; *c != '\0'; c++)
            putchar((unsigned char) *c < ' ' ? ' ' : *c); /* a comment ends with its line */
        putchar('\n');
    }
    printf("BEGIN;\n%sCOMMIT;\n", sql);
}

void
pair_rollback(const struct pair *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (PQtransactionStatus(p->pq[i]) == PQTRANS_INTRANS || PQtransactionStatus(p->pq[i]) == PQTRANS_INERROR)
            pgblock_script(p->pq[i], "ROLLBACK");
}

int
pair_commit(const struct pair *p, enum database first)
{
    if (p->count == 1)
        first = DATABASE_VNEXT;
    for (size_t i = 0; i < p->count; i++) {
        enum database d = i == 0 ? first : first == DATABASE_VNEXT ? DATABASE_LEGACY : DATABASE_VNEXT;

        if (pgblock_script(p->pq[d], "COMMIT") == 0)
            continue;
        if (i > 0)
            fprintf(stderr,
                    "dualwrited: the %s database (%s) has the change, the %s database (%s) may not have it; run the "
                    "same command again\n",
                    pair_word(first), p->shown[first], pair_word(d), p->shown[d]);
        return EXIT_UNFINISHED;
    }
    return EXIT_GOOD;
}
