/*
 * fault_log.h - a list of faults as log lines, event_type=config_fault. Commands other than `run` print them instead.
 */
#ifndef FAULT_LOG_H
#define FAULT_LOG_H

#include "dualwrite/faults.h"

void fault_log(const struct faults *faults);

#endif
