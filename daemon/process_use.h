/* process_use.h - what this process uses of the machine: processor time, memory, descriptors; and what it can give back. */
#ifndef PROCESS_USE_H
#define PROCESS_USE_H

#include <stdint.h>

/* What cannot be found out is -1, processor time 0. */
void process_use(double *cpu_seconds, int64_t *resident_bytes, int64_t *open_fds);

/* The memory that nothing is in any more, which malloc keeps for the next batch: what is needed again is there again. */
void process_give_back(void);

#endif
