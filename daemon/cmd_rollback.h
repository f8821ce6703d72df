/*
 * cmd_rollback.h - the commands of `dualwrited rollback`, one file each; the first three share cmd_rollback_switch.c.
 */
#ifndef CMD_ROLLBACK_H
#define CMD_ROLLBACK_H

#include "command.h"

extern const struct command cmd_rollback_disable, cmd_rollback_strict_off, cmd_rollback_block_legacy,
    cmd_rollback_resume, cmd_rollback_advice, cmd_rollback_cleanup, cmd_rollback_backup, cmd_rollback_restore;

#endif
