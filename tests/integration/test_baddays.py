"""Bad days (issue 2, SPEC section 13): servers that are not there, connections that die, data that does not fit, kill -9,
several daemons, TRUNCATE, a full outbox. Afterwards legacy equals vNext and nothing was lost or done twice."""

import re
import time
from datetime import datetime

import pytest

from conftest import Daemon, assert_in_step, differences, install, wait_until
from helpers import (
    ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, STRICT, TEAM, Writers, as_sync_session, completed, connections,
    count_lines, default_mapping, drained, each_once, failed, legacy_member, legacy_rows, legacy_team, partitions, resync_marks, sequences,
    write_mapping,
)

pytestmark = pytest.mark.layouts("one", "two")

ACTIVE = """SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'dualwrited/%' AND state = 'active'"""


def many_teams(db, count):
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n' || n, 's' || n, 1 + n % 4 FROM generate_series(1, {count}) n",
               user="app_user")


# ---- the server --------------------------------------------------------------------------------------------------------------


def test_without_a_server_at_start_it_says_so_and_starts_when_there_is_one(cluster, db):
    install(db)
    team = db.new_team()
    db.close()
    cluster.stop()
    with Daemon(db, ready=False) as daemon:
        daemon.wait_for_line(r"event_type=(waiting|disconnected) ")
        assert daemon.lines("ready") == []
        cluster.start()
        daemon.wait_for("ready")
        daemon.wait_for("dual_write_completed", team_id=team)
        assert_in_step(db)


@pytest.mark.layouts("one", reason="a minute long, and about what is logged without any server")
def test_what_cannot_be_helped_is_said_once_a_minute(db):
    """Each connection says once that there is no server, and says it again after a minute, however often it tried."""
    with Daemon(db, ready=False, DUALWRITE_DATABASE_URL="host=127.0.0.1 port=1 dbname=x") as daemon:
        for connection in ("apply", "listen"):
            # the next attempt after the minute may be a whole back-off of ten seconds away
            said = daemon.wait_for("disconnected", connection=connection, count=2, timeout=75)
            times = [datetime.fromisoformat(line["time"]) for line in daemon.lines("disconnected", connection=connection)]
            assert 60 <= (times[1] - times[0]).total_seconds() <= 71, said
        assert len(daemon.lines("disconnected")) == 2 * 2


@pytest.mark.layouts("one", reason="no connection at all: it does not matter to how many databases")
def test_without_a_server_it_still_ends_when_told_to(cluster, db):
    install(db)
    db.close()
    cluster.stop()
    with Daemon(db, ready=False) as daemon:
        daemon.wait_for_line(r"event_type=(waiting|disconnected) ")
        assert daemon.term(timeout=10) == 0


@pytest.mark.layouts("one", reason="the vNext host; that of legacy: test_two_databases.py")
def test_a_host_that_does_not_resolve_is_no_reason_to_end(db):
    with Daemon(db, ready=False, DUALWRITE_DATABASE_URL="host=no-such-host.invalid dbname=x") as daemon:
        line = daemon.wait_for_line(r"event_type=(waiting|disconnected) .*").group(0)
        assert "no-such-host.invalid" in line
        assert daemon.term(timeout=10) == 0


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_restart_while_writers_run_loses_nothing(cluster, db, mode):
    install(db)
    with Daemon(db) as daemon:
        with Writers(db) as writers:
            daemon.wait_for("dual_write_completed", count=50)
            db.close()
            mark = daemon.mark()
            cluster.restart(mode)
            daemon.wait_for("disconnected", since=mark)
            daemon.wait_for("connected", since=mark, connection="apply")
            daemon.wait_for("dual_write_completed", since=mark, count=50)
        assert writers.errors == []
        drained(db)
        assert_in_step(db)
        assert {id for (id,) in db.execute(f"SELECT id FROM {TEAM}")} >= set(writers.ids)
        each_once(daemon)


@pytest.mark.layouts("one", reason="the same for all connections of layout two: test_two_databases.py")
@pytest.mark.parametrize("which", ["listen", "apply"])
def test_a_terminated_connection_comes_back_by_itself(db, which):
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        pid = connections(db)[f"dualwrited/{which}"]
        other = {name: p for name, p in connections(db).items() if p != pid}
        mark = daemon.mark()
        db.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert daemon.wait_for("disconnected", since=mark, connection=which)["level"] == "WARNING"
        daemon.wait_for("connected", since=mark, connection=which)
        daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))
        # each connection by itself: the others never went
        assert other.items() <= connections(db).items()
        assert connections(db)[f"dualwrited/{which}"] != pid


@pytest.mark.layouts("one", reason="each connection complains for itself: layout two has only more of them")
def test_another_reason_is_said_at_once_and_each_once(db):
    """An operator who ends the sessions and then finds the login locked must read the latter, not wait a minute for it."""
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        mark = daemon.mark()
        db.execute("ALTER ROLE daemon_login NOLOGIN")
        try:
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'")
            for connection in ("apply", "listen"):
                wait_until(lambda: any("not permitted to log in" in line["error"] for line in
                                       daemon.lines("disconnected", since=mark, connection=connection, level="WARNING")), 5)
            time.sleep(3)  # it tries again, and again
        finally:
            db.execute("ALTER ROLE daemon_login LOGIN")
        said = [(line["connection"], line["error"]) for line in daemon.lines("disconnected", since=mark, level="WARNING")]
        assert len(said) == len(set(said)) == 2 * 2, said
        for connection in ("apply", "listen"):
            daemon.wait_for("connected", since=mark, connection=connection, timeout=20)
        daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))


@pytest.mark.layouts("one", reason="the beat goes to the vNext database in both")
def test_a_session_whose_beats_are_refused_is_given_up_after_three(db):
    install(db)
    with Daemon(db, DUALWRITE_POLL_INTERVAL="300ms") as daemon:
        before = connections(db)
        mark = daemon.mark()
        db.execute("REVOKE SELECT ON dualwrite.outbox_ceiling FROM dualwrite_daemon")  # only a beat looks there
        try:
            line = daemon.wait_for("disconnected", since=mark, connection="listen", timeout=20)
            wait_until(lambda: connections(db).get("dualwrited/listen", 0) not in (0, before["dualwrited/listen"]), 20)
            time.sleep(4)  # refused again, also there
        finally:
            db.execute("GRANT SELECT ON dualwrite.outbox_ceiling TO dualwrite_daemon")
        assert "3 beats in a row were refused: permission denied" in line["error"], line
        assert connections(db)["dualwrited/apply"] == before["dualwrited/apply"]  # it did nothing wrong
        daemon.wait_for("connected", since=mark, connection="listen", timeout=20)
        assert len(daemon.lines("beat_failed", since=mark, level="WARNING")) == 1
        assert len(daemon.lines("connected", since=mark, connection="listen")) == 1  # when it was of use again
        daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))


def test_connections_terminated_again_and_again_under_load_lose_nothing(db):
    install(db)
    with Daemon(db) as daemon:
        with Writers(db, threads=2) as writers:
            for n in range(8):
                daemon.wait_for("dual_write_completed", since=daemon.mark(), count=5)
                for side in db.sides[n % 2:] if n % 4 else db.sides:  # both, or only the last of them
                    side.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                    WHERE application_name LIKE 'dualwrited/%' AND datname = current_database()""")
        assert writers.errors == []
        drained(db)
        assert_in_step(db)
        each_once(daemon)


def test_the_reconnect_is_announced_and_capped(cluster, db):
    install(db)
    with Daemon(db) as daemon:
        db.close()
        mark = daemon.mark()
        cluster.stop("immediate")
        daemon.wait_for("disconnected", since=mark)
        waits = wait_until(lambda: [int(line["retry_in_ms"]) for line in daemon.lines(since=mark) if "retry_in_ms" in line])
        assert all(0 <= ms <= 10000 for ms in waits)
        cluster.start()
        daemon.wait_for("connected", since=mark, connection="apply")
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


# ---- what is missing in the database -------------------------------------------------------------------------------------------


def test_missing_tables_and_columns_are_all_named_at_start(db):
    install(db)
    db.execute(f"ALTER TABLE {TEAM} DROP COLUMN description")
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} DROP COLUMN logo_url, DROP COLUMN region; DROP TABLE {LEGACY_MEMBERSHIP}")
    with Daemon(db, ready=False, status=78) as daemon:
        daemon.finish()
        faults = "\n".join(f"{f['where']} {f['msg']}" for f in daemon.lines("config_fault", level="ERROR"))
        for name in ("description", "logo_url", "region", LEGACY_MEMBERSHIP):
            assert name in faults, faults


def test_an_expression_of_the_mapping_that_the_database_does_not_take_is_named_at_start(db, tmp_path):
    mapping = default_mapping()
    mapping["entities"][0]["columns"]["description"] = {"expression": "no_such_function(description)"}
    path = write_mapping(tmp_path / "m.json", mapping)
    done = install(db, check=False, DUALWRITE_MAPPING_FILE=path)
    if done.returncode != 0:  # install may find it already
        assert "no_such_function" in done.stderr
        return
    with Daemon(db, ready=False, status=78, DUALWRITE_MAPPING_FILE=path) as daemon:
        daemon.finish()
        assert [f for f in daemon.lines("config_fault", level="ERROR") if "no_such_function" in f["msg"]]


RIGHTS = {
    "read vNext": (f"REVOKE SELECT ON {TEAM} FROM dualwrite_daemon", [TEAM, "SELECT"]),
    "write legacy": (f"REVOKE INSERT, UPDATE ON {LEGACY_TEAM} FROM dualwrite_daemon", [LEGACY_TEAM, "INSERT", "UPDATE"]),
    "write the map": (f"REVOKE INSERT ON {MAP} FROM dualwrite_daemon", [MAP, "INSERT"]),
    "take legacy keys": (f"REVOKE ALL ON SEQUENCE {LEGACY_TEAM}_id_seq FROM dualwrite_daemon", [f"{LEGACY_TEAM}_id_seq"]),
    "all of it": ("REVOKE dualwrite_daemon FROM daemon_login", ["dualwrite_daemon"]),
}
OF_LEGACY = ("write legacy", "take legacy keys")


@pytest.mark.parametrize("case", RIGHTS)
def test_a_missing_right_names_the_grant_to_run(db, case):
    revoke, names = RIGHTS[case]
    install(db)
    (db.legacy if case in OF_LEGACY else db).execute(revoke)
    with Daemon(db, ready=False, status=78) as daemon:
        daemon.finish()
        said = [str(line) for line in daemon.lines(level="ERROR") if "GRANT " in str(line)]
        assert said, daemon.raw
        for name in names:
            assert [line for line in said if name in line], (name, said)


def test_the_grants_that_are_named_suffice(db):
    """Whoever copies what the log says ends with a daemon that works."""
    install(db)
    db.execute(f"REVOKE SELECT ON {TEAM} FROM dualwrite_daemon")
    db.legacy.execute(f"""REVOKE INSERT, UPDATE ON {LEGACY_TEAM} FROM dualwrite_daemon;
                          REVOKE ALL ON SEQUENCE {LEGACY_TEAM}_id_seq FROM dualwrite_daemon""")
    with Daemon(db, ready=False, status=78) as daemon:
        daemon.finish()
        grants = [g for line in daemon.lines("config_fault") for g in re.findall(r"GRANT [^;]+;", line["msg"])]
        assert grants
    for grant in grants:
        (db.legacy if LEGACY_TEAM in grant else db).execute(grant)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert_in_step(db)


def test_where_nothing_is_installed_it_says_to_run_install(db):
    with Daemon(db, ready=False, status=78) as daemon:
        daemon.wait_for_line(r"(?i)(WARNING|ERROR) .*\binstall\b")
        if daemon.process.poll() is None and not daemon.lines("config_fault"):
            daemon.status = 0  # it may also wait for it


def test_row_level_security_is_an_error_and_never_a_removal(db):
    """A row that cannot be seen is not a row that was deleted."""
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.new_member(team)
        completed(daemon, 2)
        before = legacy_rows(db)
        for table in (TEAM, MEMBERSHIP):
            db.execute(f"""ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
                           CREATE POLICY app ON {table} TO app_user USING (true) WITH CHECK (true)""")
        mark = daemon.mark()
        db.execute(f"UPDATE {TEAM} SET region = 'EU'; UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
        wait_until(lambda: [line for line in daemon.lines(since=mark)
                            if line["level"] in ("WARNING", "ERROR") and "row-level security" in str(line)])
        assert legacy_rows(db) == before
        assert daemon.lines("dual_write_completed", since=mark) == []
        for table in (TEAM, MEMBERSHIP):
            db.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        assert_in_step(db)
        drained(db)
    db.execute(f"ALTER TABLE {TEAM} ENABLE ROW LEVEL SECURITY")
    with Daemon(db, ready=False, status=78) as daemon:
        daemon.finish()
        daemon.wait_for_line(r" ERROR .*row-level security")


# ---- rows that do not fit --------------------------------------------------------------------------------------------------------


def test_a_row_that_breaks_a_constraint_is_parked_and_the_others_go_on(db):
    install(db)
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT region_known CHECK (region IN ('NA', 'EU'))")
    good = [db.new_team(f"good {n}") for n in range(5)]
    bad = db.new_team("bad", region="Mars")
    good += [db.new_team(f"good {n}") for n in range(5, 10)]
    member = db.new_member(good[0])
    with Daemon(db) as daemon:
        line = daemon.wait_for("dual_write_failed", operation="sync_team_created", team_id=bad)
        assert (line["sqlstate"], line["exception_type"], line["constraint"]) == ("23514", "check_violation", "region_known")
        assert "region_known" in line["error"]
        for team in good:
            daemon.wait_for("dual_write_completed", team_id=team, operation="sync_team_created")
        daemon.wait_for("dual_write_completed", membership_id=member)
        drained(db)
        parked = failed(db)
        assert set(parked) == {str(bad)}
        row = parked[str(bad)]
        assert row["retry_at"] is None and row["sqlstate"] == "23514" and row["constraint_name"] == "region_known"
        assert row["operation"] == "sync_team_created" and row["attempts"] >= 1
        # nothing of it was left half done
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM}") == len(good)
        # it heals when its data changes
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [bad], user="app_user")
        wait_until(lambda: failed(db) == {})
        assert_in_step(db)
        assert legacy_team(db, bad, "region") == "EU"
        # one failed line per failed attempt, and at the end one completed line for each event
        assert len(daemon.lines("dual_write_failed", team_id=bad)) == 1
        each_once(daemon)
        assert daemon.lines("dual_write_completed", operation="sync_team_created", team_id=bad)


def test_a_parked_row_stays_parked_over_a_restart(db):
    install(db)
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT region_known CHECK (region IN ('NA', 'EU'))")
    with Daemon(db) as daemon:
        bad = db.new_team("bad", region="Mars")
        daemon.wait_for("dual_write_failed", team_id=bad)
        wait_until(lambda: failed(db))
        daemon.term()
        daemon.start()
        daemon.wait_for("dual_write_completed", team_id=db.new_team("good"))
        assert set(failed(db)) == {str(bad)}
        assert len(daemon.lines("dual_write_failed")) == 1
        db.execute(f"UPDATE {TEAM} SET region = 'NA' WHERE id = %s", [bad], user="app_user")
        wait_until(lambda: failed(db) == {})
        assert_in_step(db)


def test_a_parked_row_that_is_deleted_is_done_with(db):
    install(db)
    with Daemon(db) as daemon:
        bad = db.new_team(game_id=99)
        daemon.wait_for("dual_write_failed", team_id=bad)
        db.execute(f"DELETE FROM {TEAM} WHERE id = %s", [bad], user="app_user")
        wait_until(lambda: failed(db) == {})
        drained(db)
        assert_in_step(db)


CONSTRAINTS = {
    "unique": (f"""INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at)
                   VALUES ('squatter', 'taken', 'csgo', '', '', true, now(), now())""",
               "23505", "unique_violation", "teams_team_slug_key"),
    "not null": (f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN logo_url SET NOT NULL", "23502", "not_null_violation", None),
    "foreign key, deferred": (
        f"""CREATE TABLE regions (name varchar PRIMARY KEY);
            ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT region_fk FOREIGN KEY (region) REFERENCES regions
                DEFERRABLE INITIALLY DEFERRED; INSERT INTO regions VALUES ('NA')""",
        "23503", "foreign_key_violation", "region_fk"),
    "exclusion": (f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT one_mars EXCLUDE USING btree (region WITH =) WHERE (region = 'Mars')",
                  "23P01", "exclusion_violation", "one_mars"),
    "length": (f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN region TYPE varchar(3)", "22001", "string_data_right_truncation",
               None),
    "raise in a trigger": (
        f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.region = 'Mars' THEN RAISE 'no Mars'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION refuse()""",
        "P0001", "raise_exception", None),
}


@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_whatever_a_legacy_row_breaks_is_named_and_stops_nobody(db, kind):
    setup, sqlstate, name, constraint = CONSTRAINTS[kind]
    install(db)
    as_sync_session(db, setup)
    region = "NA"
    logo = {"logo_url": "x"}
    good = [db.new_team("one", region=region, branding=logo)]
    if kind == "exclusion":
        good.append(db.new_team("first on Mars", region="Mars", branding=logo))
    bad = db.new_team("bad", region="Mars", slug="taken", branding={} if kind == "not null" else logo)
    good.append(db.new_team("two", region=region, branding=logo))
    with Daemon(db) as daemon:
        line = daemon.wait_for("dual_write_failed")
        assert line["team_id"] == str(bad) or kind == "exclusion"
        if sqlstate is not None:
            assert (line["sqlstate"], line["exception_type"]) == (sqlstate, name)
        if constraint is not None:
            assert line["constraint"] == constraint
        daemon.wait_for("dual_write_completed", count=len(good))
        drained(db)
        assert len(failed(db)) == 1
        # what hangs on another row is tried again by itself; the rest waits until somebody changes the row
        assert next(iter(failed(db).values()))["retry_at"] is None or sqlstate in ("23503", "23505", "23P01")
        # the way out that always exists: the row changes
        victim = next(iter(failed(db)))
        db.execute(f"""UPDATE {TEAM} SET region = '{region}', slug = 'free', branding = '{{"logo_url": "x"}}'
                       WHERE id = {victim}""", user="app_user")
        wait_until(lambda: failed(db) == {})
        wait_until(lambda: db.value(f"SELECT count(*) FROM {MAP} WHERE verified") == len(good) + 1)


def test_two_members_whose_rows_only_fit_one_after_the_other(db):
    """An owner swap: legacy allows one owner per team, and the promotion comes first."""
    install(db)
    db.legacy.execute(f"CREATE UNIQUE INDEX one_owner ON {LEGACY_MEMBERSHIP} (team_id) WHERE role = 'OWNER' AND status = 'ACTIVE'")
    with Daemon(db) as daemon:
        team = db.new_team()
        old, new = db.new_member(team, user_id=1, role="OWNER"), db.new_member(team, user_id=2)
        completed(daemon, 3)
        with db.connect("app_user") as conn:
            conn.execute(f"UPDATE {MEMBERSHIP} SET role = 'OWNER' WHERE id = {new}")
            conn.execute(f"UPDATE {MEMBERSHIP} SET role = 'PLAYER' WHERE id = {old}")
            conn.commit()
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


def test_a_name_handed_over_from_one_row_to_another_finds_its_way(db):
    """In either order of the keys: what fails on a value that another row still has is tried again after that row."""
    install(db)
    with Daemon(db) as daemon:
        first, second = db.new_team("first", slug="one"), db.new_team("second", slug="two")
        completed(daemon, 2)
        for giver, taker, slug in ((second, first, "two"), (first, second, "two")):
            with db.connect("app_user") as conn:
                conn.execute(f"UPDATE {TEAM} SET slug = 'given-{giver}' WHERE id = {giver}")
                conn.execute(f"UPDATE {TEAM} SET slug = %s WHERE id = {taker}", [slug])
                conn.commit()
            drained(db)
            assert failed(db) == {}
            assert_in_step(db)


def test_a_locked_legacy_row_delays_only_its_own_team(db):
    install(db)
    with Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="1s") as daemon:
        held, free = db.new_team("held"), db.new_team("free")
        completed(daemon, 2)
        with db.legacy.connect() as locker:
            locker.execute(f"SELECT FROM {LEGACY_TEAM} WHERE name = 'held' FOR UPDATE")
            db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [held], user="app_user")
            line = daemon.wait_for("dual_write_failed", team_id=held)
            assert line["sqlstate"] in ("55P03", "57014") and 0 <= int(line["retry_in_ms"]) <= 10000
            db.execute(f"UPDATE {TEAM} SET region = 'SA' WHERE id = %s", [free], user="app_user")
            wait_until(lambda: legacy_team(db, free, "region") == "SA")
            locker.rollback()
        wait_until(lambda: legacy_team(db, held, "region") == "EU")
        assert_in_step(db)
        wait_until(lambda: failed(db) == {} and db.backlog() == 0)


def test_an_event_that_fails_by_itself_again_and_again_is_parked_in_the_end(db):
    install(db)
    with Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="1s", DUALWRITE_RETRY_MAX_ATTEMPTS=1) as daemon:
        team = db.new_team()
        completed(daemon, 1)
        with db.legacy.connect() as locker:
            locker.execute(f"SELECT FROM {LEGACY_TEAM} FOR UPDATE")
            db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
            wait_until(lambda: [f for f in failed(db).values() if f["retry_at"] is None])
            attempts = [line["attempt"] for line in daemon.lines("dual_write_failed", team_id=team)]
            assert attempts == sorted(set(attempts)) and 1 <= len(attempts) <= 2
            locker.rollback()
        db.execute(f"UPDATE {TEAM} SET region = 'SA'", user="app_user")
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


def test_the_guard_and_the_vnext_writers_do_not_wait_for_a_busy_daemon(db):
    """The vNext write path never waits for legacy: a daemon that hangs on a lock holds nobody up."""
    install(db, "--guard=on")
    with Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="1h") as daemon:
        team = db.new_team()
        completed(daemon, 1)
        with db.legacy.connect() as locker:
            locker.execute(f"LOCK TABLE {LEGACY_TEAM}, {LEGACY_MEMBERSHIP}")
            db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
            wait_until(lambda: db.legacy.execute("""SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'
                                                    AND wait_event_type = 'Lock' AND datname = current_database()"""))
            with db.connect("app_user") as conn:
                conn.execute("SET LOCAL lock_timeout = '2s'")
                conn.execute(f"UPDATE {TEAM} SET region = 'SA'")
                conn.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) VALUES ({team}, 1)")
                conn.execute(f"DELETE FROM {MEMBERSHIP}")
                conn.commit()
            locker.rollback()
        assert_in_step(db)


# ---- daemons that die, daemons that share ---------------------------------------------------------------------------------------


def test_killed_in_the_middle_of_a_burst_and_started_again(db):
    install(db)
    many_teams(db, 3000)
    db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT id, 1 FROM {TEAM}", user="app_user")
    with Daemon(db, DUALWRITE_BATCH_SIZE=100) as daemon:
        for n in range(3):
            daemon.wait_for("dual_write_completed", since=daemon.mark())
            daemon.kill9()
            daemon.start()
        drained(db, timeout=40)
        assert_in_step(db)
        each_once(daemon)  # after a crash at most one completed
        assert failed(db) == {}
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM}") == 3000


def test_two_daemons_share_the_work_and_do_each_event_once(db):
    install(db)
    with Daemon(db) as one, Daemon(db) as two:
        wait_until(lambda: db.value("""SELECT count(*) FROM dualwrite.live_daemon d
                                       WHERE EXISTS (SELECT FROM dualwrite.partitions_of(d.instance))""") == 2)
        many_teams(db, 500)
        db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT id, n FROM {TEAM}, generate_series(1, 3) n",
                   user="app_user")
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
        wait_until(lambda: count_lines(one) + count_lines(two) >= 3500)
        drained(db)
        assert_in_step(db)
        assert len(each_once(one, two)) == len(each_once(one, two, event_type="dual_write_scheduled")) == 3500
        if partitions(db) > 1:
            assert one.lines("dual_write_completed") and two.lines("dual_write_completed")


def test_when_one_of_two_ends_the_other_takes_over_at_once(db):
    install(db)
    with Daemon(db) as one, Daemon(db) as two:
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.live_daemon") == 2)
        two.term()
        started = time.monotonic()
        many_teams(db, 200)
        completed(one, 200)
        assert time.monotonic() - started < 10  # no beat had to run out
        assert_in_step(db)


def test_when_one_of_two_is_killed_the_other_takes_over_within_fifteen_seconds(db):
    install(db)
    with Daemon(db) as one, Daemon(db) as two:
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.live_daemon") == 2)
        two.kill9()
        many_teams(db, 200)
        drained(db, timeout=15)
        assert_in_step(db)
        assert len(each_once(one, two)) == 200


def test_when_one_of_two_is_stopped_the_other_takes_over_and_both_go_on_afterwards(db):
    install(db)
    with Daemon(db) as one, Daemon(db) as two:
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.live_daemon") == 2)
        with two.stop_cont():
            many_teams(db, 200)
            drained(db, timeout=15)
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.live_daemon") == 2)
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        drained(db)
        assert_in_step(db)
        assert len(each_once(one, two)) == 400


def test_five_daemons_come_and_go_under_load(db):
    install(db)
    daemons = [Daemon(db) for _ in range(4)]
    with Daemon(db) as constant:
        with Writers(db, threads=2) as writers:
            for daemon in daemons:
                with daemon:
                    daemon.wait_for("ready")
                    constant.wait_for("dual_write_completed", since=constant.mark(), count=5)
        assert writers.errors == []
        drained(db)
        assert_in_step(db)
        each_once(constant, *daemons)


# ---- TRUNCATE, a full outbox, an old snapshot -------------------------------------------------------------------------------------


def only_present(db):
    """What is not in step, without the legacy rows whose vNext rows are gone: a truncation names no rows."""
    return [text for text in differences(db) if "in vNext" not in text]


def test_after_a_truncate_what_is_there_is_synced_and_nothing_is_taken_for_deleted(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.new_member(team, user_id=1)
        completed(daemon, 2)
        with db.connect() as conn:
            conn.execute(f"TRUNCATE {MEMBERSHIP}")
            conn.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) VALUES ({team}, 2, 'COACH')")
            conn.execute(f"UPDATE {MEMBERSHIP} SET role = 'OWNER'")
            # the events of the new row get lost as well: the resync alone must find it
            conn.execute("DELETE FROM dualwrite.outbox WHERE entity = 'membership'")
            conn.commit()
        daemon.wait_for("resync_marked")
        daemon.wait_for("resync_completed")
        wait_until(lambda: legacy_member(db, team, 2, "role") == "OWNER")
        drained(db)
        assert only_present(db) == []
        # a row that cannot be seen is not a row that was deleted
        assert legacy_member(db, team, 1, "status") == "ACTIVE"


def test_a_row_that_is_gone_without_a_delete_event_takes_nothing_away(db):
    """Events of rows that a TRUNCATE took, in one batch with a true removal: only that one removes."""
    install(db)
    with Daemon(db) as daemon:
        gone, deleted = db.new_team("gone"), db.new_team("deleted")
        for team in (gone, deleted):
            db.new_member(team)
        completed(daemon, 4)
        refs = db.execute(f"SELECT id::text, team_id::text, user_id::text FROM {MEMBERSHIP} ORDER BY team_id")
        db.execute(f"TRUNCATE {TEAM} CASCADE")
        daemon.wait_for("resync_completed", count=2)
        mark = daemon.mark()
        db.execute("""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
                      SELECT 7, entity, operation, ref FROM (VALUES
                          ('team', 'sync_team_settings_updated', ARRAY[%s]), ('team', 'sync_team_deleted', ARRAY[%s]),
                          ('membership', 'sync_team_member_updated', %s::text[]),
                          ('membership', 'sync_team_member_removed', %s::text[])) e (entity, operation, ref)""",
                   [str(gone), str(deleted), list(refs[0]), list(refs[1])])
        completed(daemon, 4, since=mark)
        assert legacy_team(db, gone, "is_active") is True and legacy_team(db, deleted, "is_active") is False
        assert legacy_member(db, gone, 101, "status") == "ACTIVE"
        assert legacy_member(db, deleted, 101, "status") == "INACTIVE"


@pytest.mark.layouts("one", reason="the mark and the queue are in vNext; the resync's own writing is tested in both")
def test_a_truncate_while_the_daemon_is_down_is_found_at_start(db):
    install(db)
    team = db.new_team()
    db.execute(f"TRUNCATE {MEMBERSHIP}")
    db.new_member(team)
    db.execute("DELETE FROM dualwrite.outbox")
    with Daemon(db) as daemon:
        daemon.wait_for("resync_completed")
        drained(db)
        assert_in_step(db)


@pytest.mark.layouts("one", reason="the mark and the queue are in vNext; the resync's own writing is tested in both")
def test_a_rolled_back_truncate_ends_in_step(db):
    install(db)
    with Daemon(db) as daemon:
        db.new_member(db.new_team())
        completed(daemon, 2)
        with db.connect() as conn:
            conn.execute(f"TRUNCATE {TEAM} CASCADE")
            conn.rollback()
        daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))
        assert_in_step(db)


def test_a_full_outbox_is_made_good_by_a_resync(db):
    install(db, DUALWRITE_OUTBOX_MAX=1000)
    before = sequences(db)
    for n in range(4):
        db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', '{n}-' || g, 1 FROM generate_series(1, 500) g",
                   user="app_user")
    db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
    team = db.value(f"SELECT max(id) FROM {TEAM}")
    db.new_member(team)
    assert db.backlog() <= 1500  # bounded on disk: a statement at most beyond the limit
    assert len(resync_marks(before, sequences(db))) == 2
    with Daemon(db, DUALWRITE_OUTBOX_MAX=1000) as daemon:
        daemon.wait_for("resync_completed", count=2)
        drained(db)
        assert_in_step(db)
        # and from here on changes are captured one by one again
        before = sequences(db)
        later = db.new_team("later")
        daemon.wait_for("dual_write_completed", team_id=later, operation="sync_team_created")
        assert resync_marks(before, sequences(db)) == set()


@pytest.mark.layouts("one", reason="the outbox and the flag that stops its drain are in vNext")
def test_an_outbox_that_fills_while_dual_write_is_off_is_bounded_and_caught_up(db):
    install(db, DUALWRITE_OUTBOX_MAX=1000)
    with Daemon(db, DUALWRITE_OUTBOX_MAX=1000, **{ENABLED: False}) as daemon:
        for n in range(4):
            db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', '{n}-' || g, 1 FROM generate_series(1, 500) g",
                       user="app_user")
        assert db.backlog() <= 1500
        daemon.hup(**{ENABLED: True})
        assert_in_step(db)
        drained(db)


@pytest.mark.layouts("one", reason="the mark and the queue are in vNext; the resync's own writing is tested in both")
@pytest.mark.parametrize("how", ["overflow", "truncate"])
def test_a_mark_raised_by_a_transaction_that_commits_late_is_not_done_with_too_early(db, how):
    """The mark is raised outside MVCC, before its rows can be seen: the resync has to wait for them."""
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        completed(daemon, 1)
        before = sequences(db)
        with db.connect() as conn:
            member = f"INSERT INTO {MEMBERSHIP} (team_id, user_id) VALUES ({team}, 5)"
            if how == "overflow":  # no lock that a resync would wait for anyway
                with daemon.stop_cont():  # its beat would lift the ceiling again before the INSERT has met it
                    wait_until(lambda: not db.value(ACTIVE))
                    conn.execute("SELECT setval('dualwrite.outbox_ceiling', 0)")
                    conn.execute(member)
            else:
                conn.execute(f"TRUNCATE {MEMBERSHIP}")
                conn.execute(member)
            conn.execute("DELETE FROM dualwrite.outbox WHERE entity = 'membership'")
            assert len(resync_marks(before, sequences(db))) == 1
            # the daemon sees the mark now
            db.execute("SELECT pg_notify('dualwrite_control', '')")
            daemon.wait_for("resync_marked")
            time.sleep(0.5)
            assert daemon.lines("resync_completed") == []
            conn.commit()
        wait_until(lambda: legacy_member(db, team, 5, "role") == "PLAYER")
        daemon.wait_for("resync_completed")


def test_an_old_snapshot_held_open_stops_nothing(db):
    install(db)
    with Daemon(db) as daemon:
        with db.connect() as old:
            old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            old.execute("SELECT pg_current_xact_id(), count(*) FROM dualwrite.outbox")
            many_teams(db, 300)
            for n in range(3):
                team = db.new_team(f"later {n}")
                daemon.wait_for("dual_write_completed", team_id=team)
            old.rollback()
        assert_in_step(db)


def test_strict_mode_and_parked_rows_do_not_stop_the_others(db):
    install(db)
    with Daemon(db, **{STRICT: True}) as daemon:
        db.new_team(game_id=99)
        daemon.wait_for("dual_write_failed", severity="ERROR")
        daemon.wait_for("dual_write_completed", team_id=db.new_team("good"))
