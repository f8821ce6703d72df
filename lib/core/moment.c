/* moment.c - a time as text; see dualwrite/moment.h. */
#include "dualwrite/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
moment_text(int64_t wall_ms, char out[MOMENT_TEXT])
{
    time_t seconds = (time_t) (wall_ms / 1000);
    struct tm tm;
    char whole[sizeof "2026-01-25T18:00:00"] = "";

    gmtime_r(&seconds, &tm);
    if (strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &tm) == 0) /* a year of five digits */
        whole[0] = '\0';
    snprintf(out, MOMENT_TEXT, "%s.%03uZ", whole, (unsigned) (wall_ms % 1000) % 1000);
}

bool
moment_parse(const char *text, int64_t *wall_ms)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    int64_t ms = 0;

    if (rest == NULL)
        return false;
    if (*rest == '.') {
        if (strspn(rest + 1, "0123456789") != 3)
            return false;
        ms = strtol(rest + 1, NULL, 10);
        rest += 4;
    }
    *wall_ms = (int64_t) timegm(&tm) * 1000 + ms;
    return strcmp(rest, "Z") == 0;
}
