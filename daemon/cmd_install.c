/*
 * cmd_install.c - `dualwrited install`: brings the schema, the triggers, the guard, the rights and the published flags
 * to what the config and the mapping say, in one transaction, or one in each of two databases. The SQL is made by
 * lib/core/capture.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "command.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/table_list.h"
#include "dualwrite/uuid4.h"
#include "embedded.h"
#include "install_plan.h"
#include "locked.h"
#include "pair.h"
#include "settings.h"

struct asked {
    const char *config;
    enum guard_mode guard;
    bool guard_given;
    int partitions; /* 0: as installed, else the default */
    bool print_sql;
    bool dry_run;
};

static int
guard_mode(const char *word, enum guard_mode *mode)
{
    for (int g = GUARD_ON; g <= GUARD_OFF; g++)
        if (strcmp(word, guard_word((enum guard_mode) g)) == 0) {
            *mode = (enum guard_mode) g;
            return 0;
        }
    return -1;
}

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;
    char *end;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "print-sql") == 0)
        a->print_sql = true;
    else if (strcmp(name, "dry-run") == 0)
        a->dry_run = true;
    else if (strcmp(name, "guard") == 0) {
        a->guard_given = true;
        if (guard_mode(argument, &a->guard) != 0)
            return command_bad_argument(name, argument, "on, record or off");
    } else {
        long n = strtol(argument, &end, 10);

        if (*end != '\0' || n < 1 || n > 64)
            return command_bad_argument(name, argument, "a number from 1 to 64");
        a->partitions = (int) n;
    }
    return EXIT_GOOD;
}

struct job {
    const struct asked *asked;
    const struct settings *settings;
    struct pair pair;
    struct install_plan plan;
    bool made_role[2]; /* by enum database */
    bool committed;
};

static void
print_writers(PGconn *pq, const struct mapping *m)
{
    struct table_list targets = table_list_of(m, false, true);
    PGresult *r = pgblock_query(pq, sql_writers, 2, (const char *[]){targets.schemas, targets.names});

    for (int i = 0; r != NULL && i < PQntuples(r); i++)
        printf("  may write %s now: %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1));
    PQclear(r);
    table_list_free(&targets);
}

/* What was done in one database. */
static void
report_part(const struct job *j, size_t database)
{
    const struct install_part *p = &j->plan.parts[database];
    const char *would = j->asked->dry_run ? "would be " : "";

    if (j->pair.count == 2)
        printf("%s database (%s): ", pair_word((enum database) database), j->pair.shown[database]);
    if (p->now.version == 0 && p->options.side != SIDE_LEGACY)
        printf("%sinstalled: schema dualwrite, version %d, %d partitions\n", would, CAPTURE_SCHEMA_VERSION,
               p->options.partitions);
    else if (p->now.version == 0)
        printf("%sinstalled: schema dualwrite, version %d\n", would, CAPTURE_SCHEMA_VERSION);
    else if (p->now.version < CAPTURE_SCHEMA_VERSION)
        printf("%supgraded: schema dualwrite, from version %d to %d\n", would, p->now.version, CAPTURE_SCHEMA_VERSION);
    else if (p->hang && strcmp(p->now.hang_digest, p->hang_digest) == 0)
        printf("%smended: triggers were missing, not always on, or at another table\n", would);
    else if (p->hang)
        printf("%sreplaced: the triggers of an earlier mapping or setting\n", would);
    else
        printf("already installed: version %d; flags and rights %srefreshed\n", CAPTURE_SCHEMA_VERSION, would);
}

static void
report_missed(const struct job *j)
{
    const struct mapping *m = j->settings->mapping;

    for (size_t i = 0; i < m->count; i++)
        if (j->plan.parts[DATABASE_VNEXT].missed[i])
            fprintf(
                stderr,
                "dualwrited: warning: %s.%s had not all of its capture triggers, so changes were missed: every row of "
                "it %s queued anew; look for rows that were deleted meanwhile with `dualwrited reconcile`\n",
                m->entities[i].source.schema, m->entities[i].source.name, j->asked->dry_run ? "would be" : "is");
}

/* The legacy tables were elsewhere before, and what was hung there is still there. */
static void
report_left(const struct job *j)
{
    const char *before = j->plan.parts[DATABASE_VNEXT].now.legacy_database;

    if (*before == '\0' || (j->pair.count == 2 && strcmp(before, j->pair.shown[DATABASE_LEGACY]) == 0))
        return;
    fprintf(
        stderr,
        "dualwrited: warning: the legacy database was given as \"%s\" before; if that is another database, it keeps "
        "its guard until you run `dualwrited uninstall` with its URL as " SETTINGS_URL
        " and without " SETTINGS_LEGACY_URL "\n",
        before);
}

static void
report(const struct job *j)
{
    const struct install_part *guarded = &j->plan.parts[j->pair.count - 1];

    for (size_t i = 0; i < j->pair.count; i++)
        report_part(j, i);
    report_missed(j);
    for (size_t i = 0; i < j->settings->mapping->count; i++) {
        const struct mapping_entity *e = &j->settings->mapping->entities[i];

        printf("  %s: %s.%s -> %s.%s\n", e->name, e->source.schema, e->source.name, e->target.schema, e->target.name);
    }
    printf("  guard: %s\n", guard_word(guarded->options.guard));
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        const char *said = j->plan.parts[DATABASE_VNEXT].options.flags.value[f];
        const char *there = guarded->options.flags.value[f];

        printf("  %s=%s%s%s\n", flag_name(f), said,
               strcmp(said, there) == 0 ? "" : ", in force: ", strcmp(said, there) == 0 ? "" : there);
    }
    if (guarded->options.guard != GUARD_OFF)
        print_writers(j->pair.pq[j->pair.count - 1], j->settings->mapping);
    report_left(j);
}

static int
execute(struct job *j, enum database d)
{
    PGconn *pq = j->pair.pq[d];
    char what[80];
    int status;

    if (j->pair.count == 1)
        snprintf(what, sizeof what, "install failed and changed nothing");
    else
        snprintf(what, sizeof what, "install failed in the %s database and changed nothing", pair_word(d));
    status = locked_script(pq, buf_text(&j->plan.parts[d].sql), what);
    if (status == EXIT_UNFINISHED && PQtransactionStatus(pq) == PQTRANS_INERROR)
        fprintf(stderr,
                "dualwrited: where a right is missing, run it as the owner of the tables, and give that role what it "
                "lacks:\n  GRANT CREATE ON DATABASE \"%s\" TO \"%s\"; ALTER ROLE \"%s\" CREATEROLE;\n",
                PQdb(pq), PQuser(pq), PQuser(pq));
    return status;
}

/* One attempt, in transactions of its own: another one may find other facts. */
static int
install(void *job)
{
    struct job *j = job;
    int status = install_plan_make(&j->plan);

    if (status == EXIT_GOOD && j->asked->print_sql) {
        for (size_t i = 0; i < j->pair.count; i++)
            pair_print_sql(&j->pair, (enum database) i, buf_text(&j->plan.parts[i].sql));
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < j->pair.count && status == EXIT_GOOD; i++)
        status = execute(j, (enum database) i);
    if (status != EXIT_GOOD)
        return status;
    report(j);
    if (j->asked->dry_run)
        return EXIT_GOOD;
    j->committed = true; /* maybe only in one of them, when the other's connection goes now */
    return pair_commit(&j->pair, DATABASE_VNEXT);
}

/*
 * The role belongs to the server. Two databases of one server, each in a transaction that makes it, would wait for each
 * other for ever: so with two it is made beforehand, by itself, and taken away again when nothing comes of the rest.
 */
static int
make_roles(struct job *j)
{
    int status = EXIT_GOOD;

    for (size_t i = 0; i < j->pair.count && status == EXIT_GOOD; i++) {
        PGresult *r = pgblock_query(j->pair.pq[i], sql_install_role_there, 0, NULL);

        if (r == NULL)
            return EXIT_UNFINISHED;
        if (PQgetvalue(r, 0, 0)[0] != 't') {
            status = locked_script(j->pair.pq[i], sql_install_roles, "the role dualwrite_daemon cannot be made");
            j->made_role[i] = status == EXIT_GOOD;
            if (status != EXIT_GOOD)
                fprintf(stderr,
                        "dualwrited: run it as a role that may: ALTER ROLE \"%s\" CREATEROLE; or let somebody else "
                        "CREATE ROLE dualwrite_daemon NOLOGIN; nothing was changed\n",
                        PQuser(j->pair.pq[i]));
        }
        PQclear(r);
    }
    return status == LOCKED ? EXIT_UNFINISHED : status;
}

static int
install_pair(struct job *j)
{
    bool roles = j->pair.count == 2 && !j->asked->print_sql;
    int status = roles ? make_roles(j) : EXIT_GOOD;

    if (status == EXIT_GOOD)
        status = locked_transaction(&j->pair, install, j);
    for (size_t i = 0; i < j->pair.count; i++)
        if (j->made_role[i] && !j->committed)
            pgblock_script(j->pair.pq[i], sql_install_roles_undo);
    if (status == EXIT_GOOD && j->committed)
        puts(j->pair.count == 1
                 ? "next: GRANT dualwrite_daemon TO the login that the daemons use, and start `dualwrited run`"
                 : "next: in both databases GRANT dualwrite_daemon TO the login that the daemons use there, and start "
                   "`dualwrited run`");
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    unsigned char random[16] = {0};
    char name[UUID4_TEXT];
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);
    struct job j = {.asked = &asked};

    if (status != EXIT_GOOD || helped)
        return status;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    uv_random(NULL, NULL, random, sizeof random, 0, NULL);
    uuid4_text(random, name);
    j.settings = settings;
    j.plan = (struct install_plan){
        .settings = settings,
        .pair = &j.pair,
        .guard = asked.guard_given ? &asked.guard : NULL,
        .partitions = asked.partitions,
        .rehearsed = asked.dry_run,
        .new_installation = name,
    };
    status = pair_connect(&j.pair, settings, "install");
    if (status == EXIT_GOOD)
        status = install_pair(&j);
    install_plan_clear(&j.plan);
    pair_close(&j.pair);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"guard", "MODE", "on, record or off: what the triggers on the legacy tables do (default: as installed, else on)"},
    {"partitions", "N", "how many parts daemons share the work in (default: as installed, else 8)"},
    {"print-sql", NULL, "print what would be executed, and do nothing"},
    {"dry-run", NULL, "do everything and roll it back"},
    {NULL, NULL, NULL},
};

const struct command cmd_install = {
    .name = "install",
    .summary = "put the dualwrite schema, triggers and guard into the database; safe to repeat",
    .help = "Brings the schema, the capture triggers, the guard of the legacy tables, the rights of the role\n"
            "dualwrite_daemon and the published flags to what the env file and the mapping say, in one transaction.\n"
            "Run it as the owner of the tables, with CREATE on the database and CREATEROLE (or as a superuser).",
    .options = options,
    .run = run,
};
