/*
 * fuzz_http.c - what a stranger may send to the HTTP listener, and what our own parsers make of it, for libFuzzer.
 *
 * The first byte says which parser gets the rest. Built by `make fuzz` with clang and its sanitizers; beside "does not crash" it
 * checks what each must never say. The library's own parser of requests is tests/integration/test_http_fuzz.py's, over sockets.
 */
/* links: lib/core/http_header.c lib/core/config_keys.c lib/core/flags.c lib/base/suggest.c lib/base/faults.c lib/core/survey.c lib/core/exposition.c lib/core/moment.c lib/base/buf.c lib/base/xalloc.c */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/config_keys.h"
#include "dualwrite/exposition.h"
#include "dualwrite/http_header.h"
#include "dualwrite/moment.h"
#include "dualwrite/survey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool what)
{
    if (!what)
        abort();
}

static void
accept_header(const char *text)
{
    /* it is asked for by name, or not at all */
    must(!http_wants_openmetrics(text) || strcasestr(text, "openmetrics-text") != NULL);
}

static void
host_header(const char *text)
{
    bool ours = http_host_is_ours(text, "web-1", "metrics.internal");

    must(!ours || strstr(text, "evil") == NULL || strcasestr(text, ".localhost") != NULL);
    must(ours == http_host_is_ours(text, "WEB-1", "metrics.INTERNAL"));
}

static void
listen_address(const char *text)
{
    char host[CONFIG_HOST_MAX];
    char port[6];

    if (!config_listen_split(text, host, port))
        return;
    must(strlen(host) < sizeof host && strlen(port) < sizeof port && atoi(port) <= 65535);
}

static void
survey_answer(const char *text)
{
    struct survey s = {0};
    double value;

    if (survey_take(&s, text, text, (monotime){0}, 1)) {
        survey_number(&s, "backlog", &value);
        survey_flag_source(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "true");
        survey_flag_disagrees(&s, "TEAM_VNEXT_DUAL_WRITE_ENABLED");
    }
    survey_free(&s);
}

/* Whatever a label holds, it stays on its line and within its quotes. */
static void
label(const char *text)
{
    struct buf b = {0};
    struct exposition e = {.out = &b, .open = true};
    size_t quotes = 0;

    exposition_family(&e, "x", EXPOSITION_GAUGE, NULL, text);
    exposition_sample(&e, (struct exposition_label[2]){{"l", text}}, 1);
    for (size_t i = 0; i < b.len; i++)
        if (b.data[i] == '\\')
            i++;
        else
            quotes += b.data[i] == '"';
    must(quotes == 2);
    buf_free(&b);
}

static void
time_text(const char *text)
{
    char again[MOMENT_TEXT];
    int64_t ms;

    if (moment_parse(text, &ms))
        moment_text(ms, again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(const char *text) = {accept_header, host_header, listen_address,
                                                        survey_answer, label,       time_text};
    char *text;

    if (size == 0)
        return 0;
    text = calloc(1, size);
    must(text != NULL);
    memcpy(text, data + 1, size - 1);
    parsers[data[0] % (sizeof parsers / sizeof parsers[0])](text);
    free(text);
    return 0;
}
