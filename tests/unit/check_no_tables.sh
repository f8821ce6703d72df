#!/bin/sh
# Nothing about one application's tables is hard-wired: their names, columns, values and operations stand in the mapping
# file alone. (TEAM_ is the prefix of the flags, and they are ours. So are the keys of the report, which other programs read:
# report.c and report.h have them, delta_*.c and stage_judge.c read them.)
set -eu
cd "$(dirname "$0")/../.."

words='organizations_|teams_team|teammembership|membership_id|sync_team|sync_ranking|team_id|legacy_team|vnext_team|game_id'
words="$words|valorant|csgo|dota2|pubg|branding|logo_url"

if grep -rnwE --include='*.[ch]' --include='*.sql' --exclude='delta_*.c' --exclude='stage_judge.c' "($words)[a-z_]*" daemon lib include |
    grep -v -e '^lib/core/report\.c:' -e '^include/dualwrite/report\.h:'; then
    echo "words of the sample application in the program's own files: say it with the mapping, or with another example"
    exit 1
fi
