/*
 * cursor.pml - what a claim can see (lib/sql/daemon/{hold,claim,beat}.sql, dualwrite.waiting_events(), daemon/round.c): is an
 * event passed over that is committed and waits in a held partition? The claim begins behind a cursor that the one before
 * made, and transactions commit in another order than their ids were drawn in, and late. Who may claim a partition is
 * lease.pml's, and when to claim wake.pml's. run.sh says what is checked and which mutants must fail.
 *
 * A statement sees one snapshot, so hold and claim are one atomic step each; what others do between them, and between a
 * claim and the end of its batch, is interleaved. Names are those of the SQL and of round.c.
 */
#ifndef WRITERS
#define WRITERS 3
#endif
#ifndef EVENTS
#define EVENTS 4
#endif
#ifndef BATCH
#define BATCH 1
#endif
#define LOOKED 2 /* rows for each event that is wanted; 64 in waiting_events() */

/* As often as you like; PROGRESS asks for an end that is good, so there only now and then. */
#ifdef PROGRESS
byte faults;
#define MAY_FAIL faults < PROGRESS
#define FAIL faults++
#else
#define MAY_FAIL true
#define FAIL skip
#endif

/* ---- transaction ids ---------------------------------------------------------------------------------------------- */

/*
 * As PostgreSQL has them: a snapshot's xmax is the newest id that has ended, plus one; what runs at or above it is in no
 * snapshot's list (xip). Transactions that write events have the numbers 1, 2, ... in the order of their ids, and number n
 * has the id 2n; the odd ones stand for all transactions between them that write none.
 */
#ifdef ECHO
#define OWN 1 /* the claim's own transaction writes an event: a trigger on a legacy table writes a vNext table */
#else
#define OWN 0
#endif
#ifdef RESTORED
#define OLD 1 /* two events of a dump that was taken on another server, where ids were higher */
#else
#define OLD 0
#endif
#define NUMBERS (WRITERS + OWN + OLD)
#define BIT(n) (1 << (n))
#define RUNS(n) ((running & BIT(n)) != 0)

byte highest; /* the newest number that was given */
byte latest;  /* the newest id that has ended */
byte running; /* numbers, as bits */
byte started; /* writers, which are all alike: they start one after another */

/* ---- the outbox ----------------------------------------------------------------------------------------------------- */

byte xid[EVENTS + 1];  /* the number of the transaction that wrote event e; 0: there is no such row (any more) */
byte part[EVENTS + 1]; /* its partition, as a bit: 1, 2; 4 is never ours */
byte drawn;            /* the outbox's sequence */
byte held;             /* the partitions of the batch, as bits; 0: none is under way */

#define VISIBLE(e) (xid[e] > 0 && !RUNS(xid[e]))
/* (xid, id) > (low, after) */
#define BEHIND(n, e, low, after) (2 * (n) > (low) || (2 * (n) == (low) && (e) > (after)))

inline take_id(number) {
    highest++;
    number = highest;
    running = running | BIT(number)
}

inline put(number, partition) {
    drawn++;
    xid[drawn] = number;
    part[drawn] = partition
}

inline commit(number) {
    running = running & ~BIT(number);
    if :: 2 * number > latest -> latest = 2 * number :: else fi
}

inline rollback(number) {
    for (k : 1 .. EVENTS) {
        if :: xid[k] == number -> xid[k] = 0; part[k] = 0 :: else fi
    }
    k = 0;
    commit(number)
}

#define MAY_PUT(partition) (drawn < EVENTS && (partition == 1 || drawn > 0)) /* the partitions are alike */

active [WRITERS] proctype writer() {
    byte number, k;

    d_step { started == _pid && highest < NUMBERS - OLD && drawn >= 2 * OLD -> started++; take_id(number) };
    do
    :: d_step { MAY_PUT(1) -> put(number, 1) }
    :: d_step { MAY_PUT(2) -> put(number, 2) }
#ifdef PROGRESS
    :: d_step { drawn < EVENTS -> put(number, 4) } /* a partition that nobody works on */
#endif
    :: d_step { true -> commit(number); number = 0 } -> break
    :: d_step { true -> rollback(number); number = 0 } -> break
    od
}

/* Transactions that write no events. */
active proctype others() {
    do
    :: d_step { highest > 0 && latest < 2 * highest - 1 -> latest = 2 * highest - 1 } /* older than the newest number */
    :: d_step { latest < 2 * highest + 1 -> latest = 2 * highest + 1 }
    od
}

/* Other daemons: take what waits in a partition that is not held here. */
#define TAKES(e) :: d_step { MAY_FAIL && VISIBLE(e) && (part[e] & held) == 0 -> FAIL; xid[e] = 0; part[e] = 0 }
active proctype peer() {
    do
    TAKES(1)
    TAKES(2)
    TAKES(3)
#if EVENTS > 3
    TAKES(4)
#endif
#if EVENTS > 4
    TAKES(5)
#endif
    od
}

/* ---- waiting_events() --------------------------------------------------------------------------------------------------- */

/* The cursor that is in force; c_held 0: none */
byte c_held, c_low, c_after, c_open;
byte up_to; /* the last event of a batch for which keys were reserved; 0: no bound */

#ifdef MUTANT_IDS /* the cursor knows events, and no transactions */
#define NOT_PASSED(n, e, low, after) ((e) > (after))
#else
#define NOT_PASSED(n, e, low, after) BEHIND(n, e, low, after)
#endif
#define OURS(e, partitions) ((part[e] & (partitions)) != 0 && (up_to == 0 || (e) <= up_to))

/* Answers with `fresh`, the events as bits; and with `cut_late`, or the row `cut_xid`, `cut_id` where it stopped. */
inline waiting_events(partitions, low, after, open, wanted) {
    fresh = 0; missing = wanted; rows = 0; cut_late = false; cut_xid = 0; cut_id = 0;
    for (n : 1 .. NUMBERS) {
        for (k : 1 .. EVENTS) {
            if
            :: missing > 0 && xid[k] == n && !RUNS(n) && (open & BIT(n)) != 0 && !BEHIND(n, k, low, after) && OURS(k, partitions) ->
                fresh = fresh | BIT(k);
                missing--
            :: else
            fi
        }
    }
    cut_late = missing == 0;
    for (n : 1 .. NUMBERS) {
        for (k : 1 .. EVENTS) {
            if
            :: missing > 0 && rows < LOOKED * wanted && xid[k] == n && !RUNS(n) && NOT_PASSED(n, k, low, after) ->
                rows++;
                if :: OURS(k, partitions) -> fresh = fresh | BIT(k); missing-- :: else fi;
                cut_xid = n;
                cut_id = k
            :: else
            fi
        }
    }
    /* neither full nor at the bound of rows: it came to the end */
    if :: missing > 0 && rows < LOOKED * wanted -> cut_xid = 0; cut_id = 0 :: else fi;
    n = 0; k = 0; missing = 0; rows = 0
}

/* Of the partitions, something waits. */
inline look_at_all(partitions, answer) {
    answer = false;
    for (k : 1 .. EVENTS) {
        answer = answer || (VISIBLE(k) && (part[k] & (partitions)) != 0)
    }
    k = 0
}

/* ---- claim.sql: the next cursor --------------------------------------------------------------------------------------- */

/* pg_snapshot_xip(), in which the transaction itself is not, and pg_current_xact_id_if_assigned(), in which it is */
inline xip(answer) {
    answer = 0;
    for (k : 1 .. NUMBERS) {
        if :: RUNS(k) && 2 * k <= latest && k != own -> answer = answer | BIT(k) :: else fi
    }
#ifndef MUTANT_OWN
    if :: own > 0 -> answer = answer | BIT(own) :: else fi;
#endif
    k = 0
}

inline next() {
    xip(n_open);
    if
#ifdef MUTANT_NO_CUT /* as if it always came to the end */
    :: false
#else
    :: cut_late ->
#ifdef MUTANT_LATE_LOW
        n_low = latest + 1; n_after = 0;
#else
        n_low = low; n_after = after;
#endif
#ifndef MUTANT_OPEN_CUT
        n_open = n_open | open
#endif
    :: !cut_late && cut_xid > 0 ->
        n_low = 2 * cut_xid;
        n_after = cut_id;
#ifndef MUTANT_FUTURE
        if :: n_low > latest -> n_low = latest + 1; n_after = 0 :: else fi
#endif
#endif
    :: else ->
#ifdef MUTANT_NEXT_ID /* the next id, above ones that run and are in no list */
        n_low = 2 * highest + 2;
#else
        n_low = latest + 1;
#endif
#ifndef MUTANT_IDS
        n_after = 0
#else
        n_after = drawn
#endif
    fi;
#ifdef MUTANT_NO_OPEN
    n_open = 0;
#endif
    n_held = held
}

/* round.c: advance() */
inline adopt() {
    if :: n_held > 0 -> c_held = n_held; c_low = n_low; c_after = n_after; c_open = n_open :: else fi
}

inline forget_cursor() { c_held = 0; c_low = 0; c_after = 0; c_open = 0 }
inline forget_next() { n_held = 0; n_low = 0; n_after = 0; n_open = 0 }

#ifdef MUTANT_HELD /* the cursor is used whatever the partitions are */
#define GOOD_FOR(partitions) (c_held > 0)
#else
#define GOOD_FOR(partitions) (c_held == (partitions))
#endif
#ifdef MUTANT_BEAT
#define BEAT_GOOD_FOR(partitions) (c_held > 0)
#else
#define BEAT_GOOD_FOR(partitions) GOOD_FOR(partitions)
#endif

/* beat.sql: whether something waits that no bell has announced */
inline beat(partitions) {
    d_step {
        if :: BEAT_GOOD_FOR(partitions) -> low = c_low; after = c_after; open = c_open :: else fi;
        n_held = up_to; up_to = 0;
        waiting_events(partitions, low, after, open, 1);
        up_to = n_held; n_held = 0;
        look_at_all(partitions, waits);
        assert(!waits || fresh > 0 || cut_xid > 0); /* a beat finds what waits */
        fresh = 0; cut_late = false; cut_xid = 0; cut_id = 0; low = 0; after = 0; open = 0; waits = false
    }
}

/* ---- round.c --------------------------------------------------------------------------------------------------------------- */

#ifdef ECHO
#define TOGETHER
#else
#define TOGETHER atomic /* nothing that happens between them makes a difference */
#endif

active proctype round() {
    byte n, k, fresh, missing, rows, cut_xid, cut_id, low, after, open;
    byte batch, own, owned;
    byte n_held, n_low, n_after, n_open;
    bool cut_late, more, waits;

#ifdef RESTORED
    d_step { put(NUMBERS, 1); put(NUMBERS, 2) };
#endif
    do
    :: TOGETHER {
        if
        :: true
        :: beat(3) /* what a sleeping daemon's would say now */
        :: beat(1)
        :: beat(2)
        :: d_step { MAY_FAIL && c_held > 0 -> FAIL; forget_cursor() } /* another session */
        fi;
hold:   if
        :: d_step { held = 3 }
        :: d_step { MAY_FAIL -> FAIL; held = 1 } /* the other one is a peer's at the moment, or is contended */
        :: d_step { MAY_FAIL -> FAIL; held = 2 }
#ifdef ECHO
        :: d_step { owned == 0 && highest < NUMBERS - OLD -> owned++; held = 3; take_id(own) } /* takes a doorbell down */
#endif
        fi;
claim:  d_step {
            if :: GOOD_FOR(held) -> low = c_low; after = c_after; open = c_open :: else fi;
            waiting_events(held, low, after, open, BATCH);
            batch = fresh;
            more = cut_late || cut_xid > 0;
            if
#ifndef MUTANT_UP_TO
            :: up_to > 0 -> forget_next()
#endif
            :: else -> next()
            fi;
            look_at_all(held, waits);
            /* nothing is passed over: a claim that found nothing, and looked at everything, is right */
            assert(batch > 0 || more ||
#ifndef MUTANT_UP_TO_EMPTY
                   up_to > 0 || /* round.c, empty_claim(): that is no answer */
#endif
                   !waits);
            fresh = 0; low = 0; after = 0; open = 0; cut_late = false; cut_xid = 0; cut_id = 0; waits = false
        }
       };
#ifdef MUTANT_LATER_SNAPSHOT /* the cursor is made of a newer snapshot than the one that was looked through */
        d_step { if :: n_held > 0 && n_after == 0 -> next() :: else fi };
#endif
       atomic {
        if
        :: d_step { batch == 0 ->
#ifdef MUTANT_STAY /* only batches move the cursor */
               if :: !more -> adopt() :: else fi;
#else
               adopt();
#endif
               up_to = 0;
               if :: own > 0 -> commit(own); own = 0 :: else fi }
        :: d_step { batch > 0 -> /* ack.sql, COMMIT */
               for (k : 1 .. EVENTS) {
                   if :: (batch & BIT(k)) != 0 -> xid[k] = 0; part[k] = 0 :: else fi
               }
               k = 0;
               adopt();
               up_to = 0;
               if :: own > 0 -> commit(own); own = 0 :: else fi }
#ifdef ECHO
        :: d_step { batch > 0 && drawn < EVENTS && (own > 0 || (owned == 0 && highest < NUMBERS - OLD)) ->
               for (k : 1 .. EVENTS) {
                   if :: (batch & BIT(k)) != 0 -> xid[k] = 0; part[k] = 0 :: else fi
               }
               k = 0;
               adopt();
               up_to = 0;
               if :: own == 0 -> owned++; take_id(own) :: else fi; /* sync_session.sql */
               put(own, 1);
               commit(own);
               own = 0 }
#endif
        :: d_step { batch > 0 && MAY_FAIL -> FAIL; /* run_again(): keys are reserved, and the batch is claimed once more */
               k = EVENTS;
               do
               :: (batch & BIT(k)) != 0 -> break
               :: else -> k--
               od;
               up_to = k;
               k = 0;
#ifdef MUTANT_ADOPT_EARLY
               adopt();
#endif
               if :: own > 0 -> commit(own); own = 0 :: else fi }
        :: d_step { batch > 0 && MAY_FAIL -> FAIL; /* batch_failed() */
               up_to = 0;
               if :: own > 0 -> rollback(own); own = 0 :: else fi;
               forget_cursor() }
        fi;
        d_step { held = 0; batch = 0; more = false; forget_next() }
       }
    od
}

#if defined REACH
active proctype monitor() { d_step { REACH -> assert(false) } }
#elif defined PROGRESS
#define IN_OURS(e) (VISIBLE(e) && part[e] < 4)
#define WAITS (IN_OURS(1) || IN_OURS(2) || IN_OURS(3))
ltl every_event_is_claimed { [] (WAITS -> <> !WAITS) }
#endif
