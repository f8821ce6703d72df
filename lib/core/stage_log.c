/* stage_log.c - counts log lines; see dualwrite/stage_log.h. */
#include "dualwrite/stage_log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TIME_LENGTH 24 /* 2026-01-25T18:00:00.000Z */

cJSON *
stage_log_new(void)
{
    cJSON *counts = cJSON_CreateObject();

    cJSON_AddNumberToObject(counts, "lines", 0);
    cJSON_AddObjectToObject(counts, "scheduled");
    cJSON_AddObjectToObject(counts, "completed");
    cJSON_AddObjectToObject(counts, "failed_warning");
    cJSON_AddObjectToObject(counts, "failed_error");
    return counts;
}

/* Where `key`'s value begins: behind ` key=` or `"key":"`. */
static const char *
value_of(const char *line, const char *key)
{
    char wanted[64];
    const char *found;

    snprintf(wanted, sizeof wanted, " %s=", key);
    found = strstr(line, wanted);
    if (found != NULL)
        return found + strlen(wanted) + (found[strlen(wanted)] == '"');
    snprintf(wanted, sizeof wanted, "\"%s\":\"", key);
    found = strstr(line, wanted);
    return found == NULL ? NULL : found + strlen(wanted);
}

bool
stage_log_value(const char *line, const char *key, char *value, size_t size)
{
    const char *from = value_of(line, key);

    if (from == NULL)
        return false;
    snprintf(value, size, "%.*s", (int) strcspn(from, " \"\r\n"), from);
    return true;
}

static void
count(cJSON *counts, const char *what, const char *operation)
{
    cJSON *by = cJSON_GetObjectItemCaseSensitive(counts, what);
    cJSON *n = cJSON_GetObjectItemCaseSensitive(by, operation);

    if (n == NULL)
        cJSON_AddNumberToObject(by, operation, 1);
    else
        cJSON_SetNumberHelper(n, n->valuedouble + 1);
}

void
stage_log_take(cJSON *counts, const char *line)
{
    cJSON *lines = cJSON_GetObjectItemCaseSensitive(counts, "lines");
    char type[40], operation[80], severity[16] = "";

    if (!stage_log_value(line, "event_type", type, sizeof type))
        return;
    cJSON_SetNumberHelper(lines, lines->valuedouble + 1);
    if (!stage_log_value(line, "operation", operation, sizeof operation))
        return;
    stage_log_value(line, "severity", severity, sizeof severity);
    if (strcmp(type, "dual_write_scheduled") == 0)
        count(counts, "scheduled", operation);
    else if (strcmp(type, "dual_write_completed") == 0)
        count(counts, "completed", operation);
    else if (strcmp(type, "dual_write_failed") == 0)
        count(counts, strcmp(severity, "ERROR") == 0 ? "failed_error" : "failed_warning", operation);
}

/* 2026-01-25T18:00:00.000Z */
static bool
is_time(const char *at)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";

    for (size_t i = 0; i < TIME_LENGTH; i++)
        if (form[i] == 'd' ? !isdigit((unsigned char) at[i]) : at[i] != form[i])
            return false;
    return true;
}

bool
stage_log_since(const char *line, const char *since, bool *last)
{
    const char *at = line[0] == '<' && isdigit((unsigned char) line[1]) && line[2] == '>' ? line + 3 : line;

    if (*at == '{')
        at = value_of(at, "time");
    if (at != NULL && is_time(at))
        *last = strncmp(at, since, TIME_LENGTH) >= 0;
    return *last;
}
