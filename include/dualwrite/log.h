/*
 * log.h - one event, one line, on stderr or to a sink (SPEC section 5).
 *
 * A line is built field by field and cannot be forged: values are quoted or escaped so that whatever a row contains
 * (quotes, backslashes, newlines, '=', spaces, control or invalid UTF-8 bytes), it stays one line and one value.
 *
 *     struct log_line l = {0};
 *     log_begin(&l, LOG_INFO, "dual_write_completed");
 *     log_str(&l, "operation", op);
 *     log_int(&l, "duration_ms", 45);
 *     log_end(&l);
 *
 * gives   2026-01-25T18:00:00.123Z INFO event_type=dual_write_completed operation=... duration_ms=45
 * or      {"time":"2026-01-25T18:00:00.123Z","level":"INFO","event_type":"dual_write_completed",...}
 */
#ifndef DUALWRITE_LOG_H
#define DUALWRITE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/buf.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_line {
    struct buf out;
    struct buf fields; /* with a sink: "key=value" of each field, each ended by a NUL */
    enum log_level level;
    bool wanted; /* false: below the level, the calls do nothing */
};

/* Process-wide; may be called again at any time (reload). Before the first call: logfmt at info. */
void log_configure(enum log_format format, enum log_level level);

/* Prefixes each line with its priority as "<6>" (sd-daemon(3)); on when stderr is the journal ($JOURNAL_STREAM). */
void log_priority_prefix(bool on);

/* Syslog's number of a level: 7, 6, 4, 3. */
int log_priority(enum log_level level);

/* Takes finished lines, without a newline, and their fields as they were given (not quoted, not escaped), in order. It must
 * not wait for long, and has nobody to complain to. */
typedef void (*log_sink)(enum log_level level, const struct buf *text, const struct buf *fields);

/* From now on lines go to `sink` instead of stderr; NULL: to stderr. */
void log_to(log_sink sink);

/* True when $JOURNAL_STREAM names the device and inode of stderr (systemd.exec(5)). */
bool log_stderr_is_journal(void);

void log_begin(struct log_line *l, enum log_level level, const char *event_type);

/* A field; a NULL value leaves the field out. */
void log_str(struct log_line *l, const char *key, const char *value);
void log_int(struct log_line *l, const char *key, int64_t value);
void log_bool(struct log_line *l, const char *key, bool value);

/* Writes the line with one write(2) (log_gather(): with others), or hands it to the sink, and frees it; errno stays. A line that cannot be written is
 * lost. */
void log_end(struct log_line *l);

/*
 * Between on and off, lines for stderr are written several at once. Only around lines that are written one after the other,
 * with nothing else between them. Not when the process ends in between.
 */
void log_gather(bool on);

/* A whole line with only a msg field: for what is not an event of a row. */
void log_msg(enum log_level level, const char *event_type, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* For tests and formatting elsewhere: the finished line without writing it, without a newline; steal or free l->out. */
void log_finish(struct log_line *l);

#endif
