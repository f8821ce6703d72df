"""What happens to servers: they crash, go away, stand still, take no more connections, no more bytes, or another password."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from conftest import wait_until
from fault.scene import GONE
from helpers import TEAM

pytestmark = pytest.mark.layouts("one", "two")
TWO = pytest.mark.layouts("two", reason="about a legacy server of its own")


def sleeps(seconds):
    """In small pieces, so that a signal ends the test in between."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(min(0.5, end - time.monotonic()))


# ---- away ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_the_server_goes_and_comes_back(scene, cluster, mode):
    """A crash loses what was under way, and nothing else; both databases are on it."""
    with scene(daemons=2, again=True, allowed=GONE) as s:
        for _ in range(s.times(1, 5)):
            s.moment(2)
            s.db.close()
            cluster.stop(mode)
            s.moment(s.times(1, 5))
            cluster.start()
            s.work()


@TWO
def test_either_server_crashes_and_comes_back(scene, servers):
    with scene(daemons=2, again=True, allowed=GONE, db=servers) as s:
        for _ in range(s.times(1, 6)):
            s.moment(2)
            for side in s.chance.choice([[servers], [servers.legacy], [servers, servers.legacy]]):
                side.close()
                side.cluster.crash()
            s.moment(2)
            for side in servers.sides:
                side.cluster.ensure_running()
            s.work()


@pytest.mark.quick
@TWO
def test_the_legacy_server_is_away_for_a_minute(scene, servers):
    """Writers do not notice: no error is allowed. What they wrote waits, and is caught up with."""
    with scene(daemons=2, again=True, db=servers, settle=120) as s:
        servers.legacy.close()
        servers.legacy.cluster.stop()
        before = s.writers.transactions
        sleeps(s.times(8, 60))
        assert s.writers.transactions > before + s.times(40, 300)
        servers.legacy.cluster.start()
        s.work()


def processes(cluster):
    """The postmaster's and its children's process ids."""
    postmaster = int((cluster.dir / "data" / "postmaster.pid").read_text().split()[0])
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=True).stdout
    return [postmaster, *map(int, children.split())]


@pytest.mark.parametrize("who", ["all", "the daemons' sessions"])
def test_the_server_stands_still_for_a_while(scene, cluster, who):
    """SIGSTOP of the whole server, as when its host or its disk hangs, or of all sessions of the daemons; nothing is lost, and
    nothing written twice, when it goes on."""
    stands = who == "all"
    with scene(daemons=2, again=True, slow=40.0 if stands else 8.0, allowed=GONE | {"57014", "55P03"} if stands else ()) as s:
        for seconds in (s.chance.uniform(1, 3), s.chance.uniform(12, 20)):
            pids = processes(cluster) if stands else [pid for _, _, pid in s.sessions()]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            try:
                sleeps(seconds)
            finally:
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
            s.work(timeout=60)


# ---- what a server runs out of -------------------------------------------------------------------------------------------------------


class Crowd:
    """Takes all connections of a server that an ordinary role can get, until the block ends."""

    def __init__(self, db):
        self.db = db
        self.taken = []

    def __enter__(self):
        self.more()
        return self

    def more(self):
        while len(self.taken) < 300:
            try:
                self.taken.append(psycopg.connect(self.db.url("app_user", application_name="fault/crowd")))
            except psycopg.OperationalError as error:
                assert "connection slots" in str(error) or "too many clients" in str(error), error
                return
        raise AssertionError("max_connections is not that high")

    def __exit__(self, *_):
        for conn in self.taken:
            conn.close()


@pytest.fixture
def small(cluster, db):
    """A database on a server that takes 30 connections."""
    yield from with_setting(cluster, db, "max_connections", 30)


def with_setting(cluster, db, name, value):
    """The server of `db`, restarted with this setting until the test ends."""
    with cluster.connect() as conn:
        conn.execute(f"ALTER SYSTEM SET {name} = {value}")
    try:
        db.close()
        cluster.restart()
        yield db
    finally:
        (cluster.dir / "data" / "postgresql.auto.conf").write_text("")
        db.close()
        cluster.restart()


@pytest.mark.quick
def test_max_connections_are_used_up(scene, small):
    """Those that the daemons have go on; those that they lose they do not get back before there is room; writers keep theirs."""
    with scene(daemons=2, again=True, db=small) as s:
        for _ in range(s.times(1, 3)):
            with Crowd(small) as crowd:
                s.work()
                for side, _, pid in s.chance.sample(s.sessions(), 2):
                    side.execute("SELECT pg_terminate_backend(%s)", [pid])
                    crowd.more()
                s.moment(s.times(3, 15))
            s.work()


@pytest.mark.quick
def test_max_connections_are_used_up_when_it_starts(scene, small):
    """It is not the daemon's end: it waits for room."""
    with scene(daemons=0, again=True, db=small, pause=0.05) as s:
        wait_until(lambda: s.writers.transactions > 20)
        with Crowd(small):
            daemon = s.add(ready=False)
            daemon.wait_for_line(r"event_type=(waiting|disconnected) .*(slots|too many)")
            s.moment(s.times(2, 15))
            assert daemon.lines("ready") == []
        daemon.wait_for("ready")
        s.work()


@pytest.fixture
def small_disk(cluster, layout):
    """A database, and a file system of 24 MB of its own for its queue."""
    place = Path(tempfile.mkdtemp(prefix="dualwrite-disk.", dir="/tmp"))
    place.chmod(0o755)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0755", "tmpfs", str(place)], capture_output=True, text=True)
    if mounted.returncode:
        place.rmdir()
        pytest.skip(f"a disk that gets full needs a file system of its own, and mount is not permitted here: {mounted.stderr.strip()}")
    try:
        disk = place / "queue"
        disk.mkdir()
        os.chown(disk, (cluster.dir / "data").stat().st_uid, -1)
        db = cluster.create_db(layout=layout)
        yield SmallDisk(db, disk)
        db.drop()
        with cluster.connect() as conn:
            conn.execute("DROP TABLESPACE IF EXISTS queue")
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


class SmallDisk:
    def __init__(self, db, place):
        self.db = db
        self.place = place
        self.ballast = place.parent / "ballast"

    def move(self):
        """The queue with its index goes there."""
        self.db.execute(f"CREATE TABLESPACE queue LOCATION '{self.place}'")
        self.db.execute("ALTER TABLE dualwrite.outbox SET TABLESPACE queue")
        for (index,) in self.db.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'dualwrite.outbox'::regclass"):
            self.db.execute(f"ALTER INDEX {index} SET TABLESPACE queue")

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * 65536):
                    pass
            except OSError:
                pass

    def free(self):
        self.ballast.unlink()


@pytest.mark.quick
def test_the_disk_of_the_queue_is_full(scene, small_disk):
    """The one case in which a writer fails (SPEC section 13, promise 4): its change could not be remembered. Then it is not made
    either; what was committed is not lost; and when there is room again all goes on."""
    with scene(daemons=2, again=True, db=small_disk.db, allowed={"53100"}) as s:
        small_disk.move()
        s.work()
        for _ in range(s.times(1, 3)):
            small_disk.fill()
            failed = len(s.writers.errors)
            # a queue that is drained reuses its pages: it takes many changes at once to need a new one
            with small_disk.db.connect("app_user", autocommit=True) as conn:
                with pytest.raises(psycopg.errors.DiskFull):
                    for n in range(100):
                        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'x', 'full-{n}-{failed}-' || g, 1 "
                                     "FROM generate_series(1, 20000) g")
            s.moment(s.times(2, 5))
            small_disk.free()
            s.work(timeout=60)


# ---- another password --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def passfile(cluster, tmp_path):
    """The daemons need a password, and have it from this file."""
    hba = cluster.dir / "data" / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all daemon_login scram-sha-256\nhost all daemon_login all scram-sha-256\n" + before)
    password(cluster, "first")
    file = tmp_path / "pgpass"
    write_passfile(file, "first")
    try:
        yield file
    finally:
        hba.write_text(before)
        password(cluster, None)


def password(cluster, word):
    word = f"'{word}'" if word else "NULL"
    with cluster.connect() as conn:
        conn.execute(f"ALTER ROLE daemon_login PASSWORD {word}")
        conn.execute("SELECT pg_reload_conf()")


def write_passfile(file, word):
    file.touch(mode=0o600)
    file.write_text(f"*:*:*:daemon_login:{word}\n")


@pytest.mark.quick
@pytest.mark.parametrize("mended", ["in the file", "on the server"])
def test_the_password_was_rotated(scene, cluster, passfile, mended):
    """Sessions that are there go on. New ones are refused until either side is right; nobody gives up, and nobody hammers."""
    def refused():
        return cluster.log().count('password authentication failed for user "daemon_login"')

    with scene(daemons=2, again=True, env={"PGPASSFILE": str(passfile)}) as s:
        password(cluster, "second")
        s.work()
        before = refused()
        sessions = s.sessions()
        for side, _, pid in sessions:
            side.execute("SELECT pg_terminate_backend(%s)", [pid])
        sleeps(s.times(3, 20))
        # each of them has tried again, at most with the doubling pauses of the back-off
        assert len(sessions) <= refused() - before <= 10 * len(sessions)
        assert s.sessions() == []
        if mended == "in the file":
            write_passfile(passfile, "second")
        else:
            password(cluster, "first")
        s.work()
