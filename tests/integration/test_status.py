"""`dualwrited status`: what it says of databases in a known state, from any host and with a daemon's rights alone."""

import json
import threading
import time

import pytest

from conftest import TIMEOUT, Daemon, assert_in_step, dualwrited, install, wait_until
from helpers import ENABLED, HOSTILE, MEMBERSHIP, STRICT, TEAM, cli, partitions

pytestmark = pytest.mark.layouts("one", "two")

INSTANCE = "a1b2c3d4-0000-4000-8000-%012d"


def status(db, *args, code=None, user="daemon_login", **settings):
    done = cli(db, "status", "--json", *args, user=user, check=False, **settings)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def text(db, code=None, **settings):
    done = cli(db, "status", user="daemon_login", check=False, **settings)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout


def found(report):
    return {finding["about"]: finding for finding in report["findings"]}


def live(db, number=1, host="web-1", mapping=True, age="0 s", claim_pid=None, enabled="true", **columns):
    """A daemon's row, as its beat leaves it; it lives for an hour more, less its age."""
    flags = json.dumps({ENABLED: enabled, STRICT: columns.pop("strict", "false")})
    db.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state,
                                                started_at, beat_at, claim_pid)
                  SELECT %s, %s, %s, '9.9', CASE WHEN %s THEN dualwrite.setting('mapping_digest') ELSE 'other' END, %s, true,
                         'asleep', now() - interval '2 days' + %s * interval '1 s',
                         clock_timestamp() - %s::interval + CASE WHEN %s = '0 s' THEN interval '9 seconds' ELSE '0' END, %s""",
               [INSTANCE % number, host, 4710 + number, mapping, flags, number, age, age, claim_pid])


def park(db, event, message="no", retry=None, sqlstate="23505", constraint="teams_team_slug_key", entity="team"):
    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, sqlstate,
                                                exception_type, constraint_name, message, retry_at)
                  VALUES (%s, pg_current_xact_id(), now(), 1, %s, 'sync_team_created', '{7}', 3, %s, 'unique_violation',
                          %s, %s, now() + %s::interval)""", [event, entity, sqlstate, constraint, message, retry])


def test_nothing_runs_and_nothing_waits(installed):
    report = status(installed, code=1)
    assert report["status"] == "warning" and report["ready"] is False
    assert "no daemon works" in report["not_ready_because"]
    assert report["backlog"] == 0 and report["backlog_exact"] is True and report["oldest_event_age_seconds"] is None
    assert report["failed"] == {"parked": 0, "retrying": 0, "exact": True, "oldest_age_seconds": None, "causes": []}
    assert report["flags"][ENABLED] == {"value": "true", "source": "published", "disagreement": False,
                                        "override_who": None, "override_why": None}
    assert [p["partition"] for p in report["partitions"]] == list(range(partitions(installed)))
    assert {(p["instance"], p["holder"], p["waiting"]) for p in report["partitions"]} == {(None, None, 0)}
    assert report["daemons"] == [] and report["resyncs"] == []
    assert report["legacy_writes_24h"] == {"statements": 0, "rows": 0, "roles": [], "tables": []}
    legacy = report["databases"]["legacy"]
    assert legacy is None if installed.layout == "one" else legacy["answers"] is True
    assert list(found(report)) == ["no_daemon"]


def test_a_daemon_at_work(installed):
    with Daemon(installed):
        installed.new_team("Alpha")
        assert_in_step(installed)
        report = status(installed, code=0)
        assert report["status"] == "ok" and report["ready"] is True and report["not_ready_because"] is None
        (daemon,) = report["daemons"]
        assert daemon["mapping_installed"] is True and daemon["listening"] is True and len(daemon["instance"]) == 36
        assert daemon["instance_short"] == daemon["instance"][:8] and 0 <= daemon["last_beat_age_seconds"] < 10
        assert daemon["partitions"] == list(range(partitions(installed)))
        assert {p["instance"] for p in report["partitions"]} == {daemon["instance"]}
        said = text(installed, code=0)
        assert f"0-{partitions(installed) - 1}" in said and daemon["host"][:30] in said and "ready         yes" in said


def test_waiting_events_without_a_daemon_are_critical(installed):
    teams = [installed.new_team(f"T{n}") for n in range(5)]
    assert teams
    report = status(installed, code=2)
    assert report["backlog"] == 5 and 0 <= report["oldest_event_age_seconds"] < 60
    assert sum(p["waiting"] for p in report["partitions"]) == 5
    assert found(report)["no_daemon"]["level"] == "critical"
    assert "5 events wait" in text(installed, code=2)
    # while dual write is off this is what is meant to be
    installed.execute(f"INSERT INTO dualwrite.override (flag, value, who, why) VALUES ('{ENABLED}', 'false', 'ann', 'INC-7')")
    report = status(installed, code=0)
    assert report["ready"] is True and found(report)["off"]["level"] == "note"
    assert report["flags"][ENABLED]["override_who"] == "ann"
    assert "by ann: INC-7" in text(installed, code=0)


def test_old_events_are_a_warning(installed):
    live(installed)
    installed.new_team("Alpha")
    assert status(installed, code=0)["oldest_event_age_seconds"] < 60
    installed.execute("UPDATE dualwrite.outbox SET captured_at = captured_at - interval '61 s'")
    report = status(installed, code=1)
    assert report["oldest_event_age_seconds"] > 60 and found(report)["lag"]["level"] == "warning"


def test_failed_events_and_their_causes(installed):
    live(installed)
    park(installed, 1, retry="1 hour")
    assert status(installed, code=0)["failed"]["retrying"] == 1  # by itself again: nothing to do
    for event in range(2, 9):
        park(installed, event)
    park(installed, 20, sqlstate="22001", constraint=None)
    report = status(installed, code=1)
    assert (report["failed"]["parked"], report["failed"]["retrying"]) == (8, 1)
    assert report["failed"]["causes"][0] == {"entity": "team", "sqlstate": "23505", "exception_type": "unique_violation",
                                             "constraint": "teams_team_slug_key", "parked": 7, "retrying": 1}
    assert found(report)["parked"]["next"] == "dualwrited failed list --parked"
    said = text(installed, code=1)
    assert "8 parked, 1 retrying" in said and "teams_team_slug_key" in said and "dualwrited failed list --parked" in said


EACH = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def test_changes_that_nobody_captures_are_critical(installed):
    live(installed)
    assert status(installed, code=0)["capture_missing"] == []
    # as somebody does who loads rows, and forgets to switch them on again
    installed.execute(f"ALTER TABLE {TEAM} DISABLE TRIGGER ALL")
    installed.execute(f"DROP TRIGGER zz_dualwrite_delete_membership ON {MEMBERSHIP}")
    missing = ["membership DELETE"] + [f"team {statement}" for statement in EACH]
    team = installed.new_team("Lost")
    report = status(installed, code=2)
    assert report["capture_missing"] == missing and report["status"] == "critical" and report["backlog"] == 0
    assert found(report)["capture"]["level"] == "critical" and "`dualwrited install`" in found(report)["capture"]["next"]
    said = " ".join(text(installed, code=2).split())
    assert f"changes are NOT captured: {', '.join(missing)}" in said and "run `dualwrited install`" in said
    # what it says to do does it: also what was written meanwhile comes
    install(installed)
    report = status(installed, code=0)
    assert report["capture_missing"] == [] and {r["entity"] for r in report["resyncs"]} == {"team", "membership"}
    installed.execute("DELETE FROM dualwrite.daemon")
    with Daemon(installed):
        wait_until(lambda: installed.legacy.value("SELECT count(*) FROM teams_team") == 1)
        assert_in_step(installed)
    assert team and status(installed)["capture_missing"] == []


def test_a_trigger_switched_on_again_in_any_way_captures(installed):
    for how, missing in (("DISABLE", EACH), ("ENABLE REPLICA", EACH), ("ENABLE", ()), ("DISABLE", EACH), ("ENABLE ALWAYS", ())):
        for statement in EACH:
            installed.execute(f"ALTER TABLE {TEAM} {how} TRIGGER zz_dualwrite_{statement.lower()}_team")
        assert status(installed)["capture_missing"] == [f"team {statement}" for statement in missing], how


def test_a_table_in_the_place_of_another_is_not_captured(installed):
    """The triggers went with the one that had the name; they are there, and on."""
    installed.execute(f"CREATE TABLE another (LIKE {TEAM} INCLUDING ALL)")
    installed.execute(f"ALTER TABLE {TEAM} RENAME TO former; ALTER TABLE another RENAME TO {TEAM}")
    assert status(installed)["capture_missing"] == [f"team {statement}" for statement in EACH]
    install(installed)
    assert status(installed)["capture_missing"] == []
    assert installed.value("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'former'::regclass AND NOT tgisinternal") == 0


def test_strict_mode_is_not_ready_while_events_fail(installed):
    live(installed, strict="true")
    assert status(installed, code=0)["ready"] is True
    park(installed, 1, retry="1 hour")
    report = status(installed, code=2)
    assert report["ready"] is False and report["not_ready_because"] == "strict mode: 1 event failed"
    assert "no, because strict mode: 1 event failed" in text(installed, code=2)


def test_partitions_are_dealt_and_mapping_mismatch_is_said(installed):
    live(installed, 1)
    live(installed, 2, host="web-2")
    live(installed, 3, host="old-pod", mapping=False)
    live(installed, 4, host="gone-pod", age="30 s")
    live(installed, 5, host="long-gone", age="2 hours")
    report = status(installed, code=1)
    assert [d["host"] for d in report["daemons"]] == ["web-1", "web-2", "old-pod"]
    assert [d["host"] for d in report["silent_daemons"]] == ["gone-pod"]
    assert report["silent_daemons"][0]["last_beat_age_seconds"] > 10
    dealt = {d["host"]: d["partitions"] for d in report["daemons"]}
    assert dealt == {"web-1": [0, 2, 4, 6], "web-2": [1, 3, 5, 7], "old-pod": []}
    assert report["partitions"][3]["instance"] == INSTANCE % 2
    assert "old-pod" in found(report)["mapping"]["text"]
    said = text(installed, code=1)
    assert "ANOTHER MAPPING" in said and "gone-pod" in said and "long-gone" not in said


def test_a_missed_beat_is_told_with_its_age(installed):
    """A daemon that was killed counts until ten seconds after its last beat; that it is quiet is seen before."""
    live(installed, age="5 s")
    assert "late_beat" not in found(status(installed))
    installed.execute("UPDATE dualwrite.daemon SET beat_at = clock_timestamp() - interval '7.5 s'")
    report = status(installed, code=1)
    assert report["ready"] is True and report["daemons"][0]["last_beat_age_seconds"] > 7
    assert found(report)["late_beat"]["level"] == "warning"
    assert "web-1, pid 4711, has not beaten for" in found(report)["late_beat"]["text"]


def test_who_holds_a_partition(installed):
    conn = installed.connect()
    conn.execute("SELECT pg_advisory_xact_lock(1685414252, 3)")
    live(installed, claim_pid=conn.info.backend_pid)
    holder = status(installed, code=0)["partitions"][3]["holder"]
    assert holder["backend_pid"] == conn.info.backend_pid and holder["live"] is True
    assert holder["instance"] == INSTANCE % 1
    # the same lock is no live daemon's
    installed.execute("UPDATE dualwrite.daemon SET claim_pid = 1")
    report = status(installed, code=1)
    assert report["partitions"][3]["holder"]["live"] is False and report["partitions"][3]["holder"]["instance"] is None
    assert f"pg_terminate_backend({conn.info.backend_pid})" in found(report)["holder"]["next"]
    assert "NO LIVE DAEMON" in text(installed, code=1)
    # a daemon of an older version does not say what it claims with: then nobody can tell
    installed.execute("UPDATE dualwrite.daemon SET claim_pid = NULL")
    assert status(installed, code=0)["partitions"][3]["holder"]["live"] is None
    # a lock of the same number in another database is not ours
    conn.rollback()
    with installed.cluster.connect() as other:
        other.execute("SELECT pg_advisory_lock(1685414252, 3)")
        assert status(installed, code=0)["partitions"][3]["holder"] is None


def test_a_daemon_that_holds_is_known(installed):
    """While a batch of a real daemon waits for a locked legacy row, its partition is said to be held by that daemon."""
    with Daemon(installed) as daemon:
        team = installed.new_team("Alpha")
        assert_in_step(installed)
        conn = installed.legacy.connect()
        conn.execute("LOCK TABLE teams_team IN EXCLUSIVE MODE")
        installed.execute("UPDATE organizations_team SET name = 'Beta' WHERE id = %s", [team])

        def held():
            return [p for p in status(installed)["partitions"] if p["holder"]]

        holders = wait_until(held)
        assert {p["holder"]["live"] for p in holders} == {True}
        (known,) = status(installed)["daemons"]
        assert {p["holder"]["instance"] for p in holders} == {known["instance"]} and known["pid"] == daemon.pid
        conn.rollback()
        assert_in_step(installed)
        wait_until(lambda: not held())


def test_resync_marks_and_legacy_writes(installed):
    live(installed)
    installed.execute("SELECT nextval('dualwrite.resync_team')")
    installed.legacy.execute("""INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, legacy_table,
                                operation, row_count, why) VALUES ('bob', 'bob', 'psql', 'public.teams_team', 'UPDATE', 3, 'bypass')""")
    installed.legacy.execute("""INSERT INTO dualwrite.legacy_write (at, login_role, acting_role, application_name, legacy_table,
                                operation, row_count, why)
                                VALUES (now() - interval '25 h', 'al', 'al', '', 'public.teams_team', 'UPDATE', 9, 'bypass')""")
    report = status(installed, code=0)
    assert report["resyncs"] == [{"entity": "team", "begun": False, "queued_events": 0}]
    assert report["legacy_writes_24h"] == {"statements": 1, "rows": 3, "roles": ["bob"], "tables": ["public.teams_team"]}
    said = text(installed, code=0)
    assert "team (not begun yet)" in said and "by bob" in said


def test_the_count_is_given_up_for_an_estimate(installed):
    live(installed)
    for n in range(20):
        installed.new_team(f"T{n}")
    park(installed, 1)
    wait_until(lambda: installed.value("SELECT pg_stat_get_live_tuples('dualwrite.outbox'::regclass)") == 20)
    # whoever counts waits for the time that a large table would take
    installed.execute("""CREATE OR REPLACE FUNCTION dualwrite.setting(wanted text) RETURNS text LANGUAGE plpgsql STABLE
                         SET search_path = pg_catalog AS $$ BEGIN
                             IF current_query() LIKE '%status/backlog.sql%' THEN PERFORM pg_sleep(2); END IF;
                             RETURN (SELECT value FROM dualwrite.setting WHERE key = wanted); END $$;
                         ALTER TABLE dualwrite.failed RENAME TO failed_rows;
                         CREATE VIEW dualwrite.failed AS SELECT * FROM dualwrite.failed_rows
                             WHERE pg_sleep(CASE WHEN current_query() LIKE '%status/failed.sql%' THEN 3 ELSE 0 END) IS NOT NULL;
                         GRANT SELECT ON dualwrite.failed TO dualwrite_daemon""")
    began = time.monotonic()
    report = status(installed, code=0)
    assert time.monotonic() - began < 15
    assert report["backlog"] == 20 and report["backlog_exact"] is False and report["failed"]["exact"] is False
    assert report["oldest_event_age_seconds"] > 0 and report["partitions"][0]["waiting"] is None
    said = text(installed)
    assert "about 20 events wait" in said and "not known: counting takes too long" in said


def test_nothing_of_a_hostile_database_reaches_the_terminal_raw(installed):
    for number, (name, value) in enumerate(HOSTILE.items(), 1):
        live(installed, number, host=value.replace("\0", ""), claim_pid=number)
        park(installed, number, constraint=value, entity=value, message=value)
    installed.execute(f"INSERT INTO dualwrite.override (flag, value, who, why) VALUES ('{ENABLED}', 'true', %s, %s)",
                      [HOSTILE["control characters"], HOSTILE["forged line"]])
    report = status(installed, code=1)
    assert {d["host"] for d in report["daemons"]} == set(HOSTILE.values())
    said = text(installed, code=1)
    assert not [c for c in said if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], repr(said)
    assert "\u202e" not in said and not [line for line in said.splitlines() if line.startswith("2026-01-01")]


def test_what_cannot_be_asked(db, cluster):
    assert cli(db, "status", check=70).stdout == ""  # not installed
    assert "not installed" in cli(db, "status", check=70).stderr
    install(db)
    for side in db.sides:
        side.execute("REVOKE dualwrite_daemon FROM app_user")  # a role is the whole server's, and another test may have granted it
    assert "GRANT dualwrite_daemon TO" in cli(db, "status", user="app_user", check=70).stderr
    done = cli(db, "status", check=69, DUALWRITE_DATABASE_URL="host=127.0.0.1 port=1 user=x password=secret-word dbname=y")
    assert "cannot connect" in done.stderr and "secret-word" not in done.stderr + done.stdout
    assert "status" in dualwrited("statsu", check=64).stderr
    assert "--json" in dualwrited("status", "--jsn", check=64).stderr
    dualwrited("status", "word", check=64)


@pytest.mark.layouts("two", reason="one database has no other side that could be away")
def test_the_legacy_database_is_away(installed):
    live(installed)
    report = status(installed, code=1, DUALWRITE_LEGACY_DATABASE_URL="host=127.0.0.1 port=1 user=x password=secret-word")
    legacy = report["databases"]["legacy"]
    assert legacy["answers"] is False and legacy["error"] and report["legacy_writes_24h"] is None
    assert "secret-word" not in json.dumps(report) and found(report)["legacy_database"]["level"] == "warning"
    # there, but without our schema
    report = status(installed, code=1, DUALWRITE_LEGACY_DATABASE_URL=installed.cluster.url("postgres", "daemon_login"))
    assert "dualwrite" in report["databases"]["legacy"]["error"]
    # the wrong way round
    done = cli(installed, "status", check=78, DUALWRITE_DATABASE_URL=installed.legacy.url(),
               DUALWRITE_LEGACY_DATABASE_URL=installed.url())
    assert "not to the vNext one" in done.stderr


def test_it_waits_for_nobody(installed):
    """Locks that install or an operator holds do not keep it from an answer."""
    live(installed)
    conn = installed.connect()
    conn.execute("LOCK TABLE dualwrite.outbox IN EXCLUSIVE MODE")
    assert status(installed, code=0)["backlog"] == 0
    conn.execute("LOCK TABLE dualwrite.outbox IN ACCESS EXCLUSIVE MODE")
    began = time.monotonic()
    report = status(installed, code=0)
    assert time.monotonic() - began < 8 and report["backlog_exact"] is False


def test_it_is_one_snapshot_of_many_daemons_coming_and_going(installed):
    """Asked all the time while daemons register and leave, it always gives a document whose partitions fit its daemons."""
    stop = threading.Event()
    conn = installed.connect(autocommit=True)

    def churn():
        n = 0
        while not stop.is_set():
            n += 1
            conn.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state)
                            SELECT gen_random_uuid(), 'h', 1, 'v', dualwrite.setting('mapping_digest'), %s, true, 'asleep'""",
                         [json.dumps({ENABLED: "true"})])
            if n % 3 == 0:
                conn.execute("DELETE FROM dualwrite.daemon")

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        until = time.monotonic() + min(3, TIMEOUT)
        while time.monotonic() < until:
            report = status(installed)
            known = {d["instance"] for d in report["daemons"]}
            assert {p["instance"] for p in report["partitions"]} - {None} <= known
    finally:
        stop.set()
        thread.join()
