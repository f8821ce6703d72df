/* dump.c - databases, files and programs of `rollback backup` and `rollback restore`; see dump.h. */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/conninfo.h"
#include "dualwrite/pgblock.h"
#include "dualwrite/shown.h"
#include "dualwrite/sqlparts.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define QUIET_S 2

/* ---- progress ---- */

void
dump_quiet(struct dump_run *run)
{
    if (run->on_screen)
        fputs("\r\x1b[K", stderr);
    run->on_screen = false;
}

void
dump_tick(void *arg)
{
    struct dump_run *run = arg;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!run->terminal || run->doing == NULL || now.tv_sec - run->started.tv_sec < QUIET_S)
        return;
    dump_quiet(run);
    fprintf(stderr, "%s (%lld s) ...", run->doing, (long long) (now.tv_sec - run->started.tv_sec));
    fflush(stderr);
    run->on_screen = true;
}

void
dump_doing(struct dump_run *run, const char *what)
{
    dump_quiet(run);
    run->doing = what;
    clock_gettime(CLOCK_MONOTONIC, &run->started);
}

/* ---- files ---- */

static const struct {
    const char *end;
    enum dump_format format;
} formats[] = {{".dump", DUMP_CUSTOM}, {".sql.gz", DUMP_GZIP}, {".sql", DUMP_PLAIN}};

static const char *
ending(const char *file, enum dump_format *format)
{
    const size_t len = strlen(file);

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t n = strlen(formats[i].end);

        if (len > n && strcmp(file + len - n, formats[i].end) == 0) {
            *format = formats[i].format;
            return file + len - n;
        }
    }
    return NULL;
}

bool
dump_format_of(const char *command, const char *file, enum dump_format *format)
{
    if (ending(file, format) != NULL)
        return true;
    fprintf(stderr, "dualwrited %s: the name of the file says its format, and ends with .dump, .sql or .sql.gz\n",
            command);
    return false;
}

char *
dump_manifest_name(const char *file)
{
    struct buf out = {0};

    buf_printf(&out, "%s.manifest.json", file);
    return buf_steal(&out);
}

bool
dump_feed(struct child *c, const char *file, enum dump_format format, int out)
{
    const char *const custom[] = {"pg_restore", "--file=-", "--clean", "--if-exists", "--", file, NULL};
    const char *const gzip[] = {"gzip", "-dc", "--", file, NULL};
    const char *const plain[] = {"cat", "--", file, NULL};

    return child_start(c, format == DUMP_CUSTOM ? custom : format == DUMP_GZIP ? gzip : plain, NULL, -1, out, false);
}

static void
say_file(const struct dump_run *run, const char *file, const char *why, const char *said)
{
    struct buf out = {0};

    shown_text(&out, said, 400);
    fprintf(stderr, "dualwrited %s: %s %s%s%s; nothing was touched\n", run->name, file, why, *said == '\0' ? "" : ": ",
            buf_text(&out));
    buf_free(&out);
}

static void
read_all(struct dump_run *run, int from, struct dump_scan *scan)
{
    static char piece[1 << 16];
    ssize_t got;

    while ((got = read(from, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR && !child_interrupted())) {
        if (got > 0)
            dump_scan_feed(scan, piece, (size_t) got);
        dump_tick(run);
    }
    dump_scan_end(scan);
}

int
dump_look_through(struct dump_run *run, const char *file, struct dump_scan *scan)
{
    const char *why = NULL;
    struct child feeder;
    struct stat st;
    int ends[2];
    char *said;
    int status;

    if (access(file, R_OK) != 0) {
        say_file(run, file, "cannot be read", strerror(errno));
        return EXIT_INPUT;
    }
    if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) { /* it is read more than once */
        say_file(run, file, "is no ordinary file", "");
        return EXIT_INPUT;
    }
    dump_doing(run, "reading the file");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return EXIT_UNFINISHED;
    if (!dump_feed(&feeder, file, run->format, ends[1])) {
        close(ends[0]);
        close(ends[1]);
        return EXIT_UNFINISHED;
    }
    close(ends[1]);
    read_all(run, ends[0], scan);
    close(ends[0]);
    status = child_wait(&feeder, dump_tick, run);
    said = child_said(&feeder);
    dump_quiet(run);
    if (status != 0)
        why = "is damaged, or no such file";
    else if (!scan->begun)
        why = "is no dump that pg_dump has made";
    else if (!scan->complete)
        why = "is cut off: it has no end";
    else if (scan->elsewhere != NULL)
        why = "goes to another database, or runs other things, by itself (make it without --create)";
    if (why != NULL)
        say_file(run, file, why, status != 0 ? said : scan->elsewhere != NULL ? scan->elsewhere : "");
    free(said);
    return why == NULL ? EXIT_GOOD : EXIT_INPUT;
}

char *
dump_digest(struct dump_run *run, const char *file)
{
    const char *const argv[] = {"sha256sum", "--", file, NULL};
    char hex[65] = "";
    struct child c;
    size_t have = 0;
    int ends[2];
    ssize_t got;
    char *said;
    int status;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    if (!child_start(&c, argv, NULL, -1, ends[1], false)) {
        close(ends[0]);
        close(ends[1]);
        return NULL;
    }
    close(ends[1]);
    while (have < 64 && (got = read(ends[0], hex + have, 64 - have)) > 0)
        have += (size_t) got;
    status = child_wait(&c, dump_tick, run);
    close(ends[0]);
    said = child_said(&c);
    /* a name with a backslash in it makes the line begin with one */
    if (have == 64 && hex[0] != '\\' && (status == 0 || status == 128 + 13)) {
        free(said);
        return xstrdup(hex);
    }
    fprintf(stderr, "dualwrited %s: no digest of %s: %s\n", run->name, file, said);
    free(said);
    return NULL;
}

int
dump_hook(struct dump_run *run, const char *option, const char *command)
{
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    struct child c;
    int status;

    dump_doing(run, NULL);
    fflush(stdout);
    if (!child_start(&c, argv, NULL, -1, STDERR_FILENO, true))
        return 127;
    status = child_wait(&c, NULL, NULL);
    if (status != 0)
        fprintf(stderr, "dualwrited %s: the command of --%s ended with status %d: %s\n", run->name, option, status,
                command);
    return status;
}

/* ---- databases ---- */

static void
add_table(struct dump_side *side, const struct mapping_table *t)
{
    for (size_t i = 0; i < side->ntables; i++)
        if (mapping_same_table(side->tables[i], t))
            return;
    side->tables = xreallocarray((void *) side->tables, side->ntables + 1, sizeof(struct mapping_table *));
    side->tables[side->ntables++] = t;
}

static void
add_tables(struct dump_run *run)
{
    const struct mapping *m = run->settings->mapping;

    for (size_t i = 0; i < m->count; i++) {
        add_table(&run->sides[DATABASE_VNEXT], &m->entities[i].source);
        if (m->entities[i].map != NULL)
            add_table(&run->sides[DATABASE_VNEXT], &m->entities[i].map->table);
        add_table(&run->sides[run->two ? DATABASE_LEGACY : DATABASE_VNEXT], &m->entities[i].target);
    }
}

static char *
file_of(const char *file, const char *word, bool alone)
{
    enum dump_format format;
    const char *end = ending(file, &format);
    struct buf out = {0};

    if (alone)
        return xstrdup(file);
    buf_printf(&out, "%.*s.%s%s", (int) (end - file), file, word, end);
    return buf_steal(&out);
}

static int
choose(struct dump_run *run, const char *which, const char *file)
{
    const bool both = which == NULL || strcmp(which, "both") == 0;

    if (!run->two && !both && strcmp(which, "legacy") == 0) {
        fprintf(stderr,
                "dualwrited %s: there is one database, which has the vNext tables too: leave --database out, or set "
                "DUALWRITE_LEGACY_DATABASE_URL\n",
                run->name);
        return EXIT_USAGE;
    }
    run->sides[DATABASE_VNEXT].word = run->two ? "vnext" : "both";
    run->sides[DATABASE_LEGACY].word = "legacy";
    run->sides[DATABASE_VNEXT].wanted = both || strcmp(which, "vnext") == 0;
    run->sides[DATABASE_LEGACY].wanted = run->two && (both || strcmp(which, "legacy") == 0);
    for (int side = 0; side < 2; side++)
        if (run->sides[side].wanted)
            run->sides[side].file = file_of(file, run->sides[side].word, !run->two || !both);
    return EXIT_GOOD;
}

static int
connect_side(struct dump_side *side, const char *url, const char *key)
{
    PGresult *r;

    side->url = url;
    side->shown = conninfo_shown_of(url);
    side->pq = pgblock_connect(url, key, "rollback");
    if (side->pq == NULL)
        return EXIT_UNREACHABLE;
    r = pgblock_query(side->pq, sql_backup_name, 0, NULL);
    if (r != NULL) {
        PQclear(r);
        r = pgblock_query(side->pq, sql_installed, 0, NULL);
    }
    if (r == NULL)
        return EXIT_UNFINISHED;
    side->installed = strcmp(PQgetvalue(r, 0, 0), "ours") == 0;
    PQclear(r);
    return EXIT_GOOD;
}

int
dump_begin(struct dump_run *run, const char *which, const char *file)
{
    const struct config *config = run->settings->config;
    int status;

    run->two = settings_two_databases(run->settings);
    run->terminal = isatty(STDERR_FILENO) == 1;
    clock_gettime(CLOCK_MONOTONIC, &run->started);
    status = choose(run, which, file);
    add_tables(run);
    if (status == EXIT_GOOD)
        status = connect_side(&run->sides[DATABASE_VNEXT], config->database_url, SETTINGS_URL);
    if (status == EXIT_GOOD && run->sides[DATABASE_LEGACY].wanted)
        status = connect_side(&run->sides[DATABASE_LEGACY], config->legacy_database_url, SETTINGS_LEGACY_URL);
    return status;
}

void
dump_end(struct dump_run *run)
{
    dump_quiet(run);
    for (int side = 0; side < 2; side++) {
        PQfinish(run->sides[side].pq);
        free(run->sides[side].shown);
        free(run->sides[side].file);
        free((void *) run->sides[side].tables);
    }
}

PGresult *
dump_ask(struct dump_run *run, enum database side, const char *sql, int nparams, const char *const *params)
{
    PGresult *r = pgblock_ask(run->sides[side].pq, sql, nparams, params, dump_tick, run);
    const ExecStatusType status = PQresultStatus(r);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return r;
    dump_quiet(run);
    pgblock_complain(run->sides[side].pq, r, run->name);
    PQclear(r);
    return NULL;
}

double
dump_count(struct dump_run *run, enum database side, const struct mapping_table *table)
{
    struct fragments f = {0};
    char *sql;
    PGresult *r;
    double rows;

    gen_set_table(&f, "table", table);
    sql = gen_fill(sql_backup_count, &f);
    r = dump_ask(run, side, sql, 0, NULL);
    rows = r == NULL ? -1 : strtod(PQgetvalue(r, 0, 0), NULL);
    PQclear(r);
    free(sql);
    return rows;
}
