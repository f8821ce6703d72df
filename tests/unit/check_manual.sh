#!/usr/bin/env bash
# The manual pages in detail: defaults and optional arguments as --help has them, no option, environment variable, signal or exit
# status that the program does not know and none that is missing, and references that lead somewhere. That commands and options
# are there at all is check_docs.sh's, the settings' types, defaults and limits are test_config_keys.c's.
# DUALWRITED names the program, build/dualwrited without.
set -euo pipefail
cd "$(dirname "$0")/../.."

dualwrited=${DUALWRITED:-build/dualwrited}
page=docs/dualwrited.8
faults=0

fault() {
    echo "$*"
    faults=$((faults + 1))
}

# the lines between two headings of a page
section() { # PAGE HEADING
    awk -v heading="$2" '/^\.S[sh] / { here = $0 == heading } here' "$1"
}

mapfile -t commands < <(sed -n 's/^\.Ss \([a-z -]*\)$/\1/p' "$page")
[ "${#commands[@]}" -ge 20 ] || fault "hardly any command was found in $page: this check reads it wrongly"

# ---- options: what may be left out, defaults -----------------------------------------------------------------------

compared=0
for command in "${commands[@]}"; do
    # shellcheck disable=SC2086
    help=$("$dualwrited" $command --help)
    text=$(section "$page" ".Ss $command")
    while read -r option rest; do
        name=${option#--} && name=${name%%[=[]*}
        item=$(awk -v name="$name" '/^\.(It|El)/ { here = $0 ~ "^.It Fl Fl " name "( |$)" } here' <<<"$text")
        if [[ $option == *'['* ]]; then
            grep -q '^\.It .* Oo = Ns Ar [A-Z]* Oc$' <<<"$item" || fault "$page: $command --$name: its argument may be left out"
        else
            ! grep -q '^\.It .* Oo = ' <<<"$item" || fault "$page: $command --$name: its argument may not be left out"
        fi
        # the file that is read without --config is said once, with run
        [ "$name" != config ] || continue
        # without markup, on one line
        item=$(sed -e 1d -e 's/^\.[A-Z][a-z] //' -e 's/ \([.,;:)]\)/\1/g' <<<"$item" | tr '\n' ' ')
        default=$(sed -n -e "s/.*(default:* \([^;)]*\).*/\1/p" -e "s/^\([a-z]*\) (default).*/\1/p" <<<"$rest")
        value=$(grep -oE '\b[0-9]+[a-z%]*\b' <<<"$default" | head -n 1 || true)
        if [ -n "$default" ]; then
            compared=$((compared + 1))
            grep -qE "[Dd]efault" <<<"$item" || fault "$page: $command --$name: the default is missing: $default"
            [ -z "$value" ] || grep -qwF -e "$value" <<<"$item" || fault "$page: $command --$name: the default is $value, as --help says"
        elif grep -qE '[Dd]efault:' <<<"$item"; then
            fault "$page: $command --$name: --help says of no default: $item"
        fi
    done < <(sed -n 's/^  \(--[^ ]*\) */\1 /p' <<<"$help")
    # an option that the text names is this command's
    while read -r option; do
        grep -qE -- "^  --$option([ =[]|\$)" <<<"$help" || fault "$page: $command: its text names --$option, which it does not have"
    done < <(sed -n 's/^\.\(It \)\{0,1\}Fl Fl \([a-z-]*\).*/\2/p' <<<"$text")
done
[ "$compared" -ge 25 ] || fault "hardly any default was found in --help: this check reads it wrongly"

# "Ql failed retry --wait": a command and an option of it, or a word for itself
while read -r line; do
    option=${line##* }
    # shellcheck disable=SC2086
    "$dualwrited" ${line% *} --help | grep -qE -- "^  $option([ =[]|\$)" || grep -rqF "\"$option\"" daemon ||
        fault "docs: there is no \"dualwrited $line\""
done < <(grep -ohE '^\.Ql (dualwrited )?[a-z][a-z ]* --[a-z][a-z-]*' docs/*.[58] | sed -e 's/^\.Ql //' -e 's/^dualwrited //' |
    grep -v '^pg_' | sort -u)

# ---- exit statuses, signals, environment ---------------------------------------------------------------------------

statuses=$(sed -n '/^enum exit_status/,/^}/s/.* = \([0-9]*\),$/\1/p' daemon/command.h)
listed=$(section "$page" ".Sh EXIT STATUS" | sed -n 's/^\.It //p' | tr -cs '0-9' '\n' | grep .)
[ "$(wc -w <<<"$statuses")" -ge 6 ] || fault "hardly any exit status was found in daemon/command.h: this check reads it wrongly"
for status in $statuses; do
    grep -qx "$status" <<<"$listed" || fault "$page: exit status $status is missing"
done
for status in $listed; do
    grep -qx "$status" <<<"$statuses" || grep -rqE "^ *(\.help =)? *\".*\b$status\b.*after a signal" daemon ||
        fault "$page: nothing exits with status $status"
done

for signal in $(section "$page" ".Sh SIGNALS" | sed -n 's/^\.It Dv //p' | tr -d ','); do
    grep -qw "$signal" daemon/signals.c || fault "$page: the daemon does not listen to $signal"
done
while read -r signal; do
    section "$page" ".Sh SIGNALS" | grep -qw "$signal" || fault "$page: $signal is missing"
done < <(grep -ohE '\bSIG(HUP|USR1|USR2|TERM|INT|WINCH)\b' daemon/signals.c | sort -u)

while read -r variable; do
    case $variable in PG* | WATCHDOG_*) continue ;; esac # those of libpq and libsystemd
    grep -rqwE --include='*.[ch]' "$variable" daemon lib include || fault "docs: nothing reads $variable"
done < <(grep -ohE '^\.(It )?(Pq )?Ev [A-Z_]+( , [A-Z_]+)*' docs/*.[58] | grep -oE '[A-Z_]{3,}' | sort -u)
while read -r variable; do
    grep -qhE "^\.(It )?(Pq )?Ev (.* , )?$variable\b" docs/*.[58] || fault "docs: the environment variable $variable is in no manual page"
done < <(grep -rohE 'getenv\("[A-Z_]+"\)' daemon lib | grep -oE '[A-Z_]{3,}' | sort -u)

# ---- references ----------------------------------------------------------------------------------------------------

for file in docs/*.[158]; do
    name=$(basename "$file")
    grep -qx "\.Dt $(tr '[:lower:]' '[:upper:]' <<<"${name%.*}") ${name##*.}" "$file" || fault "$file: .Dt names another page"
    while read -r heading; do
        grep -qxE "\.S[hs] $heading" "$file" || fault "$file: .Sx $heading leads nowhere"
    done < <(sed -n 's/^\.Sx \(.*[A-Za-z]\)\( [.,;:]\)*$/\1/p' "$file" | sed 's/ [.,;:)]*$//')
    while read -r target number _; do
        case $target in dualwrited*) [ -e "docs/$target.$number" ] || fault "$file: there is no $target($number)" ;; esac
    done < <(sed -n 's/^\.Xr //p' "$file")
done
if command -v mandoc >/dev/null; then
    for file in docs/*.[158]; do mandoc -T lint -W warning "$file" || fault "$file: mandoc has warnings"; done
fi

[ "$faults" -eq 0 ] || { echo "$faults faults in the manual pages" && exit 1; }
