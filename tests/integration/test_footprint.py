"""What a daemon costs that has nothing to do: private memory, processor time, time to start, libraries. Each bound is the promise,
with one database and with two. Measured on the machine that the tests were written on, after a thousand events: 2.9 to 3.6 MB of
private memory, 2.0 to 2.3 of it its own; 0.005 % of a core listening and 0.03 % polling; from the first log line to ready 75 ms
with one database, 155 ms with two."""

import os
import re
import subprocess
import time
from datetime import datetime

import pytest

from conftest import Daemon, binary, wait_until
from helpers import TEAM

pytestmark = [
    pytest.mark.layouts("one", "two"),
    pytest.mark.skipif("asan" in binary(), reason="the sanitizers cost more than the program"),
]
EVENTS = 1000  # a batch, as it is by default
# 0.1 % of a core; a beat and, polling, a look into the queue, which is what it does, and not what the machine makes of it
ENOUGH = {"on": (0.001, 2), "off": (0.001, 8)}
BEAT_S = 5  # with each beat memory is given back
LIBRARIES = {"libpq.so", "libuv.so", "libcjson.so", "libmicrohttpd.so", "libsystemd.so", "libc.so"}


def idle_daemon(db, **settings):
    return Daemon(db, DUALWRITE_HTTP_LISTEN="127.0.0.1:0", **settings)


def memory_kb(daemon, what):
    """Private_: what would be free if it ended, also pages of program and libraries that nobody else has mapped at the moment.
    Anonymous: what is its own whoever else runs: heap, stack, and data that was written."""
    with open(f"/proc/{daemon.pid}/smaps_rollup", encoding="ascii") as rollup:
        return sum(int(kb) for kb in re.findall(rf"(?m)^{what}\w*: +(\d+) kB", rollup.read()))


def threads(daemon):
    for thread in os.listdir(f"/proc/{daemon.pid}/task"):
        yield f"/proc/{daemon.pid}/task/{thread}"


def used(daemon):
    """(seconds of a processor, times that it went to sleep) since its start."""
    seconds = sleeps = 0
    for thread in threads(daemon):
        with open(f"{thread}/schedstat", encoding="ascii") as stat:
            seconds += int(stat.read().split()[0]) / 1e9
        with open(f"{thread}/status", encoding="ascii") as status:
            sleeps += int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", status.read()).group(1))
    return seconds, sleeps


def least_used(daemon, enough):
    """(share of a core, wake-ups a second) over four seconds; where others take the processor's caches away, over another four."""
    for _ in range(4):
        before, since = used(daemon), time.monotonic()
        time.sleep(4)
        after, seconds = used(daemon), time.monotonic() - since
        share, wakeups = (after[0] - before[0]) / seconds, (after[1] - before[1]) / seconds
        if share < enough[0] and wakeups < enough[1]:
            break
    return share, wakeups


@pytest.mark.parametrize("notify", ["on", "off"])
def test_an_idle_daemon_costs_next_to_nothing(installed, notify):
    with idle_daemon(installed, DUALWRITE_NOTIFY=notify) as daemon:
        # after the largest batch: what that has taken is given back, or is the same for ever
        installed.execute(f"""INSERT INTO {TEAM} (name, slug, game_id, region, status)
                              SELECT 'Team ' || n, 'team-' || n, n % 4 + 1, 'EU', 'ACTIVE' FROM generate_series(1, {EVENTS}) n""",
                          user="app_user")
        daemon.wait_for("dual_write_completed", count=EVENTS)
        # until it has come to rest: half a second without waking up, or no more than a poll
        last = [used(daemon)[1]]

        def rests():
            time.sleep(0.5)
            last.append(used(daemon)[1])
            return last[-1] - last[-2] <= (2 if notify == "on" else 6)
        wait_until(rests)
        share, wakeups = least_used(daemon, ENOUGH[notify])
        wait_until(lambda: memory_kb(daemon, "Private_") < 4096 and memory_kb(daemon, "Anonymous") < 2560, BEAT_S + 1,
                   "less than 4 MB of private memory, and less than 2.5 MB of it its own")
        memory, own = memory_kb(daemon, "Private_"), memory_kb(daemon, "Anonymous")
        print(f"{installed.layout}, notify {notify}: {memory} kB private, {own} kB its own, {share:.4%} of a core, {wakeups:.1f} wake-ups a second")
        assert share < ENOUGH[notify][0] and wakeups < ENOUGH[notify][1]


def test_it_is_ready_soon(installed):
    """The best of five starts, because the others may have waited for the machine. With two databases it looks at one after
    the other."""
    took = []
    for _ in range(5):
        with idle_daemon(installed) as daemon:
            first, ready = (datetime.fromisoformat(daemon.wait_for(event)["time"].replace("Z", "+00:00"))
                            for event in ("starting", "ready"))
            took.append((ready - first).total_seconds() * 1000)
    print(f"{installed.layout}: {sorted(took)} ms")
    # the promise is 100 ms on a machine that is not busy with other tests
    assert min(took) < (100 if installed.layout == "one" else 200) * load()


def load():
    """How much longer things take because more wants to run than there are processors."""
    return max(1.0, os.getloadavg()[0] / os.cpu_count())


@pytest.mark.layouts("one", reason="says nothing of the databases")
def test_it_is_linked_with_what_it_needs_and_no_more():
    headers = subprocess.run(["readelf", "-d", binary()], capture_output=True, text=True, check=True).stdout
    needed = {re.sub(r"\.so.*", ".so", name) for name in re.findall(r"\(NEEDED\).*\[(.*)\]", headers)}
    assert needed - {"libsystemd.so"} == LIBRARIES - {"libsystemd.so"}, needed
    assert needed <= LIBRARIES
    unused = subprocess.run(["ldd", "-u", binary()], capture_output=True, text=True, check=False).stdout
    assert ".so" not in unused, unused
