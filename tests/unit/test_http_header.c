/* test_http_header.c - Accept and Host, as browsers, Prometheus, probes and others send them. */
/* links: lib/core/http_header.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/http_header.h"

#define OPEN "application/openmetrics-text"

static void
test_accept(void **state)
{
    static const struct {
        const char *accept;
        bool open;
    } table[] = {
        {NULL, false},
        {"", false},
        {"*/*", false},
        {"text/html, */*;q=0.8", false},
        {OPEN, true},
        {"Application/OpenMetrics-Text ; Version=1.0.0", true},
        {OPEN ";version=0.0.1", false},
        {OPEN ";version=0.0.1,text/plain", false},
        /* Prometheus 2.42, and 3 */
        {OPEN
         ";version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
        {OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.6," OPEN ";version=0.0.1;q=0.5,text/plain;version=1.0.0;"
              "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         true},
        {"text/plain;version=0.0.4;q=1," OPEN ";version=1.0.0;q=0.5", false},
        {"text/*;q=0.9, " OPEN ";q=0.3", false},
        {OPEN ", text/plain", true}, /* who knows both gets the one that says more */
        {OPEN ";q=0", false},
        {OPEN ";q=0.0", false},
        {OPEN ";q=0.001", true},
        {OPEN ";q=nonsense", true},
        {OPEN ";q=9", true},
        {",,;;=," OPEN ";;;", true},
        {"x" OPEN, false},
        {OPEN "x", false},
    };

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (http_wants_openmetrics(table[i].accept) != table[i].open)
            fail_msg("Accept: %s", table[i].accept);
}

static void
test_host(void **state)
{
    static const struct {
        const char *host;
        bool ours;
    } table[] = {
        {NULL, true},
        {"127.0.0.1", true},
        {"127.0.0.1:9464", true},
        {"10.2.3.4:9464", true},
        {"[::1]:9464", true},
        {"[::1]", true},
        {"localhost", true},
        {"LOCALHOST:80", true},
        {"localhost.", true},
        {"a.localhost:1", true},
        {"web-1:9464", true},
        {"metrics.internal", true},
        {"evil.example", false},
        {"evil.example:9464", false},
        {"localhost.evil.example", false},
        {"evillocalhost", false},
        {".localhost", false},
        {"127.0.0.1.evil.example", false},
        {"127.0.0.1:", true},
        {"127.0.0.1:94640000", false},
        {"127.0.0.1:9a", false},
        {"::1", false},
        {"[::1", false},
        {"[::1]x", false},
        {"[evil.example]", false},
        {"", true},
        {":9464", true}, /* `healthcheck` of an address without a host */
        {"[]:9464", false},
        {".", false},
        {"user@localhost", false},
    };
    char longest[4000];

    (void) state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (http_host_is_ours(table[i].host, "web-1", "metrics.internal") != table[i].ours)
            fail_msg("Host: %s", table[i].host);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(http_host_is_ours(longest, longest, longest));
    assert_false(http_host_is_ours("a", "", ""));
    assert_false(http_host_is_ours("web-1", NULL, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_accept), cmocka_unit_test(test_host)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
