/*
 * cmd_mapping_init.c - `dualwrited mapping init`: a first mapping from what two live schemas say. It only reads; what it
 * proposes is made by lib/core/mapping_init.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_mapping.h"
#include "dualwrite/mapping_init.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/schema_read.h"
#include "settings.h"

struct asked {
    const char *config;
    const char *vnext_schema;
    const char *legacy_schema;
    const char *tables;
    const char *output;
};

/* What was read of one side. */
struct side {
    struct schema_facts *facts;
    struct catalog *catalog;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "vnext-schema") == 0)
        a->vnext_schema = argument;
    else if (strcmp(name, "legacy-schema") == 0)
        a->legacy_schema = argument;
    else if (strcmp(name, "tables") == 0)
        a->tables = argument;
    else
        a->output = argument;
    return EXIT_GOOD;
}

static void
side_clear(struct side *s)
{
    schema_facts_free(s->facts);
    catalog_free(s->catalog);
}

static int
read_side(const char *url, const char *key, const char *option, const char *schema, struct side *out)
{
    PGconn *pq = pgblock_connect(url, key, "mapping");
    int status = pq == NULL ? EXIT_UNREACHABLE : EXIT_GOOD;

    if (pq != NULL && !schema_read(pq, schema, &out->facts, &out->catalog))
        status = EXIT_UNFINISHED;
    if (out->facts != NULL && out->facts->ntables == 0) {
        fprintf(stderr, "dualwrited: schema \"%s\" %s in database \"%s\"; name the schema with --%s\n", schema,
                out->facts->exists ? "has no tables" : "does not exist", PQdb(pq), option);
        status = EXIT_FOUND;
    }
    PQfinish(pq);
    return status;
}

/* Never over a file that is there: somebody may have decided something in it. */
static int
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t len = strlen(text);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    bool written;

    if (f == NULL) {
        fprintf(stderr, "dualwrited: cannot make %s: %s%s\n", path, strerror(errno),
                errno == EEXIST ? "; move it away, or name another file with --output" : "");
        if (fd >= 0)
            close(fd);
        return EXIT_UNFINISHED;
    }
    written = fwrite(text, 1, len, f) == len;
    if (fclose(f) != 0 || !written) {
        fprintf(stderr, "dualwrited: cannot write %s: %s\n", path, strerror(errno));
        unlink(path);
        return EXIT_UNFINISHED;
    }
    return EXIT_GOOD;
}

static void
print_rest(const struct mapping_proposal *p)
{
    for (size_t i = 0; i < p->notes.count; i++)
        fprintf(stderr, "note: %s: %s\n", p->notes.items[i].where, p->notes.items[i].text);
    if (*p->sql != '\0')
        fprintf(stderr, "to be made in the vNext database:\n%s", p->sql);
    if (p->todos.count == 0)
        return;
    fprintf(stderr, "%zu %s left to you; the file is refused until each TODO is gone:\n", p->todos.count,
            p->todos.count == 1 ? "decision is" : "decisions are");
    for (size_t i = 0; i < p->todos.count; i++)
        fprintf(stderr, "  %s: %s\n", p->todos.items[i].where, p->todos.items[i].text);
}

static int
propose(const struct asked *a, const struct settings *settings)
{
    const struct config *c = settings->config;
    bool one_database = !settings_two_databases(settings);
    struct side vnext = {0};
    struct side legacy = {0};
    struct faults faults = {0};
    struct mapping_proposal *p = NULL;
    int status = read_side(c->database_url, SETTINGS_URL, "vnext-schema", a->vnext_schema, &vnext);

    if (status == EXIT_GOOD)
        status =
            read_side(one_database ? c->database_url : c->legacy_database_url,
                      one_database ? SETTINGS_URL : SETTINGS_LEGACY_URL, "legacy-schema", a->legacy_schema, &legacy);
    if (status == EXIT_GOOD) {
        struct init_input in = {{vnext.facts, vnext.catalog},
                                {legacy.facts, legacy.catalog},
                                one_database && strcmp(a->vnext_schema, a->legacy_schema) == 0};

        p = mapping_init(&in, a->tables, &faults);
        command_print_faults(&faults);
        status = p != NULL ? EXIT_GOOD : a->tables != NULL ? EXIT_USAGE : EXIT_FOUND;
    }
    if (p != NULL && a->output != NULL)
        status = write_file(a->output, p->json);
    else if (p != NULL)
        fputs(p->json, stdout);
    if (p != NULL && status == EXIT_GOOD)
        print_rest(p);
    mapping_proposal_free(p);
    faults_free(&faults);
    side_clear(&vnext);
    side_clear(&legacy);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {.vnext_schema = "public", .legacy_schema = "public"};
    struct settings *settings;
    struct faults faults = {0};
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    /* the mapping that the settings name is the one to be written */
    settings = settings_load_without_mapping(asked.config, &faults);
    command_print_faults(&faults);
    faults_free(&faults);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    status = propose(&asked, settings);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"vnext-schema", "NAME", "the schema with the new tables (default: public)"},
    {"legacy-schema", "NAME", "the schema with the legacy tables (default: public)"},
    {"tables", "LIST", "new_table=legacy_table,...: these pairs and no others (default: by their names)"},
    {"output", "FILE", "write the mapping there and not to stdout; a file that exists is left alone"},
    {NULL, NULL, NULL},
};

const struct command cmd_mapping_init = {
    .name = "mapping init",
    .summary = "a first mapping, proposed from two live schemas",
    .help =
        "Reads both schemas and changes nothing. What follows from them is written down; what a person must decide\n"
        "carries a TODO, and the mapping is refused until it is gone. The TODOs are listed on stderr.",
    .options = options,
    .run = run,
};
