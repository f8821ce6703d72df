"""`dualwrited failed list|show|retry|discard`: the right events are chosen, shown harmlessly, tried again, or given up."""

import json
import os
import pty
import subprocess
import threading
import time

import pytest

from conftest import Daemon, assert_in_step, binary, clean_environment, config_for, dualwrited, wait_until, write_env_file
from helpers import ENABLED, HOSTILE, LEGACY_TEAM, Listener, as_sync_session, cli, completed, drained, failed, shadow_of

pytestmark = pytest.mark.layouts("one", "two")


def run(db, word, *args, code=0, user="daemon_login", **settings):
    done = _cli(db, word, *args, user=user, **settings)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def _cli(db, word, *args, user, **settings):
    # `failed WORD --config FILE ...`: the word comes before the options
    import tempfile
    from pathlib import Path
    with tempfile.TemporaryDirectory(prefix="dualwrite-test.") as directory:
        config = Path(directory) / "dualwrited.env"
        write_env_file(config, config_for(db, user, **settings))
        return dualwrited("failed", word, *[a for a in args[:1] if not str(a).startswith("--")], "--config", config,
                          *(args[1:] if args and not str(args[0]).startswith("--") else args), check=False)


def as_json(db, word, *args, code=0, **more):
    done = run(db, word, *args, "--json", code=code, **more)
    return json.loads(done.stdout)


def park(db, event, *, ref="{7}", entity="team", operation="sync_team_created", sqlstate="23505",
         condition="unique_violation", constraint="teams_team_slug_key", message="no", retry=None, ago="1 hour", attempts=3):
    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, sqlstate,
                                                exception_type, constraint_name, message, retry_at, first_failed_at, last_failed_at)
                  VALUES (%s, '1', now(), 1, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s::interval, now() - %s::interval,
                          now() - make_interval(secs => 1000 - %s))""",
               [event, entity, operation, ref, attempts, sqlstate, condition, constraint, message, retry, ago, event % 1000])


def some(db):
    park(db, 1)
    park(db, 2, ref="{8}", sqlstate="22001", condition="string_data_right_truncation", constraint=None, ago="3 days")
    park(db, 3, ref="{9}", retry="1 hour", sqlstate="23503", condition="foreign_key_violation", constraint="fk")
    park(db, 4, ref="{70,7,101}", entity="membership", operation="sync_team_member_added", sqlstate=None, condition=None,
         constraint=None, message="its parent team 7 has no legacy row", retry="5 minutes", ago="5 minutes")


def ids(document):
    return [int(event["event_id"]) for event in document["events"]]


CHOICES = [
    ((), [4, 3, 2, 1]),
    (("--parked",), [2, 1]),
    (("--retrying",), [4, 3]),
    (("--entity", "membership"), [4]),
    (("--operation=sync_team_created",), [3, 2, 1]),
    (("--sqlstate=23505",), [1]),
    (("--sqlstate=foreign_key_violation",), [3]),
    (("--constraint=fk",), [3]),
    (("--key=8",), [2]),
    (("--key=7",), [1]),
    (("--key=70", "--key=7"), [4]),
    (("--event=1", "--event=4", "--event=77"), [4, 1]),
    (("--older-than=2d",), [2]),
    (("--older-than=30m",), [3, 2, 1]),
    (("--older-than=300s", "--entity=membership"), [4]),
    (("--limit=2",), [4, 3]),
    (("--entity=team", "--parked", "--key=7"), [1]),
    (("--entity=team' OR 'a' = 'a",), []),
    (("--key={7}",), []),
]


def test_list_chooses(installed):
    some(installed)
    for args, wanted in CHOICES:
        document = as_json(installed, "list", *args)
        assert ids(document) == wanted, args
        assert document["total"] == (4 if "--limit=2" in args else len(wanted)), args
        assert document["parked"] + document["retrying"] == document["total"]


def test_list_says_all_of_an_event(installed):
    some(installed)
    team = as_json(installed, "list", "--event=1")["events"][0]
    assert team["event_id"] == "1" and team["parked"] is True and team["retry_in_seconds"] is None
    assert team["key"] == ["7"] and team["ref"] == ["7"] and team["ref_columns"] == ["id"]
    assert (team["sqlstate"], team["exception_type"], team["constraint"]) == ("23505", "unique_violation", "teams_team_slug_key")
    assert team["attempts"] == 3 and 3500 < team["first_failed_age_seconds"] < 3700
    member = as_json(installed, "list", "--event=4")["events"][0]
    assert member["key"] == ["70"] and member["ref_columns"] == ["id", "team_id", "user_id"]
    assert 200 < member["retry_in_seconds"] <= 300 and member["sqlstate"] is None
    said = run(installed, "list").stdout
    assert "4 failed events: 2 parked, 2 retrying by themselves" in said
    assert "membership 70" in said and "23505 unique_violation" in said and "failed show EVENT" in said
    assert "no failed events" in run(installed, "list", "--key=nobody").stdout


def test_show(installed):
    some(installed)
    said = run(installed, "show", "4").stdout
    for part in ("sync_team_member_added", "team_id = 7", "user_id = 101", "its parent team 7 has no legacy row", "next try",
                 "retry --event=4"):
        assert part in said, said
    assert as_json(installed, "show", "4")["ref"] == ["70", "7", "101"]
    assert "no failed event 5" in run(installed, "show", "5", code=1).stderr
    for word in ("x", "-5", "0", "9223372036854775808", "1e3"):
        assert "is not" in run(installed, "show", word, code=64).stderr, word
    run(installed, "show", "9223372036854775807", code=1)
    # behind the options too, and an option's argument is none
    for args in (["--json", "x9"], ["--format", "json", "x9"], ["--format=json", "x9"]):
        assert '"x9" is not' in dualwrited("failed", "show", *args, check=64).stderr, args
    assert '"x9" is not' not in dualwrited("failed", "show", "--format", "x9", check=64).stderr
    assert "usage" in run(installed, "show", code=64).stderr
    # an entity that the mapping does not know, and a layout that it does not have
    park(installed, 5, entity="old_entity", ref="{1,2}")
    park(installed, 6, ref="{1,2}")
    for event in ("5", "6"):
        assert as_json(installed, "show", event)["ref_columns"] is None
        assert "does not know this entity" in run(installed, "show", event).stdout


def test_what_is_not_understood(installed):
    assert "list" in dualwrited("failed", "lst", check=64).stderr
    assert "usage" in dualwrited("failed", check=64).stderr
    for word in ("list", "show", "retry", "discard"):
        assert word in dualwrited("failed", "--help").stdout
        assert "--config" in dualwrited("failed", word, "--help").stdout
        assert "--entity" in dualwrited("failed", word, "--entityy=x", check=64).stderr or word == "show"
    for option in ("--older-than=soon", "--older-than=off", "--older-than=-1s", "--event=x", "--event=0", "--limit=-1",
                   "--limit=many", "--format=xml"):
        dualwrited("failed", "list", option, check=64)
    dualwrited("failed", "retry", "--wait=never", "--all", check=64)
    dualwrited("failed", "list", "--parked", "--retrying", check=64)
    assert "--all" in dualwrited("failed", "retry", check=64).stderr
    assert "--all" in dualwrited("failed", "discard", "--yes", check=64).stderr
    assert "--yes" in dualwrited("failed", "discard", "--all", check=64).stderr
    assert "team" in run(installed, "list", "--entity=taem").stderr


def test_hostile_text_reaches_no_terminal_raw(installed):
    for event, (name, value) in enumerate(HOSTILE.items(), 1):
        installed.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, actor,
                                 attempts, sqlstate, exception_type, constraint_name, message)
                             VALUES (%s, '1', now(), 1, 'team', %s, ARRAY[%s], %s, 1, '23505', 'x', %s, %s)""",
                          [event, value, value, value[:64], value, value])
    document = as_json(installed, "list")
    assert {e["message"] for e in document["events"]} == set(HOSTILE.values())
    outputs = [run(installed, "list").stdout, run(installed, "discard", "--all", "--dry-run").stdout]
    outputs += [run(installed, "show", str(event)).stdout for event in range(1, len(HOSTILE) + 1)]
    for said in outputs:
        assert not [c for c in said if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], repr(said)
        assert "\u202e" not in said and not [x for x in said.splitlines() if x.startswith("2026-01-01")]
    assert len(outputs[0].splitlines()) == 1 + len(HOSTILE) + 3
    for event, value in enumerate(HOSTILE.values(), 1):
        assert ids(as_json(installed, "list", f"--key={value}")) == [event]
        assert ids(as_json(installed, "list", f"--constraint={value}")) == [event]


def bad_team(db, name="Alpha", slug="taken"):
    """A team whose slug a legacy row of nobody's has: it is parked."""
    as_sync_session(db, f"INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at) "
                        "VALUES ('old', %s, 'csgo', 'EU', '', true, now(), now())", [slug])
    return db.new_team(name, slug=slug)


def free_slug(db, slug="taken"):
    as_sync_session(db, f"DELETE FROM {LEGACY_TEAM} WHERE slug = %s AND name = 'old'", [slug])


def parked(db):
    return db.execute("SELECT event_id FROM dualwrite.failed WHERE retry_at IS NULL ORDER BY 1")


def test_retry_works_at_once(installed):
    with Daemon(installed, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as daemon:
        team = bad_team(installed)
        wait_until(lambda: len(parked(installed)) == 1)
        ((event,),) = parked(installed)
        # not mended yet: it fails again, and that is said
        document = as_json(installed, "retry", f"--event={event}", "--wait", code=1)
        assert (document["matched"], document["retried"], document["busy"]) == (1, 1, 0)
        assert (document["succeeded"], document["failed_again"], document["waiting"]) == (0, 1, 0)
        assert document["events"][0]["outcome"] == "failed" and "teams_team" in document["events"][0]["message"]
        wait_until(lambda: len(parked(installed)) == 1)
        free_slug(installed)
        began = time.monotonic()
        said = run(installed, "retry", "--entity=team", "--wait=20s").stdout
        assert time.monotonic() - began < 5 and said == "1 event made due: 1 succeeded, 0 failed again\n"
        assert installed.execute("SELECT FROM dualwrite.failed") == [] and shadow_of(installed, team)
        completed(daemon, 1, event_id=event)
        assert_in_step(installed)
        assert "no failed event fits" in run(installed, "retry", "--all", code=1).stdout


def test_retry_says_what_it_would_do(installed):
    some(installed)
    before = installed.execute("SELECT * FROM dualwrite.failed ORDER BY 1")
    assert run(installed, "retry", "--parked", "--dry-run").stdout == "would be retried: 2 events\n"
    assert as_json(installed, "retry", "--all", "--limit=3", "--dry-run")["matched"] == 3
    assert installed.execute("SELECT * FROM dualwrite.failed ORDER BY 1") == before


def test_retry_without_a_daemon(installed):
    some(installed)
    listener = Listener(installed, "dualwrite_control")
    done = run(installed, "retry", "--key=7")
    assert done.stdout == "1 event made due\n" and "no daemon works" in done.stderr
    assert listener.heard() == [("dualwrite_control", "")]
    assert [e for e, r in installed.execute("SELECT event_id, retry_at <= now() FROM dualwrite.failed ORDER BY 1") if r] == [1]
    began = time.monotonic()
    run(installed, "retry", "--all", "--wait", code=70)
    assert time.monotonic() - began < 10  # nobody to wait for
    installed.execute(f"INSERT INTO dualwrite.override (flag, value, who) VALUES ('{ENABLED}', 'false', 'x')")
    assert "dual write is off" in run(installed, "retry", "--all").stderr
    assert as_json(installed, "retry", "--all", "--limit=2")["retried"] == 2


def test_what_a_daemon_is_at_is_left_alone(installed):
    some(installed)
    conn = installed.connect()
    conn.execute("SELECT FROM dualwrite.failed WHERE event_id = 1 FOR UPDATE")
    began = time.monotonic()
    document = as_json(installed, "retry", "--parked")
    assert (document["matched"], document["retried"], document["busy"]) == (2, 1, 1)
    assert "1 event made due; 1 left alone" in run(installed, "retry", "--event=1", "--event=2").stdout
    document = as_json(installed, "discard", "--entity=team", "--yes")
    assert (document["matched"], document["discarded"], document["left"]) == (3, 2, 1)
    assert time.monotonic() - began < 5
    conn.rollback()
    assert ids(as_json(installed, "list")) == [4, 1]


def test_discard(installed):
    some(installed)
    done = run(installed, "discard", "--parked", "--dry-run")
    assert "Would be given up: 2 events" in done.stdout and "reconcile" in done.stdout
    assert len(failed(installed)) == 4
    done = run(installed, "discard", "--parked", "--yes")
    assert "given up: 2" in done.stdout and "legacy rows stay as they are" in done.stdout
    assert ids(as_json(installed, "list")) == [4, 3]
    assert "no failed event fits" in run(installed, "discard", "--key=nobody", "--yes", code=1).stdout
    document = as_json(installed, "discard", "--all", "--yes")
    assert document["discarded"] == 2 and ids(document) == [4, 3] and failed(installed) == {}


def on_terminal(db, answer, *args):
    """Runs it on a terminal of 100 columns, types `answer` at the question, and returns status and output."""
    import fcntl
    import struct
    import tempfile
    import termios
    from pathlib import Path
    with tempfile.TemporaryDirectory(prefix="dualwrite-test.") as directory:
        config = Path(directory) / "dualwrited.env"
        write_env_file(config, config_for(db, "daemon_login"))
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        process = subprocess.Popen([binary(), *args, "--config", str(config)], stdin=follower, stdout=follower, stderr=follower,
                                   env=clean_environment(), start_new_session=True)
        os.close(follower)
        said = b""
        while True:
            try:
                piece = os.read(leader, 4096)
            except OSError:
                piece = b""
            if not piece:
                break
            said += piece
            if answer is not None and b"Type yes" in said:
                os.write(leader, answer.encode())
                answer = None
        os.close(leader)
        return process.wait(20), said.decode("utf-8", "replace")


def test_discard_asks_on_a_terminal(installed):
    some(installed)
    code, said = on_terminal(installed, "no\n", "failed", "discard", "--parked")
    assert code == 1 and "nothing was done" in said and len(failed(installed)) == 4
    code, said = on_terminal(installed, "yes\n", "failed", "discard", "--parked")
    assert code == 0 and "given up: 2" in said and len(failed(installed)) == 2
    park(installed, 9, message="long " * 100)
    code, said = on_terminal(installed, None, "failed", "list")
    assert code == 0 and max(map(len, said.splitlines())) <= 100 and "..." in said


def test_twenty_thousand(installed):
    """Chosen, shown, retried and given up as one."""
    installed.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts,
                             sqlstate, exception_type, constraint_name, message, identity)
                         SELECT n, '1', now(), n % 1024, 'team', 'sync_team_settings_updated', ARRAY[n::text], 1, '23505',
                                'unique_violation', 'c', repeat('x', 200), ARRAY[n::text]
                         FROM generate_series(1, 20000) n""")
    document = as_json(installed, "list")
    assert document["total"] == 20000 and len(document["events"]) == 100
    assert len(as_json(installed, "list", "--limit=0")["events"]) == 20000
    status = json.loads(cli(installed, "status", "--json", user="daemon_login", check=1).stdout)
    assert status["failed"]["parked"] == 20000 and status["failed"]["exact"] is True
    # teams of these ids do not exist: an event of a row that is not there is done by doing nothing
    with Daemon(installed):
        document = as_json(installed, "retry", "--all", "--wait=50s")
        assert (document["retried"], document["succeeded"], document["failed_again"]) == (20000, 20000, 0)
    assert as_json(installed, "list")["total"] == 0


def test_discarding_twenty_thousand(installed):
    installed.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                         SELECT n, '1', now(), n % 1024, 'team', 'x', ARRAY[n::text], 1, 'm' FROM generate_series(1, 20000) n""")
    done = run(installed, "discard", "--all", "--yes")
    assert "... and 19980 more" in done.stdout and "given up: 20 000" in done.stdout and failed(installed) == {}


def test_retry_while_daemons_fail_the_same_events_all_the_time(installed):
    """Neither the command nor the daemons fail, and every event ends in step."""
    with Daemon(installed, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as one, Daemon(installed, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as two:
        teams = [bad_team(installed, f"T{n}", f"taken-{n}") for n in range(30)]
        wait_until(lambda: len(parked(installed)) == 30)
        stop = threading.Event()
        codes = set()

        def retry():
            while not stop.is_set():
                done = _cli(installed, "retry", "--all", user="daemon_login")
                codes.add(done.returncode)

        threads = [threading.Thread(target=retry) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        for n in range(30):
            free_slug(installed, f"taken-{n}")
        wait_until(lambda: failed(installed) == {})
        stop.set()
        for thread in threads:
            thread.join()
        assert codes <= {0, 1}
        drained(installed)
        assert all(shadow_of(installed, team) for team in teams)
        assert_in_step(installed)
        for daemon in (one, two):
            assert not [line for line in daemon.lines() if line["level"] == "ERROR"]


def test_rights_of_the_role_suffice_and_nothing_less(installed):
    some(installed)
    assert "GRANT dualwrite_daemon TO" in run(installed, "list", code=70, user="app_user").stderr
    installed.execute("REVOKE UPDATE ON dualwrite.failed FROM dualwrite_daemon")
    assert "GRANT dualwrite_daemon" in run(installed, "retry", "--all", code=70).stderr
    assert len(failed(installed)) == 4
