"""What happens to the process: killed, told to end, stopped, many of them, none of them."""

import re
import signal
import time

import pytest

from conftest import wait_until
from helpers import LEGACY_TEAM, TEAM, legacy_team

pytestmark = pytest.mark.layouts("one", "two")

TAKE_OVER = 15  # seconds from the stop to the peer's write


@pytest.mark.quick
def test_killed_at_any_moment(scene):
    with scene(daemons=3, again=True) as s:
        for _ in range(s.times(4, 20)):
            s.moment()
            victim = s.any_daemon()
            victim.kill9()
            s.moment()
            victim.start()
        s.work()


def test_all_killed_at_once_and_away_for_a_while(scene):
    """Writers neither wait nor fail without any daemon; what they wrote waits for the next one."""
    with scene(daemons=3, again=True) as s:
        for _ in range(3):
            s.moment()
            for daemon in s.daemons:
                daemon.kill9()
            s.moment(5)
            for daemon in s.daemons:
                daemon.start()
            s.work()


@pytest.mark.quick
def test_told_to_end_at_any_moment(scene):
    """SIGTERM: the batch in flight is finished and acknowledged, it ends with status 0 in time, and nothing is announced twice."""
    with scene(daemons=3) as s:
        for _ in range(s.times(4, 15)):
            s.moment()
            victim = s.any_daemon()
            victim.term()
            s.moment()
            victim.start()
        s.work()


def test_told_twice_to_end(scene):
    """The second SIGTERM ends it at once, in the middle of whatever it does."""
    with scene(daemons=2, again=True, stretch=0.1) as s:
        for _ in range(s.times(3, 8)):
            s.moment()
            victim = s.any_daemon()
            victim.signal(signal.SIGTERM)
            time.sleep(s.chance.uniform(0, 0.1))
            if victim.process.poll() is None:
                victim.signal(signal.SIGTERM)
            victim.ended()
            s.moment()
            victim.start()
        s.work()


@pytest.mark.quick
def test_stopped_at_any_moment_for_a_moment(scene):
    with scene(daemons=3, again=True) as s:
        for _ in range(s.times(4, 15)):
            s.moment()
            s.any_daemon().stop_cont(s.chance.uniform(0.05, 2))
        s.work()


def test_stopped_for_longer_than_a_beat_counts(scene):
    """Each in turn for longer than its peers wait for it; whatever it was doing when it was stopped is another's by then."""
    with scene(daemons=3, again=True) as s:
        for daemon in s.daemons:
            s.moment(1)
            daemon.stop_cont(s.chance.uniform(11, 16))
            s.work()


@pytest.mark.quick
def test_stopped_inside_its_legacy_transaction_is_taken_over(scene):
    """A lock on the legacy row holds it there. Its peer must have written that row within 15 s of the stop; and when it goes on,
    it cannot overwrite what the peer wrote."""
    with scene(daemons=2, again=True) as s:
        db = s.db
        team = db.new_team("Held")
        wait_until(lambda: legacy_team(db, team, "id"))
        with db.legacy.connect() as locker:
            locker.execute(f"SELECT FROM {LEGACY_TEAM} WHERE name = 'Held' FOR UPDATE")
            marks = [daemon.mark() for daemon in s.daemons]
            db.execute(f"UPDATE {TEAM} SET region = 'stale', updated_at = now() WHERE id = %s", [team], user="app_user")
            pid = locker.info.backend_pid
            wait_until(lambda: db.legacy.execute("SELECT 1 FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)) "
                                                 "AND application_name LIKE 'dualwrited/%%'", [pid]), what="it waits for the row")
            [victim] = wait_until(lambda: [daemon for daemon, mark in zip(s.daemons, marks)
                                           if daemon.lines("dual_write_scheduled", since=mark, team_id=team)])
            victim.signal(signal.SIGSTOP)
            stopped = time.monotonic()
            db.execute(f"UPDATE {TEAM} SET region = 'fresh', updated_at = now() WHERE id = %s", [team], user="app_user")
            locker.rollback()
        wait_until(lambda: legacy_team(db, team, "region") == "fresh", 40, what="the peer has written the row")
        took = time.monotonic() - stopped
        print(f"taken over after {took:.1f} s")
        s.moment(2)
        victim.signal(signal.SIGCONT)
        for _ in range(20):
            assert legacy_team(db, team, "region") == "fresh"
            time.sleep(0.1)
        assert took < TAKE_OVER, f"taken over after {took:.1f} s"
        s.work()


def shares(daemons):
    """The partitions that each says are its own, from the status line of SIGUSR1: [{0, 4}, {1, 5}, ...]."""
    marks = [daemon.mark() for daemon in daemons]
    for daemon in daemons:
        daemon.signal(signal.SIGUSR1)
    lines = [daemon.wait_for("status", since=mark) for daemon, mark in zip(daemons, marks)]
    return [set(map(int, re.findall(r"\d+", line.get("partitions", "")))) for line in lines]


def shared_out(daemons, partitions=8):
    """Every partition is somebody's and nobody's twice, and no share is larger than another by more than one."""
    found = shares(daemons)
    sizes = sorted(map(len, found))
    assert sum(sizes) == partitions == len(set().union(*found)) and sizes[-1] - sizes[0] <= 1, found
    return True


@pytest.mark.quick
def test_daemons_come_and_go(scene):
    """From one to sixteen and back, in any order; shared out evenly within a few seconds of each change."""
    with scene(daemons=1, again=True, writers=2) as s:
        most = s.times(4, 16)
        while len(s.daemons) < most:
            for _ in range(min(s.chance.randrange(1, 4), most - len(s.daemons))):
                s.add()
            wait_until(lambda: shared_out(s.daemons), 10, interval=0.2)
        s.work()
        there = list(s.daemons)
        while len(there) > 1:
            gone = [there.pop(s.chance.randrange(len(there))) for _ in range(min(s.chance.randrange(1, 5), len(there) - 1))]
            killed = s.chance.random() < 0.5
            for daemon in gone:
                if killed:
                    daemon.kill9()
                else:
                    daemon.term()
            # the killed ones count until their last beat is ten seconds old
            wait_until(lambda: shared_out(there), 17 if killed else 7, interval=0.2)
            s.work()
