"""`dualwrited validate` with pack teams: planted faults are found to the number, mended by the daemon, and what keeps a check
from looking is said and is not healthy."""

import json
import subprocess

import pytest

from conftest import Daemon, assert_in_step, wait_until
from helpers import (
    LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, as_sync_session, cli, legacy_member, legacy_team, shadow_of,
)

from test_second_app import everything, new_shop, shop  # noqa: F401

pytestmark = pytest.mark.layouts("one", "two")


def validate(db, *args, code=None, user="daemon_login", **settings):
    done = cli(db, "validate", "--json", *args, user=user, check=False, **settings)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def found(report):
    """{check, or "check about": count} of what was found."""
    return {" ".join(filter(None, (c["check"], c["about"]))): c["count"]
            for pack in report["packs"] for c in pack["checks"] if c["state"] == "found"}


def skipped(report):
    return {c["check"]: c["why"] for pack in report["packs"] for c in pack["checks"] if c["state"] == "skipped"}


@pytest.fixture
def ready(installed):
    """A daemon at work, three teams with two members each, in step."""
    with Daemon(installed) as daemon:
        installed.teams = [installed.new_team(name) for name in ("Alpha", "Beta", "Gamma")]
        for team in installed.teams:
            for user in (1, 2):
                installed.new_member(team, user, role="OWNER" if user == 1 else "PLAYER")
        assert_in_step(installed)
        installed.daemon = daemon
        yield installed


def plant(db, *statements):
    """vNext changes that nobody captures."""
    with db.connect() as conn:
        conn.execute("SET session_replication_role = replica")
        for table in (TEAM, MEMBERSHIP):  # ours fire ALWAYS
            conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            conn.execute(statement)
        for (table, trigger) in conn.execute("""SELECT tgrelid::regclass::text, tgname FROM pg_trigger
                                                WHERE tgname LIKE 'zz_dualwrite%'""").fetchall():
            conn.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")
        conn.commit()


def test_clean(ready):
    report = validate(ready, code=0)
    assert report["verdict"] == "good" and found(report) == {} and skipped(report) == {}
    text = cli(ready, "validate", user="daemon_login").stdout
    assert "✓ 0 issues" in text and "✓ missing_shadows (membership)" in text
    assert subprocess.run(["grep", "-E", "✗|⚠"], input=text, text=True, capture_output=True).returncode == 1


def test_what_the_sync_should_have_written_is_found_and_mended(ready):
    db, (alpha, beta, gamma) = ready, ready.teams
    ids = {team: shadow_of(db, team) for team in ready.teams}
    plant(db, f"DELETE FROM {MEMBERSHIP} WHERE team_id = {gamma} AND user_id = 2",
          f"INSERT INTO {MEMBERSHIP} (team_id, user_id) VALUES ({gamma}, 7), ({gamma}, 8)",
          f"UPDATE {TEAM} SET name = 'Renamed' WHERE id = {beta}")
    as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP} WHERE team_id = {ids[alpha]} AND user_id = 2")
    as_sync_session(db, f"UPDATE {LEGACY_MEMBERSHIP} SET role = 'COACH' WHERE team_id = {ids[beta]} AND user_id = 2")
    planted = {"missing_shadows membership": 3, "drifted_rows membership": 1, "drifted_rows team": 1,
               "rows_only_in_legacy membership": 1}
    report = validate(db, code=1)
    assert found(report) == planted
    text = cli(db, "validate", "--verbose", user="daemon_login", check=1).stdout
    assert "✗ drifted_rows (team): 1 row, error" in text and f"    keys: {beta}\n" in text and "✗ 6 issues" in text

    before = db.execute("SELECT count(*) FROM dualwrite.outbox")
    said = cli(db, "validate", "--fix", "--dry-run", user="daemon_login", check=1)
    assert "to mend: missing_shadows (membership): 3 rows: the daemons make the legacy rows" in said.stderr
    assert db.execute("SELECT count(*) FROM dualwrite.outbox") == before

    report = validate(db, "--fix", code=0)
    assert {k: 0 for k in found(report)} == dict.fromkeys(planted, 0)
    assert sum(c.get("changed", 0) for c in report["packs"][0]["checks"]) == 6
    assert_in_step(db)
    assert found(validate(db, code=0)) == {}
    assert legacy_team(db, beta, "name") == "Renamed" and legacy_member(db, gamma, 2, "status") == "INACTIVE"
    assert db.value("SELECT count(*) FROM dualwrite.mend") == 0


def test_what_only_people_can_decide_is_found(ready):
    db, (alpha, beta, gamma) = ready, ready.teams
    ids = {team: shadow_of(db, team) for team in ready.teams}
    ready.daemon.term()
    plant(db, f"ALTER TABLE {MEMBERSHIP} DROP CONSTRAINT {MEMBERSHIP}_team_id_fkey",
          f"UPDATE {MEMBERSHIP} SET role = 'OWNER' WHERE team_id = {alpha}",
          f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) VALUES (9999, 1, 'KING')")
    db.legacy.execute(f"ALTER TABLE {LEGACY_MEMBERSHIP} DROP CONSTRAINT {LEGACY_MEMBERSHIP}_team_id_fkey")
    for statement in (f"UPDATE {LEGACY_MEMBERSHIP} SET role = 'OWNER' WHERE team_id = {ids[beta]}",
                      f"UPDATE {LEGACY_MEMBERSHIP} SET status = 'AWOL' WHERE team_id = {ids[gamma]} AND user_id = 2",
                      f"""INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
                          VALUES (8888, 1, 'PLAYER', 'ACTIVE', now())"""):
        as_sync_session(db, statement)
    for constraint in ("legacy_team_id", "vnext_team_id"):
        db.execute(f"ALTER TABLE {MAP} DROP CONSTRAINT {MAP}_{constraint}_key")
    row = "'x', now(), true, now(), now()"
    db.execute(f"""INSERT INTO {MAP} (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at, updated_at)
                   VALUES ({ids[alpha]}, 5555, {row}), ({ids[beta]}, 5556, {row}), (7777, {gamma}, {row})""")
    db.legacy.execute(f"""INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, legacy_table, operation, why)
                          SELECT 'app', 'app', '', 'teams_team', 'UPDATE', 'bypass' FROM generate_series(1, 2)""")
    db.legacy.execute("""INSERT INTO dualwrite.legacy_write (at, login_role, acting_role, application_name, legacy_table, operation,
                                                             why)
                         VALUES (now() - interval '25 h', 'app', 'app', '', 'teams_team', 'UPDATE', 'bypass')""")
    report = validate(db, "--no-compare", code=2)
    planted = {"duplicate_legacy_ids team": 2, "duplicate_vnext_ids team": 1, "dangling_vnext membership": 1,
               "dangling_legacy membership": 1, "two_owners_vnext membership.role": 1, "two_owners_legacy membership.role": 1,
               "unknown_values_vnext membership.role": 1, "unknown_values_legacy membership.status": 1,
               "inline_legacy_writes": 2,
               "orphan_mappings team": 3}  # two whose vNext row is not there, one whose legacy row is not
    assert found(report) == planted
    assert set(skipped(report)) == {"missing_shadows", "drifted_rows", "rows_only_in_legacy", "refused_rows"}
    assert "no reconcile has compared membership yet" in skipped(report)["missing_shadows"]
    samples = {c["check"]: c["samples"] for c in report["packs"][0]["checks"] if c["state"] == "found"}
    assert samples["two_owners_vnext"] == [str(alpha)] and samples["two_owners_legacy"] == [str(ids[beta])]
    assert found(validate(db, "--no-compare", "--period=48", code=2))["inline_legacy_writes"] == 3


def test_parked_events_are_tried_again(ready):
    db, team = ready, ready.teams[0]
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT short CHECK (length(name) < 8)")
    db.execute(f"UPDATE {TEAM} SET name = 'Longer than that' WHERE id = {team}")
    wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.failed WHERE retry_at IS NULL") == 1)
    assert found(validate(db, "--no-compare"))["parked_events"] == 1
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} DROP CONSTRAINT short")
    report = validate(db, "--fix", "--no-compare")
    assert [c["changed"] for c in report["packs"][0]["checks"] if c.get("changed")] == [1]
    wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.failed") == 0)
    assert_in_step(db)


@pytest.mark.layouts("one", reason="what is said is the same in both")
def test_what_keeps_a_check_from_looking(ready):
    db = ready
    assert skipped(validate(db, "--timeout=1ms", "--no-compare", code=70))
    db.execute(f"REVOKE SELECT ON {MAP} FROM dualwrite_daemon")
    why = skipped(validate(db, "--no-compare", code=70))
    assert len(why) >= 10 and "GRANT SELECT ON" in why["duplicate_legacy_ids"]
    db.execute(f"GRANT SELECT ON {MAP} TO dualwrite_daemon")
    db.execute(f"DROP TABLE {MAP}")
    why = skipped(validate(db, "--no-compare", code=70))
    assert MAP in why["duplicate_legacy_ids"] and "dualwrited check" in why["duplicate_legacy_ids"]


@pytest.mark.layouts("two", reason="with one database it would be gone altogether")
def test_a_legacy_database_that_is_away(ready):
    done = cli(ready, "validate", "--json", "--no-compare", user="daemon_login", check=False,
               DUALWRITE_LEGACY_DATABASE_URL="host=127.0.0.1 port=1 dbname=nowhere")
    assert done.returncode == 70, done.stdout + done.stderr
    why = skipped(json.loads(done.stdout))
    assert "does not answer" in why["inline_legacy_writes"] and "does not answer" in why["duplicate_legacy_ids"]
    lint = cli(ready, "validate", "--lint=teams", user="daemon_login", check=65,
               DUALWRITE_LEGACY_DATABASE_URL="host=127.0.0.1 port=1 dbname=nowhere").stderr
    assert "inline_legacy_writes.sql: inline_legacy_writes: the legacy database does not answer" in lint


def orphans(report):
    return [c for c in report["packs"][0]["checks"] if c["check"] == "orphan_mappings"][0]


def test_what_the_daemons_have_not_got_to_yet_is_no_orphan(ready):
    """With two databases a key is in the map before its row is in legacy; with either a row is gone from vNext before legacy knows."""
    db, (alpha, beta, gamma) = ready, ready.teams
    ready.daemon.term()
    as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP} WHERE team_id = {shadow_of(db, alpha)}")
    as_sync_session(db, f"DELETE FROM {LEGACY_TEAM} WHERE id = {shadow_of(db, alpha)}")
    assert orphans(validate(db, "--no-compare"))["samples"] == [f"{alpha} -> {shadow_of(db, alpha)}"]
    db.execute(f"UPDATE {TEAM} SET name = 'Touched' WHERE id = {alpha}")
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = {gamma}")
    db.execute(f"DELETE FROM {TEAM} WHERE id = {gamma}")
    assert orphans(validate(db, "--no-compare"))["state"] == "clean"
    db.execute("DELETE FROM dualwrite.outbox")
    assert orphans(validate(db, "--no-compare"))["count"] == 2


@pytest.mark.layouts("two", reason="with one database nothing is brought over")
def test_what_keeps_legacy_rows_from_coming(ready):
    db, name = ready, ready.value("SELECT current_database()")
    db.execute(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
    why = skipped(validate(db, "--no-compare", code=70))
    assert list(why) == list(dict.fromkeys(why)) and f'GRANT TEMPORARY ON DATABASE "{name}" TO "daemon_login"' in why["orphan_mappings"]
    db.execute(f'GRANT TEMPORARY ON DATABASE "{name}" TO daemon_login')
    db.legacy.execute(f"REVOKE SELECT ON {LEGACY_TEAM} FROM dualwrite_daemon")
    why = skipped(validate(db, "--no-compare", code=70))["orphan_mappings"]
    assert "GRANT SELECT ON" in why and LEGACY_TEAM in why
    db.legacy.execute(f"GRANT SELECT ON {LEGACY_TEAM} TO dualwrite_daemon")
    assert orphans(validate(db, "--no-compare"))["state"] == "clean"


BAD_OPTIONS = (
    (["--pack=nowhere"], 65, "there is no rule pack of this name"),
    (["--pack=./nowhere"], 65, "there is no rules.json here"),
    (["--dry-run"], 64, "--dry-run says something about --fix"),
    (["--undo=x"], 64, "the number that --fix has said"),
    (["--undo="], 64, "the number that --fix has said"),
    (["--undo=12"], 70, "there is no mend 12"),
    (["--where=id"], 64, "COLUMN=VALUE"),
    (["--where=id=3", "--no-compare"], 64, "none can be narrowed"),
    (["--period=0"], 64, "a number of hours"),
)


@pytest.mark.layouts("one", reason="options are the same in both")
def test_bad_options(installed):
    for args, code, said in BAD_OPTIONS:
        done = cli(installed, "validate", *args, check=False)
        assert done.returncode == code and said in done.stderr, (args, done.stdout + done.stderr)


def test_another_mapping(shop):  # noqa: F811
    """Five entities, keys of text and of two columns, an entity without a map: what has no such thing is left out."""
    with Daemon(shop):
        everything(shop)
        wait_until(lambda: shop.backlog() == 0 and shop.value("SELECT count(*) FROM dualwrite.failed") == 0)
        report = validate(shop, code=0)
        checks = report["packs"][0]["checks"]
        assert {c["about"] for c in checks if c["check"] == "drifted_rows"} == {"customer", "loyalty", "product", "subscription", "item"}
        assert {c["about"] for c in checks if c["check"] == "duplicate_legacy_ids"} == {"customer", "subscription"}
        assert [c["state"] for c in checks if c["check"] == "two_owners_vnext"] == ["left_out"]
        assert [c["about"] for c in checks if c["check"] == "unknown_values_legacy"] == ["subscription.status"]
        as_sync_session(shop, "UPDATE shop.subscription_items SET quantity = quantity + 1")
        as_sync_session(shop, "DELETE FROM shop.loyalty")
        assert found(validate(shop, "--fix", code=0)) == {"drifted_rows item": 1, "missing_shadows loyalty": 1}
        wait_until(lambda: shop.backlog() == 0)
        assert found(validate(shop, code=0)) == {}
