/* sd_notify.c - messages to systemd; see sd_notify.h. */
#include "sd_notify.h"

#ifdef HAVE_SYSTEMD

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

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
