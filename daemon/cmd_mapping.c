/*
 * cmd_mapping.c - `dualwrited mapping WORD`: hands on to the command behind the word, cmd_mapping_WORD.c.
 */
#include "cmd_mapping.h"

static const struct command *const words[] = {&cmd_mapping_init, &cmd_mapping_show, NULL};

const struct command cmd_mapping = {
    .name = "mapping",
    .summary = "`init` proposes a first mapping from two live schemas, `show` prints the SQL it becomes",
    .help = "",
    .words = words,
    .run = command_hand_on,
};
