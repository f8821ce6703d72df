/*
 * cmd_rollback.c - `dualwrited rollback WORD`: hands on to the command behind the word, cmd_rollback_WORD.c.
 */
#include "cmd_rollback.h"

static const struct command *const words[] = {&cmd_rollback_cleanup, &cmd_rollback_backup, &cmd_rollback_restore, NULL};

const struct command cmd_rollback = {
    .name = "rollback",
    .summary = "back to safety: `cleanup`, `backup`, `restore`",
    .help = "",
    .words = words,
    .run = command_hand_on,
};
