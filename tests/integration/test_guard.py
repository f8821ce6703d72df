"""The guard of the legacy tables (SPEC section 8): who is refused, who gets through, and what is recorded of it."""

import psycopg
import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    BLOCKED, BYPASS, LEGACY_MEMBERSHIP, LEGACY_TEAM, TEAM, as_sync_session, cli,
)

pytestmark = pytest.mark.layouts("one", "two")

NEW_TEAM = f"""INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at)
               VALUES ('Direct', 'direct', 'csgo', 'EU', '', true, now(), now())"""
IN_SYNC = "SELECT set_config('dualwrite.sync_session', pg_current_xact_id()::text, true)"

# every way to write, against rows that are there: (table, operation word, statement)
WRITES = {
    "insert": (LEGACY_TEAM, "INSERT", NEW_TEAM),
    "update": (LEGACY_TEAM, "UPDATE", f"UPDATE {LEGACY_TEAM} SET name = 'changed'"),
    "delete": (LEGACY_MEMBERSHIP, "DELETE", f"DELETE FROM {LEGACY_MEMBERSHIP}"),
    "truncate": (LEGACY_MEMBERSHIP, "TRUNCATE", f"TRUNCATE {LEGACY_MEMBERSHIP}"),
    "truncate cascade": (LEGACY_TEAM, "TRUNCATE", f"TRUNCATE {LEGACY_TEAM} CASCADE"),
    "on conflict do update": (LEGACY_TEAM, "INSERT", NEW_TEAM + " ON CONFLICT (slug) DO UPDATE SET name = 'x'"),
    "on conflict do nothing": (LEGACY_TEAM, "INSERT", NEW_TEAM + " ON CONFLICT DO NOTHING"),
    "with": (LEGACY_TEAM, "UPDATE", f"WITH w AS (UPDATE {LEGACY_TEAM} SET name = 'w' RETURNING id) SELECT count(*) FROM w"),
    "member insert": (LEGACY_MEMBERSHIP, "INSERT",
                      f"""INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
                          SELECT id, 7, 'OWNER', 'ACTIVE', now() FROM {LEGACY_TEAM}"""),
    "member update": (LEGACY_MEMBERSHIP, "UPDATE", f"UPDATE {LEGACY_MEMBERSHIP} SET role = 'COACH'"),
}


def with_legacy_rows(db, *args, **settings):
    """Installed, with one legacy team and one member in it."""
    install(db, *args, **settings)
    db.legacy.execute("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO app_user, daemon_login")
    as_sync_session(db, f"""
        WITH team AS (INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at)
                      VALUES ('Old', 'old', 'csgo', 'EU', '', true, now(), now()) RETURNING id)
        INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
        SELECT id, 1, 'OWNER', 'ACTIVE', now() FROM team""")
    return db


@pytest.fixture
def guarded(db):
    return with_legacy_rows(db, "--guard=on", **{BLOCKED: True})


@pytest.fixture(scope="module")
def shared(own_cluster, layout):
    """One guarded legacy database for the cases that change nothing."""
    own_cluster.start()
    db = own_cluster.create_db(layout=layout)
    with_legacy_rows(db, "--guard=on", **{BLOCKED: True})
    db.legacy.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO daemon_login")
    db.close()
    yield db.legacy
    own_cluster.start()
    db.drop()


def refused(conn, statement, table=None, operation=None):
    """Asserts that this statement of an open transaction is refused, as SPEC section 8 words it."""
    with pytest.raises(psycopg.Error) as caught:
        with conn.transaction():
            conn.execute(statement)
    error = caught.value
    assert error.sqlstate == "DW003", f"{error.sqlstate}: {error}"
    assert "LEGACY_WRITE_BLOCKED" in error.diag.message_primary
    assert (table or "") in error.diag.message_primary
    assert (operation or "") in error.diag.message_primary


def records(db):
    return db.legacy.execute("""SELECT legacy_table, operation, row_count, login_role, acting_role, why
                         FROM dualwrite.legacy_write ORDER BY id""")


# ---- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["app_user", "app_owner", "postgres", "daemon_login"])
@pytest.mark.parametrize("write", WRITES)
def test_a_direct_write_is_refused(shared, write, who):
    table, operation, statement = WRITES[write]
    if operation == "TRUNCATE" and who == "app_user":
        shared.execute(f"GRANT TRUNCATE ON {table} TO app_user")
    with shared.connect(who) as conn:
        refused(conn, statement, table, operation)
        conn.rollback()


def test_a_refused_copy(shared):
    with shared.connect("app_user") as conn:
        with pytest.raises(psycopg.Error) as caught:
            with conn.cursor().copy(f"COPY {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at) FROM STDIN") as c:
                c.write_row((1, 2, "OWNER", "ACTIVE", "2026-01-01"))
        assert caught.value.sqlstate == "DW003"


def test_a_refused_merge(shared):
    with shared.connect("app_user") as conn:
        if conn.info.server_version < 150000:
            pytest.skip("MERGE came with PostgreSQL 15")
        refused(conn, f"MERGE INTO {LEGACY_TEAM} t USING (VALUES (1)) v ON true WHEN MATCHED THEN UPDATE SET name = 'm'")


@pytest.mark.layouts("one", reason="a trigger of a vNext table does not reach into another database")
def test_a_write_through_the_applications_own_functions_and_triggers_is_refused(db):
    with_legacy_rows(db, "--guard=on")
    db.execute(f"""
        CREATE FUNCTION mirror() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN UPDATE {LEGACY_TEAM} SET name = NEW.name; RETURN NULL; END $$;
        CREATE TRIGGER mirror AFTER INSERT ON {TEAM} FOR EACH ROW EXECUTE FUNCTION mirror()""")
    with db.connect("app_user") as conn:
        refused(conn, f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1)", LEGACY_TEAM, "UPDATE")


def test_a_refused_write_changes_nothing_and_reading_goes_on(guarded):
    before = guarded.legacy.execute(f"SELECT * FROM {LEGACY_TEAM}", user="app_user")
    with guarded.legacy.connect("app_user") as conn:
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")
        conn.commit()
    assert guarded.legacy.execute(f"SELECT * FROM {LEGACY_TEAM}", user="app_user") == before
    assert records(guarded) == []


# ---- a sync session takes both: the role, and a transaction that asked -------------------------------------------------


def set_up_pool(db):
    """A pool's login that may become the application or the daemon, as poolers and Django's connections do."""
    db.execute("""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'pool_login') THEN
                CREATE ROLE pool_login LOGIN NOINHERIT;
            END IF;
        END $$;
        GRANT app_user, dualwrite_daemon TO pool_login""")


def test_the_role_and_the_setting_together_get_through(shared):
    with shared.connect("daemon_login") as conn:
        conn.execute(IN_SYNC)
        conn.execute(f"UPDATE {LEGACY_TEAM} SET name = 'synced'")
        conn.rollback()


def test_the_right_role_without_the_setting_is_refused(shared):
    with shared.connect("daemon_login") as conn:
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


def test_the_right_setting_with_the_wrong_role_is_refused(shared):
    for who in ("app_user", "app_owner"):
        with shared.connect(who) as conn:
            conn.execute(IN_SYNC)
            refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


@pytest.mark.parametrize("value", ["on", "true", "1", "0", "", "pg_current_xact_id()", "%", "-1", "9" * 40])
def test_any_other_value_of_the_setting_is_refused(shared, value):
    with shared.connect("daemon_login") as conn:
        conn.execute("SELECT pg_current_xact_id(), set_config('dualwrite.sync_session', %s, false)", [value])
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


def test_a_setting_left_behind_by_an_earlier_transaction_is_refused(shared):
    with shared.connect("daemon_login") as conn:
        conn.execute("SELECT set_config('dualwrite.sync_session', pg_current_xact_id()::text, false)")
        conn.execute(f"UPDATE {LEGACY_TEAM} SET name = name WHERE false")
        conn.commit()
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


def test_a_setting_undone_with_its_savepoint_is_refused(shared):
    with shared.connect("daemon_login") as conn:
        conn.execute("SAVEPOINT s")
        conn.execute(IN_SYNC)
        conn.execute("ROLLBACK TO s")
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


def test_a_setting_that_names_another_running_transaction_is_refused(shared):
    with shared.connect("daemon_login") as one, shared.connect("daemon_login") as two:
        other = one.execute("SELECT pg_current_xact_id()::text").fetchone()[0]
        two.execute("SELECT pg_current_xact_id(), set_config('dualwrite.sync_session', %s, true)", [other])
        refused(two, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


def test_set_role_in_a_pool_counts_the_role_that_acts(shared):
    set_up_pool(shared)
    with shared.connect("pool_login") as conn:
        for role, gets_through in (("app_user", False), ("dualwrite_daemon", True), ("app_user", False)):
            conn.execute(f"SET ROLE {role}")
            conn.execute(IN_SYNC)
            if gets_through:
                conn.execute(f"UPDATE {LEGACY_TEAM} SET name = 'synced'")
            else:
                refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")
            conn.rollback()
        # the right role without the setting
        conn.execute("SET ROLE dualwrite_daemon")
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")
        conn.rollback()
        conn.execute("RESET ROLE")


def test_a_login_that_may_not_become_the_daemon_cannot_pretend_to(shared):
    with shared.connect("app_user") as conn:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SET ROLE dualwrite_daemon")
        conn.rollback()
        with pytest.raises(psycopg.Error):
            conn.execute("SET SESSION AUTHORIZATION daemon_login")
        conn.rollback()
        # set_config of the role itself goes the same way
        with pytest.raises(psycopg.Error):
            conn.execute("SELECT set_config('role', 'dualwrite_daemon', true)")


def test_a_security_definer_function_of_the_daemons_role_does_not_lend_its_rights(db):
    with_legacy_rows(db, "--guard=on")
    db.legacy.execute(f"""
        GRANT CREATE ON SCHEMA public TO daemon_login;
        SET ROLE daemon_login;
        CREATE FUNCTION lend() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            PERFORM set_config('dualwrite.sync_session', pg_current_xact_id()::text, true);
            UPDATE {LEGACY_TEAM} SET name = 'lent';
        END $$;
        RESET ROLE""")
    with db.legacy.connect("app_user") as conn:
        conn.execute(IN_SYNC)
        refused(conn, "SELECT lend()")


def test_under_session_authorization_the_role_that_acts_counts(shared):
    with shared.connect("postgres") as conn:
        conn.execute("SET LOCAL SESSION AUTHORIZATION app_user")
        conn.execute(IN_SYNC)
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


def test_only_the_transaction_that_asked_is_a_sync_session(shared):
    with shared.connect("daemon_login") as conn:
        conn.execute(IN_SYNC)
        conn.execute(f"UPDATE {LEGACY_TEAM} SET name = 'synced'")
        conn.rollback()
        refused(conn, f"UPDATE {LEGACY_TEAM} SET name = 'x'")


# ---- it follows the flags ----------------------------------------------------------------------------------------------


def writable(db, who="app_user"):
    """Whether a direct write gets through now (it is rolled back)."""
    with db.legacy.connect(who) as conn:
        try:
            conn.execute(f"UPDATE {LEGACY_TEAM} SET name = name")
            return True
        except psycopg.Error as error:
            assert error.sqlstate == "DW003"
            return False
        finally:
            conn.rollback()


@pytest.mark.parametrize("blocked, bypass, opens", [
    (True, False, False), (False, False, True), (True, True, True), (False, True, True)])
def test_without_a_daemon_the_published_flags_hold(db, blocked, bypass, opens):
    with_legacy_rows(db, "--guard=on", **{BLOCKED: blocked, BYPASS: bypass})
    assert writable(db) == opens


def test_the_flags_are_followed_without_reinstalling(guarded):
    with Daemon(guarded) as daemon:
        assert not writable(guarded)
        daemon.hup(**{BYPASS: True})
        wait_until(lambda: writable(guarded), timeout=1, what="the bypass is obeyed within a second")
        daemon.hup(**{BYPASS: False})
        wait_until(lambda: not writable(guarded), timeout=1, what="the end of the bypass is obeyed within a second")
        daemon.hup(**{BLOCKED: False})
        wait_until(lambda: writable(guarded), timeout=1, what="no longer blocked")


@pytest.mark.layouts("one", reason="without a daemon nobody carries an override from vNext to another database")
def test_an_override_is_obeyed_at_once_and_until_it_is_taken_back(guarded):
    guarded.execute("INSERT INTO dualwrite.override (flag, value, why) VALUES (%s, 'true', 'test')", [BYPASS])
    assert writable(guarded)
    guarded.execute("DELETE FROM dualwrite.override")
    assert not writable(guarded)
    guarded.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, 'false')", [BLOCKED])
    assert writable(guarded)


def test_an_override_is_obeyed_within_a_second_where_a_daemon_runs(guarded):
    with Daemon(guarded):
        assert not writable(guarded)
        guarded.execute("INSERT INTO dualwrite.override (flag, value, why) VALUES (%s, 'true', 'test')", [BYPASS])
        wait_until(lambda: writable(guarded), timeout=1, what="the bypass")
        guarded.execute("DELETE FROM dualwrite.override")
        wait_until(lambda: not writable(guarded), timeout=1, what="the end of the bypass")
        guarded.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, 'false')", [BLOCKED])
        wait_until(lambda: writable(guarded), timeout=1, what="no longer blocked")


def test_the_daemon_gets_through_its_own_guard(guarded):
    with Daemon(guarded):
        team = guarded.new_team()
        guarded.new_member(team)
        assert_in_step(guarded)
    assert records(guarded) == []


# ---- what got through is recorded ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("args, settings, why", [
    (["--guard=on"], {BLOCKED: True, BYPASS: True}, "bypass"),
    (["--guard=on"], {BLOCKED: False}, "not blocked"),
    (["--guard=record"], {BLOCKED: True}, "guard record"),
], ids=["bypassed", "not blocked", "record only"])
def test_a_write_that_got_through_is_recorded(db, args, settings, why):
    with_legacy_rows(db, *args, **settings)
    db = db.legacy
    started = db.value("SELECT clock_timestamp()")
    team, member = f"public.{LEGACY_TEAM}", f"public.{LEGACY_MEMBERSHIP}"
    db.execute(NEW_TEAM, user="app_user")
    db.execute(f"UPDATE {LEGACY_TEAM} SET name = 'both rows'", user="app_user")
    db.execute(f"UPDATE {LEGACY_TEAM} SET name = 'none' WHERE false", user="app_user")
    db.execute(f"DELETE FROM {LEGACY_MEMBERSHIP}", user="app_user")
    db.execute(f"TRUNCATE {LEGACY_MEMBERSHIP}", user="app_user")
    found = records(db)
    assert [row[:3] for row in found[:3]] == [(team, "INSERT", 1), (team, "UPDATE", 2), (member, "DELETE", 1)]
    assert [row[:2] for row in found[3:]] == [(member, "TRUNCATE")]
    assert {row[3:] for row in found} == {("app_user", "app_user", why)}
    assert db.value("SELECT bool_and(at BETWEEN %s AND clock_timestamp()) FROM dualwrite.legacy_write", [started])


def test_the_record_names_the_login_and_the_role_that_acted(db):
    with_legacy_rows(db, "--guard=record")
    set_up_pool(db.legacy)
    with db.legacy.connect("pool_login") as conn:
        conn.execute("SET ROLE app_user")
        conn.execute(f"UPDATE {LEGACY_TEAM} SET name = 'pooled'")
        conn.commit()
    assert [row[3:5] for row in records(db)] == [("pool_login", "app_user")]


def test_a_rolled_back_write_is_not_recorded(db):
    with_legacy_rows(db, "--guard=record")
    with db.legacy.connect("app_user") as conn:
        conn.execute(f"UPDATE {LEGACY_TEAM} SET name = 'x'")
        conn.rollback()
    assert records(db) == []


def test_on_conflict_counts_inserted_and_updated_rows_apart(db):
    with_legacy_rows(db, "--guard=record")
    db.legacy.execute(f"""
                   INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at)
                   VALUES ('a', 'old', '', '', '', true, now(), now()), ('b', 'new', '', '', '', true, now(), now())
                   ON CONFLICT (slug) DO UPDATE SET name = 'b'""", user="app_user")
    assert sorted(row[1:3] for row in records(db)) == [("INSERT", 1), ("UPDATE", 1)]


def test_guard_record_refuses_nobody_and_guard_off_leaves_no_trace(db):
    with_legacy_rows(db, "--guard=record")
    assert writable(db)
    install(db, "--guard=off")
    assert writable(db)
    db.legacy.execute(f"UPDATE {LEGACY_TEAM} SET name = 'x'", user="app_user")
    assert records(db) == []
    assert db.legacy.execute("""SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
                                AND tgrelid IN (%s::regclass, %s::regclass)""", [LEGACY_TEAM, LEGACY_MEMBERSHIP]) == []
    install(db, "--guard=on")
    assert not writable(db)


def test_installing_the_guard_lists_who_holds_write_rights_there_now(db):
    db.legacy.execute(f"""
                   GRANT UPDATE ON {LEGACY_MEMBERSHIP} TO daemon_login;
                   REVOKE INSERT, UPDATE, DELETE ON {LEGACY_MEMBERSHIP} FROM app_user""")
    done = install(db, "--guard=on")
    said = done.stdout + done.stderr
    for who, table in (("app_user", LEGACY_TEAM), ("app_owner", LEGACY_TEAM), ("daemon_login", LEGACY_MEMBERSHIP)):
        assert who in said and table in said, said


def test_an_unknown_guard_word_is_a_usage_error(db):
    done = cli(db, "install", "--guard=maybe", check=64)
    assert "maybe" in done.stderr and "record" in done.stderr
    for side in db.sides:
        assert side.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dualwrite'") == 0
