/*
 * cmd_healthcheck.c - `dualwrited healthcheck`: asks the daemon of this container or host what /livez or /readyz says.
 *
 * Its own one, on the socket of local.h: the port may be another daemon's, of another container of the pod. With --address
 * it asks whoever is there, with one HTTP/1.0 GET over a blocking socket, ended by the server's closing it: for a client of
 * our own server that is less than a library. It is no HTTP client for anything else.
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/buf.h"
#include "dualwrite/config_keys.h"
#include "local.h"
#include "settings.h"

#define ANSWER_S                                                                                                       \
    4 /* for each of connecting, sending and reading; Docker and Kubernetes are told how in operations.md */
#define ANSWER_MAX 65536

struct asked {
    const char *config;
    const char *address;
    const char *instance;
    int64_t pid;
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
    else if (strcmp(name, "instance") == 0)
        a->instance = argument;
    else if (strcmp(name, "pid") == 0 && (a->pid = config_count(argument)) <= 0)
        return command_bad_argument(name, argument, "a process id");
    else if (strcmp(name, "json") == 0)
        a->json = true;
    else if (strcmp(name, "pid") != 0)
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

/* What comes until the other side hangs up; false with the cause in *why. Closes the socket. */
static bool
receive(int fd, struct buf *answer, const char **why)
{
    char piece[4096];
    ssize_t n;

    while ((n = recv(fd, piece, sizeof piece, 0)) > 0 && answer->len < ANSWER_MAX)
        buf_add(answer, piece, (size_t) n);
    if (n < 0)
        *why = errno == EAGAIN ? "no answer in time" : strerror(errno);
    else if (n > 0)
        *why = "the answer is too long for a daemon's";
    close(fd);
    return n == 0;
}

/* The object of an answer, or NULL: then it was no daemon of ours that answered. */
static cJSON *
body_of(const char *status, const char *body, int *http_status)
{
    cJSON *object = body == NULL ? NULL : cJSON_ParseWithOpts(body, NULL, false);

    *http_status = (int) strtol(status, NULL, 10);
    if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(object, "status")) &&
        (*http_status == 200 || *http_status == 503))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *
ask_address(const struct asked *asked, int *http_status)
{
    const char *path = asked->ready ? "/readyz" : "/livez";
    const char *why = "what answers there is not dualwrited";
    struct buf request = {0};
    struct buf answer = {0};
    cJSON *object = NULL;
    int fd = connect_to(asked->address, &why);

    buf_printf(&request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, asked->address);
    if (fd >= 0 && send(fd, request.data, request.len, MSG_NOSIGNAL) != (ssize_t) request.len) {
        why = strerror(errno);
        close(fd);
    } else if (fd >= 0 && receive(fd, &answer, &why) && strncmp(buf_text(&answer), "HTTP/1.", 7) == 0 &&
               answer.len >= 12) {
        const char *body = strstr(buf_text(&answer), "\r\n\r\n");

        object = body_of(buf_text(&answer) + 9, body == NULL ? NULL : body + 4, http_status); /* HTTP/1.x 200 */
    }
    if (object == NULL)
        fprintf(stderr,
                "dualwrited healthcheck: %s%s: %s; is the daemon running, and is that its address "
                "(DUALWRITE_HTTP_LISTEN, event_type=http_listening)?\n",
                asked->address, path, why);
    buf_free(&request);
    buf_free(&answer);
    return object;
}

static void
say_which(const struct asked *asked, const char *file, const struct local_found *found)
{
    fputs("dualwrited healthcheck: ", stderr);
    if (asked->pid != 0)
        fprintf(stderr, "process %" PRId64 " is no running daemon of this container or host", asked->pid);
    else if (found->count > 1)
        fprintf(stderr, "%d daemons run here with the same env file (%s): name one with --pid", found->count,
                file == NULL ? "none" : file);
    else if (found->others > 0)
        fprintf(stderr, "no daemon runs here with the env file %s; %d with another: name it with --config or --pid",
                file == NULL ? "(none)" : file, found->others);
    else
        fputs("no daemon runs in this container or on this host; one elsewhere is asked with --address", stderr);
    fputc('\n', stderr);
}

static cJSON *
ask_own(const struct asked *asked, int *http_status)
{
    const char *file = settings_file(asked->config);
    struct local_found found = local_find(file, asked->pid, ANSWER_S);
    const char *why = "the answer is not a daemon's";
    struct buf answer = {0};
    cJSON *object = NULL;

    if (found.fd < 0) {
        say_which(asked, file, &found);
        return NULL;
    }
    if (receive(found.fd, &answer, &why)) {
        const char *line = buf_text(&answer); /* what /livez says, and on the next one /readyz */
        const char *body;

        if (asked->ready && (line = strchr(line, '\n')) != NULL)
            line++;
        body = line == NULL ? NULL : strchr(line, ' ');
        object = body == NULL ? NULL : body_of(line, body, http_status);
    }
    if (object == NULL)
        fprintf(stderr, "dualwrited healthcheck: the daemon with process id %" PRId64 ": %s\n", found.pid, why);
    buf_free(&answer);
    return object;
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
run(const struct command *self, int argc, char **argv)
{
    struct asked asked = {0};
    const char *instance;
    cJSON *object;
    int http_status = 0;
    bool helped;
    int status = command_options(self, argc, argv, &asked, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    object = asked.address != NULL ? ask_address(&asked, &http_status) : ask_own(&asked, &http_status);
    instance = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "instance"));
    status = object == NULL ? EXIT_UNREACHABLE : http_status == 200 ? EXIT_GOOD : EXIT_FOUND;
    if (object != NULL && asked.instance != NULL && (instance == NULL || strcmp(instance, asked.instance) != 0)) {
        fprintf(stderr, "dualwrited healthcheck: another daemon answers: instance %s\n",
                instance == NULL ? "unknown" : instance);
        status = EXIT_UNREACHABLE;
    } else if (object != NULL) {
        print(object, asked.json, http_status == 200, asked.ready);
    }
    cJSON_Delete(object);
    return status;
}

static const struct option_help options[] = {
    {"live", NULL, "does it run: /livez, the default"},
    {"ready", NULL, "is it connected, in step and, in strict mode, without failures: /readyz"},
    {"json", NULL, "the daemon's answer as it is"},
    {"config", "FILE",
     "the daemon that was started with this file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {"pid", "PID", "the daemon with this process id, whatever its file"},
    {"address", "ADDRESS", "whoever answers HTTP on that HOST:PORT, here or on another host"},
    {"instance", "ID", "nobody but this daemon: another one's answer is none"},
    {NULL, NULL, NULL},
};

const struct command cmd_healthcheck = {
    .name = "healthcheck",
    .summary = "asks the running daemon whether it lives or is ready; for containers without a shell",
    .help =
        "Asks the daemon of this container or host, also when another has the port; no settings are read. Exits 0 when "
        "it\n"
        "lives (or is ready), 1 when it is not ready, with the reasons, and 69 when it does not answer within 4 s, or "
        "when\n"
        "it is not clear which daemon is meant.",
    .options = options,
    .run = run,
};
