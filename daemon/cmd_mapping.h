/*
 * cmd_mapping.h - the commands behind `dualwrited mapping`.
 */
#ifndef CMD_MAPPING_H
#define CMD_MAPPING_H

#include "command.h"

extern const struct command cmd_mapping_init, cmd_mapping_show;

#endif
