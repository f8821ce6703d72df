#!/usr/bin/env bash
# run.sh unit|model|integration|fault-quick|fault|systemd|deploy ... - runs built unit tests and shell checks, the models through
# spin, the integration tests, the quick part of the fault suite or all of it, the packages and machines, or several of them, and
# says at the end how many passed and failed. `make check` builds first; DUALWRITED names the binary, TESTS goes to pytest; SEED and
# QUICK=1 are the fault suite's (tests/fault/conftest.py).
set -uo pipefail
cd "$(dirname "$0")/.." || exit

output=$(mktemp)
trap 'rm -f "$output"' EXIT
passed=0 failed=0 skipped=0 nothing=0

export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1}

# number PATTERN - the number that stands before or in place of %, 0 without one
number() { sed -n "s/^.*$1.*\$/\1/p" "$output" | tail -n 1 | grep . || echo 0; }

# sum WORD - of the numbers before it in what unit_test has said
sum() { grep -oE "^  [a-z_.]+ .*" "$output" | grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum + 0 }'; }

unit() {
    export -f unit_test number
    # shellcheck disable=SC2016 # expanded by the other bash
    printf '%s\0' tests/unit/test_*.c tests/unit/check_*.sh |
        xargs -0 -P "$(nproc)" -n 1 bash -c 'unit_test "$1"' - | tee "$output" ||
        failed=$((failed + 1 - ($(sum FAILED) > 0)))
    passed=$((passed + $(sum passed))) failed=$((failed + $(sum FAILED)))
}

# unit_test FILE - runs the test that was built from it, or the shell check, and says how it went
unit_test() {
    local name output status good bad command=$1
    name=$(basename "$1" .c)
    output=$(mktemp)
    case $1 in *.c) command=build-asan/unit/$name ;; esac
    timeout -k 5 120 "$command" >"$output" 2>&1 </dev/null
    status=$?
    case $1 in
    *.c) good=$(number '\[  PASSED  \] \([0-9]*\) test') bad=$(number '\[  FAILED  \] \([0-9]*\) test') ;;
    *) good=$((status == 0)) bad=$((status != 0)) ;;
    esac
    if [ "$status" -eq 124 ]; then echo "still running after 120 s" >>"$output"; fi
    # died, leaked, hung, or did not run anything
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; }; then bad=1; fi
    if [ "$bad" -gt 0 ]; then
        printf '  %-28s %3d passed, %d FAILED\n%s\n' "$name" "$good" "$bad" "$(sed 's/^/    /' "$output")"
    else
        printf '  %-28s %3d passed\n' "$name" "$good"
    fi
    rm -f "$output"
    [ "$bad" -eq 0 ]
}

model() {
    local status good bad
    # each model's checks in a process of their own
    basename -a -s .pml tests/model/*.pml | timeout -k 5 1800 xargs -P "$(nproc)" -n 1 tests/model/run.sh 2>&1 | tee "$output"
    status=$?
    good=$(grep -cE ' states  (holds|reached|rejected)$' "$output")
    bad=$(grep -c ' states  FAILED' "$output")
    # did not come to its end, or did not search anything
    if [ "$status" -ne 0 ] || [ "$good" -eq 0 ]; then bad=$((bad > 0 ? bad : 1)); fi
    passed=$((passed + good)) failed=$((failed + bad))
}

python_tests() { # ARGUMENTS OF PYTEST
    local workers status
    workers=$(($(nproc) * 4)) # most of the time they wait
    if [ "$workers" -gt 8 ]; then workers=8; fi
    # always Debian's python: its psycopg and pytest are there; and nothing written into the tree
    # TESTS is a list of arguments, which may be quoted
    eval "set -- \"\$@\" ${TESTS-}"
    env -u PYTHONPATH -u PYTHONHOME PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 \
        /usr/bin/python3 -m pytest -q -p no:cacheprovider -n "$workers" --color=no -ra "$@" 2>&1 </dev/null | tee "$output"
    status=$?
    passed=$((passed + $(number '\b\([0-9][0-9]*\) passed')))
    failed=$((failed + $(number '\b\([0-9][0-9]*\) failed') + $(number '\b\([0-9][0-9]*\) errors\{0,1\} in')))
    skipped=$((skipped + $(number '\b\([0-9][0-9]*\) skipped')))
    # 5: no tests collected, which is right where TESTS names those of another part
    if [ "$status" -eq 5 ] && [ "${TESTS-}" ]; then
        nothing=$((nothing + 1))
    else
        nothing=-9
        if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    fi
}

# the fault suite's writers, moments and choices come from a seed
fault() { # ARGUMENTS OF PYTEST
    export SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
    echo "   seed $SEED; to see it again: SEED=$SEED${1:+ QUICK=1} make check-fault TESTS='-k name'"
    python_tests "$@" tests/fault
}

for part; do
    echo "-- $part tests"
    case $part in
    unit) unit ;;
    model) model ;;
    integration) python_tests tests/integration ;;
    fault-quick) fault --quick ;;
    fault) fault ${QUICK:+--quick} ;;
    systemd) python_tests -n 1 tests/deploy/test_systemd.py ;; # one machine, one test after the other
    # each takes a core and a disk; what a file has made stays with one worker
    deploy) python_tests -n 2 --dist loadfile tests/deploy ;;
    *) echo >&2 "usage: run.sh unit|model|integration|fault-quick|fault|systemd|deploy ..." && exit 64 ;;
    esac
done
if [ "$nothing" -gt 0 ]; then failed=1 && echo "no test is named by TESTS=${TESTS-}"; fi

echo
echo "$passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
