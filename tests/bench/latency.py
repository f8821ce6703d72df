"""From the commit of a write to the moment at which its legacy row can be seen, one write every 20 ms; ours also while 2,000 other
writes go on in each second. Another session looks all the time, so what is compared is taken on a machine of which one processor
is busy looking."""

import statistics
import time

import peers
import psycopg
from scene import DRAIN_TIMEOUT
from subject import Dualwrited

TEAMS = 1000
PERIOD = 0.02
RATE = 2000
MAKERS = [peers.Minimal, Dualwrited, peers.Replication, peers.Graphile]
FULL = [peers.PgBoss]


def run(scene):
    makers = scene.present(MAKERS + (FULL if scene.mode.full else []))
    base = peers.Minimal(makers[0]().build).name
    table = scene.results.table("latency", "Commit to visible legacy row", "ms", base)
    busy = scene.results.table("latency, busy", f"The same while {RATE:,} writes/s go on", "ms")
    for repeat in range(scene.mode.repeats):
        for make in scene.turns(makers, repeat):
            with scene.subject(make(), table) as peer:
                peer.start()
                scene.load(peer.db, TEAMS)
                peer.wait_drained(DRAIN_TIMEOUT)
                tell(table, peer.name, probes(peer, scene.mode.probes))
                if isinstance(peer, Dualwrited):
                    tell(busy, peer.name, probes_among_others(scene, peer))
                peer.wait_drained(DRAIN_TIMEOUT)
                peer.check()
                peer.stop()


def tell(table, name, seconds):
    table.add(name, "p50", statistics.median(seconds) * 1000)
    table.add(name, "p99", statistics.quantiles(seconds, n=100, method="inclusive")[98] * 1000)


def probes(peer, count, rest=0.0):
    """The seconds that each write took to arrive. rest: between two looks."""
    took = []
    with peer.db.connect("app_user", autocommit=True) as writer, psycopg.connect(peer.target_url(), autocommit=True) as target:
        due = time.monotonic()
        for n in range(count):
            time.sleep(max(0, due - time.monotonic()))
            due += PERIOD
            team, name = n % TEAMS + 1, f"Renamed {n}"
            writer.execute("UPDATE organizations_team SET name = %s, updated_at = clock_timestamp() WHERE id = %s", [name, team],
                           prepare=True)
            begin = time.monotonic()
            while not target.execute(peer.arrived, {"id": team, "name": name}, prepare=True).fetchall():
                if time.monotonic() - begin > DRAIN_TIMEOUT:
                    raise peers.Late(f"{peer.name}: a write did not arrive within {DRAIN_TIMEOUT} s")
                time.sleep(rest)
            took.append(time.monotonic() - begin)
    return took


def probes_among_others(scene, peer):
    """Looks every 0.2 ms only: the others need the processors."""
    seconds = int(scene.mode.probes * PERIOD) + 2
    with scene.pgbench_running(peer.db, 4, "write_team.sql", seconds, None, RATE, teams=TEAMS) as process:
        time.sleep(0.5)
        took = probes(peer, scene.mode.probes, 0.0002)
        if process.poll() is not None:
            raise peers.Late("the others had ended before the last probe")
        process.wait(60)
    return took
