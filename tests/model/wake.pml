/*
 * wake.pml - the sleep and wake handshake (lib/core/wake.c, daemon/worker.c, lib/sql/daemon/{hold,claim,arm,barrier,beat}.sql,
 * lib/sql/capture/function.sql): does the daemon ever sleep on a committed event that nobody will tell it of? One partition.
 * Its moving between daemons and the batch itself are lease.pml's. run.sh says what is checked and which mutants must fail.
 *
 * Names are those of the C code: states, events and the whole table of wake.c (tests/unit/check_model.sh compares them), and
 * the callbacks of worker.c and engine.c. The daemon is one thread, so each callback is one atomic step; each is a process of
 * its own, because any of them may come next. What happens at the server between two of them is interleaved step by step.
 */
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef BELLS
#define BELLS 2 /* under way at most: two of one payload in a queue do what one does, and then one more */
#endif
#define SESSION WRITERS /* index of the worker's session among the transactions */
#define SESSIONS (WRITERS + 1)

mtype:wake_state = {WAKE_DRAINING, WAKE_ARMING, WAKE_CONFIRMING, WAKE_ASLEEP, WAKE_POLLING, WAKE_STANDBY};
mtype:wake_event = {WAKE_BELL, WAKE_WORKED, WAKE_EMPTY, WAKE_CONFIRMED, WAKE_CONTENDED, WAKE_NOTHING_OURS, WAKE_ARMED, WAKE_LAPSED, WAKE_LOST, no_reply};
mtype:script = {arm, claim, no_script};

/* ---- transaction ids -------------------------------------------------------------------------------------------- */

/*
 * As PostgreSQL has them: a snapshot's xmax is the newest id that has ended, plus one; ids at or above it that run are in no
 * snapshot's list (xip); xmin is the oldest that runs, or xmax. Only their order counts, so after each step they are
 * numbered anew from 1, and the model runs for ever with few numbers.
 */
byte xid[SESSIONS]; /* 0: the transaction has none, or has ended */
byte latest;        /* the newest that has ended */
byte barrier;       /* 0: none was taken */
byte highest;       /* the newest that was given */
#ifdef MUTANT_LIST
bool listed[SESSIONS]; /* the running ids of a snapshot, taken instead of the barrier */
#endif

inline used(number, answer) {
    answer = latest == number || barrier == number;
    for (k : 0 .. SESSIONS - 1) {
        answer = answer || xid[k] == number
    }
}

inline renumber() {
    n = 1;
    do
    :: n > highest -> break
    :: else ->
        used(n, found);
        if
        :: found -> n++
        :: else ->
            if :: latest > n -> latest-- :: else fi;
            if :: barrier > n -> barrier-- :: else fi;
            for (k : 0 .. SESSIONS - 1) {
                if :: xid[k] > n -> xid[k]-- :: else fi
            }
            highest--
        fi
    od;
    n = 0; k = 0; found = false
}

inline take_id(who) {
    highest++;
    xid[who] = highest
}

/* Ends a transaction: by commit or not. */
inline end_of(who) {
    if :: xid[who] > latest -> latest = xid[who] :: else fi;
    xid[who] = 0
#ifdef MUTANT_LIST
    ; listed[who] = false
#endif
}

/* pg_snapshot_xmin(pg_current_snapshot()) > barrier */
inline look_past_barrier(answer) {
#ifdef MUTANT_LIST
    answer = true;
    for (k : 0 .. SESSIONS - 1) {
        answer = answer && !listed[k]
    }
#else
    answer = barrier > 0 && latest >= barrier;
    for (k : 0 .. SESSIONS - 1) {
        answer = answer && (xid[k] == 0 || xid[k] > latest || xid[k] > barrier)
    }
#endif
    k = 0
}

/* ---- the database ------------------------------------------------------------------------------------------------ */

/*
 * The doorbell as the time for which it still stands, in halves of its length. A writer that looks while it is 0 does not
 * ring. It is a sequence: what is set shows at once, to every snapshot.
 */
#define LENGTH 2
byte stands;
bool waiting;      /* the outbox has a committed event that is in no batch */
byte bells;        /* notifications under way to the daemon */
bool hears = true; /* LISTEN is in force */
bool ours = true;  /* dualwrite.partitions_of() gives us the partition */
bool held;         /* our batch has its lock */
bool peer_holds;   /* another daemon's batch has it */
bool cut;          /* the worker's connection goes while a script is under way */

/* ---- what may go wrong: as often as you like; BACKSTOP asks for an end that is good, so there only now and then ----- */

#ifdef BACKSTOP
byte faults;
#define MAY_FAIL faults < BACKSTOP
#define FAIL faults++
#else
#define MAY_FAIL true
#define FAIL skip
#endif

/* ---- writers (lib/sql/capture/function.sql) ------------------------------------------------------------------------ */

/* Declared first: its _pid is its place among the transactions. */
active [WRITERS] proctype writer() {
    byte n, k; bool found, rings;
#ifdef MUTANT_TABLE
    bool snapshot;
#endif

    do
    ::
#ifdef MUTANT_TABLE /* the doorbell is a row of a table, and the transaction is REPEATABLE READ */
        d_step { snapshot = stands > 0 };
#define LOOK snapshot
#else
#define LOOK stands > 0
#endif
#ifdef MUTANT_LOOK_FIRST
        d_step { rings = LOOK };
#endif
        d_step { take_id(_pid) }; /* INSERT, at the latest when the event goes into the outbox */
        do
#ifdef MUTANT_LOOK_FIRST
        :: true -> break
#else
        :: d_step { rings = rings || (LOOK) } -> /* what dualwrite.asleep() says, after the insert, once for each statement */
            if
            :: true
            :: true -> break
            fi
#endif
        od;
        if
        :: d_step { end_of(_pid); renumber(); /* COMMIT */
               waiting = true;
               if :: rings && hears && bells < BELLS -> bells++ :: else fi;
               rings = false }
#ifdef BACKSTOP
        :: d_step { MAY_FAIL -> FAIL; end_of(_pid); renumber(); waiting = true; rings = false } /* the bell is lost */
#endif
        :: d_step { end_of(_pid); renumber(); rings = false } /* ROLLBACK */
        fi
#ifdef BACKSTOP
        -> break
#endif
    od
}

/* ---- the daemon -------------------------------------------------------------------------------------------------- */

mtype:wake_state wake = WAKE_DRAINING;
bool listening = true;     /* as the last beat said */
bool view_ours = true;     /* the partitions of the last beat */
bool doorbell_up;          /* we set it and have not taken it down */
byte since_armed = LENGTH; /* how long ago we began to set it */
bool disconnected;         /* the listen connection went, and on_listener_down() has not been called */

mtype:script script = no_script; /* under way on the worker's connection */
bool with_barrier, take_down;    /* ... its parameters */
mtype:wake_event reply = no_reply;        /* the answer to it, not yet read */

/* the table of wake.c without the fields that stay as they are */
#define T(from, what, to) :: wake == from && e == what -> wake = (to == WAKE_ARMING && !listening -> WAKE_POLLING : to)
inline wake_next(e) {
    if
    T(WAKE_DRAINING, WAKE_WORKED, WAKE_DRAINING)
    T(WAKE_DRAINING, WAKE_EMPTY, WAKE_ARMING)
    T(WAKE_DRAINING, WAKE_CONFIRMED, WAKE_ARMING)
    T(WAKE_DRAINING, WAKE_CONTENDED, WAKE_POLLING)
    T(WAKE_DRAINING, WAKE_NOTHING_OURS, WAKE_STANDBY)
    T(WAKE_DRAINING, WAKE_LOST, WAKE_DRAINING)
    T(WAKE_ARMING, WAKE_ARMED, WAKE_CONFIRMING)
    T(WAKE_ARMING, WAKE_LAPSED, WAKE_DRAINING)
    T(WAKE_ARMING, WAKE_LOST, WAKE_DRAINING)
    T(WAKE_CONFIRMING, WAKE_BELL, WAKE_DRAINING)
    T(WAKE_CONFIRMING, WAKE_WORKED, WAKE_DRAINING)
    T(WAKE_CONFIRMING, WAKE_CONFIRMED, WAKE_ASLEEP)
    T(WAKE_CONFIRMING, WAKE_CONTENDED, WAKE_POLLING)
    T(WAKE_CONFIRMING, WAKE_NOTHING_OURS, WAKE_STANDBY)
    T(WAKE_CONFIRMING, WAKE_LAPSED, WAKE_DRAINING)
    T(WAKE_CONFIRMING, WAKE_LOST, WAKE_DRAINING)
    T(WAKE_ASLEEP, WAKE_BELL, WAKE_DRAINING)
    T(WAKE_ASLEEP, WAKE_LAPSED, WAKE_DRAINING)
    T(WAKE_ASLEEP, WAKE_LOST, WAKE_DRAINING)
    T(WAKE_POLLING, WAKE_BELL, WAKE_DRAINING)
    T(WAKE_POLLING, WAKE_WORKED, WAKE_DRAINING)
    T(WAKE_POLLING, WAKE_EMPTY, WAKE_ARMING)
    T(WAKE_POLLING, WAKE_CONFIRMED, WAKE_ARMING)
    T(WAKE_POLLING, WAKE_NOTHING_OURS, WAKE_STANDBY)
    T(WAKE_POLLING, WAKE_LAPSED, WAKE_DRAINING)
    T(WAKE_POLLING, WAKE_LOST, WAKE_DRAINING)
    T(WAKE_STANDBY, WAKE_LAPSED, WAKE_DRAINING)
    T(WAKE_STANDBY, WAKE_LOST, WAKE_DRAINING)
    :: else
    fi;
    if :: wake != WAKE_ARMING && wake != WAKE_CONFIRMING -> since_armed = LENGTH :: else fi
}

/* worker.c: starts what is due. The pauses of confirming and polling may last any time. */
active proctype pump() {
    byte n, k; bool found;

end:
    do
    :: d_step { script == no_script && reply == no_reply && wake == WAKE_ARMING ->
           script = arm;
#ifndef MUTANT_STAMP_LATE
           since_armed = 0
#endif
       }
    :: d_step { script == no_script && reply == no_reply && (wake == WAKE_DRAINING || wake == WAKE_CONFIRMING || wake == WAKE_POLLING) ->
           script = claim;
           with_barrier = wake == WAKE_CONFIRMING;
           take_down = doorbell_up && !with_barrier;
           if :: take_down -> doorbell_up = false :: else fi;
           if :: !with_barrier -> barrier = 0; renumber(); since_armed = LENGTH :: else fi }
    od
}

/* on_armed() and on_round() */
active proctype on_reply() {
    byte n, k; bool found;

end:
    do
    :: d_step { reply == WAKE_ARMED ->
           doorbell_up = true;
#ifdef MUTANT_STAMP_LATE
           since_armed = 0;
#endif
           wake_next(WAKE_ARMED);
           reply = no_reply }
    :: d_step { reply == WAKE_LOST -> barrier = 0; renumber(); wake_next(WAKE_LOST); reply = no_reply }
    :: d_step { reply == WAKE_CONFIRMED ->
#ifndef MUTANT_OLD_DOORBELL
           if
           :: since_armed > LENGTH / 2 -> wake_next(WAKE_LAPSED)
           :: else -> wake_next(WAKE_CONFIRMED)
           fi;
#else
           wake_next(WAKE_CONFIRMED);
#endif
#ifndef PEER
           assert(wake != WAKE_ASLEEP || stands > 0); /* it does not fall asleep where writers do not ring */
#endif
           reply = no_reply }
    :: d_step { reply == WAKE_WORKED || reply == WAKE_EMPTY || reply == WAKE_CONTENDED || reply == WAKE_NOTHING_OURS ->
           wake_next(reply);
           reply = no_reply }
    od
}

active proctype on_bell() {
end:
    do
    :: d_step { bells > 0 -> bells--; if :: view_ours -> wake_next(WAKE_BELL) :: else fi }
    od
}

/* on_listener_down(), and worker_orders() for a worker that listens no more */
active proctype on_listener_down() {
    byte n, k; bool found;

end:
    do
    :: d_step { disconnected ->
           disconnected = false;
           if :: listening -> listening = false; barrier = 0; renumber(); wake_next(WAKE_LOST) :: else fi }
    od
}

/* A beat on its way to the server (register.sql, beat.sql) and back; on_beat() */
active proctype on_beat() {
    bool sent_asleep, said_ours, said_armed, said_waiting;

end:
    do
    :: hears ->
        d_step { sent_asleep = wake == WAKE_ASLEEP };
        d_step {
            said_ours = ours;
            said_armed = sent_asleep && ours && stands > 0;
#ifdef MUTANT_RENEW_LAPSED
            if :: sent_asleep && ours -> said_armed = true; stands = LENGTH :: else fi;
#else
            if :: said_armed -> stands = LENGTH :: else fi;
#endif
#if defined BACKSTOP && !defined MUTANT_BLIND_BEAT
            said_waiting = sent_asleep && ours && waiting;
#endif
            sent_asleep = false
        };
        d_step {
            if
            :: hears && !disconnected -> /* else the answer does not arrive */
                listening = true;
                if
                :: said_ours != view_ours || (wake == WAKE_ASLEEP && !said_armed) || (wake == WAKE_STANDBY && said_ours) ->
                    wake_next(WAKE_LAPSED)
                :: else
                fi;
                view_ours = said_ours;
                if :: said_waiting -> wake_next(WAKE_BELL) :: else fi
            :: else
            fi;
            said_ours = false; said_armed = false; said_waiting = false }
    od
}

/* ---- the worker's session at the server ------------------------------------------------------------------------------ */

active proctype session() {
    byte n, k; bool found, passed, batch;
    mtype:wake_event answer = no_reply;

    do
    :: { do
         :: script == arm ->
             d_step { take_id(SESSION); /* BEGIN; arm.sql. setval() takes an id, and then sets */
#ifdef MUTANT_ONE_TRANSACTION
                      barrier = xid[SESSION]
#endif
             };
             d_step { stands = LENGTH };
             d_step { end_of(SESSION); renumber() }; /* COMMIT */
#ifdef MUTANT_LIST
             d_step { for (k : 0 .. SESSIONS - 1) { listed[k] = xid[k] > 0 && xid[k] <= latest } k = 0 }
#endif
#ifndef MUTANT_ONE_TRANSACTION
             d_step { take_id(SESSION); barrier = xid[SESSION] }; /* BEGIN; barrier.sql */
             d_step { end_of(SESSION); renumber() };              /* COMMIT */
#endif
             d_step { cut = false; script = no_script; reply = WAKE_ARMED }
         :: script == claim ->
#ifdef MUTANT_LOOK_OLD /* what waits is looked up in an older snapshot than the one that has passed the barrier */
             d_step { found = waiting };
#endif
             d_step { look_past_barrier(passed); passed = passed && with_barrier }; /* hold.sql: its snapshot, ... */
             d_step { /* ... then the lock and the doorbell */
                 if
                 :: !ours -> answer = WAKE_NOTHING_OURS
                 :: ours && peer_holds -> answer = WAKE_CONTENDED
                 :: else ->
                     held = true;
                     if :: take_down -> stands = 0 :: else fi;
                     answer = (passed -> WAKE_CONFIRMED : WAKE_EMPTY)
                 fi };
             if /* claim.sql */
#ifdef MUTANT_LOOK_OLD
             :: d_step { held && found && waiting -> found = false; batch = true; waiting = false; answer = WAKE_WORKED }
             :: else -> found = false
#else
             :: d_step { held && waiting -> batch = true; waiting = false; answer = WAKE_WORKED }
#ifndef BACKSTOP /* ... which would not be for ever */
             :: d_step { held && waiting -> batch = true; answer = WAKE_WORKED } /* more than a batch takes */
#endif
             :: else
#endif
             fi;
             d_step { /* ack.sql; COMMIT */
                 if :: batch -> take_id(SESSION); end_of(SESSION); renumber() :: else fi;
                 held = false; batch = false; passed = false; with_barrier = false; take_down = false; cut = false;
                 script = no_script;
                 reply = answer;
                 answer = no_reply }
         od
       } unless {
         d_step { cut && script != no_script ->
             cut = false;
             end_of(SESSION);
             renumber();
             waiting = waiting || batch;
             held = false; batch = false; passed = false; with_barrier = false; take_down = false; answer = no_reply;
             script = no_script;
             reply = WAKE_LOST }
       }
    od
}

/* ---- the rest of the world ----------------------------------------------------------------------------------------------- */

active proctype clock() {
    do
    :: d_step { stands > 0 || since_armed < LENGTH ->
           if :: stands > 0 -> stands-- :: else fi;
           if :: since_armed < LENGTH -> since_armed++ :: else fi }
    od
}

#ifdef NETWORK
active proctype network() {
end:
    do
    :: d_step { MAY_FAIL && script != no_script && !cut -> FAIL; cut = true }
    :: d_step { MAY_FAIL && script == no_script && reply == no_reply -> FAIL; reply = WAKE_LOST }
    :: d_step { MAY_FAIL && hears -> FAIL; hears = false; bells = 0; disconnected = true } /* the listen connection */
    :: d_step { !hears && !disconnected -> hears = true }                                  /* ... is there again */
    od
}

#endif

#ifdef PEER
/* Another daemon, which thinks that the partition is its own whenever it likes, and may be right. */
active proctype peer() {
    bool batch;

end:
    do
    :: d_step { MAY_FAIL -> FAIL; ours = !ours }
    /* hold.sql and claim.sql, with and without taking the doorbell down */
    :: d_step { MAY_FAIL && !held && !peer_holds -> FAIL; peer_holds = true; batch = waiting; waiting = false }
    :: d_step { MAY_FAIL && !held && !peer_holds && stands > 0 -> FAIL;
                peer_holds = true; batch = waiting; waiting = false; stands = 0 }
    :: d_step { peer_holds -> peer_holds = false; batch = false }                              /* COMMIT */
    :: d_step { peer_holds -> peer_holds = false; waiting = waiting || batch; batch = false } /* it dies */
#ifdef BACKSTOP
    :: d_step { MAY_FAIL -> FAIL; stands = LENGTH } /* it arms, without a lock */
#endif
    od
}

#endif

/* ---- what must hold --------------------------------------------------------------------------------------------------------- */

/* The daemon sleeps on an event, and nothing is under way that will wake it. Where the doorbell has lapsed, or the partition
 * has moved, the next beat will. */
#define NEWS (bells > 0 || disconnected || stands == 0 || ours != view_ours)
#define LOST_WAKEUP (wake == WAKE_ASLEEP && reply == no_reply && ours && waiting && !NEWS)

#ifdef REACH
active proctype monitor() { d_step { REACH -> assert(false) } }
#else
#ifndef BACKSTOP
active proctype monitor() { d_step { LOST_WAKEUP -> assert(false) } }
#else
ltl every_event_is_claimed { [] (waiting -> <> (!waiting || !ours)) }
#endif
#endif
