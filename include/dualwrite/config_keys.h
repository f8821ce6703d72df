/*
 * config_keys.h - the table of settings (SPEC section 4): name, type, default, limits, and whether a value will do.
 *
 * Pure. It judges one name and one value at a time; where values come from and which one wins is config.h.
 */
#ifndef DUALWRITE_CONFIG_KEYS_H
#define DUALWRITE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"

enum config_type {
    CONFIG_BOOL,
    CONFIG_WORD,
    CONFIG_TEXT,
    CONFIG_SECRET,
    CONFIG_PATH,
    CONFIG_LINE,
    CONFIG_COUNT,
    CONFIG_DURATION,
    CONFIG_PERCENT
};

/* One row per key; config_keys() lists them for --help, the man page and the tests that compare them with the docs. */
struct config_key {
    const char *name;
    enum config_type type;
    const char *fallback; /* the default, as it would stand in the file; "" is none */
    const char *words;    /* CONFIG_WORD: what is accepted, separated by spaces; else NULL */
    int64_t min, max;     /* CONFIG_COUNT, CONFIG_PERCENT; CONFIG_DURATION in ms; CONFIG_LINE: letters, at most */
    bool reloadable;      /* false: a change on SIGHUP is named in a WARNING and waits for a restart */
    const char *meaning;  /* one line */
};

/* The other name of TEAM_LEGACY_WRITE_BLOCKED, and the key that says which file to read: neither is in the table. */
#define CONFIG_ALIAS "TEAM_VNEXT_LEGACY_WRITE_BLOCKED"
#define CONFIG_FILE_KEY "DUALWRITE_CONFIG"

/* PagerDuty's own, for all but its European accounts. */
#define CONFIG_PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

/* The table, `*count` rows. */
const struct config_key *config_keys(size_t *count);

/* The row of `name`: its index, `count` for CONFIG_ALIAS, SIZE_MAX when there is none. */
size_t config_key_index(const char *name);

/*
 * True when the key takes `text`. Else appends one sentence to `why` that names the key and what is accepted, and shows
 * the beginning of a value that is not secret. An empty value is "none" for secrets, paths and lines and a fault for the
 * others: what an empty boolean, number or address means would be a guess.
 */
bool config_key_check(const struct config_key *key, const char *text, struct buf *why);

/* True when two accepted texts mean the same: "yes" and "true", "1s" and "1000ms". */
bool config_key_same(const struct config_key *key, const char *a, const char *b);

/* The name that an unknown `name` was probably meant to be, NULL when it looks like none. */
const char *config_key_meant(const char *name);

/* The variables that Kubernetes and Docker set for a service named dualwrite or dualwrite-web. */
bool config_is_service_link(const char *name, const char *value);

/* "off", "250ms", "5s", "2m", "1h": milliseconds, or -1. A number without a unit is not a duration, except 0. */
int64_t config_duration_ms(const char *text);

/* Digits only: the number, or -1. */
int64_t config_count(const char *text);

/* "20%": 20, or -1. Without the sign it could as well be a share of one. */
int64_t config_percent(const char *text);

#define CONFIG_HOST_MAX 254 /* a host name and its NUL */

/*
 * The parts of an address to listen on: HOST:PORT, [IPv6]:PORT (the host without its brackets) or :PORT ("" for every
 * address). A port of 0 is any that is free. False when `text` is none of these; "off" is none either.
 */
bool config_listen_split(const char *text, char host[CONFIG_HOST_MAX], char port[6]);

/* true/false, 1/0, yes/no, on/off in any case: 1 or 0; anything else -1. */
int config_bool(const char *text);

#endif
