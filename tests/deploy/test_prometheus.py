"""The alert rules and the dashboard, as Prometheus and Grafana read them: promtool parses every expression, runs each case
of tests/prometheus, the dashboard is laid out as Grafana wants it, and a real server asks real daemons all of it. That the
metrics exist is also tests/unit/check_metrics.sh's and tests/integration/test_alerts.py's, which are quick. Grafana itself is in
no Debian release, so it is not started here."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from conftest import Daemon, wait_until
from helpers import drained

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


# ---- a real server ---------------------------------------------------------------------------------------------------

# what says something only when something is wrong, or was
QUIET = ("Failed attempts", "Connections that are down", "Reloads", DASHBOARD["annotations"]["list"][0]["name"])


class Prometheus:
    """Debian's, on the loopback address, with our rules; it scrapes and judges each second."""

    def __init__(self, directory, daemons):
        self.port = free_port()
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": "dualwrited", "static_configs": [{"targets": [address_of(d) for d in daemons]}]}]}
        (directory / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        self.log = open(directory / "prometheus.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"], stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def get(self, what, **parameters):
        """The data of an answer; None while nobody answers."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # still starting
                return None
            raise AssertionError(f"{parameters or what}: {error.read().decode()}") from error
        except urllib.error.URLError:
            assert self.process.poll() is None, Path(self.log.name).read_text()
            return None

    def ask(self, expression):
        return self.get("query", query=expression)["result"]

    def rules(self):
        return [rule for group in (self.get("rules") or {"groups": []})["groups"] for rule in group["rules"]]

    def alerts(self):
        """Those that fire or are about to."""
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def address_of(daemon):
    return daemon.wait_for("http_listening")["address"]


@pytest.mark.layouts("one", "two")
def test_a_real_server_understands_what_real_daemons_say(installed, tmp_path):
    """Two daemons; every rule and every panel. An alert that waits for minutes is pending at once, which is enough here."""
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is missing: Debian package prometheus")
    db = installed
    db.execute("""INSERT INTO dualwrite.monitor_run (pack, period_hours, score, status, issues, document)
                  VALUES ('teams', 24, 95, 'healthy', 1, '{}')""")
    with (Daemon(db, DUALWRITE_HTTP_LISTEN="127.0.0.1:0") as first, Daemon(db, DUALWRITE_HTTP_LISTEN="127.0.0.1:0") as second,
          Prometheus(tmp_path, (first, second)) as server):
        def all_judged():
            rules = server.rules()
            assert [(rule["name"], rule["lastError"]) for rule in rules if rule.get("lastError")] == []
            return rules and all(rule["health"] == "ok" for rule in rules) and len(server.ask("up == 1")) == 2

        wait_until(all_judged)
        for _ in range(5):  # a counter says something from its second sample on
            db.new_team()
            time.sleep(1)
        drained(db)
        wait_until(lambda: server.ask("job:dualwrite_events_completed:increase5m > 0"), what="the completed events")
        # each recorded series is there, once for the installation
        for rule in (rule for rule in server.rules() if rule["type"] == "recording"):
            found = server.ask(rule["name"])
            assert found and all(series["metric"].get("job") == "dualwrited" and "instance" not in series["metric"] for series in found), rule
        for where, expression in queries():
            found = server.ask(expression.replace("$job", "dualwrited").replace("$__rate_interval", "1m"))
            assert found or where in QUIET, f"{where}: nothing comes of {expression}"
        assert server.alerts() == set(), "well, and yet"

        # what a database restart, and rows that cannot be synced, look like
        db.close()  # the test's own sessions end with the server's
        db.cluster.restart()
        db.new_team(game_id=98)
        wait_until(lambda: server.alerts() == {"DualwriteParked"}, what="the alert about the parked event, and no other")
        for daemon in (first, second):
            daemon.term()
        wait_until(lambda: "DualwriteNoDaemon" in server.alerts(), what="the alert about daemons that are gone")
        assert all_judged() is not None
