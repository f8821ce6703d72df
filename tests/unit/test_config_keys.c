/* links: lib/core/config.c lib/core/config_keys.c lib/core/flags.c lib/base/envfile.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
/* test_config_keys.c - what each key accepts and says, misspelt names, and that the man page has them all. */
#include "config_util.h"

static void
test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } table[] = {
        {"off", 0},
        {"0", 0},
        {"00", 0},
        {"0s", 0},
        {"1ms", 1},
        {"250ms", 250},
        {"5s", 5000},
        {"2m", 120000},
        {"1h", 3600000},
        {"007s", 7000},
        {"", -1},
        {"5", -1},
        {"s", -1},
        {"ms", -1},
        {"-1s", -1},
        {"+1s", -1},
        {" 1s", -1},
        {"1s ", -1},
        {"1 s", -1},
        {"1.5s", -1},
        {"1S", -1},
        {"1d", -1},
        {"1min", -1},
        {"1s1", -1},
        {"1e3ms", -1},
        {"1000000000000ms", INT64_C(1000000000000)},
        {"9999999999999h", -1},
        {"99999999999999h", -1},
        {"99999999999999999999ms", -1},
        {"9223372036854775807ms", -1},
        {"1000000000000h", INT64_C(3600000000000000000)},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(config_duration_ms(table[i].text), table[i].ms);
}

static void
test_values_accepted(void **state)
{
    static const struct {
        const char *key;
        const char *good[16];
        const char *bad[24];
        const char *says; /* every refusal says what is accepted */
    } table[] = {
        {ENABLED,
         {"true", "FALSE", "1", "0", "yes", "No", "on", "off"},
         {"", "2", "tru", "enabled", "true # on", "true\r", "nil", "-1"},
         "accepted: true or false, 1 or 0, yes or no, on or off"},
        {"TEAM_VNEXT_ROUTING_MODE",
         {"legacy_only", "vnext_only", "vnext_primary", "auto"},
         {"", "LEGACY_ONLY", "legacy", "legacy_only vnext_only", "true"},
         "accepted: legacy_only, vnext_only, vnext_primary, auto"},
        {"DUALWRITE_LOG_FORMAT",
         {"logfmt", "json", "JSON"},
         {"", "text", "jso", "json5", "logfmt json"},
         "accepted: logfmt, json"},
        {"DUALWRITE_LOG_LEVEL",
         {"debug", "INFO", "Warning", "error"},
         {"", "warn", "trace", "3", " info"},
         "accepted: debug, info, warning, error"},
        {"DUALWRITE_BATCH_SIZE",
         {"1", "10000", "0010"},
         {"", "0", "10001", "-1", "+1", "1e3", "1000 ", "99999999999999999999"},
         "accepted: a whole number from 1 to 10000"},
        {"DUALWRITE_RETRY_MAX_ATTEMPTS", {"0", "1000"}, {"", "1001", "unlimited"}, "from 0 to 1000"},
        {"DUALWRITE_REMOVAL_SHARE",
         {"1%", "20%", "100%"},
         {"", "20", "0%", "101%", "0.2", "20 %", "%", "off"},
         "accepted: a share from 1% to 100%, with its sign"},
        {"DUALWRITE_OUTBOX_MAX", {"1000", "1000000000"}, {"", "999", "1000000001"}, "from 1000 to 1000000000"},
        {"DUALWRITE_POLL_INTERVAL",
         {"100ms", "5s", "1s", "5000ms"},
         {"", "5", "99ms", "61m", "0", "off", "2h", "5 s"},
         "accepted: a duration from 100ms to 5s, with its unit (ms, s, m or h)"},
        {"DUALWRITE_STATEMENT_TIMEOUT", {"1s", "1000ms", "5s"}, {"", "999ms", "0", "30"}, "from 1s to 1h"},
        {"DUALWRITE_NOTIFY", {"on", "OFF"}, {"", "poll"}, "accepted: true or false"},
        {"DUALWRITE_HTTP_LISTEN",
         {"off", "OFF", "127.0.0.1:9464", "0.0.0.0:1", "localhost:65535", "web-1.example.org:80", "[::1]:9464",
          "[::]:1", "[fe80::1]:80", "my_host:1", ":9464", "127.0.0.1:0"},
         {"",
          "9464",
          ":",
          "localhost",
          "localhost:",
          "localhost:-1",
          "localhost:65536",
          "localhost:9464x",
          "1.2.3:80",
          "1.2.3.256:80",
          "::1:9464",
          "[::1]",
          "[::1]9464",
          "[]:80",
          "[:80",
          "[::1:80",
          "[1.2.3.4]:80",
          "*:80",
          "http://localhost:80",
          "local host:80"},
         "accepted: HOST:PORT such as 127.0.0.1:9464"},
        {"DUALWRITE_DATABASE_URL", {"", "anything at all", "host=/run password='#x y'"}, {0}, ""},
        {"DUALWRITE_MAPPING_FILE", {"", "/a b/c#d"}, {0}, ""},
        {"DUALWRITE_PIDFILE", {"", "x"}, {0}, ""},
        {"DUALWRITE_ALERT_MAIL_TO",
         {"", "root", "a@b.example, \"C\" <c@d.example>"},
         {"a@b\nBcc: x@y", "a@b\r", "\xc3\xa9@b"},
         "one line of ASCII, at most 900"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t count;
        const struct config_key *key = config_keys(&count) + index_of(table[i].key);
        struct buf why = {0};

        for (size_t j = 0; j < 16 && table[i].good[j] != NULL; j++) {
            if (!config_key_check(key, table[i].good[j], &why))
                fail_msg("%s", buf_text(&why));
            assert_int_equal(why.len, 0);
        }
        for (size_t j = 0; j < 24 && table[i].bad[j] != NULL; j++) {
            buf_clear(&why);
            if (config_key_check(key, table[i].bad[j], &why))
                fail_msg("%s='%s' accepted", table[i].key, table[i].bad[j]);
            assert_non_null(strstr(buf_text(&why), table[i].says));
            assert_memory_equal(buf_text(&why), table[i].key, strlen(table[i].key));
        }
        buf_free(&why);
    }
}

static void
test_meant(void **state)
{
    static const struct {
        const char *name, *meant;
    } table[] = {
        {"DUALWRITE_BATCH_SIEZ", "DUALWRITE_BATCH_SIZE"},
        {"DUALWRITE_URL", "DUALWRITE_DATABASE_URL"},
        {"DUALWRITE_TIMEOUT", "DUALWRITE_STATEMENT_TIMEOUT"},
        {"DUALWRITE_LISTEN", "DUALWRITE_HTTP_LISTEN"},
        {"DUALWRITE_LEGACY_URL", "DUALWRITE_LEGACY_DATABASE_URL"},
        {"DUALWRITE_CONFG", "DUALWRITE_CONFIG"},
        {"DUALWRITE_API_TOKEN", NULL},
        {"DUALWRITE_", NULL},
        {"TEAM_DUAL_WRITE_ENABLED", ENABLED},
        {"TEAM_VNEXT_STRICT_MODE", "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE"},
        {"TEAM_VNEXT_DUAL_WRITE_STRICT", "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE"},
        {"TEAM_VNEXT_LEGACY_WRITE_BYPASS_ENABLED", "TEAM_LEGACY_WRITE_BYPASS_ENABLED"},
        {"TEAM_VNEXT_LEGACY_WRITES_BLOCKED", ALIAS},
        {"TEAM_ROUTING_MODE", "TEAM_VNEXT_ROUTING_MODE"},
        {"TEAM_VNEXT_CACHE_ENABLED", NULL},
        {"TEAM_ENABLED", NULL},
        {"TEAM_MODE", NULL},
        {"TEAM_", NULL},
        {"TEAM_MAX_MEMBERS", NULL},
        {"Dualwrite_Notify", "DUALWRITE_NOTIFY"},
        {"PATH", NULL},
        {"", NULL},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *got = config_key_meant(table[i].name);

        if (strcmp(got == NULL ? "" : got, table[i].meant == NULL ? "" : table[i].meant) != 0)
            fail_msg("%s: %s", table[i].name, got == NULL ? "(none)" : got);
    }
}

static void
test_service_links(void **state)
{
    static const struct {
        const char *name, *value;
        bool link;
    } table[] = {
        {"DUALWRITE_SERVICE_HOST", "10.0.0.1", true},
        {"DUALWRITE_SERVICE_PORT", "9464", true},
        {"DUALWRITE_SERVICE_PORT_METRICS", "9464", true},
        {"DUALWRITE_PORT", "tcp://10.0.0.1:9464", true},
        {"DUALWRITE_PORT_9464_TCP", "tcp://10.0.0.1:9464", true},
        {"DUALWRITE_PORT_9464_TCP_PROTO", "tcp", true},
        {"DUALWRITE_PORT_9464_TCP_PORT", "9464", true},
        {"DUALWRITE_PORT_9464_TCP_ADDR", "10.0.0.1", true},
        {"DUALWRITE_PORT_53_UDP", "udp://10.0.0.1:53", true},
        {"DUALWRITE_WEB_SERVICE_HOST", "10.0.0.1", true},
        {"DUALWRITE_WEB_SERVICE_PORT", "80", true},
        {"DUALWRITE_WEB_SERVICE_PORT_HTTP", "80", true},
        {"DUALWRITE_WEB_PORT", "tcp://10.0.0.1:80", true},
        {"DUALWRITE_WEB_PORT_80_TCP_ADDR", "10.0.0.1", true},
        {"DUALWRITE_PORT_PORT_80_TCP", "x", true},
        {"DUALWRITE_PORT", "9464", false}, /* somebody means a setting */
        {"DUALWRITE_HTTP_PORT", "9464", false},
        {"DUALWRITE_PORT_9464", "x", false},
        {"DUALWRITE_PORT_TCP", "x", false},
        {"DUALWRITE_PORT_9464_TCPX", "x", false},
        {"DUALWRITE_PORT_9464_TCP_HOST", "x", false},
        {"DUALWRITE_HOST", "x", false},
        {"DUALWRITE_XSERVICE_HOST", "x", false},
        {"DUALWRITE_SERVICE_PORTAL", "x", false},
        {"DUALWRITE_SERVICE", "x", false},
        {"DUALWRITE_", "tcp://", false},
        {"TEAM_SERVICE_HOST", "x", false},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct faults faults = {0};
        struct buf line = {0};
        struct config *c;

        if (config_is_service_link(table[i].name, table[i].value) != table[i].link)
            fail_msg("%s", table[i].name);
        buf_printf(&line, "%s=%s\n", table[i].name, table[i].value);
        c = parse_before(NULL, buf_text(&line), NULL, &faults);
        assert_int_equal(c != NULL, table[i].link || table[i].name[0] == 'T');
        config_free(c);
        c = parse_before(buf_text(&line), NULL, NULL, &faults); /* no platform writes into the file */
        assert_int_equal(c != NULL, table[i].name[0] == 'T');
        config_free(c);
        buf_free(&line);
        faults_free(&faults);
    }
}

static void
test_table(void **state)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    (void) state;
    assert_int_equal(count, 29);
    for (size_t i = 0; i < count; i++) {
        struct buf why = {0};

        assert_true(config_key_check(&keys[i], keys[i].fallback, &why));
        assert_int_equal(config_key_index(keys[i].name), i);
        buf_free(&why);
    }
    for (int f = 0; f < FLAG_COUNT; f++)
        assert_string_equal(keys[index_of(flag_name((enum flag) f))].fallback, flag_default((enum flag) f));
    assert_int_equal(config_key_index(CONFIG_ALIAS), count);
    assert_int_equal(config_key_index(CONFIG_FILE_KEY), SIZE_MAX);
}

/* A copy of the item that begins at `at`, on one line. */
static char *
item_of(const char *at)
{
    const char *next = strstr(at, "\n.It Ev ");
    const char *end = strstr(at, "\n.El\n");
    char *item;

    assert_non_null(end);
    item = strndup(at, (size_t) ((next != NULL && next < end ? next : end) + 1 - at));
    for (char *p = item; *p != '\0'; p++)
        *p = *p == '\n' ? ' ' : *p;
    return item;
}

/* The limits as the message for a bad value says them, "1 to 10000"; NULL for a key without. */
static const char *
limits_of(const struct config_key *key, struct buf *why)
{
    char *from;

    if (key->type != CONFIG_COUNT && key->type != CONFIG_DURATION && key->type != CONFIG_PERCENT)
        return NULL;
    assert_false(config_key_check(key, "?", why));
    from = strstr(why->data, " from ");
    assert_non_null(from);
    from[strcspn(from, ",")] = '\0';
    return from + strlen(" from ");
}

/* What the page says of a key, from its name on: the words or limits, and whether it needs a restart. */
static void
check_item(const struct config_key *key, const char *at)
{
    char *item = item_of(at);
    struct buf why = {0};
    const char *limits = limits_of(key, &why);

    if (limits != NULL && (strstr(item, limits) == NULL || strstr(key->meaning, limits) == NULL))
        fail_msg("%s is from %s; page: %s; meaning: %s", key->name, limits, item, key->meaning);
    for (const char *w = key->words; w != NULL && *w != '\0'; w += strcspn(w, " "), w += strspn(w, " ")) {
        struct buf word = {0};

        buf_printf(&word, " .Ql %.*s ", (int) strcspn(w, " "), w);
        if (strstr(item, buf_text(&word)) == NULL)
            fail_msg("the man page does not say that %s takes%s", key->name, buf_text(&word));
        buf_free(&word);
    }
    if (key->reloadable != (strstr(item, " Restart. ") == NULL))
        fail_msg("the man page is wrong on whether %s needs a restart: %s", key->name, item);
    buf_free(&why);
    free(item);
}

static void
test_man_page(void **state)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    char *page = read_text("docs/dualwrited.env.5");
    const char *at = strstr(page, "\n.Sh KEYS\n");
    size_t items = 0;

    (void) state;
    assert_non_null(at);
    for (const char *p = at; (p = strstr(p, "\n.It Ev ")) != NULL; p++)
        items++;
    assert_int_equal(items, count);
    for (size_t i = 0; i < count; i++) {
        struct buf want = {0};

        buf_printf(&want, "\n.It Ev %s\n", keys[i].name);
        if (*keys[i].fallback == '\0')
            buf_puts(&want, "Default: none");
        else
            buf_printf(&want, "Default\n.Ql %s .\n", keys[i].fallback);
        at = strstr(at, buf_text(&want));
        if (at == NULL)
            fail_msg("the man page lacks, or has out of order:%s", buf_text(&want));
        check_item(&keys[i], at + 1);
        buf_free(&want);
    }
    assert_non_null(strstr(page, CONFIG_ALIAS));
    assert_non_null(strstr(page, CONFIG_FILE_KEY));
    assert_non_null(strstr(page, CONFIG_DEFAULT_FILE));
    free(page);
}

static void
test_listen_split(void **state)
{
    static const struct {
        const char *text, *host, *port; /* host NULL: refused */
    } table[] = {
        {"127.0.0.1:9464", "127.0.0.1", "9464"},
        {":80", "", "80"},
        {"[::1]:0", "::1", "0"},
        {"web-1.example.org:65535", "web-1.example.org", "65535"},
        {"off", NULL, NULL},
        {"[]:80", NULL, NULL},
        {"[:80", NULL, NULL},
        {"]:80", NULL, NULL},
        {"a:00080", "a", "00080"},
        {"a:000080", NULL, NULL},
    };
    char host[CONFIG_HOST_MAX];
    char port[6];
    char longest[CONFIG_HOST_MAX + 8];

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(config_listen_split(table[i].text, host, port), table[i].host != NULL);
        if (table[i].host != NULL) {
            assert_string_equal(host, table[i].host);
            assert_string_equal(port, table[i].port);
        }
    }
    for (size_t len = CONFIG_HOST_MAX - 1; len <= CONFIG_HOST_MAX; len++) {
        memset(longest, 'a', len);
        strcpy(longest + len, ":1");
        assert_int_equal(config_listen_split(longest, host, port), len < CONFIG_HOST_MAX);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen_split),    cmocka_unit_test(test_durations),
        cmocka_unit_test(test_values_accepted), cmocka_unit_test(test_meant),
        cmocka_unit_test(test_service_links),   cmocka_unit_test(test_table),
        cmocka_unit_test(test_man_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
