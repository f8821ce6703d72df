/*
 * cmd_healthcheck.c - `dualwrited healthcheck`: asks the daemon of this host /livez or /readyz.
 *
 * One HTTP/1.0 GET over a blocking socket, ended by the server's closing it: for a client of our own server that is
 * less than a library. It is no HTTP client for anything else.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/buf.h"

#define ANSWER_S                                                                                                       \
    4 /* for each of connecting, sending and reading; Docker and Kubernetes are told how in operations.md */
#define ANSWER_MAX 65536

struct asked {
    const char *config;
    const char *address;
    bool ready;
    bool json;
};

static int
take(void *into, const char *name, const char *argument)
{
    struct asked *a = into;
    char host[CONFIG_HOST_MAX];
    char port[6];

    if (strcmp(name, "config") == 0)
        a->config = argument;
    else if (strcmp(name, "address") == 0 && !config_listen_split(argument, host, port))
        return command_bad_argument(name, argument, "HOST:PORT, [IPv6]:PORT or :PORT");
    else if (strcmp(name, "address") == 0)
        a->address = argument;
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else
        a->ready = strcmp(name, "ready") == 0;
    return EXIT_GOOD;
}

/* A connected socket, or -1 with the cause in *why. What listens on every address is asked on the loopback one. */
static int
connect_to(const char *address, const char **why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const struct timeval patience = {.tv_sec = ANSWER_S};
    struct addrinfo *list = NULL;
    char host[CONFIG_HOST_MAX];
    char port[6];
    bool every;
    int status;
    int fd = -1;

    config_listen_split(address, host, port);
    every = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0 || *host == '\0';
    status = getaddrinfo(every ? NULL : host, port, &hints, &list);
    *why = gai_strerror(status);
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* connect() obeys it, socket(7) */
        if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            *why = errno == EINPROGRESS ? "no answer in time" : strerror(errno);
            close(fd);
            fd = -1;
        }
    }
    if (status == 0)
        freeaddrinfo(list);
    return fd;
}

/* The whole answer; false with the cause in *why. */
static bool
get(const char *address, const char *path, struct buf *answer, const char **why)
{
    struct buf request = {0};
    char piece[4096];
    ssize_t n = -1;
    int fd = connect_to(address, why);

    if (fd < 0)
        return false;
    buf_printf(&request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, address);
    if (send(fd, request.data, request.len, MSG_NOSIGNAL) == (ssize_t) request.len)
        while ((n = recv(fd, piece, sizeof piece, 0)) > 0 && answer->len < ANSWER_MAX)
            buf_add(answer, piece, (size_t) n);
    if (n < 0)
        *why = errno == EAGAIN ? "no answer in time" : strerror(errno);
    else if (n > 0)
        *why = "the answer is too long for a daemon's";
    buf_free(&request);
    close(fd);
    return n == 0;
}

/* The JSON object of an answer with that status, or NULL: then it was no daemon of ours that answered. */
static cJSON *
body_of(const struct buf *answer, int *http_status)
{
    const char *text = buf_text(answer);
    const char *body = strstr(text, "\r\n\r\n");
    cJSON *object;

    if (body == NULL || strncmp(text, "HTTP/1.", 7) != 0 || strlen(text) < 12)
        return NULL;
    *http_status = (int) strtol(text + 9, NULL, 10); /* HTTP/1.x 200 */
    object = cJSON_Parse(body + 4);
    if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, "status")) &&
        (*http_status == 200 || *http_status == 503))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static void
print(const cJSON *object, bool json, bool good, bool ready)
{
    const cJSON *reason;
    const char *before = ": ";

    if (json) {
        char *text = cJSON_PrintUnformatted(object);

        puts(text);
        cJSON_free(text);
        return;
    }
    fputs(!ready ? "alive" : good ? "ready" : "not ready", stdout);
    cJSON_ArrayForEach(reason, cJSON_GetObjectItemCaseSensitive(object, "reasons"))
    {
        printf("%s%s", before, cJSON_IsString(reason) ? reason->valuestring : "?");
        before = "; ";
    }
    putchar('\n');
}

static int
ask(const struct asked *asked, const char *address)
{
    const char *path = asked->ready ? "/readyz" : "/livez";
    const char *why = "what answers there is not dualwrited";
    struct buf answer = {0};
    int http_status = 0;
    cJSON *object = get(address, path, &answer, &why) ? body_of(&answer, &http_status) : NULL;

    if (object == NULL)
        fprintf(stderr,
                "dualwrited healthcheck: %s%s: %s; is the daemon running, and is that its address "
                "(DUALWRITE_HTTP_LISTEN, event_type=http_listening)?\n",
                address, path, why);
    else
        print(object, asked->json, http_status == 200, asked->ready);
    buf_free(&answer);
    if (object == NULL)
        return EXIT_UNREACHABLE;
    cJSON_Delete(object);
    return http_status == 200 ? EXIT_GOOD : EXIT_FOUND;
}

static int
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    struct faults faults = {0};
    struct settings *settings;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    if (asked.address != NULL)
        return ask(&asked, asked.address);
    settings = settings_load_without_mapping(asked.config, &faults);
    command_print_faults(&faults);
    faults_free(&faults);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    if (strcmp(settings->config->http_listen, "off") == 0) {
        fputs("dualwrited healthcheck: DUALWRITE_HTTP_LISTEN is off, so no daemon can be asked; give it an address\n",
              stderr);
        status = EXIT_CONFIGURATION;
    } else {
        status = ask(&asked, settings->config->http_listen);
    }
    settings_free(settings);
    return status;
}

static const struct option_help options[] = {
    {"live", NULL, "does it run: /livez, the default"},
    {"ready", NULL, "is it connected, in step and, in strict mode, without failures: /readyz"},
    {"json", NULL, "the daemon's answer as it is"},
    {"address", "ADDRESS", "HOST:PORT to ask, instead of reading the settings"},
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {NULL, NULL, NULL},
};

const struct command cmd_healthcheck = {
    .name = "healthcheck",
    .summary = "asks the running daemon whether it lives or is ready; for containers without a shell",
    .help =
        "Asks the daemon on DUALWRITE_HTTP_LISTEN. Exits 0 when it lives (or is ready), 1 when it is not ready, with\n"
        "the reasons, and 69 when nobody answers within 4 s.",
    .options = options,
    .run = run,
};
