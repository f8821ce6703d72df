/*
 * installed.h - what a database has of us, for the commands that change it.
 */
#ifndef INSTALLED_H
#define INSTALLED_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "dualwrite/capture.h"

struct installed {
    bool there;  /* false: nothing, and the rest is as for a first installation */
    int version; /* 0: not there */
    enum install_side side;
    char *installation;    /* of the pair of databases, "" when there never was one */
    char *legacy_database; /* where the other one was, as it may be shown; "" for none */
    char *hang_digest;
    char *ref_layout;
    int partitions;
    enum guard_mode guard;
    long waiting;                    /* events */
    long daemons;                    /* that work on this database as their vNext one */
    long triggers;                   /* of ours, on whichever table */
    char *entities;                  /* ",team,": that were captured before */
    int64_t epoch_drawn, epoch_seen; /* of the sequence here, of the fence here */
};

/* 0, or -1 after saying on stderr why not: it belongs to somebody else, or is newer than this program. Clear it anyway. */
int installed_read(PGconn *pq, struct installed *now);
void installed_clear(struct installed *now);

#endif
