"""What claims must not do to others, and must not overlook: sessions of somebody else, cursors that do not fit any more, events
that a batch of ours has made itself."""

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import LEGACY_TEAM, TEAM, drained, failed, legacy_team

pytestmark = pytest.mark.layouts("one", "two")

LOCKS = 1685414252  # the class of the advisory locks on partitions


def hold_partition(conn, partition):
    conn.execute("SELECT pg_advisory_lock(%s, %s)", [LOCKS, partition])


@pytest.mark.parametrize("user", ["daemon_login", "postgres"])
def test_a_partition_held_by_somebody_else_ends_nobody(db, user):
    """While a partition cannot be had, the daemon looks who holds it. It ends no session but a dead daemon's, least of all the
    application's or its own, and the other partitions are worked on."""
    install(db)
    with Daemon(db, user=user) as daemon, db.connect("app_user") as application, db.connect(autocommit=True) as other:
        application.execute(f"SELECT count(*) FROM {TEAM}")  # an open transaction with its locks
        hold_partition(other, 0)
        since = daemon.mark()
        for n in range(40):
            db.new_team(f"Team {n}")
        waits = "SELECT count(*) FROM dualwrite.outbox o WHERE o.bucket * 8 / 1024 {} 0"
        wait_until(lambda: db.value(waits.format("<>")) == 0, what="what is not held")
        assert db.value(waits.format("=")) > 0, "nothing fell into the partition that is held"
        application.execute("SELECT 1")
        other.execute("SELECT pg_advisory_unlock_all()")
        drained(db)
        assert not daemon.lines(level="WARNING", since=since)
        assert_in_step(db)


@pytest.mark.layouts("one", reason="a trigger of the legacy tables cannot write vNext tables elsewhere")
def test_what_a_batch_itself_changes_in_vnext_is_not_passed_over(db):
    """A trigger on a legacy table writes a vNext table: that event has the transaction id of the batch, which was drawn
    before the claim took its snapshot, when it took the doorbell down."""
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team("Counted")
        daemon.wait_for("dual_write_completed", team_id=team)
        db.execute(f"""CREATE FUNCTION public.count_back() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                       BEGIN
                           UPDATE public.{TEAM} SET description = 'changed by legacy' WHERE id = {team};
                           RETURN NULL;
                       END $$;
                       CREATE TRIGGER count_back AFTER INSERT ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION public.count_back()""")
        wait_until(lambda: db.value("SELECT state FROM dualwrite.daemon") == "asleep")
        other = db.new_team("Other")
        daemon.wait_for("dual_write_completed", team_id=other)
        wait_until(lambda: legacy_team(db, team, "description") == "changed by legacy", 8)
        drained(db)


@pytest.mark.layouts("one", reason="the queue is in the vNext database in both")
def test_a_cursor_is_not_used_for_other_partitions_of_the_same_number(db):
    """The first of two daemons has partition 0 of two. After install --partitions=1 it has partition 0 still, and with it what
    the other one left behind."""
    install(db, "--partitions", "2")
    with Daemon(db):
        wait_until(lambda: db.value("SELECT state FROM dualwrite.daemon") == "asleep")
        # one that lives for now, and does nothing
        db.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
                      SELECT gen_random_uuid(), 'nowhere', 1, 'x', mapping_digest, flags, true, 'draining',
                             clock_timestamp() + interval '9 seconds' FROM dualwrite.daemon""")
        for n in range(20):
            db.new_team(f"Team {n}")
        waits = "SELECT count(*) FROM dualwrite.outbox o WHERE o.bucket * 2 / 1024 = {}"
        wait_until(lambda: db.value(waits.format(0)) == 0)
        db.execute("UPDATE dualwrite.daemon SET beat_at = clock_timestamp() + interval '9 seconds' WHERE host = 'nowhere'")
        assert db.value(waits.format(1)) > 0
        install(db, "--partitions", "1")
        assert db.value(waits.format(1)) > 0, "it was done too early for this test"
        db.execute("DELETE FROM dualwrite.daemon WHERE host = 'nowhere'")
        drained(db)
        assert_in_step(db)


def test_what_a_daemon_of_version_2_parked_is_tried_again(db):
    """Daemons that run while install brings version 3 work on until they connect anew, and do not say which row an event that
    they park is about."""
    install(db)
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT no_bad CHECK (name <> 'bad')")
    with Daemon(db) as daemon:
        team = db.new_team("bad")
        daemon.wait_for("dual_write_failed", team_id=team)
        wait_until(lambda: failed(db))
        daemon.term()
        db.execute("UPDATE dualwrite.failed SET identity = NULL, parent = NULL")
        daemon.start()
        db.execute(f"UPDATE {TEAM} SET name = 'good', updated_at = now() WHERE id = %s", [team])
        daemon.wait_for("dual_write_completed", team_id=team)
        wait_until(lambda: not failed(db))
        assert_in_step(db)


def test_nothing_is_compiled(db):
    """A server's defaults have JIT on, and what a large queue is estimated to cost passes its thresholds: compiling a beat or a
    claim takes seconds, each time."""
    install(db)
    for side in db.sides:
        for setting in ("jit = on", "jit_above_cost = 0", "jit_inline_above_cost = 0", "jit_optimize_above_cost = 0"):
            side.execute(f"ALTER ROLE daemon_login IN DATABASE {side.name} SET {setting}")
    with Daemon(db) as daemon:
        team = db.new_team()
        daemon.wait_for("dual_write_completed", timeout=10, team_id=team)
        assert not daemon.lines("beat_failed")
