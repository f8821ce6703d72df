/*
 * fence.pml - two databases (daemon/apply.c, daemon/write.c, lib/sql/daemon/{hold,claim,epoch,fence,ack,commit}.sql): can a
 * daemon that lost its partition without knowing overwrite a newer state in the legacy database, can an event be gone before
 * the legacy database has what it stands for, and does the work go on whatever dies? One partition, one row. Whose the
 * partition is does not matter here: any daemon may think that it is its own. run.sh says what is checked.
 *
 * The steps carry the names of the SQL files: hold, claim, epoch, read in the vNext database, then fence, write and commit in
 * the legacy one, then ack and commit in the vNext one. A statement that was sent is executed whatever becomes of the daemon;
 * the next script is sent only by one that runs. Each of the two sessions may end at any time, without the other.
 */
#ifndef DAEMONS
#define DAEMONS 2
#endif
#ifndef WRITES
#define WRITES 3
#endif
#ifndef FAULTS
#define FAULTS 3
#endif
#define NOBODY DAEMONS
#ifndef PARENTS
#define PARENTS 1
#endif

mtype:life = {runs, stopped, dead};

mtype:life life[DAEMONS] = runs;
byte running = DAEMONS;
byte faults;

/* the vNext database */
byte vnext;         /* the row, as the number of its last change */
byte outbox;        /* events, as bits: change n is bit n */
byte lock = NOBODY; /* the partition's advisory lock; it is also the session that holds it */
byte sequence;      /* dualwrite.epoch */
byte epoch[DAEMONS]; /* what each daemon's batch has drawn; 0: nothing */

/* the legacy database */
byte legacy;              /* the change that the row shows */
byte fence;               /* dualwrite.fence */
byte in_fence = NOBODY;   /* the transaction that holds the fence's row */
bool legacy_lost[DAEMONS]; /* the session of the legacy transaction ended */

/* Only the order of the epochs counts, so they are numbered anew from 1: the model needs few of them. */
inline draw() {
    sequence++;
    epoch[i] = sequence;
    renumber()
}

inline renumber() {
    n = 1;
    do
    :: n > sequence -> break
    :: else ->
        used = fence == n;
        for (k : 0 .. DAEMONS - 1) {
            used = used || epoch[k] == n
        }
        if
        :: used -> n++
        :: else ->
            for (k : 0 .. DAEMONS - 1) {
                if :: epoch[k] > n -> epoch[k]-- :: else fi
            }
            if :: fence > n -> fence-- :: else fi;
            sequence--
        fi
    od;
    n = 0; k = 0; used = false
}

#define SENT life[i] == runs   /* the daemon goes on with the next script */
#define STILL_THERE lock == i  /* the claim's session: what is sent to a later one fails */

proctype daemon(byte i) {
    byte batch, row, n, k;
    bool used;

    do
    :: {
        SENT && outbox > 0;
#ifdef MUTANT_EPOCH_FIRST
        d_step { draw() };
#endif
hold:   d_step { lock == NOBODY -> lock = i };
claim:  d_step { if :: STILL_THERE -> batch = outbox :: else fi };
        if :: batch == 0 -> goto off :: else fi;
        SENT;
#ifndef MUTANT_EPOCH_FIRST
epoch_: d_step { if :: STILL_THERE -> draw() :: else fi };
#endif
read:   if
        :: d_step { STILL_THERE -> row = vnext }
        :: else -> goto off
        fi;
        SENT;
        if /* hold_parents.sql: more partitions, and an epoch that is newer than those of all of them */
        :: true
        :: d_step { STILL_THERE && PARENTS -> draw() }
        fi;
#ifdef MUTANT_ACK_FIRST
        d_step {
            if
            :: STILL_THERE ->
#ifndef STALE_ONLY
                assert((batch >> (legacy + 1)) == 0);
#endif
                outbox = outbox & ~batch;
                lock = NOBODY
            :: else -> batch = 0
            fi };
        if :: batch == 0 -> goto off :: else fi;
#endif
        legacy_lost[i] = false;
fence_:
#if defined MUTANT_NO_FENCE
        skip;
#elif defined MUTANT_NO_ROW_LOCK /* looked at, and raised with the commit */
        if :: fence > epoch[i] -> goto off :: else fi;
#else
        if
        :: d_step { in_fence == NOBODY && fence <= epoch[i] -> in_fence = i }
        :: in_fence == NOBODY && fence > epoch[i] -> goto off
        :: d_step { in_fence != NOBODY && faults < FAULTS -> faults++ } -> goto off /* lock_timeout */
        fi;
#endif
write:  SENT; /* seen by nobody before the commit, and the fence's lock is held longer than the row's own */
commit: if
        :: d_step { !legacy_lost[i] ->
               assert(row >= legacy); /* no stale write */
               legacy = row;
#ifdef MUTANT_NO_ROW_LOCK
               if :: epoch[i] > fence -> fence = epoch[i] :: else fi;
#endif
               if :: in_fence == i -> in_fence = NOBODY; fence = epoch[i] :: else fi }
        :: legacy_lost[i] -> goto off
        fi;
        SENT;
ack:
#ifndef MUTANT_ACK_FIRST
        d_step {
            if
#ifdef MUTANT_NEW_SESSION /* the ack goes to whatever session there is */
            :: true ->
#else
            :: STILL_THERE ->
#endif
                assert((batch & ~outbox) == 0);       /* no event is done twice */
                assert((batch >> (legacy + 1)) == 0); /* legacy has what is acknowledged */
                outbox = outbox & ~batch
            :: else
            fi };
#endif
        skip;
off:    SENT;
        d_step { /* both connections are reset, or the batch is done */
            if :: lock == i -> lock = NOBODY :: else fi;
            if :: in_fence == i -> in_fence = NOBODY :: else fi;
            batch = 0; row = 0; epoch[i] = 0; legacy_lost[i] = false;
            renumber() }
       }
    od
}

/* What becomes of a daemon and its sessions: so often as FAULTS says, and one daemon always runs. */
proctype world(byte i) {
    do
    :: d_step { faults < FAULTS && running > 1 && life[i] == runs -> faults++; running--; life[i] = stopped }
    :: d_step { faults < FAULTS && running > 1 && life[i] == runs -> faults++; running--; life[i] = dead }
    :: d_step { life[i] == stopped -> running++; life[i] = runs }
    /* the vNext session ends: idle, terminated by a peer, cut off */
    :: d_step { life[i] != runs && lock == i -> lock = NOBODY }
    :: d_step { faults < FAULTS && life[i] == runs && lock == i -> faults++; lock = NOBODY }
    /* the legacy session ends */
    :: d_step { life[i] != runs && in_fence == i -> in_fence = NOBODY; legacy_lost[i] = true }
    :: d_step { faults < FAULTS && life[i] == runs && in_fence == i -> faults++; in_fence = NOBODY; legacy_lost[i] = true }
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
            run world(i)
        }
    }
}

#if defined REACH
active proctype monitor() { d_step { REACH -> assert(false) } }
#elif defined PROGRESS
ltl work_goes_on { [] (outbox > 0 -> <> (outbox == 0)) }
#else /* nothing waits, and the legacy row is not what vNext has */
active proctype monitor() { d_step { outbox == 0 && legacy != vnext -> assert(false) } }
#endif
