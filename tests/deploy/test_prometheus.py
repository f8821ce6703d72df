"""The alert rules and the dashboard, as Prometheus and Grafana read them: promtool parses every expression, runs each case
of tests/prometheus, and the dashboard is laid out as Grafana wants it. That the metrics exist is tests/unit/check_metrics.sh's
and tests/integration/test_alerts.py's. Grafana itself is in no Debian release, so it is not started here."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
RULES = TOP / "config" / "prometheus" / "dualwrite.rules.yml"
CASES = sorted((TOP / "tests" / "prometheus").glob("*.yml"))
DASHBOARD = json.loads((TOP / "config" / "grafana" / "dualwrite.json").read_text())
PANELS = DASHBOARD["panels"]

pytestmark = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing: Debian package prometheus")


def promtool(*args):
    done = subprocess.run(["promtool", *map(str, args)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_well_formed():
    assert "SUCCESS" in promtool("check", "rules", "--lint-fatal", RULES)


def test_the_sample_configuration_is_read():
    assert "1 rule files found" in promtool("check", "config", "--lint-fatal", RULES.parent / "prometheus.yml")


@pytest.mark.parametrize("cases", CASES, ids=[path.stem for path in CASES])
def test_each_alert_fires_in_its_case_and_not_in_the_near_miss(cases):
    promtool("test", "rules", cases)


def test_every_alert_fires_in_a_case():
    alerts = set(re.findall(r"(?m)^ *- alert: (\w+)$", RULES.read_text()))
    fired = set(re.findall(r'alertname="(\w+)"', "".join(path.read_text() for path in CASES)))
    assert alerts == fired


# ---- the dashboard -------------------------------------------------------------------------------------------------


def queries():
    """(where, expression) of everything that the dashboard asks Prometheus."""
    for panel in PANELS:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def test_every_expression_of_the_dashboard_parses(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "5m", expression)}
             for number, (_, expression) in enumerate(queries())]
    assert len(rules) > 30
    # JSON is YAML
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", tmp_path / "panels.yml")


def test_the_dashboard_is_one_that_grafana_loads():
    assert DASHBOARD["schemaVersion"] >= 36 and DASHBOARD["title"] and re.fullmatch(r"[\w-]{1,40}", DASHBOARD["uid"])
    assert "id" not in DASHBOARD, "an id belongs to one Grafana"
    ids = [panel["id"] for panel in PANELS]
    assert len(ids) == len(set(ids))
    assert all(panel["type"] in {"row", "stat", "timeseries", "state-timeline", "table"} for panel in PANELS)
    titles = [panel["title"] for panel in PANELS]
    assert all(titles) and len(titles) == len(set(titles))
    for panel in PANELS:
        if panel["type"] != "row":
            assert panel["description"] and panel["targets"], panel["title"]
            references = [target["refId"] for target in panel["targets"]]
            assert len(references) == len(set(references)), panel["title"]


def test_panels_do_not_overlap():
    taken = {}
    for panel in PANELS:
        at = panel["gridPos"]
        assert at["x"] >= 0 and at["x"] + at["w"] <= 24 and at["w"] > 0 and at["h"] > 0, panel["title"]
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert cell not in taken, f"{panel['title']} is over {taken[cell]}"
            taken[cell] = panel["title"]


def test_the_data_source_and_the_installation_are_chosen_by_whoever_looks():
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource" and variables["datasource"]["query"] == "prometheus"
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) == {*variables, "__rate_interval"}
    sources = re.findall(r'"datasource": (\{[^}]*\}\}?"?[^}]*\}|"[^"]*")', json.dumps(DASHBOARD))
    assert sources and all("${datasource}" in source for source in sources)
    for where, expression in queries():
        for selector in re.findall(r"\b(?:dualwrite|process)_\w+(\{[^}]*\})?", expression.split(" * on ")[0]):
            assert 'job="$job"' in selector, f"{where}: {expression} takes every installation together"
