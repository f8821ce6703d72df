"""What `make bench` compares dualwrited with: the floors that the server sets, and what a user would take instead.

    for make in peers.DRAINS:
        peer = make(build)          # build: a folder for what is compiled and downloaded; raises Missing without the program
        peer.install(db)            # db: .url(), .execute(sql), .connect(); the sample application's tables, empty
        ... writers write ...
        with peer.held():           # it starts and connects, but gets nothing done yet
            peer.start()
        peer.wait_drained()         # the time from the end of held() to here is the drain's
        peer.check()
        peer.stop()
        peer.remove()               # what is outside the database `db`, before that is dropped

It says how each is installed, started and asked; scenarios, times and tables are not here. Each peer writes the same legacy
rows as the default mapping says (check.sql), through the same statements where it writes SQL itself (upsert_*.sql). They all
do less than dualwrited: nobody verifies, logs an event or handles deleted rows and changed keys.
"""

import contextlib
import select
import shutil
import subprocess
import time
from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
START_TIMEOUT = 60


class Missing(Exception):
    """This machine has not got what the peer is made of; the message says what and which package has it."""


class Wrong(Exception):
    """Legacy does not hold what it should, or a peer's process has ended."""


class Late(Exception):
    """Not drained in the time that it was given."""


def text(name):
    """The SQL file of that name beside this one."""
    return (HERE / name).read_text()


def need(program, package):
    """The path of a program, or Missing."""
    path = shutil.which(program)
    if not path:
        raise Missing(f"{program}: Debian package {package}")
    return path


class Peer:
    """What all have in common. A peer has one queue (a table) and at most one process of its own."""

    name = None
    version = None
    # what the cluster needs in postgresql.conf
    cluster_settings = {}
    # the queue: events that are not applied; what start() waits behind in held()
    queue = None
    # which rows of it
    waits = "true"
    # seconds between two looks of wait_drained()
    interval = 0.02
    # one row when the team %(id)s has arrived with the name %(name)s, asked at target_url()
    arrived = """SELECT 1 FROM teams_team l JOIN organizations_teammigrationmap m ON m.legacy_team_id = l.id
                 WHERE m.vnext_team_id = %(id)s AND l.name = %(name)s"""

    def __init__(self, build):
        self.build = Path(build)
        self.build.mkdir(parents=True, exist_ok=True)
        self.db = None
        self.process = None

    def install(self, db):
        """Puts the capture in place."""
        self.db = db

    def start(self):
        """Starts the consumer, and returns when it listens."""

    def stop(self):
        """Ends the consumer and waits until it is gone."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(START_TIMEOUT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def remove(self):
        """Takes away what dropping the database would not."""
        self.stop()

    def pids(self):
        """Its processes, as /proc knows them; the server's backends that work for it are not among them."""
        return [self.process.pid] if self.process else []

    def target_url(self):
        """The database in which the rows arrive."""
        return self.db.url()

    def waiting(self):
        """How many captured changes are not applied. Counts them: not to be asked often while it works."""
        return self.db.execute(f"SELECT count(*) FROM {self.queue} WHERE {self.waits}")[0][0]

    def drained(self):
        """True when nothing waits. Cheap: the last page of the queue is emptied last, and those before it hold what is deleted
        and not vacuumed, which a look at all would meet again and again."""
        last = f"(SELECT format('(%s,0)', greatest(pg_relation_size('{self.queue}') / 8192 - 1, 0))::tid)"
        return not any(self.db.execute(f"SELECT 1 FROM {self.queue} WHERE {self.waits} AND {where} LIMIT 1")
                       for where in (f"ctid >= {last}", "true"))

    def wait_drained(self, timeout=300):
        end = time.monotonic() + timeout
        while not self.drained():
            self.must_live()
            if time.monotonic() > end:
                raise Late(f"{self.name}: not drained within {timeout} s, {self.waiting()} waiting")
            time.sleep(self.interval)

    @contextlib.contextmanager
    def held(self):
        """Nobody gets at the queue until the block ends, so that start() is not a part of what is measured."""
        with psycopg.connect(self.target_url()) as conn:
            conn.execute(f"LOCK TABLE {self.queue}")
            yield

    def check(self):
        """Raises Wrong unless legacy holds what it should."""
        self.judge(self.db.execute(text("check.sql")))

    def judge(self, found):
        """What check.sql has found."""
        if found:
            raise Wrong(f"{self.name}: " + ", ".join(f"{rows} {what}" for what, rows in found))

    def must_live(self):
        if self.process and self.process.poll() is not None:
            raise Wrong(f"{self.name}: its process has ended with {self.process.returncode}")

    def spawn(self, *command, **settings):
        """Starts its process, which says "ready" on a line when it is. Its stdin ends with us, however we end."""
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        **settings)
        if not select.select([self.process.stdout], [], [], START_TIMEOUT)[0] or self.process.stdout.readline() != "ready\n":
            self.stop()
            raise Wrong(f"{self.name}: did not start within {START_TIMEOUT} s")


# at the end: they need what is above
from .captures import CAPTURES  # noqa: E402
from .floor import Floor  # noqa: E402
from .graphile import Graphile  # noqa: E402
from .minimal import Minimal  # noqa: E402
from .pgboss import PgBoss  # noqa: E402
from .replication import Replication  # noqa: E402

DRAINS = [Floor, Replication, Minimal, Graphile, PgBoss]
__all__ = ["CAPTURES", "DRAINS", "Floor", "Graphile", "Late", "Minimal", "Missing", "Peer", "PgBoss", "Replication", "Wrong"]
