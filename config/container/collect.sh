#!/bin/sh
# collect.sh PROGRAM FOLDER - everything that PROGRAM needs to run, in FOLDER: itself, the libraries that it links and loads, what
# libc wants to know. For the Containerfile; runs on Debian, whose packages' licences come along.
set -eu
program=$1
image=$2

mkdir -p "$image/etc/dualwrite" "$image/etc/ssl/certs" "$image/usr/bin" "$image/usr/share/dualwrited" \
    "$image/home/dualwrite" "$image/tmp" "$image/var/lib/dpkg/status.d"
chmod 1777 "$image/tmp"
cp "$program" "$image/usr/bin/dualwrited"
# found from the program's folder; for `validate` and `monitor`
cp -R config/rules "$image/usr/share/dualwrited/rules"

# libcurl is loaded by name, only by `smoke --via=api` and `monitor --alert`
curl=$(ldconfig -p | sed -n 's/.*libcurl\.so\.4 .* => //p' | head -n 1)
[ "$curl" ] || { echo >&2 "collect.sh: libcurl.so.4 is not here: Debian package libcurl4" && exit 1; }

{
    echo "$curl"
    # name => path (address), and the loader, whose line has no =>
    { ldd "$program"; ldd "$curl"; } | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p'
} | sort -u | while read -r library; do
    mkdir -p "$image/${library%/*}"
    cp -L "$library" "$image/$library"
    # dpkg knows it by its real path, or by the one from before /lib became a link
    dpkg-query -S "$(realpath "$library")" 2>/dev/null || dpkg-query -S "$library" 2>/dev/null ||
        dpkg-query -S "$(realpath "$library" | sed 's,^/usr,,')"
done | sed 's/: .*//' | sort -u | while read -r package; do
    # licences must go along, and scanners look for known faults by these
    name=${package%%:*}
    mkdir -p "$image/usr/share/doc/$name"
    cp -L "/usr/share/doc/$name/copyright" "$image/usr/share/doc/$name/"
    dpkg-query -s "$package" >"$image/var/lib/dpkg/status.d/$name"
done

cp /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/"
cp /etc/debian_version /etc/os-release "$image/etc/"
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
echo 'dualwrite:x:65532:65532:dualwrited:/home/dualwrite:/nonexistent' >"$image/etc/passwd"
echo 'dualwrite:x:65532:' >"$image/etc/group"
