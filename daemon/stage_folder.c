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
#include "dualwrite/stage_state.h"
#include "dualwrite/xalloc.h"

#define STATE "stage.json"
#define TEXT_MAX ((size_t) 64 * 1024 * 1024)

static bool
make(const char *path)
{
    struct stat there;

    if (mkdir(path, 0750) == 0 || (errno == EEXIST && stat(path, &there) == 0 && S_ISDIR(there.st_mode)))
        return true;
    fprintf(stderr, "dualwrited stage: cannot make the folder %s: %s\n", path, strerror(errno));
    return false;
}

/* The folder, and those above it. */
static bool
make_all(const char *path)
{
    char *part = xstrdup(path);
    bool good = true;

    for (char *c = part + 1; good && *c != '\0'; c++)
        if (*c == '/') {
            *c = '\0';
            good = make(part);
            *c = '/';
        }
    good = good && make(part);
    free(part);
    return good;
}

int
folder_open(struct folder *f, const char *path)
{
    static const char *const within[] = {"baseline", "after", "logs"};

    *f = (struct folder){.path = path, .lock = -1};
    if (!make_all(path))
        return EXIT_UNFINISHED;
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
    struct buf fresh = {0};
    const size_t len = strlen(text);
    bool good;
    int fd;

    buf_printf(&fresh, "%s.new", path);
    fd = open(buf_text(&fresh), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    good = fd >= 0 && write(fd, text, len) == (ssize_t) len && fsync(fd) == 0;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    good = good && rename(buf_text(&fresh), path) == 0;
    if (!good)
        fprintf(stderr, "dualwrited stage: cannot write %s: %s\n", path, strerror(errno));
    buf_free(&fresh);
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

void
folder_clear(const struct folder *f)
{
    static const char *const ours[] = {STATE, "delta.json", "delta.md", "SUMMARY.md"};

    for (size_t i = 0; i < stage_step_count + sizeof ours / sizeof ours[0]; i++) {
        char *path = folder_path(f, i < stage_step_count ? stage_steps[i].file : ours[i - stage_step_count]);

        unlink(path);
        free(path);
    }
}
