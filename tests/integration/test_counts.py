"""What a batch costs, in numbers that no machine changes: round trips, statements, wake-ups, rows written in legacy. What an idle
daemon costs is test_footprint.py's; times are nobody's (make bench)."""

import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import Daemon, assert_in_step, binary, install, wait_until
from helpers import LEGACY_MEMBERSHIP, MEMBERSHIP, TEAM, completed, drained
from proxy import Proxy

pytestmark = [
    pytest.mark.layouts("one", "two"),
    pytest.mark.skipif("asan" in binary(), reason="the counts are the program's, not the sanitizers'"),
]

# after which nothing more is to be expected of a daemon that has done its work; beats come every 5 s
QUIET = 0.3


# Round trips and statements, at most. Of a batch by itself, with the look that finds nothing more and the doorbells before the
# sleep; of each further batch while it is busy. With two databases there are two transactions, and the fence.
ALONE = {"one": (9, 38), "two": (11, 49)}
FURTHER = {"one": (4, 20), "two": (6, 31)}


class Counted(Proxy):
    """Counts what the server answers: ends of round trips (ReadyForQuery), statements that were executed."""

    def __init__(self, port):
        super().__init__(port)
        self.trips = self.statements = 0
        self.last = time.monotonic()
        self._counting = threading.Lock()

    def _answered(self, pair, data):
        """Whole messages; a part of one is kept for the next piece. A byte by itself says that there is no encryption."""
        if data == b"N":
            return
        data = getattr(pair, "rest", b"") + data
        while len(data) >= 5 and len(data) > (length := int.from_bytes(data[1:5], "big")):
            with self._counting:
                self.trips += data[:1] == b"Z"
                self.statements += data[:1] in (b"C", b"I")
                self.last = time.monotonic()
            data = data[length + 1:]
        pair.rest = data

    def counts(self):
        return self.trips, self.statements

    def rests(self):
        return time.monotonic() - self.last > QUIET


@contextmanager
def counted_daemon(db, **settings):
    """A daemon at rest, and the proxies between it and its databases."""
    with Counted(db.cluster.port) as proxy:
        urls = {"DUALWRITE_DATABASE_URL": proxy.url(db)}
        if db.legacy is not db:
            urls["DUALWRITE_LEGACY_DATABASE_URL"] = proxy.url(db.legacy)
        with Daemon(db, **urls, **settings) as daemon:
            wait_until(proxy.rests)
            yield daemon, proxy


def cost(db, daemon, proxy, teams):
    """(round trips, statements) from an update of so many teams until the daemon sleeps again."""
    wait_until(proxy.rests)
    before, since = proxy.counts(), daemon.mark()
    db.execute(f"UPDATE {TEAM} SET description = description || '.', updated_at = now() WHERE id <= %s", [teams], user="app_user")
    daemon.wait_for("dual_write_completed", since=since, count=teams)
    wait_until(proxy.rests)
    return tuple(after - first for first, after in zip(before, proxy.counts()))


def filled(db, daemon, teams):
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 't' || n, 't' || n, 1 FROM generate_series(1, {teams}) n")
    completed(daemon, teams)


def within(counts, most):
    return all(count <= limit for count, limit in zip(counts, most))


def least(measure, most):
    """The least of three, because a beat may come in between, every 5 s; of more where the machine is so slow that one always does."""
    counts = min(measure() for _ in range(3))
    for _ in range(6):
        if within(counts, most):
            break
        counts = min(counts, measure())
    return counts


def test_round_trips_and_statements_of_a_batch(db):
    """From the bell to the next sleep: a batch of one event, of a thousand, three of a thousand."""
    install(db)
    with counted_daemon(db, DUALWRITE_BATCH_SIZE=1000) as (daemon, proxy):
        filled(db, daemon, 3000)
        alone, further = ALONE[db.layout], FURTHER[db.layout]
        one = least(lambda: cost(db, daemon, proxy, 1), alone)
        thousand = least(lambda: cost(db, daemon, proxy, 1000), one)
        three = least(lambda: cost(db, daemon, proxy, 3000), tuple(first + 2 * more for first, more in zip(thousand, further)))
        each = tuple((more - first) / 2 for first, more in zip(thousand, three))
        print(f"{db.layout}: round trips and statements: {one} for one event, {thousand} for 1000, {each} for each 1000 more")
        assert thousand == one
        assert within(one, alone) and within(each, further)


def slept(daemon):
    """How often its threads went to sleep: each wakes up again."""
    return sum(int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", status.read_text()).group(1))
               for status in Path(f"/proc/{daemon.pid}/task").glob("*/status"))


def test_a_busy_daemon_wakes_up_for_answers_only(installed):
    with Daemon(installed, DUALWRITE_BATCH_SIZE=100) as daemon:
        filled(installed, daemon, 1000)
        least = []
        for _ in range(3):
            before, since = slept(daemon), daemon.mark()
            installed.execute(f"UPDATE {TEAM} SET description = description || '.', updated_at = now()", user="app_user")
            daemon.wait_for("dual_write_completed", since=since, count=1000)
            least.append(slept(daemon) - before)
        print(f"{installed.layout}: {sorted(least)} wake-ups for ten batches")
        # 58 and 74; an answer may come in pieces
        assert min(least) < 200


def test_a_burst_of_one_row_is_a_handful_of_legacy_writes(installed):
    """10,000 updates of a team, each a transaction: while no daemon runs, and while one does. A sequence counts, it sees what
    is rolled back, too."""
    legacy = installed.legacy
    burst = f"""DO $$ BEGIN FOR n IN 1..10000 LOOP
        UPDATE {TEAM} SET description = '{{}}' || n, updated_at = clock_timestamp() WHERE id = {{}}; COMMIT;
        END LOOP; END $$"""
    legacy.execute("""
        CREATE SEQUENCE legacy_writes;
        CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN PERFORM nextval('public.legacy_writes'); RETURN NULL; END $$;
        CREATE TRIGGER count_write AFTER INSERT OR UPDATE ON teams_team FOR EACH ROW EXECUTE FUNCTION count_write()""")
    with Daemon(installed) as daemon:
        team = installed.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)
        daemon.term()
        before = legacy.value("SELECT last_value FROM legacy_writes")
        installed.execute(burst.format("n", team))
        daemon.start()
        drained(installed, 60)
        writes = legacy.value("SELECT last_value FROM legacy_writes") - before
        print(f"{installed.layout}: {writes} legacy writes")
        assert_in_step(installed)
        # ten batches of the 1000 events that are taken at once; those after the first find nothing to write
        assert writes <= 2
        # the daemon rests for up to a tenth of a second after many changes of a row, which it first has to see
        before, begin = legacy.value("SELECT last_value FROM legacy_writes"), time.monotonic()
        installed.execute(burst.format("again", team))
        drained(installed, 60)
        writes, took = legacy.value("SELECT last_value FROM legacy_writes") - before, time.monotonic() - begin
        print(f"{installed.layout}: {writes} legacy writes in {took:.1f} s, beside the writers")
        assert_in_step(installed)
        assert 1 <= writes <= 10 * took + 20


def test_rows_that_were_there_after_all(db):
    """New rows are made without looking for rows to be changed. Members who left have one: they come back in the same batch, all
    in one more group, and it is read back like any other."""
    install(db)
    with counted_daemon(db) as (daemon, proxy):
        filled(db, daemon, 5)

        def cost_of(statement, events=5):
            wait_until(proxy.rests)
            before, since = proxy.counts(), daemon.mark()
            db.execute(statement, user="app_user")
            daemon.wait_for("dual_write_completed", since=since, count=events)
            wait_until(proxy.rests)
            assert_in_step(db)
            return tuple(after - first for first, after in zip(before, proxy.counts()))

        join = f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) SELECT id, id * 10, '{{}}' FROM {TEAM}"
        new = min(cost_of(join.format("PLAYER").replace("* 10", f"* 10 + {n}")) for n in range(3))
        cost_of(f"DELETE FROM {MEMBERSHIP} WHERE user_id % 10 = 1")
        back = cost_of(join.format("OWNER").replace("* 10", "* 10 + 1"))
        # with a removal in their group, too
        cost_of(f"DELETE FROM {MEMBERSHIP} WHERE user_id % 10 = 1")
        leave = f"DELETE FROM {MEMBERSHIP} WHERE user_id % 10 = 2 AND team_id = 1"
        cost_of(join.format("OWNER").replace("* 10", "* 10 + 1") + "; " + leave, events=6)
        assert not daemon.lines("legacy_differs")
        print(f"{db.layout}: round trips and statements: {new} for five new rows, {back} for five that were there")
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_MEMBERSHIP} WHERE role = 'OWNER' AND status = 'ACTIVE'") == 5
        most = ALONE[db.layout]
        assert new[0] <= most[0] + 1 and new[1] <= most[1] + 1  # one more looks for the teams' legacy rows
        # one more with a savepoint, update, insert, verify and what ends it; and a beat may come in between
        assert back[0] <= new[0] + 2 and back[1] <= new[1] + 8
