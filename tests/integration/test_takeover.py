"""A daemon that stops, or is cut off, inside its open legacy transaction: another one takes its work over within 15 s, and what
the first had read before is never written over what the other wrote."""

import signal
import time

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import LEGACY_TEAM, TEAM, drained, each_once, legacy_team
from proxy import Proxy

pytestmark = pytest.mark.layouts("two")

LEGACY_URL = "DUALWRITE_LEGACY_DATABASE_URL"
VNEXT_URL = "DUALWRITE_DATABASE_URL"
PROMISED = 15.0


def waits_in_legacy(db):
    return db.legacy.value("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%' AND wait_event_type = 'Lock' "
                           "AND datname = current_database()")


def taken_over(db, team, since):
    wait_until(lambda: legacy_team(db, team, "description") == "newer", 30)
    assert time.monotonic() - since <= PROMISED


def stays_newer(db, team, seconds=3):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert legacy_team(db, team, "description") == "newer"
        time.sleep(0.05)


def stopped_at_a_row(db, first, team, cut=None):
    """`first` has read the row as it was, and waits in legacy for somebody who holds it; there it stops, or is cut off. The row
    changes, a second daemon comes, and after five seconds the legacy row is free: when it stopped."""
    with db.legacy.connect() as locker:
        locker.execute(f"SELECT FROM {LEGACY_TEAM} FOR UPDATE")
        db.execute(f"UPDATE {TEAM} SET description = 'old', updated_at = now()", user="app_user")
        wait_until(lambda: waits_in_legacy(db), what="it waits for the row")
        since = time.monotonic()
        if cut:
            cut()
        else:
            first.signal(signal.SIGSTOP)
        db.execute(f"UPDATE {TEAM} SET description = 'newer', updated_at = now()", user="app_user")
        # before its lock_timeout ends the wait: the statement that writes the old values goes on, and its transaction stays open
        locker.rollback()
    return since


@pytest.mark.parametrize("gone", ["at once", "when its beats are old"])
def test_stopped_inside_its_legacy_transaction(db, gone):
    install(db)
    with Daemon(db) as first:
        team = db.new_team()
        first.wait_for("dual_write_completed", team_id=team)
        claims = db.value("SELECT pid FROM pg_stat_activity WHERE application_name = 'dualwrited/claim' AND "
                          "datname = current_database()")
        since = stopped_at_a_row(db, first, team)
        with Daemon(db, ready=False) as second:
            if gone == "at once":  # its lock in vNext is, and legacy would keep its session for ten seconds
                db.execute("SELECT pg_terminate_backend(%s)", [claims])
                db.execute("DELETE FROM dualwrite.daemon d WHERE d.pid = %s", [first.pid])
                line = second.wait_for("lease_taken_over", database="legacy", timeout=8)
                assert line["level"] == "WARNING" and line["partitions"]
            taken_over(db, team, since)
            first.signal(signal.SIGCONT)
            stays_newer(db, team)
            drained(db)
            assert_in_step(db)
            each_once(first, second)


def test_cut_off_from_both_inside_its_legacy_transaction(cluster, db):
    """The network swallows everything: it lives, and believes that its statement is still under way."""
    install(db)
    with Proxy(cluster.port) as vnext, Proxy(cluster.port) as legacy:
        with Daemon(db, **{VNEXT_URL: vnext.url(db), LEGACY_URL: legacy.url(db.legacy)}) as first:
            team = db.new_team()
            first.wait_for("dual_write_completed", team_id=team)

            def cut():
                vnext.hold()
                legacy.hold()

            since = stopped_at_a_row(db, first, team, cut)
            with Daemon(db, ready=False) as second:
                taken_over(db, team, since)
                legacy.release()
                vnext.release()
                stays_newer(db, team)
                drained(db, 30)
                assert_in_step(db)
                each_once(first, second)


def test_stopped_between_the_legacy_commit_and_the_acknowledgement(cluster, db):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as first:
        team = db.new_team()
        first.wait_for("dual_write_completed", team_id=team)
        lost = proxy.lose_commit(before=rb"dualwrite\.fence", cut=False)
        db.execute(f"UPDATE {TEAM} SET description = 'old', updated_at = now()", user="app_user")
        lost.wait()
        since = time.monotonic()
        with first.stop_cont():
            db.execute(f"UPDATE {TEAM} SET description = 'newer', updated_at = now()", user="app_user")
            with Daemon(db, ready=False) as second:
                taken_over(db, team, since)
                first.signal(signal.SIGCONT)
                stays_newer(db, team)
                drained(db)
                assert_in_step(db)
                each_once(first, second)


def test_a_younger_batch_is_never_ended_by_an_older_one(db):
    """The evidence is the epoch, and not who comes second: in SQL, as the daemons send it."""
    install(db)
    sql = {name: open(f"lib/sql/daemon/{name}.sql").read() for name in ("hold_epoch", "evict", "hold_legacy")}
    sql = {name: "\n".join(line for line in text.splitlines() if not line.startswith("--")).replace("%", "%%").replace("$1", "%(epoch)s")
           .replace("$2" if name == "evict" else "%(epoch)s" if name == "hold_legacy" else "$2", "'{3,4}'") for name, text in sql.items()}

    def holders():
        return db.legacy.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1685414252 AND granted")

    def enter(epoch, **settings):
        conn = db.legacy.connect("daemon_login", application_name="dualwrited/apply", **settings)
        conn.execute(sql["hold_epoch"], {"epoch": epoch})
        ended = conn.execute(sql["evict"], {"epoch": epoch}).fetchall()
        if ended or not holders():
            conn.execute(sql["hold_legacy"])
        return conn, ended

    _, ended = enter(100)
    assert ended == []
    _, ended = enter(99)
    assert ended == []
    _, ended = enter(100)  # its own number: cannot be told
    assert ended == []
    third, ended = enter(101)
    assert {partitions for _, partitions, _ in ended} == {"3,4"} and len(ended) == 1
    pid = third.info.backend_pid
    wait_until(lambda: not db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [ended[0][0]]))
    assert db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]) == 1
    # the numbers go round, and what is not ours is left alone
    third.close()
    _, ended = enter(2**31 - 1)
    assert ended == []
    _, ended = enter(2**31 + 5)
    assert len(ended) == 1
    wait_until(lambda: not db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [ended[0][0]]))
    foreign = db.legacy.connect("daemon_login", application_name="psql")
    foreign.execute("SELECT pg_advisory_xact_lock(1685414252, 5), pg_advisory_xact_lock_shared(1685414253, 1)")
    sql["evict"] = sql["evict"].replace("{3,4}", "{5}")
    assert db.legacy.connect("daemon_login", application_name="dualwrited/apply").execute(sql["evict"], {"epoch": 9}).fetchall() == []
