"""What the writers notice: transactions per second with the capture in place, over bare tables.

First nobody drains: what a transaction pays for the capture alone, on this disk and with a flush of 1 ms, and what a row of one
UPDATE of 10,000 rows pays. Then the consumer drains at the same time, and a transaction counts only when nothing waits any more:
transactions over the time from the first to the empty queue. Processor time is the server's and the consumer's, not pgbench's.
The subjects' databases are there side by side, and take turns with each measure."""

import contextlib
import os
import time

import peers
from scene import DRAIN_TIMEOUT, statement
from subject import Dualwrited

TEAMS = 10_000
BULK_TURNS = 2
CLIENTS = (1, 8, 16)
# The leader of a group of commits waits so many microseconds before it flushes, and with 0 siblings always: with the lock of the
# flush in hand, as a slow disk would have it wait. Sessions that come meanwhile are in the next group.
FLUSHES = {"this disk": {"commit_delay": None, "commit_siblings": None},
           "flush of 1 ms": {"commit_delay": 1000, "commit_siblings": 0}}
BARE = peers.CAPTURES[0].name
DRAINERS = [peers.CAPTURES[0], Dualwrited, peers.Minimal, peers.Replication, peers.Graphile]
FULL = [lambda build: peers.Minimal(build, notify=False), peers.PgBoss]


def run(scene):
    captured(scene)
    drained(scene)


@contextlib.contextmanager
def side_by_side(scene, makers, table, prepare):
    """All subjects at once; yields the list of those that are there."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(scene.subject(make(), table, prepare)) for make in scene.present(makers)]


def captured(scene):
    tables = {flush: scene.results.table(f"writers, {flush}", f"Writers, nobody drains, {flush}", "transactions/s", BARE)
              for flush in FLUSHES}
    cost = scene.results.table("capture", "What the capture costs", "microseconds")
    with side_by_side(scene, [*peers.CAPTURES, Dualwrited], tables["this disk"],
                      lambda db: scene.load(db, TEAMS)) as subjects:
        for peer in subjects:
            scene.pgbench(peer.db, 8, transactions=100, teams=TEAMS)  # into memory
        scene.admin.execute("CHECKPOINT")
        os.sync()  # what all the loads have left to be written
        for repeat in range(scene.mode.repeats):
            turns = scene.turns(subjects, repeat)
            for flush, settings in FLUSHES.items():
                scene.setting(**settings)
                for clients in CLIENTS if flush == "this disk" or not scene.mode.quick else CLIENTS[-1:]:
                    spent = {peer.name: write(scene, peer, clients, tables[flush]) for peer in turns}
                    if flush == "this disk" and clients == 8:
                        for name, seconds in spent.items():
                            cost.add(name, "CPU added per transaction, 8 clients", (seconds - spent[BARE]) * 1e6)
            scene.setting(**FLUSHES["this disk"])
            bulk(scene, turns, cost)
        for peer in subjects:
            if peer.name != BARE and peer.drained():
                raise peers.Wrong(f"{peer.name} has captured nothing")


def write(scene, peer, clients, table):
    """Seconds of processor time that a transaction took."""
    before = scene.cpu()
    rate, done = scene.pgbench(peer.db, clients, seconds=scene.mode.seconds, teams=TEAMS)
    table.add(peer.name, f"{clients} client{'s' * (clients > 1)}", rate)
    return (scene.cpu() - before) / done


def bulk(scene, subjects, cost):
    """One statement over all teams; the least of a few turns, because what else happens only adds."""
    took = {}
    for _ in range(BULK_TURNS):
        for peer in subjects:
            peer.db.execute("VACUUM organizations_team")
            scene.admin.execute("CHECKPOINT")
            with peer.db.connect("app_user", autocommit=True) as conn:
                begin = time.monotonic()
                conn.execute(statement("update_all.sql"))
                took.setdefault(peer.name, []).append(time.monotonic() - begin)
    for name, times in took.items():
        cost.add(name, "added per row of one UPDATE of 10,000", (min(times) - min(took[BARE])) / TEAMS * 1e6)


def drained(scene):
    table = scene.results.table("draining", "Writers, 8 clients, the consumer drains meanwhile; nothing waits at the end",
                                "transactions/s", BARE)
    makers = scene.present(DRAINERS + (FULL if scene.mode.full else []))
    for repeat in range(scene.mode.repeats):
        spent = {}
        for make in scene.turns(makers, repeat):
            with scene.subject(make(), table) as peer:
                spent[peer.name] = write_and_drain(scene, peer, table)
        for name, seconds in spent.items():
            if BARE in spent:
                table.add(name, "CPU added per transaction, us", (seconds - spent[BARE]) * 1e6, compare=False)


def write_and_drain(scene, peer, table):
    """Seconds of processor time that a transaction took, with all that was done for it."""
    peer.start()
    scene.load(peer.db, TEAMS)
    peer.wait_drained(DRAIN_TIMEOUT)
    before = scene.cpu(peer.pids())
    during, done = scene.pgbench(peer.db, 8, seconds=2 * scene.mode.seconds, teams=TEAMS)
    ended = time.monotonic()
    peer.wait_drained(DRAIN_TIMEOUT)
    behind = time.monotonic() - ended
    spent = (scene.cpu(peer.pids()) - before) / done
    if peer.name != BARE:
        peer.check()
    table.add(peer.name, "until nothing waits", done / (done / during + behind))
    table.add(peer.name, "while they wrote", during)
    table.add(peer.name, "then behind, s", behind, compare=False)
    peer.stop()
    return spent
