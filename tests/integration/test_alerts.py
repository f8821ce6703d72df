"""Each metric that alert rules and dashboard ask for is served by a real daemon, with the labels that they choose by: who
renames one sees it here. Whether the rules are right is tests/deploy/test_prometheus.py's."""

import http.client
import json
import re
import signal

from conftest import TIMEOUT, TOP, Daemon, wait_until

RULES = TOP / "config" / "prometheus" / "dualwrite.rules.yml"
DASHBOARD = TOP / "config" / "grafana" / "dualwrite.json"
NAME = re.compile(r"(?<![:\w/])((?:dualwrite|process)_[a-z0-9_]+)(\{[^}]*\})?")


def expressions():
    """Every PromQL expression of the rules and the dashboard."""
    dashboard = json.loads(DASHBOARD.read_text())
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    found += [variable["definition"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    rules = re.sub(r"(?m)^ *#.*$", "", RULES.read_text())
    return found + re.findall(r"(?ms)^ +expr: (.*?)(?=^ +(?:for|labels|- record|- alert|- name):|\Z)", rules)


def asked_for():
    """(metric, label) of everything that is chosen or grouped by; (metric, "") for the metric itself."""
    for expression in expressions():
        for name, selector in NAME.findall(expression):
            yield name, ""
            for label in re.findall(r'(\w+)[!=~]+"', selector):
                yield name, label


def served(daemon):
    """The same of what a daemon answers."""
    port = int(daemon.wait_for("http_listening")["address"].rsplit(":", 1)[1])
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        conn.request("GET", "/metrics")
        answer = conn.getresponse()
        text = answer.read().decode()
    finally:
        conn.close()
    assert answer.status == 200, text
    found = set()
    for name, labels in re.findall(r"(?m)^(\w+)(\{.*\})? \S+$", text):
        found |= {(name, "")} | {(name, label) for label in re.findall(r'(\w+)="', labels)}
    return found


def test_a_daemon_serves_what_is_asked_for(installed):
    db = installed
    wanted = {(name, label) for name, label in asked_for() if label not in ("job", "instance")}
    assert len({name for name, _ in wanted}) >= 30
    if db.value("SELECT to_regclass('dualwrite.monitor_run')"):
        db.execute("""INSERT INTO dualwrite.monitor_run (pack, period_hours, score, status, issues, document)
                      VALUES ('teams', 24, 95, 'healthy', 1, '{}')""")
    else:
        wanted = {(name, label) for name, label in wanted if not name.startswith("dualwrite_health_")}
    db.legacy.execute("ALTER TABLE teams_team ADD CONSTRAINT no_bad CHECK (name <> 'bad')")
    with Daemon(db, DUALWRITE_HTTP_LISTEN="127.0.0.1:0") as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        daemon.wait_for("dual_write_failed", team_id=db.new_team(name="bad"))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for("config_reloaded")

        def all_there():
            missing = wanted - served(daemon)
            assert not missing, f"asked for and not served: {sorted(missing)}"
            return True
        wait_until(all_there)
