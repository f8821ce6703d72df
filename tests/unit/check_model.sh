#!/usr/bin/env bash
# The models in tests/model speak of this code: wake.pml has the states, the events and the whole table of lib/core/wake.c,
# its processes are callbacks of the daemon, the steps of the others are files of lib/sql/daemon, in the order in which a batch
# goes through them, and cursor.pml has the parts of claim.sql's cursor. Whether the models hold is tests/model/run.sh's matter.
set -euo pipefail
cd "$(dirname "$0")/../.."

wake=lib/core/wake.c
header=include/dualwrite/wake.h
model=tests/model/wake.pml
faults=0

fault() {
    echo "$*"
    faults=$((faults + 1))
}

# same WHAT FILE FILE2 WORDS WORDS2 - the words, one a line, are the same
same() {
    local differences
    differences=$(diff <(echo "$4") <(echo "$5")) || fault "$1 of $2 (<) and $3 (>) differ:"$'\n'"$differences"
}

enough() { # HOW MANY, WHAT, WORDS
    [ "$(grep -c . <<<"$3")" -ge "$1" ] || fault "hardly any $2 was found: this check reads the files wrongly"
}

# ---- states, events, and their names -----------------------------------------------------------------------------------

# enumerators NAME - of an enum in the header, without the last, which counts them
enumerators() { sed -n "/^enum $1 {/,/^};/s/^    \(WAKE_[A-Z_]*\),.*/\1/p" "$header"; }
# symbols NAME - of an mtype in the model
symbols() { sed -n "s/^mtype:$1 = {\(.*\)};.*/\1/p" "$model" | tr -cs 'A-Za-z_' '\n' | grep '^WAKE_'; }
# printed FUNCTION - what wake.c's function gives as names, as enumerators
printed() {
    sed -n "/^$1(/,/^}/p" "$wake" | grep -oE '"[a-z_]+"' | tr -d '"' | tr '[:lower:]' '[:upper:]' | sed 's/^/WAKE_/'
}

for kind in state event; do
    in_header=$(enumerators "wake_$kind")
    enough 6 "$kind" "$in_header"
    same "the ${kind}s" "$header" "$model" "$in_header" "$(symbols "wake_$kind" || true)"
    same "the names of ${kind}s" "$header" "$wake" "$in_header" "$(printed "wake_${kind}_name")"
done

# ---- the table -----------------------------------------------------------------------------------------------------------

# Rows of "state event next state", without those that stay. In wake.c a state's part begins with [WAKE_...] = and nothing
# else on the line; a value may stand on the next one.
table_of_code=$(sed -n '/^static const enum wake_state table/,/^};/p' "$wake" |
    tr '\n' ' ' | sed 's,/\*[^*]*\*/,,g' | grep -oE '\[WAKE_[A-Z_]+\] *= *(\{|WAKE_[A-Z_]+|STAY)' |
    awk -F'[][ =]+' '{ if ($3 == "{") state = $2; else if ($3 != "STAY") print state, $2, $3 }' | sort)
table_of_model=$(sed -n 's/^ *T(\(WAKE_[A-Z_]*\), \(WAKE_[A-Z_]*\), \(WAKE_[A-Z_]*\)).*/\1 \2 \3/p' "$model" | sort)
enough 25 'transition' "$table_of_code"
same 'the tables' "$wake" "$model" "$table_of_code" "$table_of_model"

# ---- callbacks -----------------------------------------------------------------------------------------------------------

for name in pump on_bell on_listener_down on_beat; do
    grep -q "proctype $name()" "$model" || fault "$model: there is no process $name"
    grep -q "^$name(" daemon/worker.c daemon/engine.c || fault "daemon: there is no function $name, as $model has it"
done
for name in on_armed on_round; do
    grep -q "^$name(" daemon/worker.c || fault "daemon/worker.c: there is no function $name, of which $model speaks"
done

# ---- steps ---------------------------------------------------------------------------------------------------------------

# steps MODEL STEP... - labels of the model in this order, and each a statement of the daemon. A label cannot be called like a
# variable: then it ends with _. The rows themselves are read and written by the statements of lib/sql/apply.
steps() {
    local file=tests/model/$1.pml step
    shift
    same 'the steps' 'this check' "$file" "$(printf '%s\n' "$@")" "$(sed -n 's/^\([a-z]*\)_\{0,1\}:\( .*\)\{0,1\}$/\1/p' "$file" | grep -vx off)"
    for step; do
        case $step in
        read) [ -e lib/sql/apply/read.sql ] || fault "lib/sql/apply: there is no read.sql, as $file has it" ;;
        write) [ -e daemon/write.c ] || fault "daemon: there is no write.c, as $file has it" ;;
        *) [ -e "lib/sql/daemon/$step.sql" ] || fault "lib/sql/daemon: there is no $step.sql, as $file has it" ;;
        esac
    done
}

steps lease hold claim read write ack commit
steps fence hold claim epoch read fence write commit ack
steps cursor hold claim

# ---- the cursor ----------------------------------------------------------------------------------------------------------

# What it is made of has the same names in the model, in the two statements that use it, and in the function that they call.
cursor=tests/model/cursor.pml
parts='held low after open'
for part in $parts; do
    grep -qE "^byte .*\<c_$part\>" "$cursor" || fault "$cursor: the cursor has no c_$part"
    grep -q "'$part', " lib/sql/daemon/claim.sql || fault "lib/sql/daemon/claim.sql: the next cursor has no $part, as $cursor has it"
done
# declared FILE - the parts that json_to_record() reads there
declared() { sed -n '/AS c(/,/)$/p' "$1" | grep -oE '[a-z]+ pg_catalog' | sed 's/ .*//' | sort; }
in_claim=$(declared lib/sql/daemon/claim.sql)
in_beat=$(declared lib/sql/daemon/beat.sql)
enough 5 'part of the cursor' "$in_claim"
same 'the parts of the cursor' lib/sql/daemon/claim.sql lib/sql/daemon/beat.sql "$in_claim" "$in_beat"
same 'the parts of the cursor' 'this check' lib/sql/daemon/claim.sql \
    "$(tr ' ' '\n' <<<"$parts count queue" | sort)" "$in_claim" # how many partitions there are, and which queue: the same all through the model
for name in cursor looked cut next; do
    grep -qE "(^|, |WITH )$name AS MATERIALIZED" <(tr -d ')' <lib/sql/daemon/claim.sql) || fault "lib/sql/daemon/claim.sql: there is no $name"
done
for name in waiting_events xip next; do
    grep -q "^inline $name(" "$cursor" || fault "$cursor: there is no $name"
done
grep -q '^CREATE FUNCTION dualwrite.waiting_events(' lib/sql/install/*.sql || fault "lib/sql/install: there is no waiting_events"
for name in run_again batch_failed advance empty_claim; do
    grep -q "^$name(" daemon/round.c || fault "daemon/round.c: there is no function $name, of which $cursor speaks"
done

[ "$faults" -eq 0 ] || { echo "$faults faults: model and code have come apart; see docs/architecture.md, Models" && exit 1; }
