/* links: lib/core/config.c lib/core/config_keys.c lib/core/flags.c lib/base/envfile.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
/*
 * test_config.c - what file and environment give, every fault said at once, secrets and hostile input; and that the
 * sample file tells the same story as the table. Runs from the top folder.
 */
#include "config_util.h"

/* ---- values ---- */

static void
test_defaults(void **state)
{
    struct config *c = parse_good(NULL, NULL);

    (void) state;
    for (int f = 0; f < FLAG_COUNT; f++)
        assert_string_equal(c->flags.value[f], flag_default((enum flag) f));
    assert_string_equal(c->database_url, "");
    assert_string_equal(c->legacy_database_url, "");
    assert_string_equal(c->mapping_file, "");
    assert_int_equal(c->log_format, LOG_LOGFMT);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_string_equal(c->http_listen, "127.0.0.1:9464");
    assert_int_equal(c->batch_size, 1000);
    assert_int_equal(c->poll_interval_ms, 5000);
    assert_int_equal(c->retry_max_attempts, 8);
    assert_int_equal(c->removal_share, 20);
    assert_int_equal(c->statement_timeout_ms, 30000);
    assert_true(c->notify);
    assert_int_equal(c->outbox_max, 1000000);
    assert_string_equal(c->pidfile, "");
    assert_false(c->watch_config);
    assert_string_equal(c->alert.mail_to, "");
    assert_string_equal(c->alert.pagerduty_url, CONFIG_PAGERDUTY_URL);
    config_free(c);
    config_free(NULL);
}

static void
test_every_key_is_read(void **state)
{
    static const char text[] = "TEAM_VNEXT_DUAL_WRITE_ENABLED=yes\nTEAM_VNEXT_DUAL_WRITE_STRICT_MODE=1\n"
                               "TEAM_LEGACY_WRITE_BLOCKED=Off\nTEAM_LEGACY_WRITE_BYPASS_ENABLED=TRUE\n"
                               "TEAM_VNEXT_ADAPTER_ENABLED=on\nTEAM_VNEXT_FORCE_LEGACY=True\n"
                               "TEAM_VNEXT_ROUTING_MODE=vnext_primary\nDUALWRITE_DATABASE_URL='host=a password=b'\n"
                               "DUALWRITE_LEGACY_DATABASE_URL=postgres://c\nDUALWRITE_MAPPING_FILE=/m.json\n"
                               "DUALWRITE_LOG_FORMAT=JSON\nDUALWRITE_LOG_LEVEL=Debug\nDUALWRITE_HTTP_LISTEN=[::]:1\n"
                               "DUALWRITE_BATCH_SIZE=10000\nDUALWRITE_POLL_INTERVAL=100ms\n"
                               "DUALWRITE_RETRY_MAX_ATTEMPTS=0\nDUALWRITE_REMOVAL_SHARE=100%\nDUALWRITE_STATEMENT_"
                               "TIMEOUT=1h\nDUALWRITE_NOTIFY=no\n"
                               "DUALWRITE_OUTBOX_MAX=1000000000\nDUALWRITE_PIDFILE=/p\nDUALWRITE_WATCH_CONFIG=on\n"
                               "DUALWRITE_ALERT_WEBHOOK_URL=https://h/x\nDUALWRITE_ALERT_WEBHOOK_URL_FILE=/w\n"
                               "DUALWRITE_ALERT_PAGERDUTY_KEY=k\nDUALWRITE_ALERT_PAGERDUTY_KEY_FILE=/k\n"
                               "DUALWRITE_ALERT_PAGERDUTY_URL=http://p\nDUALWRITE_ALERT_MAIL_TO=a@b,c@d\n"
                               "DUALWRITE_SENDMAIL=/s\n";

    (void) state;
    for (int from_file = 0; from_file < 2; from_file++) {
        char *env = xstrdup(text);
        struct config *c;

        for (char *p = env; *p != '\0'; p++) { /* the environment has no quotes */
            if (*p == '\'')
                memmove(p, p + 1, strlen(p));
        }
        c = from_file ? parse_good(text, NULL) : parse_good(NULL, env);
        for (int f = 0; f < FLAG_ROUTING_MODE; f++)
            assert_string_equal(c->flags.value[f], f == FLAG_BLOCKED ? "false" : "true");
        assert_string_equal(c->flags.value[FLAG_ROUTING_MODE], "vnext_primary");
        assert_string_equal(c->database_url, "host=a password=b");
        assert_string_equal(c->legacy_database_url, "postgres://c");
        assert_string_equal(c->mapping_file, "/m.json");
        assert_int_equal(c->log_format, LOG_JSON);
        assert_int_equal(c->log_level, LOG_DEBUG);
        assert_string_equal(c->http_listen, "[::]:1");
        assert_int_equal(c->batch_size, 10000);
        assert_int_equal(c->poll_interval_ms, 100);
        assert_int_equal(c->retry_max_attempts, 0);
        assert_int_equal(c->removal_share, 100);
        assert_int_equal(c->statement_timeout_ms, 3600000);
        assert_false(c->notify);
        assert_int_equal(c->outbox_max, 1000000000);
        assert_string_equal(c->pidfile, "/p");
        assert_true(c->watch_config);
        assert_string_equal(c->alert.webhook_url, "https://h/x");
        assert_string_equal(c->alert.webhook_url_file, "/w");
        assert_string_equal(c->alert.pagerduty_key, "k");
        assert_string_equal(c->alert.pagerduty_key_file, "/k");
        assert_string_equal(c->alert.pagerduty_url, "http://p");
        assert_string_equal(c->alert.mail_to, "a@b,c@d");
        assert_string_equal(c->alert.sendmail, "/s");
        for (size_t i = 0; i < index_of("DUALWRITE_SENDMAIL"); i++)
            assert_int_equal(c->values[i].source, from_file ? SOURCE_FILE : SOURCE_ENVIRONMENT);
        config_free(c);
        free(env);
    }
}

/* ---- faults: what is said, all at once ---- */

static const struct {
    const char *text;
    const char *env;
    const char *want; /* as faults_text() */
} saying[] = {
    {ENABLED "=true # for now\n", NULL,
     "ERROR f:1: " ENABLED " is 'true # for now'; accepted: true or false, 1 or 0, yes or no, on or off; a comment "
     "needs a line of its own\n"},
    {"\n" ENABLED "=\"true\" # for now\n", NULL,
     "ERROR f:2: " ENABLED " is 'true# for now'; accepted: true or false, 1 or 0, yes or no, on or off; a comment "
     "needs a line of its own\n"},
    {ENABLED "=\n", NULL, "ERROR f:1: " ENABLED " is empty; accepted: true or false, 1 or 0, yes or no, on or off\n"},
    {NULL, ENABLED "=true ",
     "ERROR environment: " ENABLED " is 'true '; accepted: true or false, 1 or 0, yes or no, on or off; it ends with a "
     "blank or an invisible character\n"},
    {"DUALWRITE_PIDFILE=/run/x.pid # mine\n", NULL,
     "WARNING f:1: DUALWRITE_PIDFILE: the # and what follows is taken as part of the path; a comment needs a line of "
     "its own\n"},
    {"DUALWRITE_BATCHSIZE=5\nDUALWRITE_FROBNICATE=1\nDUALWRITE_POLL_INTERVAL=5\nDUALWRITE_NOTIFY x\n",
     "DUALWRITE_LOGLEVEL=info\nDUALWRITE_OUTBOX_MAX=1",
     "ERROR f:4: no '=' after DUALWRITE_NOTIFY; write KEY=VALUE\n"
     "ERROR f:1: unknown key DUALWRITE_BATCHSIZE; the nearest known one is DUALWRITE_BATCH_SIZE\n"
     "ERROR f:2: unknown key DUALWRITE_FROBNICATE; dualwrited.env(5) lists the known ones\n"
     "ERROR environment: unknown key DUALWRITE_LOGLEVEL; the nearest known one is DUALWRITE_LOG_LEVEL\n"
     "ERROR f:3: DUALWRITE_POLL_INTERVAL is '5'; accepted: a duration from 100ms to 5s, with its unit (ms, s, m or h)\n"
     "ERROR environment: DUALWRITE_OUTBOX_MAX is '1'; accepted: a whole number from 1000 to 1000000000\n"},
    {"DUALWRITE_CONFIG=/x\n", "DUALWRITE_CONFIG=/y",
     "ERROR f:1: DUALWRITE_CONFIG says which file to read, so it can stand in the environment only; remove the line, "
     "or use --config\n"},
    {NULL, "DUALWRITE_CONFIG=/y", ""},
    {ALIAS "=maybe\n", NULL,
     "ERROR f:1: " ALIAS " is 'maybe'; accepted: true or false, 1 or 0, yes or no, on or off\n"},
    {"DUALWRITE_BATCH_SIZE=1\n\nDUALWRITE_BATCH_SIZE=2\nDUALWRITE_BATCH_SIZE=3\n", NULL,
     "WARNING f:3: DUALWRITE_BATCH_SIZE is set in line 1 and again in line 3; the last one holds\n"
     "WARNING f:4: DUALWRITE_BATCH_SIZE is set in line 3 and again in line 4; the last one holds\n"},
    {"DUALWRITE_BATCH_SIZE=x\nDUALWRITE_BATCH_SIZE=2\n", NULL,
     "WARNING f:2: DUALWRITE_BATCH_SIZE is set in line 1 and again in line 2; the last one holds\n"},
    {"DJANGO_SECRET=a\nDJANGO_SECRET=b\nDEBUG=maybe\nA='x\ny'\n", "HOME=/root\n=x\nnonsense", ""},
    {"some.key=1\nDUALWRITE_BATCH_SIZE=2\n", NULL,
     "WARNING f:1: the name before '=' is not letters, digits and '_', so the line is skipped; a line is KEY=VALUE, "
     "or a comment that begins with #\n"},
    {"TEAM_LOGO-URL=1\n", NULL,
     "WARNING f:1: the name before '=' is not letters, digits and '_', so the line is skipped; a line is KEY=VALUE, "
     "or a comment that begins with #\n"},
    {"TEAM_VNEXT_DUALWRITE_ENABLED=true\nTEAM_PAGE_SIZE=20\n", "TEAM_LEGACY_WRITE_BLOKED=1\nTEAM_CACHE_ENABLED=1",
     "WARNING f:1: unknown key TEAM_VNEXT_DUALWRITE_ENABLED is ignored; is " ENABLED " meant?\n"
     "WARNING environment: unknown key TEAM_LEGACY_WRITE_BLOKED is ignored; is " BLOCKED " meant?\n"},
    {"team_vnext_dual_write_enabled=true\ndualwrite_batch_size=2\ndualwrite_other=1\n", NULL,
     "WARNING f:1: unknown key team_vnext_dual_write_enabled is ignored; is " ENABLED " meant?\n"
     "WARNING f:2: unknown key dualwrite_batch_size is ignored; is DUALWRITE_BATCH_SIZE meant?\n"},
    {"A='it\n" ENABLED "=true\nB='x\n", NULL,
     "WARNING f:1: a quoted value that begins here swallows the line that sets " ENABLED "; is a quote missing?\n"},
    {ENABLED "='true\nDUALWRITE_BATCH_SIZE=5\n", NULL,
     "ERROR f:1: the single quote opened here for " ENABLED " is never closed\n"},
    /* both sources, equal or not */
    {ENABLED "=true\n", ENABLED "=1", ""},
    {ENABLED "=true\n", ENABLED "=false",
     "WARNING f:1: " ENABLED
     " is true here and false in the environment; the safer false holds until a reload finds the "
     "file's value changed\n"},
    {"DUALWRITE_BATCH_SIZE=1\n", "DUALWRITE_BATCH_SIZE=2", ""},
    {ENABLED "=true\n", ENABLED "=maybe",
     "ERROR environment: " ENABLED " is 'maybe'; accepted: true or false, 1 or 0, yes or no, on or off\n"},
    {BLOCKED "=true\n" ALIAS "=yes\n", ALIAS "=on", ""},
    {BLOCKED "=false\n\n" ALIAS "=true\n", NULL,
     "WARNING f:3: " BLOCKED " is false (file) and " ALIAS ", the same key by its other name, is true (file); direct "
     "legacy writes are blocked; remove one of the two\n"},
    {BLOCKED "=true\n", ALIAS "=false",
     "WARNING f:1: " BLOCKED " is true (file) and " ALIAS ", the same key by its other name, is false (environment); "
     "direct legacy writes are blocked; remove one of the two\n"},
    {NULL, BLOCKED "=true\n" ALIAS "=false",
     "WARNING environment: " BLOCKED " is true (environment) and " ALIAS ", the same key by its other name, is false "
     "(environment); direct legacy writes are blocked; remove one of the two\n"},
};

static void
test_what_is_said(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof saying / sizeof *saying; i++) {
        struct faults faults = {0};
        struct config *c = parse_before(saying[i].text, saying[i].env, NULL, &faults);
        char *got = faults_text(&faults);

        if (strcmp(got, saying[i].want) != 0)
            fail_msg("%zu: said\n%s\nnot\n%s", i, got, saying[i].want);
        assert_int_equal(c == NULL, faults.errors > 0);
        config_free(c);
        free(got);
        faults_free(&faults);
    }
}

/* An error that was in the list before is not ours. */
static void
test_earlier_errors_do_not_count(void **state)
{
    struct faults faults = {0};
    struct config *c;

    (void) state;
    faults_add(&faults, FAULT_ERROR, "elsewhere", "something");
    c = parse_before(ENABLED "=true\n", NULL, NULL, &faults);
    assert_non_null(c);
    config_free(c);
    faults_free(&faults);
}

/* ---- secrets ---- */

static void
test_secrets_are_never_said(void **state)
{
    static const char *const files[] = {
        "DUALWRITE_DATABASE_URL postgres://u:hunter2@h\n",
        "DUALWRITE_DATABASE_URL: postgres://u:hunter2@h?x=y\n",
        "DUALWRITE_DATABASE_URL=\"postgres://u:hunter2@h\n",
        "DUALWRITE_DATABASE_URL='hunter2\nDUALWRITE_BATCH_SIZE=x\n",
        "DUALWRITE_DATABASE_UR=postgres://u:hunter2@h\n",
        "DUALWRITE_DATABASE_URL=hunter2\nDUALWRITE_DATABASE_URL=hunter2x\nDUALWRITE_BATCH_SIZE=x\n",
        "TEAM_VNEXT_DUAL_WRITE_ENABLED=\"true\nDUALWRITE_DATABASE_URL=\"hunter2\"\n",
        "TEAM_VNEXT_DUAL_WRITE_ENABLED=true\\\nDUALWRITE_DATABASE_URL=hunter2\n",
        "DUALWRITE_BATCH_SIZE=\"\nDUALWRITE_DATABASE_URL=\"hunter2\n",
        "DUALWRITE_LOG_LEVEL='\rDUALWRITE_DATABASE_URL='hunter2\n",
        "DUALWRITE_HTTP_LISTEN=postgres://hunter2:hunter2@h:5432\n",
        "DUALWRITE_DATABASE_URL=postgres://u@h\nhunter2\n",
        "DUALWRITE_DATABASE_URL=postgres://u@h\npostgres://u:hunter2@h/db?sslmode=x\n",
        "DUALWRITE_DATABASE_URL=postgres://hunter2\nDUALWRITE_CONFIG=hunter2\n",
        "DUALWRITE_DATABASE_URL=hunter2 # hunter2\n",
    };

    (void) state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct faults faults = {0};
        struct config *c = parse_before(files[i], "DUALWRITE_LEGACY_DATABASE_URL=hunter2", NULL, &faults);

        for (size_t f = 0; f < faults.count; f++) {
            if (strstr(faults.items[f].text, "hunter2") != NULL)
                fail_msg("%s: %s", files[i], faults.items[f].text);
        }
        if (c != NULL) {
            size_t count;

            config_keys(&count);
            for (size_t k = 0; k < count; k++)
                assert_null(strstr(config_shown(c, k), "hunter2"));
        }
        config_free(c);
        faults_free(&faults);
    }
}

/* ---- hostile input ---- */

static void
test_random_files(void **state)
{
    static const char *const words[] = {
        ENABLED,
        BLOCKED,
        ALIAS,
        "DUALWRITE_",
        "DUALWRITE_BATCH_SIZE",
        "DUALWRITE_DATABASE_URL",
        "TEAM_X",
        "=",
        "=",
        "=",
        "\n",
        "\n",
        "\n",
        "'",
        "\"",
        "\\",
        "#",
        " ",
        "true",
        "hunter2",
        "off",
        "5s",
        "1000",
        "\r\n",
        "export ",
        "\x1b[31m",
        "\xFF",
    };
    unsigned seed = 99;
    struct config *before = NULL;

    (void) state;
    for (int round = 0; round < 5000; round++) {
        struct buf text = {0};
        struct faults faults = {0};
        struct buf out = {0};
        struct config *c;

        for (int i = 0; i < 30; i++) {
            seed = seed * 1103515245u + 12345u;
            buf_puts(&text, words[(seed >> 16) % (sizeof words / sizeof *words)]);
        }
        c = parse_before(buf_text(&text), ENABLED "=true", before, &faults);
        assert_int_equal(c == NULL, faults.errors > 0);
        for (size_t i = 0; i < faults.count; i++) { /* what is printed is printable */
            for (const char *p = faults.items[i].text; *p != '\0'; p++)
                assert_true(*p >= ' ' && *p <= '~');
        }
        if (c != NULL) {
            if (before != NULL)
                config_changes(before, c, &out, &faults);
            config_free(before);
            before = c;
        }
        buf_free(&out);
        buf_free(&text);
        faults_free(&faults);
    }
    config_free(before);
}

static void
test_huge_lines(void **state)
{
    size_t size = 1 << 20;
    static const char *const begins[] = {"DUALWRITE_",
                                         "TEAM_",
                                         "DUALWRITE_BATCH_SIZE=",
                                         "DUALWRITE_DATABASE_URL=",
                                         "DUALWRITE_HTTP_LISTEN=",
                                         "DUALWRITE_POLL_INTERVAL=",
                                         "OTHER="};

    (void) state;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        struct faults faults = {0};
        struct buf text = {0};
        struct config *c;

        buf_puts(&text, begins[i]);
        for (size_t n = 0; n < size; n++)
            buf_putc(&text, '9');
        buf_puts(&text, "=1\n");
        c = config_parse("f", buf_text(&text), text.len, NULL, NULL, &faults);
        for (size_t f = 0; f < faults.count; f++)
            assert_true(strlen(faults.items[f].text) < 400);
        config_free(c);
        faults_free(&faults);
        buf_free(&text);
    }
}

/* ---- the documents ---- */

/* Each key with its meaning and default, in the table's order; and the file with every # removed is the defaults. */
static void
test_sample_file(void **state)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    char *sample = read_text("config/dualwrited.env");
    const char *at = sample;
    struct buf set = {0};
    struct config *c;

    (void) state;
    config_free(parse_good(sample, NULL));
    for (size_t i = 0; i < count; i++) {
        struct buf want = {0};

        buf_printf(&want, "\n# %s. Default: %s.\n#%s=%s\n", keys[i].meaning,
                   *keys[i].fallback == '\0' ? "none" : keys[i].fallback, keys[i].name, keys[i].fallback);
        at = strstr(at, buf_text(&want));
        if (at == NULL)
            fail_msg("the sample lacks, or has out of order:%s", buf_text(&want));
        buf_free(&want);
    }
    for (char *line = strtok(sample, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (line[0] == '#' && line[1] != ' ' && line[1] != '\0')
            buf_printf(&set, "%s\n", line + 1);
    }
    c = parse_good(buf_text(&set), NULL);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(c->values[i].source, SOURCE_FILE);
        assert_string_equal(config_shown(c, i), keys[i].fallback);
    }
    config_free(c);
    buf_free(&set);
    free(sample);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_key_is_read),
        cmocka_unit_test(test_what_is_said),
        cmocka_unit_test(test_earlier_errors_do_not_count),
        cmocka_unit_test(test_secrets_are_never_said),
        cmocka_unit_test(test_random_files),
        cmocka_unit_test(test_huge_lines),
        cmocka_unit_test(test_sample_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
