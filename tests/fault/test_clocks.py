"""Clocks that jump: the daemon's host's, the server's, and what is left of a jump in the doorbells.

libfaketime (Debian's package faketime) stands before the C library of the daemon, or of the server, and reads from a file by how
much the wall clock is wrong. The monotonic clock stays as it is, as it does on a real host when somebody sets the time.
"""

import glob
import os
import tempfile
import time
from pathlib import Path

import pytest

from conftest import wait_until
from helpers import all_asleep

pytestmark = pytest.mark.layouts("one", "two")

HOUR = 3600


@pytest.fixture
def clock():
    libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not libraries:
        pytest.skip("libfaketime is not there: Debian package faketime ('make deps-check' installs it)")
    # the server's user must be able to walk there
    place = Path(tempfile.mkdtemp(prefix="dualwrite-clock.", dir="/tmp"))
    place.chmod(0o755)
    yield Clock(place / "clock", libraries[0])
    for file in place.iterdir():
        file.unlink()
    place.rmdir()


class Clock:
    """.env makes a process use it; wrong(seconds) sets it."""

    def __init__(self, file, library):
        self.file = file
        asan = os.environ.get("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:exitcode=99")
        self.env = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(file), "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0"}
        self.wrong(0)

    def wrong(self, seconds):
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.chmod(0o644)
        new.replace(self.file)


@pytest.mark.quick
def test_the_daemons_clock_jumps(scene, clock):
    """Its timers run on the monotonic clock and its SQL asks the server's: nothing happens but that the log shows the wrong time.
    No batch is repeated, nobody is taken over."""
    with scene(daemons=2, env=clock.env) as s:
        for _ in range(s.times(4, 12)):
            jump = s.chance.choice((-24 * HOUR, -HOUR, -20, 20, HOUR, 24 * HOUR))
            clock.wrong(jump)
            s.work()
            for daemon in s.daemons:
                line = daemon.wait_for(since=daemon.mark())
                seconds = time.mktime(time.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ")) - time.timezone
                assert abs(seconds - time.time() - jump) < 10, line
            s.moment(s.times(2, 8))
        for daemon in s.daemons:
            assert daemon.lines("disconnected") == []


@pytest.fixture
def server_clock(cluster, db, clock):
    """The server's clock, which may be wrong until the test ends. No stretched statements there: pg_sleep() would sleep the hour too."""
    def restart(env):
        db.close()
        before = {key: os.environ.get(key) for key in env}
        os.environ.update(env)
        try:
            cluster.restart()
        finally:
            for key, value in before.items():
                os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)

    restart(clock.env)
    clock.wrong(-HOUR)
    wait_until(lambda: abs(db.value("SELECT extract(epoch FROM clock_timestamp())") - int(time.time()) + HOUR) < 5,
               what="the server's clock can be set")
    clock.wrong(0)
    yield clock
    restart({})


@pytest.mark.quick
def test_the_servers_clock_jumps(scene, server_clock):
    """Beats are suddenly old, or not yet there; deadlines of doorbells and of retries are long past, or far away. The server's own
    timeouts may strike too early, and hit a writer."""
    with scene(daemons=2, again=True, stretch=0, allowed={"57014", "55P03"}) as s:
        for jump in s.chance.sample((-HOUR, -20, 0, 20, HOUR, 24 * HOUR), s.times(3, 6)):
            server_clock.wrong(jump)
            s.work(50)
            s.moment(s.times(3, 12))
        s.work(50)


@pytest.mark.quick
def test_a_daemon_dies_and_then_the_clock_goes_back(scene, server_clock):
    """Its last beat is from a time to come. It is taken over all the same, and not an hour later."""
    with scene(daemons=2, again=True, stretch=0, allowed={"57014", "55P03"}) as s:
        s.daemons[0].kill9()
        server_clock.wrong(-HOUR)
        s.work()
        last = s.db.value("SELECT max(id) FROM dualwrite.outbox") or 0
        wait_until(lambda: s.db.value("SELECT count(*) FROM dualwrite.outbox WHERE id <= %s", [last]) == 0, 25,
                   what="what waited when the clock was set is done")
        s.daemons[0].start()
        s.work()


@pytest.mark.quick
def test_doorbells_that_stand_wrong(scene):
    """Deadlines an hour ahead while nobody sleeps, and an hour ago while somebody does: it costs a NOTIFY, or a beat."""
    with scene(daemons=2, pause=0.3, writers=2, stretch=0) as s:
        for _ in range(s.times(4, 12)):
            all_asleep(s.db, s.chance.choice((-HOUR, HOUR)))
            s.moment(1)
            s.work(5, timeout=10)
