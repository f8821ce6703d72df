/* main.c - the table of commands, and nothing else. Each command is one file, cmd_NAME.c. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "version.h"

static const struct command *const commands[] = {
    &cmd_run,     &cmd_install,   &cmd_uninstall, &cmd_check,    &cmd_flags,       &cmd_status, &cmd_failed,
    &cmd_explain, &cmd_reconcile, &cmd_mapping,   &cmd_rollback, &cmd_healthcheck, NULL};

static const struct command program = {
    .name = "",
    .help = "Keeps legacy PostgreSQL tables in step with the vNext tables that replace them; --version says which this "
            "is.\n\n",
    .words = commands,
};

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("dualwrited " DUALWRITE_VERSION);
        return EXIT_GOOD;
    }
    return command_hand_on(&program, argc, argv);
}
