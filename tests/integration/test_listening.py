"""Listening that cannot go deaf: what is lost is noticed, said once, and taken up again."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import TEAM, Listener, cli, drained
from pairs import override
from proxy import Proxy

pytestmark = pytest.mark.layouts("one", reason="it is the vNext database that is listened to")


def latency(db, daemon):
    """How long a new team takes when the daemon has gone to sleep."""
    since = daemon.mark()
    wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.daemon WHERE state = 'asleep'") == 1)
    began = time.monotonic()
    daemon.wait_for("dual_write_completed", team_id=db.new_team(), since=since)
    return time.monotonic() - began


def listens(daemon):
    since = daemon.mark()
    daemon.signal(signal.SIGUSR1)
    return daemon.wait_for("status", since=since)["listening"] == "true"


def test_a_channel_that_got_lost_is_listened_to_again(installed):
    """Something made the session forget it (a pooler's DISCARD ALL does): the next beat finds it out, and what had come
    meanwhile is done."""
    db = installed
    db.execute("""
        CREATE TABLE forget (how text);
        CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        DECLARE
            it text;
        BEGIN
            DELETE FROM public.forget RETURNING how INTO it;
            IF it IS NOT NULL THEN
                EXECUTE it;
            END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER forget AFTER UPDATE ON dualwrite.daemon FOR EACH ROW EXECUTE FUNCTION forget()""")
    with Daemon(db) as daemon:
        assert latency(db, daemon) < 2 and listens(daemon)
        for how in ("UNLISTEN *", "UNLISTEN dualwrite_wake", "UNLISTEN dualwrite_control"):
            how = how.replace("dualwrite_wake", db.value("SELECT dualwrite.setting('channel')"))
            db.execute("INSERT INTO forget VALUES (%s)", [how])
            wait_until(lambda: db.value("SELECT count(*) FROM forget") == 0)
            daemon.wait_for("dual_write_completed", team_id=db.new_team("while it was deaf"))
            wait_until(lambda: listens(daemon), interval=0.5)
            assert latency(db, daemon) < 2
        assert daemon.lines("not_listening") == []
        assert_in_step(db)


@pytest.fixture
def bouncer(tmp_path):
    """bouncer(db, pool_mode): pgbouncer in front of the database, in place of the one before; returns its URL."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed; it is not among the dependencies because its package starts a service")
    running = []
    port = 20000 + os.getpid() % 20000

    def stop():
        while running:
            process = running.pop()
            process.kill()
            process.wait(10)

    def start(db, mode):
        stop()
        socket = tmp_path / f".s.PGSQL.{port}"
        socket.unlink(missing_ok=True)
        (tmp_path / "users").write_text('"daemon_login" ""\n')
        (tmp_path / "ini").write_text(f"""[databases]
{db.name} = host={db.cluster.host} port={db.cluster.port} dbname={db.name} user=daemon_login
[pgbouncer]
listen_addr =
unix_socket_dir = {tmp_path}
listen_port = {port}
auth_type = any
auth_file = {tmp_path}/users
pool_mode = {mode}
default_pool_size = 6
ignore_startup_parameters = extra_float_digits
""")
        for path in (tmp_path, *tmp_path.parents):
            if "pytest" in str(path):
                path.chmod(0o777)
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups", "--"] if os.getuid() == 0 else []
        running.append(subprocess.Popen([*as_user, program, str(tmp_path / "ini")], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL))
        wait_until(socket.exists, what="pgbouncer")
        return f"host={tmp_path} port={port} dbname={db.name} user=daemon_login"

    yield start
    stop()


def test_a_pooler_that_swallows_notifications_is_said_once_and_recovered_from(installed, bouncer):
    db = installed
    with Daemon(db, DUALWRITE_DATABASE_URL=bouncer(db, "transaction")) as daemon:
        known = 0
        for n in range(60):
            # a notification may come through by luck; the first that does not shows what this is, and costs one beat
            known += daemon.lines("not_listening") != []
            began = time.monotonic()
            daemon.wait_for("dual_write_completed", team_id=db.new_team(f"team {n}"))
            assert not known or time.monotonic() - began < 3, "polled at least once a second"
            if known == 6:
                break
            time.sleep(1)
        assert known == 6
        assert len(daemon.lines("not_listening", level="WARNING")) == 1
        assert not listens(daemon)
        bouncer(db, "session")
        wait_until(lambda: listens(daemon), 30, interval=0.5)
        assert latency(db, daemon) < 2
        assert len(daemon.lines("not_listening")) == 1
        assert_in_step(db)


def test_behind_a_pooler_nobody_ends_the_batch_of_a_daemon_that_lives(installed, bouncer):
    """There a daemon does not know which session of the server is its own, so nor does anybody else."""
    db = installed
    url = bouncer(db, "transaction")
    db.legacy.execute("""
        CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(14) WHERE NEW.slug = 'slow'; RETURN NEW; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON teams_team FOR EACH ROW EXECUTE FUNCTION public.slow()""")
    with Daemon(db, DUALWRITE_DATABASE_URL=url, DUALWRITE_STATEMENT_TIMEOUT="25s") as one:
        team = db.new_team("slow", slug="slow")
        one.wait_for("dual_write_scheduled", team_id=team)
        with Daemon(db, DUALWRITE_DATABASE_URL=url, ready=False) as two:
            two.wait_for("starting")
            line = one.wait_for("dual_write_completed", team_id=team, timeout=25)
            assert line["attempt"] == "1" and one.lines("disconnected") == []
            assert two.lines("lease_taken_over") == []
        assert_in_step(db)


def test_many_daemons_do_not_all_answer_at_once(installed):
    """Sixteen, and one more joins: each beats once for it, and not in the same moment; an override is obeyed within a second."""
    db = installed

    def beats():
        db.execute("SELECT pg_stat_clear_snapshot()")
        return db.value("SELECT n_tup_upd FROM pg_stat_all_tables WHERE relid = 'dualwrite.daemon'::regclass")

    def daemons():
        return db.value("SELECT count(*) FROM dualwrite.live_daemon")

    with ExitStack() as stack:
        fleet = [stack.enter_context(Daemon(db, ready=False)) for _ in range(16)]
        wait_until(lambda: daemons() == 16, 60)
        time.sleep(8)  # the first beats of all of them, and statistics a second later
        before, began = beats(), time.monotonic()
        late = stack.enter_context(Daemon(db))
        wait_until(lambda: daemons() == 17)
        time.sleep(3.5)
        sent, took = beats() - before, time.monotonic() - began
        # each one once for the newcomer, each one every five seconds anyhow, and a few of the newcomer's own
        assert sent <= 17 * (1 + 1 + took / 5), f"{sent} beats in {took:.1f} s"
        times = sorted(at for (at,) in db.execute("SELECT beat_at FROM dualwrite.live_daemon"))
        assert (times[-1] - times[0]).total_seconds() > 0.1
        since = late.mark()
        began = time.monotonic()
        marks = [(daemon, daemon.mark()) for daemon in fleet]
        override(db, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "false")
        for daemon, mark in [*marks, (late, since)]:
            daemon.wait_for("flags_overridden", since=mark)
        assert time.monotonic() - began < 2  # one second, and this machine
        db.execute("DELETE FROM dualwrite.override")
        db.new_team()
        drained(db)
        assert_in_step(db)


def test_check_says_how_full_the_notification_queue_is_and_who_holds_it_back(installed):
    """Half full are four gigabytes: so the WARNING is left to the unit tests, and here is the real number."""
    db = installed
    with db.connect() as sleeper:
        sleeper.execute("LISTEN something")
        sleeper.commit()
        sleeper.execute("SET application_name = 'the one that sleeps'; ")
        sleeper.commit()
        sleeper.execute("SELECT 1")  # and stays in its transaction
        for _ in range(10):
            db.execute("SELECT count(pg_notify('something', n || repeat('x', 7900))) FROM generate_series(1, 1300) n")
        found = [line for line in cli(db, "check", check=False).stdout.splitlines() if "notification-queue" in line]
        assert len(found) == 1 and "PASS" in found[0], found
        assert "is 1.2 % full" in found[0] and "the one that sleeps" in found[0], found
        sleeper.rollback()
    assert db.value(f"SELECT count(*) FROM {TEAM}") == 0


def test_a_notification_that_comes_together_with_an_answer_is_heard(cluster, db):
    """The beat is answered and an override is written while the daemon stands still: it gets both in one piece."""
    install(db)
    beat_at = "SELECT beat_at FROM dualwrite.daemon"
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        held = proxy.hold(rb"INSERT INTO dualwrite\.daemon")
        held.wait()
        before = db.value(beat_at)
        # a beat goes out in pieces: the daemon sleeps when it has sent the last
        wait_until(lambda: Path(f"/proc/{daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "S")
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            proxy.release()
            wait_until(lambda: db.value(beat_at) != before, what="the beat is answered")
            listener = Listener(db, "dualwrite_control")
            override(db, "TEAM_VNEXT_DUAL_WRITE_ENABLED", "false")
            assert listener.heard()
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        daemon.wait_for("flag_changed", timeout=2.5)  # the next beat that comes by itself is later


@pytest.mark.parametrize("under_way", [rb"LISTEN ", rb"INSERT INTO dualwrite\.daemon"], ids=["LISTEN", "a beat"])
def test_a_stop_does_not_wait_for_an_answer_that_a_lost_connection_took_along(cluster, db, under_way):
    install(db)
    with Proxy(cluster.port) as proxy:
        held = proxy.hold(under_way)
        with Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db), ready=False) as daemon:
            held.wait()
            daemon.signal(signal.SIGTERM)
            daemon.wait_for("stopping")
            proxy.cut()
            daemon.finish()
            assert len(daemon.lines("stopping")) == 1  # the second says that something did not end in time
