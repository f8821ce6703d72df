/*
 * buf.h - a growing, always NUL-terminated byte string.
 *
 * Not a rope and not a stream: it is for building log lines, SQL text and reports. `struct buf b = {0};` is a valid
 * empty buffer. data is NULL until something is added, so print with buf_text().
 */
#ifndef DUALWRITE_BUF_H
#define DUALWRITE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* owned; data[len] is '\0' once anything was added */
    size_t len;
    size_t cap;
};

void buf_add(struct buf *b, const char *bytes, size_t len);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The text so far, "" when empty; owned by the buffer and valid until its next change. */
const char *buf_text(const struct buf *b);

/* Hands the text to the caller, who frees it with free(); the buffer is empty afterwards. Never NULL. */
char *buf_steal(struct buf *b);

/* Empties but keeps the memory, for reuse in a loop. */
void buf_clear(struct buf *b);

/* Frees the memory; the buffer is empty and usable again. */
void buf_free(struct buf *b);

#endif
