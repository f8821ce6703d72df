"""`install` and `uninstall` (SPEC section 9): idempotent, printable, the exact inverse, with the rights people really have."""

import json
import re

import psycopg
import pytest

from conftest import TOP, Daemon, assert_in_step, install
from helpers import (
    BLOCKED, ENABLED, MAP, MEMBERSHIP, TEAM, cli, default_mapping, drop_daemon_role, events, forget_events,
    installed_objects, pg_dump, settings_of, write_mapping,
)

pytestmark = pytest.mark.installs


def exists(db):
    return db.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'dualwrite'") == 1


def role_exists(db):
    return db.value("SELECT count(*) FROM pg_roles WHERE rolname = 'dualwrite_daemon'") == 1


def everything(db):
    """Schema and data, as pg_dump has them."""
    return pg_dump(db)


# ---- install -----------------------------------------------------------------------------------------------------------


def test_a_fresh_install_captures_and_keeps_the_applications_tables_as_they_are(db):
    db.new_team("before")
    columns = db.execute("""SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
                            WHERE table_schema = 'public' ORDER BY 1, 2""")
    rows = db.execute(f"SELECT * FROM {TEAM}")
    install(db, "--guard=on")
    assert db.execute("""SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
                         WHERE table_schema = 'public' ORDER BY 1, 2""") == columns
    assert db.execute(f"SELECT * FROM {TEAM}") == rows
    assert {schema for (schema,) in db.execute("""
        SELECT DISTINCT p.pronamespace::regnamespace::text FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal""")} == {"dualwrite"}
    db.new_team("after")
    assert len(events(db)) == 1


@pytest.mark.parametrize("args", [[], ["--guard=on"], ["--guard=record"], ["--guard=off"], ["--partitions=3"]],
                         ids=lambda args: args[0][2:] if args else "defaults")
def test_a_second_install_changes_nothing(db, args):
    install(db, *args)
    db.new_member(db.new_team())
    before, data = installed_objects(db), everything(db)
    install(db, *args)
    after = installed_objects(db)
    for part in before:
        assert after[part] == before[part], part
    assert everything(db) == data


def test_a_second_install_does_not_wait_for_the_applications_transactions(db):
    """Nothing to hang, so no lock on the tables: a re-run in a deployment must not stop the writers."""
    install(db)
    with db.connect("app_user") as conn:
        conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('open', 'open', 1)")
        install(db)  # would hang until the test's own timeout
        conn.commit()
    assert len(events(db)) == 1


def test_print_sql_prints_what_install_executes_and_changes_nothing(cluster, db):
    args = ("--guard=on", "--partitions=4")
    untouched = everything(db)
    printed = cli(db, "install", *args, "--print-sql", **{ENABLED: True}).stdout
    assert everything(db) == untouched
    other = cluster.create_db()
    try:
        with other.connect(autocommit=True) as conn:
            conn.execute(printed)
        install(db, *args, **{ENABLED: True})
        assert pg_dump(other, "--schema-only") == pg_dump(db, "--schema-only")
        assert settings_of(other) == settings_of(db)
        assert (other.value("SELECT last_value FROM dualwrite.outbox_ceiling")
                == db.value("SELECT last_value FROM dualwrite.outbox_ceiling"))
        # what was installed by hand is an installation like any other
        before = installed_objects(other)
        install(other, *args, **{ENABLED: True})
        assert installed_objects(other) == before
    finally:
        other.drop()


def test_print_sql_of_uninstall_does_what_uninstall_does(cluster, db):
    fresh = pg_dump(db, "--schema-only")
    install(db)
    before = everything(db)
    printed = cli(db, "uninstall", "--print-sql").stdout
    assert everything(db) == before
    with db.connect(autocommit=True) as conn:
        conn.execute(printed)
    assert pg_dump(db, "--schema-only") == fresh


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_dry_run_changes_nothing_and_says_what_would_be_done(db, command):
    if command == "uninstall":
        install(db)
    before = everything(db)
    done = cli(db, command, "--dry-run")
    assert everything(db) == before
    assert (done.stdout + done.stderr).strip()


def test_install_publishes_the_flags_of_its_config(db):
    install(db, **{ENABLED: True, BLOCKED: False, "TEAM_VNEXT_ROUTING_MODE": "vnext_primary",
                   "TEAM_VNEXT_ADAPTER_ENABLED": True})
    _, flags = settings_of(db)
    assert flags == {
        "TEAM_VNEXT_DUAL_WRITE_ENABLED": "true", "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE": "false",
        "TEAM_LEGACY_WRITE_BLOCKED": "false", "TEAM_LEGACY_WRITE_BYPASS_ENABLED": "false",
        "TEAM_VNEXT_ADAPTER_ENABLED": "true", "TEAM_VNEXT_FORCE_LEGACY": "false",
        "TEAM_VNEXT_ROUTING_MODE": "vnext_primary"}
    install(db, **{ENABLED: False})
    _, flags = settings_of(db)
    assert flags["TEAM_VNEXT_DUAL_WRITE_ENABLED"] == "false" and flags["TEAM_LEGACY_WRITE_BLOCKED"] == "true"


def test_the_effective_flag_is_the_override_else_the_safest_live_view_else_published(db):
    """The view in the database, over every combination of two live daemons, an override and what was published."""
    install(db)
    beat = """INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
              VALUES (gen_random_uuid(), '', 1, '', '', %s, true, '', clock_timestamp() - %s * interval '1 s')"""
    with db.connect() as conn:
        flags = conn.execute("SELECT flag, safest_first FROM dualwrite.flag").fetchall()
        conn.execute("SET LOCAL session_replication_role = replica")  # nobody is to be told
        for flag, values in flags:
            for views in [()] + [(a,) for a in values] + [(a, b) for a in values for b in values]:
                conn.execute("DELETE FROM dualwrite.daemon")
                conn.execute(beat, [json.dumps({flag: values[0]}), 11])  # stopped beating: counts for nothing
                for view in views:
                    conn.execute(beat, [json.dumps({flag: view}), 0])
                for published in values:
                    conn.execute("UPDATE dualwrite.flag SET published = %s WHERE flag = %s", [published, flag])
                    for override in [None, *values]:
                        conn.execute("DELETE FROM dualwrite.override")
                        if override is not None:
                            conn.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, %s)", [flag, override])
                        got = conn.execute("""SELECT value, source, disagreement FROM dualwrite.effective_flag
                                              WHERE flag = %s""", [flag]).fetchone()
                        safest = min(views, key=values.index) if views else None
                        assert got == (override or safest or published,
                                       "override" if override else "daemons" if views else "published",
                                       len(set(views)) > 1), (flag, published, views, override)
        conn.rollback()


def test_an_override_with_a_value_that_the_flag_does_not_take_is_refused(db):
    install(db)
    with pytest.raises(psycopg.errors.CheckViolation):
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, 'maybe')", [ENABLED])
    with pytest.raises(psycopg.Error) as caught:
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_NO_SUCH_FLAG', 'true')")
    assert "TEAM_NO_SUCH_FLAG" in str(caught.value), caught.value


@pytest.mark.parametrize("number, status", [("0", 64), ("-1", 64), ("65", 64), ("many", 64), ("1", 0), ("64", 0)])
def test_partitions_takes_a_number_that_makes_sense(db, number, status):
    cli(db, "install", f"--partitions={number}", check=status)
    if status == 0:
        assert settings_of(db)[0]["partitions"] == number
        assert len(re.findall(r"CREATE SEQUENCE dualwrite\.doorbell_\d+", pg_dump(db, "--schema-only"))) == int(number)
    else:
        assert not exists(db)


# ---- faults: all at once, and nothing half done ----------------------------------------------------------------------


def test_missing_tables_and_columns_are_all_named(db):
    db.execute("""ALTER TABLE teams_team DROP COLUMN logo_url, DROP COLUMN region;
                  ALTER TABLE organizations_team RENAME COLUMN description TO summary;
                  DROP TABLE organizations_teammigrationmap""")
    before = everything(db)
    done = cli(db, "install", check=78)
    for name in ("logo_url", "region", "description", MAP):
        assert name in done.stderr, done.stderr
    assert everything(db) == before


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"channel": "x"}', b"\xff\xfe"],
                         ids=["empty", "cut off", "not an object", "no entities", "not UTF-8"])
def test_a_faulty_mapping_file_installs_nothing(db, tmp_path, text):
    path = tmp_path / "m.json"
    path.write_bytes(text)
    done = cli(db, "install", check=False, DUALWRITE_MAPPING_FILE=path)
    assert done.returncode in (65, 78), done.stderr
    assert "m.json" in done.stderr
    assert not exists(db)


def test_no_server_is_exit_69(env_file):
    config = env_file(DUALWRITE_DATABASE_URL="host=127.0.0.1 port=1 user=x dbname=x connect_timeout=5")
    from conftest import dualwrited
    for command in ("install", "uninstall", "flags"):
        done = dualwrited(command, "--config", config, check=69)
        assert "127.0.0.1" in done.stderr


def test_an_installer_without_the_rights_is_told_which(cluster, db):
    drop_daemon_role(cluster)
    before = everything(db)
    done = cli(db, "install", user="app_user", check=False)
    assert done.returncode not in (0, 1, 2), done.stdout
    for name in (TEAM, MEMBERSHIP, "teams_team"):
        assert name in done.stderr, done.stderr
    assert re.search(r"TRIGGER|owner", done.stderr), done.stderr
    assert everything(db) == before and not role_exists(db)


def test_an_installer_who_may_not_create_the_role_is_told_so(cluster, db):
    drop_daemon_role(cluster)
    before = everything(db)
    done = cli(db, "install", user="app_owner", check=False)
    assert done.returncode not in (0, 1, 2), done.stdout
    assert "CREATEROLE" in done.stderr or "CREATE ROLE dualwrite_daemon" in done.stderr, done.stderr
    assert everything(db) == before and not role_exists(db)
    # with the role made by somebody who may, the owner of the tables installs
    with cluster.connect() as conn:
        conn.execute("CREATE ROLE dualwrite_daemon NOLOGIN")
    cli(db, "install", user="app_owner")
    assert exists(db)


def test_an_installer_who_may_not_create_schemas_is_told_so(cluster, db):
    with cluster.connect() as conn:
        conn.execute(f"ALTER DATABASE {db.name} OWNER TO postgres")
    done = cli(db, "install", user="app_owner", check=False)
    assert done.returncode not in (0, 1, 2), done.stdout
    assert re.search(r"GRANT CREATE ON DATABASE", done.stderr), done.stderr
    assert not exists(db)


def test_the_owner_of_the_tables_installs_and_uninstalls_without_being_superuser(cluster, db):
    drop_daemon_role(cluster)
    fresh = pg_dump(db, "--schema-only")
    with cluster.connect() as conn:
        conn.execute("ALTER ROLE app_owner CREATEROLE")
    try:
        install(db, "--guard=on", user="app_owner")
        db.new_member(db.new_team())
        assert len(events(db)) == 2
        with Daemon(db):
            assert_in_step(db)
        db.execute("REVOKE dualwrite_daemon FROM daemon_login")
        cli(db, "uninstall", user="app_owner")
    finally:
        with cluster.connect() as conn:
            conn.execute("ALTER ROLE app_owner NOCREATEROLE")
    assert pg_dump(db, "--schema-only") == fresh


# ---- another mapping, another version ----------------------------------------------------------------------------------


def test_a_changed_mapping_is_installed_in_place(db, tmp_path):
    install(db)
    digest = settings_of(db)[0]["mapping_digest"]
    team = db.new_team()
    waiting = events(db)
    changed = default_mapping()
    del changed["entities"][0]["columns"]["updated_at"]
    changed["entities"][0]["columns"]["updated_at"] = {"now": True, "insert_only": True}
    path = write_mapping(tmp_path / "changed.json", changed)
    install(db, DUALWRITE_MAPPING_FILE=path)
    assert settings_of(db)[0]["mapping_digest"] != digest
    assert events(db) == waiting  # what waits, waits on
    forget_events(db)
    db.execute(f"UPDATE {TEAM} SET updated_at = now()", user="app_user")
    assert events(db) == []  # no longer mapped
    db.execute(f"UPDATE {TEAM} SET region = 'SA'", user="app_user")
    db.new_member(team)
    assert len(events(db)) == 2
    before = installed_objects(db)
    install(db, DUALWRITE_MAPPING_FILE=path)
    assert installed_objects(db) == before
    # and back
    install(db)
    assert settings_of(db)[0]["mapping_digest"] == digest
    forget_events(db)
    db.execute(f"UPDATE {TEAM} SET updated_at = now()", user="app_user")
    assert len(events(db)) == 1


def test_a_mapping_without_an_entity_takes_its_triggers_away_but_loses_no_event(db, tmp_path):
    install(db)
    team = db.new_team()
    db.new_member(team)
    smaller = default_mapping()
    del smaller["entities"][1]
    path = write_mapping(tmp_path / "smaller.json", smaller)
    before = everything(db)
    done = cli(db, "install", check=False, DUALWRITE_MAPPING_FILE=path)
    assert done.returncode != 0 and "wait" in done.stderr, done.stderr
    assert everything(db) == before
    forget_events(db)
    install(db, DUALWRITE_MAPPING_FILE=path)
    db.new_member(team, user_id=102)
    assert events(db) == []
    db.new_team("still mapped")
    assert len(events(db)) == 1
    forget_events(db)
    install(db)
    db.new_member(team, user_id=103)
    assert len(events(db)) == 1


@pytest.mark.layouts("one", reason="both are about the vNext database alone")
def test_a_resync_mark_of_an_entity_that_is_not_mapped_any_more_makes_nobody_wait(db, tmp_path):
    """No daemon would ever deal with it. Should the entity come back the mark is up again."""
    install(db)
    smaller = default_mapping()
    del smaller["entities"][1]
    path = write_mapping(tmp_path / "smaller.json", smaller)
    strict = {"DUALWRITE_MAPPING_FILE": path, "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE": True}
    db.new_member(db.new_team(), user_id=102)
    forget_events(db)
    db.execute("SELECT nextval('dualwrite.resync_membership')")
    install(db, **strict)
    with Daemon(db, **strict), db.connect("app_user") as app:
        [[xid]] = app.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1) RETURNING pg_current_xact_id()").fetchall()
        app.commit()
        app.execute("SELECT dualwrite.await_sync(%s, 15000)", [xid])
    assert "wait for a resync" not in cli(db, "check", check=False, **strict).stdout
    install(db)
    with Daemon(db) as daemon:
        assert daemon.wait_for("resync_completed")["entity"] == "membership"
        assert_in_step(db)


def test_a_resync_begins_anew_where_rows_have_another_key(db):
    install(db)
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', 'n' || n, 1 FROM generate_series(1, 100) n")
    forget_events(db)
    halfway = "UPDATE dualwrite.resync SET seen = 1, position = '{50}', queued = 50 WHERE entity = 'team'"
    db.execute("SELECT nextval('dualwrite.resync_team')")
    db.execute(halfway)
    install(db)
    position = "SELECT position, seen > handled FROM dualwrite.resync WHERE entity = 'team'"
    assert db.execute(position) == [(["50"], True)], "the same keys: it goes on"
    db.execute("UPDATE dualwrite.setting SET value = 'team(slug) membership(id)' WHERE key = 'ref_layout'")
    install(db)
    assert db.execute(position) == [(None, False)]
    with Daemon(db) as daemon:
        assert daemon.wait_for("resync_completed", entity="team")["queued"] == "100"
        assert_in_step(db)


def test_the_same_mapping_written_differently_is_the_same_mapping(db, tmp_path):
    install(db)
    before = installed_objects(db), settings_of(db)
    path = tmp_path / "spread.json"
    path.write_text(json.dumps(default_mapping(), indent=7))
    install(db, DUALWRITE_MAPPING_FILE=path)
    assert (installed_objects(db), settings_of(db)) == before


def test_another_number_of_partitions_keeps_what_waits(db):
    install(db, "--partitions=2")
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n', 'n' || n, 1 FROM generate_series(1, 50) n",
               user="app_user")
    install(db, "--partitions=5")
    assert settings_of(db)[0]["partitions"] == "5"
    assert len(events(db)) == 50
    with Daemon(db):
        assert_in_step(db)


@pytest.mark.parametrize("how", ["DROP TRIGGER {} ON {}", "ALTER TABLE {1} DISABLE TRIGGER {0}"], ids=["dropped", "disabled"])
def test_what_was_missed_while_a_trigger_was_away_is_queued_when_install_puts_it_back(db, how):
    install(db)
    team = db.new_team("before")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", operation="sync_team_created", team_id=team)
        db.execute(how.format("zz_dualwrite_update_team", TEAM))
        db.execute(f"UPDATE {TEAM} SET name = 'meanwhile' WHERE id = %s", [team])
        assert events(db) == []
        rehearsed = cli(db, "install", "--dry-run")
        assert "would be mended: triggers" in rehearsed.stdout and "would be queued anew" in rehearsed.stderr
        assert db.value("SELECT is_called FROM dualwrite.resync_team") is False
        done = cli(db, "install")
        assert done.stdout.startswith("mended: triggers were missing, not always on, or at another table")
        assert f"public.{TEAM} had not all of its capture triggers" in done.stderr
        assert MEMBERSHIP not in done.stderr, "that table had all of them"
        daemon.wait_for("resync_completed", entity="team")
        assert_in_step(db)
    assert "missed" not in cli(db, "install").stderr


# The triggers went with the table that was there before, or somebody put them back without ALWAYS: as `pg_restore
# --disable-triggers` does with those of a table that it fills.
MEANWHILE = {
    "another table in its place": f"""
        CREATE TABLE other (LIKE {TEAM} INCLUDING ALL); ALTER TABLE other OWNER TO app_owner;
        INSERT INTO other OVERRIDING SYSTEM VALUE SELECT * FROM {TEAM};
        ALTER TABLE {TEAM} RENAME TO set_aside; ALTER TABLE other RENAME TO {TEAM};
        UPDATE {TEAM} SET name = 'meanwhile'""",
    "all triggers off and on again": f"""
        ALTER TABLE {TEAM} DISABLE TRIGGER ALL; UPDATE {TEAM} SET name = 'meanwhile'; ALTER TABLE {TEAM} ENABLE TRIGGER ALL""",
}


@pytest.mark.parametrize("how", MEANWHILE)
def test_install_puts_the_triggers_on_the_table_that_is_there_now(db, how):
    install(db)
    team = db.new_team("before")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", operation="sync_team_created", team_id=team)
        db.execute(MEANWHILE[how])
        assert events(db) == []
        # not ALTER TABLE ... ENABLE ALWAYS by hand, after which nothing tells any more that changes were missed
        assert "queues a vNext table once for what was missed" in cli(db, "check", check=False).stdout
        done = cli(db, "install")
        assert done.stdout.startswith("mended: triggers were missing, not always on, or at another table")
        assert f"public.{TEAM} had not all of its capture triggers" in done.stderr and MEMBERSHIP not in done.stderr
        assert db.execute("""SELECT DISTINCT tgrelid::regclass::text, tgenabled FROM pg_trigger
                             WHERE tgname LIKE 'zz_dualwrite_%_team'""") == [(TEAM, "A")]
        daemon.wait_for("resync_completed", entity="team")
        assert_in_step(db)
        db.execute(f"UPDATE {TEAM} SET name = 'afterwards'")
        assert_in_step(db)
    assert cli(db, "install").stdout.startswith("already installed")


def test_install_puts_the_guard_on_the_table_that_is_there_now(db):
    install(db, "--guard=on")
    db.execute("""CREATE TABLE other (LIKE teams_team INCLUDING ALL); ALTER TABLE other OWNER TO app_owner;
                  ALTER TABLE teams_team RENAME TO set_aside; ALTER TABLE other RENAME TO teams_team""")
    done = cli(db, "install")
    assert done.stdout.startswith("mended: triggers were missing, not always on, or at another table") and "missed" not in done.stderr
    with pytest.raises(psycopg.Error) as refused:
        db.execute("""INSERT INTO teams_team (name, slug, game, region, description, is_active, created_at, updated_at)
                      VALUES ('x', 'x', 'x', 'x', '', true, now(), now())""", user="app_owner")
    assert refused.value.sqlstate == "DW003"


def test_another_guard_is_installed_in_place(db):
    for guard in ("on", "off", "record", "on"):
        assert "skipping" not in cli(db, "install", f"--guard={guard}").stderr
        assert settings_of(db)[0]["guard"] == guard


# ---- the schema's versions ---------------------------------------------------------------------------------------------


def install_version_1(db):
    """As version 1's install left it: its schema, its settings, one of its triggers under the name it had."""
    folder = TOP / "lib" / "sql" / "install"
    db.execute((folder / "roles.sql").read_text())
    db.execute("SET search_path = pg_catalog")
    db.execute((folder / "001_base.sql").read_text())
    db.execute("""
        INSERT INTO dualwrite.setting (key, value) VALUES
            ('schema_version', '1'), ('partitions', '3'), ('guard', 'record'), ('channel', 'dualwrite'),
            ('mapping_digest', 'm'), ('hang_digest', 'h'), ('ref_layout', 'team(id) membership(id,team_id,user_id)');
        SELECT setval('dualwrite.outbox_ceiling', 1000000);
        CREATE FUNCTION dualwrite.capture_team_insert() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE 'the trigger of version 1'; END $$;
        CREATE TRIGGER zz_dualwrite_insert AFTER INSERT ON public.organizations_team
            REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION dualwrite.capture_team_insert();
        ALTER TABLE public.organizations_team ENABLE ALWAYS TRIGGER zz_dualwrite_insert;
        RESET search_path""")


def test_version_1_is_upgraded_in_place_and_what_waits_waits_on(cluster, db):
    before = pg_dump(db)
    install_version_1(db)
    db.execute("""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref) VALUES (1, 'team', 'sync_team_created', '{7}');
                  INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                  VALUES (99, '5', now(), 1, 'team', 'sync_team_created', '{8}', 3, 'x');
                  INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_LEGACY_WRITE_BLOCKED', 'false')""")
    rows = ("SELECT o FROM dualwrite.outbox o", "SELECT event_id, ref, attempts, message FROM dualwrite.failed",
            "SELECT o FROM dualwrite.override o")
    waiting = [db.execute(query) for query in rows]
    done = install(db)
    assert "from version 1 to 6" in done.stdout
    settings = settings_of(db)[0]
    assert (settings["schema_version"], settings["side"], settings["partitions"], settings["guard"]) == ("6", "both", "3", "record")
    assert [db.execute(query) for query in rows] == waiting
    assert db.value("SELECT count(*) FROM dualwrite.fence") == 64
    # it has no identity yet, by which it would be found when its row changes: tried again, it gets one
    assert db.value("SELECT retry_at <= now() FROM dualwrite.failed")
    names = {name for (name,) in db.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'zz_dualwrite%'")}
    assert "zz_dualwrite_insert_team" in names and "zz_dualwrite_insert" not in names
    db.new_team()
    assert len(events(db)) == 2
    # the same as a first installation of version 6
    fresh = cluster.create_db()
    try:
        install(fresh, "--guard=record", "--partitions=3")
        assert pg_dump(db, "--schema-only") == pg_dump(fresh, "--schema-only")
        assert settings == settings_of(fresh)[0]
        assert settings_of(db)[1] == settings_of(fresh)[1]
    finally:
        fresh.drop()
    upgraded = installed_objects(db)
    install(db)
    assert installed_objects(db) == upgraded
    db.execute("TRUNCATE organizations_team CASCADE; ALTER SEQUENCE organizations_team_id_seq RESTART")
    cli(db, "uninstall", "--discard")
    assert pg_dump(db) == before


def test_version_1_is_uninstalled_as_it_is(cluster, db):
    drop_daemon_role(cluster)
    before = pg_dump(db)
    install_version_1(db)
    cli(db, "uninstall")
    assert pg_dump(db) == before and not role_exists(db)


def test_the_undo_of_version_2_is_its_exact_inverse(db):
    folder = TOP / "lib" / "sql" / "install"
    install_version_1(db)
    before = pg_dump(db)
    db.execute((folder / "002_two_databases.sql").read_text())
    assert pg_dump(db) != before
    db.execute((folder / "002_two_databases.undo.sql").read_text())
    assert pg_dump(db) == before


def test_the_undo_of_version_3_is_its_exact_inverse(db):
    folder = TOP / "lib" / "sql" / "install"
    install_version_1(db)
    db.execute((folder / "002_two_databases.sql").read_text())
    before = pg_dump(db)
    db.execute((folder / "003_many_daemons.sql").read_text())
    assert pg_dump(db) != before
    db.execute((folder / "003_many_daemons.undo.sql").read_text())
    assert pg_dump(db) == before

    db.execute((folder / "003_many_daemons.sql").read_text())
    before = pg_dump(db)
    db.execute((folder / "004_runbooks.sql").read_text())
    assert pg_dump(db) != before
    db.execute((folder / "004_runbooks.undo.sql").read_text())
    assert pg_dump(db) == before


def test_the_undo_of_version_4_is_its_exact_inverse(db):
    folder = TOP / "lib" / "sql" / "install"
    install_version_1(db)
    for version in ("002_two_databases", "003_many_daemons"):
        db.execute((folder / f"{version}.sql").read_text())
    before = pg_dump(db)
    db.execute((folder / "004_runbooks.sql").read_text())
    assert pg_dump(db) != before
    db.execute((folder / "004_runbooks.undo.sql").read_text())
    assert pg_dump(db) == before


def test_the_undo_of_version_5_is_its_exact_inverse(db):
    folder = TOP / "lib" / "sql" / "install"
    install_version_1(db)
    for version in ("002_two_databases", "003_many_daemons", "004_runbooks"):
        db.execute((folder / f"{version}.sql").read_text())
    before = pg_dump(db)
    db.execute((folder / "005_integrity.sql").read_text())
    assert pg_dump(db) != before
    db.execute((folder / "005_integrity.undo.sql").read_text())
    assert pg_dump(db) == before


def test_the_undo_of_version_6_is_its_exact_inverse(db):
    folder = TOP / "lib" / "sql" / "install"
    install_version_1(db)
    for version in ("002_two_databases", "003_many_daemons", "004_runbooks", "005_integrity"):
        db.execute((folder / f"{version}.sql").read_text())
    before = pg_dump(db)
    db.execute((folder / "006_quick.sql").read_text())
    assert pg_dump(db) != before
    db.execute((folder / "006_quick.undo.sql").read_text())
    assert pg_dump(db) == before


def test_an_installation_goes_back_to_version_1_and_forth_again(db):
    install(db)
    before, settings = pg_dump(db, "--schema-only"), settings_of(db)
    for version in ("006_quick", "005_integrity", "004_runbooks", "003_many_daemons", "002_two_databases"):
        db.execute((TOP / "lib" / "sql" / "install" / f"{version}.undo.sql").read_text())
    assert settings_of(db)[0]["schema_version"] == "1" and "side" not in settings_of(db)[0]
    install(db)
    assert (pg_dump(db, "--schema-only"), settings_of(db)) == (before, settings)


def test_a_newer_schema_is_left_to_the_newer_program(db):
    install(db)
    db.execute("UPDATE dualwrite.setting SET value = '7' WHERE key = 'schema_version'")
    before = everything(db)
    for command in ("install", "uninstall"):
        done = cli(db, command, check=70)
        assert "version 7" in done.stderr and db.name in done.stderr
    assert everything(db) == before


# ---- tables that entities share ------------------------------------------------------------------------------------------


def test_two_entities_may_read_one_table(db, tmp_path):
    db.execute("CREATE TABLE teams_coach (LIKE teams_teammembership INCLUDING ALL)")
    mapping = default_mapping()
    other = json.loads(json.dumps(mapping["entities"][1]))
    other["name"] = "coach"
    other["target"]["table"] = "teams_coach"
    other["present"] = {"column": "role", "in": ["COACH"]}
    other["log"] = {"id": "coach_id"}
    other["operations"] = {"insert": "coach_in", "update": "coach_changed", "remove": "coach_out"}
    mapping["entities"].append(other)
    path = write_mapping(tmp_path / "shared.json", mapping)
    done = install(db, "--guard=on", check=False, DUALWRITE_MAPPING_FILE=path)
    assert done.returncode == 0, done.stderr
    triggers = {name for (name,) in db.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", [MEMBERSHIP])}
    assert {f"zz_dualwrite_{kind}_{entity}" for kind in ("insert", "update", "delete", "truncate")
            for entity in ("membership", "coach")} <= triggers
    assert db.value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%%dualwrite%%' AND tgrelid = %s::regclass",
                    ["teams_teammembership"]) == 5
    db.new_member(db.new_team())
    assert sorted(operation for operation, _ in events(db)) == ["coach_in", "sync_team_created", "sync_team_member_added"]
    before = installed_objects(db)
    install(db, "--guard=on", DUALWRITE_MAPPING_FILE=path)
    assert installed_objects(db) == before


# ---- uninstall -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("args", [[], ["--guard=on"], ["--guard=record"]], ids=["default", "on", "record"])
def test_uninstall_is_the_exact_inverse(cluster, db, args):
    drop_daemon_role(cluster)
    db.execute("""CREATE TRIGGER app_own BEFORE UPDATE ON organizations_team FOR EACH ROW
                  EXECUTE FUNCTION suppress_redundant_updates_trigger();
                  GRANT SELECT (name) ON organizations_team TO daemon_login;
                  GRANT USAGE ON SCHEMA public TO daemon_login""")
    before = pg_dump(db)
    install(db, *args, grant=False)
    cli(db, "uninstall")
    assert pg_dump(db) == before
    assert not role_exists(db)


def test_uninstall_refuses_while_events_wait(db):
    install(db)
    db.new_team()
    done = cli(db, "uninstall", check=False)
    assert done.returncode != 0
    assert "--discard" in done.stderr and "1" in done.stderr, done.stderr
    assert exists(db) and len(events(db)) == 1
    cli(db, "uninstall", "--discard")
    assert not exists(db)


def test_uninstall_refuses_while_failed_events_wait(db):
    install(db)
    db.new_team(game_id=99)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_failed")
    assert db.value("SELECT (SELECT count(*) FROM dualwrite.failed) + (SELECT count(*) FROM dualwrite.outbox)") == 1
    assert cli(db, "uninstall", check=False).returncode != 0
    assert exists(db)
    cli(db, "uninstall", "--discard")
    assert not exists(db)


def test_uninstall_keeps_the_role_while_a_login_is_a_member_and_says_so(cluster, db):
    install(db)  # which grants it to daemon_login
    done = cli(db, "uninstall")
    assert not exists(db) and role_exists(db)
    assert "dualwrite_daemon" in done.stdout + done.stderr


def test_uninstall_keeps_the_role_while_another_database_uses_it_and_says_so(cluster, db):
    drop_daemon_role(cluster)
    other = cluster.create_db()
    try:
        install(db, grant=False)
        install(other, grant=False)
        done = cli(db, "uninstall")
        assert not exists(db) and role_exists(db) and exists(other)
        assert "dualwrite_daemon" in done.stdout + done.stderr
        cli(other, "uninstall")
        assert not role_exists(db)
    finally:
        other.drop()


def test_uninstall_where_nothing_is_installed_changes_nothing(db):
    before = everything(db)
    cli(db, "uninstall", check=False)
    assert everything(db) == before


def test_install_again_after_uninstall(db):
    install(db)
    cli(db, "uninstall")
    install(db)
    db.new_team()
    assert len(events(db)) == 1


def test_an_install_that_fails_half_way_leaves_nothing(db):
    """Another object is in the way of one of ours, late in the script."""
    db.execute("CREATE TRIGGER zz_dualwrite_delete_membership AFTER DELETE ON organizations_teammembership FOR EACH ROW "
               "EXECUTE FUNCTION suppress_redundant_updates_trigger()")
    before = everything(db)
    done = cli(db, "install", check=False)
    assert done.returncode != 0
    assert everything(db) == before
