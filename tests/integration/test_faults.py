"""Faults a hostile review found in the daemon: answers that get lost, errors that repeat, rows that somebody holds, servers
that are half there. What they have in common: one thing goes wrong, and everything else must go on, without hurry."""

import contextlib
import signal
import socket
import threading
import time

import pytest
from psycopg.conninfo import make_conninfo

from conftest import Daemon, assert_in_step, differences, install, wait_until
from helpers import (
    Writers,
    LEGACY_TEAM, MAP, STRICT, TEAM, cli, connections, count_lines, drained, failed, legacy_team, make_shortage, sequences,
)
from proxy import Proxy

pytestmark = pytest.mark.layouts("one", "two")
ONE_PROXY = pytest.mark.layouts("one", reason="a COMMIT of one database is undecided; with two there are two, see "
                                              "test_two_databases.py")


def many_teams(db, count):
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n' || n, 's' || n, 1 FROM generate_series(1, {count}) n",
               user="app_user")


def legacy_raises(db, sqlstate):
    """A trigger of the legacy team table raises this for every row whose name begins with `bad`; legacy_mended() ends it."""
    make_shortage(db)
    db.legacy.execute(f"""
        CREATE TABLE public.raises (sqlstate text);
        INSERT INTO public.raises VALUES ('{sqlstate}');
        CREATE FUNCTION public.raises() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
        DECLARE code text := (SELECT sqlstate FROM raises);
        BEGIN
            IF NEW.name LIKE 'bad%' AND code = '53400' THEN PERFORM public.shortage(); END IF;
            IF NEW.name LIKE 'bad%' AND code <> '' THEN RAISE 'boom' USING ERRCODE = code; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION public.raises()""")


def legacy_raises_now(db, sqlstate):
    db.legacy.execute("UPDATE public.raises SET sqlstate = %s", [sqlstate])


def legacy_mended(db):
    legacy_raises_now(db, "")


def one_completed(daemon, team):
    lines = daemon.lines("dual_write_completed", team_id=team)
    assert len(lines) == 1, lines


@contextlib.contextmanager
def meanwhile(step, pause=0.02):
    """Calls step(n) with n = 1, 2, ... in a thread until the block ends."""
    stop = threading.Event()
    errors = []

    def run():
        n = 0
        while not stop.is_set():
            n += 1
            try:
                step(n)
            except Exception as error:
                errors.append(error)
                return
            stop.wait(pause)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive() and errors == []


# ---- a COMMIT whose answer got lost ------------------------------------------------------------------------------------------


@ONE_PROXY
def test_a_reload_while_a_commit_is_undecided_waits_for_the_verdict(cluster, installed):
    """The log lines of that batch still need the settings it was claimed with."""
    db = installed
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        lost = proxy.lose_commit()
        team = db.new_team()
        lost.wait()
        mark = daemon.mark()
        daemon.hup(wait=None, **{STRICT: True})
        time.sleep(1)
        assert daemon.lines("dual_write_completed") == []
        proxy.refuse = False
        daemon.wait_for("dual_write_completed", team_id=team, since=mark)
        daemon.wait_for("config_reloaded", since=mark)
        daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))
        one_completed(daemon, team)
        assert_in_step(db)


@ONE_PROXY
def test_sigterm_while_a_commit_is_undecided_still_says_what_became_of_it(cluster, installed):
    db = installed
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        lost = proxy.lose_commit()
        team = db.new_team()
        lost.wait()
        daemon.signal(signal.SIGTERM)
        time.sleep(1)
        proxy.refuse = False
        assert daemon.finish(timeout=10) == 0
        one_completed(daemon, team)
        assert db.backlog() == 0 and differences(db) == []


@ONE_PROXY
def test_a_server_that_cannot_say_what_became_of_a_commit_is_not_asked_for_ever(cluster, installed):
    db = installed
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        lost = proxy.lose_commit()
        db.new_team("lost")
        lost.wait()
        db.execute("REVOKE EXECUTE ON FUNCTION pg_xact_status(xid8) FROM PUBLIC")
        sent = proxy.sent
        proxy.refuse = False
        time.sleep(4)
        # both connections come back, which takes some thirty messages; asking again and again took hundreds
        assert proxy.sent - sent < 60
        daemon.wait_for("dual_write_completed", team_id=db.new_team("next"), timeout=15)
        assert_in_step(db)
        drained(db)


@ONE_PROXY
def test_a_question_about_a_commit_that_is_cancelled_is_asked_again(cluster, installed):
    """A cancelled question is no answer: the events were done, and nobody may be told that they failed."""
    db = installed
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        lost = proxy.lose_commit()
        team = db.new_team("lost")
        lost.wait()
        db.execute(f'ALTER ROLE daemon_login IN DATABASE "{db.name}" SET statement_timeout = 100')
        held = proxy.hold(before=rb"(?s)B\0\0\0.\0\0\0\0\0\x01")  # its statement is known, its parameter is still to come
        proxy.refuse = False
        held.wait()
        time.sleep(0.3)
        db.execute(f'ALTER ROLE daemon_login IN DATABASE "{db.name}" RESET statement_timeout')
        proxy.release()
        daemon.wait_for("disconnected", connection="apply", error="canceling statement due to statement timeout")
        daemon.wait_for("dual_write_completed", team_id=team)
        one_completed(daemon, team)
        assert daemon.lines("dual_write_failed") == []
        assert_in_step(db)


# ---- a resync ----------------------------------------------------------------------------------------------------------------


def test_a_resync_of_a_table_larger_than_the_outbox_ends_while_somebody_writes(db):
    many_teams(db, 3000)
    install(db)
    before = sequences(db)
    app = db.connect("app_user", autocommit=True)

    def write(n):
        app.execute(f"UPDATE {TEAM} SET region = %s, updated_at = now() WHERE id = 1", [str(n)])

    with Daemon(db, DUALWRITE_OUTBOX_MAX=1000, DUALWRITE_BATCH_SIZE=100) as daemon:
        highest = 0
        with meanwhile(write):
            db.execute("SELECT nextval('dualwrite.resync_team')")
            deadline = time.monotonic() + 40
            while time.monotonic() < deadline and not (daemon.lines("resync_completed") and differences(db) == []):
                highest = max(highest, db.backlog())
                time.sleep(0.1)
            assert daemon.lines("resync_completed")
            time.sleep(2)  # and it does not begin again
            highest = max(highest, db.backlog())
        drained(db, 10)
        assert_in_step(db, 0)
        assert highest <= 1100
        # ours, and not one for every row that a resync itself has queued
        asked = {name: (value or 0) - (before[name] or 0) for name, value in sequences(db).items() if "resync" in name}
        assert sum(asked.values()) <= 2, asked
        assert count_lines(daemon, "resync_completed") <= 2
        assert count_lines(daemon) < 3000 + 3000


def test_a_resync_does_not_wait_for_writers_to_pause(db):
    """Each round finds something: the queue is never empty."""
    install(db)
    with Daemon(db) as daemon, Writers(db, threads=4) as writers:
        wait_until(lambda: len(writers.ids) > 50)
        began = count_lines(daemon, "dual_write_completed")
        db.execute("SELECT nextval('dualwrite.resync_team')")
        daemon.wait_for("resync_completed", timeout=30)
        assert count_lines(daemon, "dual_write_completed") > began
    assert writers.errors == []


# ---- errors of one row, and of the server --------------------------------------------------------------------------------------


def test_an_internal_error_over_one_row_stops_no_other(installed):
    """XX000 may be any function's elog(ERROR)."""
    db = installed
    legacy_raises(db, "XX000")
    with Daemon(db) as daemon:
        bad = db.new_team("bad")
        good = [db.new_team(f"good {n}") for n in range(5)]
        for team in good:
            daemon.wait_for("dual_write_completed", team_id=team, timeout=10)
        wait_until(lambda: set(failed(db)) == {str(bad)})
        assert db.backlog() == 0
        legacy_mended(db)
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [bad], user="app_user")
        assert_in_step(db)
        assert failed(db) == {}


def test_locked_legacy_rows_keep_only_their_own_events_waiting(installed):
    db = installed
    holder = db.legacy.connect()
    with Daemon(db) as daemon:
        many_teams(db, 200)
        assert_in_step(db)
        drained(db)
        held = holder.execute(f"SELECT id FROM {LEGACY_TEAM} WHERE id % 20 = 0 FOR UPDATE").fetchall()
        assert len(held) == 10
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        wait_until(lambda: db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE region = 'EU'") == 190, timeout=20)
        holder.rollback()
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})
        assert len(daemon.lines("disconnected")) == 0


def test_a_shortage_on_the_server_does_not_use_up_the_attempts_of_a_row(installed):
    """What the server lacks is tried again without limit; the limit counts what the row itself met."""
    db = installed
    legacy_raises(db, "53400")
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=3) as daemon:
        team = db.new_team("bad luck")
        daemon.wait_for("dual_write_failed", team_id=team, sqlstate="53400", attempt=5, timeout=15)
        assert failed(db) == {} and db.backlog() == 1
        legacy_raises_now(db, "55P03")
        assert "retry_in_ms" in daemon.wait_for("dual_write_failed", team_id=team, sqlstate="55P03", timeout=15)
        legacy_mended(db)
        daemon.wait_for("dual_write_completed", team_id=team, timeout=10)
        assert failed(db) == {}


def test_overdue_retries_are_done_on_a_quiet_system(installed):
    db = installed
    legacy_raises(db, "23514")
    with Daemon(db) as daemon:
        teams = [db.new_team(f"bad {n}") for n in range(5)]
        wait_until(lambda: len(failed(db)) == 5)
        drained(db)
        legacy_mended(db)
        time.sleep(1)  # so that nothing of what was goes on
        db.execute("UPDATE dualwrite.failed SET retry_at = clock_timestamp() - interval '1 minute'")
        # nothing tells the daemon: its next beat sees it
        wait_until(lambda: failed(db) == {}, timeout=10)
        assert_in_step(db)
        for team in teams:
            one_completed(daemon, team)


def test_rows_that_met_other_transactions_are_all_retried_when_it_is_quiet_again(installed):
    db = installed
    legacy_raises(db, "40001")
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=20) as daemon:
        teams = [db.new_team(f"bad {n}") for n in range(8)]
        for team in teams:
            daemon.wait_for("dual_write_failed", team_id=team, attempt=5, timeout=15)
        legacy_mended(db)
        wait_until(lambda: failed(db) == {}, timeout=12)
        assert_in_step(db)


def test_a_parked_row_that_is_written_again_and_again_leaves_one_row_and_few_lines(installed):
    db = installed
    legacy_raises(db, "23514")
    with Daemon(db) as daemon:
        team = db.new_team("bad")
        daemon.wait_for("dual_write_failed", team_id=team)
        for n in range(100):
            db.execute(f"UPDATE {TEAM} SET region = %s, updated_at = now() WHERE id = %s", [str(n), team], user="app_user")
            time.sleep(0.02)
        drained(db)
        assert db.value("SELECT count(*) FROM dualwrite.failed") == 1
        # for each update its own failure and that of the one that was parked, not of all that came before
        assert count_lines(daemon, "dual_write_failed") <= 101 + 100
        assert len(daemon.raw) < 400
        legacy_mended(db)
        db.execute(f"UPDATE {TEAM} SET region = 'NA' WHERE id = %s", [team], user="app_user")
        wait_until(lambda: failed(db) == {})
        assert_in_step(db)


def test_a_legacy_trigger_that_changes_what_we_write_is_said(installed):
    db = installed
    db.legacy.execute(f"""
        CREATE FUNCTION public.meddle() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.name LIKE 'bad%' THEN NEW.region := 'Mars'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER meddle BEFORE INSERT OR UPDATE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION public.meddle()""")
    with Daemon(db) as daemon:
        good, bad = db.new_team("good"), db.new_team("bad")
        assert daemon.wait_for("dual_write_completed", team_id=bad)["verified"] == "false"
        assert daemon.wait_for("dual_write_completed", team_id=good)["verified"] == "true"
        line = daemon.wait_for("legacy_differs")
        assert line["level"] == "WARNING" and line["team_id"] == str(bad)
        assert line["legacy_team_id"] == str(legacy_team(db, bad, "id"))
        assert len(daemon.lines("legacy_differs")) == 1
        assert db.value(f"SELECT verified FROM {MAP} WHERE vnext_team_id = %s", [bad]) is False


# ---- what is missing in the database for a while -----------------------------------------------------------------------------


def test_a_legacy_column_that_is_away_for_a_moment_parks_nothing(installed):
    db = installed
    with Daemon(db) as daemon:
        many_teams(db, 20)
        assert_in_step(db)
        drained(db)
        db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} RENAME COLUMN region TO region_old")
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        time.sleep(3)
        assert failed(db) == {} and db.backlog() == 20
        db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} RENAME COLUMN region_old TO region")
        assert_in_step(db)
        drained(db)
        assert failed(db) == {}
        assert daemon.lines("config_fault")


def test_a_trigger_that_misses_a_column_for_one_row_parks_only_that_row(installed):
    """The same SQLSTATE, but preflight finds nothing wrong."""
    db = installed
    legacy_raises(db, "42703")
    with Daemon(db) as daemon:
        good = [db.new_team(f"good {n}") for n in range(3)]
        bad = db.new_team("bad")
        good += [db.new_team(f"good {n}") for n in range(3, 6)]
        for team in good:
            daemon.wait_for("dual_write_completed", team_id=team)
        wait_until(lambda: set(failed(db)) == {str(bad)})
        assert failed(db)[str(bad)]["retry_at"] is None
        drained(db)
        assert daemon.lines("config_fault") == []
        # and once more, now that it is known
        again = db.new_team("bad again")
        daemon.wait_for("dual_write_completed", team_id=db.new_team("good again"))
        wait_until(lambda: set(failed(db)) == {str(bad), str(again)})


@pytest.mark.parametrize("notify", ["off", "on"])
def test_a_preflight_that_failed_while_something_waits_is_tried_again(installed, notify):
    db = installed
    with Daemon(db, DUALWRITE_NOTIFY=notify) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} RENAME TO away")
        for side in db.sides:
            for name, pid in connections(side).items():
                if not name.endswith("/listen"):
                    side.execute("SELECT pg_terminate_backend(%s)", [pid])
        daemon.wait_for("config_fault")
        db.new_team("meanwhile")
        time.sleep(3)
        db.legacy.execute(f"ALTER TABLE away RENAME TO {LEGACY_TEAM}")
        assert_in_step(db, 15)
        drained(db)


@pytest.mark.layouts("one", reason="counts the connections to vNext, where the right is missing")
def test_a_right_that_is_missing_for_a_while_does_not_make_it_connect_hotly(cluster, installed):
    """The connection itself works each time: that alone must not end the back-off."""
    db = installed
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_DATABASE_URL=proxy.url(db)) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        db.execute("REVOKE SELECT ON dualwrite.failed FROM dualwrite_daemon")
        accepted, mark = proxy.accepted, daemon.mark()
        db.new_team("meanwhile")
        time.sleep(10)
        assert proxy.accepted - accepted <= 12
        assert daemon.mark() - mark <= 36
        db.execute("GRANT SELECT ON dualwrite.failed TO dualwrite_daemon")
        assert_in_step(db, 12)


# ---- connection strings --------------------------------------------------------------------------------------------------------


CONNECTION_STRING = pytest.mark.layouts("one", reason="about one connection string; the other is read by the same code")


@CONNECTION_STRING
def test_a_first_host_that_swallows_everything_does_not_keep_it_from_the_second(cluster, installed):
    db = installed
    with socket.create_server(("127.0.0.1", 0), backlog=50) as hole:
        url = make_conninfo("", dbname=db.name, user="daemon_login", host="127.0.0.1,127.0.0.1", connect_timeout=2,
                            port=f"{hole.getsockname()[1]},{cluster.port}")
        with Daemon(db, DUALWRITE_DATABASE_URL=url) as daemon:
            daemon.wait_for("dual_write_completed", team_id=db.new_team())


@CONNECTION_STRING
def test_a_host_name_longer_than_any_buffer_is_no_reason_to_crash(db):
    host = "a" * 300
    with Daemon(db, ready=False, DUALWRITE_DATABASE_URL=f"host={host} dbname=x") as daemon:
        assert host[:40] in daemon.wait_for_line(r"event_type=(waiting|disconnected) .*").group(0)
        assert daemon.term(timeout=10) == 0


@CONNECTION_STRING
def test_a_service_file_is_read(cluster, installed, tmp_path):
    db = installed
    services = tmp_path / "services.conf"
    services.write_text(f"[mydb]\nhost={cluster.host}\nport={cluster.port}\nuser=daemon_login\ndbname={db.name}\n")
    env = {"PGSERVICEFILE": services}
    with Daemon(db, DUALWRITE_DATABASE_URL="service=mydb", env=env) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        done = cli(db, "flags", "--json", env=env, check=False, DUALWRITE_DATABASE_URL="service=mydb")
        assert done.returncode == 0, done.stdout + done.stderr


# ---- sleeping, and another's end -----------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="the doorbell and its writers are in vNext; legacy has no part in it")
def test_after_a_transaction_that_outlives_the_doorbell_the_next_write_is_heard(installed):
    """Until a transaction that may have missed the doorbell has ended there is no sleep; the doorbell may have lapsed
    meanwhile, and then the daemon must not take itself for asleep."""
    db = installed
    old = db.connect()
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        old.execute("SELECT pg_current_xact_id()")
        db.new_team("during")
        time.sleep(17)  # a doorbell stands for 15 s
        old.rollback()
        time.sleep(1.5)
        assert int(daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))["lag_ms"]) < 1000


def test_what_a_killed_daemon_held_is_taken_over_as_soon_as_it_counts_as_gone(installed):
    """That is 10 s after its last beat. To wait for the survivor's next beat as well would make it 15 s."""
    db = installed
    with Daemon(db) as survivor, Daemon(db, DUALWRITE_POLL_INTERVAL="2s") as victim:
        instances = [daemon.wait_for("starting")["instance"] for daemon in (survivor, victim)]
        # the moment that is worst for who only looks every 5 s: just after the survivor has looked
        wait_until(lambda: db.value("""
            SELECT v.beat_at - s.beat_at BETWEEN interval '0.2 seconds' AND interval '2.2 seconds'
            FROM dualwrite.live_daemon s, dualwrite.live_daemon v WHERE s.instance = %s AND v.instance = %s""", instances))
        victim.kill9()
        many_teams(db, 100)
        assert_in_step(db, 12)
        drained(db)
        assert count_lines(survivor) == 100
