/*
 * cleanup_prepare.c - before `rollback cleanup` looks for rows: the live tables, the rights, one run at a time; see cleanup.h.
 */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "dualwrite/buf.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/quote.h"
#include "embedded.h"

/* One side's session may have nothing to do for as long as the other looks. */
static bool
begin(struct desk *d, enum database side)
{
    char timeout[24];
    const char *params[] = {timeout};
    const int64_t ms = d->settings->config->statement_timeout_ms;
    PGresult *r;

    if (!desk_begin(d, side, ms, false))
        return false;
    snprintf(timeout, sizeof timeout, "%lld", (long long) ms);
    r = desk_ask(d, side, sql_cleanup_patience, 1, params);
    PQclear(r);
    return r != NULL;
}

bool
cleanup_open(struct cleanup_run *run)
{
    return begin(run->desk, DATABASE_VNEXT) && (!run->desk->two || begin(run->desk, DATABASE_LEGACY));
}

void
cleanup_close(struct cleanup_run *run)
{
    desk_end(run->desk, DATABASE_VNEXT, false);
    if (run->desk->two)
        desk_end(run->desk, DATABASE_LEGACY, false);
}

static int
one_at_a_time(struct desk *d)
{
    PGresult *r;
    bool held;

    for (int side = 0; side < (d->two ? 2 : 1); side++)
        PQclear(desk_ask(d, (enum database) side, sql_cleanup_name, 0, NULL));
    r = desk_ask(d, DATABASE_VNEXT, sql_cleanup_one, 0, NULL);
    if (r == NULL)
        return desk_refused(d, "looking for another cleanup");
    held = PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    if (held)
        return EXIT_GOOD;
    fputs("dualwrited rollback cleanup: another one is under way in this database; wait for it\n", stderr);
    return EXIT_UNFINISHED;
}

static void
missing_right(const struct catalog *c, const struct mapping_table *t, struct buf *out)
{
    const struct catalog_table *table = catalog_table(c, t->schema, t->name);

    if (table->can_select && table->can_update && table->can_delete)
        return;
    buf_puts(out, "  GRANT SELECT, UPDATE, DELETE ON ");
    quote_qualified(out, t->schema, t->name);
    buf_puts(out, " TO ");
    quote_ident(out, c->role);
    buf_puts(out, ";\n");
}

static int
check_rights(const struct cleanup_run *run)
{
    struct buf out = {0};

    for (size_t i = 0; i < run->mapping->count; i++) {
        const struct mapping_entity *e = &run->mapping->entities[i];

        if (!cleanup_belongs(run->mapping, e, run->column.entity))
            continue;
        missing_right(run->catalogs.vnext, &e->source, &out);
        missing_right(run->catalogs.legacy, &e->target, &out);
        if (e->map != NULL)
            missing_right(run->catalogs.vnext, &e->map->table, &out);
    }
    if (out.len > 0)
        fprintf(stderr,
                "dualwrited rollback cleanup: this login may not delete what it is asked to; run it with the settings "
                "(--config) of one that may, the tables' owner say, or:\n%s",
                buf_text(&out));
    buf_free(&out);
    return out.len > 0 ? EXIT_UNFINISHED : EXIT_GOOD;
}

int
cleanup_prepare(struct cleanup_run *run)
{
    struct desk *d = run->desk;
    struct faults faults = {0};
    int status;

    if (d->two && d->pq[DATABASE_LEGACY] == NULL) {
        fprintf(stderr, "dualwrited rollback cleanup: cannot connect to the legacy database (%s): %s\n",
                d->shown[DATABASE_LEGACY], d->why);
        return EXIT_UNREACHABLE;
    }
    status = one_at_a_time(d);
    if (status != EXIT_GOOD)
        return status;
    if (!cleanup_open(run))
        return desk_refused(d, "opening a transaction");
    run->read[DATABASE_VNEXT] = catalog_read(d->pq[DATABASE_VNEXT], run->mapping, true, !d->two);
    if (d->two && run->read[DATABASE_VNEXT] != NULL)
        run->read[DATABASE_LEGACY] = catalog_read(d->pq[DATABASE_LEGACY], run->mapping, false, true);
    cleanup_close(run);
    if (run->read[DATABASE_VNEXT] == NULL || (d->two && run->read[DATABASE_LEGACY] == NULL))
        return EXIT_UNFINISHED;
    run->catalogs = (struct catalogs){run->read[DATABASE_VNEXT], run->read[d->two ? DATABASE_LEGACY : DATABASE_VNEXT]};
    mapping_check(d->settings->mapping_name, run->mapping, &run->catalogs, false, &faults);
    if (faults.errors > 0) {
        command_print_faults(&faults);
        status = EXIT_CONFIGURATION;
    }
    faults_free(&faults);
    return status == EXIT_GOOD ? check_rights(run) : status;
}

void
cleanup_end(struct cleanup_run *run)
{
    catalog_free(run->read[DATABASE_VNEXT]);
    catalog_free(run->read[DATABASE_LEGACY]);
}
