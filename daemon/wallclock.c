/* wallclock.c - reads both clocks; see wallclock.h. */
#include "wallclock.h"

#include <time.h>
#include <uv.h>

struct moment
wallclock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (struct moment){{(int64_t) uv_hrtime()}, (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000};
}
