"""Many daemons on one database: shared out evenly as they come and go, of several versions and mappings, one batch at a time
in a partition. What happens when they are killed, stopped or cut off is in tests/fault."""

import time
from contextlib import ExitStack

import pytest
from conftest import Daemon, assert_in_step, install, wait_until
from helpers import TEAM, drained, each_once

pytestmark = pytest.mark.layouts("one", "two")


def dealt(db):
    """How many partitions each live daemon has, in the order of their start."""
    return [count for (count,) in db.execute(
        """SELECT (SELECT count(*) FROM dualwrite.partitions_of(d.instance)) FROM dualwrite.live_daemon d
           ORDER BY d.started_at, d.instance""")]


def even(count, partitions=8):
    return [partitions // count + (rank < partitions % count) for rank in range(count)]


@pytest.mark.layouts("one", reason="who has which partition is the vNext database's business")
def test_partitions_are_shared_out_evenly_among_one_to_sixteen_daemons(db):
    install(db)
    with ExitStack() as stack:
        daemons = []
        for count in (1, 2, 3, 5, 8, 16):
            daemons += [stack.enter_context(Daemon(db, ready=False)) for _ in range(count - len(daemons))]
            wait_until(lambda: dealt(db) == even(count), what=f"{count} daemons")
        for n in range(24):
            db.new_team(f"Team {n}")
        drained(db)
        each_once(*daemons)
        assert_in_step(db)
        for daemon in daemons[::2]:
            daemon.term()
        wait_until(lambda: dealt(db) == even(8), 5, what="half of them ended")


def test_one_batch_at_a_time_in_a_partition(db):
    install(db)
    with ExitStack() as stack:
        daemons = [stack.enter_context(Daemon(db, DUALWRITE_BATCH_SIZE=5)) for _ in range(4)]
        db.execute(f"INSERT INTO {TEAM} (name, slug, game_id, region, status) SELECT 't' || n, 's' || n, 1, 'EU', 'ACTIVE' "
                   "FROM generate_series(1, 400) n")
        samples = 0
        while db.backlog() > 0:
            holders = db.execute("""SELECT objid, count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted
                                    AND classid = 1685414252 AND database = (SELECT oid FROM pg_database
                                                                             WHERE datname = current_database())
                                    GROUP BY 1""")
            samples += len(holders)
            assert all(count == 1 for _, count in holders)
        assert samples > 0
        each_once(*daemons)
        assert_in_step(db)


def test_a_newer_schema_that_says_so_works_with_this_daemon(db):
    """Old pods beside new ones: the setting works_with names the oldest version that a schema can still be used by."""
    install(db)
    with Daemon(db) as daemon:
        for side in db.sides:
            side.execute("UPDATE dualwrite.setting SET value = '7' WHERE key = 'schema_version'")
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'")
        team = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)
        for side in db.sides:
            side.execute("UPDATE dualwrite.setting SET value = '7' WHERE key = 'works_with'")
            side.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'")
        daemon.wait_for("waiting")
        other = db.new_team()
        time.sleep(1)
        assert not daemon.lines("dual_write_scheduled", team_id=other)
        for side in db.sides:
            side.execute("UPDATE dualwrite.setting SET value = '6' WHERE key IN ('schema_version', 'works_with')")
        daemon.wait_for("dual_write_completed", team_id=other)


@pytest.mark.layouts("one", reason="the outbox is the vNext database's")
def test_an_old_snapshot_and_a_backlog_of_others_do_not_slow_the_claim(db):
    """Counted: the rows of the outbox that ten claims meet, while an old snapshot keeps every deleted one in place."""
    install(db)
    with db.connect() as old, Daemon(db, DUALWRITE_BATCH_SIZE=100) as daemon:
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM dualwrite.outbox")
        team = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)

        def fetched():
            db.execute("SELECT pg_stat_force_next_flush()")
            return db.value("""SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_by_xid'""")

        db.execute(f"INSERT INTO {TEAM} (name, slug, game_id, region, status) SELECT 't' || n, 's' || n, 1, 'EU', 'ACTIVE' "
                   "FROM generate_series(1, 2000) n")
        drained(db, 60)
        db.execute("DELETE FROM dualwrite.outbox")
        for n in range(22):
            if n < 3:
                time.sleep(1.5)  # a session tells its counts once a second, with what it does next
            if n == 2:
                before = fetched()
            since = daemon.mark()
            db.execute(f"UPDATE {TEAM} SET region = %s, updated_at = now() WHERE id = %s", [f"r{n}", team])
            daemon.wait_for("dual_write_completed", since=since, team_id=team)  # counting the outbox reads the same index
        time.sleep(1.5)
        # 2000 dead rows stand before them; from the beginning each of some fifty claims would meet them all
        assert fetched() - before < 2000
        assert_in_step(db)
