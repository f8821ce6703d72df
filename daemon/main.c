/* main.c - the table of commands, and the end of each. Each command is one file, cmd_NAME.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "version.h"

static const struct command *const commands[] = {
    &cmd_run,     &cmd_install,     &cmd_uninstall,   &cmd_check,      &cmd_flags,   &cmd_status,
    &cmd_failed,  &cmd_explain,     &cmd_reconcile,   &cmd_report,     &cmd_delta,   &cmd_gate,
    &cmd_smoke,   &cmd_stage,       &cmd_rollback,    &cmd_reload,     &cmd_mapping, &cmd_validate,
    &cmd_monitor, &cmd_constraints, &cmd_healthcheck, &cmd_completion, NULL};

const struct command program = {
    .name = "",
    .help = "Keeps legacy PostgreSQL tables in step with the vNext tables that replace them; --version says which this "
            "is.\n\n",
    .words = commands,
};

/* An answer that was cut off, as on a full disk, is none. */
static int
whole(int status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return status;
    fprintf(stderr, "dualwrited: cannot write the answer: %s\n", strerror(errno));
    return EXIT_UNFINISHED;
}

/* A container's first process gets no signal that it has no handler for. Who wants to finish something first has another. */
static void
end_as_elsewhere(int number)
{
    _exit(128 + number);
}

static void
be_first_process(void)
{
    if (getpid() != 1)
        return;
    signal(SIGTERM, end_as_elsewhere);
    signal(SIGINT, end_as_elsewhere);
    signal(SIGHUP, end_as_elsewhere);
}

int
main(int argc, char **argv)
{
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core); /* a core file would hold passwords and the secrets of alerts */
    signal(SIGCHLD, SIG_DFL);         /* whoever started us may ignore it: then no child's status is kept to wait for */
    be_first_process();
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("dualwrited " DUALWRITE_VERSION);
        return whole(EXIT_GOOD);
    }
    return whole(command_hand_on(&program, argc, argv));
}
