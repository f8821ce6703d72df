/* smoke_daemon.c - a daemon for the time of a smoke test; see smoke_daemon.h. */
#include "smoke_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/slurp.h"
#include "embedded.h"
#include "smoke_run.h"

#define START_MS 10000
#define LOG_MOST ((size_t) 1 << 20)
#define END_MS 12000 /* it ends within 10 s */

static void
become_daemon(int log, const char *config)
{
    const int null = open("/dev/null", O_RDWR);
    const char *argv[] = {"dualwrited", "run", "--config", config, NULL};

    if (config == NULL)
        argv[2] = NULL;
    /* Ctrl-C is for the command, which needs the daemon to clean up; and it does not outlive the command */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv("/proc/self/exe", (char *const *) argv);
    _exit(127);
}

/* Its first words, when it ended by itself. */
static void
show_end(const struct smoke_daemon *daemon)
{
    size_t len = 0;
    char *text = slurp(daemon->log, LOG_MOST, &len);

    fputs("dualwrited smoke: the daemon that --with-daemon started does not work; its log:\n", stderr);
    if (text != NULL)
        fwrite(text, 1, len, stderr);
    free(text);
}

static bool
is_ready(const struct smoke_daemon *daemon)
{
    size_t len = 0;
    char *text = slurp(daemon->log, LOG_MOST, &len);
    bool is =
        text != NULL && (strstr(text, " event_type=ready") != NULL || strstr(text, "\"event_type\":\"ready\"") != NULL);

    free(text);
    return is;
}

/* Another one would share the partitions, and the lines that are looked for would be in its log. */
static bool
is_alone(struct desk *d)
{
    PGresult *r = desk_look(d, DATABASE_VNEXT, d->settings->config->statement_timeout_ms, sql_smoke_state, 0, NULL);
    cJSON *state = r == NULL ? NULL : cJSON_Parse(PQgetvalue(r, 0, 0));
    const cJSON *daemons = cJSON_GetObjectItem(state, "daemons");
    bool is = cJSON_IsNumber(daemons) && daemons->valuedouble == 0;

    cJSON_Delete(state);
    PQclear(r);
    return is;
}

int
smoke_daemon_start(struct smoke_daemon *daemon, struct desk *d, const char *config)
{
    const char *folder = getenv("TMPDIR");
    const double from = smoke_now();
    int log;

    if (!is_alone(d)) {
        fputs("dualwrited smoke: a daemon runs already: leave out --with-daemon, and give its log with --log=FILE\n",
              stderr);
        return EXIT_USAGE;
    }
    snprintf(daemon->log, sizeof daemon->log, "%s/dualwrited-smoke.XXXXXX",
             folder == NULL || strlen(folder) > 30 ? "/tmp" : folder);
    desk_doing(d, "starting a daemon");
    log = mkstemp(daemon->log);
    if (log < 0) {
        fprintf(stderr, "dualwrited smoke: cannot make %s for a log: %s; say another folder with TMPDIR\n", daemon->log,
                strerror(errno));
        daemon->log[0] = '\0';
        return EXIT_UNFINISHED;
    }
    daemon->pid = fork();
    if (daemon->pid == 0)
        become_daemon(log, config);
    close(log);
    while (daemon->pid > 0 && smoke_now() - from < START_MS) {
        if (is_ready(daemon))
            return EXIT_GOOD;
        if (waitpid(daemon->pid, NULL, WNOHANG) == daemon->pid)
            daemon->pid = 0;
        else
            smoke_nap(20);
    }
    show_end(daemon);
    return EXIT_UNFINISHED;
}

void
smoke_daemon_stop(struct smoke_daemon *daemon)
{
    const double from = smoke_now();

    if (daemon->pid > 0) {
        kill(daemon->pid, SIGTERM);
        while (waitpid(daemon->pid, NULL, WNOHANG) == 0 && smoke_now() - from < END_MS)
            smoke_nap(10);
    }
    if (daemon->log[0] != '\0')
        unlink(daemon->log);
    *daemon = (struct smoke_daemon){0};
}
