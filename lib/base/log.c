/*
 * log.c - one event, one line, on stderr or to a sink; see dualwrite/log.h.
 *
 * Not a logging framework: no files, no rotation, no queue. It knows nothing of secrets; who logs decides what is said.
 */
#include "dualwrite/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const level_word[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

static enum log_format current_format = LOG_LOGFMT;
static enum log_level current_level = LOG_INFO;
static bool current_prefix = false;
static log_sink current_sink = NULL;
static bool gathering = false;
static struct buf gathered;

void
log_configure(enum log_format format, enum log_level level)
{
    current_format = format;
    current_level = level;
}

void
log_priority_prefix(bool on)
{
    current_prefix = on;
}

int
log_priority(enum log_level level)
{
    static const int priority[] = {7, 6, 4, 3};

    return priority[level];
}

void
log_to(log_sink sink)
{
    current_sink = sink;
}

bool
log_stderr_is_journal(void)
{
    const char *text = getenv("JOURNAL_STREAM");
    char *end = NULL;
    unsigned long long device;
    unsigned long long inode;
    struct stat st;

    if (text == NULL || *text < '0' || *text > '9')
        return false;
    errno = 0;
    device = strtoull(text, &end, 10);
    if (errno != 0 || *end != ':' || end[1] < '0' || end[1] > '9')
        return false;
    inode = strtoull(end + 1, &end, 10);
    if (errno != 0 || *end != '\0' || fstat(STDERR_FILENO, &st) != 0)
        return false;
    return (unsigned long long) st.st_dev == device && (unsigned long long) st.st_ino == inode;
}

/* The code point at `s` and how many bytes it takes; 0 when they are not UTF-8 (Unicode, table 3-7). */
static size_t
utf8_decode(const unsigned char *s, uint32_t *code)
{
    size_t len;
    uint32_t c = s[0];
    uint32_t least;

    if (c < 0x80) {
        *code = c;
        return 1;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        len = 2;
        least = 0x80;
        c &= 0x1F;
    } else if (c >= 0xE0 && c <= 0xEF) {
        len = 3;
        least = 0x800;
        c &= 0x0F;
    } else if (c >= 0xF0 && c <= 0xF4) {
        len = 4;
        least = 0x10000;
        c &= 0x07;
    } else {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80) /* the final NUL stops here too */
            return 0;
        c = c << 6 | (s[i] & 0x3F);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *code = c;
    return len;
}

/* Ends a line for some reader, moves a cursor, or reorders what people see (the bidi controls of Unicode). */
static bool
is_hazard(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static bool
is_space(uint32_t c)
{
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F ||
           c == 0x3000;
}

static bool
needs_quotes(const char *value)
{
    const unsigned char *s = (const unsigned char *) value;

    if (*s == '\0')
        return true;
    while (*s > ' ' && *s < 0x7F && *s != '=' && *s != '"' && *s != '\\') /* what most values are made of */
        s++;
    while (*s != '\0') {
        uint32_t c = 0;
        size_t len = utf8_decode(s, &c);

        if (len == 0 || is_hazard(c) || is_space(c) || c == '=' || c == '"' || c == '\\')
            return true;
        s += len;
    }
    return false;
}

/* The same escapes serve logfmt and JSON. */
static void
add_quoted(struct buf *b, const char *value)
{
    const unsigned char *s = (const unsigned char *) value;
    const unsigned char *plain = s; /* start of what needs no escape and is copied in one go */

    buf_putc(b, '"');
    while (*s != '\0') {
        uint32_t c = 0;
        size_t len = utf8_decode(s, &c);

        if (len > 0 && !is_hazard(c) && c != '"' && c != '\\') {
            s += len;
            continue;
        }
        buf_add(b, (const char *) plain, (size_t) (s - plain));
        if (len == 0)
            buf_puts(b, "\xEF\xBF\xBD"); /* U+FFFD */
        else if (c == '"')
            buf_puts(b, "\\\"");
        else if (c == '\\')
            buf_puts(b, "\\\\");
        else if (c == '\n')
            buf_puts(b, "\\n");
        else if (c == '\r')
            buf_puts(b, "\\r");
        else if (c == '\t')
            buf_puts(b, "\\t");
        else
            buf_printf(b, "\\u%04x", (unsigned) c);
        s += len == 0 ? 1 : len;
        plain = s;
    }
    buf_add(b, (const char *) plain, (size_t) (s - plain));
    buf_putc(b, '"');
}

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

/* Keys are ours, but some come from the mapping file: what is not a plain word cannot break the line either. */
static void
add_word(struct buf *b, const char *key)
{
    if (*key == '\0')
        buf_putc(b, '_');
    while (*key != '\0') {
        size_t n = 0;

        while (is_word(key[n]))
            n++;

        buf_add(b, key, n);
        key += n;
        if (*key != '\0') {
            buf_putc(b, '_');
            key++;
        }
    }
}

/* The line remembers its format by its first byte: a reload between begin and end must not mix the two. */
static bool
is_json(const struct log_line *l)
{
    const char *text = buf_text(&l->out);

    return (text[0] == '<' ? text[3] : text[0]) == '{';
}

static void
add_key(struct log_line *l, const char *key)
{
    if (is_json(l)) {
        buf_puts(&l->out, ",\"");
        add_word(&l->out, key);
        buf_puts(&l->out, "\":");
    } else {
        buf_putc(&l->out, ' ');
        add_word(&l->out, key);
        buf_putc(&l->out, '=');
    }
}

/* For the sink. A value is a C string, so it has no NUL. */
static void
add_field(struct log_line *l, const char *key, const char *value)
{
    if (current_sink == NULL)
        return;
    add_word(&l->fields, key);
    buf_printf(&l->fields, "=%s", value);
    buf_putc(&l->fields, '\0');
}

/* Thousands of lines fall into one second, and a calendar is dear. */
static void
add_time(struct buf *b)
{
    static time_t second = -1;
    static char text[40];
    struct timespec now = {0};
    int ms;

    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second) {
        struct tm tm = {0};

        gmtime_r(&now.tv_sec, &tm);
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &tm);
        second = now.tv_sec;
    }
    ms = (int) (now.tv_nsec / 1000000);
    buf_puts(b, text);
    buf_add(b, (const char[]){(char) ('0' + ms / 100), (char) ('0' + ms / 10 % 10), (char) ('0' + ms % 10), 'Z'}, 4);
}

void
log_begin(struct log_line *l, enum log_level level, const char *event_type)
{
    buf_clear(&l->out);
    buf_clear(&l->fields);
    l->level = level;
    l->wanted = level >= current_level;
    if (!l->wanted)
        return;
    if (current_prefix && current_sink == NULL)
        buf_printf(&l->out, "<%d>", log_priority(level));
    if (current_format == LOG_JSON) {
        buf_puts(&l->out, "{\"time\":\"");
        add_time(&l->out);
        buf_printf(&l->out, "\",\"level\":\"%s\"", level_word[level]);
    } else {
        add_time(&l->out);
        buf_putc(&l->out, ' ');
        buf_puts(&l->out, level_word[level]);
    }
    log_str(l, "event_type", event_type);
}

void
log_str(struct log_line *l, const char *key, const char *value)
{
    if (!l->wanted || value == NULL)
        return;
    add_field(l, key, value);
    add_key(l, key);
    if (is_json(l) || needs_quotes(value))
        add_quoted(&l->out, value);
    else
        buf_puts(&l->out, value);
}

void
log_int(struct log_line *l, const char *key, int64_t value)
{
    uint64_t left = value < 0 ? -(uint64_t) value : (uint64_t) value;
    char digits[24];
    char *text = &digits[sizeof digits - 1];

    if (!l->wanted)
        return;
    *text = '\0';
    do
        *--text = (char) ('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        *--text = '-';
    add_field(l, key, text);
    add_key(l, key);
    buf_puts(&l->out, text);
}

void
log_bool(struct log_line *l, const char *key, bool value)
{
    if (!l->wanted)
        return;
    add_field(l, key, value ? "true" : "false");
    add_key(l, key);
    buf_puts(&l->out, value ? "true" : "false");
}

void
log_finish(struct log_line *l)
{
    if (l->wanted && is_json(l))
        buf_putc(&l->out, '}');
    l->wanted = false;
}

/* A line that cannot be written is lost: there is nowhere left to say so. */
static void
write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);

        if (n >= 0) {
            text += n;
            len -= (size_t) n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

            if (poll(&p, 1, -1) < 0 && errno != EINTR)
                return;
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void
write_gathered(void)
{
    write_all(buf_text(&gathered), gathered.len);
    buf_clear(&gathered);
}

/* One piece is never more than a pipe takes whole: others may write to it. */
static void
write_line(const struct buf *line)
{
    if (gathered.len + line->len > PIPE_BUF)
        write_gathered();
    if (gathering && line->len <= PIPE_BUF)
        buf_add(&gathered, line->data, line->len);
    else
        write_all(line->data, line->len);
}

void
log_gather(bool on)
{
    gathering = on;
    if (on)
        return;
    write_gathered();
    buf_free(&gathered);
}

void
log_end(struct log_line *l)
{
    int saved = errno;

    if (l->wanted) {
        log_finish(l);
        if (current_sink != NULL) {
            current_sink(l->level, &l->out, &l->fields);
        } else {
            buf_putc(&l->out, '\n');
            write_line(&l->out);
        }
    }
    buf_free(&l->fields);
    buf_free(&l->out);
    errno = saved;
}

void
log_msg(enum log_level level, const char *event_type, const char *fmt, ...)
{
    struct log_line l = {0};

    log_begin(&l, level, event_type);
    if (l.wanted) {
        struct buf msg = {0};
        va_list ap;

        va_start(ap, fmt);
        buf_vprintf(&msg, fmt, ap);
        va_end(ap);
        log_str(&l, "msg", buf_text(&msg));
        buf_free(&msg);
    }
    log_end(&l);
}
