#!/usr/bin/env bash
# debian_root.sh - a minimal Debian in a folder, and the way into it. For tests that want a machine without this one's packages.
#
#     tests/debian_root.sh make FOLDER [PACKAGE...]    a minbase with these packages, from the mirrors that apt uses here;
#                                                      SUITE=bookworm
#     tests/debian_root.sh enter ROOT COMMAND...       runs it inside, with mount, process and IPC namespaces of its own
#
# Sourced, it only defines its functions. Needs root. What enter mounts and starts goes when it ends.
set -euo pipefail

# make_root FOLDER [PACKAGE...]
make_root() {
    local folder=$1 suite=${SUITE:-bookworm} packages sources new option=()
    shift
    packages=$(IFS=,; echo "$*")
    # shellcheck disable=SC2016 # apt-get's own variables
    sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' |
        grep -E "^deb [^ ]+ $suite(-[a-z]+)? main\$" | sort -u) ||
        sources="deb http://deb.debian.org/debian $suite main"
    for file in /etc/apt/apt.conf.d/*; do
        if grep -q '^ *Acquire::' "$file" 2>/dev/null; then option+=(--aptopt="$file"); fi
    done
    new=$(mktemp -d "$folder.XXXXXX")
    # it is there whole or not at all
    if ! mmdebstrap --variant=minbase ${packages:+"--include=$packages"} "${option[@]}" "$suite" "$new" - <<<"$sources" \
        >"$new.log" 2>&1
    then
        tail -n 20 "$new.log" >&2
        rm -rf --one-file-system "$new" "$new.log"
        return 1
    fi
    chmod 755 "$new"
    rm "$new.log"
    mv -T "$new" "$folder"
}

# open_network ROOT - our way to the package mirrors
open_network() {
    rm -f "$1/etc/resolv.conf"
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    # sudo looks the host's name up
    echo "127.0.0.1 localhost $(hostname)" >>"$1/etc/hosts"
    for file in /etc/apt/apt.conf.d/*; do
        if grep -q '^ *Acquire::' "$file" 2>/dev/null; then cp "$file" "$1/etc/apt/apt.conf.d/"; fi
    done
}

# copy_tree FOLDER - the tree as it is: tracked and untracked files, without what is ignored and without .git
copy_tree() {
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
        tar --null --no-recursion -T - -c | tar -x --no-same-owner -C "$1"
}

# enter ROOT COMMAND...
enter() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --ipc --fork --kill-child --propagation private bash -c '
        set -e
        root=$1; shift
        mount -t proc proc "$root/proc"
        mount -t tmpfs -o mode=755 dev "$root/dev"
        for node in null zero full random urandom tty; do
            touch "$root/dev/$node"
            mount --bind "/dev/$node" "$root/dev/$node"
        done
        ln -s /proc/self/fd "$root/dev/fd"
        mkdir "$root/dev/shm" "$root/dev/pts"
        mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
        ln -s pts/ptmx "$root/dev/ptmx"
        exec chroot "$root" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
            HOME=/root "$@"
    ' - "$@"
}

# sourced
[ "$0" = "${BASH_SOURCE[0]}" ] || return 0

command=${1:-}
shift || true
case $command in
make) make_root "$@" ;;
enter) enter "$@" ;;
*) echo >&2 "usage: debian_root.sh make FOLDER [PACKAGE...] | enter ROOT COMMAND..." && exit 64 ;;
esac
