/*
 * cmd_rollback_backup.c - `dualwrited rollback backup`: dumps of both databases that belong together, looked through, each with a
 * manifest that says what is in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cmd_rollback.h"
#include "dualwrite/shown.h"
#include "dump.h"
#include "embedded.h"
#include "version.h"

struct asked {
    const char *config, *output, *database;
    bool dry_run, json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "config") == 0) {
        a->config = argument;
    } else if (strcmp(name, "output") == 0) {
        a->output = argument;
    } else if (strcmp(name, "database") == 0) {
        if (strcmp(argument, "vnext") != 0 && strcmp(argument, "legacy") != 0 && strcmp(argument, "both") != 0)
            return command_bad_argument(name, argument, "vnext, legacy or both");
        a->database = argument;
    } else if (strcmp(name, "dry-run") == 0) {
        a->dry_run = true;
    } else if (strcmp(name, "json") == 0) {
        a->json = true;
    } else {
        if (strcmp(argument, "json") != 0 && strcmp(argument, "text") != 0)
            return command_bad_argument(name, argument, "text or json");
        a->json = strcmp(argument, "json") == 0;
    }
    return EXIT_GOOD;
}

/* ---- before ---- */

/* How many bytes are free where the file is to be; -1: that cannot be told. */
static double
room_at(const char *file)
{
    struct buf folder = {0};
    const char *slash = strrchr(file, '/');
    struct statvfs fs;
    double room = -1;

    if (slash == NULL)
        buf_puts(&folder, ".");
    else
        buf_add(&folder, file, slash == file ? 1 : (size_t) (slash - file));
    if (statvfs(buf_text(&folder), &fs) == 0)
        room = (double) fs.f_bavail * (double) fs.f_frsize;
    buf_free(&folder);
    return room;
}

static int
check_file(const char *file)
{
    FILE *f;

    if (access(file, F_OK) == 0) {
        fprintf(stderr, "dualwrited rollback backup: %s is there already; give another name, or remove it\n", file);
        return EXIT_USAGE;
    }
    f = fopen(file, "wx");
    if (f == NULL) {
        fprintf(stderr, "dualwrited rollback backup: %s cannot be written: %s\n", file, strerror(errno));
        return EXIT_UNFINISHED;
    }
    fclose(f);
    unlink(file);
    return EXIT_GOOD;
}

/* pg_dump refuses servers newer than itself. */
static int
check_programs(const struct dump_run *run)
{
    if (!child_there("pg_dump", "postgresql-client") || !child_there("sha256sum", "coreutils") ||
        (run->format == DUMP_GZIP && !child_there("gzip", "gzip")) ||
        (run->format == DUMP_CUSTOM && !child_there("pg_restore", "postgresql-client")))
        return EXIT_UNFINISHED;
    return EXIT_GOOD;
}

/* ---- the snapshots ---- */

/*
 * With two databases no batch is under way in the moment of the two snapshots, so that legacy has what the queue of the one says
 * that it has.
 */
static int
take_snapshots(struct dump_run *run, PGresult *snapshots[2])
{
    const bool hold = run->two && run->sides[DATABASE_VNEXT].installed;
    PGresult *r = NULL;
    int status = EXIT_GOOD;

    dump_doing(run, "waiting for the batches under way");
    if (hold) {
        r = dump_ask(run, DATABASE_VNEXT, sql_backup_hold, 0, NULL);
        if (r == NULL)
            return EXIT_UNFINISHED;
        PQclear(r);
    }
    for (int side = 0; side < 2 && status == EXIT_GOOD; side++) {
        if (!run->sides[side].wanted)
            continue;
        r = dump_ask(run, (enum database) side, sql_backup_begin, 0, NULL);
        PQclear(r);
        snapshots[side] = r == NULL ? NULL : dump_ask(run, (enum database) side, sql_backup_snapshot, 0, NULL);
        if (snapshots[side] == NULL)
            status = EXIT_UNFINISHED;
    }
    if (hold)
        PQclear(dump_ask(run, DATABASE_VNEXT, sql_backup_let_go, 0, NULL));
    return status;
}

static const char *
field(const PGresult *r, const char *name)
{
    return PQgetvalue(r, 0, PQfnumber(r, name));
}

static int
check_room(const struct dump_run *run, PGresult *const snapshots[2])
{
    double needed = 0;
    double room;

    for (int side = 0; side < 2; side++)
        if (snapshots[side] != NULL)
            needed += strtod(field(snapshots[side], "bytes"), NULL) / (run->format == DUMP_PLAIN ? 1 : 5);
    room = room_at(run->sides[run->sides[DATABASE_VNEXT].wanted ? DATABASE_VNEXT : DATABASE_LEGACY].file);
    if (room < 0 || room >= needed)
        return EXIT_GOOD;
    fprintf(stderr,
            "dualwrited rollback backup: there is no room: about %.0f MB are needed, %.0f MB are free; nothing was "
            "written\n",
            needed / 1e6, room / 1e6);
    return EXIT_UNFINISHED;
}

/* ---- a dump ---- */

static int
dump(struct dump_run *run, enum database side, const char *snapshot, const char *partial)
{
    struct dump_side *s = &run->sides[side];
    struct buf option[2] = {{0}, {0}};
    char **environment = child_environment(s->url, "dualwrited-rollback");
    const char *argv[10] = {"pg_dump", "--no-password"};
    size_t n = 2;
    struct child c;
    char *said;
    int status;

    buf_printf(&option[0], "--snapshot=%s", snapshot);
    buf_printf(&option[1], "--file=%s", partial);
    argv[n++] = buf_text(&option[0]);
    argv[n++] = buf_text(&option[1]);
    argv[n++] = run->format == DUMP_CUSTOM ? "--format=custom" : "--format=plain";
    if (run->format != DUMP_CUSTOM) {
        argv[n++] = "--clean";
        argv[n++] = "--if-exists";
    }
    if (run->format == DUMP_GZIP)
        argv[n++] = "--compress=6";
    dump_doing(run, side == DATABASE_LEGACY ? "dumping the legacy database" : "dumping the database");
    if (!child_start(&c, argv, environment, -1, -1, false)) {
        status = EXIT_UNFINISHED;
    } else {
        const int ended = child_wait(&c, dump_tick, run);

        said = child_said(&c);
        dump_quiet(run);
        if (ended != 0)
            fprintf(stderr, "dualwrited rollback backup: pg_dump of %s ended with status %d: %s\n", s->shown, ended,
                    said);
        status = ended == 0 ? EXIT_GOOD : EXIT_UNFINISHED;
        free(said);
    }
    child_environment_free(environment);
    buf_free(&option[0]);
    buf_free(&option[1]);
    return status;
}

/* What is in the file against what the snapshot had, table by table; the counts go into the manifest. */
static int
verify(struct dump_run *run, enum database side, const char *partial, cJSON *tables)
{
    struct dump_side *s = &run->sides[side];
    struct dump_scan scan = {0};
    int status = dump_look_through(run, partial, &scan);

    for (size_t i = 0; i < s->ntables && status == EXIT_GOOD; i++) {
        const struct mapping_table *t = s->tables[i];
        const struct dump_table *in_file = dump_scan_table(&scan, t->schema, t->name);
        const double rows = dump_count(run, side, t);
        cJSON *table = cJSON_CreateObject();

        cJSON_AddStringToObject(table, "schema", t->schema);
        cJSON_AddStringToObject(table, "table", t->name);
        cJSON_AddNumberToObject(table, "rows", rows);
        cJSON_AddItemToArray(tables, table);
        if (rows >= 0 && in_file != NULL && in_file->rows == rows)
            continue;
        status = EXIT_UNFINISHED;
        if (rows >= 0)
            fprintf(stderr, "dualwrited rollback backup: %s.%s has %.0f rows, and the dump %.0f: it is no backup\n",
                    t->schema, t->name, rows, in_file == NULL ? 0 : in_file->rows);
    }
    dump_scan_free(&scan);
    return status;
}

static int
write_manifest(struct dump_run *run, enum database side, const PGresult *snapshot, const char *partial, cJSON *tables)
{
    struct dump_side *s = &run->sides[side];
    char *digest = dump_digest(run, partial);
    char *name = dump_manifest_name(s->file);
    const char *slash = strrchr(s->file, '/');
    cJSON *m = cJSON_CreateObject();
    struct stat st = {0};
    char *json;
    FILE *f;
    bool good = digest != NULL && stat(partial, &st) == 0;

    cJSON_AddStringToObject(m, "file", slash == NULL ? s->file : slash + 1);
    cJSON_AddStringToObject(m, "database", s->word);
    cJSON_AddStringToObject(m, "dbname", field(snapshot, "dbname"));
    cJSON_AddStringToObject(m, "made_at", field(snapshot, "made_at"));
    cJSON_AddStringToObject(m, "made_by", "dualwrited " DUALWRITE_VERSION);
    cJSON_AddStringToObject(m, "server_version", field(snapshot, "server_version"));
    cJSON_AddStringToObject(m, "lsn", field(snapshot, "lsn"));
    cJSON_AddBoolToObject(m, "dualwrite_installed", field(snapshot, "installed")[0] == 't');
    cJSON_AddNumberToObject(m, "bytes", (double) st.st_size);
    cJSON_AddStringToObject(m, "sha256", digest == NULL ? "" : digest);
    cJSON_AddItemReferenceToObject(m, "tables", tables);
    json = cJSON_Print(m);
    f = good ? fopen(name, "w") : NULL;
    good = f != NULL && fprintf(f, "%s\n", json) > 0;
    good = (f == NULL || (fflush(f) == 0 && fsync(fileno(f)) == 0 && fclose(f) == 0)) && good;
    if (!good)
        fprintf(stderr, "dualwrited rollback backup: %s cannot be written: %s\n", name, strerror(errno));
    if (!good && f != NULL)
        unlink(name);
    cJSON_free(json);
    cJSON_Delete(m);
    free(name);
    free(digest);
    return good ? EXIT_GOOD : EXIT_UNFINISHED;
}

/* The file that grows, so that no other backup writes it too; -1 after saying why not. It may be one that was cut off. */
static int
take_partial(const struct dump_side *s, const char *partial)
{
    int fd = open(partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    const bool ours = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

    if (ours && fchmod(fd, 0600) == 0 && access(s->file, F_OK) != 0)
        return fd;
    fprintf(stderr, "dualwrited rollback backup: %s cannot be written: %s\n", partial,
            fd < 0  ? strerror(errno)
            : !ours ? "another backup is writing it"
                    : "another backup has made the file");
    if (ours)
        unlink(partial);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int
back_up(struct dump_run *run, enum database side, const PGresult *snapshot, cJSON *files)
{
    struct dump_side *s = &run->sides[side];
    cJSON *tables = cJSON_CreateArray();
    cJSON *file = cJSON_CreateObject();
    struct buf partial = {0};
    int status = EXIT_UNFINISHED;
    int fd;

    buf_printf(&partial, "%s.partial", s->file);
    fd = take_partial(s, buf_text(&partial));
    if (fd >= 0)
        status = dump(run, side, field(snapshot, "snapshot"), buf_text(&partial));
    if (status == EXIT_GOOD)
        status = verify(run, side, buf_text(&partial), tables);
    if (status == EXIT_GOOD)
        status = write_manifest(run, side, snapshot, buf_text(&partial), tables);
    if (status == EXIT_GOOD && rename(buf_text(&partial), s->file) != 0) {
        fprintf(stderr, "dualwrited rollback backup: %s cannot be renamed: %s\n", buf_text(&partial), strerror(errno));
        status = EXIT_UNFINISHED;
    }
    if (status != EXIT_GOOD && fd >= 0)
        unlink(buf_text(&partial));
    if (fd >= 0)
        close(fd);
    cJSON_AddStringToObject(file, "file", s->file);
    cJSON_AddStringToObject(file, "database", s->word);
    cJSON_AddBoolToObject(file, "good", status == EXIT_GOOD);
    cJSON_AddItemToObject(file, "tables", tables);
    cJSON_AddItemToArray(files, file);
    buf_free(&partial);
    return status;
}

/* ---- the command ---- */

static void
print_text(const struct dump_run *run, const cJSON *files, bool dry_run)
{
    const cJSON *file;
    const cJSON *t;

    for (int side = 0; side < 2 && dry_run; side++)
        if (run->sides[side].wanted)
            printf("would be written: %s, from %s\n", run->sides[side].file, run->sides[side].shown);
    cJSON_ArrayForEach(file, files)
    {
        printf("%s\n", cJSON_GetStringValue(cJSON_GetObjectItem(file, "file")));
        cJSON_ArrayForEach(t, cJSON_GetObjectItem(file, "tables"))
            printf("  [x] %s.%s: %.0f rows, in the database and in the file\n",
                   cJSON_GetStringValue(cJSON_GetObjectItem(t, "schema")),
                   cJSON_GetStringValue(cJSON_GetObjectItem(t, "table")),
                   cJSON_GetNumberValue(cJSON_GetObjectItem(t, "rows")));
        puts("  [x] whole, and read back; its manifest is beside it");
    }
}

static int
backup(struct dump_run *run, const struct asked *a)
{
    PGresult *snapshots[2] = {NULL, NULL};
    cJSON *document = cJSON_CreateObject();
    cJSON *files;
    int status = check_programs(run);

    cJSON_AddBoolToObject(document, "dry_run", a->dry_run);
    files = cJSON_AddArrayToObject(document, "files");
    for (int side = 0; side < 2 && status == EXIT_GOOD; side++)
        if (run->sides[side].wanted)
            status = check_file(run->sides[side].file);
    if (status == EXIT_GOOD)
        status = take_snapshots(run, snapshots);
    if (status == EXIT_GOOD)
        status = check_room(run, snapshots);
    for (int side = 0; side < 2 && status == EXIT_GOOD && !a->dry_run; side++)
        if (run->sides[side].wanted)
            status = back_up(run, (enum database) side, snapshots[side], files);
    if (status == EXIT_GOOD && !a->json)
        print_text(run, files, a->dry_run);
    if (a->json) {
        char *json = cJSON_Print(document);

        puts(json);
        cJSON_free(json);
    }
    PQclear(snapshots[0]);
    PQclear(snapshots[1]);
    cJSON_Delete(document);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct settings *settings;
    struct dump_run run = {.name = "rollback backup"};
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    if (asked.output == NULL) {
        fputs("dualwrited rollback backup: say where to, as --output=before.dump\n", stderr);
        return EXIT_USAGE;
    }
    if (!dump_format_of(run.name, asked.output, &run.format))
        return EXIT_USAGE;
    settings = command_settings(asked.config);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    run.settings = settings;
    umask(077); /* everybody's data */
    child_catch_signals();
    status = dump_begin(&run, asked.database, asked.output);
    if (status == EXIT_GOOD)
        status = backup(&run, &asked);
    dump_end(&run);
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"output", "FILE", "where to: NAME.dump, NAME.sql or NAME.sql.gz"},
    {"database", "WHICH", "vnext, legacy or both (default: both); of two each gets a file, NAME.vnext.dump and so on"},
    {"dry-run", NULL, "look whether it can be done, and write nothing"},
    {"json", NULL, "for programs; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_rollback_backup = {
    .name = "rollback backup",
    .summary = "dumps of the databases that belong together, each read back and with a manifest",
    .help = "Makes a dump with pg_dump, reads it back, compares the rows of each mapped table with the database, and "
            "writes\n"
            "FILE.manifest.json beside it: counts, version, position in the WAL, digest. With two databases both are "
            "of one\n"
            "moment, in which no batch is under way. Daemons and applications go on meanwhile.\n"
            "Exit status: 0 done, 64 no such format, or the file is there, 69 unreachable, 70 not finished.",
    .options = options,
    .run = run,
};
