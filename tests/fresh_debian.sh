#!/usr/bin/env bash
# fresh_debian.sh - the proof that two commands are enough: `make demo` and `make check` on a Debian that has nothing but
# git, make and sudo, once as root and once as a plain user who may sudo. Needs root, and the network for apt.
#
#     tests/fresh_debian.sh FOLDER [TARGET...]
#
# FOLDER is a minimal root; it is made when it is missing, and only ever copied. TARGETs are instead of
# `demo` and `check`. The tree is taken as it is: tracked and untracked files, without what is ignored and without .git.
# Everything runs in namespaces of its own, which take their mounts and processes with them when they end.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=tests/debian_root.sh
. tests/debian_root.sh

base=${1:?usage: fresh_debian.sh FOLDER [TARGET...]}
shift
targets=("$@")
[ $# -gt 0 ] || targets=(demo check)
[ "$(id -u)" -eq 0 ] || { echo >&2 "fresh_debian.sh: needs root, for chroot and mount" && exit 1; }

work=$(mktemp -d "${TMPDIR:-/var/tmp}/fresh-debian.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP

if [ ! -e "$base/etc/debian_version" ]; then
    echo "-- making $base"
    make_root "$base" git make sudo ca-certificates
fi

# prepare ROOT - a copy of the base with the tree in it, a user `dev` who may sudo, and our way to the network
prepare() {
    cp -a --reflink=auto "$base/." "$1"
    open_network "$1"
    # services are not started in a chroot
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
    chmod 755 "$1/usr/sbin/policy-rc.d"
    [ -x "$1/usr/bin/sudo" ] || enter "$1" sh -c \
        'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends sudo' \
        >"$work/sudo.log" 2>&1 || { cat >&2 "$work/sudo.log" && return 1; }
    enter "$1" useradd --create-home --shell /bin/bash dev
    echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/dev"
    mkdir "$1/home/dev/dualwrite"
    copy_tree "$1/home/dev/dualwrite"
    enter "$1" chown -R "$2:" /home/dev/dualwrite
}

failed=0
summary=()
for user in root dev; do
    echo "-- a fresh Debian $(cat "$base/etc/debian_version") for $user"
    prepare "$work/$user" "$user"
    for target in "${targets[@]}"; do
        echo "-- make $target as $user"
        begin=$SECONDS
        # afterwards no cluster may have come up beside ours, and ours must be gone
        # shellcheck disable=SC2016 # expanded inside
        if enter "$work/$user" su - "$user" -c 'cd /home/dev/dualwrite && make "$1"' - "$target" &&
            ! ls -d "$work/$user"/etc/postgresql/*/* "$work/$user"/tmp/dualwrite* 2>/dev/null
        then
            summary+=("ok      make $target as $user, $((SECONDS - begin)) s")
        else
            summary+=("FAILED  make $target as $user")
            failed=1
        fi
    done
    rm -rf --one-file-system "${work:?}/$user"
done

echo
printf '%s\n' "${summary[@]}"
exit "$failed"
