/* test_spill.c - a file that is there whole or not at all, and the folder for it. */
/* links: lib/base/spill.c lib/base/slurp.c lib/base/buf.c lib/base/xalloc.c */
#include <dirent.h>
#include <errno.h>
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
#include "dualwrite/spill.h"

static char folder[] = "/tmp/test_spill.XXXXXX";

static const char *
in_folder(const char *name)
{
    static char path[200];

    snprintf(path, sizeof path, "%s%s", folder, name);
    return path;
}

static int
entries(void)
{
    DIR *d = opendir(in_folder("/a/b"));
    int n = 0;

    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void
test_folders_and_files(void **state)
{
    size_t len;
    char *text;

    (void) state;
    assert_int_equal(spill_folder(in_folder("/a/b")), 0);
    assert_int_equal(spill_folder(in_folder("/a/b/")), 0);
    assert_int_equal(spill(in_folder("/a/b/f"), "one", 3), 0);
    assert_int_equal(spill(in_folder("/a/b/f"), "two\0three", 9), 0);
    text = slurp(in_folder("/a/b/f"), 100, &len);
    assert_int_equal(len, 9);
    assert_memory_equal(text, "two\0three", 9);
    free(text);
    assert_int_equal(entries(), 1); /* nothing is left beside it */
    /* a folder of that name: what was there stays, and nothing is left beside it */
    assert_int_equal(mkdir(in_folder("/a/b/d"), 0700), 0);
    assert_int_equal(spill(in_folder("/a/b/d"), "x", 1), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(entries(), 2);
    assert_int_equal(spill(in_folder("/none/f"), "x", 1), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(spill_folder(in_folder("/a/b/f")), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(spill_folder(in_folder("/a/b/f/g")), -1);
    assert_int_equal(errno, ENOTDIR);
}

static int
setup(void **state)
{
    (void) state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void) state;
    unlink(in_folder("/a/b/f"));
    rmdir(in_folder("/a/b/d"));
    rmdir(in_folder("/a/b"));
    rmdir(in_folder("/a"));
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders_and_files)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
