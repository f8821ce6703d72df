/* links: lib/base/log.c lib/base/buf.c lib/base/xalloc.c */
/* test_log.c - the lines themselves: escapes, formats, levels, and that each reaches stderr whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dualwrite/log.h"
#include "dualwrite/xalloc.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static const struct {
    const char *value;
    const char *logfmt;
    const char *json;
} escapes[] = {
    {"plain", "plain", "\"plain\""},
    {"a-b_c.d/e:f+g,h;i'j#k%l[m]{n}", "a-b_c.d/e:f+g,h;i'j#k%l[m]{n}", "\"a-b_c.d/e:f+g,h;i'j#k%l[m]{n}\""},
    {"", "\"\"", "\"\""},
    {" ", "\" \"", "\" \""},
    {"two words", "\"two words\"", "\"two words\""},
    {"a=b", "\"a=b\"", "\"a=b\""},
    {"say \"hi\"", "\"say \\\"hi\\\"\"", "\"say \\\"hi\\\"\""},
    {"\"", "\"\\\"\"", "\"\\\"\""},
    {"back\\slash", "\"back\\\\slash\"", "\"back\\\\slash\""},
    {"one\ntwo", "\"one\\ntwo\"", "\"one\\ntwo\""},
    {"\r\n\t", "\"\\r\\n\\t\"", "\"\\r\\n\\t\""},
    {"\x01\x1b[31m\x7f", "\"\\u0001\\u001b[31m\\u007f\"", "\"\\u0001\\u001b[31m\\u007f\""},
    {"x\nERROR event_type=forged", "\"x\\nERROR event_type=forged\"", "\"x\\nERROR event_type=forged\""},
    {"a\xC2\x85z", "\"a\\u0085z\"", "\"a\\u0085z\""},                         /* next line */
    {"a\xC2\x9Bz", "\"a\\u009bz\"", "\"a\\u009bz\""},                         /* a terminal's CSI */
    {"\xE2\x80\xA8\xE2\x80\xA9", "\"\\u2028\\u2029\"", "\"\\u2028\\u2029\""}, /* line, paragraph separator */
    {"\xE2\x80\xAA\xE2\x80\xAE", "\"\\u202a\\u202e\"", "\"\\u202a\\u202e\""}, /* embeddings, overrides */
    {"\xE2\x81\xA6\xE2\x81\xA9", "\"\\u2066\\u2069\"", "\"\\u2066\\u2069\""}, /* isolates */
    {"\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C", "\"\\u200e\\u200f\\u061c\"", "\"\\u200e\\u200f\\u061c\""}, /* marks */
    {"\xE2\x80\x8D", "\xE2\x80\x8D", "\"\xE2\x80\x8D\""}, /* joiner: emoji need it */
    {"\xE2\x80\xB0\xE2\x81\xA5", "\xE2\x80\xB0\xE2\x81\xA5", "\"\xE2\x80\xB0\xE2\x81\xA5\""}, /* just beside them */
    {"\xC2\xA0", "\"\xC2\xA0\"", "\"\xC2\xA0\""},                                             /* no-break space */
    {"\xF0\x9F\x8E\xAE", "\xF0\x9F\x8E\xAE", "\"\xF0\x9F\x8E\xAE\""},                         /* emoji */
    {"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", "\"\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D\""},
    {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF", "\"\xF4\x8F\xBF\xBF\""}, /* the last code point */
    {"\xFF", "\"" REPLACEMENT "\"", "\"" REPLACEMENT "\""},
    {"a\x80z", "\"a" REPLACEMENT "z\"", "\"a" REPLACEMENT "z\""},
    {"\xC3", "\"" REPLACEMENT "\"", "\"" REPLACEMENT "\""}, /* cut off at the end */
    {"\xE2\x82", "\"" REPLACEMENT REPLACEMENT "\"", "\"" REPLACEMENT REPLACEMENT "\""},
    {"\xF0\x9F\x8E", "\"" REPLACEMENT REPLACEMENT REPLACEMENT "\"", "\"" REPLACEMENT REPLACEMENT REPLACEMENT "\""},
    {"\xC0\x8A", "\"" REPLACEMENT REPLACEMENT "\"", "\"" REPLACEMENT REPLACEMENT "\""}, /* overlong newline */
    {"\xE0\x80\x8A", "\"" REPLACEMENT REPLACEMENT REPLACEMENT "\"", "\"" REPLACEMENT REPLACEMENT REPLACEMENT "\""},
    {"\xED\xA0\x80", "\"" REPLACEMENT REPLACEMENT REPLACEMENT "\"", "\"" REPLACEMENT REPLACEMENT REPLACEMENT "\""},
    {"\xF4\x90\x80\x80x", "\"" REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT "x\"",
     "\"" REPLACEMENT REPLACEMENT REPLACEMENT REPLACEMENT "x\""},
    {"\xC3\"", "\"" REPLACEMENT "\\\"\"", "\"" REPLACEMENT "\\\"\""}, /* a broken sequence hides no quote */
};

static char *
line_of(enum log_format format, const char *value)
{
    struct log_line l = {0};

    log_configure(format, LOG_INFO);
    log_begin(&l, LOG_INFO, "e");
    log_str(&l, "v", value);
    log_finish(&l);
    return buf_steal(&l.out);
}

static void
test_escapes(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        char *logfmt = line_of(LOG_LOGFMT, escapes[i].value);
        char *json = line_of(LOG_JSON, escapes[i].value);
        char want[256];

        snprintf(want, sizeof want, " INFO event_type=e v=%s", escapes[i].logfmt);
        assert_string_equal(logfmt + strlen("2026-01-25T18:00:00.123Z"), want);
        snprintf(want, sizeof want, "\",\"level\":\"INFO\",\"event_type\":\"e\",\"v\":%s}", escapes[i].json);
        assert_string_equal(json + strlen("{\"time\":\"2026-01-25T18:00:00.123Z"), want);
        free(logfmt);
        free(json);
    }
}

static void
assert_matches(const char *text, const char *pattern)
{
    regex_t re;

    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&re, text, 0, NULL, 0) != 0)
        fail_msg("'%s' does not match '%s'", text, pattern);
    regfree(&re);
}

static void
fill_line(struct log_line *l, enum log_level level)
{
    log_begin(l, level, "dual_write_completed");
    log_str(l, "operation", "sync_team_created");
    log_str(l, "absent", NULL);
    log_int(l, "team_id", 123);
    log_int(l, "least", INT64_MIN);
    log_int(l, "most", INT64_MAX);
    log_bool(l, "on", true);
    log_bool(l, "off", false);
    log_str(l, "odd key=\"\n", "x");
    log_str(l, "", "y");
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"

static void
test_logfmt_line(void **state)
{
    struct log_line l = {0};

    (void) state;
    log_configure(LOG_LOGFMT, LOG_INFO);
    fill_line(&l, LOG_WARNING);
    log_finish(&l);
    assert_matches(buf_text(&l.out), "^" TIME " WARNING event_type=dual_write_completed operation=sync_team_created "
                                     "team_id=123 least=-9223372036854775808 most=9223372036854775807 on=true "
                                     "off=false odd_key___=x _=y$");
    buf_free(&l.out);
}

static void
test_json_line(void **state)
{
    struct log_line l = {0};

    (void) state;
    log_configure(LOG_JSON, LOG_INFO);
    fill_line(&l, LOG_ERROR);
    log_finish(&l);
    assert_matches(buf_text(&l.out),
                   "^\\{\"time\":\"" TIME "\",\"level\":\"ERROR\",\"event_type\":\"dual_write_completed\","
                   "\"operation\":\"sync_team_created\",\"team_id\":123,\"least\":-9223372036854775808,"
                   "\"most\":9223372036854775807,\"on\":true,\"off\":false,\"odd_key___\":\"x\",\"_\":\"y\"\\}$");
    buf_free(&l.out);
}

static void
test_time_is_utc_now(void **state)
{
    time_t before = time(NULL);
    char *text;
    struct tm tm = {0};
    time_t stamp;

    (void) state;
    setenv("TZ", "Asia/Kathmandu", 1);
    tzset();
    text = line_of(LOG_LOGFMT, "x");
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%S", &tm));
    stamp = timegm(&tm);
    assert_true(stamp >= before && stamp <= time(NULL));
    unsetenv("TZ");
    tzset();
    free(text);
}

static void
test_levels(void **state)
{
    static const char *const words[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
    static const char *const prefixes[] = {"<7>", "<6>", "<4>", "<3>"};

    (void) state;
    for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
            for (int json = 0; json < 2; json++) {
                struct log_line l = {0};

                log_configure(json ? LOG_JSON : LOG_LOGFMT, (enum log_level) least);
                log_priority_prefix(true);
                fill_line(&l, (enum log_level) level);
                log_finish(&l);
                assert_int_equal(l.out.len > 0, level >= least);
                if (level >= least) {
                    assert_memory_equal(l.out.data, prefixes[level], 3);
                    assert_non_null(strstr(l.out.data, words[level]));
                    assert_int_equal(l.out.data[3], json ? '{' : '2');
                    assert_int_equal(l.out.data[l.out.len - 1], json ? '}' : 'y');
                }
                buf_free(&l.out);
            }
        }
    }
    log_priority_prefix(false);
}

static void
test_reload_in_the_middle_of_a_line(void **state)
{
    struct log_line l = {0};

    (void) state;
    log_configure(LOG_JSON, LOG_INFO);
    log_begin(&l, LOG_INFO, "e");
    log_configure(LOG_LOGFMT, LOG_ERROR);
    log_str(&l, "a", "b c");
    log_finish(&l);
    assert_non_null(strstr(buf_text(&l.out), ",\"a\":\"b c\"}"));
    buf_free(&l.out);
}

/* ---- what reaches stderr ---- */

struct capture {
    int saved;
    int read_end;
};

static struct capture
capture_stderr(bool nonblocking)
{
    struct capture c;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    if (nonblocking)
        assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    fflush(stderr);
    c.saved = dup(STDERR_FILENO);
    c.read_end = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return c;
}

static void
release_stderr(const struct capture *c)
{
    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
}

static char *
drain(int fd, size_t *len)
{
    struct buf b = {0};
    char chunk[4096];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        buf_add(&b, chunk, (size_t) n);
    close(fd);
    *len = b.len;
    return buf_steal(&b);
}

static void
test_end_writes_one_line(void **state)
{
    struct capture c = capture_stderr(false);
    char *text;
    size_t len;

    (void) state;
    log_configure(LOG_LOGFMT, LOG_INFO);
    log_msg(LOG_DEBUG, "unseen", "%s", "nothing");
    errno = ENOENT;
    log_msg(LOG_INFO, "started", "pid %d\nforged", 42);
    assert_int_equal(errno, ENOENT);
    release_stderr(&c);
    text = drain(c.read_end, &len);
    assert_matches(text, "^" TIME " INFO event_type=started msg=\"pid 42\\\\nforged\"\n$");
    free(text);
}

/* Lines that are gathered come in order, also around one that is too long for a piece; and whole when there is no more. */
static void
test_gathered_lines(void **state)
{
    struct capture c = capture_stderr(false);
    char *value = xcalloc(6001, 1);
    char *text;
    const char *at;
    size_t len;
    char first[64];

    (void) state;
    memset(value, 'x', 6000);
    log_configure(LOG_LOGFMT, LOG_INFO);
    assert_int_equal(fcntl(c.read_end, F_SETFL, O_NONBLOCK), 0);
    log_gather(true);
    log_msg(LOG_INFO, "gathered", "%s", "first");
    assert_int_equal(read(c.read_end, first, sizeof first), -1); /* nothing is there yet */
    for (int i = 0; i < 200; i++) {
        log_msg(LOG_INFO, "gathered", "n%d.", i);
        if (i == 100)
            log_msg(LOG_INFO, "gathered", "long%s", value);
    }
    log_gather(false);
    log_msg(LOG_INFO, "alone", "%s", "last");
    release_stderr(&c);
    text = drain(c.read_end, &len);
    at = strstr(text, "msg=first\n");
    for (int i = 0; i < 200; i++) {
        char wanted[24];

        snprintf(wanted, sizeof wanted, " msg=n%d.\n", i);
        at = at == NULL ? NULL : strstr(at, wanted);
        if (i == 100)
            at = at == NULL ? NULL : strstr(at, " msg=longxxx");
    }
    assert_non_null(at);
    assert_non_null(strstr(at, "event_type=alone msg=last\n"));
    free(text);
    free(value);
}

struct reading {
    int fd;
    char *text;
    size_t len;
};

static void *
read_slowly(void *arg)
{
    struct reading *r = arg;

    usleep(50000); /* let the pipe fill up first */
    r->text = drain(r->fd, &r->len);
    return NULL;
}

/* Far more than a pipe holds, on a descriptor that says EAGAIN: every byte arrives, in order. */
static void
test_long_line_through_a_full_pipe(void **state)
{
    size_t size = 3000000;
    char *value = xcalloc(size + 1, 1);
    struct capture c = capture_stderr(true);
    struct reading r = {.fd = c.read_end};
    pthread_t reader;

    (void) state;
    for (size_t i = 0; i < size; i++)
        value[i] = (char) ('a' + i % 26);
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, &r), 0);
    log_configure(LOG_LOGFMT, LOG_INFO);
    log_msg(LOG_INFO, "big", "%s", value);
    release_stderr(&c);
    pthread_join(reader, NULL);
    assert_true(r.len > size);
    assert_memory_equal(r.text + r.len - 1 - size, value, size);
    assert_int_equal(r.text[r.len - 1], '\n');
    assert_ptr_equal(memchr(r.text, '\n', r.len), r.text + r.len - 1);
    free(r.text);
    free(value);
}

static void
test_closed_stderr_is_survived(void **state)
{
    int saved = dup(STDERR_FILENO);

    (void) state;
    close(STDERR_FILENO);
    errno = ENOENT;
    log_msg(LOG_ERROR, "lost", "nobody hears");
    assert_int_equal(errno, ENOENT);
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void
test_journal(void **state)
{
    struct stat st;
    char text[128] = {0};
    static const char *const bad[] = {
        "", ":", "1", "1:", ":1", "x:1", "-1:1", "1:2:3", "8:999999999999999999999999", "0:0", " 8:1"};

    (void) state;
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(text, sizeof text, "%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino);
    setenv("JOURNAL_STREAM", text, 1);
    assert_true(log_stderr_is_journal());
    for (const char *more = "0x"; *more != '\0'; more++) {
        size_t len = strlen(text);

        text[len] = *more; /* the rest is zeros */
        setenv("JOURNAL_STREAM", text, 1);
        assert_false(log_stderr_is_journal());
        text[len] = '\0';
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("JOURNAL_STREAM", bad[i], 1);
        assert_false(log_stderr_is_journal());
    }
    unsetenv("JOURNAL_STREAM");
    assert_false(log_stderr_is_journal());
}

/* Whatever bytes a row holds: one line, balanced quotes, nothing below a space, no raw bidi control. */
static void
test_random_bytes_stay_one_value(void **state)
{
    unsigned seed = 12345;

    (void) state;
    for (int round = 0; round < 20000; round++) {
        char value[24] = {0};
        char *text;
        char *p;

        for (size_t i = 0; i < sizeof value - 1; i++) {
            static const char likely[] = "\"\\= \n\xE2\x80\xAE\xC2\x85\xED\xF0";

            seed = seed * 1103515245u + 12345u;
            value[i] = seed >> 31 ? likely[(seed >> 16) % (sizeof likely - 1)] : (char) (seed >> 16);
        }
        text = line_of(round % 2 == 0 ? LOG_LOGFMT : LOG_JSON, value);
        for (p = text; *p != '\0'; p++)
            assert_true((unsigned char) *p >= ' ' && *p != 0x7F);
        assert_null(strstr(text, "\xE2\x80\xAE"));
        assert_null(strstr(text, "\xC2\x85"));
        p = round % 2 == 0 ? strstr(text, " v=") + 3 : strstr(text, "\"v\":") + 4;
        if (*p == '"') {
            for (p++; *p != '"'; p++) {
                assert_int_not_equal(*p, '\0');
                if (*p == '\\')
                    p++;
            }
            assert_string_equal(p + 1, round % 2 == 0 ? "" : "}");
        } else {
            assert_int_equal(round % 2, 0);
            assert_int_equal(strcspn(p, " =\"\\"), strlen(p));
        }
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_logfmt_line),
        cmocka_unit_test(test_json_line),
        cmocka_unit_test(test_time_is_utc_now),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_reload_in_the_middle_of_a_line),
        cmocka_unit_test(test_end_writes_one_line),
        cmocka_unit_test(test_gathered_lines),
        cmocka_unit_test(test_long_line_through_a_full_pipe),
        cmocka_unit_test(test_closed_stderr_is_survived),
        cmocka_unit_test(test_journal),
        cmocka_unit_test(test_random_bytes_stay_one_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
