#!/usr/bin/env bash
# demo.sh - one team's life in five flows, from the vNext tables through dualwrited into the legacy tables, on a private
# PostgreSQL that goes away afterwards. `make demo` builds and calls it; KEEP=1 leaves everything up.
#
#     tests/demo.sh              run it
#     tests/demo.sh stop DIR     stop what KEEP=1 left up
set -euo pipefail
cd "$(dirname "$0")/.."

DUALWRITED=${DUALWRITED:-build/dualwrited}
KEEP=${KEEP:-}
DB=demo
dir=
daemon=

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi

title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
say() { printf '  %s\n' "$@"; }
indent() { sed "s|^|    |; s| *\$||"; }
fail() {
    echo >&2 "demo: $*"
    if [ -e "$dir/dualwrited.log" ]; then
        echo >&2 "the end of the log:"
        tail -n 15 "$dir/dualwrited.log" >&2
    fi
    exit 1
}

# what the user's own environment says about PostgreSQL and dualwrited is not for us
unset "${!PG@}" "${!DUALWRITE_@}" "${!TEAM_@}"

sql() { # ROLE PSQL-ARGUMENT...
    local role=$1
    shift
    "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -U "$role" -d "$DB" "$@"
}

# wait_for SECONDS COMMAND... - until it succeeds; fails when time is up or the daemon has died
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        kill -0 "$daemon" 2>/dev/null || fail "dualwrited has ended"
        [ "$SECONDS" -le "$end" ] || return 1
        sleep 0.02
    done
}

log_since() { tail -n "+$(($1 + 1))" "$dir/dualwrited.log"; }
log_has() { log_since "$1" | grep -q -E "$2"; }

stop_all() { # used on every way out
    if [ "$daemon" ] && kill "$daemon" 2>/dev/null; then
        timeout 15 tail --pid="$daemon" -s 0.05 -f /dev/null || kill -9 "$daemon"
    fi
    if [ "$dir" ]; then tests/pgcluster.sh destroy "$dir"; fi
}

if [ "${1:-}" = stop ]; then
    dir=${2:?usage: demo.sh stop DIR}
    daemon=$(cat "$dir/dualwrited.pid" 2>/dev/null || true)
    # the number may have gone to another process since
    grep -qsz -F "$dir/dualwrited.env" "/proc/$daemon/cmdline" || daemon=
    stop_all
    exit
fi

trap 'status=$?; trap - EXIT; stop_all; exit $status' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ---- set-up --------------------------------------------------------------------------------------------------------

title "1. A private PostgreSQL with the sample application's tables"
# without KEEP it goes when this script goes, even if that is killed
if [ "$KEEP" ]; then dir=$(tests/pgcluster.sh create); else dir=$(tests/pgcluster.sh create $$); fi
# shellcheck source=/dev/null
. "$dir/env"
url() { echo "host=$PGHOST port=$PGPORT dbname=$DB user=$1"; }

DB=postgres sql postgres <<'END'
CREATE ROLE app_owner LOGIN CREATEROLE;
CREATE ROLE app_user LOGIN;
CREATE ROLE dualwrited_demo LOGIN;
CREATE DATABASE demo OWNER app_owner;
END
sql app_owner -f config/sample/schema.sql -c "
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app_user;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app_user"
say "PostgreSQL $(sql postgres -Atc 'SHOW server_version') in $dir, port $PGPORT" \
    "app_owner owns the tables, app_user is the application, dualwrited_demo is the daemon; none is a superuser"

title "2. Triggers and queue: dualwrited install, as the tables' owner"
settings() { # ROLE
    cat <<END
DUALWRITE_DATABASE_URL="$(url "$1")"
DUALWRITE_HTTP_LISTEN=off
TEAM_VNEXT_DUAL_WRITE_ENABLED=true
TEAM_VNEXT_DUAL_WRITE_STRICT_MODE=false
TEAM_LEGACY_WRITE_BLOCKED=true
END
}
settings app_owner >"$dir/install.env"
chmod 600 "$dir/install.env"
"$DUALWRITED" install --config "$dir/install.env" >"$dir/install.out" 2>&1 || {
    cat >&2 "$dir/install.out"
    fail "install failed"
}
indent <"$dir/install.out"
sql app_owner -c 'GRANT dualwrite_daemon TO dualwrited_demo'
say "dualwrited_demo was granted dualwrite_daemon: all the rights it has"

title "3. The daemon: dualwrited run, as dualwrited_demo"
settings dualwrited_demo >"$dir/dualwrited.env"
chmod 600 "$dir/dualwrited.env"
: >"$dir/dualwrited.log"
# a session of its own, so that Ctrl-C reaches this script first; and it does not outlive this script, unless it is to
as_child=(setpriv --pdeathsig TERM --)
[ -z "$KEEP" ] || as_child=()
setsid "${as_child[@]}" "$DUALWRITED" run --config "$dir/dualwrited.env" </dev/null >/dev/null 2>>"$dir/dualwrited.log" &
daemon=$!
echo "$daemon" >"$dir/dualwrited.pid"
wait_for 10 log_has 0 ' event_type=ready( |$)' || fail "not ready within 10 s"
grep -E ' event_type=ready( |$)' "$dir/dualwrited.log" | fold -s -w 114 | indent

# ---- the five flows ------------------------------------------------------------------------------------------------

operations=(sync_team_created sync_team_member_added sync_team_member_updated sync_team_settings_updated
    sync_team_member_removed)

title "4. Five flows, written to vNext as app_user"
for number in 1 2 3 4 5; do
    operation=${operations[number - 1]}
    # from its "-- flow:" line to the next
    flow=$(awk -v n="$number" '/^-- flow: / { i++ } i == n' config/sample/flows.sql)
    words=$(sed -n 's/^-- flow: //p' <<<"$flow")
    printf '\n  %s%d. %s%s\n' "$bold" "$number" "$words" "$plain"
    printf '%s' "$dim"
    sed -e '/^--/d' -e '/^$/d' <<<"$flow" | indent
    printf '%s' "$plain"
    before=$(wc -l <"$dir/dualwrited.log")
    sql app_user <<<"$flow"
    say "log:"
    wait_for 10 log_has "$before" " event_type=dual_write_(completed|failed) operation=$operation " ||
        fail "no completed line for $operation within 10 s"
    log_since "$before" | fold -s -w 114 | indent
    log_has "$before" ' event_type=dual_write_failed ' && fail "$operation failed"
done

# ---- side by side --------------------------------------------------------------------------------------------------

# one row per column: what, vnext, legacy; both parts by hand, without the program's help
side_by_side="
CREATE TEMP VIEW pairs AS
SELECT 'team' AS entity, c.* FROM organizations_team v
LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.id
LEFT JOIN teams_team l ON l.id = m.legacy_team_id
CROSS JOIN LATERAL (VALUES
    ('name', v.name, l.name), ('slug', v.slug, l.slug),
    ('game', CASE v.game_id WHEN 1 THEN 'valorant' WHEN 2 THEN 'csgo' WHEN 3 THEN 'dota2' WHEN 4 THEN 'pubg' END, l.game),
    ('region', v.region, l.region), ('description', v.description, l.description),
    ('logo_url', v.branding ->> 'logo_url', l.logo_url),
    ('is_active', (v.status = 'ACTIVE')::text, l.is_active::text),
    ('updated_at', v.updated_at::text, l.updated_at::text), ('map verified', 'true', m.verified::text)
) AS c (what, vnext, legacy)
UNION ALL
SELECT 'membership', c.* FROM organizations_teammembership v
LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
LEFT JOIN teams_teammembership l ON l.team_id = m.legacy_team_id AND l.user_id = v.user_id
CROSS JOIN LATERAL (VALUES
    ('user_id', v.user_id::text, l.user_id::text), ('role', v.role, l.role), ('status', v.status, l.status),
    ('has left', (v.status <> 'ACTIVE')::text, (l.left_at IS NOT NULL)::text)
) AS c (what, vnext, legacy);
"

title "5. vNext and legacy, side by side"
sql postgres -P border=1 -P footer=off -P null='(null)' -c "$side_by_side" -c "
    SELECT entity, what, vnext AS \"vNext\", legacy, CASE WHEN vnext IS DISTINCT FROM legacy THEN 'DIFFERS' ELSE '=' END AS \" \"
    FROM pairs" | indent
wrong=$(sql postgres -At -c "$side_by_side" -c "SELECT count(*) FROM pairs WHERE vnext IS DISTINCT FROM legacy")
rows=$(sql postgres -Atc "SELECT (SELECT count(*) FROM teams_team) || ' ' || (SELECT count(*) FROM teams_teammembership)")
[ "$wrong" = 0 ] || fail "$wrong values differ"
[ "$rows" = '1 1' ] || fail "legacy should have one team and one membership, has: $rows"
say "legacy equals vNext"

# ---- and out -------------------------------------------------------------------------------------------------------

if [ "$KEEP" ]; then
    trap - EXIT
    title "It is still up"
    say "the database     psql -h $PGHOST -p $PGPORT -U app_user $DB    (or -U postgres)" \
        "the log          tail -f $dir/dualwrited.log" \
        "the settings     $dir/dualwrited.env, then kill -HUP $daemon" \
        "stop it all      tests/demo.sh stop $dir"
    exit 0
fi

title "6. Stop: SIGTERM"
kill "$daemon"
status=0
wait "$daemon" || status=$?
tail -n 1 "$dir/dualwrited.log" | fold -s -w 114 | indent
say "dualwrited ended with exit status $status"
daemon=
[ "$status" -eq 0 ] || fail "it should be 0"
printf '\ndemo: all five flows are in step, in %s seconds\n' "$SECONDS"
