/*
 * config.h - the settings: one table of keys, read from an env file and the process environment (SPEC section 4).
 *
 * Pure: it is handed the file's text and the environment, and gives back a struct config and a list of faults. It
 * opens no file and reads no clock. Merging with what the database and other daemons say is flags.h.
 */
#ifndef DUALWRITE_CONFIG_H
#define DUALWRITE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/config_keys.h"
#include "dualwrite/faults.h"
#include "dualwrite/flags.h"
#include "dualwrite/log.h"

#define CONFIG_DEFAULT_FILE "/etc/dualwrite/dualwrited.env"

/* Where a value came from. */
enum config_source { SOURCE_DEFAULT, SOURCE_ENVIRONMENT, SOURCE_FILE };

/*
 * What one key was given, kept so that a reload can say what changed and who wins. Indexed as config_keys(), with one
 * more at the end for CONFIG_ALIAS; what both names come to is in the row of TEAM_LEGACY_WRITE_BLOCKED.
 */
struct config_value {
    char *text; /* the value in force, as written; NULL: the default */
    enum config_source source;
    char *in_file;        /* what the file says, NULL: nothing */
    char *in_environment; /* what the environment says, NULL: nothing */
    bool file_changed;    /* a reload found another value in the file: from then on the file wins (SPEC section 4) */
};

/* Whom `monitor --alert` tells; "" is nobody. */
struct config_alert {
    char *webhook_url, *webhook_url_file;     /* the first is secret */
    char *pagerduty_key, *pagerduty_key_file; /* the first is secret */
    char *pagerduty_url;                      /* never "" */
    char *mail_to;
    char *sendmail; /* never "" */
};

struct config {
    struct flags flags;        /* this process's own view of the TEAM_ flags */
    char *database_url;        /* "" is libpq's own defaults; secret */
    char *legacy_database_url; /* "" is the same database; secret */
    char *mapping_file;        /* "" is the built-in mapping */
    enum log_format log_format;
    enum log_level log_level;
    char *http_listen; /* HOST:PORT, or "off" */
    int batch_size;
    int64_t poll_interval_ms;
    int retry_max_attempts;
    int removal_share; /* percent */
    int64_t statement_timeout_ms;
    bool notify;        /* false: poll only */
    int64_t outbox_max; /* rows */
    char *pidfile;      /* "" is none */
    bool watch_config;  /* reload when the file changes */
    struct config_alert alert;
    struct config_value *values;
};

/*
 * Builds the settings from the text of `file` (NULL text: there is no file) and the environment (`NAME=VALUE` strings
 * ending with NULL, as environ). `before` is the configuration in force at a reload, NULL at start; it decides
 * file_changed. Every fault is added to `faults`: "FILE:LINE" or "environment". Returns NULL when there was an error;
 * free with config_free(). The file wins over the environment; where both set a TEAM_ flag and differ, the safer value
 * holds, with a WARNING that names both, until file_changed. The two names of TEAM_LEGACY_WRITE_BLOCKED, both set and
 * different, are "true" whatever was reloaded.
 *
 * KEY= (empty) is none for paths and secrets, so in the file it undoes the environment's; for others it is an error.
 * The first of two equal names in the environment counts, as for getenv(3); the last one in the file. Combinations of
 * flags are not judged here: flags_warning() does, on the effective ones.
 */
struct config *config_parse(const char *file, const char *text, size_t len, char *const *environment,
                            const struct config *before, struct faults *faults);
void config_free(struct config *c);

/* The value in force as it may be shown: secrets become "(set, not shown)", defaults their text. */
const char *config_shown(const struct config *c, size_t key);

/*
 * Appends what differs between two configurations as "KEY: old -> new; KEY: old -> new" (secrets not shown). A key
 * that cannot change without a restart is not listed but added to `faults` as a WARNING, and `next` gets the value
 * that stays in force. Returns how many changes take effect.
 */
size_t config_changes(const struct config *before, struct config *next, struct buf *out, struct faults *faults);

#endif
