/* links: lib/base/envfile.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
/* test_envfile.c - the grammar of EnvironmentFile=, faults with their lines, and hostile input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dualwrite/buf.h"
#include "dualwrite/envfile.h"
#include "dualwrite/xalloc.h"

/* "LINE KEY=[VALUE]" per entry, then "SEVERITY WHERE" per fault, one a line. */
static char *
digest(const char *text, size_t len, bool (*ours)(const char *name))
{
    struct env_entries entries = {0};
    struct faults faults = {0};
    struct buf out = {0};

    envfile_parse("f", text, len, ours, &entries, &faults);
    for (size_t i = 0; i < entries.count; i++)
        buf_printf(&out, "%d %s=[%s]\n", entries.items[i].line, entries.items[i].key, entries.items[i].value);
    for (size_t i = 0; i < faults.count; i++)
        buf_printf(&out, "%s %s\n", faults.items[i].severity == FAULT_ERROR ? "ERROR" : "WARNING",
                   faults.items[i].where);
    env_entries_free(&entries);
    faults_free(&faults);
    return buf_steal(&out);
}

static const struct {
    const char *text;
    const char *want;
} grammar[] = {
    {"", ""},
    {"\n\n  \t\r\n", ""},
    {"A=b", "1 A=[b]\n"},
    {"A=b\n", "1 A=[b]\n"},
    {"A=b\nC=d\n", "1 A=[b]\n2 C=[d]\n"},
    {"A=\n", "1 A=[]\n"},
    {"A=", "1 A=[]\n"},
    {"A=b=c\n", "1 A=[b=c]\n"},
    {"_a9=x\n", "1 _a9=[x]\n"},
    {"  A=b\n", "1 A=[b]\n"},
    {"A = b\n", "1 A=[b]\n"},
    {"A=  b c \t \n", "1 A=[b c]\n"},
    {"A=1\nA=2\n", "1 A=[1]\n2 A=[2]\n"},
    /* comments */
    {"# A=b\n; C=d\n  # E=f\nG=h", "4 G=[h]\n"},
    {"# no continuation \\\nA=b\n", "2 A=[b]\n"},
    {"A=b # c\n", "1 A=[b # c]\n"},
    {"A='b' # c\n", "1 A=[b# c]\n"},
    {"A=b#c;d\n", "1 A=[b#c;d]\n"},
    {"#", ""},
    /* single quotes: everything is a letter */
    {"A='b c'\n", "1 A=[b c]\n"},
    {"A=' b '  \n", "1 A=[ b ]\n"},
    {"A=''\n", "1 A=[]\n"},
    {"A='b\\n\\'\n", "1 A=[b\\n\\]\n"},
    {"A='b\"c$d'\n", "1 A=[b\"c$d]\n"},
    {"A='one\ntwo'\nB=c\n", "1 A=[one\ntwo]\n3 B=[c]\n"},
    {"A='b\\\nc'\n", "1 A=[b\\\nc]\n"},
    /* double quotes: \" \\ \` \$ and \newline, other backslashes stay */
    {"A=\"b c\"\n", "1 A=[b c]\n"},
    {"A=\"a\\\"b\\\\c\\`d\\$e\"\n", "1 A=[a\"b\\c`d$e]\n"},
    {"A=\"\\n\\t\\x\"\n", "1 A=[\\n\\t\\x]\n"},
    {"A=\"one\\\ntwo\"\nB=c\n", "1 A=[onetwo]\n3 B=[c]\n"},
    {"A=\"one\ntwo\"\nB=c\n", "1 A=[one\ntwo]\n3 B=[c]\n"},
    {"A=\"it's\"\n", "1 A=[it's]\n"},
    {"A=\"$B ${C} `d`\"\n", "1 A=[$B ${C} `d`]\n"},
    /* parts one after the other */
    {"A='b'\"c\"'d'\n", "1 A=[bcd]\n"},
    {"A='b' \"c\"\n", "1 A=[bc]\n"},
    {"A=\"b\"c\n", "1 A=[bc]\n"},
    {"A=\"b \"  c  d  \n", "1 A=[b c  d]\n"},
    {"A=b'c'\n", "1 A=[b'c']\n"},
    {"A=b\"c\n", "1 A=[b\"c]\n"},
    /* backslash outside quotes */
    {"A=b\\ c\n", "1 A=[b c]\n"},
    {"A=b\\\\c\\n\n", "1 A=[b\\cn]\n"},
    {"A=\\'b\\'\n", "1 A=['b']\n"},
    {"A=\\\"b\n", "1 A=[\"b]\n"},
    {"A=b\\ \n", "1 A=[b ]\n"},
    {"A=b\\ \\ x \n", "1 A=[b  x]\n"},
    {"A=b\\\nc\nD=e\n", "1 A=[bc]\n3 D=[e]\n"},
    {"A=b \\\n c\n", "1 A=[b  c]\n"},
    {"A=b\\\n\nD=e\n", "1 A=[b]\n3 D=[e]\n"},
    {"A=\\\nb\n", "1 A=[b]\n"},
    {"A=b\\", "1 A=[b]\n"},
    {"A=\\", "1 A=[]\n"},
    /* export, byte order mark, CRLF, lone CR */
    {"export A=b\n", "1 A=[b]\n"},
    {"export \t A=b\n", "1 A=[b]\n"},
    {"  export A='b c'\n", "1 A=[b c]\n"},
    {"export=b\n", "1 export=[b]\n"},
    {"exported=b\n", "1 exported=[b]\n"},
    {"\xEF\xBB\xBF"
     "A=b\n",
     "1 A=[b]\n"},
    {"\xEF\xBB\xBF# c\nA=b\n", "2 A=[b]\n"},
    {"\xEF\xBB\xBF", ""},
    {"A=b\r\nC=d \r\n", "1 A=[b]\n2 C=[d]\n"},
    {"A='b'\r\nC=\r\n", "1 A=[b]\n2 C=[]\n"},
    {"A=b\\\r\nc\r\nD=e\r\n", "1 A=[bc]\n3 D=[e]\n"},
    {"A=\"b\\\r\nc\"\r\nD=e\r\n", "1 A=[bc]\n3 D=[e]\n"},
    {"A='b\r\nc'\r\n", "1 A=[b\r\nc]\n"},
    {"A=b\rC=d\r", "1 A=[b]\n1 C=[d]\n"},
    {"A=\xC3\xA9\xFF\n", "1 A=[\xC3\xA9\xFF]\n"},
    /* faults, and that reading goes on after each */
    {"A\n", "ERROR f:1\n"},
    {"A", "ERROR f:1\n"},
    {"A=b\n\nC d\nE=f\n", "1 A=[b]\n4 E=[f]\nERROR f:3\n"},
    {"=b\nC=d\n", "2 C=[d]\nERROR f:1\n"},
    {"1A=b\n", "ERROR f:1\n"},
    {"A-B=c\nA.B=c\nA B=c\n\xC3\x84=c\n", "ERROR f:1\nERROR f:2\nERROR f:3\nERROR f:4\n"},
    {"A-B='c\nd'\nE=f\n", "3 E=[f]\nERROR f:1\n"},
    {"export\n", "ERROR f:1\n"},
    {"export A\n", "ERROR f:1\n"},
    {"export =b\n", "1 export=[b]\n"},
    {"A='b\nC=d\nE f\n", "2 C=[d]\nERROR f:1\nERROR f:3\n"},
    {"A=\"b\nC=d\n", "2 C=[d]\nERROR f:1\n"},
    {"A=\"b\\\"\n\nC=d\n", "3 C=[d]\nERROR f:1\n"},
    {"A=\"b\\", "ERROR f:1\n"},
    {"A=b\n\nC='d'\"\n", "1 A=[b]\nERROR f:3\n"},
    {"A='b\nc'\"d\nE=f\n", "3 E=[f]\nERROR f:2\n"},
    {"A=\"b\nB='c\nC=d\n", "3 C=[d]\nERROR f:1\nERROR f:2\n"},
};

static void
test_grammar(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof grammar / sizeof *grammar; i++) {
        size_t len = strlen(grammar[i].text);
        char *exact = malloc(len == 0 ? 1 : len); /* no NUL behind it: the sanitizer sees a read too far */
        char *got;

        memcpy(exact, grammar[i].text, len);
        got = digest(exact, len, NULL);
        if (strcmp(got, grammar[i].want) != 0)
            fail_msg("%s\ngave\n%s\nnot\n%s", grammar[i].text, got, grammar[i].want);
        free(got);
        free(exact);
    }
}

static void
test_nul_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } table[] = {
        {"A=b\0c\nD=e\n", 10, "2 D=[e]\nERROR f:1\n"},
        {"A=b\nC\0=d\nE=f\n", 13, "1 A=[b]\n3 E=[f]\nERROR f:2\n"},
        {"# c\0\nA=b\n", 9, "2 A=[b]\nERROR f:1\n"},
        {"A='b\0'\nC=d\n", 11, "2 C=[d]\nERROR f:1\n"},
        {"A=\"b\\\0\"\nC=d\n", 12, "2 C=[d]\nERROR f:1\n"},
        {"\0\0\0\0", 4, "ERROR f:1\n"},
        {"\xFF\xFE"
         "A\0=\0b\0\n\0",
         10, "ERROR f:1\n"},
        {"\xFE\xFF\0A\0=\0b\0\n", 10, "ERROR f:1\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *got = digest(table[i].text, table[i].len, NULL);

        assert_string_equal(got, table[i].want);
        free(got);
    }
}

static bool
is_ours(const char *name)
{
    return strncmp(name, "DW_", 3) == 0;
}

/* Another program's odd lines are warnings; ours are errors; a quote that is never closed is one whosever it is. */
static void
test_whose_line(void **state)
{
    static const struct {
        const char *text, *want;
    } table[] = {
        {"DW_A true\n", "ERROR f:1\n"},        {"DW_A: true\n", "ERROR f:1\n"},
        {"export DW_A\n", "ERROR f:1\n"},      {"DW_A-B=c\n", "ERROR f:1\n"},
        {"OTHER\n", "WARNING f:1\n"},          {"export OTHER\n", "WARNING f:1\n"},
        {"some.key=value\n", "WARNING f:1\n"}, {"host/db?password=x\n", "WARNING f:1\n"},
        {"OTHER='b\n", "ERROR f:1\n"},         {"DW_A='b\n", "ERROR f:1\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *got = digest(table[i].text, strlen(table[i].text), is_ours);

        assert_string_equal(got, table[i].want);
        free(got);
    }
}

static void
test_messages(void **state)
{
    static const char text[] = "DW_URL postgres://u:hunter2@h/db\n"
                               "DW_URL: postgres://u:hunter2@h/db?a=hunter2\n"
                               "hunter2\n"
                               "postgres://u:hunter2@h/db?hunter2=hunter2\n"
                               "DW-hunter2=hunter2\n"
                               "DW_URL=\0hunter2\n"
                               "export hunter2\n"
                               "hunter2=\"hunter2\n"
                               "DW_URL='hunter2 hunter2\n";
    struct env_entries entries = {0};
    struct faults faults = {0};

    (void) state;
    envfile_parse("/etc/x.env", text, sizeof text - 1, is_ours, &entries, &faults);
    assert_int_equal(entries.count, 0);
    assert_int_equal(faults.count, 9);
    for (size_t i = 0; i < faults.count; i++) {
        assert_null(strstr(faults.items[i].text, "hunter2"));
        assert_null(strstr(faults.items[i].text, "postgres"));
    }
    assert_string_equal(faults.items[0].text, "no '=' after DW_URL; write KEY=VALUE");
    assert_string_equal(faults.items[8].text, "the single quote opened here for DW_URL is never closed");
    assert_string_equal(faults.items[8].where, "/etc/x.env:9");
    env_entries_free(&entries);
    faults_free(&faults);
}

static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/*
 * A megabyte of each kind of trouble, in time that a quadratic reader would not keep. Less of those that give a fault a
 * line: a list of half a million faults is the sanitizer's trouble, not the reader's.
 */
static void
test_linear_time(void **state)
{
    static const struct {
        const char *unit;
        size_t size;
    } table[] = {
        {"x", 1000000},        {"A='", 1000000},        {"\\", 1000000},         {"A=\\\n", 1000000},
        {"\n", 1000000},       {"A='x'\"y\"", 1000000}, {"'\"", 1000000},        {"#x\n", 1000000},
        {"\r", 1000000},       {" ", 1000000},          {"A=b\n", 1000000},      {"export ", 1000000},
        {"A='\n'\n", 1000000}, {"A=\"\n", 1000000},     {"A=\"\\\"\n", 1000000}, {"A='\nB=\"\n", 1000000},
        {"\\\"\n", 20000},     {"\"\\\n", 20000},       {"A\n", 20000},          {"=\n", 20000},
        {"A-B\n", 20000},
    };
    double start = seconds();

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t size = table[i].size;
        size_t len = strlen(table[i].unit);
        char *text = xcalloc(size + len + 2, 1);
        struct env_entries entries = {0};
        struct faults faults = {0};

        memcpy(text, "K=", 2);
        for (size_t at = 2; at < size; at += len)
            memcpy(text + at, table[i].unit, len);
        envfile_parse("f", text, size, NULL, &entries, &faults);
        envfile_parse("f", text + 2, size - 2, NULL, &entries, &faults);
        env_entries_free(&entries);
        faults_free(&faults);
        free(text);
    }
    assert_true(seconds() - start < 30);
}

static void
test_megabyte_value(void **state)
{
    size_t size = 1 << 20;
    char *text = xcalloc(size + 8, 1);
    struct env_entries entries = {0};
    struct faults faults = {0};

    (void) state;
    memcpy(text, "A=\"", 3);
    memset(text + 3, 'v', size);
    memcpy(text + 3 + size, "\"\n", 2);
    envfile_parse("f", text, size + 5, NULL, &entries, &faults);
    assert_int_equal(faults.count, 0);
    assert_int_equal(entries.count, 1);
    assert_int_equal(strlen(entries.items[0].value), size);
    env_entries_free(&entries);
    faults_free(&faults);
    free(text);
}

/* Random text of the letters that matter: no crash, lines in range, keys that are names. */
static void
test_random_text(void **state)
{
    static const char letters[] = "AAB==='\"\\\\\n\n\r #;$` \t-\xEF\xBB\xBF\0export";
    unsigned seed = 4711;

    (void) state;
    for (int round = 0; round < 50000; round++) {
        size_t len = (size_t) round % 40;
        char *text = malloc(len == 0 ? 1 : len);
        struct env_entries entries = {0};
        struct faults faults = {0};
        int lines = 1;

        for (size_t i = 0; i < len; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = letters[(seed >> 16) % (sizeof letters - 1)];
            lines += text[i] == '\n';
        }
        envfile_parse("f", text, len, round % 2 == 0 ? NULL : is_ours, &entries, &faults);
        for (size_t i = 0; i < entries.count; i++) {
            assert_true(entries.items[i].line >= 1 && entries.items[i].line <= lines);
            assert_true(strspn(entries.items[i].key, "ABexport") == strlen(entries.items[i].key));
            assert_true(strlen(entries.items[i].value) <= len);
        }
        env_entries_free(&entries);
        faults_free(&faults);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),     cmocka_unit_test(test_nul_bytes),   cmocka_unit_test(test_whose_line),
        cmocka_unit_test(test_messages),    cmocka_unit_test(test_linear_time), cmocka_unit_test(test_megabyte_value),
        cmocka_unit_test(test_random_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
