/*
 * cmd_delta.c - `dualwrited delta`: two validation reports compared into a folder. Files and options; it needs no database.
 * What the reports say is lib/core/delta_read.c, what becomes of it lib/core/delta.c.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "command.h"
#include "dualwrite/delta.h"
#include "dualwrite/json_file.h"
#include "dualwrite/slurp.h"
#include "dualwrite/spill.h"
#include "version.h"

struct asked {
    const char *before, *after, *folder;
    bool json, fail_on_errors;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;

    if (strcmp(name, "before") == 0)
        a->before = argument;
    else if (strcmp(name, "after") == 0)
        a->after = argument;
    else if (strcmp(name, "out-dir") == 0)
        a->folder = argument;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(name, "fail-on-errors") == 0)
        a->fail_on_errors = true;
    else if (strcmp(argument, "json") == 0 || strcmp(argument, "text") == 0)
        a->json = strcmp(argument, "json") == 0;
    else
        return command_bad_argument(name, argument, "text or json");
    return EXIT_GOOD;
}

/* ---- reading ---- */

static int
too_large(const char *file)
{
    fprintf(stderr,
            "dualwrited delta: %s: is larger than %zu MB, which is the most that is read; is it a report? "
            "`dualwrited report --format=json` prints one\n",
            file, DELTA_FILE_MAX / ((size_t) 1024 * 1024));
    return EXIT_INPUT;
}

/* The tree of `file`, *id its device and inode; NULL after saying what is wrong with it. */
static cJSON *
read_json(const char *file, struct stat *id, struct faults *faults)
{
    size_t len = 0;
    char *text;
    cJSON *json;

    if (stat(file, id) == 0 && S_ISREG(id->st_mode) && (size_t) id->st_size > DELTA_FILE_MAX) {
        too_large(file);
        return NULL;
    }
    text = slurp(file, DELTA_FILE_MAX, &len);
    if (text == NULL) {
        fprintf(stderr, "dualwrited delta: %s: cannot be read: %s\n", file, strerror(errno));
        return NULL;
    }
    if (len > DELTA_FILE_MAX) {
        free(text);
        too_large(file);
        return NULL;
    }
    json = json_file_parse_document(file, text, len, faults);
    free(text);
    return json;
}

/* ---- writing ---- */

/* "FOLDER/NAME" gets what `text` has; false after saying why not. */
static bool
put_file(const char *folder, const char *name, struct buf *text)
{
    struct buf path = {0};
    bool good;

    buf_printf(&path, "%s/%s", folder, name);
    good = spill(buf_text(&path), buf_text(text), text->len) == 0;
    if (!good)
        fprintf(stderr, "dualwrited delta: %s: cannot be written: %s\n", buf_text(&path), strerror(errno));
    buf_free(&path);
    buf_clear(text);
    return good;
}

static void
put_json(struct buf *out, const cJSON *delta)
{
    char *text = cJSON_Print(delta);

    buf_printf(out, "%s\n", text);
    cJSON_free(text);
}

static bool
put_files(const char *folder, const cJSON *delta)
{
    struct buf text = {0};
    bool good = spill_folder(folder) == 0;

    if (!good) {
        fprintf(stderr, "dualwrited delta: the folder %s cannot be made: %s\n", folder, strerror(errno));
        return false;
    }
    put_json(&text, delta);
    good = put_file(folder, "delta.json", &text);
    delta_markdown(&text, delta);
    good = good && put_file(folder, "delta.md", &text);
    buf_clear(&text);
    delta_summary(&text, delta);
    good = good && put_file(folder, "SUMMARY.md", &text);
    buf_free(&text);
    return good;
}

/* ---- the command ---- */

static int
status_of(const struct asked *asked, const cJSON *delta)
{
    if (!asked->fail_on_errors)
        return EXIT_GOOD;
    if (delta_verdict(delta) == DELTA_CRITICAL)
        return EXIT_FOUND;
    if (!delta_is_blind(delta))
        return EXIT_GOOD;
    fputs(
        "dualwrited delta: the report after does not say what must hold (marked ? above), so nobody can call it clean: "
        "make it with `dualwrited report --format=json`\n",
        stderr);
    return EXIT_UNFINISHED;
}

static int
answer(const struct asked *asked, const cJSON *delta)
{
    struct buf out = {0};
    const cJSON *w;

    if (!put_files(asked->folder, delta))
        return EXIT_UNFINISHED;
    cJSON_ArrayForEach(w, cJSON_GetObjectItemCaseSensitive(delta, "warnings"))
    {
        fprintf(stderr, "dualwrited: warning: %s: %s\n", cJSON_GetObjectItem(w, "where")->valuestring,
                cJSON_GetObjectItem(w, "text")->valuestring);
    }
    if (asked->json)
        put_json(&out, delta);
    else
        delta_text(&out, delta);
    fputs(buf_text(&out), stdout);
    buf_free(&out);
    if (!asked->json)
        printf("\nwritten: %s/delta.json, delta.md and SUMMARY.md\n", asked->folder);
    return status_of(asked, delta);
}

static int
compare(const struct asked *asked)
{
    struct stat ids[2] = {{0}, {0}};
    struct faults faults = {0};
    struct delta_report before;
    struct delta_report after;
    cJSON *trees[2] = {read_json(asked->before, &ids[0], &faults), read_json(asked->after, &ids[1], &faults)};
    const bool read[2] = {trees[0] != NULL && delta_read(&before, asked->before, trees[0], &faults),
                          trees[1] != NULL && delta_read(&after, asked->after, trees[1], &faults)};
    int status = EXIT_INPUT;

    if (!read[0] || !read[1]) {
        command_print_faults(&faults);
    } else {
        char at[32];
        const time_t now = time(NULL);
        struct delta_parts parts = {.version = DUALWRITE_VERSION,
                                    .at = at,
                                    .before = &before,
                                    .after = &after,
                                    .same_file = ids[0].st_ino == ids[1].st_ino && ids[0].st_dev == ids[1].st_dev,
                                    .oddities = &faults};
        cJSON *delta;

        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
        delta = delta_document(&parts);
        status = answer(asked, delta);
        cJSON_Delete(delta);
    }
    cJSON_Delete(trees[0]);
    cJSON_Delete(trees[1]);
    faults_free(&faults);
    return status;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    const char *missing;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    missing = asked.before == NULL ? "before" : asked.after == NULL ? "after" : asked.folder == NULL ? "out-dir" : NULL;
    if (missing != NULL) {
        fprintf(stderr, "dualwrited delta: --%s is missing: it takes --before FILE --after FILE --out-dir FOLDER\n",
                missing);
        return EXIT_USAGE;
    }
    return compare(&asked);
}

static const struct option_help options[] = {
    {"before", "FILE", "the report from before, as `dualwrited report --format=json` prints it"},
    {"after", "FILE", "the report from after"},
    {"out-dir", "FOLDER", "gets delta.json, delta.md and SUMMARY.md; made where it is not there"},
    {"fail-on-errors", NULL, "exit 1 where anything is CRITICAL, 70 where that cannot be seen"},
    {"json", NULL, "for programs: what is in delta.json; the same as --format=json"},
    {"format", "FORMAT", "text or json"},
    {NULL, NULL, NULL},
};

const struct command cmd_delta = {
    .name = "delta",
    .summary = "two validation reports compared: delta.json, delta.md, SUMMARY.md",
    .help = "Compares a report from before with one from after: counts and shares, what is expected of a staging test\n"
            "and whether it held, what to do next. It needs no database. Reports of other programs with the same keys\n"
            "are read too; keys that are missing or odd are named on stderr and in the files.\n"
            "Exit status: 0 compared, whatever it found (see --fail-on-errors); 65 a file is no report; 70 the folder\n"
            "cannot be written.",
    .options = options,
    .run = run,
};
