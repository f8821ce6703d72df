/* links: lib/core/flags.c */
/* test_flags.c - names, values, which value is safer, and which combinations are warned of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dualwrite/flags.h"

static const struct {
    enum flag flag;
    const char *name, *fallback, *safe, *unsafe;
} flags_table[] = {
    {FLAG_ENABLED, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "false", "false", "true"},
    {FLAG_STRICT, "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE", "false", "false", "true"},
    {FLAG_BLOCKED, "TEAM_LEGACY_WRITE_BLOCKED", "true", "true", "false"},
    {FLAG_BYPASS, "TEAM_LEGACY_WRITE_BYPASS_ENABLED", "false", "false", "true"},
    {FLAG_ADAPTER, "TEAM_VNEXT_ADAPTER_ENABLED", "false", "false", "true"},
    {FLAG_FORCE_LEGACY, "TEAM_VNEXT_FORCE_LEGACY", "false", "true", "false"},
    {FLAG_ROUTING_MODE, "TEAM_VNEXT_ROUTING_MODE", "legacy_only", "legacy_only", "vnext_only"},
};

static void
test_names_and_defaults(void **state)
{
    (void) state;
    assert_int_equal(sizeof flags_table / sizeof *flags_table, FLAG_COUNT);
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        enum flag f = flags_table[i].flag;

        assert_string_equal(flag_name(f), flags_table[i].name);
        assert_int_equal(flag_by_name(flags_table[i].name), f);
        assert_string_equal(flag_default(f), flags_table[i].fallback);
        assert_non_null(flag_value(f, flag_default(f)));
    }
    assert_int_equal(flag_by_name("TEAM_VNEXT_LEGACY_WRITE_BLOCKED"), FLAG_BLOCKED);
    assert_int_equal(flag_by_name("TEAM_LEGACY_WRITE"), FLAG_COUNT);
    assert_int_equal(flag_by_name(""), FLAG_COUNT);
}

static void
test_values(void **state)
{
    static const char *const on[] = {"true", "True", "TRUE", "1", "yes", "YES", "on", "On"};
    static const char *const off[] = {"false", "False", "FALSE", "0", "no", "NO", "off", "oFF"};
    static const char *const neither[] = {"",   " true",   "true ",    "t",    "y",          "2",
                                          "01", "enabled", "true # c", "none", "legacy_only"};
    static const char *const modes[] = {"legacy_only", "vnext_only", "vnext_primary", "auto"};
    static const char *const no_modes[] = {"", "true", "LEGACY_ONLY", "Auto", "legacy", "legacy_only "};

    (void) state;
    for (size_t i = 0; i < sizeof on / sizeof *on; i++)
        assert_string_equal(flag_value(FLAG_ENABLED, on[i]), "true");
    for (size_t i = 0; i < sizeof off / sizeof *off; i++)
        assert_string_equal(flag_value(FLAG_FORCE_LEGACY, off[i]), "false");
    for (size_t i = 0; i < sizeof neither / sizeof *neither; i++)
        assert_null(flag_value(FLAG_BLOCKED, neither[i]));
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        assert_string_equal(flag_value(FLAG_ROUTING_MODE, modes[i]), modes[i]);
    for (size_t i = 0; i < sizeof no_modes / sizeof *no_modes; i++)
        assert_null(flag_value(FLAG_ROUTING_MODE, no_modes[i]));
}

static void
test_safer(void **state)
{
    static const char *const modes[] = {"legacy_only", "auto", "vnext_primary", "vnext_only"};

    (void) state;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        enum flag f = flags_table[i].flag;
        const char *safe = flags_table[i].safe;
        const char *unsafe = flags_table[i].unsafe;

        assert_string_equal(flag_safer(f, safe, unsafe), safe);
        assert_string_equal(flag_safer(f, unsafe, safe), safe);
        assert_string_equal(flag_safer(f, safe, safe), safe);
        assert_string_equal(flag_safer(f, unsafe, unsafe), unsafe);
    }
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++)
            assert_string_equal(flag_safer(FLAG_ROUTING_MODE, modes[i], modes[j]), modes[i < j ? i : j]);
    }
}

/* Letters: E enabled, S strict, B blocked, Y bypass, A adapter, F force legacy; the mode follows. */
static struct flags
flags_of(const char *letters, const char *mode)
{
    struct flags flags;

    for (size_t f = 0; f < FLAG_ROUTING_MODE; f++)
        flags.value[f] = strchr(letters, "ESBYAF"[f]) != NULL ? "true" : "false";
    flags.value[FLAG_ROUTING_MODE] = mode;
    return flags;
}

static void
test_warnings(void **state)
{
    static const struct {
        const char *letters, *mode;
        const char *begins[4]; /* of each warning, in order */
    } table[] = {
        {"B", "legacy_only", {0}},   /* the defaults */
        {"EB", "legacy_only", {0}},  /* the staging run */
        {"EBS", "legacy_only", {0}}, /* strict */
        {"EBA", "vnext_primary", {0}},
        {"EBA", "vnext_only", {0}},
        {"EBA", "auto", {0}},
        {"BA", "vnext_only", {0}}, /* after the cut-over */
        {"BY", "legacy_only", {0}},
        {"", "legacy_only", {0}},
        {"EBA", "legacy_only", {"TEAM_VNEXT_ROUTING_MODE is legacy_only while dual write"}},
        {"EBYF",
         "legacy_only",
         {"TEAM_VNEXT_FORCE_LEGACY is on while dual write", "TEAM_LEGACY_WRITE_BYPASS_ENABLED is on"}},
        {"EBAF",
         "legacy_only",
         {"TEAM_VNEXT_FORCE_LEGACY is on while dual write", "TEAM_VNEXT_FORCE_LEGACY and TEAM_LEGACY_WRITE_BLOCKED"}},
        {"E", "legacy_only", {"TEAM_LEGACY_WRITE_BLOCKED is off while dual write"}},
        {"EBY", "legacy_only", {"TEAM_LEGACY_WRITE_BYPASS_ENABLED is on while dual write"}},
        {"EY", "legacy_only", {"TEAM_LEGACY_WRITE_BLOCKED is off", "TEAM_LEGACY_WRITE_BYPASS_ENABLED is on"}},
        {"BS", "legacy_only", {"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE is on while dual write is off"}},
        {"EB", "auto", {"TEAM_VNEXT_ROUTING_MODE is not legacy_only while TEAM_VNEXT_ADAPTER_ENABLED is off"}},
        {"BF", "legacy_only", {"TEAM_VNEXT_FORCE_LEGACY and TEAM_LEGACY_WRITE_BLOCKED"}},
        {"BYF", "legacy_only", {0}},
        {"F", "legacy_only", {0}},
        {"BA", "vnext_primary", {"dual write is off while the adapter"}},
        {"BA", "auto", {"dual write is off while the adapter"}},
        {"AF", "auto", {0}},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct flags flags = flags_of(table[i].letters, table[i].mode);
        size_t n = 0;

        for (; table[i].begins[n] != NULL; n++) {
            const char *got = flags_warning(&flags, n);

            if (got == NULL || strncmp(got, table[i].begins[n], strlen(table[i].begins[n])) != 0)
                fail_msg("%s/%s: warning %zu is '%s'", table[i].letters, table[i].mode, n, got == NULL ? "" : got);
        }
        if (flags_warning(&flags, n) != NULL)
            fail_msg("%s/%s: also '%s'", table[i].letters, table[i].mode, flags_warning(&flags, n));
        assert_null(flags_warning(&flags, n + 1));
    }
}

static void
test_json(void **state)
{
    static const char *const useless[] = {"",
                                          "null",
                                          "[]",
                                          "{}",
                                          "{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": true}",
                                          "{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\": \"maybe\"}",
                                          "{\"team_vnext_dual_write_enabled\": \"true\"}",
                                          "{"};
    struct flags flags, back;
    char *json;

    (void) state;
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        flags.value[f] = flags_table[f].unsafe;
    json = flags_json(&flags);
    assert_string_equal(json,
                        "{\"TEAM_VNEXT_DUAL_WRITE_ENABLED\":\"true\",\"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE\":\"true\","
                        "\"TEAM_LEGACY_WRITE_BLOCKED\":\"false\",\"TEAM_LEGACY_WRITE_BYPASS_ENABLED\":\"true\","
                        "\"TEAM_VNEXT_ADAPTER_ENABLED\":\"true\",\"TEAM_VNEXT_FORCE_LEGACY\":\"false\","
                        "\"TEAM_VNEXT_ROUTING_MODE\":\"vnext_only\"}");
    back = flags_parse(json);
    for (enum flag f = 0; f < FLAG_COUNT; f++)
        assert_string_equal(back.value[f], flags.value[f]);
    free(json);
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++) {
        back = flags_parse(useless[i]);
        for (enum flag f = 0; f < FLAG_COUNT; f++)
            assert_string_equal(back.value[f], flag_default(f));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_defaults), cmocka_unit_test(test_values), cmocka_unit_test(test_safer),
        cmocka_unit_test(test_warnings),           cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
