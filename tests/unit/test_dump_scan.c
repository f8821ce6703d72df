/* test_dump_scan.c - a dump's text as it goes by, in pieces of any size. */
/* links: lib/core/dump_scan.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/dump_scan.h"

static const char whole[] =
    "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n-- Dumped from database version 15.18 (Debian)\n"
    "DROP TABLE IF EXISTS public.team;\n"
    "CREATE TABLE public.team (\n    id bigint,\n    \"CREATE TABLE x\" text\n);\n"
    "CREATE TABLE public.\"Odd \"\"one.\" (\n);\n"
    "COPY public.team (id, name) FROM stdin;\n1\tone\n2\t\\\\connect\n\\\\.\n3\t-- PostgreSQL database dump\n\\.\n"
    "COPY public.\"Odd \"\"one.\" (a) FROM stdin;\n\\.\n"
    "INSERT INTO public.member VALUES (1);\nINSERT INTO public.member VALUES (2);\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n";

static struct dump_scan
scanned(const char *text, size_t len, size_t piece)
{
    struct dump_scan s = {0};

    for (size_t at = 0; at < len; at += piece)
        dump_scan_feed(&s, text + at, len - at < piece ? len - at : piece);
    dump_scan_end(&s);
    return s;
}

static void
test_whole(void **state)
{
    (void) state;
    for (size_t piece = 1; piece < sizeof whole; piece += piece < 20 ? 1 : 50) {
        struct dump_scan s = scanned(whole, sizeof whole - 1, piece);
        const struct dump_table *team = dump_scan_table(&s, "public", "team");
        const struct dump_table *odd = dump_scan_table(&s, "public", "Odd \"one.");
        const struct dump_table *member = dump_scan_table(&s, "public", "member");

        assert_true(s.begun && s.complete);
        assert_int_equal(dump_scan_major(&s), 15);
        assert_null(s.elsewhere);
        assert_int_equal(s.count, 3);
        assert_true(team->created && team->dropped && team->rows == 4);
        assert_true(odd->created && !odd->dropped && odd->rows == 0);
        assert_true(!member->created && member->rows == 2);
        assert_null(dump_scan_table(&s, "other", "team"));
        dump_scan_free(&s);
    }
}

/* Wherever it is cut, it is not complete. */
static void
test_cut(void **state)
{
    const size_t end = (size_t) (strstr(whole, "dump complete") - whole) + strlen("dump complete");

    (void) state;
    for (size_t len = 0; len < end; len++) {
        struct dump_scan s = scanned(whole, len, 64);

        assert_false(s.complete);
        dump_scan_free(&s);
    }
}

static void
test_elsewhere(void **state)
{
    static const char *const lines[] = {"\\connect other\n", "CREATE DATABASE x;\n", "DROP DATABASE IF EXISTS x;\n",
                                        "\\! rm -rf /\n"};

    (void) state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct dump_scan s = scanned(lines[i], strlen(lines[i]), 7);

        assert_non_null(s.elsewhere);
        dump_scan_free(&s);
    }
}

static void
test_others(void **state)
{
    static const char old[] = "CREATE TABLE team (\r\n);\r\nCOPY team (id) FROM stdin;\r\n1\r\n\\.\r\n";
    struct dump_scan s = scanned(old, sizeof old - 1, 5);
    char bytes[5000];

    (void) state;
    assert_false(s.begun || s.complete);
    assert_int_equal(dump_scan_major(&s), 0);
    assert_true(dump_scan_table(&s, "any", "team")->rows == 1);
    dump_scan_free(&s);
    memset(bytes, 0, sizeof bytes);
    s = scanned(bytes, sizeof bytes, 4096);
    assert_int_equal(s.count, 0);
    dump_scan_free(&s);
    memset(bytes, '"', sizeof bytes);
    memcpy(bytes, "COPY \"", 6);
    s = scanned(bytes, sizeof bytes, 4096);
    dump_scan_free(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
