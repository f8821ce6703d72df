"""Two databases: a vNext one, and a legacy one with the legacy tables. What the tests of both sides share.

    from pairs import two, whole, refused, ...      # `two` and `whole` are fixtures
"""

import psycopg
import pytest

from conftest import install
from helpers import LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, cli

LEGACY_URL = "DUALWRITE_LEGACY_DATABASE_URL"
SOURCES = (TEAM, MEMBERSHIP, MAP)
TARGETS = (LEGACY_TEAM, LEGACY_MEMBERSHIP)
NEW_TEAM = f"""INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at)
               VALUES ('Direct', md5(random()::text), 'csgo', 'EU', '', true, now(), now())"""


class Two:
    """A vNext database without the legacy tables, and a legacy one without the vNext tables; or each with all of them."""

    def __init__(self, cluster, whole=False):
        self.cluster = cluster
        self.vnext, self.legacy = cluster.create_db(), cluster.create_db()
        for db, others in ((self.vnext, TARGETS), (self.legacy, SOURCES)):
            for table in () if whole else others:
                db.execute(f"DROP TABLE {table} CASCADE")

    def settings(self, user="postgres", **settings):
        return {LEGACY_URL: self.legacy.url(user), **settings}

    def install(self, *args, user="postgres", **settings):
        done = install(self.vnext, *args, user=user, **self.settings(user, **settings))
        self.legacy.execute("GRANT dualwrite_daemon TO daemon_login")
        return done

    def cli(self, command, *args, user="postgres", **more):
        return cli(self.vnext, command, *args, user=user, **{**self.settings(user), **more})

    def both(self, what):
        return what(self.vnext), what(self.legacy)

    def drop(self):
        self.vnext.drop()
        self.legacy.drop()


@pytest.fixture
def two(cluster):
    databases = Two(cluster)
    yield databases
    cluster.ensure_running()
    databases.drop()


def exists(db):
    return db.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dualwrite'") == 1


def side(db):
    return db.value("SELECT dualwrite.setting('side')")


def our_triggers(db):
    """{table: names of our triggers}"""
    found = {}
    for table, name in db.execute("""
            SELECT t.tgrelid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
            JOIN pg_class c ON c.oid = t.tgrelid
            WHERE NOT t.tgisinternal AND p.pronamespace = 'dualwrite'::regnamespace
              AND c.relnamespace <> p.pronamespace"""):
        found.setdefault(table, set()).add(name)
    return found


def rights(db):
    """{table: rights of dualwrite_daemon} outside our schema."""
    found = {}
    for table, right in db.execute("""
            SELECT c.oid::regclass::text, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a
            WHERE a.grantee = 'dualwrite_daemon'::regrole AND c.relnamespace <> 'dualwrite'::regnamespace"""):
        found.setdefault(table, set()).add(right)
    return found


def refused(db, statement=NEW_TEAM, user="app_user"):
    """Whether the guard refuses this direct write; it is taken back in any case."""
    with db.connect(user) as conn:
        try:
            conn.execute(statement)
        except psycopg.Error as error:
            assert error.sqlstate == "DW003", error
            return True
        finally:
            conn.rollback()
    return False


def published(db, flag):
    return db.value("SELECT published FROM dualwrite.flag WHERE flag = %s", [flag])


def override(db, flag, value):
    db.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, %s)", [flag, value])


VNEXT_TRIGGERS = {table: {f"zz_dualwrite_{kind}_{entity}" for kind in ("insert", "update", "delete", "truncate")}
                  for table, entity in ((TEAM, "team"), (MEMBERSHIP, "membership"))}
LEGACY_TRIGGERS = {table: {"aa_dualwrite_guard"} | {f"zz_dualwrite_record_{kind}" for kind in
                                                    ("insert", "update", "delete", "truncate")} for table in TARGETS}
VNEXT_RIGHTS = {TEAM: {"SELECT"}, MEMBERSHIP: {"SELECT"}, MAP: {"SELECT", "INSERT", "UPDATE"}, f"{MAP}_id_seq": {"USAGE"}}
LEGACY_RIGHTS = {LEGACY_TEAM: {"SELECT", "INSERT", "UPDATE"}, f"{LEGACY_TEAM}_id_seq": {"USAGE"},
                 LEGACY_MEMBERSHIP: {"SELECT", "INSERT", "UPDATE"}, f"{LEGACY_MEMBERSHIP}_id_seq": {"USAGE"}}


@pytest.fixture
def whole(cluster):
    """Two databases that each have every table, as after a copy."""
    databases = Two(cluster, whole=True)
    yield databases
    cluster.ensure_running()
    databases.drop()
