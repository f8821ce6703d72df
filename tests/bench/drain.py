"""Draining: 100,000 events (20,000 new teams, 80,000 memberships) are committed in one transaction while the consumer listens; from
that commit to the moment at which nothing waits. Also with two databases, with four daemons, and with BENCH=full from a million
events. Legacy is checked after each; ours must have logged each event, too."""

import threading
import time
from datetime import datetime

import peers
from scene import BUILD, DRAIN_TIMEOUT, memory_mb, statement
from subject import Dualwrited

TEAMS, MEMBERS = 20_000, 4
OURS, TWO = "dualwrited", "dualwrited, two databases"


def singly(build):
    peer = peers.Replication(build)
    peer.name += ", one transaction each"
    peer.singly = True
    return peer


def graphile(build):
    """Its jobs are the same as by row trigger, which takes longer to fill the queue than anybody to drain it."""
    return peers.Graphile(build, "statement")


def bulk(build):
    peer = peers.Replication(build)
    peer.name += ", bulk"
    return peer


MAKERS = [peers.Floor, Dualwrited, lambda build: Dualwrited(build, 4, name="dualwrited, 4 daemons"), peers.Minimal, bulk,
          graphile, lambda build: Dualwrited(build, layout="two", name=TWO)]
FULL = [peers.PgBoss, lambda build: peers.Graphile(build, "array"), lambda build: peers.Minimal(build, chunk=1)]


def run(scene):
    table = scene.results.table("drain", "Draining 100,000 events", "events/s", peers.Floor.name)
    makers = scene.present(MAKERS + ([] if scene.mode.quick else [singly]) + (FULL if scene.mode.full else []))
    for repeat in range(scene.mode.repeats):
        for make in scene.turns(makers, repeat):
            with scene.subject(make(), table) as peer:
                # who takes a minute for all gets a tenth
                teams = TEAMS // 10 if getattr(peer, "chunk", None) == 1 else TEAMS
                table.add(peer.name, "events/s", teams * (1 + MEMBERS) / drain(scene, peer, teams))
    ours, two = table.median(OURS, "events/s"), table.median(TWO, "events/s")
    if ours and two:
        table.note(f"two databases, over one: {two / ours:.2f}")
    if scene.mode.full:
        million(scene)


def drain(scene, peer, teams, timeout=DRAIN_TIMEOUT):
    """Seconds, rows checked."""
    if isinstance(peer, peers.Floor):
        scene.load(peer.db, teams, MEMBERS)
        seconds = peer.run()
        peer.check()
        return seconds
    if getattr(peer, "singly", False):
        load_singly(scene, peer.db, teams)
        with peer.held():
            peer.start()
        begin = time.monotonic()
    else:
        peer.start()
        begin = scene.load(peer.db, teams, MEMBERS)
    peer.wait_drained(timeout)
    seconds = time.monotonic() - begin
    peer.check()
    if isinstance(peer, Dualwrited) and len(peer.completed()) != teams * (1 + MEMBERS):
        raise peers.Wrong(f"{peer.name}: {len(peer.completed())} events logged")
    peer.stop()
    return seconds


def load_singly(scene, db, teams):
    """The same rows, each committed by itself."""
    with db.connect("app_user", autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        for name, rows in (("load_teams.sql", teams), ("load_memberships.sql", teams * MEMBERS)):
            one = statement(name, members=MEMBERS).replace(":first", "i").replace(":last", "i")
            conn.execute(f"DO $do$ BEGIN FOR i IN 1..{rows} LOOP {one}; COMMIT; END LOOP; END $do$")
    db.execute("ANALYZE organizations_team, organizations_teammembership")
    scene.admin.execute("CHECKPOINT")


def million(scene):
    """Does it get slower or larger on the way?"""
    table = scene.results.table("million", "A million waiting events, one daemon", "see the columns")
    peer = Dualwrited(BUILD)
    memory, ended = [], threading.Event()

    def watch():
        while not ended.wait(0.2):
            for pid in peer.pids():
                try:
                    memory.append(memory_mb(pid))
                except OSError:
                    return
    with scene.subject(peer, table):
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            seconds = drain(scene, peer, 10 * TEAMS, 10 * DRAIN_TIMEOUT)
        finally:
            ended.set()
            watcher.join()
        times = [datetime.fromisoformat(at.replace("Z", "+00:00")) for at in peer.completed()]
        tenth = len(times) // 10
        for column, part in (("first tenth, events/s", times[:tenth]), ("last tenth, events/s", times[-tenth:])):
            table.add(peer.name, column, tenth / (part[-1] - part[0]).total_seconds())
        table.add(peer.name, "all, events/s", len(times) / seconds)
        few = max(1, len(memory) // 10)
        for column, part in (("private memory first, MB", memory[:2 * few]), ("last, MB", memory[-few:])):
            table.add(peer.name, column, max(part))
