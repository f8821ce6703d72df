/*
 * triggers.h - are our triggers on a table as `install` left them: each function called on its events, in every
 * session_replication_role.
 *
 * Pure. For `check`, `gate` and `install`, which read them with lib/sql/check/triggers.sql.
 */
#ifndef DUALWRITE_TRIGGERS_H
#define DUALWRITE_TRIGGERS_H

#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping.h"

/* A trigger as it was found. */
struct trigger_fact {
    const char *function; /* of ours */
    char enabled;         /* tgenabled */
    int64_t events;       /* bits of tgtype: 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE */
};

/*
 * The worst that holds of any of the entity's triggers: 'A' all are there and always on, 'O' or 'R' one is not in every
 * session_replication_role, 'D' one is switched off, 0 one is missing. Those that are not as they should be are named in
 * `bad`.
 */
char triggers_of_source(const struct mapping_entity *e, const struct trigger_fact *facts, size_t count,
                        struct buf *bad);

/* The same of its target; `guard` is how install set it: "on" or "record". */
char triggers_of_target(const char *guard, const struct trigger_fact *facts, size_t count, struct buf *bad);

#endif
