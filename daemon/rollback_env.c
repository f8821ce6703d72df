/* rollback_env.c - the flags of a rollback in this host's env file; see rollback_env.h. */
#include "rollback_env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dualwrite/config_keys.h"
#include "dualwrite/envedit.h"
#include "dualwrite/shown.h"
#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"

#define FILE_MAX ((size_t) 16 * 1024 * 1024)
#define LOCK_TRIES 20
#define LOCK_PAUSE_US 100000

struct edit {
    char *path; /* of the file itself, no link */
    char *text;
    size_t len;
    struct stat was;
    int lock;        /* of its folder: two rollbacks here edit one after the other */
    const char *why; /* it cannot be done; static */
};

/* "/a/b" of "/a/b/file". */
static char *
folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? xstrdup("/") : xstrndup(path, (size_t) (slash - path));
}

static bool
failed(struct edit *e, const char *why)
{
    e->why = why;
    return false;
}

static bool
take_lock(struct edit *e)
{
    char *folder = folder_of(e->path);

    e->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (e->lock < 0)
        return failed(e, strerror(errno));
    for (int i = 0; flock(e->lock, LOCK_EX | LOCK_NB) != 0; i++) {
        if (i == LOCK_TRIES)
            return failed(e, "somebody else has it locked");
        usleep(LOCK_PAUSE_US);
    }
    return true;
}

static bool
begin(struct edit *e, const char *file)
{
    *e = (struct edit){.lock = -1, .path = realpath(file, NULL)};
    if (e->path == NULL)
        return failed(e, strerror(errno));
    if (access(e->path, W_OK) != 0)
        return failed(e, strerror(errno));
    if (!take_lock(e))
        return false;
    if (stat(e->path, &e->was) != 0)
        return failed(e, strerror(errno));
    if (!S_ISREG(e->was.st_mode))
        return failed(e, "it is no ordinary file");
    e->text = slurp(e->path, FILE_MAX, &e->len);
    if (e->text == NULL)
        return failed(e, strerror(errno));
    return e->len <= FILE_MAX || failed(e, "it is too large for an env file");
}

static void
end(struct edit *e)
{
    if (e->lock >= 0)
        close(e->lock);
    free(e->path);
    free(e->text);
}

static bool
write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t) n;
    }
    return true;
}

/* A new file beside it, as its owner has it, then in its place. */
static bool
replace(struct edit *e, const struct buf *text)
{
    struct buf name = {0};
    bool good;
    int fd;

    buf_printf(&name, "%s.XXXXXX", e->path);
    fd = mkostemp(name.data, O_CLOEXEC);
    good = fd >= 0;
    if (good) {
        good = (fchown(fd, e->was.st_uid, e->was.st_gid) == 0 ||
                (e->was.st_uid == geteuid() && e->was.st_gid == getegid())) &&
               fchmod(fd, e->was.st_mode & 07777) == 0 && write_all(fd, text->data, text->len) && fsync(fd) == 0 &&
               rename(name.data, e->path) == 0;
        if (!good) {
            e->why = strerror(errno);
            unlink(name.data);
        }
        close(fd);
    } else {
        e->why = strerror(errno);
    }
    if (good)
        fsync(e->lock);
    buf_free(&name);
    return good;
}

/* One key after the other; the text of the last edit is e->text. */
static void
take_text(struct edit *e, struct buf *changed, const char *key, cJSON *keys)
{
    free(e->text);
    e->len = changed->len;
    e->text = buf_steal(changed);
    cJSON_AddItemToArray(keys, cJSON_CreateString(key));
}

static bool
set_key(struct edit *e, const char *key, const char *value, bool add, cJSON *keys)
{
    struct buf changed = {0};
    enum envedit done = envedit_set(&changed, e->text, e->len, key, value, add);

    if (done == ENVEDIT_CHANGED)
        take_text(e, &changed, key, keys);
    buf_free(&changed);
    return done != ENVEDIT_BROKEN ||
           failed(e, "an edit would change more in it than that: a quote is not closed, or its "
                     "last line is continued");
}

static bool
put_key_back(struct edit *e, const char *key, const char *value, bool add, cJSON *keys)
{
    struct buf changed = {0};
    enum envedit done = envedit_put_back(&changed, e->text, e->len, key);

    (void) value;
    (void) add;
    if (done == ENVEDIT_CHANGED)
        take_text(e, &changed, key, keys);
    buf_free(&changed);
    if (done == ENVEDIT_OTHERS)
        return failed(e, "somebody has changed the line since; look at the comment above it");
    return done != ENVEDIT_BROKEN || failed(e, "the comment that says what it was cannot be read");
}

/* The other name of a flag is used where the file has it. */
static bool
each_key(struct edit *e, const struct rollback_wish *wish, cJSON *keys,
         bool (*edit)(struct edit *e, const char *key, const char *value, bool add, cJSON *keys))
{
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        bool has_other = f == FLAG_BLOCKED && envedit_has(e->text, e->len, CONFIG_ALIAS);

        if (!wish->concerned[f])
            continue;
        if (has_other && !edit(e, CONFIG_ALIAS, wish->value[f], false, keys))
            return false;
        if (!edit(e, flag_name(f), wish->value[f], !has_other, keys))
            return false;
    }
    return true;
}

static cJSON *
change(const char *file, const struct rollback_wish *wish, bool dry,
       bool (*edit)(struct edit *e, const char *key, const char *value, bool add, cJSON *keys))
{
    cJSON *answer = cJSON_CreateObject();
    cJSON *keys;
    struct edit e;
    bool good;

    if (file == NULL) {
        cJSON_AddStringToObject(answer, "state", "none");
        return answer;
    }
    cJSON_AddStringToObject(answer, "file", file);
    keys = cJSON_AddArrayToObject(answer, "keys");
    good = begin(&e, file) && each_key(&e, wish, keys, edit);
    if (good && cJSON_GetArraySize(keys) > 0 && !dry)
        good = replace(&e, &(struct buf){.data = e.text, .len = e.len});
    cJSON_AddStringToObject(answer, "state", !good ? "not_changed" : cJSON_GetArraySize(keys) > 0 ? "changed" : "same");
    if (!good)
        cJSON_AddStringToObject(answer, "why", e.why);
    end(&e);
    return answer;
}

cJSON *
rollback_env_set(const char *file, const struct rollback_wish *wish, bool dry)
{
    return change(file, wish, dry, set_key);
}

cJSON *
rollback_env_put_back(const char *file, const struct rollback_wish *wish, bool dry)
{
    return change(file, wish, dry, put_key_back);
}

void
rollback_env_text(struct buf *out, const cJSON *done, bool dry)
{
    const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(done, "state"));
    const char *file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(done, "file"));
    const cJSON *key;
    const char *comma = "";

    buf_puts(out, "  env file ");
    if (file == NULL) {
        buf_puts(out, "there is none on this host; the override rules\n");
        return;
    }
    shown_text(out, file, 0);
    if (strcmp(state, "same") == 0) {
        buf_puts(out, ": nothing to change\n");
    } else if (strcmp(state, "not_changed") == 0) {
        buf_printf(out, ": not changed (%s); the override rules\n",
                   cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(done, "why")));
    } else {
        buf_puts(out, dry ? ": would be changed: " : ": changed: ");
        cJSON_ArrayForEach(key, cJSON_GetObjectItemCaseSensitive(done, "keys"))
        {
            buf_printf(out, "%s%s", comma, cJSON_GetStringValue(key));
            comma = ", ";
        }
        buf_putc(out, '\n');
    }
}
