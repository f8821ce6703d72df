"""Where the benchmark plays: the server on the disk, databases with a subject in them, loads, writers, processor time. What is
measured is in the scenarios, who takes part in subject.py and peers."""

import contextlib
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import peers
from conftest import TOP, Cluster, clean_environment
from psycopg import sql

HERE = Path(__file__).resolve().parent
BUILD = TOP / "build" / "bench"
DRAIN_TIMEOUT = 60

# As one would run it, but that nothing happens by itself: no checkpoint and no autovacuum in the middle of one subject's turn.
# Statistics are taken, and checkpoints made, before each.
SETTINGS = """
fsync = on
full_page_writes = on
synchronous_commit = on
shared_buffers = 1GB
max_wal_size = 16GB
min_wal_size = 4GB
checkpoint_timeout = 1h
autovacuum = off
"""


@dataclass
class Mode:
    """How much of everything. quick leaves out what takes long and is not the first question."""

    repeats: int
    seconds: int  # of one turn of the writers
    probes: int  # writes whose latency is taken, in one turn
    idle: int  # seconds of watching who has nothing to do
    teams: int  # for report, reconcile and check; five memberships each
    quick: bool = False
    full: bool = False


MODES = {"quick": Mode(1, 1, 100, 11, 20_000, quick=True), "": Mode(3, 1, 100, 16, 100_000),
         "full": Mode(5, 4, 500, 31, 1_000_000, full=True)}


class Scene:
    def __init__(self, mode, results):
        self.mode, self.results = mode, results
        os.environ["CLUSTER_ON_DISK"] = "1"
        self.cluster = Cluster()
        with (self.cluster.dir / "data" / "postgresql.conf").open("a", encoding="ascii") as conf:
            conf.write(SETTINGS)
        self.cluster.restart()
        self.postmaster = int((self.cluster.dir / "data" / "postmaster.pid").read_text().split()[0])
        # a session that is in nobody's database
        self.admin = self.cluster.connect("postgres")

    def close(self):
        self.admin.close()
        self.cluster.destroy()

    # ---- subjects

    def present(self, makers):
        """Those whose programs this machine has, as functions without arguments; the others are noted as missing."""
        found = []
        for make in makers:
            try:
                make(BUILD)
            except peers.Missing as missing:
                if str(missing) not in self.results.missing:
                    self.results.missing.append(str(missing))
                continue
            found.append(lambda make=make: make(BUILD))
        return found

    @staticmethod
    def turns(subjects, repeat):
        """Who comes when in this repeat: in the next one somebody else begins."""
        first = repeat % len(subjects)
        return subjects[first:] + subjects[:first]

    @contextlib.contextmanager
    def subject(self, peer, table, prepare=None):
        """A database of its own with the subject installed in it, as peer.db; `prepare` is called with the database before. What
        goes wrong in the block ends the subject's turn, and is noted: rows that are not right as WRONG, slowness in the table."""
        db = self.cluster.create_db(layout=getattr(peer, "layout", "one"))
        if sys.stderr.isatty():
            print(f"  {table.key}: {peer.name}", file=sys.stderr)
        try:
            if prepare:
                prepare(db)
            peer.install(db)
            if peer.version:
                self.results.versions[peer.name.split(",")[0]] = peer.version
            self.admin.execute("CHECKPOINT")
            yield peer
        except peers.Late as late:
            table.note(f"left out: {late}")
        except (peers.Wrong, AssertionError) as wrong:
            self.wrong(f"{table.key}: {wrong}")
        finally:
            peer.remove()
            db.drop()

    def wrong(self, what):
        print(f"WRONG: {what}", flush=True)
        self.results.wrong.append(what)

    # ---- rows

    def load(self, db, teams, members=0):
        """Teams with so many members each, in one transaction of the application's user, with the statistics that autovacuum would
        take, and a checkpoint. Returns the moment after the commit: a consumer that was asleep begins with all of it."""
        with db.connect() as conn:
            conn.execute("SET LOCAL ROLE app_user")
            for name, rows in (("load_teams.sql", teams), ("load_memberships.sql", teams * members)):
                if rows:
                    conn.execute(statement(name, first=1, last=rows, members=members))
            conn.execute("RESET ROLE")
            conn.execute("ANALYZE organizations_team, organizations_teammembership")
            self.admin.execute("CHECKPOINT")
            conn.commit()
            return time.monotonic()

    # ---- the server

    def setting(self, **settings):
        """ALTER SYSTEM; None takes a setting back. Returns when sessions that begin now have it."""
        for name, value in settings.items():
            self.admin.execute(sql.SQL("ALTER SYSTEM SET {} = {}" if value is not None else "ALTER SYSTEM RESET {}").format(
                sql.Identifier(name), sql.Literal(value)))
        self.admin.execute("SELECT pg_reload_conf()")
        for name, value in settings.items():
            while value is not None and self._fresh(f"SHOW {name}") != str(value):
                time.sleep(0.01)
        time.sleep(0.1)

    def _fresh(self, question):
        with self.cluster.connect("postgres") as conn:
            return conn.execute(question).fetchone()[0]

    def cpu(self, pids=()):
        """Seconds of processor time that the server, its children that have ended among it, and these processes have had."""
        ticks = os.sysconf("SC_CLK_TCK")
        stat = Path(f"/proc/{self.postmaster}/stat").read_text().rpartition(")")[2].split()
        ended = (int(stat[13]) + int(stat[14])) / ticks
        return ended + sum(map(process_seconds, {self.postmaster, *children(self.postmaster), *pids}))

    def sessions_gone(self, db, user="app_user"):
        """Waits until the sessions of the writers have ended, and with them their processor time is the server's."""
        while self.admin.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s AND usename = %s AND application_name = "
                                 "'pgbench' LIMIT 1", [db.name, user]).fetchall():
            time.sleep(0.005)

    def pgbench(self, db, clients, script="write_team.sql", seconds=None, transactions=None, rate=None, options="", **variables):
        """Writers; (transactions per second, how many there were)."""
        with self.pgbench_running(db, clients, script, seconds, transactions, rate, options, **variables) as process:
            out, err = process.communicate(timeout=(seconds or 60) + 60)
        done = re.search(r"actually processed: (\d+)", out)
        rate = re.search(r"tps = ([\d.]+) \(without", out)
        if process.returncode or not done or not rate:
            raise RuntimeError(f"pgbench: exit {process.returncode}\n{out}{err}")
        self.sessions_gone(db)
        return float(rate.group(1)), int(done.group(1))

    @contextlib.contextmanager
    def pgbench_running(self, db, clients, script, seconds, transactions, rate=None, options="", **variables):
        length = ["-T", seconds] if seconds else ["-t", transactions]
        command = [self.cluster.bin / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", min(clients, 2), *length,
                   *(["-R", rate] if rate else []), "-f", HERE / script,
                   *(f"-D{name}={value}" for name, value in variables.items()), db.url("app_user")]
        process = subprocess.Popen(list(map(str, command)), env={**clean_environment(), "PGOPTIONS": options}, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate()


def statement(name, **values):
    """An .sql file of this folder, with its :names filled in by numbers."""
    text = (HERE / name).read_text()
    for key, value in values.items():
        text = re.sub(rf"(?<!:):{key}\b", str(int(value)), text)
    return text


def children(parent):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry.name))
    return found


def process_seconds(pid):
    """Of all its threads; 0 when it has ended."""
    total = 0
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def sleeps(pid):
    """How often its threads went to sleep."""
    return sum(int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text()).group(1))
               for task in Path(f"/proc/{pid}/task").iterdir())


def memory_mb(pid, file="smaps_rollup", what=r"Private_\w+"):
    return sum(int(kb) for kb in re.findall(rf"(?m)^{what}:\s+(\d+) kB", Path(f"/proc/{pid}/{file}").read_text())) / 1024
