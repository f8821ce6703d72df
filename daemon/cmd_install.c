/*
 * cmd_install.c - `dualwrited install`: brings the schema, the triggers, the guard, the rights and the published flags
 * to what the config and the mapping say, in one transaction. The SQL is made by lib/core/capture.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dualwrite/capture.h"
#include "dualwrite/catalog_read.h"
#include "dualwrite/mapping_check.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"
#include "locked.h"
#include "owned.h"
#include "settings.h"

struct asked {
    const char *config;
    const char *guard;
    int partitions; /* 0: as installed, else the default */
    bool print_sql;
    bool dry_run;
};

/* What the database has now. */
struct installed {
    int version; /* 0: nothing */
    char *hang_digest;
    char *ref_layout;
    int partitions;
    enum guard_mode guard;
    long waiting;
    long triggers;
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
    enum guard_mode mode;
    char *end;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "print-sql") == 0)
        a->print_sql = true;
    else if (strcmp(name, "dry-run") == 0)
        a->dry_run = true;
    else if (strcmp(name, "guard") == 0) {
        a->guard = argument;
        if (guard_mode(argument, &mode) != 0)
            return command_bad_argument(name, argument, "on, record or off");
    } else {
        long n = strtol(argument, &end, 10);

        if (*end != '\0' || n < 1 || n > 64)
            return command_bad_argument(name, argument, "a number from 1 to 64");
        a->partitions = (int) n;
    }
    return EXIT_GOOD;
}

static long
number(const PGresult *r, const char *column)
{
    return strtol(PQgetvalue(r, 0, PQfnumber(r, column)), NULL, 10);
}

static char *
text(const PGresult *r, const char *column)
{
    return xstrdup(PQgetvalue(r, 0, PQfnumber(r, column)));
}

static int
read_installed(PGconn *pq, struct installed *now)
{
    enum owned owned = owned_schema(pq);
    PGresult *r;

    *now = (struct installed){.partitions = CAPTURE_PARTITIONS};
    if (owned != OWNED_OURS)
        return owned == OWNED_NOTHING ? 0 : -1;
    r = pgblock_query(pq, sql_install_state, 0, NULL);
    if (r == NULL)
        return -1;
    now->version = (int) number(r, "schema_version");
    now->hang_digest = text(r, "hang_digest");
    now->ref_layout = text(r, "ref_layout");
    now->partitions = (int) number(r, "partitions");
    now->waiting = number(r, "waiting");
    now->triggers = number(r, "triggers");
    guard_mode(PQgetvalue(r, 0, PQfnumber(r, "guard")), &now->guard);
    PQclear(r);
    if (now->version > CAPTURE_SCHEMA_VERSION) {
        fprintf(stderr, "dualwrited: this database has schema version %d, this program knows %d; use the newer one\n",
                now->version, CAPTURE_SCHEMA_VERSION);
        return -1;
    }
    return 0;
}

/* "customer(id) order(id,customer_id)": waiting events can only be read by a mapping with the same layout. */
static char *
ref_layout(const struct mapping *m)
{
    struct buf out = {0};

    for (size_t i = 0; i < m->count; i++) {
        buf_printf(&out, "%s%s(", i == 0 ? "" : " ", m->entities[i].name);
        for (size_t j = 0; j < ref_count(&m->entities[i]); j++)
            buf_printf(&out, "%s%s", j == 0 ? "" : ",", ref_column(&m->entities[i], j));
        buf_putc(&out, ')');
    }
    return buf_steal(&out);
}

static char *
digest(PGconn *pq, const char *input)
{
    PGresult *r = pgblock_query(pq, sql_digest, 1, &input);
    char *hex = r == NULL ? NULL : xstrdup(PQgetvalue(r, 0, 0));

    PQclear(r);
    return hex;
}

static long
wanted_triggers(const struct mapping *m, enum guard_mode guard)
{
    return (long) m->count * (4 + (guard == GUARD_ON ? 5 : guard == GUARD_RECORD ? 4 : 0));
}

static void
print_writers(PGconn *pq, const struct mapping *m)
{
    struct buf schemas = {0};
    struct buf names = {0};
    const char *parameters[2];
    PGresult *r;

    pgarray_open(&schemas);
    pgarray_open(&names);
    for (size_t i = 0; i < m->count; i++) {
        pgarray_add(&schemas, m->entities[i].target.schema);
        pgarray_add(&names, m->entities[i].target.name);
    }
    pgarray_close(&schemas);
    pgarray_close(&names);
    parameters[0] = buf_text(&schemas);
    parameters[1] = buf_text(&names);
    r = pgblock_query(pq, sql_writers, 2, parameters);
    for (int i = 0; r != NULL && i < PQntuples(r); i++)
        printf("  may write %s now: %s\n", PQgetvalue(r, i, 0), PQgetvalue(r, i, 1));
    PQclear(r);
    buf_free(&schemas);
    buf_free(&names);
}

/* Everything about one run of the command, so that a retry after a lock timeout starts from the same facts. */
struct job {
    const struct asked *asked;
    const struct settings *settings;
    PGconn *pq;
    struct installed now;
    struct install_options options;
    char *mapping_digest;
    char *hang_digest;
    char *layout;
    struct buf sql;
    bool hang; /* the triggers are made anew */
};

static int
check_mapping(struct job *j, struct catalog **catalog)
{
    struct faults faults = {0};
    int status = EXIT_GOOD;

    *catalog = catalog_read(j->pq, j->settings->mapping);
    if (*catalog == NULL)
        return EXIT_UNFINISHED;
    mapping_check(j->settings->mapping_name, j->settings->mapping, &(struct catalogs){*catalog, *catalog}, true,
                  &faults);
    command_print_faults(&faults);
    if (faults.errors > 0)
        status = EXIT_CONFIGURATION;
    faults_free(&faults);
    return status;
}

static int
make_sql(struct job *j, const struct catalog *c)
{
    const struct mapping *m = j->settings->mapping;
    struct install_options *o = &j->options;
    struct buf hang = {0};

    j->mapping_digest = digest(j->pq, j->settings->mapping_text);
    *o = (struct install_options){
        .installed_version = j->now.version,
        .partitions = j->asked->partitions > 0 ? j->asked->partitions : j->now.partitions,
        .guard = j->now.guard,
        .outbox_max = j->settings->config->outbox_max,
        .mapping_digest = j->mapping_digest,
        .flags = j->settings->config->flags,
    };
    if (j->asked->guard != NULL)
        guard_mode(j->asked->guard, &o->guard);
    capture_hang_sql(&hang, m, c, o);
    j->hang_digest = digest(j->pq, buf_text(&hang));
    if (j->mapping_digest == NULL || j->hang_digest == NULL) {
        buf_free(&hang);
        return EXIT_UNFINISHED;
    }
    j->layout = ref_layout(m);
    if (j->now.waiting > 0 && strcmp(j->now.ref_layout, j->layout) != 0) {
        fprintf(
            stderr,
            "dualwrited: %ld events wait that this mapping cannot read (they name rows by %s, it by %s); let a daemon "
            "with the old mapping drain them first\n",
            j->now.waiting, j->now.ref_layout, j->layout);
        buf_free(&hang);
        return EXIT_FOUND;
    }
    j->hang = j->now.version == 0 || strcmp(j->now.hang_digest, j->hang_digest) != 0 ||
              j->now.triggers != wanted_triggers(m, o->guard);
    capture_schema_sql(&j->sql, o);
    if (j->hang) {
        capture_release_sql(&j->sql);
        buf_puts(&j->sql, buf_text(&hang));
    }
    capture_publish_sql(&j->sql, m, c, o, j->hang_digest, j->layout);
    buf_free(&hang);
    return EXIT_GOOD;
}

static void
job_clear(struct job *j)
{
    free(j->now.hang_digest);
    free(j->now.ref_layout);
    free(j->mapping_digest);
    free(j->hang_digest);
    free(j->layout);
    buf_free(&j->sql);
    *j = (struct job){.asked = j->asked, .settings = j->settings, .pq = j->pq};
}

static void
report(const struct job *j)
{
    const char *would = j->asked->dry_run ? "would be " : "";

    if (j->now.version == 0)
        printf("%sinstalled: schema dualwrite, version %d, %d partitions\n", would, CAPTURE_SCHEMA_VERSION,
               j->options.partitions);
    else if (j->hang)
        printf("%sreplaced: the triggers of an earlier mapping or setting\n", would);
    else
        printf("already installed: version %d; flags and rights %srefreshed\n", CAPTURE_SCHEMA_VERSION, would);
    for (size_t i = 0; i < j->settings->mapping->count; i++) {
        const struct mapping_entity *e = &j->settings->mapping->entities[i];

        printf("  %s: %s.%s -> %s.%s\n", e->name, e->source.schema, e->source.name, e->target.schema, e->target.name);
    }
    printf("  guard: %s\n", guard_word(j->options.guard));
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        printf("  %s=%s\n", flag_name(f), j->options.flags.value[f]);
}

/* One attempt, in a transaction of its own: another one may find other facts. */
static int
install(void *job)
{
    struct job *j = job;
    struct catalog *catalog = NULL;
    int status;

    job_clear(j);
    if (read_installed(j->pq, &j->now) != 0)
        return EXIT_UNFINISHED;
    status = check_mapping(j, &catalog);
    if (status == EXIT_GOOD)
        status = make_sql(j, catalog);
    catalog_free(catalog);
    if (status != EXIT_GOOD)
        return status;
    if (j->asked->print_sql) {
        printf("BEGIN;\n%sCOMMIT;\n", buf_text(&j->sql));
        return EXIT_GOOD;
    }
    status = locked_script(j->pq, buf_text(&j->sql), "install failed and changed nothing");
    if (status == EXIT_UNFINISHED && PQtransactionStatus(j->pq) == PQTRANS_INERROR)
        fprintf(stderr,
                "dualwrited: where a right is missing, run it as the owner of the tables, and give that role what it "
                "lacks:\n  GRANT CREATE ON DATABASE \"%s\" TO \"%s\"; ALTER ROLE \"%s\" CREATEROLE;\n",
                PQdb(j->pq), PQuser(j->pq), PQuser(j->pq));
    if (status != EXIT_GOOD)
        return status;
    report(j);
    if (j->options.guard != GUARD_OFF)
        print_writers(j->pq, j->settings->mapping);
    if (pgblock_script(j->pq, j->asked->dry_run ? "ROLLBACK" : "COMMIT") != 0)
        return EXIT_UNFINISHED;
    if (!j->asked->dry_run)
        puts("next: GRANT dualwrite_daemon TO the login that the daemons use, and start `dualwrited run`");
    return EXIT_GOOD;
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
    j.settings = settings;
    j.pq = pgblock_connect(settings->config->database_url, "install");
    status = j.pq == NULL ? EXIT_UNREACHABLE : locked_transaction(j.pq, install, &j);
    PQfinish(j.pq);
    job_clear(&j);
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
