/*
 * cmd_constraints.h - what `dualwrited constraints` hands on to.
 */
#ifndef CMD_CONSTRAINTS_H
#define CMD_CONSTRAINTS_H

#include "command.h"

extern const struct command cmd_constraints_install, cmd_constraints_status, cmd_constraints_remove;

#endif
