/* pack_load.c - rule packs from disk; see pack_load.h. */
#include "pack_load.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dualwrite/buf.h"
#include "dualwrite/json_file.h"
#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"
#include "paths.h"

#define SQL_MAX ((size_t) 1024 * 1024) /* bytes of one .sql file */

/* Whether rules.json is in that folder, or nobody may know: reading it says why then. */
static bool
holds_pack(struct buf *folder)
{
    struct buf file = {0};
    bool there;

    buf_printf(&file, "%s/" PACK_FILE, buf_text(folder));
    there = access(buf_text(&file), F_OK) == 0 || errno == EACCES;
    buf_free(&file);
    return there;
}

/* Appends the folder that this program is in; false where nobody knows. */
static bool
put_program_folder(struct buf *out)
{
    char path[4096];
    const ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    const char *slash;

    if (len <= 0)
        return false;
    path[len] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    buf_add(out, path, (size_t) (slash - path));
    return true;
}

/* The pack's folder; NULL after saying where it was looked for. */
static char *
find_folder(const char *name, struct faults *faults)
{
    static const char *const beside[] = {"/../config/rules/", "/../share/dualwrited/rules/"};
    struct buf folder = {0};

    if (strchr(name, '/') != NULL) {
        buf_puts(&folder, name);
        while (folder.len > 1 && folder.data[folder.len - 1] == '/')
            folder.data[--folder.len] = '\0';
        if (holds_pack(&folder))
            return buf_steal(&folder);
        faults_add(faults, FAULT_ERROR, name, "there is no " PACK_FILE " here; a rule pack is a folder with one");
    } else {
        for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
            buf_clear(&folder);
            if (!put_program_folder(&folder))
                break;
            buf_printf(&folder, "%s%s", beside[i], name);
            if (holds_pack(&folder))
                return buf_steal(&folder);
        }
        buf_clear(&folder);
        buf_printf(&folder, DUALWRITE_RULES_DIR "/%s", name);
        if (holds_pack(&folder))
            return buf_steal(&folder);
        faults_add(faults, FAULT_ERROR, name,
                   "there is no rule pack of this name in " DUALWRITE_RULES_DIR
                   "; give its folder's path, with a slash in it, for one of your own");
    }
    buf_free(&folder);
    return NULL;
}

/* NULL after saying why. A byte order mark, which some editors put in front, is no part of it. */
static char *
read_text(const char *path, size_t max, size_t *len, struct faults *faults)
{
    static const char mark[] = "\xEF\xBB\xBF";
    char *text = slurp(path, max, len);

    if (text != NULL && *len <= max && strncmp(text, mark, sizeof mark - 1) == 0) {
        *len -= sizeof mark - 1;
        memmove(text, text + sizeof mark - 1, *len + 1);
    }
    if (text == NULL) {
        faults_add(faults, FAULT_ERROR, path, "cannot be read: %s", strerror(errno));
    } else if (*len > max) {
        faults_add(faults, FAULT_ERROR, path, "is larger than %zu bytes", max);
        free(text);
        text = NULL;
    } else if (strlen(text) != *len) {
        faults_add(faults, FAULT_ERROR, path, "has a zero byte in it; SQL is text");
        free(text);
        text = NULL;
    }
    return text;
}

/* From here on the file is called by its path, for messages. */
static void
load_sql(struct pack_file *file, const char *folder, struct faults *faults)
{
    struct buf path = {0};
    size_t len;

    if (file->name == NULL)
        return;
    buf_printf(&path, "%s/%s", folder, file->name);
    free(file->name);
    file->name = buf_steal(&path);
    file->text = read_text(file->name, SQL_MAX, &len, faults);
}

/* A file that a pack may do without. */
static void
load_parts(struct pack *p, const char *folder, const char *name,
           void (*parse)(struct pack_parts *into, const char *file, const char *sql, const char *schema,
                         struct faults *faults),
           struct faults *faults)
{
    struct buf path = {0};
    char *text;
    size_t len;

    buf_printf(&path, "%s/%s", folder, name);
    if (access(buf_text(&path), F_OK) == 0 || errno != ENOENT) {
        text = read_text(buf_text(&path), SQL_MAX, &len, faults);
        if (text != NULL)
            parse(&p->parts, buf_text(&path), text, p->schema, faults);
        free(text);
    }
    buf_free(&path);
}

struct pack *
pack_load(const char *name_or_path, struct faults *faults)
{
    const size_t errors = faults->errors;
    char *folder = find_folder(name_or_path, faults);
    struct pack *p = NULL;
    struct buf path = {0};
    char *text;
    size_t len;

    if (folder == NULL)
        return NULL;
    buf_printf(&path, "%s/" PACK_FILE, folder);
    text = read_text(buf_text(&path), JSON_FILE_MAX, &len, faults);
    if (text != NULL)
        p = pack_parse(buf_text(&path), text, len, faults);
    for (size_t i = 0; p != NULL && i < p->count; i++) {
        load_sql(&p->checks[i].find, folder, faults);
        load_sql(&p->checks[i].legacy, folder, faults);
        load_sql(&p->checks[i].mend, folder, faults);
    }
    if (p != NULL) {
        load_parts(p, folder, PACK_CONSTRAINTS_FILE, pack_parts_constraints, faults);
        load_parts(p, folder, PACK_FUNCTIONS_FILE, pack_parts_functions, faults);
    }
    free(text);
    buf_free(&path);
    free(folder);
    if (faults->errors == errors)
        return p;
    pack_free(p);
    return NULL;
}
