"""One of two databases comes back from a backup. The daemons find it out by themselves before they go on, fill the gap, and give
nobody a legacy key that the map has promised to somebody else."""

import subprocess
import threading
import time

import pytest

from conftest import Daemon, Db, assert_in_step, differences, install, wait_until
from helpers import (
    LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, Writers, as_sync_session, cli, completed, drained, failed, legacy_team,
    resync_marks, sequences, shadow_of,
)
from proxy import Proxy

pytestmark = pytest.mark.layouts("two")

LEGACY_URL = "DUALWRITE_LEGACY_DATABASE_URL"


class Backup:
    """A copy of one database as it is now; restore() puts it in the original's place, whoever is connected there."""

    def __init__(self, db, tmp_path=None):
        self.db = db
        self.file = tmp_path / f"{db.name}.dump" if tmp_path else None
        if self.file:
            self._run("pg_dump", "-Fc", "-f", self.file, "-d", db.url())
        else:
            self._copy(db.name, f"{db.name}_backup")

    def _run(self, program, *args):
        done = subprocess.run([self.db.cluster.bin / program, *map(str, args)], capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0, done.stderr

    def _copy(self, source, copy):
        """A template may have no sessions; daemons connect again and again."""
        self.db.close()
        with self.db.cluster.connect() as conn:
            conn.execute(f"ALTER DATABASE {source} ALLOW_CONNECTIONS false")
            conn.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [source])
            conn.execute(f"CREATE DATABASE {copy} TEMPLATE {source} OWNER app_owner")
            conn.execute(f"ALTER DATABASE {source} ALLOW_CONNECTIONS true")

    def restore(self):
        self.db.close()
        with self.db.cluster.connect() as conn:
            conn.execute(f"DROP DATABASE {self.db.name} WITH (FORCE)")
            if self.file:
                # nobody gets in before it is complete
                conn.execute(f"CREATE DATABASE {self.db.name}_new TEMPLATE template0 OWNER app_owner")
                self._run("pg_restore", "-d", self.db.cluster.url(f"{self.db.name}_new"), self.file)
                conn.execute(f"ALTER DATABASE {self.db.name}_new RENAME TO {self.db.name}")
            else:
                conn.execute(f"ALTER DATABASE {self.db.name}_backup RENAME TO {self.db.name}")


def keys(db):
    """{vNext team: legacy key} of the map."""
    return dict(db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP}"))


def fill(db, prefix, count=5):
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT '{prefix}' || n, '{prefix}' || n, 1 + n % 4 "
               f"FROM generate_series(1, {count}) n", user="app_user")
    db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT id, 7 FROM {TEAM} WHERE name LIKE '{prefix}%'",
               user="app_user")


def in_step(db, timeout=40):
    drained(db, timeout)
    assert_in_step(db, timeout)
    wait_until(lambda: failed(db) == {}, what="no event failed for good")


def said(daemons, event_type):
    return [line for daemon in daemons for line in daemon.lines(event_type)]


@pytest.mark.parametrize("how", ["pg_restore", "a template"])
def test_a_legacy_restored_while_no_daemon_ran_is_filled_again(db, tmp_path, how):
    install(db)
    with Daemon(db):
        fill(db, "kept")
        in_step(db)
    backup = Backup(db.legacy, tmp_path if how == "pg_restore" else None)
    with Daemon(db):
        fill(db, "gone", 20)
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()", user="app_user")
        in_step(db)
    promised = keys(db)
    cli(db, "reconcile", user="daemon_login")
    fill(db, "waits")  # events wait while it is restored
    backup.restore()
    assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM}") == 5
    with Daemon(db) as daemon:
        new = db.new_team("new")
        daemon.wait_for("dual_write_completed", team_id=new)
        daemon.wait_for("resync_completed", count=2)
        in_step(db)
        assert len(said([daemon], "legacy_restored")) == 1
        assert db.execute("SELECT FROM dualwrite.reconcile") == []  # `gate` wants another one
        # before anything else: it was found out when it connected
        order = [line["event_type"] for line in daemon.lines()
                 if line["event_type"] in ("legacy_restored", "dual_write_completed")]
        assert order[0] == "legacy_restored"
        now = keys(db)
        assert promised.items() <= now.items() and len(set(now.values())) == len(now) == 31
        assert {id for (id,) in db.legacy.execute(f"SELECT id FROM {LEGACY_TEAM}")} == set(now.values())
        assert daemon.lines("dual_write_failed") == []
    # it is over
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("later"))
        assert daemon.lines("legacy_restored") == daemon.lines("resync_marked") == []


def test_a_legacy_restored_under_running_daemons_and_writers(db):
    """Two daemons find it out at the same time, and one resync comes of it."""
    install(db)
    with Daemon(db) as first, Daemon(db) as second:
        fill(db, "kept", 30)
        in_step(db)
        backup = Backup(db.legacy)
        in_step(db)
        fill(db, "gone", 30)
        in_step(db)
        before = sequences(db)
        with Writers(db, threads=1) as writers:
            wait_until(lambda: len(writers.ids) > 20)
            backup.restore()
            wait_until(lambda: said([first, second], "legacy_restored"))
            wait_until(lambda: len(said([first, second], "resync_completed")) >= 2, 30)
        assert writers.errors == []
        in_step(db)
        assert len(said([first, second], "legacy_restored")) == 1
        after = sequences(db)
        marks = resync_marks(before, after)
        assert marks == {"resync_team", "resync_membership"} and all(after[m] - (before[m] or 0) <= 2 for m in marks)
        assert len(set(keys(db).values())) == len(keys(db))


def test_a_legacy_that_goes_back_under_a_living_connection_is_found_by_the_next_batch(db):
    """A pooler in between, say: nobody was cut off. What finds it writes nothing."""
    install(db)
    with Daemon(db) as daemon:
        old = db.execute("SELECT partition, epoch FROM dualwrite.lease")
        fill(db, "team")
        in_step(db)
        assert db.execute("SELECT partition, epoch FROM dualwrite.lease") != old
        leases = dict(db.execute("SELECT partition, epoch FROM dualwrite.lease"))
        fences = dict(db.legacy.execute("SELECT partition, epoch FROM dualwrite.fence"))
        assert leases == fences
        as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP}")
        as_sync_session(db, f"DELETE FROM {LEGACY_TEAM}")
        db.legacy.execute("UPDATE dualwrite.fence SET epoch = 0")
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now() WHERE name = 'team1'", user="app_user")
        assert daemon.wait_for("legacy_restored")["level"] == "WARNING"
        daemon.wait_for("resync_completed", count=2)
        in_step(db)
        assert len(daemon.lines("legacy_restored")) == 1


def test_a_key_that_the_map_has_is_drawn_again(db):
    """The sequence is behind the map, and far: the keys are passed over, all of them in one go."""
    install(db)
    with Daemon(db) as daemon:
        fill(db, "team", 40)
        in_step(db)
        promised = keys(db)
        # as a restored copy would be: no rows, and the sequence from the start
        as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP}")
        as_sync_session(db, f"DELETE FROM {LEGACY_TEAM}")
        db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER id RESTART")
        new = [db.new_team(f"new {n}") for n in range(3)]
        for team in new:
            daemon.wait_for("dual_write_completed", team_id=team)
        assert not {shadow_of(db, team) for team in new} & set(promised.values())
        assert daemon.lines("dual_write_failed") == []
        # no more are passed over than were taken, twice at the most
        assert max(shadow_of(db, team) for team in new) <= 2 * max(promised.values()) + 6


def test_a_crash_between_the_commits_is_no_restore(cluster, db):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        for n in range(3):
            lost = proxy.lose_commit(before=rb"dualwrite\.fence", cut=False)
            team = db.new_team(f"team {n}")
            lost.wait()
            daemon.kill9()
            daemon.start()
            in_step(db)
        assert team and not daemon.lines("legacy_restored") and not daemon.lines("epoch_raised")


@pytest.mark.parametrize("side", ["vnext", "legacy"])
def test_install_after_a_restore_leaves_it_to_the_daemon(db, side):
    install(db)
    with Daemon(db):
        fill(db, "kept")
        in_step(db)
    backup = Backup(db if side == "vnext" else db.legacy)
    with Daemon(db):
        fill(db, "later", 3)
        for n in range(40):  # more batches than a sequence may be ahead of what it has given out
            db.execute(f"UPDATE {TEAM} SET region = 'r{n}', updated_at = now()", user="app_user")
            drained(db)
        in_step(db)
    db.legacy.close()
    backup.restore()
    install(db)
    install(db, "--partitions", "8")
    with Daemon(db) as daemon:
        daemon.wait_for("epoch_raised" if side == "vnext" else "legacy_restored")
        daemon.wait_for("resync_completed", count=2)
        in_step(db)
        if side == "vnext":
            assert {region for (region,) in db.execute(f"SELECT region FROM {TEAM}")} != {"r39"}


def test_another_legacy_database_in_place_of_the_installed_one_is_filled(db):
    """Swapped for an empty one of the same tables: nothing is taken for granted that the other one had."""
    install(db)
    with Daemon(db):
        fill(db, "team")
        in_step(db)
    other = Db(db.cluster, f"{db.legacy.name}_other", template="app_template_legacy")
    db.execute(f"ALTER SERVER test_legacy OPTIONS (SET dbname '{other.name}')")
    db.close()
    was, db.legacy = db.legacy, other
    with Daemon(db, ready=False) as daemon:
        daemon.wait_for_line("event_type=waiting .*dualwrited install")
        install(db)
        daemon.wait_for("legacy_restored", timeout=30)
        daemon.wait_for("resync_completed", count=2)
        in_step(db)
    was.drop()


def test_rows_deleted_since_the_backup_come_back_in_legacy_and_are_left(db):
    """No event and no row speaks for them: that is reconcile's to find."""
    install(db)
    with Daemon(db):
        fill(db, "team")
        in_step(db)
    backup = Backup(db.legacy)
    with Daemon(db):
        team, shadow = db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP} LIMIT 1")[0]
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = {team}", user="app_user")
        db.execute(f"DELETE FROM {TEAM} WHERE id = {team}", user="app_user")
        drained(db)
        assert db.legacy.value(f"SELECT is_active FROM {LEGACY_TEAM} WHERE id = {shadow}") is False
    backup.restore()
    with Daemon(db) as daemon:
        daemon.wait_for("legacy_restored")
        daemon.wait_for("resync_completed", count=2)
        drained(db)
        assert db.legacy.value(f"SELECT is_active FROM {LEGACY_TEAM} WHERE id = {shadow}") is True
        wait_until(lambda: len(differences(db)) == 2)  # the team and its member, and nothing else


def test_a_unique_value_of_a_legacy_row_whose_map_row_is_lost_is_named(db):
    """vNext is restored: the map no longer knows the row, which keeps its slug. A new team of that slug waits by name."""
    install(db)
    with Daemon(db):
        fill(db, "kept")
        in_step(db)
    backup = Backup(db)
    with Daemon(db):
        fill(db, "lost", 1)
        for n in range(40):
            db.execute(f"UPDATE {TEAM} SET region = 'r{n}', updated_at = now()", user="app_user")
            drained(db)
        lost = db.value(f"SELECT m.legacy_team_id FROM {MAP} m JOIN {TEAM} t ON t.id = vnext_team_id WHERE slug = 'lost1'")
    db.legacy.close()
    backup.restore()
    with Daemon(db) as daemon:
        daemon.wait_for("epoch_raised")
        daemon.wait_for("resync_completed", count=2)
        again = db.new_team("lost1", slug="lost1")
        line = daemon.wait_for("dual_write_failed", team_id=again)
        assert line["exception_type"] == "unique_violation" and "slug" in line["constraint"]
        assert db.legacy.value(f"SELECT name FROM {LEGACY_TEAM} WHERE id = %s", [lost]) == "lost1"
        # what operations.md says: the old row is given another slug, and the new one comes by itself
        as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET slug = 'lost1-before-restore' WHERE id = {lost}")
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = {again}", user="app_user")
        wait_until(lambda: legacy_team(db, again, "slug") == "lost1")
        assert shadow_of(db, again) != lost


def test_other_partitions_wait_for_the_batch_under_way(db):
    """It works in the partitions of before; somebody holds its legacy row, so that it lasts."""
    install(db)
    with Daemon(db) as daemon:
        fill(db, "team")
        in_step(db)
        with db.legacy.connect() as locker:
            locker.execute(f"SELECT FROM {LEGACY_TEAM} WHERE name = 'team1' FOR UPDATE")
            db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now() WHERE name = 'team1'", user="app_user")
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1685414252 AND granted"
            wait_until(lambda: db.value(held))
            thread = threading.Thread(target=install, args=(db, "--partitions", "3"))
            thread.start()
            time.sleep(1)
            assert thread.is_alive() and db.value("SELECT dualwrite.setting('partitions')") == "8"
            locker.rollback()
            thread.join(30)
        assert db.value("SELECT dualwrite.setting('partitions')") == "3"
        fill(db, "more")
        daemon.wait_for("resync_completed", count=2)
        in_step(db)
        assert not said([daemon], "legacy_restored") and not said([daemon], "epoch_raised")


@pytest.mark.layouts("one", reason="both sides come back together: that is the point")
def test_one_database_restored_as_a_whole_needs_nothing(cluster, db):
    install(db)
    with Daemon(db):
        fill(db, "kept")
        in_step(db)
    backup = Backup(db)
    with Daemon(db):
        fill(db, "gone")
        in_step(db)
    backup.restore()
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("new"))
        in_step(db)
        assert not said([daemon], "epoch_raised") and not said([daemon], "resync_marked")
