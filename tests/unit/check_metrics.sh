#!/usr/bin/env bash
# What the alert rules, their tests and the dashboard ask for is what the daemon serves: every metric in config/prometheus,
# config/grafana and tests/prometheus stands in lib/core/metrics.c, by the name of its family. And every alert has its part of
# docs/alerts.md, which its annotation names; there is no part without an alert, and no command there that the program lacks.
# That a daemon really serves them is tests/deploy/test_prometheus.py's.
# shellcheck disable=SC2016 # the backticks are Markdown's
set -euo pipefail
cd "$(dirname "$0")/../.."

dualwrited=${DUALWRITED:-build/dualwrited}
rules=config/prometheus/dualwrite.rules.yml
document=docs/alerts.md
faults=0

fault() {
    echo "$*"
    faults=$((faults + 1))
}

# ---- metrics -----------------------------------------------------------------------------------------------------

# names behind a colon are those that the rules record, and are no daemon's
used=$(sed 's/#.*//' "$rules" tests/prometheus/*.yml config/grafana/dualwrite.json | grep -oE '(^|[^:a-z_/])(dualwrite|process)_[a-z0-9_]+' |
    grep -oE '(dualwrite|process)_[a-z0-9_]+' | sort -u)
[ "$(wc -w <<<"$used")" -ge 30 ] || fault "hardly any metric was found in $rules: this check reads it wrongly"
served=$(grep -ohE '"(dualwrite|process)_[a-z0-9_]+"' lib/core/metrics.c | tr -d '"' | sort -u)
while read -r metric; do
    family=$(sed -E 's/_(total|bucket|sum|count|info)$//' <<<"$metric")
    grep -qxF -e "$metric" -e "$family" <<<"$served" || fault "no daemon serves $metric: $(grep -rlw "$metric" config tests/prometheus | tr '\n' ' ')"
done <<<"$used"

# ---- alerts ------------------------------------------------------------------------------------------------------

alerts=$(sed -n 's/^ *- alert: //p' "$rules")
[ "$(wc -w <<<"$alerts")" -ge 15 ] || fault "hardly any alert was found in $rules: this check reads it wrongly"
[ -z "$(sort <<<"$alerts" | uniq -d)" ] || fault "$rules: twice: $(sort <<<"$alerts" | uniq -d)"
differences=$(diff <(echo "$alerts") <(sed -n 's/^## \(Dualwrite[A-Za-z]*\)$/\1/p' "$document")) ||
    fault "$document: its alerts, or their order, differ (< $rules, > $document):"$'\n'"$differences"
for alert in $alerts; do
    rule=$(awk -v alert="$alert" '/^ *- (alert|record): /{ here = $3 == alert } /^  - name: /{ here = 0 } here' "$rules")
    severity=$(sed -n 's/^ *severity: \(critical\|warning\|info\)$/\1/p' <<<"$rule")
    [ -n "$severity" ] || fault "$rules: $alert has no severity"
    for key in summary description; do
        grep -qE "^ *$key: ." <<<"$rule" || fault "$rules: $alert has no $key"
    done
    grep -qE "^ *runbook: docs/alerts.md#${alert,,}\$" <<<"$rule" || fault "$rules: $alert names another part of $document than its own"
    part=$(awk -v heading="## $alert" '/^## /{ here = $0 == heading } here' "$document")
    grep -qi "^$severity\." <<<"$part" || fault "$document: $alert does not begin with its severity, $severity"
    for word in Look "Do" Harmless; do
        grep -q "^- $word: ." <<<"$part" || fault "$document: $alert does not say \"$word\""
    done
    # a case in which it fires; that it is silent everywhere else is what each case says
    grep -qs "alertname=\"$alert\"" tests/prometheus/*.yml || fault "tests/prometheus: there is no case in which $alert fires"
done

# ---- commands ----------------------------------------------------------------------------------------------------

while read -r _ command rest; do
    word=
    case $command in failed | rollback | mapping) word=${rest%% *} rest=${rest#"$word"} ;; esac
    # shellcheck disable=SC2086
    if ! help=$("$dualwrited" $command $word --help 2>&1); then
        fault "$document: there is no command \"dualwrited $command $word\""
        continue
    fi
    for option in $rest; do
        grep -qE "^  ${option%%=*}([ =[]|\$)" <<<"$help" || fault "$document: \"dualwrited $command $word\" has no option $option"
    done
done < <(grep -oE '(^    |`)dualwrited [a-z][^`]*' "$document" | sed 's/^ *`*//' | sort -u)

[ "$faults" -eq 0 ] || { echo "$faults faults" && exit 1; }
