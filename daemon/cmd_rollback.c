/*
 * cmd_rollback.c - `dualwrited rollback WORD`: hands on to the command behind the word, cmd_rollback_WORD.c.
 */
#include "cmd_rollback.h"

#include <string.h>

static const struct command *const words[] = {
    &cmd_rollback_disable, &cmd_rollback_strict_off, &cmd_rollback_block_legacy,
    &cmd_rollback_resume,  &cmd_rollback_advice,     &cmd_rollback_cleanup,
    &cmd_rollback_backup,  &cmd_rollback_restore,    NULL};

/* `rollback --advice` is `rollback advice`. */
static int
run(const struct command *self, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--advice") == 0)
        return cmd_rollback_advice.run(&cmd_rollback_advice, argc - 1, argv + 1);
    return command_hand_on(self, argc, argv);
}

const struct command cmd_rollback = {
    .name = "rollback",
    .summary = "back to safety: flags switched everywhere within seconds, test data removed, backup and restore",
    .help = "",
    .words = words,
    .run = run,
};
