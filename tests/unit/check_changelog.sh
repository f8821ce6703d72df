#!/usr/bin/env bash
# CHANGELOG.md keeps the form of Keep a Changelog: Unreleased first, then versions from the newest down, each with its date, and
# under each the known groups with something in them. VERSION and git's tags, where there are any, name the same versions.
set -euo pipefail
cd "$(dirname "$0")/../.."

log=CHANGELOG.md
faults=0

fault() {
    echo "$*"
    faults=$((faults + 1))
}

form='[0-9]+\.[0-9]+\.[0-9]+'
version=$(cat VERSION)
[[ $version =~ ^$form$ ]] || fault "VERSION: \"$version\" is not like 1.2.3"

mapfile -t headings < <(sed -n 's/^## //p' "$log")
[ "${headings[0]-}" = '[Unreleased]' ] || fault "$log: the first version is to be [Unreleased], not ${headings[0]-nothing}"
released=()
before=9999-99-99
for heading in "${headings[@]:1}"; do
    if ! [[ $heading =~ ^\[($form)\]\ -\ ([0-9]{4}-[0-9]{2}-[0-9]{2})$ ]]; then
        fault "$log: \"## $heading\" is not like \"## [1.2.3] - 2026-01-31\""
        continue
    fi
    day=${BASH_REMATCH[2]}
    released+=("${BASH_REMATCH[1]}")
    [[ $day == "$(date -d "$day" +%F 2>/dev/null)" ]] || fault "$log: $heading: there is no such day"
    [[ ! $day > $before ]] || fault "$log: $heading is younger than the version above it"
    before=$day
done
[ "$(printf '%s\n' "${released[@]}")" = "$(printf '%s\n' "${released[@]}" | sort -rVu)" ] ||
    fault "$log: the versions are not in order, the newest first: ${released[*]}"
if [ "${#released[@]}" -gt 0 ]; then
    [ "$(printf '%s\n' "$version" "${released[0]}" | sort -V | tail -n 1)" = "$version" ] ||
        fault "VERSION is $version, and $log has ${released[0]} already"
fi

# groups: known ones, each once in a version, with a list and nothing else
faulty=$(awk '
    function end() { if (group != "" && !items) print version ": " group " has nothing in it" }
    /^## / { end(); version = $2; group = ""; split("", seen); next }
    version == "" { next }
    /^### / {
        end(); group = substr($0, 5); items = 0
        if (group !~ /^(Added|Changed|Deprecated|Removed|Fixed|Security)$/) print version ": there is no group \"" group "\""
        if (seen[group]++) print version ": " group " is there twice"
        next
    }
    /^- / { items++; if (group == "") print version ": a line before its group: " $0; next }
    /^$/ || /^  [^ ]/ || /^\[.*\]: / { next }
    { print version ": neither a line of a list nor its continuation: " $0 }
    END { end() }' "$log")
[ -z "$faulty" ] || fault "$log: $faulty"

# a tag v1.2.3 for each version, but for the one that is being made; a copy without history has no tags
if tags=$(git tag --list 'v*' 2>/dev/null) && [ -n "$tags" ]; then
    differences=$(diff <(printf 'v%s\n' "${released[@]}" | grep -vx -e "v$version" -e v | sort) <(grep -vx "v$version" <<<"$tags" | sort)) ||
        fault "$log: its versions are not those of the tags (< $log, > tags):"$'\n'"$differences"
fi

[ "$faults" -eq 0 ] || { echo "$faults faults in the changelog" && exit 1; }
