/*
 * reconcile_prepare.c - what must be true before anything is compared, for `reconcile` and `report`: connections, installation,
 * mapping against the live tables; see reconcile_run.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/capture.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "reconcile_run.h"

static const char *
side_name(const struct reconcile_run *run, enum database side)
{
    return run->pair.count == 1     ? "the database"
           : side == DATABASE_VNEXT ? "the vNext database"
                                    : "the legacy database";
}

/* A login without the role may not even look whether the schema is there. */
static int
say_refused(const struct reconcile_run *run, enum database side)
{
    fprintf(stderr, "dualwrited %s: %s refuses: %s%s%s%s\n", run->name, side_name(run, side), run->error,
            run->sqlstate[0] == '\0' ? "" : " (SQLSTATE ", run->sqlstate, run->sqlstate[0] == '\0' ? "" : ")");
    if (strcmp(run->sqlstate, "42501") == 0)
        fprintf(stderr,
                "dualwrited %s: run it with the daemon's settings, as a role that was granted dualwrite_daemon\n",
                run->name);
    return reconcile_lost(run) ? EXIT_UNREACHABLE : EXIT_UNFINISHED;
}

/* Version, side and mapping of what is installed there. */
static int
judge_installation(struct reconcile_run *run, enum database side, const PGresult *r)
{
    const char *wanted = run->pair.count == 1 ? "both" : side == DATABASE_VNEXT ? "vnext" : "legacy";
    int version = atoi(reconcile_field(r, 0, "schema_version"));

    if (version < CAPTURE_SCHEMA_VERSION ||
        (version > CAPTURE_SCHEMA_VERSION && reconcile_number(r, 0, "works_with") > CAPTURE_SCHEMA_VERSION)) {
        fprintf(stderr,
                "dualwrited %s: the schema dualwrite of %s has version %d, this program needs %d: run `dualwrited "
                "install` of the %s\n",
                run->name, side_name(run, side), version, CAPTURE_SCHEMA_VERSION,
                version < CAPTURE_SCHEMA_VERSION ? "new version" : "version that wrote it");
        return EXIT_CONFIGURATION;
    }
    if (strcmp(reconcile_field(r, 0, "side"), wanted) != 0) {
        fprintf(stderr,
                "dualwrited %s: %s was installed as \"%s\", and these settings make it \"%s\": correct " SETTINGS_URL
                " and " SETTINGS_LEGACY_URL ", or run `dualwrited install`\n",
                run->name, side_name(run, side), reconcile_field(r, 0, "side"), wanted);
        return EXIT_CONFIGURATION;
    }
    if (side == DATABASE_LEGACY)
        return EXIT_GOOD;
    if (strcmp(reconcile_field(r, 0, "mapping_digest"), reconcile_field(r, 0, "own_digest")) != 0) {
        fprintf(stderr,
                "dualwrited %s: another mapping is installed than %s, so the daemons write by another one: run "
                "`dualwrited install` with it, or use the installed one\n",
                run->name, run->settings->mapping_name);
        return EXIT_CONFIGURATION;
    }
    run->digest = xstrdup(reconcile_field(r, 0, "own_digest"));
    return EXIT_GOOD;
}

/* *installed (NULL: it must be): whether the vNext database has the schema; then the legacy one must have it too. */
static int
look_at_installation(struct reconcile_run *run, enum database side, bool *installed)
{
    const char *params[] = {run->settings->mapping_text};
    PGresult *r = reconcile_query(run, side, sql_installed, 0, NULL);
    int status = EXIT_CONFIGURATION;

    if (r == NULL)
        return say_refused(run, side);
    if (strcmp(PQgetvalue(r, 0, 0), "ours") == 0) {
        PQclear(r);
        r = reconcile_query(run, side, sql_daemon_installation, 1, params);
        status = r == NULL ? say_refused(run, side) : judge_installation(run, side, r);
    } else if (installed != NULL && side == DATABASE_VNEXT) {
        *installed = false;
        status = EXIT_GOOD;
    } else {
        fprintf(stderr, "dualwrited %s: the schema dualwrite is not installed in %s: run `dualwrited install`\n",
                run->name, side_name(run, side));
    }
    PQclear(r);
    return status;
}

/* Whoever only looks needs no rights to write; where it may not even look, the server says so. */
static bool
only_rights(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->items[i].severity == FAULT_ERROR &&
            (faults->items[i].kind == NULL || strcmp(faults->items[i].kind, "rights") != 0))
            return false;
    return true;
}

/* The statements, made from the mapping and the live tables. */
static int
make_plans(struct reconcile_run *run, const bool *installed)
{
    struct faults faults = {0};
    int status = EXIT_GOOD;

    for (size_t i = 0; i < run->pair.count && status == EXIT_GOOD; i++) {
        enum database side = (enum database) i;

        if (!reconcile_open(run, side, false))
            return say_refused(run, side);
        run->catalog[i] = catalog_read(run->pair.pq[i], run->mapping, side == DATABASE_VNEXT,
                                       run->pair.count == 1 || side == DATABASE_LEGACY);
        reconcile_close(run, side);
        status = run->catalog[i] == NULL ? EXIT_UNFINISHED : EXIT_GOOD;
    }
    if (status != EXIT_GOOD)
        return status;
    run->catalog[DATABASE_VNEXT]->uninstalled = installed != NULL && !*installed;
    run->catalogs.vnext = run->catalog[DATABASE_VNEXT];
    run->catalogs.legacy = run->catalog[run->pair.count - 1];
    mapping_check(run->settings->mapping_name, run->mapping, &run->catalogs, false, &faults);
    if (faults.errors > 0 && !(installed != NULL && only_rights(&faults))) {
        command_print_faults(&faults);
        status = EXIT_CONFIGURATION;
    } else {
        run->plan = plan_make(run->mapping, &run->catalogs);
        run->compare = compare_make(run->mapping, &run->catalogs);
    }
    faults_free(&faults);
    return status;
}

int
reconcile_prepare(struct reconcile_run *run, bool *installed)
{
    int status = pair_connect(&run->pair, run->settings, run->name);

    if (installed != NULL)
        *installed = true;
    for (size_t i = 0; i < run->pair.count && status == EXIT_GOOD; i++)
        if (PQsetClientEncoding(run->pair.pq[i], "UTF8") != 0) {
            fprintf(stderr, "dualwrited %s: %s gives no UTF-8: %s", run->name, side_name(run, (enum database) i),
                    PQerrorMessage(run->pair.pq[i]));
            status = EXIT_UNFINISHED;
        }
    for (size_t i = 0; i < run->pair.count && status == EXIT_GOOD; i++)
        if (installed == NULL || *installed)
            status = look_at_installation(run, (enum database) i, installed);
    return status == EXIT_GOOD ? make_plans(run, installed) : status;
}

void
reconcile_forget(struct reconcile_run *run)
{
    plan_free(run->plan);
    compare_free(run->compare, run->mapping->count);
    catalog_free(run->catalog[DATABASE_VNEXT]);
    catalog_free(run->catalog[DATABASE_LEGACY]);
    pair_close(&run->pair);
    for (size_t i = 0; i < 2; i++)
        PQfinish(run->beside[i]);
    free(run->digest);
    free(run->timeout);
    free(run->begun);
    free(run->why);
    free(run->error);
}
