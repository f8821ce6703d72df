/*
 * cmd_uninstall.c - `dualwrited uninstall`: takes everything of ours out of the database again, in one transaction, or one
 * in each of two databases.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/capture.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"
#include "installed.h"
#include "locked.h"
#include "pair.h"
#include "settings.h"

struct asked {
    const char *config;
    bool print_sql;
    bool dry_run;
    bool discard;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "print-sql") == 0)
        a->print_sql = true;
    else if (strcmp(name, "dry-run") == 0)
        a->dry_run = true;
    else
        a->discard = true;
    return EXIT_GOOD;
}

struct job {
    const struct asked *asked;
    struct pair pair;
    struct installed now[2]; /* by enum database */
    bool committed;
};

static void
clear_installed(struct job *j)
{
    for (size_t i = 0; i < 2; i++)
        installed_clear(&j->now[i]);
}

/* EXIT_GOOD when this is what the settings mean. */
static int
check_pair(const struct job *j)
{
    const struct installed *vnext = &j->now[DATABASE_VNEXT];
    const struct installed *legacy = &j->now[DATABASE_LEGACY];

    if (j->pair.count == 2 && legacy->there &&
        (legacy->side != SIDE_LEGACY || strcmp(legacy->installation, vnext->installation) != 0)) {
        fprintf(stderr,
                "dualwrited: the legacy database (%s) has an installation that does not belong to the one of the vNext "
                "database (%s); correct " SETTINGS_LEGACY_URL ", or take each out alone, with its URL as " SETTINGS_URL
                " and without the other key\n",
                j->pair.shown[DATABASE_LEGACY], j->pair.shown[DATABASE_VNEXT]);
        return EXIT_CONFIGURATION;
    }
    if (j->pair.count == 1 && vnext->side != SIDE_BOTH)
        fprintf(
            stderr,
            "dualwrited: warning: this is only the %s side of an installation in two databases; the other one%s%s%s "
            "keeps its part\n",
            pair_word(vnext->side == SIDE_VNEXT ? DATABASE_VNEXT : DATABASE_LEGACY),
            *vnext->legacy_database == '\0' ? "" : " (", vnext->legacy_database,
            *vnext->legacy_database == '\0' ? "" : ")");
    return EXIT_GOOD;
}

/* EXIT_GOOD when nothing would be lost. Asked once no writer can add to it any more. */
static int
may_go(PGconn *pq, const struct asked *asked)
{
    PGresult *state = pgblock_query(pq, sql_install_state, 0, NULL);
    PGresult *marks = pgblock_query(pq, sql_install_marks, 0, NULL);
    int status = EXIT_UNFINISHED;

    if (state != NULL && marks != NULL) {
        long waiting = strtol(PQgetvalue(state, 0, PQfnumber(state, "waiting")), NULL, 10);
        long daemons = strtol(PQgetvalue(state, 0, PQfnumber(state, "daemons")), NULL, 10);
        long resyncs = strtol(PQgetvalue(marks, 0, 0), NULL, 10);
        bool lost = (waiting > 0 || resyncs > 0) && !asked->discard;

        if (lost)
            fprintf(stderr,
                    "dualwrited: %ld events wait in dualwrite.outbox or dualwrite.failed, and %ld tables for a resync; "
                    "let a daemon drain them, or give --discard to lose them\n",
                    waiting, resyncs);
        if (daemons > 0)
            fprintf(stderr,
                    "dualwrited: warning: %ld daemons are running; they will do nothing until the next install\n",
                    daemons);
        status = lost ? EXIT_FOUND : EXIT_GOOD;
    }
    PQclear(state);
    PQclear(marks);
    return status;
}

/* Where it is installed: the triggers first, so that a writer under way ends, and what it wrote is counted. */
static int
release(struct job *j, enum database d)
{
    struct buf sql = {0};
    int status = EXIT_GOOD;

    if (!j->asked->print_sql) {
        capture_release_sql(&sql);
        status = locked_script(j->pair.pq[d], buf_text(&sql), "uninstall failed and changed nothing");
        buf_free(&sql);
    }
    return status == EXIT_GOOD ? may_go(j->pair.pq[d], j->asked) : status;
}

/*
 * The role belongs to the server, and as long as the other database has rights of it, it cannot go: with two databases
 * that is for when both have committed.
 */
static int
take_out(struct job *j, enum database d)
{
    struct buf sql = {0};
    int status = EXIT_GOOD;

    capture_uninstall_sql(&sql, j->pair.count == 1 || j->asked->print_sql);
    if (j->asked->print_sql)
        pair_print_sql(&j->pair, d, buf_text(&sql));
    else
        status = locked_script(j->pair.pq[d], buf_text(&sql), "uninstall failed and changed nothing");
    buf_free(&sql);
    return status;
}

static void
report(const struct job *j)
{
    for (size_t i = 0; i < j->pair.count; i++) {
        if (j->pair.count == 2)
            printf("%s database (%s): ", pair_word((enum database) i), j->pair.shown[i]);
        if (!j->now[i].there)
            puts("nothing is installed here");
        else
            printf("%suninstalled: schema dualwrite, its triggers and rights\n", j->asked->dry_run ? "would be " : "");
    }
}

static int
uninstall(void *job)
{
    struct job *j = job;
    int status = EXIT_GOOD;

    clear_installed(j);
    for (size_t i = 0; i < j->pair.count; i++)
        if (installed_read(j->pair.pq[i], &j->now[i]) != 0)
            return EXIT_UNFINISHED;
    status = check_pair(j);
    for (size_t i = 0; i < j->pair.count && status == EXIT_GOOD; i++)
        if (j->now[i].there)
            status = release(j, (enum database) i);
    for (size_t i = 0; i < j->pair.count && status == EXIT_GOOD; i++)
        if (j->now[i].there)
            status = take_out(j, (enum database) i);
    if (status != EXIT_GOOD || j->asked->print_sql)
        return status;
    if (!j->asked->dry_run) {
        j->committed = true;
        status = pair_commit(&j->pair, DATABASE_LEGACY); /* the vNext one knows of the other, so it goes last */
    }
    if (status == EXIT_GOOD)
        report(j);
    return status;
}

/* In each server, unless it is one server and the other database's turn has dropped it. */
static int
drop_role(PGconn *pq)
{
    PGresult *r = pgblock_query(pq, sql_install_role_there, 0, NULL);
    int status = r == NULL ? EXIT_UNFINISHED : EXIT_GOOD;

    if (r != NULL && PQgetvalue(r, 0, 0)[0] == 't' && pgblock_script(pq, sql_install_roles_undo) != 0)
        status = EXIT_UNFINISHED;
    PQclear(r);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);
    struct job j = {.asked = &asked};

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = pair_connect(&j.pair, settings, "uninstall");
    if (status == EXIT_GOOD)
        status = locked_transaction(&j.pair, uninstall, &j);
    for (size_t i = 0; status == EXIT_GOOD && j.committed && j.pair.count == 2 && i < 2; i++)
        status = drop_role(j.pair.pq[i]);
    clear_installed(&j);
    pair_close(&j.pair);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"discard", NULL, "also when events wait: they are lost"},
    {"print-sql", NULL, "print what would be executed, and do nothing"},
    {"dry-run", NULL, "do everything and roll it back"},
    {NULL, NULL, NULL},
};

const struct command cmd_uninstall = {
    .name = "uninstall",
    .summary = "take it out again: the exact inverse of install",
    .help =
        "Removes the triggers, the schema dualwrite, the rights of the role dualwrite_daemon in this database, and\n"
        "the role itself when nothing else uses it. Legacy tables and the migration map keep their rows.",
    .options = options,
    .run = run,
};
