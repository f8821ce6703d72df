"""`dualwrited reconcile` beside writers, daemons and failures: never a false finding, killed and resumed, throttled, alone."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import threading
import time

import psycopg
import pytest

from conftest import Daemon, assert_in_step, binary, clean_environment, config_for, install, wait_until, write_env_file
from helpers import LEGACY_MEMBERSHIP, LEGACY_TEAM, MEMBERSHIP, TEAM, Writers, as_sync_session, cli, drained, forget_events, shadow_of
from test_check import all_of
from test_reconcile import columns, of, reconcile

pytestmark = pytest.mark.layouts("one", "two")


class Running:
    """`dualwrited reconcile` in the background."""

    def __init__(self, db, tmp_path, *args, user="daemon_login"):
        config = tmp_path / "reconcile.env"
        write_env_file(config, config_for(db, user))
        self.process = subprocess.Popen([binary(), "reconcile", "--json", "--config", config, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=clean_environment(), text=True)

    def end(self, timeout=60):
        out, err = self.process.communicate(timeout=timeout)
        assert "Sanitizer" not in err, err
        return self.process.returncode, json.loads(out) if out else None, err


def many(db, count, members=False):
    db.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) SELECT n, 't' || n, 't' || n, 1 FROM generate_series(1, {count}) n")
    if members:
        db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT n, n FROM generate_series(1, {count}) n")


def seen(db, column="vnext_seen", entity="team"):
    return db.value(f"SELECT {column} FROM dualwrite.reconcile WHERE entity = %s", [entity]) or 0


# ---- writers all the time ----------------------------------------------------------------------------------------------------


class Restless:
    """Threads that change, take away and bring back the same few rows over and over, to values that they had before."""

    def __init__(self, db, seed, threads=3):
        self.db, self.seed, self.errors = db, seed, []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        assert self.errors == []

    def _run(self, number):
        rng = random.Random(self.seed * 10 + number)
        with self.db.cluster.connect(self.db.name, "app_user") as conn:
            while not self._stop.is_set():
                team, user = rng.randint(1, 12), rng.randint(1, 3)
                try:
                    match rng.randint(0, 4):
                        case 0:
                            conn.execute(f"UPDATE {TEAM} SET region = %s WHERE id = %s", [rng.choice(["A", "B"]), team])
                        case 1:
                            conn.execute(f"UPDATE {MEMBERSHIP} SET status = %s WHERE team_id = %s AND user_id = %s",
                                         [rng.choice(["ACTIVE", "INACTIVE"]), team, user])
                        case 2:
                            conn.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = %s AND user_id = %s", [team, user])
                        case 3:
                            conn.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT id, %s FROM {TEAM} WHERE id = %s",
                                         [user, team])
                        case 4:
                            with conn.transaction():
                                conn.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = %s", [team])
                                conn.execute(f"DELETE FROM {TEAM} WHERE id = %s", [team])
                                conn.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) VALUES (%s, 'n', %s, 1)",
                                             [team, f"slug-{team}"])
                except (psycopg.errors.IntegrityError, psycopg.errors.DeadlockDetected):
                    pass  # another thread took the team away
                except Exception as error:
                    self.errors.append(error)
                    return
                time.sleep(rng.random() / 200)


@pytest.mark.parametrize("seed", [1, 2])
def test_never_a_false_finding(db, seed):
    """Rows that come, go and flip back under it: none of them is ever called a difference."""
    install(db)
    db.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) SELECT n, 'n', 'slug-' || n, 1 FROM generate_series(1, 12) n")
    with Daemon(db, DUALWRITE_BATCH_SIZE=7), Daemon(db), Restless(db, seed), Writers(db, threads=1):
        until = time.monotonic() + 10
        runs = 0
        while time.monotonic() < until or runs < 5:
            done = cli(db, "reconcile", "--json", "--settle=20s", f"--chunk={random.Random(runs).choice([1, 5, 50, 1000])}",
                       "--rate=0", user="daemon_login", check=False)
            answer = json.loads(done.stdout)
            assert done.returncode in (0, 70), done.stdout
            for entity in answer["entities"]:
                assert not any(entity[key] for key in ("missing", "drifted", "extra", "refused")), entity
            runs += 1
    with Daemon(db):
        drained(db)
        assert_in_step(db)
        assert reconcile(db)["summary"]["verdict"] == "clean"


def test_rows_that_come_after_the_last_one_are_not_run_after(db):
    """Writers add rows faster than a pass with small chunks looks at them: it ends all the same."""
    install(db)
    with Daemon(db), Writers(db, threads=3) as writers:
        wait_until(lambda: len(writers.ids) >= 20)
        seen_before = db.value(f"SELECT count(*) FROM {TEAM}")
        answer = json.loads(cli(db, "reconcile", "--json", "--chunk=1", "--rate=300", user="daemon_login", check=False).stdout)
        now = db.value(f"SELECT count(*) FROM {TEAM}")
    team = next(e for e in answer["entities"] if e["entity"] == "team")
    assert seen_before <= team["rows"] < now


def test_a_true_difference_is_confirmed_while_writers_run(db):
    install(db)
    many(db, 300)
    with Daemon(db), Writers(db, threads=2):
        wait_until(lambda: db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE slug LIKE 't%'") == 300)
        as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET description = 'zz' WHERE slug IN ('t7', 't77', 't277')")
        as_sync_session(db, f"DELETE FROM {LEGACY_TEAM} WHERE slug = 't100'")
        answer = json.loads(cli(db, "reconcile", "--json", "--chunk=50", user="daemon_login", check=False).stdout)
        assert of(answer, "team", "missing", "drifted", "extra", "refused") == {"missing": 1, "drifted": 3}
        assert columns(answer, "team") == {"description": 3}
        fixed = json.loads(cli(db, "reconcile", "--json", "--resume", "--fix", user="daemon_login", check=False).stdout)
        assert fixed["summary"]["fixed"] == 4
    with Daemon(db):
        drained(db)
        assert_in_step(db)


# ---- killed, refused, broken off -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["vnext", "legacy"])
def test_killed_and_resumed(db, tmp_path, moment):
    install(db)
    many(db, 400)
    with Daemon(db):
        drained(db)
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE substr(slug, 2)::int % 40 = 0")
    db.execute(f"DELETE FROM {TEAM} WHERE id % 100 = 1")
    forget_events(db)
    running = Running(db, tmp_path, "--chunk=20", "--rate=300")
    wait_until(lambda: seen(db, f"{moment}_seen") >= 100)
    running.process.send_signal(signal.SIGKILL)
    running.end()
    before = seen(db, f"{moment}_seen")
    assert 100 <= before < 396 and seen(db, "pass") == moment
    # what it saw is not looked at again
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET name = 'late' WHERE slug IN ('t2', 't3', 't40')")
    answer = reconcile(db, "--resume", "--chunk=20", check=1)
    assert of(answer, "team", "compared", "rows") == {"compared": 396, "rows": 396}
    assert of(answer, "team", "drifted", "extra") == {"drifted": 10, "extra": 4}
    assert columns(answer, "team") == {"region": 10}
    with Daemon(db):
        assert reconcile(db, "--fix")["summary"]["verdict"] == "fixed"


def test_what_was_in_flight_when_it_was_killed_is_not_forgotten(db, tmp_path):
    install(db)
    many(db, 50)
    with Daemon(db):
        drained(db)
        with db.legacy.connect() as conn:
            conn.execute(f"SELECT FROM {LEGACY_TEAM} WHERE id = %s FOR UPDATE", [shadow_of(db, 1)])
            db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = 1")
            running = Running(db, tmp_path, "--chunk=10", "--settle=60s")
            wait_until(lambda: seen(db, "pass") == "done")
            assert db.execute("SELECT state FROM dualwrite.reconcile_finding") == [("open",)]
            running.process.kill()
            running.end()
            conn.rollback()
        assert reconcile(db, "--resume")["summary"]["verdict"] == "clean"


def test_settling_waits_for_what_is_in_flight(db, tmp_path):
    install(db)
    many(db, 50)
    with Daemon(db):
        drained(db)
        with db.legacy.connect() as conn:
            conn.execute(f"SELECT FROM {LEGACY_TEAM} WHERE id = %s FOR UPDATE", [shadow_of(db, 1)])
            db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = 1")
            answer = json.loads(cli(db, "reconcile", "--json", "--settle=1s", user="daemon_login", check=False).stdout)
            assert of(answer, "team", "in_flight", "parked", "drifted") in ({"in_flight": 1}, {"parked": 1})
            running = Running(db, tmp_path, "--settle=60s")
            wait_until(lambda: seen(db, "pass", "membership") == "done")
            time.sleep(1)
            assert running.process.poll() is None
            conn.rollback()
        status, answer, _ = running.end()
        assert (status, answer["summary"]["verdict"]) == (0, "clean")


def test_only_one_at_a_time(db, tmp_path):
    install(db)
    many(db, 200)
    forget_events(db)
    running = Running(db, tmp_path, "--chunk=10", "--rate=50")
    wait_until(lambda: seen(db) > 0)
    for args in ([], ["--resume"]):
        done = cli(db, "reconcile", *args, user="daemon_login", check=70)
        assert "another reconcile works" in done.stderr and done.stdout == ""
    running.process.kill()
    running.end()
    assert of(reconcile(db, "--resume", "--rate=0", check=1), "team") == {"missing": 200}


@pytest.mark.parametrize("side", ["vnext", "legacy"])
def test_a_connection_that_breaks_ends_it_and_it_can_go_on(db, tmp_path, side):
    install(db)
    many(db, 200)
    forget_events(db)
    running = Running(db, tmp_path, "--chunk=10", "--rate=100")
    wait_until(lambda: seen(db) > 20)
    where = db if side == "vnext" else db.legacy
    where.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dualwrited/reconcile' "
                  "AND datname = current_database()")
    status, answer, _ = running.end()
    assert status == 70 and answer["summary"]["complete"] is False and "broken off" in answer["summary"]["why"]
    assert "--resume" in answer["summary"]["next"] and answer["summary"]["verdict"] == "unfinished"
    assert of(reconcile(db, "--resume", check=1), "team", "missing", "compared") == {"missing": 200, "compared": 200}


@pytest.mark.parametrize("table", [TEAM, LEGACY_TEAM])
def test_a_table_that_is_locked_for_a_while(db, tmp_path, table):
    """Somebody alters it: that is waited for, and blamed on no row."""
    install(db)
    many(db, 60)
    with Daemon(db):
        drained(db)
    running = Running(db, tmp_path, "--chunk=10", "--rate=20", "--entity=team")
    wait_until(lambda: seen(db) > 10)
    with db.side(table).connect() as conn:
        conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        time.sleep(5)
        assert running.process.poll() is None
        conn.rollback()
    status, answer, _ = running.end()
    assert (status, answer["summary"]["verdict"]) == (0, "clean"), answer


# ---- pace ------------------------------------------------------------------------------------------------------------------------


def test_the_rate_is_kept(db):
    install(db)
    many(db, 300)
    forget_events(db)
    begin = time.monotonic()
    answer = reconcile(db, "--entity=team", "--chunk=10", "--rate=100", check=1)
    assert 2.8 <= time.monotonic() - begin < 15 and answer["summary"]["rows"] == 300


def test_it_rests_while_the_sync_lags(db, tmp_path):
    """A row that is locked in legacy holds its event back: that is lag, and compared is slowly or not at all."""
    install(db)
    many(db, 400)
    with Daemon(db):
        drained(db)
        with db.legacy.connect() as conn:
            conn.execute(f"SELECT FROM {LEGACY_TEAM} FOR UPDATE")
            db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id < 200")
            time.sleep(1.2)
            running = Running(db, tmp_path, "--chunk=10", "--rate=200", "--max-lag=1s")
            wait_until(lambda: seen(db) > 0)
            time.sleep(3)
            held = seen(db)
            locked = db.backlog() > 0
            conn.rollback()
        status, answer, _ = running.end()
        assert (status, answer["summary"]["verdict"]) == (0, "clean"), answer
        assert held < 300 or not locked


def test_it_holds_no_snapshot_between_chunks(db, tmp_path):
    install(db)
    many(db, 300)
    forget_events(db)
    running = Running(db, tmp_path, "--chunk=10", "--rate=60")
    wait_until(lambda: seen(db) > 0)
    oldest = []
    while running.process.poll() is None and len(oldest) < 40:
        for where in db.sides:
            oldest += [age for (age,) in where.execute(
                "SELECT coalesce(extract(epoch FROM clock_timestamp() - xact_start)::float, 0) FROM pg_stat_activity "
                "WHERE application_name = 'dualwrited/reconcile' AND datname = current_database()")]
        time.sleep(0.05)
    running.process.kill()
    running.end()
    assert oldest and max(oldest) < 2 and sum(age > 0.15 for age in oldest) < len(oldest) / 4


def test_progress_is_shown_on_a_terminal_and_nowhere_else(db, tmp_path):
    install(db)
    many(db, 200)
    forget_events(db)
    config = tmp_path / "reconcile.env"
    write_env_file(config, config_for(db))
    master, slave = pty.openpty()
    done = subprocess.run([binary(), "reconcile", "--config", config, "--chunk=10", "--rate=50"], stdout=subprocess.PIPE,
                          stderr=slave, timeout=60, env=clean_environment(), check=False, text=True)
    os.close(slave)
    shown = all_of(master).decode()
    assert re.search(r"team: \d+ of 200 vNext rows \(\d+ s\)", shown) and shown.endswith("\x1b[K")
    assert " s) ..." not in done.stdout
    assert cli(db, "reconcile", user="daemon_login", check=1).stderr == ""


def test_a_backfill_with_writers_and_two_daemons(db):
    many(db, 1500, members=True)
    install(db)
    with Daemon(db), Daemon(db), Writers(db, threads=1):
        done = cli(db, "reconcile", "--fix", "--json", "--chunk=200", user="daemon_login", check=False)
        answer = json.loads(done.stdout)
        assert done.returncode in (0, 70) and answer["summary"]["fixed"] == 3000, answer["summary"]
    with Daemon(db):
        drained(db)
        assert_in_step(db)
    assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_MEMBERSHIP} WHERE user_id = 1500 AND status = 'ACTIVE'") >= 1
    assert reconcile(db)["summary"]["verdict"] == "clean"
