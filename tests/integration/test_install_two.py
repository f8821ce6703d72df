"""Legacy tables in a database of their own: `install` and `uninstall` of both, and what version 2 of the schema adds for
them."""

import json
import re
import threading
import time

import psycopg
import pytest

from conftest import Daemon, install, wait_until
from helpers import (
    BLOCKED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MEMBERSHIP, TEAM, cli, drop_daemon_role, events, installed_objects,
    pg_dump, settings_of,
)
from pairs import (  # noqa: F401
    LEGACY_RIGHTS, LEGACY_TRIGGERS, LEGACY_URL, TARGETS, Two, VNEXT_RIGHTS, VNEXT_TRIGGERS, exists, our_triggers,
    refused, rights, side, two, whole,
)


# ---- install -----------------------------------------------------------------------------------------------------------


def test_each_database_gets_its_side_and_nothing_of_the_other(two):
    done = two.install("--guard=on")
    assert two.both(side) == ("vnext", "legacy")
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)
    assert two.both(rights) == (VNEXT_RIGHTS, LEGACY_RIGHTS)
    pair = two.both(lambda db: settings_of(db)[0]["installation"])
    assert pair[0] == pair[1] and len(pair[0]) == 36
    assert two.both(lambda db: settings_of(db)[0]["schema_version"]) == ("6", "6")
    assert two.legacy.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'dualwrite'::regnamespace "
                            "AND relkind = 'S' AND relname ~ '^(doorbell|resync)_'") == 0
    for db in (two.vnext, two.legacy):
        assert f"dbname={db.name}" in done.stdout, done.stdout
    two.vnext.new_member(two.vnext.new_team())
    assert len(events(two.vnext)) == 2
    assert refused(two.legacy)


def test_the_report_shows_no_password(two):
    urls = {"DUALWRITE_DATABASE_URL": two.vnext.url(password="hidden1"), LEGACY_URL: two.legacy.url(password="hidden2")}
    done = two.cli("install", **urls)
    printed = two.cli("install", "--print-sql", **urls)
    for text in (done.stdout, done.stderr, printed.stdout, str(settings_of(two.vnext)), str(settings_of(two.legacy))):
        assert "hidden" not in text
    assert f"dbname={two.legacy.name}" in settings_of(two.vnext)[0]["legacy_database"]


@pytest.mark.parametrize("args", [[], ["--guard=record"], ["--guard=off"], ["--partitions=3"]],
                         ids=lambda args: args[0][2:] if args else "defaults")
def test_a_second_install_changes_nothing(two, args):
    two.install(*args)
    two.vnext.new_team()
    before = two.both(installed_objects), two.both(pg_dump)
    done = two.install(*args)
    assert (two.both(installed_objects), two.both(pg_dump)) == before
    assert "warning" not in done.stderr


def test_print_sql_prints_what_each_database_gets_and_changes_nothing(cluster, two):
    untouched = two.both(pg_dump)
    printed = two.cli("install", "--guard=on", "--print-sql").stdout
    assert two.both(pg_dump) == untouched
    heads = re.findall(r"^-- for the (vNext|legacy) database: .*$", printed, re.M)
    assert heads == ["vNext", "legacy"]
    parts = re.split(r"^-- for the .*\n", printed, flags=re.M)[1:]
    other = Two(cluster)
    try:
        for db, script in zip((other.vnext, other.legacy), parts):
            with db.connect(autocommit=True) as conn:
                conn.execute(script)
        two.install("--guard=on")
        for mine, theirs in ((two.vnext, other.vnext), (two.legacy, other.legacy)):
            assert pg_dump(theirs, "--schema-only") == pg_dump(mine, "--schema-only")
            mine, theirs = settings_of(mine), settings_of(theirs)
            for settings, _ in (mine, theirs):
                assert settings.pop("installation")
                settings.pop("legacy_database", None)
            assert theirs == mine
        # what was installed by hand is an installation like any other
        before = other.both(installed_objects)
        other.install("--guard=on")
        assert other.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)
        assert [part["triggers"] for part in other.both(installed_objects)] == [part["triggers"] for part in before]
    finally:
        other.drop()


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_dry_run_changes_nothing_in_either(cluster, two, command):
    drop_daemon_role(cluster)
    if command == "uninstall":
        two.install()
    before = two.both(pg_dump)
    done = two.cli(command, "--dry-run")
    assert two.both(pg_dump) == before
    assert done.stdout.count("would be") >= 2
    role = two.vnext.value("SELECT count(*) FROM pg_roles WHERE rolname = 'dualwrite_daemon'")
    assert role == (command == "uninstall")


def test_uninstall_is_the_exact_inverse_in_both(cluster, two):
    drop_daemon_role(cluster)
    before = two.both(pg_dump)
    install(two.vnext, "--guard=on", grant=False, **two.settings())
    done = two.cli("uninstall")
    assert two.both(pg_dump) == before
    assert two.vnext.value("SELECT count(*) FROM pg_roles WHERE rolname = 'dualwrite_daemon'") == 0
    assert done.stdout.count("uninstalled") == 2 and "kept" not in done.stderr, done.stdout + done.stderr
    two.cli("uninstall")
    assert two.both(pg_dump) == before


def test_uninstall_keeps_the_role_while_a_login_is_a_member(two):
    two.install()
    done = two.cli("uninstall")
    assert two.both(exists) == (False, False)
    assert "kept" in done.stderr and "daemon_login" in done.stderr


def test_print_sql_of_uninstall_does_what_uninstall_does(cluster, two):
    drop_daemon_role(cluster)
    fresh = two.both(pg_dump)
    install(two.vnext, grant=False, **two.settings())
    before = two.both(pg_dump)
    printed = two.cli("uninstall", "--print-sql").stdout
    assert two.both(pg_dump) == before
    for db, script in zip((two.vnext, two.legacy), re.split(r"^-- for the .*\n", printed, flags=re.M)[1:]):
        with db.connect(autocommit=True) as conn:
            conn.execute(script)
    assert two.both(pg_dump) == fresh
    assert two.vnext.value("SELECT count(*) FROM pg_roles WHERE rolname = 'dualwrite_daemon'") == 0


def test_uninstall_refuses_while_events_wait_and_takes_nothing_out(two):
    two.install()
    two.vnext.new_team()
    before = two.both(pg_dump)
    done = two.cli("uninstall", check=1)
    assert "--discard" in done.stderr
    assert two.both(pg_dump) == before
    two.cli("uninstall", "--discard")
    assert two.both(exists) == (False, False)


def test_the_owner_of_the_tables_installs_and_uninstalls_without_being_superuser(cluster, two):
    drop_daemon_role(cluster)
    fresh = two.both(pg_dump)
    with cluster.connect() as conn:
        conn.execute("ALTER ROLE app_owner CREATEROLE")
    try:
        install(two.vnext, "--guard=on", user="app_owner", grant=False, **two.settings("app_owner"))
        assert two.both(side) == ("vnext", "legacy")
        two.cli("uninstall", user="app_owner")
    finally:
        with cluster.connect() as conn:
            conn.execute("ALTER ROLE app_owner NOCREATEROLE")
    assert two.both(pg_dump) == fresh


def test_who_may_not_create_the_role_is_told_so_and_nothing_changes(cluster, two):
    drop_daemon_role(cluster)
    before = two.both(pg_dump)
    done = two.cli("install", user="app_owner", check=70)
    assert "CREATEROLE" in done.stderr and "CREATE ROLE dualwrite_daemon" in done.stderr
    assert two.both(pg_dump) == before


def test_a_failure_in_the_legacy_database_leaves_nothing_in_either(cluster, two):
    drop_daemon_role(cluster)
    two.legacy.execute(f"CREATE TRIGGER zz_dualwrite_record_delete AFTER DELETE ON {LEGACY_MEMBERSHIP} FOR EACH ROW "
                       "EXECUTE FUNCTION suppress_redundant_updates_trigger()")
    before = two.both(pg_dump)
    done = two.cli("install", check=70)
    assert "legacy database" in done.stderr, done.stderr
    assert two.both(pg_dump) == before
    assert two.vnext.value("SELECT count(*) FROM pg_roles WHERE rolname = 'dualwrite_daemon'") == 0


@pytest.mark.parametrize("locked", ["vnext", "legacy"])
def test_a_lock_timeout_in_either_is_tried_again(two, locked):
    conn = getattr(two, locked).connect("postgres")
    conn.execute(f"LOCK {LEGACY_TEAM if locked == 'legacy' else TEAM} IN ROW EXCLUSIVE MODE")  # as a writer does

    def write_on():
        wait_until(lambda: getattr(two, locked).value("SELECT count(*) FROM pg_locks WHERE NOT granted"), 60)
        time.sleep(2)
        conn.rollback()

    writer = threading.Thread(target=write_on)
    writer.start()
    done = two.install()
    writer.join()
    assert "trying again" in done.stderr
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)


# ---- which databases -----------------------------------------------------------------------------------------------------


def test_the_same_database_twice_by_different_words_is_a_fault(db):
    before = pg_dump(db)
    for url in (db.url(connect_timeout=7), db.cluster.url(db.name, tcp=True), f"postgresql://postgres@localhost:"
                f"{db.cluster.port}/{db.name}"):
        for command in ("install", "uninstall"):
            done = cli(db, command, check=78, **{LEGACY_URL: url})
            assert LEGACY_URL in done.stderr and "remove the key" in done.stderr, done.stderr
    assert pg_dump(db) == before


def test_the_same_words_twice_are_one_database(db):
    install(db, **{LEGACY_URL: db.url()})
    assert side(db) == "both"
    cli(db, "uninstall", **{LEGACY_URL: db.url()})
    assert not exists(db)


def test_an_unreachable_legacy_database_is_named_by_its_key(two):
    url = "host=127.0.0.1 port=1 user=x dbname=x connect_timeout=5"
    for command in ("install", "uninstall"):
        done = two.cli(command, check=69, **{LEGACY_URL: url})
        assert LEGACY_URL in done.stderr and "port=1" in done.stderr
    assert two.both(exists) == (False, False)


def test_a_legacy_url_that_cannot_be_read_is_a_fault_of_its_key(db):
    done = cli(db, "install", check=78, **{LEGACY_URL: "postgresql://user:hidden@host/x?no_such_option=1"})
    assert LEGACY_URL in done.stderr and "hidden" not in done.stderr
    assert not exists(db)


def test_faults_of_both_databases_are_said_at_once(two):
    two.vnext.execute(f"ALTER TABLE {TEAM} RENAME COLUMN description TO summary")
    two.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} DROP COLUMN logo_url")
    done = two.cli("install", check=78)
    assert "summary" in done.stderr and "logo_url" in done.stderr
    assert two.both(exists) == (False, False)


def test_swapped_urls_are_noticed(two):
    two.install()
    before = two.both(pg_dump)
    done = cli(two.legacy, "install", check=78, **{LEGACY_URL: two.vnext.url()})
    assert "swapped" in done.stderr
    done = cli(two.legacy, "uninstall", check=78, **{LEGACY_URL: two.vnext.url()})
    assert LEGACY_URL in done.stderr
    # and the legacy database alone, without the other key
    done = cli(two.legacy, "install", check=78)
    assert "legacy side" in done.stderr
    assert two.both(pg_dump) == before


def test_two_vnext_databases_cannot_share_a_legacy_one(cluster, two):
    """Their epochs would know nothing of each other: the fence would stop one of them, or neither."""
    two.install()
    before = two.both(pg_dump)
    other = Two(cluster)
    try:
        for command in ("install", "uninstall"):
            done = cli(other.vnext, command, check=78, **{LEGACY_URL: two.legacy.url()})
            assert LEGACY_URL in done.stderr and two.legacy.name in done.stderr
        other.install()
        cli(other.vnext, "install", check=78, **{LEGACY_URL: two.legacy.url()})
        assert two.both(pg_dump) == before
    finally:
        other.drop()


def test_each_side_can_be_taken_out_alone(two):
    two.install()
    done = cli(two.legacy, "uninstall")
    assert two.both(exists) == (True, False)
    assert "only the legacy side" in done.stderr
    two.install()  # heals
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)
    done = cli(two.vnext, "uninstall")
    assert two.both(exists) == (False, True)
    assert "only the vNext side" in done.stderr and two.legacy.name in done.stderr
    # another pair begins: what was left of the first must go before
    two.cli("install", check=78)
    two.cli("uninstall", check=78)
    cli(two.legacy, "uninstall")
    two.install()
    assert two.both(side) == ("vnext", "legacy")


def test_an_installation_cut_off_between_the_two_commits_is_finished_by_the_next(two):
    """The vNext COMMIT happened, the legacy one did not: as after a crash just there."""
    before = pg_dump(two.legacy)
    two.install()
    cli(two.legacy, "uninstall")
    assert pg_dump(two.legacy) == before
    two.install()
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)
    assert two.both(rights) == (VNEXT_RIGHTS, LEGACY_RIGHTS)


def test_an_epoch_from_a_backup_is_left_to_the_daemons(two):
    """Raised in silence it would cover up that the tables have to be synced anew; see test_restore.py."""
    two.install()
    two.legacy.execute("UPDATE dualwrite.fence SET epoch = 1000 + partition")
    two.install()
    assert two.vnext.value("SELECT nextval('dualwrite.epoch')") == 1


def test_other_partitions_begin_above_every_epoch(two):
    two.install()
    two.legacy.execute("UPDATE dualwrite.fence SET epoch = 1000 + partition")
    two.install("--partitions", "4")
    lowest, highest = two.legacy.execute("SELECT min(epoch), max(epoch) FROM dualwrite.fence")[0]
    assert lowest == highest > 1063
    assert two.vnext.value("SELECT nextval('dualwrite.epoch')") == highest + 1
    assert two.vnext.value("SELECT count(*) FROM dualwrite.resync r WHERE "
                           "pg_sequence_last_value(('dualwrite.resync_' || r.entity)::regclass) > r.handled") == 2
    two.install("--partitions", "4")
    assert two.legacy.value("SELECT max(epoch) FROM dualwrite.fence") == highest


def test_a_rehearsal_of_other_partitions_queues_nothing_and_draws_no_epoch(two):
    two.install()
    two.install("--partitions", "4", "--dry-run")
    assert two.vnext.value("SELECT last_value FROM dualwrite.epoch") == 1
    assert two.vnext.value("SELECT is_called FROM dualwrite.resync_team") is False


# ---- from one database to two, and back ------------------------------------------------------------------------------------


def test_from_one_database_to_two_and_back(whole):
    two = whole
    install(two.vnext, "--guard=on")
    one = pg_dump(two.vnext, "--schema-only"), rights(two.vnext), our_triggers(two.vnext)
    assert refused(two.vnext)
    two.vnext.new_team()
    waiting = events(two.vnext)
    two.install()
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)
    assert two.both(rights) == (VNEXT_RIGHTS, LEGACY_RIGHTS)
    assert not refused(two.vnext) and refused(two.legacy)
    assert events(two.vnext) == waiting
    done = install(two.vnext)
    assert two.legacy.name in done.stderr and "uninstall" in done.stderr  # nobody else knows that it is still there
    assert (pg_dump(two.vnext, "--schema-only"), rights(two.vnext), our_triggers(two.vnext)) == one
    assert side(two.vnext) == "both" and events(two.vnext) == waiting
    assert "legacy_database" not in settings_of(two.vnext)[0]
    assert install(two.vnext).stderr == ""  # said once
    assert refused(two.vnext) and refused(two.legacy)
    # and forth again: the same pair
    two.install()
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, LEGACY_TRIGGERS)


def test_the_old_database_becomes_the_legacy_one(whole):
    """The vNext tables move out: capture goes from the old database, the guard stays."""
    two = whole
    install(two.legacy, "--guard=record")
    assert set(our_triggers(two.legacy)) == {TEAM, MEMBERSHIP, *TARGETS}
    two.legacy.new_team()
    done = two.cli("install", check=1)
    assert two.legacy.name in done.stderr and "1 events" in done.stderr
    assert not exists(two.vnext)
    two.legacy.execute("DELETE FROM dualwrite.outbox")
    two.install()
    assert two.both(side) == ("vnext", "legacy")
    assert set(our_triggers(two.legacy)) == set(TARGETS)
    assert two.both(rights) == (VNEXT_RIGHTS, LEGACY_RIGHTS)
    assert two.both(lambda db: settings_of(db)[0]["guard"]) == ("record", "record")
    assert two.legacy.execute("SELECT entity FROM dualwrite.resync") == []


def test_a_legacy_database_in_which_daemons_work_is_left_alone(whole):
    two = whole
    install(two.legacy)
    with Daemon(two.legacy):
        before = pg_dump(two.legacy, "--schema-only")
        done = two.cli("install", check=1)
        assert "1 daemons" in done.stderr and two.legacy.name in done.stderr
        assert pg_dump(two.legacy, "--schema-only") == before
    assert not exists(two.vnext)


def test_another_legacy_database_takes_over_and_the_old_one_is_named(cluster, two):
    two.install()
    old, two.legacy = two.legacy, cluster.create_db()
    try:
        done = two.install()
        assert old.name in done.stderr and "uninstall" in done.stderr
        assert two.both(side) == ("vnext", "legacy") and refused(two.legacy) and refused(old)
        cli(old, "uninstall")
        assert not refused(old)
    finally:
        old.drop()


# ---- the functions of version 2 --------------------------------------------------------------------------------------------


def test_only_the_daemons_role_delivers_flags_and_only_to_a_legacy_side(two):
    two.install(**{BLOCKED: True})
    two.vnext.execute("CREATE TABLE IF NOT EXISTS unrelated ()")
    call = "SELECT dualwrite.publish_flags(%s)"
    off = json.dumps({BLOCKED: "false"})
    for who in ("app_user", "app_owner"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            two.legacy.execute(call, [off], user=who)
    assert refused(two.legacy)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        two.legacy.execute("UPDATE dualwrite.flag SET published = 'false'", user="daemon_login")
    assert two.legacy.value(call, [off], user="daemon_login") == 1
    assert not refused(two.legacy)
    assert two.legacy.value(call, [off], user="daemon_login") == 0
    assert two.legacy.value("SELECT published_by FROM dualwrite.flag WHERE flag = %s", [BLOCKED]) == "daemon_login"
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
        two.vnext.execute(call, [off], user="daemon_login")
    assert "vnext" in str(caught.value) and LEGACY_URL in caught.value.diag.message_hint


def test_delivered_flags_that_are_not_known_are_passed_over(two):
    two.install(**{BLOCKED: True})
    before = settings_of(two.legacy)[1]
    call = "SELECT dualwrite.publish_flags(%s)"
    for values in ({}, {"TEAM_OTHER": "true"}, {BLOCKED: "maybe"}, {BLOCKED: None}, {BLOCKED: True and "TRUE"}):
        assert two.legacy.value(call, [json.dumps(values)], user="daemon_login") == 0
    for text in ("[]", "null", "1", '"x"'):
        assert two.legacy.value(call, [text], user="daemon_login") == 0
    assert settings_of(two.legacy)[1] == before
    everything = {flag: values[-1] for flag, values in two.legacy.execute("SELECT flag, safest_first FROM dualwrite.flag")}
    differing = sum(before[flag] != value for flag, value in everything.items())
    assert two.legacy.value(call, [json.dumps(everything)], user="daemon_login") == differing > 3
    assert settings_of(two.legacy)[1] == everything


def test_version_1_and_one_database_take_no_delivered_flags(installed):
    for who in (None, "both"):
        installed.execute("DELETE FROM dualwrite.setting WHERE key = 'side'" if who is None else
                          "INSERT INTO dualwrite.setting (key, value) VALUES ('side', 'both')")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
            installed.execute("SELECT dualwrite.publish_flags('{}')", user="daemon_login")
        assert '"both"' in str(caught.value)


# value, key, length, result; length None: no limit
SUFFIXED = [
    ("slug", "5", None, "slug-5"),
    ("slug", "5", 0, "slug-5"),
    ("", "5", None, "-5"),
    (None, "5", None, None), (None, "5", 20, None), (None, "5", 10, None), (None, "123456789", 8, None),
    ("slug", "5", 20, "slug-5"),
    ("0123456789", "5", 10, "01234567-5"),
    ("0123456789", "5", 12, "0123456789-5"),
    ("0123456789", "1234", 10, "01234-1234"),  # four and the dash are half of ten
    ("0123456789", "12345", 10, "012-827ccb"),  # more than half: six of md5('12345')
    ("0123456789", "12345", 11, "0123-827ccb"),
    ("0123456789", "12345", 12, "012345-12345"),
    ("abc", "12345", 10, "abc-827ccb"),
    ("a", "a4f7c1e2-0000-4000-8000-000000000000", 30, "a-" ),
    ("0123456789", "12345", 9, "827ccb0ee"),  # too short for anything but the hash
    ("0123", "1", 4, "01-1"),
    ("0123", "12", 4, "c20a"),
    ("x", "1", 1, "c"),
    ("\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "7", 6, "\u00e9\u00e9\u00e9\u00e9-7"),
    ("team", "\u00fc\u00fc", 8, "team-\u00fc\u00fc"),
]


def test_suffixed(installed):
    for value, key, length, expected in SUFFIXED:
        got = installed.value("SELECT dualwrite.suffixed(%s, %s, %s)", [value, key, length], user="daemon_login")
        if expected == "a-":
            expected += installed.value("SELECT left(md5(%s), 6)", [key])
        assert got == expected, (value, key, length)
        assert got is None or not length or len(got) <= length
    assert installed.value("SELECT provolatile FROM pg_proc WHERE proname = 'suffixed'") == "i"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        installed.execute("SELECT dualwrite.suffixed('a', 'b', 1)", user="app_user")


def test_a_missing_lookup_says_what_was_looked_for(installed):
    call = """SELECT dualwrite.lookup_missing('membership.profile_id', %s, %s, 'user_id', %s, NULL::{})"""
    for schema, table, key, shown in (("public", "profiles", "5", '"public"."profiles" with user_id = \'5\''),
                                      ('a"b', "c.d", "it's", '"a""b"."c.d" with user_id = \'it\'\'s\'')):
        for kind in ("bigint", "text", "uuid", "varchar(3)"):
            with pytest.raises(psycopg.Error) as caught:
                installed.execute(call.format(kind), [schema, table, key], user="daemon_login")
            error = caught.value
            assert error.sqlstate == "DW004"
            assert error.diag.message_primary == f"the lookup of membership.profile_id finds no row in {shown}"
            assert "otherwise" in error.diag.message_hint and "by itself" in error.diag.message_hint
            assert (error.diag.schema_name, error.diag.table_name, error.diag.column_name) == (schema, table, "user_id")
    # STABLE: PostgreSQL may leave it alone where the branch that calls it is not taken
    assert installed.value("SELECT provolatile FROM pg_proc WHERE proname = 'lookup_missing'") == "s"


def test_the_fence_has_a_row_for_every_partition_there_can_be(two):
    two.install("--partitions=64")
    for db in (two.vnext, two.legacy):
        assert db.execute("SELECT partition, epoch FROM dualwrite.fence ORDER BY 1") == [(n, 0) for n in range(64)]
    first = two.vnext.value("SELECT nextval('dualwrite.epoch')", user="daemon_login")
    assert first == 1
    raise_to = "UPDATE dualwrite.fence SET epoch = %s WHERE partition = 3 AND epoch <= %s RETURNING epoch"
    assert two.legacy.value(raise_to, [7, 7], user="daemon_login") == 7
    assert two.legacy.value(raise_to, [7, 7], user="daemon_login") == 7
    assert two.legacy.value(raise_to, [6, 6], user="daemon_login") is None
    for statement in ("DELETE FROM dualwrite.fence", "INSERT INTO dualwrite.fence VALUES (64, 0)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            two.legacy.execute(statement, user="daemon_login")
