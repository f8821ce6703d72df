/* test_slurp.c - a whole small file in memory, its limit, and what cannot be read. */
/* links: lib/base/slurp.c lib/base/buf.c lib/base/xalloc.c */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dualwrite/slurp.h"
#include "dualwrite/xalloc.h"

#define CHUNK 65536 /* slurp.c reads so many bytes at a time */

static char folder[] = "/tmp/test_slurp.XXXXXX";
static char path[sizeof folder + 16];

static int
setup(void **state)
{
    (void) state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    unlink(path);
    return rmdir(folder);
}

static void
write_file(const char *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void
test_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 63, 64, 4096, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1000000};

    (void) state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *bytes = xcalloc(sizes[i], 1);
        char *text;
        size_t len = 99;

        for (size_t j = 0; j < sizes[i]; j++)
            bytes[j] = (char) (j * 7 % 256); /* NUL and high bytes too */
        write_file(bytes, sizes[i]);
        text = slurp(path, 4 * CHUNK * 10, &len);
        assert_non_null(text);
        assert_int_equal(len, sizes[i]);
        if (len > 0)
            assert_memory_equal(text, bytes, len);
        assert_int_equal(text[len], '\0');
        free(text);
        free(bytes);
    }
}

/* Past the limit is seen without reading all of it. */
static void
test_limit(void **state)
{
    size_t len = 0;
    char *text;

    (void) state;
    write_file("0123456789", 10);
    text = slurp(path, 10, &len);
    assert_int_equal(len, 10);
    free(text);
    text = slurp(path, 9, &len);
    assert_non_null(text);
    assert_true(len > 9);
    free(text);
    text = slurp("/dev/zero", 1000000, &len); /* without an end */
    assert_non_null(text);
    assert_true(len > 1000000);
    free(text);
}

static void
test_unreadable(void **state)
{
    size_t len = 7;

    (void) state;
    errno = 0;
    assert_null(slurp("/nonexistent/file", 10, &len));
    assert_int_equal(errno, ENOENT);
    errno = 0;
    assert_null(slurp(folder, 10, &len)); /* opens, but is a directory */
    assert_int_equal(errno, EISDIR);
    errno = 0;
    assert_null(slurp("", 10, &len));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(len, 7);
}

/* No descriptor is left behind, whatever became of the file. */
static void
test_descriptors(void **state)
{
    int before = open("/dev/null", O_RDONLY);
    int after;

    (void) state;
    close(before);
    write_file("abc", 3);
    for (int i = 0; i < 10; i++) {
        size_t len;

        free(slurp(path, 10, &len));
        free(slurp(path, 1, &len));
        assert_null(slurp(folder, 10, &len));
        assert_null(slurp("/nonexistent", 10, &len));
    }
    after = open("/dev/null", O_RDONLY);
    close(after);
    assert_int_equal(before, after);
}

/* The contract: at most max + 1 bytes. */
static void
test_reads_no_more(void **state)
{
    size_t len = 0;
    char *text;

    (void) state;
    write_file("0123456789", 10);
    text = slurp(path, 4, &len);
    assert_int_equal(len, 5);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),       cmocka_unit_test(test_limit),         cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_descriptors), cmocka_unit_test(test_reads_no_more),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
