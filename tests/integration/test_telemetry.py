"""/metrics, /status and /: what they say is what the log says, and nothing that is nobody's business."""

import json
import os
import time
from pathlib import Path

import pytest

from conftest import TIMEOUT, assert_in_step, wait_until
from helpers import ENABLED, cli, drained, partitions
from test_health import ask, bad_team, http_daemon, port_of

pytestmark = pytest.mark.layouts("one", "two")

FIXTURE = Path(__file__).parent.parent / "fixtures" / "status.json"
MONITOR_RUN = """
    CREATE TABLE dualwrite.monitor_run (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(), pack text NOT NULL, period_hours int NOT NULL, score int NOT NULL,
        status text NOT NULL, issues int NOT NULL, document jsonb NOT NULL);
    GRANT SELECT ON dualwrite.monitor_run TO dualwrite_daemon;
    UPDATE dualwrite.setting SET value = '5' WHERE key = 'schema_version'"""


def status(port):
    return json.loads(ask(port, "/status").body)


def surveyed(port, since=None, **wanted):
    """/status once its survey is there, later than that of `since`, and says so."""
    def there():
        document = status(port)
        database = document["database"]
        assert database is not None and (since is None or database["at"] > since["database"]["at"])
        assert {key: database[key] for key in wanted} == wanted
        return document
    return wait_until(there, TIMEOUT)


def monitor_runs(db, pack, scores):
    """As part of schema version 5; made by hand where that is not installed."""
    if db.value("SELECT to_regclass('dualwrite.monitor_run')") is None:
        db.execute(MONITOR_RUN)
    for hours, score in enumerate(reversed(scores)):
        db.execute("""INSERT INTO dualwrite.monitor_run (at, pack, period_hours, score, status, issues, document)
                      VALUES (now() - make_interval(hours => %s), %s, 24, %s, %s, %s, '{"secret": "document-of-the-run"}')""",
                   [len(scores) - 1 - hours, pack, scores[hours], "healthy" if scores[hours] >= 90 else "degraded", hours])


def shape(value):
    """The keys of a document, and of what is in its lists; every value is of a kind."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else []


def assert_same_keys(one, other, path="$"):
    if isinstance(one, dict) and isinstance(other, dict):
        assert list(one) == list(other), path
        for key in one:
            assert_same_keys(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and one and other:
        assert_same_keys(one[0], other[0], f"{path}[0]")


@pytest.mark.layouts("one", reason="with two databases there is a mirror; test_two_databases_in_status has that")
def test_the_status_document_has_the_keys_of_its_sample(installed):
    """tests/fixtures/status.json is a real answer; UPDATE_GOLDEN=1 makes it anew, from a daemon with a minute of history."""
    db = installed
    monitor_runs(db, "teams", [100, 95, 85, 90])
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        team = db.new_team("Plain")
        for n in range(3):
            db.new_member(team, user_id=101 + n)
        parked = bad_team(db)
        daemon.wait_for("dual_write_failed", team_id=parked)
        drained(db)
        document = surveyed(port, failed_events={"parked": 1, "retrying": 0})
        if os.environ.get("UPDATE_GOLDEN"):
            for n in range(70):
                db.execute("UPDATE organizations_team SET description = %s WHERE id = %s", [f"round {n}", team])
                status(port)
                time.sleep(1)
            document = surveyed(port, since=document)
            document["version"] = document["database"]["daemons"][0]["version"] = "0.1.0"
            document["database"]["daemons"][0]["host"] = "web-1"
            FIXTURE.write_text(json.dumps(document, indent=1) + "\n")
            return
        sample = json.loads(FIXTURE.read_text())
        assert_same_keys(sample, document)
        assert document["instance"] == daemon.lines("starting")[0]["instance"]
        assert (document["ready"], document["listening"], document["polling"]) == (True, True, False)
        assert document["connections"] == {"listen": True, "claim": True, "apply": True}
        assert document["partitions"] == list(range(partitions(db)))
        assert document["flags"][ENABLED] == {"value": "true", "source": "daemons", "disagreement": False}
        counters = document["counters"]
        assert (counters["scheduled"], counters["completed"], counters["failed_attempts"], counters["parked"]) == (5, 4, 1, 1)
        assert 0 < document["lag"]["p50_seconds"] <= document["lag"]["p95_seconds"] <= document["lag"]["max_seconds"] < 60
        failure = next(e for e in document["recent"] if e["outcome"] == "park")
        assert (failure["operation"], failure["lag_ms"]) == ("sync_team_created", None)
        database = document["database"]
        (cause,) = database["failures"]
        assert (cause["operation"], cause["parked"], cause["retrying"]) == ("sync_team_created", 1, 0)
        assert cause["exception_type"] == failure["exception_type"] == "invalid_parameter_value"
        assert {p["instance"] for p in database["partitions"]} == {document["instance"]}
        assert [d["instance"] for d in database["daemons"]] == [document["instance"]]
        (health,) = database["health"]
        assert (health["pack"], health["score"]) == ("teams", 90)
        assert [run["score"] for run in health["history"]] == [100, 95, 85, 90]
