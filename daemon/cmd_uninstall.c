/*
 * cmd_uninstall.c - `dualwrited uninstall`: takes everything of ours out of the database again, in one transaction.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/capture.h"
#include "dualwrite/pgblock.h"
#include "embedded.h"
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

/* EXIT_GOOD when there is something to take out and nothing would be lost; *nothing when there is not. */
static int
may_go(PGconn *pq, const struct asked *asked, bool *nothing)
{
    PGresult *r = pgblock_query(pq, sql_installed, 0, NULL);
    int status = EXIT_GOOD;
    long waiting;
    long daemons;

    if (r == NULL)
        return EXIT_UNFINISHED;
    *nothing = strcmp(PQgetvalue(r, 0, 0), "ours") != 0;
    PQclear(r);
    if (*nothing)
        return EXIT_GOOD;
    r = pgblock_query(pq, sql_install_state, 0, NULL);
    if (r == NULL)
        return EXIT_UNFINISHED;
    waiting = strtol(PQgetvalue(r, 0, PQfnumber(r, "waiting")), NULL, 10);
    daemons = strtol(PQgetvalue(r, 0, PQfnumber(r, "daemons")), NULL, 10);
    PQclear(r);
    if (waiting > 0 && !asked->discard) {
        fprintf(stderr,
                "dualwrited: %ld events wait in dualwrite.outbox or dualwrite.failed; let a daemon drain them, or give "
                "--discard to lose them\n",
                waiting);
        status = EXIT_FOUND;
    }
    if (daemons > 0)
        fprintf(stderr, "dualwrited: warning: %ld daemons are running; they will do nothing until the next install\n",
                daemons);
    return status;
}

static int
uninstall(PGconn *pq, const struct asked *asked)
{
    struct buf sql = {0};
    bool nothing;
    int status;

    if (pgblock_script(pq, sql_install_begin) != 0)
        return EXIT_UNFINISHED;
    status = may_go(pq, asked, &nothing);
    if (status != EXIT_GOOD)
        return status;
    if (nothing) {
        puts("nothing is installed here");
        return EXIT_GOOD;
    }
    capture_uninstall_sql(&sql);
    if (asked->print_sql)
        printf("BEGIN;\n%sCOMMIT;\n", buf_text(&sql));
    else if (pgblock_script(pq, buf_text(&sql)) != 0 || pgblock_script(pq, asked->dry_run ? "ROLLBACK" : "COMMIT") != 0)
        status = EXIT_UNFINISHED;
    else
        printf("%suninstalled: schema dualwrite, its triggers and rights\n", asked->dry_run ? "would be " : "");
    buf_free(&sql);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct faults faults = {0};
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);
    PGconn *pq;

    if (status != EXIT_GOOD || helped)
        return status;
    settings = settings_load(asked.config, NULL, &faults);
    command_print_faults(&faults);
    faults_free(&faults);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    pq = pgblock_connect(settings->config->database_url, "uninstall");
    status = pq == NULL ? EXIT_UNREACHABLE : uninstall(pq, &asked);
    PQfinish(pq);
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
