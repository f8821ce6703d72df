/*
 * lease.pml - many daemons, one database (daemon/round.c, lib/sql/daemon/{hold,claim,ack,commit}.sql,
 * dualwrite.partitions_of()): can two batches of one partition overlap, can an older state of a row overwrite a newer one,
 * is an event done twice, and does the work go on when a daemon stops in the middle of a batch? One partition, one row.
 * When a daemon looks for work is wake.pml's, two databases are fence.pml's. run.sh says what is checked.
 *
 * The steps carry the names of the SQL files: hold, claim, read, write, ack, commit. Each is one statement at the server. A
 * statement that was sent is executed whatever becomes of the daemon; the next script is sent only by one that runs. Daemons
 * die (kill -9), stop and go on: SIGSTOP, a frozen host, a cut network, answers that do not arrive (a "stalled" daemon). One
 * that comes back after its connection was lost, while the old session still stands, is another daemon here.
 */
#ifndef DAEMONS
#define DAEMONS 3
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifndef FAULTS
#define FAULTS 3
#endif
#define NOBODY DAEMONS

mtype:life = {runs, stopped, dead};

mtype:life life[DAEMONS] = runs;
bool fresh[DAEMONS] = true; /* its last beat is younger than 10 s, and does not say that it is stalled */
bool waits[DAEMONS];        /* its session is in a transaction, and waits for the next script */
bool ended[DAEMONS];        /* its session is being ended */
byte running = DAEMONS;
byte faults;

byte vnext;           /* the row, as the number of its last change */
byte outbox;          /* events, as bits: change n is bit n */
byte legacy;          /* the change that the legacy row shows */
byte lock = NOBODY;   /* pg_try_advisory_xact_lock(1685414252, partition) */
byte writer = NOBODY; /* whose transaction has written the legacy row: PostgreSQL's row lock */
byte batches;         /* that hold the partition */
bool mine[DAEMONS];   /* who thinks that it is its own */

/* dualwrite.partitions_of(): of the live ones the first gets the partition. Each asks for itself, at its own moment. */
#if DAEMONS == 2
#define MINE(i) (fresh[i] && (i == 0 || !fresh[0]))
#else
#define MINE(i) (fresh[i] && (i == 0 || !fresh[0]) && (i <= 1 || !fresh[1]))
#endif

/* ROLLBACK or COMMIT: what the session had goes */
inline let_go() {
    if :: lock == i -> lock = NOBODY :: else fi;
    if :: writer == i -> writer = NOBODY :: else fi;
    if :: holds -> batches-- :: else fi;
    holds = false; mine[i] = false; batch = 0; row = 0; waits[i] = false
}

proctype daemon(byte i) {
    byte batch, row;
    bool holds;

    do
    :: { life[i] == runs && outbox > 0;
hold:    d_step { mine[i] = MINE(i) };
#ifdef MUTANT_ONE_STATEMENT /* claim.sql within hold.sql: its snapshot is older than the lock */
         d_step { batch = outbox };
#endif
         if
#ifdef MUTANT_NO_LOCK
         :: d_step { mine[i] -> holds = true; batches++ }
#else
         :: d_step { mine[i] && lock == NOBODY -> lock = i; holds = true; batches++ }
#ifndef MUTANT_NO_TERMINATION /* the session that holds it is no live daemon's */
         :: d_step { mine[i] && lock != NOBODY && !fresh[lock] -> ended[lock] = true }
#endif
#endif
         :: else
         fi;
#ifndef MUTANT_ONE_STATEMENT
claim:   d_step { if :: holds -> batch = outbox :: else -> batch = 0 fi };
#endif
         if
         :: !holds
         :: holds && batch == 0 -> waits[i] = true; life[i] == runs /* nothing there: it hears so, and sends COMMIT */
         :: else ->
             waits[i] = true;
             d_step { life[i] == runs -> waits[i] = false };
#ifdef MUTANT_LOCK_ENDS /* the claim's transaction ends before the work is done */
             d_step { lock = NOBODY; batches--; holds = false };
#endif
read:        d_step { row = vnext };
             if /* its rows are sent: where they do not fit into the buffers of the connection, only to one that takes them */
             :: waits[i] = true
             :: life[i] == runs
             fi;
             d_step { life[i] == runs -> waits[i] = false };
write:       d_step { writer == NOBODY -> writer = i; waits[i] = true };
             d_step { life[i] == runs -> waits[i] = false };
ack:         skip; /* its effect shows with the commit */
commit:      d_step {
                 assert(row >= legacy);             /* no stale write */
#ifndef STALE_ONLY
                 assert((batch & ~outbox) == 0);    /* no event is done twice */
                 assert((batch >> (row + 1)) == 0); /* none is done with a row that is older than it */
#endif
                 legacy = row;
                 outbox = outbox & ~batch
             }
         fi;
         d_step { let_go(); ended[i] = false }
       } unless {
         d_step { ended[i] -> let_go(); ended[i] = false };
         life[i] == runs /* and connects again */
       }
    od
}

/* What becomes of a daemon: so often as FAULTS says, and one always runs. Its beats. And what the server does to the session
 * of one that is gone or stopped: idle_in_transaction_session_timeout. */
proctype listener(byte i) {
    do
    :: d_step { faults < FAULTS && running > 1 && life[i] == runs -> faults++; running--; life[i] = stopped }
    :: d_step { faults < FAULTS && running > 1 && life[i] == runs -> faults++; running--; life[i] = dead }
    :: d_step { life[i] == stopped -> running++; life[i] = runs }
    :: d_step { life[i] == runs && !fresh[i] -> fresh[i] = true }
    :: d_step { life[i] != runs && fresh[i] -> fresh[i] = false }
    :: d_step { life[i] != runs && waits[i] && !ended[i] -> ended[i] = true }
    od
}

/* The application */
active proctype writes() {
    do
    :: d_step { vnext < WRITES -> vnext++; outbox = outbox | (1 << vnext) }
    od
}

init {
    byte i;

    atomic {
        for (i : 0 .. DAEMONS - 1) {
            run daemon(i);
            run listener(i)
        }
    }
}

#ifdef REACH
active proctype monitor() { d_step { REACH -> assert(false) } }
#endif
#ifdef PROGRESS
ltl work_goes_on { [] (outbox > 0 -> <> (outbox == 0)) }
#endif
#if !defined(REACH) && !defined(PROGRESS) && !defined(STALE_ONLY)
active proctype monitor() { d_step { batches > 1 -> assert(false) } }
#endif
