/* sd_notify.c - messages to systemd; see sd_notify.h. */
#include "sd_notify.h"

#include <stdlib.h>

bool
notify_wanted(void)
{
    return getenv("NOTIFY_SOCKET") != NULL;
}

#ifdef HAVE_SYSTEMD

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

int64_t
notify_watchdog_ms(void)
{
    uint64_t us = 0;

    return sd_watchdog_enabled(0, &us) > 0 ? (int64_t) (us / 1000) : 0;
}

void
notify_progress(int64_t extend_ms)
{
    if (extend_ms > 0)
        sd_notifyf(0, "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%" PRId64, extend_ms * 1000);
    else
        sd_notify(0, "WATCHDOG=1");
}

void
notify_ready(void)
{
    sd_notify(0, "READY=1");
}

/* The timestamp lets Type=notify-reload tell this reload from an earlier one (sd_notify(3), RELOADING=1). */
void
notify_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000);
}

void
notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void
notify_status(const char *text)
{
    sd_notifyf(0, "STATUS=%s", text);
}

#else

int64_t
notify_watchdog_ms(void)
{
    return 0;
}

void
notify_progress(int64_t extend_ms)
{
    (void) extend_ms;
}

void
notify_ready(void)
{
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_status(const char *text)
{
    (void) text;
}

#endif
