#!/bin/sh
# embed.sh - writes BASE.c and BASE.h with the given text files as NUL-terminated char arrays.
#
#     embed.sh BASE FILE...
#
# The symbol is the file's name: lib/sql/daemon/claim.sql is sql_daemon_claim, lib/sql/install/001_base.sql is sql_install_001_base,
# config/mapping.json is default_mapping_json. Byte arrays, because C promises only 4095 bytes to a string literal.
# Needs nothing but coreutils and sed.
set -eu

base=$1
shift

symbol() {
    case $1 in
    lib/sql/*.sql) name=sql_${1#lib/sql/} ;;
    *) name=default_${1##*/} ;;
    esac
    printf '%s' "${name%.sql}" | tr -c 'A-Za-z0-9_' '_'
}

{
    printf '/* Made by lib/sql/embed.sh: do not edit. */\n#ifndef DUALWRITE_EMBEDDED_H\n#define DUALWRITE_EMBEDDED_H\n\n'
    for file; do
        printf 'extern const char %s[]; /* %s */\n' "$(symbol "$file")" "$file"
    done
    printf '\n#endif\n'
} >"$base.h.new"

{
    printf '/* Made by lib/sql/embed.sh: do not edit. */\n#include "embedded.h"\n'
    for file; do
        printf '\nconst char %s[] = {\n' "$(symbol "$file")"
        # octal character constants, so that bytes above 127 are right whether char is signed or not
        od -An -v -to1 "$file" | sed "s/ *\([0-7][0-7]*\)/'\\\\\\1',/g"
        printf '0};\n'
    done
} >"$base.c.new"

# the header keeps its time when nothing changed in it: a new statement text does not recompile every file
cmp -s "$base.h.new" "$base.h" || cp "$base.h.new" "$base.h"
rm "$base.h.new"
mv "$base.c.new" "$base.c"
