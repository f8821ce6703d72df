#!/usr/bin/env bash
# pgcluster.sh - a private PostgreSQL cluster for the tests and the demo, in a new directory of its own.
#
#     dir=$(tests/pgcluster.sh create [PARENT_PID])    makes and starts one, prints its directory
#     . "$dir/env"                                     PGHOST, PGPORT, PGUSER; PGBIN is the folder of psql and the like
#     tail -f "$dir/run/log"                           the server's log
#     tests/pgcluster.sh start DIR | stop [MODE] DIR | destroy DIR
#     tests/pgcluster.sh standby DIR [PARENT_PID]      makes and starts a streaming standby of it, prints that one's directory
#     tests/pgcluster.sh promote DIR                   makes a standby a primary
#
# It never touches another cluster: it works in a directory that it has made itself and marked, on a socket in that
# directory and a free port of the loopback address. With PARENT_PID the cluster is destroyed when that process is gone,
# however it went. As root the server runs as postgres, or nobody: PostgreSQL refuses to run as root.
set -euo pipefail

SELF=$(realpath "$0")
MARK=.dualwrite-private-cluster
unset "${!PG@}"

die() {
    echo >&2 "pgcluster.sh: $*"
    exit 1
}

# the folder of the server's programs: 15 if it is there, else the newest, else pg_config's
find_bin() {
    local bin
    for bin in /usr/lib/postgresql/15/bin $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
        "$(pg_config --bindir 2>/dev/null || true)"; do
        if [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ]; then
            echo "$bin"
            return
        fi
    done
    die "no PostgreSQL server found: Debian package postgresql ('make deps-check' installs it)"
}

# who the server runs as: empty for ourselves
server_user() {
    [ "$(id -u)" -eq 0 ] || return 0
    if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# as_server COMMAND... - runs it as the server's user, in the cluster's directory, with nothing of ours in between
as_server() {
    local user
    user=$(server_user)
    cd "$DIR"
    if [ "$user" ]; then
        setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"
    else
        "$@"
    fi
}

use() {
    DIR=${1:-}
    if [ -z "$DIR" ] || [ ! -e "$DIR/$MARK" ]; then die "not a cluster of ours: '$DIR'"; fi
    # shellcheck source=/dev/null
    . "$DIR/env"
}

running() {
    as_server "$PGBIN/pg_ctl" status -D "$DIR/data" >/dev/null 2>&1
}

start() {
    running && return 0
    # after a stop another process may sit on the port for a moment
    for _ in 1 2 3; do
        if as_server "$PGBIN/pg_ctl" start -w -t 60 -s -D "$DIR/data" -l "$DIR/run/log" </dev/null >"$DIR/pg_ctl.out" 2>&1
        then
            return 0
        fi
        grep -q 'Address already in use' "$DIR/run/log" || break
        sleep 0.5
    done
    return 1
}

stop() {
    running || return 0
    as_server "$PGBIN/pg_ctl" stop -w -t 60 -s -D "$DIR/data" -m "${1:-fast}"
}

write_port() { # PORT
    echo "port = $1" >"$DIR/data/port.conf"
    cat >"$DIR/env" <<END
export PGHOST='$DIR/run' PGPORT=$1 PGUSER=postgres
PGBIN='$PGBIN'
END
    # shellcheck source=/dev/null
    . "$DIR/env"
}

create() { # [PARENT_PID]
    PGBIN=$(find_bin)
    new_directory
    as_server "$PGBIN/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$DIR/initdb.out" 2>&1 || die "initdb failed: $(cat "$DIR/initdb.out")"
    cat >>"$DIR/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$DIR/run'
include 'port.conf'
max_connections = 300
track_commit_timestamp = on
wal_level = logical
# the machine is not expected to crash; the server may
fsync = off
full_page_writes = off
shared_buffers = 32MB
jit = off
autovacuum_naptime = 10min
timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d/%a '
END
    first_start "$@"
}

# standby PRIMARYS_DIR [PARENT_PID]
standby() {
    use "$1"
    new_directory
    as_server "$PGBIN/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U postgres -D "$DIR/data" -R -X stream -c fast --no-sync \
        >"$DIR/basebackup.out" 2>&1 || die "pg_basebackup failed: $(cat "$DIR/basebackup.out")"
    echo "unix_socket_directories = '$DIR/run'" >>"$DIR/data/postgresql.conf"
    first_start "${2:-}"
}

# a directory that the server's user can write in; until it stands, a failure leaves nothing behind
new_directory() {
    local user
    user=$(server_user)
    # not below TMPDIR: a socket's path must stay under 108 bytes and another user must be able to walk there
    # in memory where there is room: tests make and drop databases all the time, and a file system on disk is slow at that
    if [ "${CLUSTER_ON_DISK:-}" ]; then
        DIR=$(mktemp -d /var/tmp/dualwrite-pg.XXXXXX)
    elif [ -w /dev/shm ] && [ "$(df --output=avail -m /dev/shm | tail -n 1)" -ge 8192 ]; then
        DIR=$(mktemp -d /dev/shm/dualwrite-pg.XXXXXX)
    else
        DIR=$(mktemp -d /tmp/dualwrite-pg.XXXXXX)
    fi
    trap 'rm -rf "$DIR"' EXIT
    touch "$DIR/$MARK"
    mkdir "$DIR/data" "$DIR/run"
    chmod 755 "$DIR"
    chmod 700 "$DIR/data"
    if [ "$user" ]; then chown "$user" "$DIR/data" "$DIR/run"; fi
}

# first_start [PARENT_PID]: on a port that is free
first_start() {
    local port tries=20
    while :; do
        # below the range of outgoing connections; to bind it is the lock, and who loses draws again
        port=$((15000 + RANDOM % 17000))
        write_port "$port"
        if start; then break; fi
        grep -q 'Address already in use' "$DIR/run/log" || die "the server did not start: $(cat "$DIR/run/log")"
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || die "no free port found"
        rm -f "$DIR/run/log"
    done
    trap - EXIT
    if [ "${1:-}" ]; then
        # shellcheck disable=SC2016 # expanded by the other bash
        setsid bash -c 'tail --pid="$1" -s 0.5 -f /dev/null; exec "$2" destroy "$3"' - "$1" "$SELF" "$DIR" \
            </dev/null >/dev/null 2>&1 &
        echo $! >"$DIR/watcher.pid"
    fi
    echo "$DIR"
}

destroy() {
    local watcher
    stop immediate || true
    if watcher=$(cat "$DIR/watcher.pid" 2>/dev/null) && [ "$watcher" != $$ ]; then
        kill -- "-$watcher" 2>/dev/null || true
    fi
    cd /
    rm -rf "$DIR"
}

command=${1:-}
shift || true
case $command in
create) create "$@" ;;
start)
    use "$@"
    start || die "the server did not start: $(tail -n 20 "$DIR/run/log")"
    ;;
stop)
    # stop [MODE] DIR
    if [ $# -gt 1 ]; then mode=$1 && shift; else mode=fast; fi
    use "$@"
    stop "$mode"
    ;;
destroy)
    use "$@"
    destroy
    ;;
standby) standby "$@" ;;
promote)
    use "$@"
    as_server "$PGBIN/pg_ctl" promote -w -t 60 -s -D "$DIR/data"
    ;;
*) die "usage: pgcluster.sh create [PARENT_PID] | start DIR | stop [MODE] DIR | destroy DIR | standby DIR [PARENT_PID] | promote DIR" ;;
esac
