#!/usr/bin/env bash
# run.sh - has spin search every state of the models in this folder (what they say is in their first lines). Each model must
# hold; each must get where it is interesting, or it would hold of nothing; each mutant, which leaves out one thing that the
# design does, must be rejected for the reason given here. One line per check; exit status 1 when one is not as it must be.
# Needs spin 6.5 and gcc. Words given as arguments choose checks by the beginning of their names: run.sh wake
set -uo pipefail
models=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
wanted=("$@") failed=0
export LC_ALL=C

chosen() { # NAME
    local word
    [ "${#wanted[@]}" -gt 0 ] || return 0
    for word in "${wanted[@]}"; do [[ $1 != "$word"* ]] || return 0; done
    return 1
}

# search MODEL DEFINITION... - the answer is in pan.out. PROGRESS or BACKSTOP: a property of whole runs, with fair processes.
search() {
    local model=$1 definition option=(-DSAFETY) pan=(-E) optimize=-O1
    shift
    for definition; do
        echo "#define ${definition/=/ }"
        case $definition in
        PROGRESS* | BACKSTOP=*) option=(-DNFAIR=4) pan=(-a -f) ;;
        REACH=* | MUTANT_*) optimize=-O0 ;; # found so soon that it would take longer to compile
        esac
    done >model.pml
    echo "#include \"$models/$model.pml\"" >>model.pml
    # an error of spin is one of this check too
    spin -a model.pml >pan.out 2>&1 && gcc -w $optimize "${option[@]}" -DMEMLIM=4000 -o pan pan.c >>pan.out 2>&1 &&
        ./pan -m1000000 -w22 "${pan[@]}" >pan.out 2>&1
}

number_of_states() { sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' pan.out; }

# result NAME WHAT OK
result() {
    local states
    states=$(number_of_states)
    printf '  %-52s %9s states  %s\n' "$1" "${states:-no}" "$2"
    [ "$3" ] && return
    failed=$((failed + 1))
    sed 's/^/    /' pan.out
    [ ! -e model.pml.trail ] || spin -t -p -g model.pml 2>&1 | grep -v '^Never\|\[\.(goto)\]' | tail -n 150
}

# The search is complete and found nothing.
holds() { # NAME MODEL DEFINITION...
    chosen "$1" || return
    search "${@:2}"
    if grep -q 'errors: 0$' pan.out && ! grep -qiE 'not completed|too small|out of memory' pan.out; then
        result "$1" holds ok
    else
        result "$1" "FAILED: it must hold" ""
    fi
}

# What spin finds is an error whose text has PATTERN.
rejected() { # NAME PATTERN MODEL DEFINITION...
    chosen "$1" || return
    search "${@:3}"
    if grep -q 'errors: 1$' pan.out && grep -qF "$2" pan.out; then
        result "$1" rejected ok
    else
        result "$1" "FAILED: it must be rejected: $2" ""
    fi
}

# A state in which CONDITION is true can be reached.
reached() { # NAME CONDITION MODEL DEFINITION...
    chosen "$1" || return
    search "${@:3}" "REACH=($2)"
    if grep -q 'errors: 1$' pan.out && grep -qF 'assertion violated 0' pan.out; then
        result "$1" reached ok
    else
        result "$1" "FAILED: it must be reached" ""
    fi
}

# the texts of the assertions in the models
passed='assertion violated ((((batch>0)||more)' bounded='assertion violated (((batch>0)||more)|| !(waits))'
blind='assertion violated (( !(waits)||(fresh>0))||(cut_xid>0))'
lost='assertion violated 0' stale='assertion violated (row>=legacy)' twice='assertion violated ((batch& ~(outbox))==0)'
deaf='assertion violated ((wake!=' early='assertion violated ((batch>>(legacy+1))==0)' stuck='acceptance cycle'

# ---- sleep and wake ----------------------------------------------------------------------------------------------------

holds 'wake: two writers' wake
holds 'wake: connections that go' wake WRITERS=1 NETWORK
holds 'wake: a partition that moves' wake WRITERS=1 BELLS=1 PEER
holds 'wake: lost bells, peers that arm: a beat finds it' wake WRITERS=1 NETWORK PEER BACKSTOP=2

reached 'wake: it does fall asleep' 'wake == WAKE_ASLEEP' wake WRITERS=1
reached 'wake: ... beside an open transaction' 'wake == WAKE_ASLEEP && xid[0] > 0' wake WRITERS=1
reached 'wake: ... and is rung' 'wake == WAKE_ASLEEP && waiting && bells > 0' wake WRITERS=1
reached 'wake: the barrier waits for one that looked before' \
    'wake == WAKE_CONFIRMING && barrier > 0 && xid[0] > 0 && xid[0] < barrier && xid[1] > barrier' wake
reached 'wake: the doorbell lapses under a sleeper' 'wake == WAKE_ASLEEP && waiting && stands == 0 && bells == 0' wake WRITERS=1
reached 'wake: polling' 'wake == WAKE_POLLING' wake WRITERS=1 NETWORK
reached 'wake: standby' 'wake == WAKE_STANDBY' wake WRITERS=1 PEER

rejected "wake: a snapshot's id list instead of the barrier" "$lost" wake WRITERS=1 MUTANT_LIST
rejected 'wake: doorbell and barrier in one transaction' "$lost" wake WRITERS=1 MUTANT_ONE_TRANSACTION
rejected 'wake: a writer looks before it has an id' "$lost" wake WRITERS=1 MUTANT_LOOK_FIRST
rejected 'wake: the doorbell is seen through a snapshot' "$lost" wake WRITERS=1 MUTANT_TABLE
rejected 'wake: the last look is older than the barrier' "$lost" wake WRITERS=1 MUTANT_LOOK_OLD
rejected 'wake: a lapsed doorbell is renewed' "$lost" wake WRITERS=1 MUTANT_RENEW_LAPSED
rejected 'wake: a doorbell of any age will do' "$deaf" wake WRITERS=1 MUTANT_OLD_DOORBELL
rejected 'wake: its age is counted from the answer on' "$deaf" wake WRITERS=1 MUTANT_STAMP_LATE
rejected 'wake: a beat does not say what waits' "$stuck" wake WRITERS=1 NETWORK PEER BACKSTOP=1 MUTANT_BLIND_BEAT

# ---- leases: one database ----------------------------------------------------------------------------------------------

holds 'lease: two daemons, three faults' lease DAEMONS=2 FAULTS=3
holds 'lease: three daemons, two faults' lease DAEMONS=3 FAULTS=2
holds 'lease: the work goes on' lease DAEMONS=2 FAULTS=2 PROGRESS

reached 'lease: two think that it is theirs' 'mine[0] && mine[1]' lease DAEMONS=2 FAULTS=1
reached "lease: a stopped holder's session is ended by a peer" 'lock == 0 && ended[0] && !waits[0]' lease DAEMONS=2 FAULTS=1
reached 'lease: ... and its partition taken over' 'lock == 1 && life[0] == stopped' lease DAEMONS=2 FAULTS=1

rejected 'lease: no lock: two owners' "$lost" lease DAEMONS=2 FAULTS=2 MUTANT_NO_LOCK
rejected 'lease: no lock: a stale write' "$stale" lease DAEMONS=2 FAULTS=2 MUTANT_NO_LOCK STALE_ONLY
rejected 'lease: the lock ends with the claim' "$stale" lease DAEMONS=2 FAULTS=2 MUTANT_LOCK_ENDS STALE_ONLY
rejected 'lease: lock and claim in one statement' "$twice" lease DAEMONS=2 FAULTS=2 MUTANT_ONE_STATEMENT
rejected "lease: nobody ends a stopped holder's session" "$stuck" lease DAEMONS=2 FAULTS=2 MUTANT_NO_TERMINATION PROGRESS

# ---- the fence: two databases ------------------------------------------------------------------------------------------

holds 'fence: two daemons, three faults, three writes' fence DAEMONS=2 FAULTS=3 WRITES=3
holds 'fence: three daemons, two faults, two writes' fence DAEMONS=3 FAULTS=2 WRITES=2 PARENTS=0
holds 'fence: the work goes on' fence DAEMONS=2 FAULTS=2 WRITES=2 PROGRESS

reached 'fence: a stopped batch keeps its successor waiting' 'in_fence == 0 && lock == 1' fence
reached 'fence: an old batch comes to a newer fence' 'epoch[0] > 0 && fence > epoch[0]' fence
reached 'fence: legacy is committed, the ack is lost' 'legacy == 1 && outbox == 2 && lock == NOBODY' fence WRITES=1

rejected 'fence: no fence' "$stale" fence FAULTS=2 WRITES=2 MUTANT_NO_FENCE
rejected 'fence: the fence is not locked' "$stale" fence FAULTS=2 WRITES=2 MUTANT_NO_ROW_LOCK
rejected 'fence: the epoch is drawn before the lock' "$stale" fence FAULTS=2 WRITES=2 MUTANT_EPOCH_FIRST
rejected 'fence: the ack before the legacy commit' "$early" fence FAULTS=2 WRITES=2 MUTANT_ACK_FIRST
rejected 'fence: ... and so a change is lost' "$lost" fence FAULTS=2 WRITES=2 MUTANT_ACK_FIRST STALE_ONLY
rejected 'fence: the ack on another session' "$twice" fence FAULTS=2 WRITES=2 MUTANT_NEW_SESSION

# ---- the cursor of a claim -----------------------------------------------------------------------------------------------

holds 'cursor: two writers, four events' cursor WRITERS=2 EVENTS=4
holds 'cursor: three writers, batches of two events' cursor WRITERS=3 EVENTS=3 BATCH=2
holds 'cursor: batches that write events themselves' cursor WRITERS=1 EVENTS=3 ECHO
holds "cursor: a dump of another server's events" cursor WRITERS=2 EVENTS=4 RESTORED
holds 'cursor: every event is claimed' cursor WRITERS=2 EVENTS=3 PROGRESS=1

reached 'cursor: an event comes late' \
    'c_held == 3 && held == 0 && VISIBLE(1) && !BEHIND(xid[1], 1, c_low, c_after)' cursor WRITERS=2 EVENTS=3
reached 'cursor: a transaction runs and is in no list' \
    'c_held == 3 && c_after == 0 && RUNS(1) && (c_open & BIT(1)) == 0' cursor WRITERS=2 EVENTS=3
reached 'cursor: a cut in the middle of a transaction' \
    'c_held == 3 && c_low == 2 && c_after == 1 && VISIBLE(2) && xid[2] == 1' cursor WRITERS=2 EVENTS=3
reached 'cursor: a claim with a bound leaves an event' 'held == 3 && up_to == 1 && VISIBLE(2)' cursor WRITERS=2 EVENTS=3
reached 'cursor: fewer partitions than before' 'c_held == 3 && held == 1' cursor WRITERS=2 EVENTS=3
reached "cursor: a batch's own event is older than the cursor" \
    'held == 0 && c_held == 3 && !BEHIND(xid[2], 2, c_low, c_after) && xid[2] == 2' cursor WRITERS=1 EVENTS=3 ECHO

rejected 'cursor: it knows events, and no transactions' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_IDS
rejected 'cursor: no list of open transactions' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_NO_OPEN
rejected 'cursor: ... or without those of before a cut' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_OPEN_CUT
rejected 'cursor: ... or without the batch itself' "$passed" cursor WRITERS=1 EVENTS=3 ECHO MUTANT_OWN
rejected 'cursor: the next id instead of xmax' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_NEXT_ID
rejected 'cursor: made of a newer snapshot than the look' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_LATER_SNAPSHOT
rejected 'cursor: a full claim counts as a whole one' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_NO_CUT
rejected 'cursor: a cut among late events moves it' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_LATE_LOW
rejected 'cursor: adopted although the batch is not done' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_ADOPT_EARLY
rejected 'cursor: used for other partitions' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_HELD
rejected 'cursor: a claim with a bound moves it' "$passed" cursor WRITERS=2 EVENTS=3 MUTANT_UP_TO
rejected 'cursor: a claim with a bound is believed' "$bounded" cursor WRITERS=2 EVENTS=3 MUTANT_UP_TO_EMPTY
rejected "cursor: it follows another server's ids" "$passed" cursor WRITERS=1 EVENTS=4 RESTORED MUTANT_FUTURE
rejected 'cursor: a beat uses it for other partitions' "$blind" cursor WRITERS=2 EVENTS=3 MUTANT_BEAT
rejected "cursor: others' events are never passed" "$stuck" cursor WRITERS=1 EVENTS=3 MUTANT_STAY PROGRESS=1

[ "$failed" -eq 0 ]
