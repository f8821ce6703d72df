"""`dualwrited monitor`: the score, its words and exit statuses, what is kept of a run, the chart and the soak rule."""

import json
import threading
import urllib.request

import pytest

from conftest import Daemon, assert_in_step, wait_until
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
    assert states == {"clean"}
    assert ready.execute("SELECT pack, period_hours, score, status, issues FROM dualwrite.monitor_run") == \
        [("teams", 24, 100, "healthy", 0)]
    kept = ready.value("SELECT document FROM dualwrite.monitor_run")
    assert kept["checks"] == said["checks"]
    text = cli(ready, "monitor", user="daemon_login").stdout
    assert "✓ teams: health score 100 of 100, healthy" in text and "✗" not in text and "⚠" not in text


@pytest.fixture
def hasty(ready):
    """A login whose idle sessions the server ends after a second."""
    ready.execute("CREATE ROLE hasty LOGIN IN ROLE dualwrite_daemon")
    ready.execute("ALTER ROLE hasty SET idle_session_timeout = '1s'")
    yield "hasty"
    ready.execute("DROP ROLE hasty")


@pytest.mark.layouts("one", reason="one session that waits is as good as two")
def test_a_server_that_ends_idle_sessions(ready, hasty):
    """While reconcile works, for minutes with large tables, the monitor's own session has nothing to ask."""
    idle = """SELECT clock_timestamp() - state_change > '1500ms' FROM pg_stat_activity
              WHERE usename = 'hasty' AND application_name ~ 'monitor' AND state = 'idle'"""
    said = []
    seen = False

    def waited():
        nonlocal seen
        rows = ready.execute(idle)
        seen = seen or bool(rows)
        return (seen and not rows) or rows == [(True,)] or not thread.is_alive()

    with ready.daemon.stop_cont():  # the event stays in flight, so reconcile waits
        ready.new_team("Gamma")
        thread = threading.Thread(target=lambda: said.append(cli(ready, "monitor", user=hasty, check=False)))
        thread.start()
        wait_until(waited)
    thread.join()
    assert said[0].returncode == 0, said


def test_degraded_and_critical(ready):
    """Parked events weigh 5, each is an issue; legacy writes weigh 20 and are critical, but the status is the score's."""
    park = """INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
              SELECT 1000000 + n, '5', now(), 1, 'team', 'sync_team_created', '{{8}}', 3, 'x' FROM generate_series(1, {}) n"""
    ready.daemon.term()  # which would look at them
    ready.execute(park.format(3))
    said = monitor(ready, "--no-compare", code=1)
    assert said["health_score"] == 100 - 3 * 5 - 5 and said["status"] == "degraded"
    assert ready.execute("SELECT score, status, issues FROM dualwrite.monitor_run") == [(80, "degraded", 3)]
    ready.legacy.execute("""INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, legacy_table, operation, why)
                            SELECT 'app', 'app', '', 'teams_team', 'UPDATE', 'bypass' FROM generate_series(1, 20)""")
    said = monitor(ready, "--no-compare", "--period=1", code=2)
    assert (said["health_score"], said["status"], said["period_hours"]) == (100 - 50 - 5 - 20, "critical", 1)
    assert {i["check"] for i in said["checks"]["data_integrity"]["issues"]} >= {"parked_events", "inline_legacy_writes"}
    text = cli(ready, "monitor", "--no-compare", user="daemon_login", check=2).stdout
    assert "✗ inline_legacy_writes: 20 rows, critical" in text and "✗ teams: health score 25 of 100, critical" in text


@pytest.mark.layouts("one", reason="it is one table, which is the same in both")
def test_a_run_that_cannot_be_kept(installed):
    """What was found is said, and stands; a healthy run that the history lacks is not finished."""
    db = installed
    monitor(db, code=0)
    db.execute("REVOKE INSERT ON dualwrite.monitor_run FROM dualwrite_daemon")
    done = cli(db, "monitor", "--json", "--no-compare", user="daemon_login", check=70)
    assert json.loads(done.stdout)["health_score"] == 100 and "keeping what was found: permission denied" in done.stderr
    for rows, code in ((1, 1), (19, 2)):
        db.execute(f"""INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, legacy_table, operation, why)
                       SELECT 'app', 'app', '', 'teams_team', 'UPDATE', 'bypass' FROM generate_series(1, {rows})""")
        done = cli(db, "monitor", "--no-compare", user="daemon_login", check=code)
        assert "keeping what was found: permission denied" in done.stderr
    assert db.value("SELECT count(*) FROM dualwrite.monitor_run") == 1


def metrics(said):
    return {m["metric"]: (m["value"], m["met"], m["of"]) for m in said["metrics"]}


def test_metrics(ready):
    """What the database knows against the checklist's targets; the rest is null, with a reason."""
    db = ready
    said = monitor(db, "--no-compare")
    first = metrics(said)
    value, met, of = first["operation_success"]
    assert value == 100 and met is True and of >= 4  # two teams, two members
    assert first["response_time"] == first["transaction_rollbacks"] == (None, None, None)
    assert first["constraint_violations"] == (0, True, None)
    assert all((m["value"] is None) == bool(m["why"]) for m in said["metrics"]) and "counters" not in said
    db.daemon.term()
    db.execute("UPDATE dualwrite.processed SET events = 0")
    db.execute("UPDATE dualwrite.processed SET events = 9 WHERE ctid = (SELECT min(ctid) FROM dualwrite.processed)")
    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message, sqlstate)
                  VALUES (1000000, '5', now(), 1, 'team', 'sync_team_created', '{8}', 3, 'x', '23505')""")
    with db.connect() as conn:
        conn.autocommit = True
        for end in ["COMMIT"] * 1100 + ["ROLLBACK"] * 100:
            conn.execute("BEGIN")
            conn.execute(end)

    def counted():  # the server's statistics come when its sessions have told them
        db.execute("DELETE FROM dualwrite.monitor_run WHERE id > 1")
        said = monitor(db, "--no-compare")
        return said if metrics(said)["transaction_rollbacks"][0] is not None else None
    said = wait_until(counted)
    second = metrics(said)
    assert second["operation_success"] == (90, False, 10) and second["constraint_violations"] == (1, False, None)
    value, met, of = second["transaction_rollbacks"]
    assert 4 < value < 10 and met is False and of >= 1200
    assert db.value("SELECT document -> 'metrics' FROM dualwrite.monitor_run ORDER BY id DESC LIMIT 1") == said["metrics"]
    text = cli(db, "monitor", "--no-compare", user="daemon_login", check=False).stdout
    assert "⚠ operation success: 90 % of 10; target > 95 %" in text and "- response time: not known; target < 200 ms" in text


@pytest.mark.layouts("one", reason="it reads one table, which is the same in both")
def test_runs_are_in_status(installed):
    with Daemon(installed, DUALWRITE_HTTP_LISTEN="127.0.0.1:0") as daemon:
        address = daemon.wait_for("http_listening")["address"]
        monitor(installed, code=0)
        installed.execute("""INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, legacy_table, operation, why)
                             VALUES ('app', 'app', '', 'teams_team', 'UPDATE', 'bypass')""")
        monitor(installed, "--no-compare", code=1)

        def there():
            with urllib.request.urlopen(f"http://{address}/status", timeout=10) as answer:
                health = (json.load(answer)["database"] or {}).get("health")
            return health if health and len(health[0]["history"]) == 2 else None
        (health,) = wait_until(there)
        assert (health["pack"], health["score"], health["status"], health["issues"]) == ("teams", 75, "degraded", 1)
        assert [run["score"] for run in health["history"]] == [100, 75]


def kept(db, *runs):
    """Runs that were kept: (days ago, score)."""
    db.execute("DELETE FROM dualwrite.monitor_run")
    for days, score in runs:
        status = "healthy" if score >= 90 else "degraded" if score >= 50 else "critical"
        db.execute(f"""INSERT INTO dualwrite.monitor_run (at, pack, period_hours, score, status, issues, document)
                       VALUES (now() - interval '{days} days', 'teams', 24, {score}, '{status}', 0, '{{}}')""")


@pytest.mark.layouts("one", reason="it reads one table, which is the same in both")
def test_history_and_soak(installed):
    db = installed
    assert "no run is kept yet" in cli(db, "monitor", "--history").stdout
    assert "no run is older" in cli(db, "monitor", "--soak=7d", check=1).stdout
    kept(db, *((day, 100 if day else 91) for day in range(8)))
    said = cli(db, "monitor", "--soak=7d", user="daemon_login").stdout
    assert "✓ teams: healthy for 7 d" in said and "the lowest score 91" in said
    assert "no run is older" in cli(db, "monitor", "--soak=8d", check=1).stdout
    kept(db, *((day, 89 if day == 3 else 100) for day in range(8)))
    assert "a score below 90" in cli(db, "monitor", "--soak=7d", check=1).stdout
    assert json.loads(cli(db, "monitor", "--soak=36h", "--json").stdout)["held"] is True
    kept(db, *((day, 100) for day in (0, 1, 5, 6, 7)))
    assert "nobody looked for more than 1 d 12 h" in cli(db, "monitor", "--soak=7d", check=1).stdout
    assert json.loads(cli(db, "monitor", "--soak=7d", "--json", check=1).stdout)["ended_by"] == "gap"
    kept(db, *((day, 100) for day in (0, 1, 2, 3, 5, 6, 7)))  # a day without a run
    assert "healthy for 3 d " in cli(db, "monitor", "--soak", "7d", check=1).stdout
    kept(db, (3, 40), (2, 70), (1, 95))
    lines = cli(db, "monitor", "--history").stdout.splitlines()
    assert lines[0] == "teams:" and [line.split()[-1] for line in lines[1:]] == ["critical", "degraded", "healthy"]
    assert [run["score"] for run in json.loads(cli(db, "monitor", "--history", "--json").stdout)["teams"]] == [40, 70, 95]


@pytest.mark.layouts("one", reason="it is one table, which is the same in both")
def test_retention(ready):
    kept(ready, (401, 100), (399, 100))
    monitor(ready, "--no-compare")
    assert ready.value("SELECT count(*) FROM dualwrite.monitor_run") == 2
    ready.execute("""INSERT INTO dualwrite.monitor_run (pack, period_hours, score, status, issues, document)
                     SELECT p, 24, 100, 'healthy', 0, '{}' FROM generate_series(1, 10005) n, unnest('{teams,other}'::text[]) p""")
    monitor(ready, "--no-compare")
    assert dict(ready.execute("SELECT pack, count(*)::int FROM dualwrite.monitor_run GROUP BY 1")) == {"teams": 10000, "other": 10005}


BAD_OPTIONS = (
    (["--soak=soon"], 64, "7d or 36h"),
    (["--soak=401d"], 64, "7d or 36h"),
    (["--period=10000"], 64, "a number of hours"),
    (["--soak=7d", "--history"], 64, "one of them"),  # whose exit status would it be
    (["--pack=teams", "--pack=teams"], 65, "as another pack"),
)


@pytest.mark.layouts("one", reason="options are the same in both")
def test_bad_options(installed):
    for args, code, said in BAD_OPTIONS:
        assert said in cli(installed, "monitor", *args, check=code).stderr, args
