/* fault_log.c - faults as log lines; see fault_log.h. */
#include "fault_log.h"

#include "dualwrite/log.h"

void
fault_log(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct log_line l = {0};

        log_begin(&l, faults->items[i].severity == FAULT_ERROR ? LOG_ERROR : LOG_WARNING, "config_fault");
        log_str(&l, "where", faults->items[i].where);
        log_str(&l, "msg", faults->items[i].text);
        log_end(&l);
    }
}
