/* wallclock.h - reads both clocks at once, for what lib/core is handed as now. */
#ifndef WALLCLOCK_H
#define WALLCLOCK_H

#include "dualwrite/moment.h"

struct moment wallclock_now(void);

#endif
