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
#include "locked.h"
#include "owned.h"
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

struct job {
    PGconn *pq;
    const struct asked *asked;
};

static int
uninstall(void *arg)
{
    const struct job *j = arg;
    const struct asked *asked = j->asked;
    enum owned owned = owned_schema(j->pq);
    struct buf sql = {0};
    int status = EXIT_GOOD;

    if (owned == OWNED_NOTHING) {
        puts("nothing is installed here");
        return EXIT_GOOD;
    }
    if (owned != OWNED_OURS)
        return EXIT_UNFINISHED;
    if (!asked->print_sql) { /* a writer that is under way ends first, and what it wrote is counted */
        capture_release_sql(&sql);
        status = locked_script(j->pq, buf_text(&sql), "uninstall failed and changed nothing");
        buf_free(&sql);
    }
    if (status == EXIT_GOOD)
        status = may_go(j->pq, asked);
    if (status != EXIT_GOOD)
        return status;
    capture_uninstall_sql(&sql);
    if (asked->print_sql)
        printf("BEGIN;\n%sCOMMIT;\n", buf_text(&sql));
    else
        status = locked_script(j->pq, buf_text(&sql), "uninstall failed and changed nothing");
    buf_free(&sql);
    if (status != EXIT_GOOD || asked->print_sql)
        return status;
    if (pgblock_script(j->pq, asked->dry_run ? "ROLLBACK" : "COMMIT") != 0)
        return EXIT_UNFINISHED;
    printf("%suninstalled: schema dualwrite, its triggers and rights\n", asked->dry_run ? "would be " : "");
    return EXIT_GOOD;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);
    struct job job;
    PGconn *pq;

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    pq = pgblock_connect(settings->config->database_url, "uninstall");
    job = (struct job){pq, &asked};
    status = pq == NULL ? EXIT_UNREACHABLE : locked_transaction(pq, uninstall, &job);
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
