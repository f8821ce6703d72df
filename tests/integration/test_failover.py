"""Another server takes over: a multi-host URL, a promoted standby, a server that is read-only for a while."""

import time

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import TEAM, Writers, connections, count_lines, drained, each_once, failed

pytestmark = pytest.mark.layouts("two")

VNEXT_URL = "DUALWRITE_DATABASE_URL"
LEGACY_URL = "DUALWRITE_LEGACY_DATABASE_URL"


class Pair:
    """A primary and its streaming standby; the legacy database is on a third server."""

    def __init__(self, primary, legacy):
        self.primary = primary
        self.db = primary.create_db(layout="two", legacy_cluster=legacy)
        self.standby = primary.standby()
        self.first = self.db.cluster

    def url(self, user="daemon_login", attrs="read-write"):
        a, b = self.first, self.standby
        return (f"host={a.host},{b.host} port={a.port},{b.port} dbname={self.db.name} user={user}"
                + (f" target_session_attrs={attrs}" if attrs else ""))

    def caught_up(self):
        at = self.db.value("SELECT pg_current_wal_lsn()::text")
        with self.standby.connect(self.db.name) as conn:
            wait_until(lambda: conn.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [at]).fetchone()[0])

    def go_over(self):
        """From now on the tests' own statements go to the standby, which is promoted."""
        self.standby.promote()
        self.db.close()
        self.db.cluster = self.standby
        # a foreign server is part of the database, and came along

    def end(self):
        self.db.close()
        self.standby.destroy()
        self.first.ensure_running()
        self.db.cluster = self.first
        self.db.drop()


@pytest.fixture
def pair(cluster, legacy_cluster):
    made = Pair(cluster, legacy_cluster)
    yield made
    made.end()


def test_a_promoted_standby_takes_over(pair):
    db = pair.db
    install(db)
    with Daemon(db, **{VNEXT_URL: pair.url()}) as daemon:
        with Writers(db, threads=1) as writers:
            wait_until(lambda: len(writers.ids) > 30)
        pair.caught_up()
        # dies as the power goes; what comes is on its way to nobody
        mark = daemon.mark()
        pair.first.stop("immediate")
        daemon.wait_for("disconnected", since=mark)
        time.sleep(2)  # nobody takes writes
        pair.go_over()
        team = db.new_team("after the failover")
        daemon.wait_for("dual_write_completed", team_id=team, since=mark, timeout=30)
        drained(db)
        assert_in_step(db)
        assert {id for (id,) in db.execute(f"SELECT id FROM {TEAM}")} >= set(writers.ids)
        wait_until(lambda: failed(db) == {})
        assert len([1 for name in connections(db)]) >= 2  # listen and claim are there, on the new server
        each_once(daemon)


def test_what_the_standby_did_not_have_is_taken_back_in_legacy(pair):
    """It was behind when the primary died: a team and an update are gone, which legacy has. The rows that are there win."""
    db = pair.db
    install(db)
    with Daemon(db, **{VNEXT_URL: pair.url()}) as daemon:
        kept = db.new_team("kept", region="NA")
        daemon.wait_for("dual_write_completed", team_id=kept)
        pair.caught_up()
        with pair.standby.connect() as conn:  # it receives nothing any more
            conn.execute("ALTER SYSTEM SET primary_conninfo = ''")
            conn.execute("SELECT pg_reload_conf()")
        wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_replication") == 0)
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()", user="app_user")
        lost = db.new_team("lost")
        daemon.wait_for("dual_write_completed", team_id=lost)
        mark = daemon.mark()
        pair.first.stop("immediate")
        pair.go_over()
        daemon.wait_for("failed_over", since=mark, timeout=30)
        daemon.wait_for("resync_completed", count=2, since=mark)
        drained(db)
        assert db.value(f"SELECT region FROM {TEAM} WHERE id = {kept}") == "NA"
        assert_in_step(db)
        assert daemon.lines("epoch_raised") == []  # so few that the sequence does not show it


@pytest.mark.parametrize("attrs", ["read-write", None])
def test_while_only_a_read_only_server_is_there_it_waits_with_one_warning(pair, attrs):
    db = pair.db
    install(db)
    with Daemon(db, **{VNEXT_URL: pair.url(attrs=attrs)}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        pair.caught_up()
        mark = daemon.mark()
        pair.first.stop("immediate")
        daemon.wait_for("disconnected", since=mark)
        time.sleep(8)  # the standby answers, and takes no writes
        lines = [line for line in daemon.lines(since=mark) if line["level"] == "WARNING"]
        kinds = [(line["event_type"], line.get("connection"), line.get("error", line.get("msg"))) for line in lines]
        assert len(kinds) == len(set(kinds)), kinds  # each reason once
        assert {kind for kind, *_ in kinds} <= {"disconnected", "beat_failed", "not_ready"}, kinds
        assert not [line for line in lines if line["event_type"].startswith("dual_write")]
        assert count_lines(daemon, "stopped") == 0
        pair.go_over()
        team = db.new_team("after")
        daemon.wait_for("dual_write_completed", team_id=team, since=mark, timeout=40)
        drained(db)
        assert_in_step(db)
        assert failed(db) == {}


def test_a_server_that_is_read_only_by_default_for_a_while_is_no_matter(cluster, db):
    """default_transaction_read_only, as some operators set it before a switch: what it does is ours to say."""
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        for side in db.sides:
            side.execute(f"ALTER DATABASE {side.name} SET default_transaction_read_only = on")
            side.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%' "
                         "AND datname = current_database()")
        with db.connect("app_user", options="-c default_transaction_read_only=off") as conn:
            conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('meanwhile', 'meanwhile', 1)")
            conn.commit()
        wait_until(lambda: db.legacy.value("SELECT count(*) FROM teams_team") == 2)
        for side in db.sides:
            side.execute(f"ALTER DATABASE {side.name} RESET default_transaction_read_only")
        drained(db)
        assert_in_step(db)
        assert failed(db) == {}


@pytest.mark.parametrize("form", ["socket and address", "url", "hostaddr for one of them", "one port for all"])
def test_hosts_of_every_kind_in_one_url(cluster, db, form):
    """The first does not answer; the second is reached, by whatever name."""
    install(db)
    dead = 1  # nobody listens there
    name, user, port = db.name, "daemon_login", cluster.port
    url = {
        "socket and address": f"host=127.0.0.1,{cluster.host} port={dead},{port} dbname={name} user={user}",
        "url": f"postgresql://{user}@localhost:{dead},127.0.0.1:{port}/{name}?target_session_attrs=read-write",
        "hostaddr for one of them": f"host=nowhere.invalid,localhost hostaddr=127.0.0.1, port={dead},{port} dbname={name} user={user}",
        "one port for all": f"host=nowhere.invalid,/nowhere,127.0.0.1 port={port} dbname={name} user={user}",
    }[form]
    with Daemon(db, **{VNEXT_URL: url}) as daemon:
        team = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)
        assert_in_step(db)
