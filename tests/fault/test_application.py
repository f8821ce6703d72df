"""What the application and its administrators do to the daemons: locks, deadlocks, transactions that never end."""

import threading
import time

import psycopg
import pytest

from conftest import install, wait_until
from fault.scene import Pod
from helpers import LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, drained, failed, legacy_team

pytestmark = pytest.mark.layouts("one", "two")


class Direct:
    """Threads that write the legacy tables directly, as what is left of the old application does where the guard is off: a few
    rows in any order, each looked at for a while. They change nothing. .met: the SQLSTATEs that they met."""

    def __init__(self, s, threads, longest):
        self.db = s.db.legacy
        self.met = []
        self.longest = longest
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(type(s.chance)(s.chance.random()),), daemon=True)
                         for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _run(self, chance):
        with psycopg.connect(self.db.url("app_user", application_name="fault/direct")) as conn:
            while not self._stop.is_set():
                try:
                    ids = [id for (id,) in conn.execute(f"SELECT id FROM {LEGACY_TEAM} ORDER BY id DESC LIMIT 30").fetchall()]
                    for id in chance.sample(ids, min(4, len(ids))):
                        conn.execute(f"UPDATE {LEGACY_TEAM} SET region = region WHERE id = %s", [id])
                        self._stop.wait(chance.uniform(0, self.longest))
                    conn.commit()
                except psycopg.Error as error:
                    self.met.append(error.sqlstate)
                    conn.rollback()
                self._stop.wait(0.05)


@pytest.mark.quick
def test_deadlocks_with_the_application(scene):
    """Two that lock the same legacy rows in opposite order: one of them is ended by the server. Whoever it is, the row arrives."""
    with scene(daemons=1, again=True, guard="off", stretch=0.03) as s:
        # which of the rows the daemon has first is where they happen to lie
        assert any(deadlock(s, names) for names in (["one", "other"], ["other", "one"]) * 6)
        s.add()
        with Direct(s, 3, 0.3) as direct:
            s.moment(s.times(6, 60))
        assert set(direct.met) <= {"40P01"}, direct.met


def deadlock(s, names):
    """The application holds the first row and wants the second, while the daemon wants both. True when somebody was ended."""
    db = s.db
    for name in names:
        if not db.value(f"SELECT 1 FROM {TEAM} WHERE name = %s", [name]):
            db.new_team(name)
    wait_until(lambda: db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE name = ANY (%s)", [names]) == 2)

    def count():
        return s.db.legacy.cluster.log().count("deadlock detected")

    before = count()
    with db.legacy.connect() as app:
        app.execute("SET deadlock_timeout = '20s'")  # the daemon is the one who looks, and who is ended
        app.execute(f"SELECT FROM {LEGACY_TEAM} WHERE name = %s FOR UPDATE", [names[0]])
        db.execute(f"UPDATE {TEAM} SET region = md5(random()::text), updated_at = now() WHERE name = ANY (%s)", [names], user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT 1 FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)) "
                                             "AND application_name LIKE 'dualwrited/%%'", [app.info.backend_pid]), 20)
        app.execute("SET LOCAL lock_timeout = '10s'")
        app.execute(f"SELECT FROM {LEGACY_TEAM} WHERE name = %s FOR UPDATE", [names[1]])
        app.rollback()
    return count() > before


@pytest.mark.quick
def test_legacy_rows_locked_for_longer_than_anybody_waits(scene):
    """Longer than lock_timeout. The rows that are held come later; all the others do not wait for them."""
    with scene(daemons=2, again=True, guard="off", settle=90) as s:
        with Direct(s, 2, s.times(2, 6)):
            for _ in range(s.times(2, 8)):
                team = s.db.new_team("Free")
                wait_until(lambda: legacy_team(s.db, team, "id"), 30, what="a team that nobody holds is made")
                s.moment(2)


@pytest.mark.quick
def test_transactions_that_stay_open_for_an_hour(scene):
    """An old snapshot on either side, and a writer who has changed something and does not commit: everything else arrives in the
    meantime; what he wrote arrives when he commits, although its events are older than those that are long done."""
    with scene(daemons=2) as s:
        snapshots = [side.connect() for side in s.db.sides]
        for conn in snapshots:
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            conn.execute("SELECT pg_current_xact_id(), count(*) FROM pg_class")
        late = s.db.connect("app_user")
        team = late.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('Late', 'late', 1) RETURNING id").fetchone()[0]
        late.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) VALUES (%s, 1, 'OWNER')", [team])
        for _ in range(s.times(2, 10)):
            soon = s.db.new_team("Soon")
            wait_until(lambda: legacy_team(s.db, soon, "id"), 10, what="others do not wait for it")
            s.work()
            s.moment(s.times(2, 8))
        assert legacy_team(s.db, team, "id") is None
        late.commit()
        wait_until(lambda: legacy_team(s.db, team, "id"), 10)
        for conn in snapshots:
            conn.rollback()


@pytest.mark.quick
def test_dual_write_is_switched_off_and_on(scene):
    """While it is off nothing is announced and no legacy row changes; writers go on, and everything is caught up with."""
    with scene(daemons=2) as s:
        for _ in range(s.times(1, 4)):
            for daemon in s.daemons:
                daemon.hup(TEAM_VNEXT_DUAL_WRITE_ENABLED=False)
            time.sleep(1.5)
            marks = [daemon.mark() for daemon in s.daemons]
            rows = s.db.legacy.value(f"SELECT sum(xmin::text::bigint) FROM {LEGACY_TEAM}")
            s.moment(s.times(3, 10))
            assert rows == s.db.legacy.value(f"SELECT sum(xmin::text::bigint) FROM {LEGACY_TEAM}")
            for daemon, mark in zip(s.daemons, marks):
                assert daemon.lines("dual_write_scheduled", since=mark) == []
                daemon.hup(TEAM_VNEXT_DUAL_WRITE_ENABLED=True)
            s.work()


@pytest.mark.quick
def test_reloads_at_any_moment(scene):
    """SIGHUP with other batch sizes, in the middle of whatever is under way: no batch is repeated, no line is missing."""
    with scene(daemons=2) as s:
        for _ in range(s.times(4, 20)):
            s.moment()
            s.any_daemon().hup(DUALWRITE_BATCH_SIZE=s.chance.randrange(1, 1000))
        s.work()


@pytest.mark.quick
def test_what_came_and_went_before_anybody_looked_is_no_difference(db):
    """An absent row that never had a legacy row needs none: that is as wanted."""
    install(db)
    team = db.new_team()
    member = db.new_member(team)
    db.execute(f"UPDATE {MEMBERSHIP} SET status = 'LEFT' WHERE id = %s", [member], user="app_user")
    with Pod(db) as daemon:
        assert daemon.wait_for("dual_write_completed", operation="sync_team_member_removed")["verified"] == "true"
        drained(db)
        assert daemon.lines("legacy_differs") == [] and failed(db) == {}
        assert db.value(f"SELECT count(*) FROM {MAP} WHERE verified") == 1
