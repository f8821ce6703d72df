"""The guard where the legacy tables are in a database of their own, the mirror that brings it the flags, and what `flags`
says of it."""

import json
import re
import time

import pytest

from conftest import Daemon, install, wait_until
from helpers import (
    BLOCKED, BYPASS, ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, STRICT, TEAM, as_sync_session, cli, connections,
    flags_json, json_find,
)
from pairs import (  # noqa: F401
    LEGACY_URL, NEW_TEAM, Two, VNEXT_TRIGGERS, our_triggers, override, published, refused, two, whole,
)


# ---- the guard, and the mirror that brings it the flags -----------------------------------------------------------------------


@pytest.fixture
def mirrored(whole):
    """Two databases in which a daemon can run. Dual write is off: the mirror is all that is looked at."""
    whole.install("--guard=on", **{BLOCKED: True, ENABLED: False})
    return whole


class MirrorDaemon(Daemon):
    def __init__(self, two, **more):
        more = {ENABLED: False, BLOCKED: True, LEGACY_URL: two.legacy.url("daemon_login"), **more}
        super().__init__(two.vnext, **more)


def before_the_next_beat(condition):
    wait_until(condition, timeout=4.0)  # beats come every five seconds


def test_the_guard_in_its_own_database_refuses_records_and_lets_sync_sessions_through(two):
    two.install("--guard=on", **{BLOCKED: True})
    for statement in (NEW_TEAM, f"TRUNCATE {LEGACY_TEAM} CASCADE"):
        assert refused(two.legacy, statement, user="postgres")
    for who in ("app_user", "app_owner", "daemon_login"):
        two.legacy.execute(f"GRANT INSERT ON {LEGACY_TEAM} TO {who}; GRANT USAGE ON SEQUENCE {LEGACY_TEAM}_id_seq TO {who}")
        assert refused(two.legacy, user=who)
    as_sync_session(two.legacy, NEW_TEAM, user="daemon_login")
    assert two.legacy.execute("SELECT * FROM dualwrite.legacy_write") == []
    two.install("--guard=record")
    two.legacy.execute(f"UPDATE {LEGACY_TEAM} SET name = 'x'", user="app_user")
    assert two.legacy.execute("SELECT operation, login_role, why FROM dualwrite.legacy_write") == [
        ("UPDATE", "app_user", "guard record")]
    two.install("--guard=off")
    assert two.both(our_triggers) == (VNEXT_TRIGGERS, {})


def test_install_lists_who_may_write_the_legacy_tables_there(two):
    two.legacy.execute(f"GRANT UPDATE ON {LEGACY_MEMBERSHIP} TO daemon_login")
    said = two.install("--guard=on").stdout
    assert re.search(rf"may write public.{LEGACY_MEMBERSHIP} now: .*daemon_login", said), said
    assert TEAM not in "".join(line for line in said.splitlines() if "may write" in line)


def test_install_gives_the_guard_the_flags_in_force_not_those_of_its_file(two):
    two.install(**{BLOCKED: True, BYPASS: False})
    override(two.vnext, BYPASS, "true")
    assert refused(two.legacy)
    done = two.install(**{BLOCKED: True, BYPASS: False})
    assert not refused(two.legacy)
    assert f"{BYPASS}=false, in force: true" in done.stdout
    assert published(two.vnext, BYPASS) == "false"
    two.vnext.execute("DELETE FROM dualwrite.override")
    two.install(**{BLOCKED: True, BYPASS: False})
    assert refused(two.legacy)


@pytest.mark.parametrize("notify", [True, False], ids=["listening", "polling"])
def test_an_override_is_obeyed_by_the_guard_before_the_next_beat(mirrored, notify):
    two = mirrored
    with MirrorDaemon(two, DUALWRITE_NOTIFY=notify, DUALWRITE_POLL_INTERVAL="200ms" if not notify else None) as daemon:
        wait_until(lambda: "dualwrited/mirror" in connections(two.legacy))
        assert refused(two.legacy)
        for flag, value, open_ in ((BLOCKED, "false", True), (BYPASS, "true", True), (BLOCKED, "true", False)):
            override(two.vnext, flag, value)
            before_the_next_beat(lambda: refused(two.legacy) != open_)
            two.vnext.execute("DELETE FROM dualwrite.override")
            before_the_next_beat(lambda: refused(two.legacy))
        override(two.vnext, BYPASS, "true")
        before_the_next_beat(lambda: not refused(two.legacy))
        two.legacy.execute(NEW_TEAM, user="app_user")
        assert two.legacy.execute("SELECT operation, why FROM dualwrite.legacy_write") == [("INSERT", "bypass")]
        assert daemon.lines(level="WARNING", connection="mirror") == []
    # nobody delivers any more: what was delivered last holds
    assert not refused(two.legacy)
    two.vnext.execute("DELETE FROM dualwrite.override")
    assert not refused(two.legacy)
    with MirrorDaemon(two):
        wait_until(lambda: refused(two.legacy))


def test_a_reload_reaches_the_guard(mirrored):
    with MirrorDaemon(mirrored) as daemon:
        assert refused(mirrored.legacy)
        daemon.hup(**{BYPASS: True})
        before_the_next_beat(lambda: not refused(mirrored.legacy))
        daemon.hup(**{BYPASS: False})
        before_the_next_beat(lambda: refused(mirrored.legacy))


def test_what_somebody_wrote_over_the_delivered_flags_is_mended_within_seconds(mirrored):
    two = mirrored
    with MirrorDaemon(two):
        wait_until(lambda: "dualwrited/mirror" in connections(two.legacy))
        two.legacy.execute("UPDATE dualwrite.flag SET published = 'false' WHERE flag = %s", [BLOCKED])
        wait_until(lambda: refused(two.legacy), timeout=11)


def test_nothing_is_written_while_nothing_changes(mirrored):
    two = mirrored
    with MirrorDaemon(two, DUALWRITE_POLL_INTERVAL="100ms"):
        wait_until(lambda: "dualwrited/mirror" in connections(two.legacy))
        time.sleep(1)
        before = two.legacy.execute("SELECT xmin::text, f FROM dualwrite.flag f ORDER BY flag")
        time.sleep(6)
        assert two.legacy.execute("SELECT xmin::text, f FROM dualwrite.flag f ORDER BY flag") == before


def test_the_mirror_reconnects_and_says_so_once(mirrored):
    two = mirrored
    with MirrorDaemon(two) as daemon:
        wait_until(lambda: "dualwrited/mirror" in connections(two.legacy))
        two.legacy.execute("SELECT pg_terminate_backend(%s)", [connections(two.legacy)["dualwrited/mirror"]])
        override(two.vnext, BYPASS, "true")
        daemon.wait_for("disconnected", connection="mirror", level="WARNING")
        wait_until(lambda: not refused(two.legacy))
        daemon.wait_for("connected", connection="mirror")
        assert len(daemon.lines("disconnected", connection="mirror", level="WARNING")) == 1


def test_a_legacy_database_that_takes_no_flags_is_said_once_a_minute(mirrored):
    two = mirrored
    two.legacy.execute("REVOKE EXECUTE ON FUNCTION dualwrite.publish_flags(jsonb) FROM dualwrite_daemon")
    with MirrorDaemon(two, DUALWRITE_POLL_INTERVAL="100ms") as daemon:
        line = daemon.wait_for("mirror_failed", level="WARNING")
        assert "publish_flags" in line["msg"] and "dualwrite_daemon" in line["msg"]
        time.sleep(1)
        assert len(daemon.lines("mirror_failed")) == 1
        two.legacy.execute("GRANT EXECUTE ON FUNCTION dualwrite.publish_flags(jsonb) TO dualwrite_daemon")
        daemon.wait_for("connected", connection="mirror")


def test_a_legacy_database_of_another_installation_gets_no_flags(mirrored):
    """A pod of staging with the URL of production's legacy database must not open its guard."""
    two = mirrored
    two.legacy.execute("UPDATE dualwrite.setting SET value = gen_random_uuid()::text WHERE key = 'installation'")
    with MirrorDaemon(two, ready=False, **{BLOCKED: False}) as daemon:
        assert "do not lead to the databases" in daemon.wait_for("waiting")["msg"]
        assert refused(two.legacy) and published(two.legacy, BLOCKED) == "true"
    two.vnext.execute("DELETE FROM dualwrite.setting WHERE key = 'installation'")
    with MirrorDaemon(two, ready=False, **{BLOCKED: False}) as daemon:
        daemon.wait_for("waiting")
        assert refused(two.legacy)


def test_one_database_has_no_mirror(db):
    install(db)
    for settings in ({}, {LEGACY_URL: db.url("daemon_login")}):
        with Daemon(db, **settings) as daemon:
            daemon.wait_for("ready")
            assert "dualwrited/mirror" not in connections(db)
            assert "legacy_database" not in daemon.lines("starting")[0]


def test_the_first_line_names_both_databases_and_no_password(mirrored):
    two = mirrored
    with MirrorDaemon(two, **{LEGACY_URL: two.legacy.url("daemon_login", password="hidden")}) as daemon:
        line = daemon.lines("starting")[0]
        assert f"dbname={two.vnext.name}" in line["database"] and f"dbname={two.legacy.name}" in line["legacy_database"]
        assert "hidden" not in "\n".join(daemon.raw)


def test_another_legacy_url_waits_for_a_restart(mirrored):
    with MirrorDaemon(mirrored) as daemon:
        mark = daemon.mark()
        daemon.hup(**{LEGACY_URL: "host=elsewhere password=hidden", STRICT: True})
        assert [w for w in daemon.lines(since=mark, level="WARNING") if LEGACY_URL in str(w)]
        assert "hidden" not in "\n".join(daemon.raw)
        override(mirrored.vnext, BYPASS, "true")
        before_the_next_beat(lambda: not refused(mirrored.legacy))


# ---- flags -----------------------------------------------------------------------------------------------------------------


def test_flags_shows_what_the_guard_obeys_and_warns_where_it_is_something_else(two):
    two.install(**{BLOCKED: True})
    legacy = {LEGACY_URL: two.legacy.url("daemon_login")}
    answer = flags_json(two.vnext, **legacy)
    assert answer["legacy_database"] == "installed"
    found = json_find(answer["flags"], BLOCKED)
    assert found["legacy"] == {"value": "true", "source": "published", "published": "true"}
    assert not [w for w in answer["warnings"] if "legacy database" in w]
    assert "legacy database: installed" in cli(two.vnext, "flags", user="daemon_login", **legacy).stdout
    override(two.vnext, BLOCKED, "false")
    for text in (cli(two.vnext, "flags", user="daemon_login", **legacy).stdout,
                 str(flags_json(two.vnext, **legacy)["warnings"])):
        assert f"in the legacy database {BLOCKED} is true (published), not false" in text
    override(two.legacy, BYPASS, "true")
    assert "override there" in str(flags_json(two.vnext, **legacy)["warnings"])
    assert refused(two.legacy) is False


def test_flags_without_the_legacy_database_warns_and_keeps_its_status(two):
    two.install()
    done = cli(two.vnext, "flags", "--json", user="daemon_login",
               **{LEGACY_URL: "host=127.0.0.1 port=1 user=x dbname=x connect_timeout=5"})
    assert LEGACY_URL in done.stderr and "warning" in done.stderr
    answer = json.loads(done.stdout)
    assert answer["legacy_database"] == "unreachable" and "legacy" not in json_find(answer["flags"], BLOCKED)
    done = cli(two.vnext, "flags", "--json", **{LEGACY_URL: two.cluster.url("postgres")})
    assert json.loads(done.stdout)["legacy_database"] == "dualwrite is not installed here"


def test_flags_of_one_database_says_nothing_of_another(installed):
    answer = flags_json(installed)
    assert "legacy_database" not in answer and "legacy" not in answer["flags"][0]
