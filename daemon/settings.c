/* settings.c - reads the env file and the mapping file; see settings.h. */
#include "settings.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dualwrite/conninfo.h"
#include "dualwrite/fnv.h"
#include "dualwrite/json_file.h"
#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"
#include "embedded.h"

#define CONFIG_FILE_MAX ((size_t) 16 * 1024 * 1024)

const char *
settings_file(const char *option)
{
    const char *named = option != NULL ? option : getenv("DUALWRITE_CONFIG");

    if (named != NULL && *named != '\0')
        return named;
    /* one that nobody may look for is not one that is not there: reading it says why */
    return access(CONFIG_DEFAULT_FILE, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR) ? CONFIG_DEFAULT_FILE : NULL;
}

/* With its length, so that no two files look like two others. */
static void
add_content(uint64_t *content, const char *text, size_t len)
{
    *content = fnv_add(fnv_add(*content, &len, sizeof len), text, len);
}

static void
load_config(struct settings *s, const char *option, const struct config *before, struct faults *faults)
{
    const char *file = settings_file(option);
    char *text = NULL;
    size_t len = 0;

    s->file = xstrdup(file);
    if (file != NULL && (text = slurp(file, CONFIG_FILE_MAX, &len)) == NULL) {
        faults_add(faults, FAULT_ERROR, file, "cannot read the env file: %s; name another with --config",
                   strerror(errno));
        return;
    }
    add_content(&s->content, text, len);
    if (len > CONFIG_FILE_MAX)
        faults_add(faults, FAULT_ERROR, file, "is larger than %zu MiB: not an env file", CONFIG_FILE_MAX >> 20);
    else
        s->config = config_parse(file != NULL ? file : "environment", text, len, environ, before, faults);
    free(text);
}

static void
check_url(const char *key, const char *url, const char *where, struct faults *faults)
{
    char *why = NULL;
    struct conninfo *info = conninfo_parse(url, "check", &why);

    if (info == NULL)
        faults_add(faults, FAULT_ERROR, where,
                   "%s cannot be read: %s (the value is not shown); write postgresql://user@host:port/database or "
                   "keyword=value pairs",
                   key, why);
    free(why);
    conninfo_free(info);
}

static void
load_mapping(struct settings *s, struct faults *faults)
{
    const char *file = s->config->mapping_file;
    char *text;
    size_t len;

    if (*file == '\0') {
        add_content(&s->content, NULL, 0);
        s->mapping_name = xstrdup("built-in mapping");
        text = xstrdup(default_mapping_json);
        len = strlen(text);
    } else {
        s->mapping_name = xstrdup(file);
        text = slurp(file, JSON_FILE_MAX, &len);
        if (text == NULL) {
            faults_add(faults, FAULT_ERROR, file, "cannot read the mapping file: %s; see DUALWRITE_MAPPING_FILE",
                       strerror(errno));
            return;
        }
        add_content(&s->content, text, len);
    }
    s->mapping = mapping_parse(s->mapping_name, text, len, faults);
    if (s->mapping != NULL)
        cJSON_Minify(text);
    s->mapping_text = text;
}

static struct settings *
load(const char *option, const struct config *before, bool with_mapping, struct faults *faults)
{
    struct settings *s = xcalloc(1, sizeof *s);
    size_t errors = faults->errors;

    s->content = FNV_START;
    load_config(s, option, before, faults);
    if (s->config != NULL) {
        const char *where = s->file != NULL ? s->file : "environment";

        check_url(SETTINGS_URL, s->config->database_url, where, faults);
        if (settings_two_databases(s))
            check_url(SETTINGS_LEGACY_URL, s->config->legacy_database_url, where, faults);
        if (with_mapping)
            load_mapping(s, faults);
    }
    if (faults->errors == errors)
        return s;
    settings_free(s);
    return NULL;
}

struct settings *
settings_load(const char *option, const struct config *before, struct faults *faults)
{
    return load(option, before, true, faults);
}

struct settings *
settings_load_without_mapping(const char *option, struct faults *faults)
{
    return load(option, NULL, false, faults);
}

bool
settings_content(const char *file, const char *mapping_file, uint64_t *content)
{
    const struct {
        const char *path;
        size_t max;
    } files[] = {{file, CONFIG_FILE_MAX}, {mapping_file, JSON_FILE_MAX}};

    *content = FNV_START;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct stat st;
        char *text = NULL;
        size_t len = 0;

        /* to open a pipe would wait for its writer, and take what it has to say */
        if (*files[i].path != '\0' && (stat(files[i].path, &st) != 0 || !S_ISREG(st.st_mode) ||
                                       (text = slurp(files[i].path, files[i].max, &len)) == NULL))
            return false;
        add_content(content, text, len);
        free(text);
    }
    return true;
}

bool
settings_two_databases(const struct settings *s)
{
    const char *legacy = s->config->legacy_database_url;

    return *legacy != '\0' && strcmp(legacy, s->config->database_url) != 0;
}

void
settings_free(struct settings *s)
{
    if (s == NULL)
        return;
    free(s->file);
    config_free(s->config);
    free(s->mapping_name);
    free(s->mapping_text);
    mapping_free(s->mapping);
    free(s);
}
