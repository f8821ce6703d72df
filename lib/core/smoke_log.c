/* smoke_log.c - finding a completed line; see dualwrite/smoke_log.h. */
#include "dualwrite/smoke_log.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"

#define COMPLETED "dual_write_completed"

/* The line of such an event from "event_type" on, as far as it is known. */
static char *
wanted(const char *operation, const char *id_key, const char *id)
{
    struct log_line l = {0};
    char *from;

    log_begin(&l, LOG_ERROR, COMPLETED);
    log_str(&l, "operation", operation);
    log_str(&l, id_key, id);
    log_finish(&l);
    from = strstr(buf_text(&l.out), " event_type=");
    from = xstrdup(from == NULL ? "" : from);
    buf_free(&l.out);
    return from;
}

static bool
says(const cJSON *line, const char *key, const char *text)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(line, key);
    char *number;
    bool same;

    if (!cJSON_IsNumber(value))
        return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
    number = cJSON_PrintUnformatted(value);
    same = strcmp(number, text) == 0;
    cJSON_free(number);
    return same;
}

static bool
is_completed(const char *text, const char *want, const char *operation, const char *id_key, const char *id)
{
    const char *at = strstr(text, want);
    const char *brace = strchr(text, '{');
    cJSON *line;
    bool is;

    if (*want != '\0' && at != NULL && (at[strlen(want)] == ' ' || at[strlen(want)] == '\0'))
        return true;
    line = brace == NULL || strstr(brace, COMPLETED) == NULL ? NULL : cJSON_Parse(brace);
    is = line != NULL && says(line, "event_type", COMPLETED) && says(line, "operation", operation) &&
         says(line, id_key, id);
    cJSON_Delete(line);
    return is;
}

char *
smoke_log_find(const char *log, size_t len, const char *operation, const char *id_key, const char *id)
{
    char *want = wanted(operation, id_key, id);
    char *found = NULL;
    const char *end;

    for (const char *line = log; found == NULL && (end = memchr(line, '\n', len - (size_t) (line - log))) != NULL;
         line = end + 1) {
        struct buf text = {0};

        buf_add(&text, line, (size_t) (end - line));
        if (is_completed(buf_text(&text), want, operation, id_key, id))
            found = buf_steal(&text);
        buf_free(&text);
    }
    free(want);
    return found;
}
