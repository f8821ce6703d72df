#!/usr/bin/env bash
# The documents say what the program does: every command and option stands in the manual page, every event_type in
# docs/operations.md, README's table of commands is that of --help, both references of the mapping file have the keys
# that its parser knows, and no link within the tree leads nowhere.
# DUALWRITED names the program, build/dualwrited without; it is built when it is missing.
# shellcheck disable=SC2016 # the backticks are Markdown's
set -euo pipefail
cd "$(dirname "$0")/../.."

dualwrited=${DUALWRITED:-build/dualwrited}
page=docs/dualwrited.8
runbook=docs/operations.md
faults=0

[ -x "$dualwrited" ] || MAKEFLAGS='' make -s -j "$(nproc)" "$dualwrited"

fault() {
    echo "$*"
    faults=$((faults + 1))
}

# "name" or "name=ARGUMENT" of each option of a command, without --help; an argument that may be left out looks the same
options() { # COMMAND, may be of two words
    # shellcheck disable=SC2086
    "$dualwrited" $1 --help | sed -n -e 's/\[=\([A-Z]*\)\]/=\1/' -e 's/^  --\([a-z-]*\(=[A-Z]*\)\{0,1\}\) .*/\1/p' | grep -v '^help$' || true
}

# the same from a command's part of the manual page
page_options() {
    awk -v command=".Ss $1" '/^\.S[sh] / { here = $0 == command } here' "$page" |
        sed -n -e 's/^\.It Fl Fl \([a-z-]*\) Ns = Ns Ar \([A-Z]*\)$/\1=\2/p' \
            -e 's/^\.It Fl Fl \([a-z-]*\) Ns Oo = Ns Ar \([A-Z]*\) Oc$/\1=\2/p' -e 's/^\.It Fl Fl \([a-z-]*\)$/\1/p'
}

# ---- commands and options ----------------------------------------------------------------------------------------

help_table=$("$dualwrited" --help | sed -n 's/^  \([a-z]*\)  *\(.*\)$/| `\1` | \2 |/p')
commands=$(sed -n 's/^| `\([a-z]*\)`.*/\1/p' <<<"$help_table")
[ "$(wc -w <<<"$commands")" -ge 4 ] || fault "$dualwrited --help lists hardly any command: this check reads it wrongly"

# a command of commands lists them as the program itself does
while read -r command; do
    commands+=$'\n'$("$dualwrited" "$command" --help | sed -n "s/^  \\([a-z][a-z-]*\\)  .*/$command \\1/p")
done <<<"$commands"
commands=$(grep . <<<"$commands")

while read -r command; do
    if ! grep -qx "\.Ss $command" "$page"; then
        fault "$page: the command \"$command\" is missing; it is a section: .Ss $command"
        continue
    fi
    differences=$(diff <(options "$command" | sort) <(page_options "$command" | sort)) || true
    [ -z "$differences" ] ||
        fault "$page: the options of \"$command\" differ (< --help, > $page):"$'\n'"$differences"
done <<<"$commands"
while read -r command; do
    grep -qx "$command" <<<"$commands" || fault "$page: there is no command \"$command\""
done < <(sed -n 's/^\.Ss \([a-z -]*\)$/\1/p' "$page")
for option in help version; do
    grep -qx "\.It Fl Fl $option" "$page" || fault "$page: --$option is missing"
done

readme_table=$(sed -n '/^## Commands$/,/^## /p' README.md | grep '^| `' || true)
differences=$(diff <(echo "$help_table") <(echo "$readme_table")) ||
    fault "README.md: the table of commands differs from --help (< --help, > README.md):"$'\n'"$differences"

# ---- event types -------------------------------------------------------------------------------------------------

# what is logged stands behind the level: log_msg(LOG_INFO, "ready", ...), or two of them: done ? "a" : "b"
types=$(cat daemon/*.c lib/*/*.c | tr '\n' ' ' | grep -oE '\b(log_msg|log_begin|begin)\([^";]*"[a-z_]+"( : "[a-z_]+")?' |
    grep -oE '"[a-z_]+"' | tr -d '"' | sort -u)
[ "$(wc -w <<<"$types")" -ge 20 ] || fault "hardly any event_type was found in daemon: this check reads it wrongly"
for type in $types; do
    grep -q "^| \`$type\` |" "$runbook" || fault "$runbook: event_type=$type is missing in the table of log lines"
done
while read -r type; do
    grep -qx "$type" <<<"$types" || fault "$runbook: nothing logs event_type=$type"
done < <(sed -n '/^## Log lines$/,/^## /s/^| `\([a-z_]*\)` |.*/\1/p' "$runbook" | sort -u)

# ---- the mapping file ---------------------------------------------------------------------------------------------

# what the parser knows stands in arrays: keys[] = {"name", ...}
keys=$(cat lib/core/mapping*.c | tr '\n' ' ' | grep -oE 'keys\[\] = \{[^}]*\}' | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u)
[ "$(wc -w <<<"$keys")" -ge 40 ] || fault "hardly any key was found in lib/core/mapping*.c: this check reads it wrongly"
# in docs/mapping.md they are the first cells of the tables that begin with "key"
documented=$(awk -F'|' '/^\| key \|/ { table = 1; next } !/^\|/ { table = 0 } table { print $2 }' docs/mapping.md |
    grep -oE '`[a-z_]+`' | tr -d '`' | sort -u)
differences=$(diff <(echo "$keys") <(echo "$documented")) ||
    fault "docs/mapping.md: the keys in its tables differ from the parser's (< parser, > document):"$'\n'"$differences"
# in the manual page every key is set in Cm, and nothing else is; each is once a list's item
page_keys=$(sed -n -e 's/^\.It Cm //p' docs/dualwrited-mapping.5 | tr -cs 'a-z_' '\n' | grep . | sort -u)
differences=$(diff <(echo "$keys") <(echo "$page_keys")) ||
    fault "docs/dualwrited-mapping.5: its lists' keys differ from the parser's (< parser, > page):"$'\n'"$differences"
while read -r key; do
    grep -qx "$key" <<<"$keys" || fault "docs/dualwrited-mapping.5: there is no key \"$key\""
done < <(sed -n -e 's/^\.Cm //p' docs/dualwrited-mapping.5 | tr -cs 'a-z_' '\n' | grep .)

# ---- files -------------------------------------------------------------------------------------------------------

# a name in backticks, maybe with folders or a star
while read -r file; do
    [ -n "$(find daemon lib include config tests systemd -path "*/${file##*/}" -path "*$file" -print -quit)" ] ||
        fault "docs/architecture.md: there is no $file"
done < <(grep -oE '`[a-zA-Z0-9_/*.-]+\.(c|h|sql|sh)`' docs/architecture.md | tr -d '`' | sort -u)
# and the other way round: each source file is named, by a star or by its folder too
covered=$(grep -oE '`[a-zA-Z0-9_/*.-]+(\.c|/)`' docs/architecture.md | tr -d '`' |
    sed -e 's/\./\\./g' -e 's/\*/[^\/]*/g' -e '/\/$/ { s/^/^/; b; }' -e 's,^.*/,,' -e 's,.*,(^|/)&$,')
while read -r file; do
    fault "docs/architecture.md: $file is in no row of \"Which file for which concern\""
done < <(printf '%s\n' daemon/*.c lib/*/*.c | grep -vEf <(echo "$covered"))

# ---- links -------------------------------------------------------------------------------------------------------

# the anchors of a document, as GitHub makes them from its headings
anchors() {
    sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^a-z0-9 _-]//g' -e 's/ /-/g'
}

for document in README.md docs/*.md docs/runbooks/*.md; do
    while read -r link; do
        case $link in
        *://* | mailto:*) continue ;;
        esac
        path=${link%%#*}
        target=$document
        [ -z "$path" ] || target=$(dirname "$document")/$path
        if [ ! -e "$target" ]; then
            fault "$document: the link $link leads nowhere"
        elif [[ $link == *'#'* ]] && ! anchors "$target" | grep -qxF -- "${link#*#}"; then
            fault "$document: the link $link names no heading of $target"
        fi
    done < <(grep -oE '\]\([^) ]+\)' "$document" | sed 's/^](\(.*\))$/\1/')
done

[ "$faults" -eq 0 ] || { echo "$faults faults in the documents" && exit 1; }
