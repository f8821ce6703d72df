"""Least privilege (issue 2, SPEC section 13.6): application, installer and daemon as ordinary roles; who may do what, and
that nothing is written outside the dualwrite schema, the mapped legacy tables and the map."""

import pytest
from psycopg import errors

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, cli, completed, connections, drained,
    drop_daemon_role, legacy_member,
)

# what the daemons' role may do outside our schema; docs/ lists the same
TABLE_RIGHTS = {
    TEAM: {"SELECT"}, MEMBERSHIP: {"SELECT"},
    LEGACY_TEAM: {"SELECT", "INSERT", "UPDATE"}, LEGACY_MEMBERSHIP: {"SELECT", "INSERT", "UPDATE"},
    MAP: {"SELECT", "INSERT", "UPDATE"},
}


@pytest.fixture
def by_owner(cluster, db):
    """Installed by the tables' owner, who is not a superuser, on a server that never saw an installation."""
    drop_daemon_role(cluster)
    with cluster.connect() as conn:
        conn.execute("ALTER ROLE app_owner CREATEROLE")
    try:
        install(db, "--guard=on", user="app_owner")
    finally:
        with cluster.connect() as conn:
            conn.execute("ALTER ROLE app_owner NOCREATEROLE")
    return db


def test_none_of_the_roles_is_more_than_an_ordinary_one(by_owner):
    assert by_owner.execute("""
        SELECT rolname FROM pg_roles WHERE rolname IN ('app_user', 'app_owner', 'daemon_login', 'dualwrite_daemon')
          AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)""") == []
    assert by_owner.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'dualwrite_daemon'") == [(False,)]
    assert by_owner.value("SELECT count(*) FROM pg_auth_members WHERE member = 'dualwrite_daemon'::regrole") == 0


def test_what_the_owner_gives_away_of_all_that_he_makes_is_not_given_here(db):
    """ALTER DEFAULT PRIVILEGES, as applications whose migrations have a role of their own use it."""
    for what in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        db.execute(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON {what} TO app_user; ALTER DEFAULT PRIVILEGES GRANT ALL ON {what} TO PUBLIC")
    install(db)
    for statement in ("INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_LEGACY_WRITE_BLOCKED', 'false')",
                      "SELECT FROM dualwrite.outbox", "SELECT nextval('dualwrite.outbox_ceiling')",
                      "SELECT dualwrite.publish_flags('{}')"):
        with pytest.raises(errors.InsufficientPrivilege):
            db.execute(statement, user="app_user")
    db.execute("SELECT dualwrite.await_sync(NULL, 0)", user="app_user")
    with Daemon(db):
        db.new_team()
        assert_in_step(db)


def test_all_operations_with_ordinary_roles(by_owner):
    db = by_owner
    with Daemon(db) as daemon:
        team, other = db.new_team("One", actor=456), db.new_team("Two")
        member = db.new_member(team, actor=456)
        completed(daemon, 3)
        assert_in_step(db)
        for statement in (f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE id = {member}",
                          f"UPDATE {TEAM} SET region = 'EU', updated_at = now() WHERE id = {team}",
                          f"UPDATE {MEMBERSHIP} SET team_id = {other} WHERE id = {member}",
                          f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE', updated_at = now() WHERE id = {member}"):
            db.execute(statement, user="app_user")
            drained(db)
            assert_in_step(db)
        db.execute(f"DELETE FROM {MEMBERSHIP}", user="app_user")
        db.execute(f"DELETE FROM {TEAM} WHERE id = {team}", user="app_user")
        drained(db)
        assert_in_step(db)
        assert legacy_member(db, other, 101, "status") == "INACTIVE"
        assert {user for (user,) in db.execute("SELECT DISTINCT usename FROM pg_stat_activity "
                                               "WHERE application_name LIKE 'dualwrited/%'")} == {"daemon_login"}
        assert daemon.lines(level="WARNING") == [] and daemon.lines(level="ERROR") == []


def test_flags_works_with_the_daemons_rights(by_owner):
    assert ENABLED in cli(by_owner, "flags", user="daemon_login").stdout


def test_the_daemons_role_has_only_the_documented_rights_outside_our_schema(by_owner):
    rights = {}
    for table, right in by_owner.execute("""
            SELECT c.oid::regclass::text, a.privilege_type
            FROM pg_class c, aclexplode(c.relacl) a
            WHERE a.grantee = 'dualwrite_daemon'::regrole AND c.relnamespace <> 'dualwrite'::regnamespace
              AND c.relkind <> 'S'"""):
        rights.setdefault(table, set()).add(right)
    assert rights == TABLE_RIGHTS
    # no column rights, nothing on functions, types, databases or large objects; only USAGE on schemas
    assert by_owner.execute("SELECT attname FROM pg_attribute, aclexplode(attacl) a WHERE a.grantee = 'dualwrite_daemon'::regrole") == []
    assert by_owner.execute("""
        SELECT n.nspname, a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE a.grantee = 'dualwrite_daemon'::regrole ORDER BY 1""") == [("dualwrite", "USAGE"), ("public", "USAGE")]
    assert by_owner.execute("""
        SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(p.proacl) a
        WHERE a.grantee = 'dualwrite_daemon'::regrole AND p.pronamespace <> 'dualwrite'::regnamespace""") == []
    assert by_owner.execute("""
        SELECT datname FROM pg_database, aclexplode(datacl) a WHERE a.grantee = 'dualwrite_daemon'::regrole""") == []
    # sequences: only those whose next value makes a new legacy or map key
    assert {s for (s,) in by_owner.execute("""
        SELECT c.oid::regclass::text FROM pg_class c, aclexplode(c.relacl) a
        WHERE a.grantee = 'dualwrite_daemon'::regrole AND c.relnamespace <> 'dualwrite'::regnamespace
          AND c.relkind = 'S'""")} <= {f"{t}_id_seq" for t in (LEGACY_TEAM, LEGACY_MEMBERSHIP, MAP)}
    # and it owns nothing
    assert by_owner.execute("SELECT classid, objid FROM pg_shdepend "
                            "WHERE refobjid = 'dualwrite_daemon'::regrole AND deptype = 'o'") == []


def test_the_daemons_role_cannot_change_what_install_decided(by_owner):
    """Not the schema, not the flags that were published, not the settings, not the record of legacy writes."""
    may = {(table, right) for table, right in by_owner.execute("""
        SELECT c.relname, p FROM pg_class c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
        WHERE c.relnamespace = 'dualwrite'::regnamespace AND c.relkind IN ('r', 'v')
          AND has_table_privilege('dualwrite_daemon', c.oid, p)""")}
    assert not {table for table, _ in may} & {"setting"}
    assert ("legacy_write", "INSERT") not in may and ("legacy_write", "UPDATE") not in may
    assert not {right for _, right in may} & {"TRUNCATE", "REFERENCES", "TRIGGER"}
    assert not by_owner.value("SELECT has_schema_privilege('dualwrite_daemon', 'dualwrite', 'CREATE')")


def test_nothing_is_written_outside_our_schema_the_legacy_tables_and_the_map(by_owner):
    db = by_owner
    db.execute("CREATE TABLE bystander AS SELECT 1 AS n; CREATE SCHEMA other; CREATE TABLE other.bystander AS SELECT 1 AS n")
    objects = """SELECT n.nspname, c.relname, c.relkind, c.relfilenode FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname !~ '^pg_(toast|catalog)' AND n.nspname <> 'information_schema' ORDER BY 1, 2"""
    functions = "SELECT count(*), max(oid) FROM pg_proc"
    team = db.new_team()
    db.new_member(team)

    def source_rows():
        return [db.execute(f"SELECT xmin::text, t::text FROM {table} t ORDER BY 2")
                for table in (TEAM, MEMBERSHIP, "bystander", "other.bystander")]

    before = db.execute(objects), db.execute(functions), source_rows()
    with Daemon(db):
        drained(db)
        assert_in_step(db)
        assert (db.execute(objects), db.execute(functions), source_rows()) == before
    assert (db.execute(objects), db.execute(functions), source_rows()) == before


def test_two_databases_of_one_server_do_not_meet(cluster, db):
    """The role is shared by the whole server; events, flags and locks are not."""
    other = cluster.create_db()
    try:
        install(db)
        install(other)
        with Daemon(db) as one, Daemon(other) as two:
            here, there = db.new_team("here"), other.new_team("there")
            one.wait_for("dual_write_completed", team_id=here)
            two.wait_for("dual_write_completed", team_id=there)
            assert_in_step(db)
            assert_in_step(other)
            assert one.lines("flags_disagree") == [] and two.lines("flags_disagree") == []
            assert connections(db) and connections(other)
    finally:
        wait_until(lambda: not connections(other), timeout=5)
        other.drop()
