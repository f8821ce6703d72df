/* stage_place.c - containers, pods and logs of a staged test; see stage_place.h. */
#include "stage_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/shown.h"
#include "dualwrite/stage_log.h"
#include "dualwrite/stage_where.h"
#include "dualwrite/xalloc.h"
#include "runner.h"

#define SELF "/proc/self/exe"
#define ASK_MS 60000

static const char *
option(const struct place *p, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(p->options, name));
}

int64_t
place_limit_ms(const cJSON *options)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, "step-timeout"));

    return text == NULL ? 0 : config_duration_ms(text);
}

/* A question to a tool, which has no work to do. */
static int64_t
ask_ms(const struct place *p)
{
    const int64_t limit = place_limit_ms(p->options);

    return limit > 0 && limit < ASK_MS ? limit : ASK_MS;
}

/* Its stdout without the line end; NULL after saying why there is none. The tool's own words are on our stderr. */
static char *
ask(const struct place *p, const struct words *argv, const char *what)
{
    struct run r = {.limit_ms = ask_ms(p)};
    char *text = NULL;

    run_command(&r, argv);
    if (r.why != NULL) {
        fprintf(stderr, "dualwrited stage: %s\n", r.why);
    } else if (r.status != 0) {
        fprintf(stderr, "dualwrited stage: %s: %s ended with status %d; what it says is above\n", what, argv->items[0],
                r.status);
    } else {
        text = xstrdup(r.text);
        text[strcspn(text, "\r\n")] = '\0';
    }
    run_free(&r);
    return text;
}

/* ---- docker-compose ---- */

/* docker-compose where it is there, else docker's own "compose". */
static void
find_compose(const struct place *p, struct words *out)
{
    struct run r = {.silent = true, .limit_ms = ask_ms(p)};
    struct words version = {0};

    words_add(&version, "docker-compose");
    words_add(&version, "version");
    run_command(&r, &version);
    words_add(out, r.status == 0 ? "docker-compose" : "docker");
    if (r.status != 0)
        words_add(out, "compose");
    run_free(&r);
    words_free(&version);
}

static bool
find_container(struct place *p, const struct words *compose)
{
    struct words argv = {0};

    words_append(&argv, compose);
    words_add(&argv, "-f");
    words_add(&argv, option(p, "compose-file"));
    words_add(&argv, "ps");
    words_add(&argv, "-q");
    words_add(&argv, option(p, "service"));
    p->container = ask(p, &argv, "looking for the container of the service");
    words_free(&argv);
    if (p->container != NULL && *p->container == '\0') {
        fprintf(stderr, "dualwrited stage: the service %s of %s has no running container: start it (`up -d`)\n",
                option(p, "service"), option(p, "compose-file"));
        return false;
    }
    return p->container != NULL;
}

/* ---- kubectl ---- */

static bool
find_pod(struct place *p)
{
    struct words argv = {0};
    struct run r = {.limit_ms = ask_ms(p)};

    if (option(p, "pod") != NULL) {
        words_add(&p->pods, option(p, "pod"));
        return true;
    }
    stage_where_pods(&argv, p->options);
    run_command(&r, &argv);
    if (r.why != NULL)
        fprintf(stderr, "dualwrited stage: %s\n", r.why);
    else if (r.status != 0)
        fprintf(stderr, "dualwrited stage: kubectl cannot list pods (status %d): what it says is above\n", r.status);
    else
        stage_where_running(&p->pods, r.text);
    if (r.status == 0 && p->pods.count == 0)
        fprintf(stderr,
                "dualwrited stage: no running pod has the label %s%s%s: `kubectl get pods --show-labels` lists them\n",
                option(p, "selector"), option(p, "namespace") == NULL ? "" : " in namespace ",
                option(p, "namespace") == NULL ? "" : option(p, "namespace"));
    if (p->pods.count > 1)
        fprintf(stderr, "dualwrited stage: %zu pods run; commands go to %s, logs come from all\n", p->pods.count,
                p->pods.items[0]);
    run_free(&r);
    words_free(&argv);
    return p->pods.count > 0;
}

/* ---- all ---- */

static void
set_shown(struct place *p)
{
    struct buf out = {0};

    switch (stage_env(p->options)) {
    case STAGE_LOCAL:
        buf_puts(&out, "this host");
        break;
    case STAGE_DOCKER:
        buf_printf(&out, "container %s", option(p, "container"));
        break;
    case STAGE_COMPOSE:
        buf_printf(&out, "service %s of %s", option(p, "service"), option(p, "compose-file"));
        break;
    case STAGE_K8S:
        buf_printf(&out, "pod %s", p->pods.items[0]);
        if (option(p, "namespace") != NULL)
            buf_printf(&out, " in namespace %s", option(p, "namespace"));
        break;
    }
    p->shown = buf_steal(&out);
}

/* Runs --version there, which tells whether commands get in at all. */
static bool
look_inside(struct place *p)
{
    struct words argv = {0};
    char *said;
    bool ours;

    words_append(&argv, &p->before);
    words_add(&argv, "--version");
    said = ask(p, &argv, p->shown);
    words_free(&argv);
    ours = said != NULL && strncmp(said, "dualwrited ", strlen("dualwrited ")) == 0;
    if (said != NULL && !ours)
        fprintf(stderr,
                "dualwrited stage: %s: %s is not dualwrited (it says \"%.60s\"): --program=PATH says where it is\n",
                p->shown, p->before.items[p->before.count - 1], said);
    if (ours)
        p->version = xstrdup(said + strlen("dualwrited "));
    free(said);
    return ours;
}

int
place_open(struct place *p, const cJSON *options)
{
    const enum stage_env env = stage_env(options);
    struct words compose = {0};
    bool good = true;

    *p = (struct place){.options = options};
    if (env == STAGE_COMPOSE) {
        find_compose(p, &compose);
        good = find_container(p, &compose);
    } else if (env == STAGE_K8S) {
        good = find_pod(p);
    } else if (env == STAGE_DOCKER) {
        p->container = xstrdup(option(p, "container"));
    }
    if (good) {
        set_shown(p);
        stage_where_words(&p->before, options, SELF, &compose, p->pods.count == 0 ? NULL : p->pods.items[0]);
        good = look_inside(p);
    }
    words_free(&compose);
    return good ? EXIT_GOOD : EXIT_UNREACHABLE;
}

void
place_close(struct place *p)
{
    words_free(&p->before);
    words_free(&p->pods);
    free(p->container);
    free(p->shown);
    free(p->version);
}

/* ---- logs ---- */

static bool
run_log(const struct place *p, const char *id, const char *since, const char *file, bool append, char **why)
{
    struct words argv = {0};
    struct run r = {.out = file, .err = file, .append = append, .limit_ms = place_limit_ms(p->options)};
    bool good;

    stage_where_log(&argv, p->options, id, since);
    run_command(&r, &argv);
    good = r.status == 0;
    if (!good && *why == NULL) {
        struct buf said = {0};

        if (r.why != NULL)
            buf_puts(&said, r.why);
        else
            buf_printf(&said, "%s %s ended with status %d", argv.items[0], argv.items[1], r.status);
        if (stage_env(p->options) == STAGE_LOCAL)
            buf_puts(&said, "; --log=FILE or --unit=NAME says where the daemon's log is");
        *why = buf_steal(&said);
    }
    run_free(&r);
    words_free(&argv);
    return good;
}

/* The lines of the file that --log names, from `since` on. */
static bool
copy_log(const char *from, const char *since, const char *file, char **why)
{
    FILE *in = fopen(from, "re");
    const int fd = in == NULL ? -1 : run_open(file, false);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    struct buf said = {0};
    char *line = NULL;
    size_t size = 0;
    bool wanted = false;

    if (out == NULL) {
        buf_printf(&said, "%s: %s", in == NULL ? from : file, strerror(errno));
        *why = buf_steal(&said);
    }
    while (out != NULL && getline(&line, &size, in) > 0)
        if (stage_log_since(line, since, &wanted))
            fputs(line, out);
    free(line);
    if (in != NULL)
        fclose(in);
    if (out != NULL && fclose(out) != 0) {
        buf_printf(&said, "%s: %s", file, strerror(errno));
        *why = buf_steal(&said);
    }
    return *why == NULL;
}

static cJSON *
count_lines(const char *file)
{
    FILE *in = fopen(file, "re");
    cJSON *counts = stage_log_new();
    char *line = NULL;
    size_t size = 0;

    while (in != NULL && getline(&line, &size, in) > 0)
        stage_log_take(counts, line);
    free(line);
    if (in != NULL)
        fclose(in);
    return counts;
}

bool
place_log(const struct place *p, const char *since, const char *file, char **why, cJSON **counts)
{
    bool good = true;

    *why = NULL;
    if (option(p, "log") != NULL)
        good = copy_log(option(p, "log"), since, file, why);
    else if (stage_env(p->options) != STAGE_K8S)
        good = run_log(p, p->container, since, file, false, why);
    else
        for (size_t i = 0; i < p->pods.count; i++)
            good = run_log(p, p->pods.items[i], since, file, i > 0, why) && good;
    *counts = count_lines(file);
    return good;
}
