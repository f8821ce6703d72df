/*
 * owned.h - whose the dualwrite schema is, for commands that change it: not those who only read and sync.
 */
#ifndef OWNED_H
#define OWNED_H

#include <libpq-fe.h>

enum owned { OWNED_NOTHING, OWNED_OURS, OWNED_OTHERS };

/* OWNED_OTHERS after saying on stderr whose it is and what to do; also when the question could not be asked. */
enum owned owned_schema(PGconn *pq);

#endif
