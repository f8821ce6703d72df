/* restore_check.c - is a file a backup of this database, before anything is touched; see restore.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/shown.h"
#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"
#include "restore.h"

#define MANIFEST_MAX (1 << 20)

static int
refuse(const struct dump_run *run, const char *file, const char *why)
{
    fprintf(stderr, "dualwrited %s: %s %s; nothing was touched\n", run->name, file, why);
    return EXIT_INPUT;
}

/* ---- the manifest ---- */

static int
read_manifest(const struct dump_run *run, const struct dump_side *s, cJSON **manifest)
{
    char *name = dump_manifest_name(s->file);
    size_t len = 0;
    char *text = access(name, F_OK) == 0 ? slurp(name, MANIFEST_MAX, &len) : NULL;
    int status = EXIT_GOOD;

    if (text != NULL) {
        *manifest = cJSON_ParseWithLength(text, len);
        if (!cJSON_IsObject(*manifest) || cJSON_GetStringValue(cJSON_GetObjectItem(*manifest, "sha256")) == NULL)
            status = refuse(run, name, "is no manifest; remove it to do without");
    } else if (access(name, F_OK) == 0) {
        status = refuse(run, name, "cannot be read");
    }
    free(text);
    free(name);
    return status;
}

static int
check_manifest(struct dump_run *run, const struct dump_side *s, const struct restore_file *file)
{
    const char *side = cJSON_GetStringValue(cJSON_GetObjectItem(file->manifest, "database"));
    const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItem(file->manifest, "sha256"));
    const cJSON *table;
    char *digest;
    bool same;

    if (side != NULL && strcmp(side, s->word) != 0) {
        struct buf why = {0};
        int status;

        buf_printf(&why, "is of the side \"%s\" by its manifest, and is to go to the side \"%s\"", side, s->word);
        status = refuse(run, s->file, buf_text(&why));
        buf_free(&why);
        return status;
    }
    digest = dump_digest(run, s->file);
    if (digest == NULL)
        return EXIT_UNFINISHED;
    same = strcmp(digest, wanted) == 0;
    free(digest);
    if (!same)
        return refuse(run, s->file, "is not the file that its manifest is about: another digest");
    cJSON_ArrayForEach(table, cJSON_GetObjectItem(file->manifest, "tables"))
    {
        const char *schema = cJSON_GetStringValue(cJSON_GetObjectItem(table, "schema"));
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(table, "table"));
        const struct dump_table *t = schema == NULL || name == NULL ? NULL : dump_scan_table(&file->scan, schema, name);

        if (t == NULL || t->rows != cJSON_GetNumberValue(cJSON_GetObjectItem(table, "rows")))
            return refuse(run, s->file, "has other rows than its manifest says");
    }
    return EXIT_GOOD;
}

/* ---- the dump ---- */

static int
check_tables(const struct dump_run *run, const struct dump_side *s, const struct dump_scan *scan)
{
    struct buf out = {0};
    bool clean = true;
    int status = EXIT_GOOD;

    for (size_t i = 0; i < s->ntables; i++) {
        const struct dump_table *t = dump_scan_table(scan, s->tables[i]->schema, s->tables[i]->name);

        if (t == NULL || !t->created)
            buf_printf(&out, "%s %s.%s", out.len == 0 ? "has no table" : ",", s->tables[i]->schema, s->tables[i]->name);
        else
            clean = clean && t->dropped;
    }
    if (out.len > 0)
        status = refuse(run, s->file, buf_text(&out));
    else if (!clean)
        status =
            refuse(run, s->file,
                   "does not drop the tables that it makes, and those of the database are in its way: make dumps with "
                   "`pg_dump --clean --if-exists`, or as .dump, or with `dualwrited rollback backup`");
    buf_free(&out);
    return status;
}

static int
check_version(const struct dump_run *run, const struct dump_side *s, const struct dump_scan *scan)
{
    const int here = PQserverVersion(s->pq) / 10000;

    if (dump_scan_major(scan) <= here)
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited %s: %s is of a server of version %s, and %s is of version %d; nothing was touched\n",
            run->name, s->file, scan->from, s->shown, here);
    return EXIT_INPUT;
}

int
restore_check(struct dump_run *run, enum database side, struct restore_file *file)
{
    const struct dump_side *s = &run->sides[side];
    int status = dump_look_through(run, s->file, &file->scan);

    if (status == EXIT_GOOD)
        status = check_version(run, s, &file->scan);
    if (status == EXIT_GOOD)
        status = check_tables(run, s, &file->scan);
    if (status == EXIT_GOOD)
        status = read_manifest(run, s, &file->manifest);
    if (status == EXIT_GOOD && file->manifest != NULL)
        status = check_manifest(run, s, file);
    return status;
}

void
restore_file_free(struct restore_file *file)
{
    dump_scan_free(&file->scan);
    cJSON_Delete(file->manifest);
}
