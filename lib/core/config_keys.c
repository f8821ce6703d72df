/*
 * config_keys.c - the table of settings and what each accepts; see dualwrite/config_keys.h.
 *
 * Not the place where values are gathered or compared between sources: that is config.c.
 */
#include "dualwrite/config_keys.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dualwrite/flags.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

#define FLAG(name, fallback, meaning)                                                                                  \
    {                                                                                                                  \
        name, CONFIG_BOOL, fallback, NULL, 0, 0, true, meaning                                                         \
    }

/* The order of SPEC section 4; meanings stand word for word in the sample file and are checked against it. */
static const struct config_key table[] = {
    FLAG("TEAM_VNEXT_DUAL_WRITE_ENABLED", "false", "sync vNext changes to the legacy tables"),
    FLAG("TEAM_VNEXT_DUAL_WRITE_STRICT_MODE", "false", "a failed sync is an ERROR and may fail the request"),
    FLAG("TEAM_LEGACY_WRITE_BLOCKED", "true", "refuse direct legacy writes"),
    FLAG("TEAM_LEGACY_WRITE_BYPASS_ENABLED", "false", "emergency: let direct legacy writes through, record each"),
    FLAG("TEAM_VNEXT_ADAPTER_ENABLED", "false", "the application's: route through the vNext adapter"),
    FLAG("TEAM_VNEXT_FORCE_LEGACY", "false", "the application's: use the legacy tables whatever else is set"),
    {"TEAM_VNEXT_ROUTING_MODE", CONFIG_WORD, "legacy_only", "legacy_only vnext_only vnext_primary auto", 0, 0, true,
     "the application's: legacy_only, vnext_only, vnext_primary or auto"},
    {"DUALWRITE_DATABASE_URL", CONFIG_SECRET, "", NULL, 0, 0, false,
     "vNext database, a libpq URL or keyword string; none is libpq's own defaults"},
    {"DUALWRITE_LEGACY_DATABASE_URL", CONFIG_SECRET, "", NULL, 0, 0, false,
     "legacy database; none is the same database"},
    {"DUALWRITE_MAPPING_FILE", CONFIG_PATH, "", NULL, 0, 0, true, "the mapping; none is the built-in one"},
    {"DUALWRITE_LOG_FORMAT", CONFIG_WORD, "logfmt", "logfmt json", 0, 0, true, "logfmt or json"},
    {"DUALWRITE_LOG_LEVEL", CONFIG_WORD, "info", "debug info warning error", 0, 0, true,
     "the least level that is logged: debug, info, warning or error"},
    {"DUALWRITE_HTTP_LISTEN", CONFIG_TEXT, "127.0.0.1:9464", NULL, 0, 0, true,
     "health probes: HOST:PORT, [IPv6]:PORT, :PORT for every address, or off"},
    {"DUALWRITE_BATCH_SIZE", CONFIG_COUNT, "1000", NULL, 1, 10000, true, "events claimed at once, 1 to 10000"},
    {"DUALWRITE_POLL_INTERVAL", CONFIG_DURATION, "5s", NULL, 100, 5000, true,
     "how often the outbox is looked at without being told, 100ms to 5s"},
    {"DUALWRITE_RETRY_MAX_ATTEMPTS", CONFIG_COUNT, "8", NULL, 0, 1000, true,
     "retries of an event that fails by itself before it is parked, 0 to 1000"},
    {"DUALWRITE_REMOVAL_SHARE", CONFIG_PERCENT, "20%", NULL, 1, 100, true,
     "share of a table that may be removed at once, 1% to 100%; more is parked, 100% lets everything through"},
    {"DUALWRITE_STATEMENT_TIMEOUT", CONFIG_DURATION, "30s", NULL, SECOND, HOUR, true,
     "longest time one SQL statement may take, 1s to 1h"},
    {"DUALWRITE_NOTIFY", CONFIG_BOOL, "on", NULL, 0, 0, true, "LISTEN for changes; off polls only (behind a pooler)"},
    {"DUALWRITE_OUTBOX_MAX", CONFIG_COUNT, "1000000", NULL, 1000, 1000000000, true,
     "rows the outbox may hold before a resync mark replaces them, 1000 to 1000000000"},
    {"DUALWRITE_PIDFILE", CONFIG_PATH, "", NULL, 0, 0, false, "file that gets the process id; none writes no file"},
    {"DUALWRITE_WATCH_CONFIG", CONFIG_BOOL, "off", NULL, 0, 0, true,
     "reload by itself when this file or the mapping file changes"},
    {"DUALWRITE_ALERT_WEBHOOK_URL", CONFIG_SECRET, "", NULL, 0, 0, true,
     "monitor --alert: a webhook that takes Slack's JSON form"},
    {"DUALWRITE_ALERT_WEBHOOK_URL_FILE", CONFIG_PATH, "", NULL, 0, 0, true,
     "a file with that URL; none is the credential dualwrited.alert-webhook-url, if there is one"},
    {"DUALWRITE_ALERT_PAGERDUTY_KEY", CONFIG_SECRET, "", NULL, 0, 0, true,
     "monitor --alert: the integration key of a PagerDuty service (Events API v2)"},
    {"DUALWRITE_ALERT_PAGERDUTY_KEY_FILE", CONFIG_PATH, "", NULL, 0, 0, true,
     "a file with that key; none is the credential dualwrited.alert-pagerduty-key, if there is one"},
    {"DUALWRITE_ALERT_PAGERDUTY_URL", CONFIG_PATH, CONFIG_PAGERDUTY_URL, NULL, 0, 0, true,
     "where PagerDuty takes events; in Europe https://events.eu.pagerduty.com/v2/enqueue"},
    {"DUALWRITE_ALERT_MAIL_TO", CONFIG_LINE, "", NULL, 0, 900, true,
     "monitor --alert: addresses that get mail, with commas between them"},
    {"DUALWRITE_SENDMAIL", CONFIG_PATH, "/usr/sbin/sendmail", NULL, 0, 0, true,
     "the program that mail is handed to, as sendmail -t"},
};

#define COUNT (sizeof table / sizeof *table)

const struct config_key *
config_keys(size_t *count)
{
    *count = COUNT;
    return table;
}

size_t
config_key_index(const char *name)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(name, table[i].name) == 0)
            return i;
    }
    return strcmp(name, CONFIG_ALIAS) == 0 ? COUNT : SIZE_MAX;
}

int
config_bool(const char *text)
{
    const char *value = flag_value(FLAG_ENABLED, text);

    return value == NULL ? -1 : *value == 't';
}

/* The digits at `text`; NULL when there are none or they are more than anybody means. */
static const char *
digits(const char *text, int64_t *number)
{
    const char *p = text;

    *number = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (*number > INT64_C(1000000000000))
            return NULL;
        *number = *number * 10 + (*p - '0');
    }
    return p == text ? NULL : p;
}

int64_t
config_count(const char *text)
{
    int64_t number;
    const char *end = digits(text, &number);

    return end != NULL && *end == '\0' ? number : -1;
}

int64_t
config_percent(const char *text)
{
    int64_t number;
    const char *end = digits(text, &number);

    return end != NULL && strcmp(end, "%") == 0 ? number : -1;
}

int64_t
config_duration_ms(const char *text)
{
    int64_t number;
    const char *unit = digits(text, &number);

    if (strcasecmp(text, "off") == 0)
        return 0;
    if (unit == NULL)
        return -1;
    if (strcmp(unit, "ms") == 0 || (*unit == '\0' && number == 0))
        return number;
    if (number > INT64_MAX / HOUR)
        return -1;
    if (strcmp(unit, "s") == 0)
        return number * SECOND;
    if (strcmp(unit, "m") == 0)
        return number * MINUTE;
    if (strcmp(unit, "h") == 0)
        return number * HOUR;
    return -1;
}

static bool
is_word(const struct config_key *key, const char *text)
{
    size_t len = strlen(text);

    if (flag_by_name(key->name) != FLAG_COUNT) /* the application compares it letter by letter */
        return flag_value(flag_by_name(key->name), text) != NULL;
    for (const char *w = key->words; *w != '\0'; w += strcspn(w, " "), w += strspn(w, " ")) {
        if (strcspn(w, " ") == len && strncasecmp(w, text, len) == 0)
            return true;
    }
    return false;
}

bool
config_listen_split(const char *text, char host[CONFIG_HOST_MAX], char port[6])
{
    const char *colon = strrchr(text, ':');
    int64_t number = colon == NULL ? -1 : config_count(colon + 1);
    size_t len = colon == NULL ? 0 : (size_t) (colon - text);
    struct in6_addr ignored;

    if (number < 0 || number > 65535 || strlen(colon + 1) > 5 || len >= CONFIG_HOST_MAX)
        return false;
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    memcpy(host, text, len);
    host[len] = '\0';
    if (len == 0)
        return true;
    if (*host == '[') {
        if (host[len - 1] != ']')
            return false;
        host[len - 1] = '\0';
        memmove(host, host + 1, len - 1);
        return inet_pton(AF_INET6, host, &ignored) == 1;
    }
    if (strspn(host, "0123456789.") == len)
        return inet_pton(AF_INET, host, &ignored) == 1;
    for (const char *p = host; *p != '\0'; p++)
        if (!isalnum((unsigned char) *p) && strchr("-._", *p) == NULL)
            return false;
    return *host != '-' && *host != '.';
}

/* Or off. A name is not resolved. */
static bool
is_listen_address(const char *text)
{
    char host[CONFIG_HOST_MAX];
    char port[6];

    return strcasecmp(text, "off") == 0 || config_listen_split(text, host, port);
}

/* What becomes a line of a mail's head must not become two. */
static bool
is_line(const struct config_key *key, const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            return false;
    return (int64_t) strlen(text) <= key->max;
}

static bool
accepted(const struct config_key *key, const char *text)
{
    int64_t number = -1;

    switch (key->type) {
    case CONFIG_BOOL:
        return config_bool(text) >= 0;
    case CONFIG_WORD:
        return is_word(key, text);
    case CONFIG_TEXT:
        return is_listen_address(text);
    case CONFIG_SECRET:
    case CONFIG_PATH:
        return true;
    case CONFIG_LINE:
        return is_line(key, text);
    case CONFIG_COUNT:
        number = config_count(text);
        break;
    case CONFIG_DURATION:
        number = config_duration_ms(text);
        break;
    case CONFIG_PERCENT:
        number = config_percent(text);
        break;
    }
    return number >= 0 && number >= key->min && number <= key->max;
}

static void
add_duration(struct buf *b, int64_t ms)
{
    if (ms % HOUR == 0)
        buf_printf(b, "%" PRId64 "h", ms / HOUR);
    else if (ms % SECOND == 0)
        buf_printf(b, "%" PRId64 "s", ms / SECOND);
    else
        buf_printf(b, "%" PRId64 "ms", ms);
}

static void
add_accepted(struct buf *b, const struct config_key *key)
{
    buf_puts(b, "; accepted: ");
    switch (key->type) {
    case CONFIG_BOOL:
        buf_puts(b, "true or false, 1 or 0, yes or no, on or off");
        break;
    case CONFIG_WORD:
        for (const char *w = key->words; *w != '\0'; w++)
            buf_puts(b, *w == ' ' ? ", " : (char[]){*w, '\0'});
        break;
    case CONFIG_TEXT:
        buf_puts(b, "HOST:PORT such as 127.0.0.1:9464, [IPv6]:PORT, :PORT for every address, or off");
        break;
    case CONFIG_COUNT:
        buf_printf(b, "a whole number from %" PRId64 " to %" PRId64, key->min, key->max);
        break;
    case CONFIG_DURATION:
        buf_puts(b, "a duration from ");
        add_duration(b, key->min);
        buf_puts(b, " to ");
        add_duration(b, key->max);
        buf_puts(b, ", with its unit (ms, s, m or h)");
        break;
    case CONFIG_PERCENT:
        buf_printf(b, "a share from %" PRId64 "%% to %" PRId64 "%%, with its sign", key->min, key->max);
        break;
    case CONFIG_LINE:
        buf_printf(b, "one line of ASCII, at most %" PRId64 " letters", key->max);
        break;
    case CONFIG_SECRET:
    case CONFIG_PATH:
        break;
    }
}

/*
 * The beginning of a value that was refused. A quote or backslash too many may have pulled the next line into it, and
 * that line may hold a password: whatever looks like another assignment, another line or a URL ends what is shown.
 */
static void
add_value(struct buf *b, const char *text)
{
    size_t len = 0;
    const char *url = strstr(text, "://");

    while (len < 40 && text + len != url && text[len] >= ' ' && text[len] <= '~' &&
           strchr("=@'\"\\", text[len]) == NULL)
        len++;
    buf_putc(b, '\'');
    buf_add(b, text, len);
    buf_puts(b, text[len] == '\0' ? "'" : "...'");
}

bool
config_key_check(const struct config_key *key, const char *text, struct buf *why)
{
    size_t len = strlen(text);

    if (accepted(key, text))
        return true;
    buf_printf(why, "%s is ", key->name);
    if (len == 0)
        buf_puts(why, "empty");
    else
        add_value(why, text);
    add_accepted(why, key);
    if (strchr(text, '#') != NULL)
        buf_puts(why, "; a comment needs a line of its own");
    else if (len > 0 && (unsigned char) text[len - 1] <= ' ')
        buf_puts(why, "; it ends with a blank or an invisible character");
    return false;
}

bool
config_key_same(const struct config_key *key, const char *a, const char *b)
{
    switch (key->type) {
    case CONFIG_BOOL:
        return config_bool(a) == config_bool(b);
    case CONFIG_COUNT:
        return config_count(a) == config_count(b);
    case CONFIG_DURATION:
        return config_duration_ms(a) == config_duration_ms(b);
    case CONFIG_PERCENT:
        return config_percent(a) == config_percent(b);
    case CONFIG_WORD:
    case CONFIG_TEXT:
        return strcasecmp(a, b) == 0;
    case CONFIG_SECRET:
    case CONFIG_PATH:
    case CONFIG_LINE:
        break;
    }
    return strcmp(a, b) == 0;
}

static size_t
words_in(const char *name)
{
    size_t n = 1;

    for (; *name != '\0'; name++)
        n += *name == '_';
    return n;
}

/* How many words (between '_') of `longer` are missing in `shorter`, which has no others; SIZE_MAX when it has. */
static size_t
words_missing(const char *shorter, const char *longer)
{
    size_t missing = 0;

    while (*longer != '\0') {
        size_t word = strcspn(longer, "_");

        if (strcspn(shorter, "_") == word && strncmp(shorter, longer, word) == 0)
            shorter += word + (shorter[word] == '_');
        else
            missing++;
        longer += word + (longer[word] == '_');
    }
    return *shorter == '\0' ? missing : SIZE_MAX;
}

/* One word left out or put in, two when three are left, as in TEAM_VNEXT_STRICT_MODE. */
static bool
same_but_for_words(const char *a, const char *b)
{
    bool shorter = words_in(a) < words_in(b);
    const char *few = shorter ? a : b;
    size_t missing = words_missing(few, shorter ? b : a);

    return missing == 1 || (missing == 2 && words_in(few) >= 3);
}

const char *
config_key_meant(const char *name)
{
    bool team = strncmp(name, "TEAM_", 5) == 0;
    size_t prefix = team ? strlen("TEAM_") : strlen("DUALWRITE_");
    const char *known[COUNT + 2];      /* with the same prefix */
    const char *rest[COUNT + 2] = {0}; /* what follows it: a long common prefix would make everything look alike */
    const char *near;
    size_t n = 0;

    for (size_t i = 0; i < COUNT + 2; i++) {
        const char *key = i < COUNT ? table[i].name : i == COUNT ? CONFIG_ALIAS : CONFIG_FILE_KEY;

        if (strcasecmp(name, key) == 0)
            return key;
        if (strncmp(name, key, prefix) != 0)
            continue;
        known[n] = key;
        rest[n++] = key + prefix;
    }
    if (n == 0)
        return NULL;
    name += prefix;
    near = suggest_nearest(name, rest, n);
    for (size_t i = 0; i < n; i++) {
        /* Other TEAM_ keys are the application's own, so those must be much alike. */
        if (near == rest[i] && (!team || suggest_distance(name, near) <= 3))
            return known[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (same_but_for_words(name, rest[i]))
            return known[i];
    }
    return NULL;
}

/* NAME_SERVICE_HOST, NAME_SERVICE_PORT[_X], NAME_PORT=tcp://..., NAME_PORT_9464_TCP[_PROTO|_PORT|_ADDR]. */
bool
config_is_service_link(const char *name, const char *value)
{
    static const char *const protocols[] = {"TCP", "UDP", "SCTP"};
    const char *rest = name + strlen("DUALWRITE");
    const char *found;
    size_t len = strlen(name);

    if (strncmp(name, "DUALWRITE_", 10) != 0)
        return false;
    if (strcmp(name + len - strlen("_HOST"), "_HOST") == 0 && len >= strlen("DUALWRITE_SERVICE_HOST"))
        return strcmp(name + len - strlen("_SERVICE_HOST"), "_SERVICE_HOST") == 0;
    found = strstr(rest, "_SERVICE_PORT");
    if (found != NULL && (found[13] == '\0' || found[13] == '_'))
        return true;
    if (strcmp(name + len - strlen("_PORT"), "_PORT") == 0 && strstr(value, "://") != NULL)
        return true;
    for (found = strstr(rest, "_PORT_"); found != NULL; found = strstr(found + 1, "_PORT_")) {
        int64_t port;
        const char *after = digits(found + strlen("_PORT_"), &port);

        for (size_t i = 0; after != NULL && i < 3; i++) {
            size_t word = strlen(protocols[i]);

            if (*after == '_' && strncmp(after + 1, protocols[i], word) == 0 &&
                (after[word + 1] == '\0' || strcmp(after + word + 1, "_PROTO") == 0 ||
                 strcmp(after + word + 1, "_PORT") == 0 || strcmp(after + word + 1, "_ADDR") == 0))
                return true;
        }
    }
    return false;
}
