/* process_use.h - what this process uses of the machine, from /proc: processor time, memory, descriptors. */
#ifndef PROCESS_USE_H
#define PROCESS_USE_H

#include <stdint.h>

/* What cannot be found out is -1, processor time 0. */
void process_use(double *cpu_seconds, int64_t *resident_bytes, int64_t *open_fds);

#endif
