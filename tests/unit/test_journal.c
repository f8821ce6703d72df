/* test_journal.c - what a journal at the other end of the socket gets, and that one that stands still holds nobody up. */
/* links: daemon/journal.c lib/base/log.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/journal.h"
#include "dualwrite/log.h"

static char folder[] = "/tmp/test_journal_XXXXXX";
static char path[64];
static int journal = -1;

static void
listen_there(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(journal, (struct sockaddr *) &address, sizeof address), 0);
}

static int
setup(void **state)
{
    (void) state;
    log_configure(LOG_LOGFMT, LOG_INFO);
    listen_there();
    return journal_open(path) ? 0 : -1;
}

static int
teardown(void **state)
{
    (void) state;
    journal_close();
    close(journal);
    unlink(path);
    return 0;
}

/* The value of `key` in the next entry kept in `entry`, or NULL; both forms of a field are read as the journal reads them. */
struct entry {
    char data[1 << 20];
    size_t len;
};

static bool
receive(struct entry *e)
{
    ssize_t n = recv(journal, e->data, sizeof e->data, 0);

    e->len = n < 0 ? 0 : (size_t) n;
    return n >= 0;
}

static char *
field(const struct entry *e, const char *key)
{
    static char values[8][4096];
    static int next;
    char *value = values[next++ % 8];
    const char *p = e->data;

    while (p < e->data + e->len) {
        size_t name = strcspn(p, "=\n");
        const char *from = p + name + 1;
        uint64_t len = 0;

        if (p[name] == '=') {
            len = strcspn(from, "\n");
        } else {
            for (int i = 7; i >= 0; i--)
                len = len << 8 | (unsigned char) from[i];
            from += 8;
        }
        assert_true(from + len < e->data + e->len && from[len] == '\n');
        if (strlen(key) == name && strncmp(key, p, name) == 0) {
            snprintf(value, sizeof values[0], "%.*s", (int) len, from);
            return value;
        }
        p = from + len + 1;
    }
    return NULL;
}

static void
test_a_line_and_its_fields(void **state)
{
    static struct entry e;
    struct log_line l = {0};

    (void) state;
    log_priority_prefix(true); /* not here */
    log_begin(&l, LOG_WARNING, "dual_write_failed");
    log_str(&l, "operation", "sync_team_created");
    log_int(&l, "team_id", -9007199254740993);
    log_str(&l, "error", "two\nlines, \"quoted\"");
    log_bool(&l, "strict", false);
    log_str(&l, "user-id", "ü=1");
    log_str(&l, "nothing", NULL);
    log_end(&l);
    log_priority_prefix(false);
    assert_true(receive(&e));
    assert_string_equal(field(&e, "PRIORITY"), "4");
    assert_string_equal(field(&e, "SYSLOG_IDENTIFIER"), "dualwrited");
    assert_string_equal(field(&e, "DUALWRITE_EVENT_TYPE"), "dual_write_failed");
    assert_string_equal(field(&e, "DUALWRITE_OPERATION"), "sync_team_created");
    assert_string_equal(field(&e, "DUALWRITE_TEAM_ID"), "-9007199254740993");
    assert_string_equal(field(&e, "DUALWRITE_ERROR"), "two\nlines, \"quoted\"");
    assert_string_equal(field(&e, "DUALWRITE_STRICT"), "false");
    assert_string_equal(field(&e, "DUALWRITE_USER_ID"), "ü=1");
    assert_null(field(&e, "DUALWRITE_NOTHING"));
    /* the line behind its time */
    assert_string_equal(strchr(field(&e, "MESSAGE"), ' '),
                        " WARNING event_type=dual_write_failed operation=sync_team_created team_id=-9007199254740993 "
                        "error=\"two\\nlines, \\\"quoted\\\"\" strict=false user-id=\"ü=1\"");
    assert_false(receive(&e));
}

static void
test_priorities_and_levels(void **state)
{
    static struct entry e;
    static const char *const priority[] = {"7", "6", "4", "3"};

    (void) state;
    log_msg(LOG_DEBUG, "quiet", "below the level");
    assert_false(receive(&e));
    log_configure(LOG_JSON, LOG_DEBUG);
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        log_msg((enum log_level) level, "said", "%d", level);
        assert_true(receive(&e));
        assert_string_equal(field(&e, "PRIORITY"), priority[level]);
        assert_string_equal(field(&e, "DUALWRITE_EVENT_TYPE"), "said");
        assert_non_null(strstr(field(&e, "MESSAGE"), "\"event_type\":\"said\",\"msg\":\""));
    }
    log_configure(LOG_LOGFMT, LOG_INFO);
}

/* The journal takes no more: the first line waits a moment, the others do not; and what was missed is said afterwards. */
static void
test_a_journal_that_stands_still(void **state)
{
    static struct entry e;
    struct timespec begin, end;
    int taken = 0;
    char missing[64];

    (void) state;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < 3000; i++)
        log_msg(LOG_INFO, "many", "%d", i);
    clock_gettime(CLOCK_MONOTONIC, &end);
    assert_in_range(end.tv_sec - begin.tv_sec, 0, 100); /* came back at all, and not after a second each */
    while (receive(&e))
        taken++;
    assert_in_range(taken, 1, 2999);
    log_msg(LOG_INFO, "back", "again");
    assert_true(receive(&e));
    assert_string_equal(field(&e, "DUALWRITE_EVENT_TYPE"), "back");
    assert_true(receive(&e));
    assert_string_equal(field(&e, "DUALWRITE_EVENT_TYPE"), "log_lines_lost");
    snprintf(missing, sizeof missing, " %d are missing", 3000 - taken);
    assert_non_null(strstr(field(&e, "DUALWRITE_MSG"), missing));
    assert_false(receive(&e));
}

/* Its socket goes, and another comes: the daemon neither waits nor dies, and finds the new one by itself. */
static void
test_a_journal_that_goes(void **state)
{
    static struct entry e;

    (void) state;
    close(journal);
    unlink(path);
    log_msg(LOG_INFO, "nobody", "hears");
    errno = EINTR; /* of a call before */
    log_msg(LOG_INFO, "nobody", "hears");
    listen_there();
    log_msg(LOG_INFO, "back", "again");
    assert_true(receive(&e));
    assert_string_equal(field(&e, "DUALWRITE_EVENT_TYPE"), "back");
    assert_true(receive(&e));
    assert_non_null(strstr(field(&e, "DUALWRITE_MSG"), " 2 are missing"));
}

static void
test_a_line_that_is_too_long(void **state)
{
    static struct entry e;
    size_t len = 150000; /* twice this is more than a datagram may have by default */
    char *text = malloc(len + 1);

    (void) state;
    memset(text, 'x', len);
    text[len] = '\0';
    log_msg(LOG_INFO, "long", "%s", text);
    free(text);
    log_msg(LOG_INFO, "after", "it");
    assert_true(receive(&e));
    if (field(&e, "DUALWRITE_EVENT_TYPE") == NULL) /* without its fields where both are too much */
        assert_non_null(strstr(field(&e, "MESSAGE"), " INFO event_type=long msg=xxx"));
    assert_true(receive(&e));
    assert_string_equal(field(&e, "DUALWRITE_EVENT_TYPE"), "after");
}

static void
test_a_long_key_and_nobody_there(void **state)
{
    static struct entry e;
    struct log_line l = {0};

    (void) state;
    log_begin(&l, LOG_INFO, "keys");
    log_str(&l, "a_key_that_is_longer_than_the_journal_takes_any_key_of_anybody_anywhere", "cut");
    log_end(&l);
    assert_true(receive(&e));
    assert_string_equal(field(&e, "DUALWRITE_A_KEY_THAT_IS_LONGER_THAN_THE_JOURNAL_TAKES_ANY_KEY_OF"), "cut");
    journal_close();
    assert_false(journal_open("/nowhere/at/all"));
    assert_false(
        journal_open("/a path that is much too long for the address of a socket, which takes 107 bytes at most, "
                     "and so cannot be one"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_line_and_its_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_priorities_and_levels, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_journal_that_stands_still, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_journal_that_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_line_that_is_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_long_key_and_nobody_there, setup, teardown),
    };
    int status;

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/socket", folder);
    status = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return status;
}
