/* test_buf.c - a growing byte string: always terminated, whatever it is grown by. */
/* links: lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/buf.h"

static void
test_empty(void **state)
{
    struct buf b = {0};
    char *text;

    (void) state;
    assert_string_equal(buf_text(&b), "");
    buf_clear(&b);
    buf_free(&b);
    text = buf_steal(&b); /* never NULL */
    assert_string_equal(text, "");
    free(text);
    buf_puts(&b, "");
    assert_non_null(b.data);
    assert_int_equal(b.len, 0);
    buf_add(&b, NULL, 0);
    assert_string_equal(buf_text(&b), "");
    buf_free(&b);
}

/* Byte by byte past every doubling; ASan watches the end. */
static void
test_grows(void **state)
{
    struct buf b = {0};

    (void) state;
    for (size_t i = 0; i < 5000; i++) {
        buf_putc(&b, (char) ('a' + (int) (i % 26)));
        assert_int_equal(b.len, i + 1);
        assert_int_equal(b.data[b.len], '\0');
        assert_true(b.cap > b.len);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], 'a' + (int) (i % 26));
    buf_free(&b);
    assert_int_equal(b.len, 0);
    assert_null(b.data);
}

static void
test_sizes(void **state)
{
    static char bytes[100000];

    (void) state;
    memset(bytes, 'x', sizeof bytes);
    for (size_t first = 60; first < 70; first++)
        for (size_t second = 60; second < 70; second++) {
            struct buf b = {0};

            buf_add(&b, bytes, first);
            buf_add(&b, bytes, second);
            assert_int_equal(strlen(buf_text(&b)), first + second);
            buf_add(&b, bytes, sizeof bytes);
            assert_int_equal(strlen(buf_text(&b)), first + second + sizeof bytes);
            buf_free(&b);
        }
}

static void
test_bytes(void **state)
{
    struct buf b = {0};

    (void) state;
    buf_add(&b, "a\0b", 3);
    buf_putc(&b, '\0');
    buf_puts(&b, "c");
    assert_int_equal(b.len, 5);
    assert_memory_equal(b.data, "a\0b\0c", 6);
    buf_free(&b);
}

static void
test_printf(void **state)
{
    struct buf b = {0};

    (void) state;
    buf_printf(&b, "%s-%d", "a", 1);
    buf_printf(&b, "%s", "");
    buf_printf(&b, "%%");
    assert_string_equal(buf_text(&b), "a-1%");
    assert_int_equal(b.len, 4);
    /* lengths around the first reservation of 64, counting the terminator */
    for (int width = 55; width < 75; width++) {
        buf_free(&b);
        buf_printf(&b, "%*d", width, 7);
        assert_int_equal(b.len, width);
        assert_int_equal(strlen(buf_text(&b)), width);
        assert_int_equal(b.data[width - 1], '7');
    }
    buf_printf(&b, "%0100000d", 0);
    assert_int_equal(b.len, 74 + 100000);
    buf_free(&b);
}

static void
test_clear_and_steal(void **state)
{
    struct buf b = {0};
    const char *memory;
    char *text;

    (void) state;
    buf_puts(&b, "first");
    memory = b.data;
    buf_clear(&b);
    assert_string_equal(buf_text(&b), "");
    assert_int_equal(b.len, 0);
    buf_puts(&b, "2nd");
    assert_ptr_equal(b.data, memory); /* kept, for a loop */
    text = buf_steal(&b);
    assert_string_equal(text, "2nd");
    assert_null(b.data);
    assert_int_equal(b.cap, 0);
    buf_puts(&b, "third");
    assert_string_equal(text, "2nd");
    assert_string_equal(buf_text(&b), "third");
    free(text);
    buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty), cmocka_unit_test(test_grows),  cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_printf), cmocka_unit_test(test_clear_and_steal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
