/*
 * cmd_run.c - `dualwrited run`: the daemon. Reads the settings, writes the pid file, hands over to the engine.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "dualwrite/log.h"
#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"
#include "engine.h"
#include "fault_log.h"
#include "journal.h"
#include "settings.h"
#include "signals.h"

static int
take(void *into, const char *name, const char *argument)
{
    (void) name;
    *(const char **) into = argument;
    return EXIT_GOOD;
}

/* 0, or -1 after saying why not. */
static int
write_pidfile(const char *path)
{
    FILE *f;

    if (*path == '\0')
        return 0;
    f = fopen(path, "we");
    if (f == NULL || fprintf(f, "%d\n", (int) getpid()) < 0 || fclose(f) != 0) {
        log_msg(LOG_ERROR, "config_fault", "cannot write the pid file %s: %s; see DUALWRITE_PIDFILE", path,
                strerror(errno));
        return -1;
    }
    return 0;
}

/* Only our own: the next daemon may have written its number there before this one had ended. */
static void
remove_pidfile(const char *path)
{
    size_t len;
    char *text = *path == '\0' ? NULL : slurp(path, 32, &len);

    if (text != NULL && strtol(text, NULL, 10) == (long) getpid())
        unlink(path);
    free(text);
}

/* A file that stands in for the journal gets its priorities, and no more. */
static bool
stderr_is_socket(void)
{
    struct stat st;

    return fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int
run(const struct command *self, int argc, char **argv)
{
    const char *config_option = NULL;
    struct faults faults = {0};
    struct settings *settings;
    char *pidfile;
    bool helped;
    bool hung = false;
    int status = command_options(self, argc, argv, &config_option, take, &helped);

    if (status != EXIT_GOOD || helped)
        return status;
    signal(SIGPIPE, SIG_IGN); /* a log reader that went away must not end the daemon */
    signal(SIGCHLD, SIG_IGN); /* as a container's first process it inherits orphans: none stays as a zombie */
    signals_hold();
    log_priority_prefix(log_stderr_is_journal());
    settings = settings_load(config_option, NULL, &faults);
    if (settings != NULL)
        log_configure(settings->config->log_format, settings->config->log_level);
    fault_log(&faults);
    faults_free(&faults);
    if (settings == NULL)
        return EXIT_CONFIGURATION;
    if (write_pidfile(settings->config->pidfile) != 0) {
        settings_free(settings);
        return EXIT_CONFIGURATION;
    }
    pidfile = xstrdup(settings->config->pidfile);
    /* not sooner: of a process that ends at once the journal may not find out in time which unit it belonged to */
    if (log_stderr_is_journal() && stderr_is_socket())
        journal_open(JOURNAL_SOCKET);
    status = engine_run(settings, config_option, &hung);
    remove_pidfile(pidfile);
    if (hung)
        _exit(status);
    free(pidfile);
    return status;
}

static const struct option_help options[] = {
    {"config", "FILE", "the env file (default: $DUALWRITE_CONFIG, then " CONFIG_DEFAULT_FILE ")"},
    {NULL, NULL, NULL},
};

const struct command cmd_run = {
    .name = "run",
    .summary = "the daemon: keeps the legacy tables in step until it is told to stop",
    .help = "Runs in the foreground and logs on stderr. SIGHUP reads the settings again, SIGUSR1 logs a status line,\n"
            "SIGTERM and SIGINT finish the batch under way and stop; a second one stops at once and loses nothing.",
    .options = options,
    .run = run,
};
