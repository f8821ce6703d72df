/* stage_where.c - words of docker, docker-compose, kubectl and journalctl; see dualwrite/stage_where.h. */
#include "dualwrite/stage_where.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN "SMOKE_API_TOKEN" /* what smoke takes with --via=api */

static const char *
option(const cJSON *options, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, name));
}

enum stage_env
stage_env(const cJSON *options)
{
    const char *env = option(options, "env");

    if (env != NULL && strcmp(env, "staging-k8s") == 0)
        return STAGE_K8S;
    if (env == NULL || strcmp(env, "staging-docker") != 0)
        return STAGE_LOCAL;
    return option(options, "compose-file") != NULL || option(options, "service") != NULL ? STAGE_COMPOSE : STAGE_DOCKER;
}

#define IN(env) (1u << (env))

bool
stage_where_check(const cJSON *options, char **why)
{
    static const struct {
        const char *name;
        unsigned envs;
        const char *where;
    } belongs[] = {
        {"container", IN(STAGE_DOCKER) | IN(STAGE_K8S),
         "--env=staging-docker without --compose-file, or with --env=staging-k8s"},
        {"compose-file", IN(STAGE_COMPOSE), "--env=staging-docker"},
        {"service", IN(STAGE_COMPOSE), "--env=staging-docker"},
        {"namespace", IN(STAGE_K8S), "--env=staging-k8s"},
        {"selector", IN(STAGE_K8S), "--env=staging-k8s"},
        {"pod", IN(STAGE_K8S), "--env=staging-k8s"},
        {"program", IN(STAGE_DOCKER) | IN(STAGE_COMPOSE) | IN(STAGE_K8S), "--env=staging-docker or staging-k8s"},
        {"log", IN(STAGE_LOCAL), "--env=local"},
        {"unit", IN(STAGE_LOCAL), "--env=local"},
    };
    const enum stage_env env = stage_env(options);
    struct buf said = {0};

    for (size_t i = 0; i < sizeof belongs / sizeof belongs[0]; i++)
        if (option(options, belongs[i].name) != NULL && (belongs[i].envs & IN(env)) == 0)
            buf_printf(&said, "%s--%s goes with %s", said.len == 0 ? "" : "; ", belongs[i].name, belongs[i].where);
    if (said.len > 0)
        ;
    else if (env == STAGE_DOCKER && option(options, "container") == NULL)
        buf_puts(&said, "--env=staging-docker needs --container=NAME, or --compose-file=FILE and --service=NAME");
    else if (env == STAGE_COMPOSE && option(options, "service") == NULL)
        buf_puts(&said, "--compose-file needs --service=NAME: the service that dualwrited runs in");
    else if (env == STAGE_COMPOSE && option(options, "compose-file") == NULL)
        buf_puts(&said, "--service needs --compose-file=FILE");
    else if (env == STAGE_K8S && (option(options, "pod") == NULL) == (option(options, "selector") == NULL))
        buf_puts(&said, "--env=staging-k8s needs either --selector=LABEL=VALUE or --pod=NAME");
    else if (option(options, "log") != NULL && option(options, "unit") != NULL)
        buf_puts(&said, "--log and --unit are two places of the same log: give one");
    *why = said.len == 0 ? NULL : buf_steal(&said);
    return *why == NULL;
}

static void
add_option(struct words *out, const cJSON *options, const char *name, const char *as)
{
    if (option(options, name) == NULL)
        return;
    words_add(out, as);
    words_add(out, option(options, name));
}

static void
add_compose(struct words *out, const cJSON *options, const struct words *compose)
{
    words_append(out, compose);
    add_option(out, options, "compose-file", "-f");
}

void
stage_where_words(struct words *out, const cJSON *options, const char *self, const struct words *compose,
                  const char *pod)
{
    const char *program = option(options, "program") == NULL ? "dualwrited" : option(options, "program");

    switch (stage_env(options)) {
    case STAGE_LOCAL:
        program = self;
        break;
    case STAGE_DOCKER:
        words_add(out, "docker");
        words_add(out, "exec");
        if (option(options, "via") != NULL && strcmp(option(options, "via"), "api") == 0) {
            words_add(out, "-e"); /* by its name: the value is on no command line */
            words_add(out, TOKEN);
        }
        words_add(out, option(options, "container"));
        break;
    case STAGE_COMPOSE:
        add_compose(out, options, compose);
        words_add(out, "exec");
        words_add(out, "-T");
        words_add(out, option(options, "service"));
        break;
    case STAGE_K8S:
        words_add(out, "kubectl");
        words_add(out, "exec");
        add_option(out, options, "namespace", "-n");
        words_add(out, pod);
        add_option(out, options, "container", "-c");
        words_add(out, "--");
        break;
    }
    words_add(out, program);
}

void
stage_where_pods(struct words *out, const cJSON *options)
{
    words_add(out, "kubectl");
    words_add(out, "get");
    words_add(out, "pods");
    add_option(out, options, "namespace", "-n");
    add_option(out, options, "selector", "-l");
    words_add(out, "-o");
    words_add(out, "jsonpath={range .items[*]}{.metadata.name}{\" \"}{.status.phase}{\"\\n\"}{end}");
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

void
stage_where_running(struct words *out, const char *list)
{
    while (*list != '\0') {
        const size_t line = strcspn(list, "\n");
        const size_t name = strcspn(list, " \n");

        if (name > 0 && line - name == strlen(" Running") && strncmp(list + name, " Running", line - name) == 0)
            words_addf(out, "%.*s", (int) name, list);
        list += line + (list[line] == '\n');
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, by_text);
}

void
stage_where_log(struct words *out, const cJSON *options, const char *id_or_pod, const char *since)
{
    switch (stage_env(options)) {
    case STAGE_LOCAL:
        words_add(out, "journalctl");
        words_add(out, "--no-pager");
        words_add(out, "--output=cat");
        words_addf(out, "--unit=%s", option(options, "unit") == NULL ? "dualwrited" : option(options, "unit"));
        words_addf(out, "--since=%.10s %.8s UTC", since, since + strlen("2026-01-25T"));
        break;
    case STAGE_DOCKER:
    case STAGE_COMPOSE:
        words_add(out, "docker");
        words_add(out, "logs");
        words_addf(out, "--since=%s", since);
        words_add(out, id_or_pod);
        break;
    case STAGE_K8S:
        words_add(out, "kubectl");
        words_add(out, "logs");
        add_option(out, options, "namespace", "-n");
        words_add(out, id_or_pod);
        add_option(out, options, "container", "-c");
        words_addf(out, "--since-time=%s", since);
        break;
    }
}
