"""`dualwrited monitor`: the score, its words and exit statuses, what is kept of a run, the chart and the soak rule."""

import json

import pytest

from conftest import Daemon, assert_in_step
from helpers import cli

pytestmark = pytest.mark.layouts("one", "two")


def monitor(db, *args, code=None, user="daemon_login"):
    done = cli(db, "monitor", "--json", *args, user=user, check=False)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def ready(installed):
    """A daemon at work, two teams with members, in step."""
    with Daemon(installed) as daemon:
        for name in ("Alpha", "Beta"):
            installed.new_member(installed.new_team(name))
        assert_in_step(installed)
        installed.daemon = daemon
        yield installed


def test_healthy(ready):
    said = monitor(ready, code=0)
    assert (said["health_score"], said["status"], said["period_hours"]) == (100, "healthy", 24)
    assert said["timestamp"].endswith("Z")
    assert said["checks"]["data_integrity"] == {"status": "ok", "total_issues": 0, "skipped_checks": 0, "issues": []}
    states = {r["state"] for r in said["checks"]["teams"]["results"]}
    assert states == ({"clean"} if ready.legacy is ready else {"clean", "left_out"})
    assert ready.execute("SELECT pack, period_hours, score, status, issues FROM dualwrite.monitor_run") == \
        [("teams", 24, 100, "healthy", 0)]
    kept = ready.value("SELECT document FROM dualwrite.monitor_run")
    assert kept["checks"] == said["checks"]
    text = cli(ready, "monitor", user="daemon_login").stdout
    assert "✓ teams: health score 100 of 100, healthy" in text and "✗" not in text and "⚠" not in text
