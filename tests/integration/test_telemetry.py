"""/metrics, /status and /: what they say is what the log says, and nothing that is nobody's business."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from conftest import TIMEOUT, install, wait_until
from helpers import ENABLED, MEMBERSHIP, TEAM, drained, partitions
from test_health import ask, bad_team, http_daemon, port_of

pytestmark = pytest.mark.layouts("one", "two")

FIXTURE = Path(__file__).parent.parent / "fixtures" / "status.json"
OPERATIONS = ("sync_team_created", "sync_team_settings_updated", "sync_team_deleted", "sync_team_member_added",
              "sync_team_member_updated", "sync_team_member_removed")
MONITOR_RUN = """
    CREATE TABLE dualwrite.monitor_run (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(), pack text NOT NULL, period_hours int NOT NULL, score int NOT NULL,
        status text NOT NULL, issues int NOT NULL, document jsonb NOT NULL);
    GRANT SELECT ON dualwrite.monitor_run TO dualwrite_daemon;
    UPDATE dualwrite.setting SET value = '6' WHERE key = 'schema_version'"""


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


# ---- metrics ---------------------------------------------------------------------------------------------------------

OPEN = "application/openmetrics-text"
PROMETHEUS = f"{OPEN};version=1.0.0,{OPEN};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


def metrics(port, accept=PROMETHEUS):
    """{(sample name, labels): value}, through the strict parser of the format that was asked for."""
    answer = ask(port, "/metrics", headers={"Accept": accept})
    assert answer.status == 200
    text = answer.body.decode()
    if OPEN in accept:
        assert answer.headers["Content-Type"] == f"{OPEN}; version=1.0.0; charset=utf-8"
        assert text.endswith("# EOF\n")
        families = list(open_families(text))
    else:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        if shutil.which("promtool"):  # package prometheus is too large for every run
            checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
            assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
        families = list(plain_families(text))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}


def of(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))))


def test_the_counters_say_what_the_log_says(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        team = db.new_team("Counted")
        for user in (101, 102):
            db.new_member(team, user_id=user)
        daemon.wait_for("dual_write_failed", team_id=bad_team(db))
        db.execute("UPDATE organizations_team SET description = 'again' WHERE id = %s", [team])
        daemon.wait_for("dual_write_completed", operation="sync_team_settings_updated")
        drained(db)
        for accept in (PROMETHEUS, "*/*"):
            seen = metrics(port, accept)
            lines = daemon.lines()
            for event_type, name in (("dual_write_scheduled", "events_scheduled"), ("dual_write_completed", "events_completed")):
                for operation in OPERATIONS:
                    wanted = sum(line["event_type"] == event_type and line.get("operation") == operation for line in lines)
                    assert of(seen, f"dualwrite_{name}_total", operation=operation) == wanted, (name, operation)
            assert of(seen, "dualwrite_attempts_failed_total", operation="sync_team_created", outcome="park") == 1
            assert of(seen, "dualwrite_attempts_failed_total", operation="sync_team_created", outcome="retry") == 0
            times = [int(line["lag_ms"]) for line in lines if line["event_type"] == "dual_write_completed"]
            assert of(seen, "dualwrite_lag_seconds_count") == len(times) == 4
            assert of(seen, "dualwrite_lag_seconds_sum") == pytest.approx(sum(times) / 1000)
            assert of(seen, "dualwrite_lag_seconds_bucket", le="0.25") == sum(t <= 250 for t in times)
            spent = [int(line["duration_ms"]) for line in lines if line["event_type"] == "dual_write_completed"]
            assert of(seen, "dualwrite_duration_seconds_sum") == pytest.approx(sum(spent) / 1000)
            assert of(seen, "dualwrite_ready") == of(seen, "dualwrite_listening") == 1
            assert of(seen, "dualwrite_partitions") == partitions(db)
            assert of(seen, "dualwrite_connected", connection="claim") == 1
            assert of(seen, "dualwrite_connected", connection="mirror") == (1 if db.layout == "two" else None)
            assert 0 < time.time() - of(seen, "dualwrite_last_success_timestamp_seconds") < 60
            assert of(seen, "dualwrite_flag", flag=ENABLED) == 1
        daemon.hup(DUALWRITE_BATCH_SIZE=77)
        daemon.hup("config_not_reloaded", DUALWRITE_BATCH_SIZE="many")
        ask(port, "/no/such/team-4711")
        seen = metrics(port)
        assert of(seen, "dualwrite_config_reloads_total", result="applied") == 1
        assert of(seen, "dualwrite_config_reloads_total", result="refused") == 1
        assert of(seen, "dualwrite_http_requests_total", path="other", code="404") == 1
        assert of(seen, "dualwrite_http_requests_total", path="/metrics", code="200") == 2
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dualwrited/listen'")
        wait_until(lambda: of(metrics(port), "dualwrite_reconnects_total", connection="listen") == 1)


@pytest.mark.layouts("one", reason="the names know no layout; that of the mirror is a label")
def test_the_database_in_metrics_and_the_table_of_them_all(installed):
    """Every metric stands in the table of docs/operations.md, with its type and labels, and every one of the table is served."""
    db = installed
    monitor_runs(db, "teams", [100, 40])
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        daemon.wait_for("dual_write_failed", team_id=bad_team(db))
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_LEGACY_WRITE_BYPASS_ENABLED', 'true')")
        db.execute("UPDATE teams_team SET name = name")  # past the daemon, and recorded
        surveyed(port, inline_legacy_writes_24h=1, failed_events={"parked": 1, "retrying": 0})
        seen = metrics(port)
        assert of(seen, "dualwrite_override_active") == of(seen, "dualwrite_flag", flag="TEAM_LEGACY_WRITE_BYPASS_ENABLED") == 1
        assert of(seen, "dualwrite_daemons") == 1 and of(seen, "dualwrite_inline_legacy_writes_24h") == 1
        assert of(seen, "dualwrite_failed_events", state="parked") == 1
        assert of(seen, "dualwrite_backlog_events") == of(seen, "dualwrite_oldest_event_age_seconds") == 0
        assert of(seen, "dualwrite_health_score", pack="teams") == 40
        assert 0 <= time.time() - of(seen, "dualwrite_health_timestamp_seconds", pack="teams") < 60
        served = {}
        for family in open_families(ask(port, "/metrics", headers={"Accept": OPEN}).body.decode()):
            labels = sorted({label for s in family.samples for label in s.labels if label != "le"})
            name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
            served[name] = (family.type, ", ".join(f"`{label}`" for label in labels))
        text = (Path(__file__).parent.parent.parent / "docs" / "operations.md").read_text()
        rows = [re.findall(r"[^|]+", line) for line in text.splitlines()
                if re.match(r"\| `(dualwrite|process)_\w+` \|", line)]
        table = {row[0].strip(" `"): (row[1].strip(), row[2].strip()) for row in rows}
        assert table == served


# ---- what is nobody's business ---------------------------------------------------------------------------------------


def test_no_answer_names_a_row_a_message_or_a_secret(installed):
    db = installed
    planted = ("planted-name", "planted-slug", "planted-words", "planted-actor", "planted-password", "daemon_login", "the value map")
    urls = {"DUALWRITE_DATABASE_URL": db.url("daemon_login", password="planted-password")}
    if db.layout == "two":
        urls["DUALWRITE_LEGACY_DATABASE_URL"] = db.legacy.url("daemon_login", password="planted-password")
    with http_daemon(db, **urls) as daemon:
        port = port_of(daemon)
        team = db.new_team("planted-name", actor="planted-actor", description="planted-words")
        daemon.wait_for("dual_write_completed", team_id=team)
        failed = db.new_team("planted-name", actor="planted-actor", game_id=98)
        line = daemon.wait_for("dual_write_failed", team_id=failed)
        assert "the value map" in line["error"]
        surveyed(port, failed_events={"parked": 1, "retrying": 0})
        for path in ("/status", "/metrics", "/readyz", "/livez", "/"):
            answer = ask(port, path)
            said = answer.body.decode() + str(answer.headers)
            for word in planted:
                assert word not in said, (path, word)
        assert "planted-password" not in "".join(daemon.raw)


def test_a_capture_that_is_switched_off_is_told(installed):
    db = installed
    missing = [f"team {statement}" for statement in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")]
    with http_daemon(db, DUALWRITE_POLL_INTERVAL="100ms") as daemon:  # it looks with each twelfth beat
        port = port_of(daemon)
        surveyed(port, capture_missing=[])
        assert of(metrics(port), "dualwrite_capture_triggers_missing") == 0
        db.execute(f"ALTER TABLE {TEAM} DISABLE TRIGGER ALL")
        line = daemon.wait_for("capture_missing", level="WARNING")
        assert ", ".join(missing) in line["msg"] and "dualwrited install" in line["msg"]
        surveyed(port, capture_missing=missing)
        assert of(metrics(port), "dualwrite_capture_triggers_missing") == 4
        assert daemon.lines("capture_back") == []
        install(db)
        daemon.wait_for("capture_back", level="INFO")
        surveyed(port, capture_missing=[])
        db.execute(f"DROP TRIGGER zz_dualwrite_update_membership ON {MEMBERSHIP}")
        line = daemon.wait_for("capture_missing", level="WARNING", count=2)
        assert len(daemon.lines("capture_missing")) == 2 and "membership UPDATE:" in daemon.lines("capture_missing")[1]["msg"]
    with http_daemon(db) as daemon:  # with its first beat
        daemon.wait_for("capture_missing", level="WARNING")
        surveyed(port_of(daemon), capture_missing=["membership UPDATE"])


# ---- surveys on bad days ---------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="the statement knows no layout")
def test_a_survey_that_fails_hurts_nothing(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        surveyed(port)
        db.execute("ALTER TABLE dualwrite.legacy_write RENAME TO legacy_write_away")
        wait_until(lambda: status(port) and daemon.lines("survey_failed"), TIMEOUT)
        assert "legacy_write" in daemon.lines("survey_failed", level="WARNING")[0]["msg"]
        assert status(port)["database"]["age_seconds"] >= 0  # the last one is still shown
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert ask(port).status == 200
        db.execute("ALTER TABLE dualwrite.legacy_write_away RENAME TO legacy_write")
        assert len(daemon.lines("survey_failed")) == 1


def test_while_dual_write_is_off(installed):
    db = installed
    db.new_team("before")
    with http_daemon(db, **{ENABLED: False}) as daemon:
        port = port_of(daemon)
        document = surveyed(port, backlog=1)
        assert document["state"] == "off" and document["partitions"] == [] and document["ready"] is True
        assert document["database"]["backlog_exact"] is True
        assert of(metrics(port), "dualwrite_backlog_events") == 1
        assert {p["instance"] for p in document["database"]["partitions"]} == {None}
        assert ("mirror" in document["connections"]) == (db.layout == "two")


@pytest.mark.layouts("two", reason="one database has the record where the survey is")
def test_writes_past_the_daemon_in_a_legacy_database_of_its_own(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_LEGACY_WRITE_BYPASS_ENABLED', 'true')")
        wait_until(lambda: db.legacy.value("SELECT dualwrite.flag_is_on('TEAM_LEGACY_WRITE_BYPASS_ENABLED')"))
        db.legacy.execute("UPDATE teams_team SET name = name")
        surveyed(port, inline_legacy_writes_24h=1)
        assert of(metrics(port), "dualwrite_inline_legacy_writes_24h") == 1


@pytest.mark.layouts("one", reason="the statement knows no layout")
def test_a_hundred_daemons_and_who_has_what(installed):
    """The survey reckons for all daemons at once what dualwrite.partitions_of() says of one: it must say the same, and in time."""
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        daemon.wait_for("dual_write_completed", team_id=db.new_team())

        def there():
            db.execute("""
                DELETE FROM dualwrite.daemon WHERE pid < 0;
                INSERT INTO dualwrite.daemon SELECT (jsonb_populate_record(d, jsonb_build_object('instance', gen_random_uuid(), 'pid', -g,
                    'beat_at', now() + interval '8 seconds', 'started_at', d.started_at + g % 3 * interval '1 hour',
                    'state', CASE WHEN g = 1 THEN 'stalled' ELSE 'asleep' END,
                    'mapping_digest', CASE WHEN g = 2 THEN 'another' ELSE d.mapping_digest END))).*
                FROM dualwrite.daemon d, generate_series(1, 99) g""")
            document = surveyed(port, since=status(port))["database"]
            said = {d["instance"]: d["partitions"] for d in document["daemons"]}
            assert len(said) == 100
            assert said == db.value("""SELECT json_object_agg(d.instance, ARRAY(SELECT dualwrite.partitions_of(d.instance) ORDER BY 1))
                                       FROM dualwrite.live_daemon d""")
            owners = {p["partition"]: p["instance"] for p in document["partitions"]}
            assert owners == {p: instance for instance, mine in said.items() for p in mine} and len(owners) == partitions(db)
            return True
        wait_until(there, 2 * TIMEOUT)
        assert daemon.lines("survey_failed") == []


@pytest.mark.layouts("one", reason="the statement knows no layout")
def test_large_queues_are_estimated(installed):
    db = installed
    db.execute("""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
                  SELECT g % 1024, 'team', 'sync_team_deleted', ARRAY[g::text] FROM generate_series(1, 30000) g;
                  INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message,
                                                exception_type)
                  SELECT -g, pg_current_xact_id(), now(), 1, 'team', 'sync_team_deleted', ARRAY[g::text], 1, 'secret',
                         'condition_' || g % 40 FROM generate_series(1, 20000) g""")
    db.execute("ANALYZE dualwrite.outbox, dualwrite.failed")
    with http_daemon(db, **{ENABLED: False}) as daemon:
        database = surveyed(port_of(daemon))["database"]
        assert (database["backlog"], database["backlog_exact"]) == (30000, False)  # no more than ids were given
        assert database["failed_events"]["parked"] >= 20000  # the statistics may count twice what was just analyzed
        assert len(database["failures"]) == 20
        assert 0 < database["oldest_event_age_seconds"] < 600


@pytest.mark.layouts("one", reason="the statement knows no layout")
def test_a_queue_that_is_slow_to_read_is_not_read(installed):
    """As with a million deleted rows that an old snapshot keeps: what would take too long is left out, the rest is there."""
    db = installed
    db.execute("""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
                  SELECT g % 1024, 'team', 'sync_team_deleted', ARRAY[g::text] FROM generate_series(1, 1000) g;
                  CREATE FUNCTION public.slowly() RETURNS boolean LANGUAGE plpgsql AS $$
                      BEGIN PERFORM pg_sleep(0.001); RETURN true; END $$;
                  CREATE POLICY slowly ON dualwrite.outbox USING (public.slowly());
                  ALTER TABLE dualwrite.outbox ENABLE ROW LEVEL SECURITY""")
    with http_daemon(db, **{ENABLED: False}) as daemon:
        port = port_of(daemon)
        document = surveyed(port, backlog_exact=False, oldest_event_age_seconds=None)
        assert len(document["database"]["daemons"]) == 1
        assert ("dualwrite_oldest_event_age_seconds", ()) not in metrics(port)
        assert daemon.lines("survey_failed") == []


# ---- the page, and who may ask ---------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="says nothing of the databases")
def test_the_page_and_its_headers(installed):
    with http_daemon(installed) as daemon:
        answer = ask(port_of(daemon), "/")
        assert answer.status == 200 and answer.headers["Content-Type"] == "text/html; charset=utf-8"
        page = (Path(__file__).parent.parent.parent / "config" / "page.html").read_bytes()
        assert answer.body == page
        policy = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
        for path in ("/", "/status", "/metrics", "/livez", "/nowhere"):
            headers = ask(port_of(daemon), path).headers
            assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
            assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "Access-Control-Allow-Origin" not in headers
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                assert ask(port_of(daemon), path, method).status in (404, 405)


@pytest.mark.layouts("one", reason="says nothing of the databases")
def test_a_name_that_is_not_this_hosts_is_refused_on_loopback(installed):
    """DNS rebinding: a page in a browser on this host whose own name has come to lead to 127.0.0.1."""
    with http_daemon(installed, "0.0.0.0:0") as daemon:
        port = port_of(daemon)
        for path in ("/status", "/", "/metrics", "/livez", "/nowhere"):
            answer = ask(port, path, headers={"Host": f"evil.example:{port}"})
            assert answer.status == 421 and b"evil" not in answer.body
            assert ask(port, path, headers={"Host": f"localhost:{port}"}).status != 421
        for host in ("127.0.0.1", "[::1]:1", "10.0.0.7:9464", socket.gethostname(), "x.localhost"):
            assert ask(port, "/livez", headers={"Host": host}).status == 200, host
        # elsewhere any name may lead here: a service's, a pod's
        for address in {a[4][0] for a in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}:
            if not address.startswith("127."):
                assert ask(port, "/livez", host=address, headers={"Host": "dualwrited.metrics.svc"}).status == 200
        assert of(metrics(port), "dualwrite_http_requests_total", path="/status", code="421") == 1
