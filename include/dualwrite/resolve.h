/*
 * resolve.h - fills in hostaddr for the hosts of a connection string, off the loop.
 *
 * libpq resolves names inside PQconnectStart() and blocks meanwhile. Each host with a name becomes one entry per
 * address; sockets and literal addresses stay as they are. Hosts that cannot be resolved are left out as long as one
 * remains, so that a standby's name that is gone does not keep us from the primary.
 */
#ifndef DUALWRITE_RESOLVE_H
#define DUALWRITE_RESOLVE_H

#include <uv.h>

#include "dualwrite/conninfo.h"

struct resolve;

/* `info` is handed over (owned by the callee), or is NULL and `why` says which host could not be resolved. */
typedef void (*resolve_done)(void *arg, struct conninfo *info, const char *why);

/* Takes ownership of `info`. `done` is called once, from the loop, never from within this call. */
struct resolve *resolve_start(uv_loop_t *loop, struct conninfo *info, resolve_done done, void *arg);

/* `done` will not be called; the rest is freed when libuv lets go of it. */
void resolve_cancel(struct resolve *r);

#endif
