/*
 * rollback.h - which flags a rollback sets, and who has confirmed them.
 *
 * Pure. What is judged are the documents of lib/sql/rollback: state.sql of the vNext database, legacy.sql of a legacy database
 * of its own. Asking, and asking again until all is confirmed, is daemon/rollback_run.c.
 */
#ifndef DUALWRITE_ROLLBACK_H
#define DUALWRITE_ROLLBACK_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "dualwrite/flags.h"

enum rollback_word { ROLLBACK_DISABLE, ROLLBACK_STRICT_OFF, ROLLBACK_BLOCK_LEGACY, ROLLBACK_WORDS };

/* What is to be confirmed. */
struct rollback_wish {
    const char *value[FLAG_COUNT]; /* must be in force */
    bool concerned[FLAG_COUNT];    /* every daemon must obey what is in force */
    bool quiet;                    /* no batch that was begun before may be under way */
};

void rollback_wish(struct rollback_wish *wish, enum rollback_word word);

/*
 * Who has confirmed: an object to cJSON_Delete() with
 *
 *   confirmed  everything is
 *   database   the flags are in force there; `database_why` if not
 *   daemons    [{instance, host, pid, version, last_beat_age_seconds, verdict, why}]
 *   batches    [{pid, host, daemon_pid, seconds}] that are under way and must not be
 *   legacy     what stands against the legacy database, where it is another one; null: nothing
 *
 * The verdicts: `confirmed`; `asked` (a daemon of version 3: it cannot say, but has asked since, so it obeys); `waiting`, `silent`
 * (it had stopped beating before we looked; it will ask before it works), `gone` (it ended meanwhile).
 *
 * `known` is an object that remembers, from one call to the next, who was alive at any time: one that falls silent meanwhile
 * has not confirmed. `legacy` NULL: there is none, or it did not answer, and `legacy_why` says why not (NULL: there is none).
 */
cJSON *rollback_judge(const cJSON *state, const cJSON *legacy, const char *legacy_why, const struct rollback_wish *wish,
                      cJSON *known);

#endif
