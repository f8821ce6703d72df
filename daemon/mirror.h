/*
 * mirror.h - brings the flags in force to the legacy database, where the guard stands, when that is another one.
 *
 * The guard's triggers can only ask their own database. What holds is decided in the vNext database and comes with the
 * beat's answer; each daemon delivers that over a connection of its own, `dualwrited/mirror`. Several daemons bring the
 * same, and what is there already is not written again. What was delivered last holds while no daemon lives.
 */
#ifndef MIRROR_H
#define MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "dualwrite/flags.h"
#include "dualwrite/pgconn.h"

struct mirror;

/* `up` is called when it has connected, or has delivered what changed: ask what is in force, and call mirror_flags(). It logs its own troubles. */
struct mirror *mirror_new(uv_loop_t *loop, const char *url, void (*up)(void *arg), void *arg);
void mirror_start(struct mirror *m);

/*
 * These are in force: call it with each answer of a beat, and never with what may be old, because another daemon may have
 * delivered something newer. They are sent when they are others than those delivered last, after a new connection, and
 * when the last delivery is 5 s ago, since somebody may have written over it. `installation` is the name of the pair of
 * databases, NULL for none: a legacy database with another one gets nothing.
 */
void mirror_flags(struct mirror *m, const struct flags *flags, const char *installation);
/*
 * Nothing else than what mirror_flags() got last can reach the legacy database any more: it was delivered, or there is no
 * connection. `up` is called when that becomes so.
 */
bool mirror_settled(const struct mirror *m);
/* Counts, if the connection is free and has nothing to deliver, the statements of the last 24 hours that wrote legacy tables past
 * the daemon; and what the last count said, < 0: not known. */
void mirror_count_writes(struct mirror *m);
int64_t mirror_writes(const struct mirror *m);

/* To look at. */
const struct pgconn *mirror_connection(const struct mirror *m);

int64_t mirror_overdue_ms(const struct mirror *m); /* pgconn_overdue_ms() */
void mirror_close(struct mirror *m);

#endif
