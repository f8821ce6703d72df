/* stage_folder.c - the folder of a staged test; see stage_folder.h. */
#include "stage_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/slurp.h"
#include "dualwrite/spill.h"
#include "dualwrite/stage_state.h"

#define STATE "stage.json"
#define TEXT_MAX ((size_t) 64 * 1024 * 1024)

/* One of the folders within. What is a link there is not ours, and would lead the evidence over somebody's files. */
static bool
make(const char *path)
{
    struct stat there;

    if (mkdir(path, 0777) == 0 || (errno == EEXIST && lstat(path, &there) == 0 && S_ISDIR(there.st_mode)))
        return true;
    fprintf(stderr, "dualwrited stage: cannot make the folder %s: %s\n", path, strerror(errno));
    return false;
}

int
folder_open(struct folder *f, const char *path)
{
    static const char *const within[] = {"baseline", "after", "logs"};

    *f = (struct folder){.path = path, .lock = -1};
    umask(umask(0) | 027); /* evidence has names of people; what the children write too */
    if (spill_folder(path) != 0) {
        fprintf(stderr, "dualwrited stage: cannot make the folder %s: %s\n", path, strerror(errno));
        return EXIT_UNFINISHED;
    }
    for (size_t i = 0; i < sizeof within / sizeof within[0]; i++) {
        char *name = folder_path(f, within[i]);
        const bool good = make(name);

        free(name);
        if (!good)
            return EXIT_UNFINISHED;
    }
    f->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->lock < 0 || flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
        fprintf(stderr, "dualwrited stage: %s: %s\n", path,
                errno == EWOULDBLOCK ? "another staged test works in this folder: wait for it, or take another folder"
                                     : strerror(errno));
        return EXIT_UNFINISHED;
    }
    return EXIT_GOOD;
}

void
folder_close(struct folder *f)
{
    if (f->lock >= 0)
        close(f->lock);
    f->lock = -1;
}

char *
folder_path(const struct folder *f, const char *name)
{
    struct buf path = {0};

    buf_printf(&path, "%s/%s", f->path, name);
    return buf_steal(&path);
}

char *
folder_text(const struct folder *f, const char *name)
{
    char *path = folder_path(f, name);
    size_t len;
    char *text = slurp(path, TEXT_MAX, &len);

    free(path);
    return text;
}

bool
folder_write(const struct folder *f, const char *name, const char *text)
{
    char *path = folder_path(f, name);
    const bool good = spill(path, text, strlen(text)) == 0;

    if (!good)
        fprintf(stderr, "dualwrited stage: cannot write %s: %s\n", path, strerror(errno));
    free(path);
    return good;
}

int
folder_state(const struct folder *f, cJSON **state)
{
    char *text = folder_text(f, STATE);
    const char *why;

    *state = NULL;
    if (text == NULL && errno == ENOENT)
        return EXIT_GOOD;
    *state = text == NULL ? NULL : cJSON_Parse(text);
    why = text == NULL ? strerror(errno) : *state == NULL ? "it is not JSON" : stage_state_unusable(*state);
    free(text);
    if (why == NULL)
        return EXIT_GOOD;
    fprintf(stderr, "dualwrited stage: %s/" STATE ": %s: take another folder, or begin anew with --restart\n", f->path,
            why);
    cJSON_Delete(*state);
    *state = NULL;
    return EXIT_INPUT;
}

bool
folder_save(const struct folder *f, const cJSON *state)
{
    char *text = cJSON_Print(state);
    const bool good = folder_write(f, STATE, text);

    cJSON_free(text);
    return good;
}

/* The names of what we write, without stage.json; NULL behind the last. Free it. */
static char *
our_file(const struct folder *f, size_t i)
{
    static const char *const pages[] = {"delta.json", "delta.md", "SUMMARY.md"};

    if (i < stage_step_count)
        return folder_path(f, stage_steps[i].file);
    i -= stage_step_count;
    return i < sizeof pages / sizeof pages[0] ? folder_path(f, pages[i]) : NULL;
}

bool
folder_is_ours(const struct folder *f)
{
    char *state = folder_path(f, STATE);
    const bool ours = access(state, F_OK) == 0;
    char *path = NULL;
    struct stat there;
    bool free_to_take = true;

    free(state);
    for (size_t i = 0; !ours && free_to_take && (path = our_file(f, i)) != NULL; i++) {
        free_to_take = lstat(path, &there) != 0;
        if (!free_to_take)
            fprintf(stderr,
                    "dualwrited stage: %s is there already, and %s has no " STATE
                    " of a staged test: take another folder\n",
                    path, f->path);
        free(path);
    }
    return free_to_take;
}

void
folder_clear(const struct folder *f)
{
    char *path;

    for (size_t i = 0; (path = our_file(f, i)) != NULL; i++) {
        unlink(path);
        free(path);
    }
    for (size_t i = 0; i < stage_step_count; i++) {
        struct buf err = {0};

        buf_printf(&err, "%s/logs/%s.err", f->path, stage_steps[i].name);
        unlink(buf_text(&err));
        buf_free(&err);
    }
    path = folder_path(f, STATE); /* the last: without it the others are not known to be ours */
    unlink(path);
    free(path);
}

bool
folder_has_test(const char *folder)
{
    const struct folder f = {.path = folder};
    char *path = folder_path(&f, STATE);
    const bool there = access(path, F_OK) == 0;

    if (!there)
        fprintf(stderr, "dualwrited stage: %s: %s: nothing is to be taken back from there\n", path, strerror(errno));
    free(path);
    return there;
}
