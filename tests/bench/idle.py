"""Who has nothing to do: processor time, memory, round trips; and what a burst of 10,000 updates of one team costs legacy."""

import contextlib
import time

import peers
from scene import DRAIN_TIMEOUT, memory_mb, process_seconds, sleeps, statement
from subject import Dualwrited

TEAMS = 1000
MAKERS = [Dualwrited, peers.Minimal, peers.Graphile]
REST = 12  # seconds until what came before is over, and told: a session that is idle tells its counts after 10 s


def run(scene):
    makers = scene.present(MAKERS)
    idle(scene, makers)
    bursts(scene, makers)


def idle(scene, makers):
    """All at once: they have nothing to do."""
    table = scene.results.table("idle", "Nothing to do", "see the columns")
    with contextlib.ExitStack() as stack:
        subjects = [stack.enter_context(scene.subject(make(), table)) for make in makers]
        for peer in subjects:
            peer.start()
            scene.load(peer.db, TEAMS)
            peer.wait_drained(DRAIN_TIMEOUT)
        for peer in subjects:
            peer.db.close()  # its sessions are the consumer's only
        time.sleep(REST)
        begin, before = time.monotonic(), [look(scene, peer) for peer in subjects]
        time.sleep(scene.mode.idle)
        seconds, after = time.monotonic() - begin, [look(scene, peer) for peer in subjects]
        for peer, then, now in zip(subjects, before, after):
            cpu, slept, transactions = (b - a for a, b in zip(then, now))
            (pid,) = peer.pids()
            table.add(peer.name, "CPU, %", 100 * cpu / seconds)
            table.add(peer.name, "private memory, MB", memory_mb(pid))
            table.add(peer.name, "RSS, MB", memory_mb(pid, "status", "VmRSS"))
            table.add(peer.name, "transactions in 5 s", 5 * transactions / seconds)
            table.add(peer.name, "wake-ups in 5 s", 5 * slept / seconds)
            peer.stop()


def look(scene, peer):
    """What process and database have done so far: seconds, times that it slept, transactions."""
    (pid,) = peer.pids()
    transactions = scene.admin.execute("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s",
                                       [peer.db.name]).fetchone()[0]
    return process_seconds(pid), sleeps(pid), transactions


def bursts(scene, makers):
    table = scene.results.table("burst", "10,000 updates of one team", "writes of its legacy row")
    for make in makers:
        with scene.subject(make(), table) as peer:
            peer.start()
            scene.load(peer.db, TEAMS)
            peer.wait_drained(DRAIN_TIMEOUT)
            for column, burst in BURSTS[:1] if scene.mode.quick else BURSTS:
                before = written(scene, peer)
                peer.start()
                burst(scene, peer.db)
                peer.wait_drained(DRAIN_TIMEOUT)
                table.add(peer.name, column, written(scene, peer) - before)
                peer.check()


def one_transaction(_, db):
    db.execute(statement("burst.sql"), user="app_user")


def many_transactions(scene, db):
    scene.pgbench(db, 1, transactions=10_000, options="-c synchronous_commit=off", teams=1)


BURSTS = [("one transaction", one_transaction), ("10,000 transactions", many_transactions)]


def written(scene, peer):
    """Rows of legacy teams written so far. The consumer is stopped: a session tells its counts when it ends, at the latest."""
    peer.stop()
    name = peer.db.name
    peer.db.close()
    while scene.admin.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", [name]).fetchall():
        time.sleep(0.01)
    return peer.db.value("SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = 'teams_team'")
