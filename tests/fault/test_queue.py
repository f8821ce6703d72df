"""The queue after much work: nothing rots in it. What claims meet under an old snapshot is counted in
tests/integration/test_many_daemons.py."""

import pytest
from conftest import Daemon, assert_in_step, install, wait_until
from helpers import TEAM, drained

pytestmark = pytest.mark.layouts("one", "two")


def facts(db):
    db.execute("SELECT pg_stat_force_next_flush()")
    return {name: (dead, size) for name, dead, size in db.execute(
        """SELECT relname, n_dead_tup, pg_total_relation_size(relid) FROM pg_stat_user_tables WHERE schemaname = 'dualwrite'""")}


@pytest.mark.layouts("one", reason="the queue is the vNext database's")
def test_churn_leaves_no_bloat(db):
    """A day's worth for a busy site in a minute: 200,000 events in bursts, and rows that fail and are mended all the while.
    autovacuum looks every second here, every minute by default; it starts from the tables' own thresholds all the same."""
    db.execute("ALTER SYSTEM SET autovacuum_naptime = '1s'")
    db.execute("SELECT pg_reload_conf()")
    install(db)
    db.legacy.execute("ALTER TABLE teams_team ADD CONSTRAINT no_mars CHECK (region <> 'Mars')")
    with Daemon(db) as daemon:
        db.execute(f"INSERT INTO {TEAM} (name, slug, game_id, region, status) SELECT 't' || n, 's' || n, 1, 'EU', 'ACTIVE' "
                   "FROM generate_series(1, 1000) n")
        for burst in range(200):
            db.execute(f"UPDATE {TEAM} SET region = CASE WHEN id %% 100 = %s THEN 'Mars' ELSE %s END, updated_at = now()",
                       [burst % 100, f"r{burst}"])
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()")
        drained(db, 120)
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.failed") == 0, 30)
        assert_in_step(db)
        assert daemon.lines("dual_write_failed")
        # what is left is below the thresholds that start autovacuum, and the tables are as large as a burst or two
        wait_until(lambda: facts(db)["outbox"][0] < 10000, 60, what="vacuumed")
        after = facts(db)
    db.execute("ALTER SYSTEM RESET autovacuum_naptime")
    db.execute("SELECT pg_reload_conf()")
    assert after["outbox"][1] < 64 << 20, after
    assert all(dead < 10000 and size < 8 << 20 for name, (dead, size) in after.items() if name != "outbox"), after
