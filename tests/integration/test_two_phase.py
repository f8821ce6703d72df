"""Two-phase commit on the captured tables: PREPARE TRANSACTION refuses a transaction that has notified."""

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import TEAM


@pytest.fixture
def two_phase(cluster, db):
    """A server on which transactions can be prepared."""
    db.execute("ALTER SYSTEM SET max_prepared_transactions = 10")
    db.close()
    cluster.restart()
    yield db
    db.execute("ALTER SYSTEM RESET max_prepared_transactions")
    db.close()
    cluster.restart()


def prepare(conn, name, slug):
    conn.execute("BEGIN")
    conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES (%s, %s, 1)", [slug, slug])
    conn.execute(f"PREPARE TRANSACTION '{name}'")


def test_a_prepared_transaction_never_fails_because_of_a_daemon_and_is_synced_when_it_commits(two_phase):
    db = two_phase
    install(db)
    with Daemon(db) as daemon, db.connect("app_user", autocommit=True) as conn:
        assert "max_prepared_transactions" in daemon.wait_for("not_listening")["msg"]
        wait_until(lambda: db.value("SELECT NOT listening FROM dualwrite.daemon"))
        team = db.new_team("before")
        daemon.wait_for("dual_write_completed", team_id=team)
        for n in range(5):
            prepare(conn, f"{db.name}-{n}", f"two-phase-{n}")
        assert db.value(f"SELECT count(*) FROM {TEAM}") == 1
        for n in range(5):
            conn.execute(f"{'ROLLBACK' if n == 3 else 'COMMIT'} PREPARED '{db.name}-{n}'")
        daemon.wait_for("dual_write_completed", count=5)
        wait_until(lambda: db.backlog() == 0)
        assert db.value(f"SELECT count(*) FROM {TEAM}") == 5
        assert_in_step(db)


def test_no_doorbell_is_rung_where_transactions_can_be_prepared(two_phase):
    db = two_phase
    install(db)
    db.execute("""SELECT setval(('dualwrite.doorbell_' || p)::regclass,
                                (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3600000)
                  FROM generate_series(0, 7) p""")
    with db.connect("app_user", autocommit=True) as conn:
        prepare(conn, db.name, "asleep")
        conn.execute(f"COMMIT PREPARED '{db.name}'")
    assert db.backlog() == 1
