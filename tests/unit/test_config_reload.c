/* links: lib/core/config.c lib/core/config_keys.c lib/core/flags.c lib/base/envfile.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
/* test_config_reload.c - which source wins, what a reload changes, and what waits for a restart. */
#include "config_util.h"

static void
test_precedence(void **state)
{
    static const struct {
        const char *key, *file, *env, *wins; /* as the value in force is shown */
        enum config_source source;
    } table[] = {
        {ENABLED, "true", NULL, "true", SOURCE_FILE},
        {ENABLED, NULL, "true", "true", SOURCE_ENVIRONMENT},
        {ENABLED, NULL, NULL, "false", SOURCE_DEFAULT},
        {ENABLED, "true", "false", "false", SOURCE_ENVIRONMENT},
        {ENABLED, "no", "true", "no", SOURCE_FILE},
        {ENABLED, "yes", "true", "yes", SOURCE_FILE},
        {"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE", "true", "false", "false", SOURCE_ENVIRONMENT},
        {BLOCKED, "false", "true", "true", SOURCE_ENVIRONMENT},
        {BLOCKED, "true", "false", "true", SOURCE_FILE},
        {"TEAM_LEGACY_WRITE_BYPASS_ENABLED", "true", "false", "false", SOURCE_ENVIRONMENT},
        {"TEAM_VNEXT_ADAPTER_ENABLED", "true", "false", "false", SOURCE_ENVIRONMENT},
        {"TEAM_VNEXT_FORCE_LEGACY", "false", "true", "true", SOURCE_ENVIRONMENT},
        {"TEAM_VNEXT_ROUTING_MODE", "vnext_only", "auto", "auto", SOURCE_ENVIRONMENT},
        {"DUALWRITE_BATCH_SIZE", "5", "6", "5", SOURCE_FILE},
        {"DUALWRITE_NOTIFY", "on", "off", "on", SOURCE_FILE},
        {"DUALWRITE_MAPPING_FILE", "", "/m", "", SOURCE_FILE},
        {"DUALWRITE_DATABASE_URL", "", "x", "", SOURCE_FILE},
        {"DUALWRITE_DATABASE_URL", NULL, "x", "(set, not shown)", SOURCE_ENVIRONMENT},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct faults faults = {0};
        struct buf file = {0};
        struct buf env = {0};
        struct config *c;
        size_t key = index_of(table[i].key);

        if (table[i].file != NULL)
            buf_printf(&file, "%s=%s\n", table[i].key, table[i].file);
        if (table[i].env != NULL)
            buf_printf(&env, "%s=%s\n", table[i].key, table[i].env);
        c = parse_before(buf_text(&file), buf_text(&env), NULL, &faults);
        assert_non_null(c);
        if (strcmp(config_shown(c, key), table[i].wins) != 0 || c->values[key].source != table[i].source)
            fail_msg("%s file=%s env=%s: %s from %d", table[i].key, buf_text(&file), buf_text(&env),
                     config_shown(c, key), c->values[key].source);
        config_free(c);
        buf_free(&file);
        buf_free(&env);
        faults_free(&faults);
    }
}

static void
test_first_in_environment(void **state)
{
    struct config *c = parse_good(NULL, "DUALWRITE_BATCH_SIZE=1\nDUALWRITE_BATCH_SIZE=2");

    (void) state;
    assert_int_equal(c->batch_size, 1);
    config_free(c);
}

/* A story of reloads: after each file, what the flag is and whether a WARNING says that the sources differ. */
static void
test_reloads(void **state)
{
    static const struct {
        const char *env;
        enum flag flag;
        struct {
            const char *file, *value;
            bool warned;
        } steps[6];
    } stories[] = {
        /* kubectl set env ...=false beside a mounted file; later the file is edited, and wins from then on */
        {ENABLED "=false",
         FLAG_ENABLED,
         {{ENABLED "=true\n", "false", true},
          {ENABLED "=maybe\n", NULL, false},      /* a fault: nothing changes */
          {"\n" ENABLED "=yes\n", "false", true}, /* the same value in other letters */
          {ENABLED "=false\n", "false", false},
          {ENABLED "=true\n", "true", false},
          {"DUALWRITE_NOTIFY=on\n" ENABLED "=true\n", "true", false}}},
        /* the key appears in the file, disappears, and comes back */
        {ENABLED "=false",
         FLAG_ENABLED,
         {{"", "false", false},
          {ENABLED "=true\n", "true", false},
          {"", "false", false},
          {ENABLED "=true\n", "true", false}}},
        /* each key for itself */
        {ENABLED "=false",
         FLAG_ENABLED,
         {{ENABLED "=true\n" BLOCKED "=true\n", "false", true}, {ENABLED "=true\n" BLOCKED "=false\n", "false", true}}},
        {BLOCKED "=true",
         FLAG_BLOCKED,
         {{BLOCKED "=false\n", "true", true},
          {BLOCKED "=true\n", "true", false},
          {BLOCKED "=false\n", "false", false}}},
        /* two names that differ stay blocked, whatever was reloaded */
        {ALIAS "=true",
         FLAG_BLOCKED,
         {{BLOCKED "=true\n", "true", false}, {BLOCKED "=false\n", "true", true}, {ALIAS "=false\n", "false", false}}},
    };

    (void) state;
    for (size_t s = 0; s < sizeof stories / sizeof *stories; s++) {
        struct config *now = NULL;

        for (size_t i = 0; i < 6 && stories[s].steps[i].file != NULL; i++) {
            struct faults faults = {0};
            struct config *next = parse_before(stories[s].steps[i].file, stories[s].env, now, &faults);

            if (stories[s].steps[i].value == NULL) {
                assert_null(next);
            } else {
                assert_non_null(next);
                if (strcmp(next->flags.value[stories[s].flag], stories[s].steps[i].value) != 0 ||
                    (faults.count > 0) != stories[s].steps[i].warned)
                    fail_msg("story %zu step %zu: %s, %zu warnings", s, i, next->flags.value[stories[s].flag],
                             faults.count);
                config_free(now);
                now = next;
            }
            faults_free(&faults);
        }
        config_free(now);
    }
}

static void
test_changes(void **state)
{
    static const struct {
        const char *old, *new;
        const char *changes;
        size_t count;
        const char *warning;
    } table[] = {
        {"", "", "", 0, ""},
        {"", ENABLED "=false\nDUALWRITE_POLL_INTERVAL=5000ms\nDUALWRITE_NOTIFY=1\nDUALWRITE_LOG_LEVEL=INFO\n", "", 0,
         ""},
        {"DUALWRITE_HTTP_LISTEN=off\n", "DUALWRITE_HTTP_LISTEN=OFF\n", "", 0, ""},
        {"", ENABLED "=true\n", ENABLED ": false -> true", 1, ""},
        {"DUALWRITE_BATCH_SIZE=5\n" ENABLED "=yes\n", "DUALWRITE_MAPPING_FILE=/m\n" ENABLED "=off\n",
         ENABLED ": yes -> off; DUALWRITE_MAPPING_FILE: none -> /m; DUALWRITE_BATCH_SIZE: 5 -> 1000", 3, ""},
        {"", ALIAS "=false\n", BLOCKED ": true -> false", 1, ""},
        {"", "DUALWRITE_PIDFILE=/p\nDUALWRITE_BATCH_SIZE=7\n", "DUALWRITE_BATCH_SIZE: 1000 -> 7", 1,
         "WARNING file: DUALWRITE_PIDFILE: none -> /p waits for a restart; the old value stays in force\n"},
        {"DUALWRITE_HTTP_LISTEN=off\n", "", "DUALWRITE_HTTP_LISTEN: off -> 127.0.0.1:9464", 1, ""},
        {"", "DUALWRITE_WATCH_CONFIG=on\n", "DUALWRITE_WATCH_CONFIG: off -> on", 1, ""},
        {"DUALWRITE_DATABASE_URL=hunter2\n", "DUALWRITE_DATABASE_URL=hunter3\nDUALWRITE_LEGACY_DATABASE_URL=hunter4\n",
         "", 0,
         "WARNING file: DUALWRITE_DATABASE_URL: (set, not shown) -> (set, not shown) waits for a restart; the old "
         "value "
         "stays in force\n"
         "WARNING file: DUALWRITE_LEGACY_DATABASE_URL: none -> (set, not shown) waits for a restart; the old value "
         "stays "
         "in force\n"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct config *before = parse_good(table[i].old, NULL);
        struct faults faults = {0};
        struct config *next = parse_before(table[i].new, NULL, before, &faults);
        struct buf out = {0};
        char *said;

        assert_non_null(next);
        assert_int_equal(config_changes(before, next, &out, &faults), table[i].count);
        assert_string_equal(buf_text(&out), table[i].changes);
        said = faults_text(&faults);
        assert_string_equal(said, table[i].warning);
        /* what cannot change has not changed */
        assert_string_equal(next->database_url, before->database_url);
        assert_string_equal(next->legacy_database_url, before->legacy_database_url);
        assert_string_equal(next->pidfile, before->pidfile);
        /* and the reminder comes again at the next reload */
        if (*table[i].warning != '\0') {
            struct faults again = {0};
            struct config *third = parse_before(table[i].new, NULL, next, &again);

            buf_clear(&out);
            assert_int_equal(config_changes(next, third, &out, &again), 0);
            free(said);
            said = faults_text(&again);
            assert_string_equal(said, table[i].warning);
            faults_free(&again);
            config_free(third);
        }
        free(said);
        buf_free(&out);
        faults_free(&faults);
        config_free(before);
        config_free(next);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_first_in_environment),
        cmocka_unit_test(test_reloads),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
