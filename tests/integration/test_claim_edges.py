"""What claims must not do to others, and must not overlook: sessions of somebody else, cursors that do not fit any more, events
that a batch of ours has made itself."""

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import TEAM, drained

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
