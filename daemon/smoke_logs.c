/* smoke_logs.c - the daemons' logs as evidence: what was added to them during a flow; see smoke_run.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dualwrite/smoke_log.h"
#include "dualwrite/xalloc.h"
#include "smoke_run.h"

#define LATE_MS 3000           /* a line is written after the commit, and may come through a collector */
#define MOST ((long) 64 << 20) /* of what was added meanwhile */

void
smoke_log_mark(struct smoke *s)
{
    if (s->log_from == NULL)
        s->log_from = xcalloc(s->asked->nlogs, sizeof *s->log_from);
    for (size_t i = 0; i < s->asked->nlogs; i++) {
        struct stat st;

        s->log_from[i] = stat(s->asked->logs[i], &st) == 0 ? (int64_t) st.st_size : 0;
    }
}

/* What was added to log `i`; NULL: it cannot be read. */
static char *
added(const struct smoke *s, size_t i, size_t *len)
{
    FILE *file = fopen(s->asked->logs[i], "rb");
    char *text = NULL;
    long end;

    *len = 0;
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0) {
        /* shorter than it was: it was rotated */
        long from = end < s->log_from[i] ? 0 : (long) s->log_from[i];
        size_t most = (size_t) (end - from > MOST ? MOST : end - from);

        text = xcalloc(most + 1, 1);
        if (fseek(file, from, SEEK_SET) == 0)
            *len = fread(text, 1, most, file);
    }
    fclose(file);
    return text;
}

static char *
find(struct smoke *s, const char *operation, const char *id_key, const char *id, char **why)
{
    char *line = NULL;

    for (size_t i = 0; line == NULL && i < s->asked->nlogs; i++) {
        size_t len;
        char *text = added(s, i, &len);

        if (text == NULL) {
            free(*why);
            *why = smoke_text_of("%s cannot be read: %s", s->asked->logs[i], strerror(errno));
        } else {
            line = smoke_log_find(text, len, operation, id_key, id);
        }
        free(text);
    }
    return line;
}

char *
smoke_log_line(struct smoke *s, const char *operation, const struct smoke_row *row, char **why)
{
    const char *id_key = s->mapping->entities[row->entity].log_id;
    const char *id = cJSON_GetStringValue(cJSON_GetArrayItem(row->key, 0));
    const double from = smoke_now();
    const double late = s->asked->timeout_ms < LATE_MS ? (double) s->asked->timeout_ms : LATE_MS;
    char *line = NULL;

    *why = NULL;
    if (s->asked->nlogs == 0) {
        *why = xstrdup("no --log was given; a daemon's log is its standard error or the journal of its host");
        return NULL;
    }
    while (line == NULL && (line = find(s, operation, id_key, id, why)) == NULL && *why == NULL &&
           smoke_now() - from < late && !smoke_interrupted())
        smoke_nap(20);
    if (line == NULL && *why == NULL)
        *why = smoke_text_of("no line event_type=dual_write_completed operation=%s %s=%s came in %s", operation, id_key,
                             id, s->asked->logs[0]);
    return line;
}
