/* child.c - other programs as children; see child.h. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dualwrite/buf.h"
#include "dualwrite/conninfo.h"
#include "dualwrite/xalloc.h"

#define SAID_MAX 2000

static volatile sig_atomic_t interrupted;

static void
remember(int number)
{
    interrupted = number;
}

void
child_catch_signals(void)
{
    struct sigaction action = {.sa_handler = remember};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool
child_interrupted(void)
{
    return interrupted != 0;
}

/* ---- the environment ---- */

/* Whether libpq reads this NAME=VALUE as one of its settings. */
static bool
is_setting(const char *variable, const PQconninfoOption *options)
{
    const size_t len = strcspn(variable, "=");

    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (o->envvar != NULL && strlen(o->envvar) == len && strncmp(o->envvar, variable, len) == 0)
            return true;
    return false;
}

char **
child_environment(const char *url, const char *name)
{
    PQconninfoOption *options = PQconndefaults();
    char *why = NULL;
    struct conninfo *info = conninfo_parse(url, name, &why);
    char **out = NULL;
    size_t count = 0;
    size_t n = 0;

    while (environ[n] != NULL)
        n++;
    out = xcalloc(n + CONNINFO_MAX + 2, sizeof *out);
    for (size_t i = 0; i < n; i++)
        if (!is_setting(environ[i], options))
            out[count++] = xstrdup(environ[i]);
    for (const PQconninfoOption *o = options; info != NULL && o->keyword != NULL; o++) {
        const char *value = conninfo_get(info, o->keyword);
        struct buf variable = {0};

        if (o->envvar == NULL || value == NULL || *value == '\0')
            continue;
        if (strcmp(o->keyword, "application_name") == 0)
            value = name;
        buf_printf(&variable, "%s=%s", o->envvar, value);
        out[count++] = buf_steal(&variable);
    }
    conninfo_free(info);
    free(why);
    PQconninfoFree(options);
    return out;
}

void
child_environment_free(char **environment)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        free(environment[i]);
    free((void *) environment);
}

/* ---- life ---- */

bool
child_there(const char *program, const char *package)
{
    const char *path = getenv("PATH");

    for (path = path == NULL ? "/usr/bin:/bin" : path; *path != '\0';) {
        const size_t len = strcspn(path, ":");
        struct buf file = {0};
        bool there;

        buf_printf(&file, "%.*s/%s", (int) len, path, program);
        there = access(buf_text(&file), X_OK) == 0;
        buf_free(&file);
        if (there)
            return true;
        path += len + (path[len] == ':');
    }
    fprintf(stderr, "dualwrited: the program %s is not here: install Debian's package %s, or put it into the PATH\n",
            program, package);
    return false;
}

/* In the child. */
static void
become(const char *const *argv, char *const *environment, int in, int out, int err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    const int nothing = open("/dev/null", O_RDWR);

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], SIG_DFL);
    dup2(in < 0 ? nothing : in, STDIN_FILENO);
    dup2(out < 0 ? nothing : out, STDOUT_FILENO);
    if (err >= 0)
        dup2(err, STDERR_FILENO);
    execvpe(argv[0], (char *const *) argv, environment == NULL ? environ : environment);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

bool
child_start(struct child *c, const char *const *argv, char *const *environment, int in, int out, bool talks)
{
    *c = (struct child){.program = argv[0], .said = talks ? -1 : memfd_create("said", MFD_CLOEXEC)};
    c->pid = fork();
    if (c->pid == 0)
        become(argv, environment, in, out, c->said);
    if (c->pid > 0)
        return true;
    fprintf(stderr, "dualwrited: cannot start %s: %s\n", argv[0], strerror(errno));
    if (c->said >= 0)
        close(c->said);
    return false;
}

int
child_wait(struct child *c, void (*tick)(void *arg), void *arg)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    bool told = false;
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(c->pid, &status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (interrupted != 0 && !told)
            told = kill(c->pid, SIGTERM) == 0;
        if (tick != NULL)
            tick(arg);
        nanosleep(&pause, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *
child_said(struct child *c)
{
    char text[SAID_MAX + 1];
    off_t size = c->said < 0 ? 0 : lseek(c->said, 0, SEEK_END);
    ssize_t got;

    if (c->said < 0)
        return xstrdup("");
    got = pread(c->said, text, SAID_MAX, size > SAID_MAX ? size - SAID_MAX : 0);
    close(c->said);
    c->said = -1;
    while (got > 0 && text[got - 1] == '\n')
        got--;
    return xstrndup(text, got < 0 ? 0 : (size_t) got);
}
