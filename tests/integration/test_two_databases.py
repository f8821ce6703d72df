"""The promises of SPEC section 13 where legacy is another database: two commits, which anything may come between. Afterwards
legacy equals vNext, nothing was lost, nothing is there twice, and no late write has won over a newer one."""

import random
import signal
import subprocess
import threading
import time

import pytest

from conftest import Daemon, Db, assert_in_step, differences, install, sample_schema, wait_until
from helpers import (
    BLOCKED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, Writers, completed, connections, drained, each_once, failed,
    legacy_team, pg_dump, shadow_of,
)
from proxy import Proxy

pytestmark = pytest.mark.layouts("two")

LEGACY_URL = "DUALWRITE_LEGACY_DATABASE_URL"
VNEXT_URL = "DUALWRITE_DATABASE_URL"
# what the write transaction of a batch begins with; the table's name is part of the installed schema
FENCE = rb"dualwrite\.fence"
WRITES_TEAM = rb"(?s)(INSERT INTO|UPDATE)\W+public\W+teams_team\W"
TAKE_OVER = 30  # seconds; promised are fifteen


def many_teams(db, count, prefix="n"):
    db.execute(f"""INSERT INTO {TEAM} (name, slug, game_id)
                   SELECT '{prefix}' || n, '{prefix}' || n, 1 + n % 4 FROM generate_series(1, {count}) n""", user="app_user")


def nothing_twice(db):
    """As many legacy teams as map rows as vNext teams, each of them named once, none left over."""
    legacy = {id for (id,) in db.legacy.execute(f"SELECT id FROM {LEGACY_TEAM}")}
    mapped = [id for (id,) in db.execute(f"SELECT legacy_team_id FROM {MAP}")]
    assert len(mapped) == len(set(mapped)) and set(mapped) == legacy
    assert db.value(f"SELECT count(*)::int FROM {MAP}") == db.value(f"SELECT count(*)::int FROM {TEAM}")


def sessions(db):
    """[(database side, application_name, pid)] of the daemons' connections."""
    return [(side, name, pid) for side in db.sides for name, pid in connections(side).items()]


def waits_in_legacy(db):
    """A daemon waits for a lock in legacy."""
    return db.legacy.execute("""SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'
                                AND wait_event_type = 'Lock' AND datname = current_database()""")


# ---- what the others build on ---------------------------------------------------------------------------------------------------


def test_the_tables_are_where_this_layout_says(db):
    """Otherwise every other test of this layout would prove nothing."""
    def tables(side):
        return {name for (name,) in side.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    assert tables(db) == {TEAM, MEMBERSHIP, MAP} and tables(db.legacy) == {LEGACY_TEAM, LEGACY_MEMBERSHIP}
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team(actor=456)
        member = db.new_member(team)
        done = daemon.wait_for("dual_write_completed", team_id=team, operation="sync_team_created")
        assert done["legacy_team_id"] == str(shadow_of(db, team))
        daemon.wait_for("dual_write_completed", membership_id=member)
        assert_in_step(db)
        assert {side.name for side, _, _ in sessions(db)} == {db.name, db.legacy.name}
    assert tables(db) == {TEAM, MEMBERSHIP, MAP} and tables(db.legacy) == {LEGACY_TEAM, LEGACY_MEMBERSHIP}


def test_what_is_out_of_step_is_seen_by_the_tests(db):
    """differences() compares over the border of the databases."""
    install(db)
    with Daemon(db):
        team = db.new_team()
        assert_in_step(db)
    with db.legacy.connect() as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute(f"ALTER TABLE {LEGACY_TEAM} DISABLE TRIGGER USER")
        conn.execute(f"UPDATE {LEGACY_TEAM} SET region = 'drifted'")
        conn.commit()
    assert differences(db) == [f"team {team} (legacy {shadow_of(db, team)}): region"]


# ---- between the two commits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["a new team", "an update"])
def test_killed_between_the_legacy_commit_and_the_acknowledgement(cluster, db, what):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        team = db.new_team("before")
        daemon.wait_for("dual_write_completed", team_id=team)
        lost = proxy.lose_commit(before=WRITES_TEAM, cut=False)
        if what == "a new team":
            team = db.new_team("between")
            db.new_member(team)
        else:
            db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        lost.wait()
        # legacy has it, and vNext does not know
        assert db.backlog() > 0 and legacy_team(db, team, "region") == ("NA" if what == "a new team" else "EU")
        daemon.kill9()
        daemon.start()
        drained(db)
        assert_in_step(db)
        nothing_twice(db)
        each_once(daemon)
        assert failed(db) == {}


def test_a_legacy_commit_whose_answer_got_lost_is_neither_lost_nor_done_twice(cluster, db):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        for n in range(3):
            lost = proxy.lose_commit(before=WRITES_TEAM)
            team = db.new_team(f"team {n}")
            lost.wait()
            assert legacy_team(db, team, "name") == f"team {n}" and db.backlog() > 0
            proxy.refuse = False
            daemon.wait_for("dual_write_completed", team_id=team)
        drained(db)
        assert_in_step(db)
        nothing_twice(db)
        each_once(daemon)


def test_an_acknowledgement_whose_answer_got_lost_is_logged_once(cluster, db):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{VNEXT_URL: proxy.url(db)}) as daemon:
        for n in range(3):
            lost = proxy.lose_commit()
            team = db.new_team(f"team {n}")
            lost.wait()
            assert db.backlog() == 0
            proxy.refuse = False
            daemon.wait_for("dual_write_completed", team_id=team)
        assert_in_step(db)
        nothing_twice(db)
        assert len(each_once(daemon)) == 3


def test_killed_again_and_again_under_load_nothing_is_lost_and_nothing_twice(db):
    install(db)
    chance = random.Random(20260101)
    with Daemon(db, DUALWRITE_BATCH_SIZE=50) as daemon:
        with Writers(db, threads=1) as writers:
            for _ in range(8):
                daemon.wait_for("dual_write_completed", since=daemon.mark())
                time.sleep(chance.uniform(0, 0.12))
                daemon.kill9()
                daemon.start()
        assert writers.errors == []
        drained(db, timeout=60)
        assert_in_step(db, timeout=60)
        nothing_twice(db)
        each_once(daemon)
        assert failed(db) == {}
        assert {id for (id,) in db.execute(f"SELECT id FROM {TEAM}")} >= set(writers.ids)
        assert db.legacy.value(f"SELECT count(*) = count(DISTINCT (team_id, user_id)) FROM {LEGACY_MEMBERSHIP}")


@pytest.mark.parametrize("side", ["vnext", "legacy"])
def test_a_connection_cut_while_a_legacy_transaction_is_under_way(cluster, db, side):
    """It waits for a row that somebody holds in legacy; the network breaks; the row comes free."""
    install(db)
    with Proxy(cluster.port) as proxy:
        url = {VNEXT_URL: proxy.url(db)} if side == "vnext" else {LEGACY_URL: proxy.url(db.legacy)}
        with Daemon(db, **url) as daemon:
            held, free = db.new_team("held"), db.new_team("free")
            completed(daemon, 2)
            with db.legacy.connect() as locker:
                locker.execute(f"SELECT FROM {LEGACY_TEAM} WHERE name = 'held' FOR UPDATE")
                db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
                wait_until(lambda: waits_in_legacy(db), what="it waits for the row")
                proxy.cut()
                db.execute(f"UPDATE {TEAM} SET description = 'later' WHERE id = %s", [held], user="app_user")
                wait_until(lambda: legacy_team(db, free, "region") == "EU")
                locker.rollback()
            assert_in_step(db)
            wait_until(lambda: db.backlog() == 0 and failed(db) == {})
            nothing_twice(db)
            each_once(daemon)


# ---- the legacy id is reserved first ------------------------------------------------------------------------------------------------


def id_sequence(db):
    return db.legacy.value(f"SELECT pg_sequence_last_value(pg_get_serial_sequence('{LEGACY_TEAM}', 'id')::regclass)")


@pytest.mark.parametrize("ends", ["goes on", "is killed"])
def test_the_legacy_id_stands_in_the_map_before_the_legacy_row_exists(db, ends):
    install(db)
    with Daemon(db) as daemon:
        completed_before = db.new_team("before")
        daemon.wait_for("dual_write_completed", team_id=completed_before)
        with db.legacy.connect() as locker:
            # reading goes on, as does drawing from the sequence; inserting waits
            locker.execute(f"LOCK TABLE {LEGACY_TEAM} IN EXCLUSIVE MODE")
            team = db.new_team("reserved")
            wait_until(lambda: waits_in_legacy(db), what="it is about to make the legacy row")
            # seen from another session: the reservation is committed
            id = shadow_of(db, team)
            assert id is not None and daemon.lines("dual_write_failed") == []
            assert db.value(f"SELECT verified FROM {MAP} WHERE vnext_team_id = %s", [team]) is False
            assert legacy_team(db, team, "id") is None
            drawn = id_sequence(db)
            if ends == "is killed":
                daemon.kill9()
            locker.rollback()
        if ends == "is killed":
            daemon.start()
        assert_in_step(db)
        assert shadow_of(db, team) == id == legacy_team(db, team, "id")
        assert id_sequence(db) == drawn  # what is reserved is used, not drawn again
        nothing_twice(db)


def test_many_reservations_left_by_a_crash_are_used(cluster, db):
    """Killed at the moment when a whole batch is reserved and nothing of it written."""
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        with db.legacy.connect() as locker:
            locker.execute(f"LOCK TABLE {LEGACY_TEAM} IN EXCLUSIVE MODE")
            many_teams(db, 50)
            wait_until(lambda: waits_in_legacy(db), what="it is about to make the legacy rows")
            daemon.kill9()
            assert db.value(f"SELECT count(*) FROM {MAP}") == 51  # all of them are reserved
            locker.rollback()
        reserved = dict(db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP}"))
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        daemon.start()
        drained(db)
        assert_in_step(db)
        assert dict(db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP}")) == reserved
        nothing_twice(db)


def test_a_team_deleted_before_its_reserved_legacy_row_was_made_leaves_no_legacy_row(db):
    install(db)
    with Daemon(db) as daemon:
        with db.legacy.connect() as locker:
            locker.execute(f"LOCK TABLE {LEGACY_TEAM} IN EXCLUSIVE MODE")
            team = db.new_team("short life")
            wait_until(lambda: waits_in_legacy(db), what="it is about to make the legacy row")
            daemon.kill9()
            assert shadow_of(db, team) is not None
            db.execute(f"DELETE FROM {TEAM}", user="app_user")
            locker.rollback()
        daemon.start()
        drained(db)
        wait_until(lambda: failed(db) == {})
        assert db.legacy.execute(f"SELECT name FROM {LEGACY_TEAM} WHERE is_active") == []
        assert differences(db) == []


# ---- one of the two is not there -----------------------------------------------------------------------------------------------------


def test_while_legacy_is_away_events_wait_and_are_announced_once(cluster, db):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        before = db.new_team("before")
        daemon.wait_for("dual_write_completed", team_id=before)
        mark = daemon.mark()
        proxy.refuse = True
        proxy.cut()
        assert daemon.wait_for("disconnected", since=mark)["level"] == "WARNING"
        # the vNext write path neither waits nor fails
        with db.connect("app_user") as conn:
            conn.execute("SET LOCAL statement_timeout = '2s'")
            conn.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()")
            conn.commit()
        teams = [db.new_team(f"meanwhile {n}") for n in range(10)]
        members = [db.new_member(team) for team in teams]
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
        accepted = proxy.accepted
        time.sleep(6)
        assert proxy.accepted - accepted <= 30, "it hammers at the door"
        assert db.backlog() == 1 + len(teams) + 2 * len(members) and failed(db) == {}
        assert daemon.lines("dual_write_completed", since=mark) == []
        waits = [int(line["retry_in_ms"]) for line in daemon.lines(since=mark) if "retry_in_ms" in line]
        assert waits and all(0 <= ms <= 10000 for ms in waits)
        proxy.refuse = False
        drained(db)
        assert_in_step(db)
        nothing_twice(db)
        assert len(each_once(daemon)) == len(each_once(daemon, event_type="dual_write_scheduled")) == 2 + 10 + 20
        assert failed(db) == {}


def test_without_legacy_at_the_start_it_says_so_and_starts_working_when_it_is_there(cluster, db):
    install(db)
    team = db.new_team()
    with Proxy(cluster.port) as proxy:
        proxy.refuse = True
        with Daemon(db, ready=False, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
            assert str(proxy.port) in daemon.wait_for_line(r"event_type=(waiting|disconnected) .*").group(0)
            wait_until(lambda: proxy.accepted >= 2)
            assert daemon.lines("dual_write_completed") == [] and db.backlog() == 1
            proxy.refuse = False
            daemon.wait_for("dual_write_completed", team_id=team, timeout=30)
            daemon.wait_for("ready")
            assert_in_step(db)


def test_a_legacy_host_that_does_not_resolve_is_no_reason_to_end(db):
    install(db)
    with Daemon(db, ready=False, **{LEGACY_URL: "host=no-such-host.invalid dbname=x"}) as daemon:
        assert "no-such-host.invalid" in daemon.wait_for_line(r"event_type=(waiting|disconnected) .*").group(0)
        assert daemon.term(timeout=10) == 0


def test_a_legacy_that_hangs_holds_up_neither_the_writers_nor_the_end(cluster, db):
    """It takes what is sent and never answers."""
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        held = proxy.hold()
        team = db.new_team("meanwhile")
        held.wait()
        with db.connect("app_user") as conn:
            conn.execute("SET LOCAL lock_timeout = '2s'")
            conn.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()")
            conn.commit()
        # it goes on to answer for itself
        instance = daemon.wait_for("starting")["instance"]
        beat = db.value("SELECT beat_at FROM dualwrite.daemon WHERE instance = %s", [instance])
        wait_until(lambda: db.value("SELECT beat_at FROM dualwrite.daemon WHERE instance = %s", [instance]) > beat)
        assert daemon.term(timeout=10) == 0
        proxy.release()
        daemon.start()
        assert_in_step(db)
        drained(db)
        assert legacy_team(db, team, "region") == "EU"
        nothing_twice(db)


def test_a_legacy_that_hangs_for_a_while_is_caught_up_with(cluster, db):
    """Longer than a transaction of ours may be idle in vNext."""
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="5s", **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        held = proxy.hold(FENCE)
        many_teams(db, 20)
        held.wait()
        time.sleep(13)
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()", user="app_user")
        proxy.release()
        drained(db, 30)
        assert_in_step(db)
        nothing_twice(db)
        each_once(daemon)
        wait_until(lambda: failed(db) == {})


def test_each_terminated_connection_comes_back_by_itself(db):
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        found = sessions(db)
        assert len([1 for side, _, _ in found if side is db.legacy]) >= 1 and len(found) >= 3
        for side, name, pid in found:
            mark = daemon.mark()
            assert side.value("SELECT pg_terminate_backend(%s)", [pid])
            line = daemon.wait_for("disconnected", since=mark, connection=name.split("/")[1])
            assert line["level"] == "WARNING"
            daemon.wait_for("connected", since=mark, connection=name.split("/")[1])
            team = db.new_team(f"after {name}")
            daemon.wait_for("dual_write_completed", team_id=team)
        assert {(side.name, name) for side, name, _ in sessions(db)} == {(side.name, name) for side, name, _ in found}
        assert_in_step(db)
        each_once(daemon)


# ---- two servers --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def apart(cluster, legacy_cluster):
    """The two databases on two servers."""
    db = cluster.create_db(layout="two", legacy_cluster=legacy_cluster)
    yield db
    db.drop()


@pytest.mark.parametrize("which, mode", [("legacy", "fast"), ("legacy", "immediate"), ("vnext", "immediate"), ("both", "immediate")])
def test_a_server_that_goes_and_comes_back_loses_nothing(apart, which, mode):
    db = apart
    install(db)
    servers = {"legacy": [db.legacy.cluster], "vnext": [db.cluster], "both": [db.legacy.cluster, db.cluster]}[which]
    with Daemon(db) as daemon:
        with Writers(db, threads=2) as writers:
            daemon.wait_for("dual_write_completed", count=50)
            db.close()
            mark = daemon.mark()
            for server in servers:
                server.stop(mode)
            daemon.wait_for("disconnected", since=mark)
            time.sleep(1)
            for server in servers:
                server.start()
            daemon.wait_for("dual_write_completed", since=mark, count=50, timeout=40)
        assert writers.errors == []
        drained(db, 40)
        assert_in_step(db)
        nothing_twice(db)
        assert {id for (id,) in db.execute(f"SELECT id FROM {TEAM}")} >= set(writers.ids)
        each_once(daemon)


def test_each_login_is_known_on_its_own_side_only(apart):
    """The legacy login needs no right in vNext and the other way round: here neither even exists there."""
    db = apart
    install(db, "--guard=on")
    for side, login in ((db, "vnext_login"), (db.legacy, "legacy_login")):
        side.execute("REVOKE dualwrite_daemon FROM daemon_login")
        side.execute(f"CREATE ROLE {login} LOGIN; GRANT dualwrite_daemon TO {login}")
    try:
        with Daemon(db, **{VNEXT_URL: db.url("vnext_login"), LEGACY_URL: db.legacy.url("legacy_login")}) as daemon:
            team = db.new_team(actor=456)
            member = db.new_member(team)
            completed(daemon, 2)
            for statement in (f"UPDATE {TEAM} SET region = 'EU', updated_at = now()", f"UPDATE {MEMBERSHIP} SET role = 'COACH'",
                              f"UPDATE {MEMBERSHIP} SET status = 'LEFT', updated_at = now()", f"DELETE FROM {MEMBERSHIP}",
                              f"DELETE FROM {TEAM}"):
                db.execute(statement, user="app_user")
                drained(db)
                assert_in_step(db)
            assert daemon.lines("dual_write_failed") == [] and daemon.lines("config_fault") == [] and member
            for side, login in ((db, "vnext_login"), (db.legacy, "legacy_login")):
                assert {user for (user,) in side.execute("SELECT usename FROM pg_stat_activity WHERE datname = current_database() "
                                                         "AND application_name LIKE 'dualwrited/%'")} == {login}
    finally:
        for side, login in ((db, "vnext_login"), (db.legacy, "legacy_login")):
            side.execute(f"REVOKE dualwrite_daemon FROM {login}; DROP ROLE {login}")


def test_a_right_that_one_side_lacks_is_named_with_the_grant_and_the_side(db):
    """CONNECT is refused to the legacy login in vNext and to the vNext login in legacy; then a right is missing on either side."""
    install(db)
    db.execute("""DO $$ BEGIN CREATE ROLE vnext_only LOGIN; CREATE ROLE legacy_only LOGIN;
                  EXCEPTION WHEN duplicate_object THEN NULL; END $$""")
    for side, login in ((db, "vnext_only"), (db.legacy, "legacy_only")):
        side.execute(f"""GRANT dualwrite_daemon TO {login}; REVOKE CONNECT ON DATABASE {side.name} FROM PUBLIC;
                         GRANT CONNECT ON DATABASE {side.name} TO {login}, app_user""")
    urls = {VNEXT_URL: db.url("vnext_only"), LEGACY_URL: db.legacy.url("legacy_only")}
    try:
        with Daemon(db, **urls) as daemon:
            daemon.wait_for("dual_write_completed", team_id=db.new_team())
            assert_in_step(db)
        for side, table, right in ((db, TEAM, "SELECT"), (db.legacy, LEGACY_TEAM, "INSERT")):
            side.execute(f"REVOKE {right} ON {table} FROM dualwrite_daemon")
            with Daemon(db, ready=False, status=78, **urls) as daemon:
                daemon.finish()
                faults = [line for line in daemon.lines("config_fault", level="ERROR")
                          if "GRANT" in line["msg"] and table in str(line) and right in line["msg"]]
                assert faults, daemon.raw
            side.execute(f"GRANT {right} ON {table} TO dualwrite_daemon")
    finally:
        db.execute("REVOKE dualwrite_daemon FROM vnext_only, legacy_only")


# ---- the fence ----------------------------------------------------------------------------------------------------------------------


def take_over(db, team, description):
    """Changes the team and waits until legacy shows that: somebody who is alive has done it."""
    db.execute(f"UPDATE {TEAM} SET description = %s, updated_at = now() WHERE id = %s", [description, team], user="app_user")
    wait_until(lambda: legacy_team(db, team, "description") == description, TAKE_OVER, f"legacy shows {description}")


def stays(db, team, description, seconds=4):
    """Legacy goes on to show that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert legacy_team(db, team, "description") == description
        time.sleep(0.05)


def test_a_late_legacy_transaction_of_a_daemon_that_was_stopped_is_kept_out(cluster, db):
    """It has read the row, and stops before its legacy transaction reaches the server. Another takes over and writes what is
    newer. Then the first wakes up, and what it had sent arrives."""
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as first:
        team = db.new_team()
        first.wait_for("dual_write_completed", team_id=team)
        held = proxy.hold(FENCE)
        db.execute(f"UPDATE {TEAM} SET description = 'old'", user="app_user")
        held.wait()
        with first.stop_cont():
            with Daemon(db) as second:
                take_over(db, team, "newer")
                proxy.release()
                stays(db, team, "newer", 2)
                first.signal(signal.SIGCONT)
                stays(db, team, "newer")
                # both are alive, and whoever does it now does it once
                take_over(db, team, "newest")
                assert_in_step(db)
                drained(db)
                each_once(first, second)


def test_a_late_legacy_transaction_of_a_daemon_that_lost_vnext_is_kept_out(cluster, db):
    """The network to vNext swallows everything, the one to legacy is slow: the daemon lives and believes that all is well."""
    install(db)
    with Proxy(cluster.port) as vnext, Proxy(cluster.port) as legacy:
        with Daemon(db, **{VNEXT_URL: vnext.url(db), LEGACY_URL: legacy.url(db.legacy)}) as first:
            team = db.new_team()
            first.wait_for("dual_write_completed", team_id=team)
            held = legacy.hold(FENCE)
            db.execute(f"UPDATE {TEAM} SET description = 'old'", user="app_user")
            held.wait()
            vnext.hold()
            with Daemon(db) as second:
                take_over(db, team, "newer")
                legacy.release()
                stays(db, team, "newer")
                vnext.release()
                stays(db, team, "newer", 2)
                take_over(db, team, "newest")
                assert_in_step(db)
                drained(db)
                each_once(first, second)


@pytest.mark.parametrize("arrives", ["after the successor has written", "while the successor waits"])
def test_a_late_commit_of_a_daemon_that_died_does_not_win(cluster, db, arrives):
    """Everything is written in legacy but for the COMMIT, which is still on its way when its sender is dead: the open
    transaction keeps the successor waiting, until the server ends it or the COMMIT arrives."""
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as first, Daemon(db, ready=False) as second:
        second.signal(signal.SIGSTOP)  # not in the way yet
        team = db.new_team()
        wait_until(lambda: legacy_team(db, team, "name") is not None, TAKE_OVER)
        drained(db, TAKE_OVER)
        held = proxy.hold(rb"COMMIT\s*\0")
        db.execute(f"UPDATE {TEAM} SET description = 'old'", user="app_user")
        held.wait()
        wait_until(lambda: db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%' AND "
                                           "backend_xid IS NOT NULL AND datname = current_database()") == 1, what="it has written")
        first.kill9()
        second.signal(signal.SIGCONT)
        db.execute(f"UPDATE {TEAM} SET description = 'newer', updated_at = now()", user="app_user")
        if arrives.startswith("while"):
            time.sleep(3)
            proxy.release()
        wait_until(lambda: legacy_team(db, team, "description") == "newer", 45)
        proxy.release()
        stays(db, team, "newer")
        assert_in_step(db)
        drained(db)
        nothing_twice(db)
        each_once(first, second)


def test_an_epoch_never_goes_back(db):
    """What keeps a late batch out is that each comes with a higher epoch than all before it, whoever does it."""
    install(db)

    def fences():
        return dict(db.legacy.execute("SELECT partition, epoch FROM dualwrite.fence"))

    seen = fences()
    for n in range(3):
        with Daemon(db) as daemon:
            many_teams(db, 30, f"r{n}-")
            completed(daemon, 30)
        now = fences()
        assert all(now[p] >= seen[p] for p in seen) and max(now.values()) > max(seen.values())
        seen = now


# ---- restored from a copy -------------------------------------------------------------------------------------------------------------


def restore(side, dump):
    """The database of this side becomes what it was when it was dumped."""
    side.close()
    with side.cluster.connect() as conn:
        conn.execute(f"DROP DATABASE {side.name} WITH (FORCE)")
        conn.execute(f"CREATE DATABASE {side.name} TEMPLATE template0 OWNER app_owner")
    done = subprocess.run([side.cluster.bin / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", side.url()], input=dump,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_vnext_restored_from_an_older_copy_is_noticed_and_synced_anew(db):
    install(db)
    with Daemon(db) as daemon:
        one, two, three = (db.new_team(f"team {n}") for n in range(3))
        db.new_member(one)
        completed(daemon, 4)
    dump = pg_dump(db)
    with Daemon(db) as daemon:
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()", user="app_user")
        lost = db.new_team("lost with the restore")
        completed(daemon, 4)
        lost_id = shadow_of(db, lost)
        # enough batches to be sure that the copy's own numbers lie behind
        for n in range(5):
            db.execute(f"UPDATE {TEAM} SET description = '{n}', updated_at = now() WHERE id = {two}", user="app_user")
            drained(db)
    db.legacy.close()
    restore(db, dump)
    assert db.value(f"SELECT region FROM {TEAM} WHERE id = {one}") == "NA"
    with Daemon(db) as daemon:
        # only a batch shows it: until then nothing has been asked of legacy
        new = db.new_team("after the restore")
        daemon.wait_for("dual_write_completed", team_id=new, operation="sync_team_created")
        wait_until(lambda: [line for line in daemon.lines() if line["level"] in ("WARNING", "ERROR")
                            and ("restor" in str(line) or "older" in str(line))], what="a line that says so")
        daemon.wait_for("resync_completed", count=2)
        drained(db)
        # every row there is, is in step: also those that nobody has touched
        assert_in_step(db)
        for team in (one, two, three):
            assert legacy_team(db, team, "region") == "NA"
        # what vNext no longer knows is left alone, and no new row takes its place
        assert db.legacy.value(f"SELECT name FROM {LEGACY_TEAM} WHERE id = %s", [lost_id]) == "lost with the restore"
        assert shadow_of(db, new) != lost_id
        # and it goes on without another resync
        mark = daemon.mark()
        daemon.wait_for("dual_write_completed", team_id=db.new_team("later"), operation="sync_team_created")
        assert daemon.lines("resync_marked", since=mark) == []


def test_a_legacy_restored_from_an_older_copy_is_filled_again_by_a_resync_and_nothing_is_overwritten(db):
    """Its sequence is behind the map: a new row must not get an id that the map has promised to another."""
    install(db)
    with Daemon(db) as daemon:
        db.new_member(db.new_team("kept"))
        completed(daemon, 2)
    dump = pg_dump(db.legacy)
    with Daemon(db) as daemon:
        many_teams(db, 5, "gone")
        db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT id, 7 FROM {TEAM}", user="app_user")
        completed(daemon, 11)
    promised = dict(db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP}"))
    db.close()
    restore(db.legacy, dump)
    with Daemon(db) as daemon:
        new = db.new_team("new")
        # it may fail, by name; it may find a way; what it may not do is to take another's id
        wait_until(lambda: daemon.lines("dual_write_failed", team_id=new) or daemon.lines("dual_write_completed", team_id=new))
        assert shadow_of(db, new) not in promised.values()
        db.execute("SELECT nextval('dualwrite.resync_team'), nextval('dualwrite.resync_membership')")
        daemon.wait_for("resync_completed", count=2)
        wait_until(lambda: set(promised.values()) <= {id for (id,) in db.legacy.execute(f"SELECT id FROM {LEGACY_TEAM}")})
        # what the message of such a failure asks for
        db.legacy.execute(f"SELECT setval(pg_get_serial_sequence('{LEGACY_TEAM}', 'id'), (SELECT max(id) FROM {LEGACY_TEAM}))")
        db.execute(f"UPDATE {TEAM} SET description = 'again' WHERE id = %s", [new], user="app_user")
        assert_in_step(db, 30)
        wait_until(lambda: failed(db) == {})
        now = dict(db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP}"))
        assert promised.items() <= now.items() and len(set(now.values())) == 7
        nothing_twice(db)


# ---- many daemons ----------------------------------------------------------------------------------------------------------------------


def test_when_the_one_that_hangs_between_the_commits_is_killed_the_other_goes_on(cluster, db):
    install(db)
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as first:
        first.wait_for("dual_write_completed", team_id=db.new_team("before"))
        lost = proxy.lose_commit(before=WRITES_TEAM, cut=False)
        many_teams(db, 20)
        lost.wait()
        with Daemon(db) as second:
            first.kill9()
            drained(db, TAKE_OVER)
            assert_in_step(db)
            nothing_twice(db)
            each_once(first, second)
            assert second.lines("dual_write_completed")


def test_daemons_that_come_and_go_while_both_networks_break(cluster, db):
    install(db)
    with Proxy(cluster.port) as vnext, Proxy(cluster.port) as legacy:
        urls = {VNEXT_URL: vnext.url(db), LEGACY_URL: legacy.url(db.legacy)}
        with Daemon(db, **urls) as constant, Daemon(db, **urls) as victim:
            with Writers(db, threads=2) as writers:
                for n in range(9):
                    constant.wait_for("dual_write_completed", since=constant.mark(), count=3, timeout=40)
                    if n % 3 == 0:
                        vnext.cut()
                    elif n % 3 == 1:
                        legacy.cut()
                    else:
                        victim.kill9()
                        victim.start()
            assert writers.errors == []
            drained(db, 60)
            assert_in_step(db)
            nothing_twice(db)
            each_once(constant, victim)
            wait_until(lambda: failed(db) == {})


# ---- flags ---------------------------------------------------------------------------------------------------------------------------


def refused(db):
    with db.legacy.connect("app_user") as conn:
        try:
            conn.execute(f"UPDATE {LEGACY_TEAM} SET name = name")
            return False
        except Exception as error:
            assert getattr(error, "sqlstate", None) == "DW003", error
            return True
        finally:
            conn.rollback()


def test_flags_that_changed_while_legacy_was_away_arrive_when_it_is_back(cluster, db):
    install(db, "--guard=on", **{BLOCKED: True})
    with Proxy(cluster.port) as proxy, Daemon(db, **{LEGACY_URL: proxy.url(db.legacy)}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert refused(db)
        proxy.refuse = True
        proxy.cut()
        daemon.hup(**{BLOCKED: False})
        time.sleep(1)
        assert refused(db)  # nobody could tell it
        proxy.refuse = False
        wait_until(lambda: not refused(db), 20, "the guard hears of it")
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, 'true')", [BLOCKED])
        wait_until(lambda: refused(db), 2, "an override is obeyed at once again")


# ---- what differs between the two -------------------------------------------------------------------------------------------------------


def test_a_legacy_database_of_another_encoding(cluster):
    """What LATIN1 can hold arrives; what it cannot fails by name, and stops nobody."""
    vnext, legacy = sample_schema()
    name = "t_latin1"
    with cluster.connect() as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' OWNER app_owner")
    old = Db(cluster, name)
    db = cluster.create_db(layout="two")
    stand_in, db.legacy = db.legacy, old
    try:
        for statement in legacy:
            old.execute(statement, user="app_owner")
        install(db)
        with Daemon(db) as daemon:
            with db.connect("app_user") as conn:
                teams = {text: conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES (%s, md5(%s), 1) RETURNING id",
                                            [text, text]).fetchone()[0]
                         for text in ("plain", "\u00dcml\u00e4ut \u00df", "\u20ac", "\U0001f984", "last")}
                conn.commit()
            for text, team in teams.items():
                if text in ("\u20ac", "\U0001f984"):
                    assert daemon.wait_for("dual_write_failed", team_id=team)["sqlstate"] == "22P05"
                else:
                    daemon.wait_for("dual_write_completed", team_id=team, verified=True)
                    assert legacy_team(db, team, "name") == text
            drained(db)
            assert set(failed(db)) == {str(teams["\u20ac"]), str(teams["\U0001f984"])}
            db.execute(f"UPDATE {TEAM} SET name = 'EUR' WHERE name = '\u20ac'", user="app_user")
            wait_until(lambda: legacy_team(db, teams["\u20ac"], "name") == "EUR")
    finally:
        db.drop()
        Db(cluster, stand_in.name).drop()


def test_writers_of_ten_thousand_rows_are_caught_up_with(db):
    """Two databases cost more round trips, not more memory and not another result."""
    install(db)
    with Daemon(db) as daemon:
        many_teams(db, 10000)
        completed(daemon, 10000, timeout=90)
        assert_in_step(db, timeout=10)
        nothing_twice(db)


def test_many_writers_of_one_row_end_with_the_last_word(db):
    install(db)
    with Daemon(db), Daemon(db):
        team = db.new_team()
        errors = []

        def write(number):
            try:
                with db.cluster.connect(db.name, "app_user") as conn:
                    for n in range(150):
                        conn.execute(f"UPDATE {TEAM} SET description = %s, updated_at = now() WHERE id = %s", [f"{number}-{n}", team])
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
        drained(db)
        assert_in_step(db)
        nothing_twice(db)
