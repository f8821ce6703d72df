/* runner.c - child processes; see runner.h. */
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"

#define TEXT_MAX ((size_t) 4 * 1024 * 1024)
#define TICK_MS 1000
#define GRACE_MS 5000 /* from SIGTERM to SIGKILL */

static volatile sig_atomic_t stopped; /* the signal */
static volatile sig_atomic_t stop_count;

static void
note_signal(int number)
{
    stopped = number;
    stop_count++;
}

void
run_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal}; /* no SA_RESTART: it wakes poll() */

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

int
run_stopped(void)
{
    return stopped;
}

void
run_forget_signal(void)
{
    stopped = 0;
    stop_count = 0;
}

/* ---- in the child ---- */

static void
become(const struct words *argv, int in, int out, int err, int said, pid_t parent)
{
    int error;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(127);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (err >= 0)
        dup2(err, STDERR_FILENO);
    execvp(argv->items[0], argv->items);
    error = errno;
    if (write(said, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

/* ---- in the parent ---- */

static void
refuse(struct run *r, const char *what, int error)
{
    struct buf why = {0};

    if (error == ENOENT && r->why == NULL && strchr(what, '/') == NULL)
        buf_printf(&why, "%s is not in PATH: install it, or run this where it is", what);
    else if (error == ELOOP)
        buf_printf(&why, "%s is a link, which is not written through: take it away, or take another folder", what);
    else
        buf_printf(&why, "%s: %s", what, strerror(error));
    r->status = -1;
    r->why = buf_steal(&why);
}

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
took_too_long(struct run *r, const char *program)
{
    struct buf why = {0};

    buf_printf(&why, "%s took longer than %.1f s and was ended", program, (double) r->limit_ms / 1000);
    r->status = -1;
    r->why = buf_steal(&why);
}

/* Signals that came, and the end of its time, are told to its whole group: the first time to end, then it is killed. */
static void
wait_for(struct run *r, const char *program, pid_t pid)
{
    const int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    const int64_t since = now_ms();
    int64_t late_from = r->limit_ms;
    int told = 0;
    int late = 0;
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (r->limit_ms > 0 && now_ms() - since >= late_from) {
            late++;
            late_from += GRACE_MS;
        }
        if (told < stop_count + late) {
            told = stop_count + late;
            kill(-pid, told > 1 ? SIGKILL : SIGTERM);
        }
        if (poll(&p, 1, TICK_MS) == 0 && r->tick != NULL)
            r->tick(r->arg);
    }
    if (fd >= 0)
        close(fd);
    r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (late > 0)
        took_too_long(r, program);
}

int
run_open(const char *path, bool append)
{
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | O_NOFOLLOW | (append ? 0 : O_TRUNC), 0640);
}

/* Starts it with these ends; the errno of exec, 0 when it runs. */
static int
start(const struct words *argv, int in, int out, int err, pid_t *pid)
{
    const pid_t parent = getpid();
    int said[2];
    int error = 0;

    if (pipe2(said, O_CLOEXEC) != 0)
        return errno;
    *pid = fork();
    if (*pid == 0)
        become(argv, in, out, err, said[1], parent);
    if (*pid < 0)
        error = errno;
    close(said[1]);
    while (*pid > 0 && read(said[0], &error, sizeof error) < 0 && errno == EINTR)
        continue;
    close(said[0]);
    if (error != 0 && *pid > 0)
        waitpid(*pid, NULL, 0);
    return error;
}

static char *
text_of(int fd)
{
    char path[32];
    size_t len;
    char *text;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    text = slurp(path, TEXT_MAX, &len);
    return text == NULL ? xstrdup("") : text;
}

/* What it reads, to be closed; -1 with errno. */
static int
input_of(const struct run *r)
{
    const size_t len = r->in == NULL ? 0 : strlen(r->in);
    const int fd = r->in == NULL ? open("/dev/null", O_RDONLY | O_CLOEXEC) : memfd_create("in", MFD_CLOEXEC);

    for (size_t done = 0; fd >= 0 && done < len;) {
        const ssize_t n = write(fd, r->in + done, len - done);

        if (n < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += n > 0 ? (size_t) n : 0;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

void
run_command(struct run *r, const struct words *argv)
{
    const int in = input_of(r);
    const int out = r->out == NULL ? memfd_create("out", MFD_CLOEXEC) : run_open(r->out, r->append);
    const bool both = r->err != NULL && r->out != NULL && strcmp(r->err, r->out) == 0;
    const int err = r->silent                ? open("/dev/null", O_WRONLY | O_CLOEXEC)
                    : r->err == NULL || both ? -1
                                             : run_open(r->err, false);
    pid_t pid = -1;
    int error = 0;
    struct stat size;

    if (out < 0 || (r->err != NULL && !both && err < 0))
        refuse(r, out < 0 && r->out != NULL ? r->out : r->err != NULL ? r->err : "memory", errno);
    else if (in < 0)
        refuse(r, "memory", errno);
    else if ((error = start(argv, in, out, both ? out : err, &pid)) != 0)
        refuse(r, argv->items[0], error);
    else
        wait_for(r, argv->items[0], pid);
    if (r->out == NULL && out >= 0)
        r->text = text_of(out);
    if (!r->silent && err >= 0 && fstat(err, &size) == 0 && S_ISREG(size.st_mode) && size.st_size == 0)
        unlink(r->err);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
}

void
run_free(struct run *r)
{
    free(r->why);
    free(r->text);
    r->why = NULL;
    r->text = NULL;
}
