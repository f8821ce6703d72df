"""`dualwrited report`: the document of SPEC section 10 key by key, planted faults with their exact counts, filters, seeds, and
what it says where it cannot report. The words of the document: tests/unit/test_report.c."""

import json
import os
import re
import subprocess

import pytest

from conftest import Daemon, binary, clean_environment, config_for, dualwrited, install, wait_until, write_env_file, write_mapping
from helpers import (
    BLOCKED, ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, STRICT, TEAM, as_sync_session, cli, default_mapping,
    drained, forget_events, legacy_rows, shadow_of,
)

pytestmark = pytest.mark.layouts("one", "two")

KEYS = {
    "meta": ["generated_at", "sample_size", "filters", "dual_write_enabled", "dual_write_strict_mode", "legacy_write_blocked",
             "execution_time_seconds"],
    "coverage": ["legacy_team_count", "vnext_team_count", "mapped_team_count", "legacy_teams_with_mapping",
                 "unmapped_legacy_count", "mapping_percentage"],
    "mapping_health": ["total_mappings", "duplicate_legacy_ids", "duplicate_legacy_count", "duplicate_vnext_ids",
                       "duplicate_vnext_count", "orphan_mappings", "orphan_count", "retired_mapping_count"],
    "consistency": ["sampled_teams", "name_mismatch_count", "slug_mismatch_count", "membership_count_mismatch_count",
                    "ranking_mismatch_count", "samples"],
    "dual_write_health": ["recent_vnext_teams", "missing_legacy_count", "missing_mappings", "severity", "backlog",
                          "oldest_event_age_seconds", "failed_events", "processed_24h", "inline_legacy_writes_24h"],
}
TYPES = {"duplicate_legacy_ids": (list,), "duplicate_vnext_ids": (list,), "orphan_mappings": (list,), "samples": (dict,),
         "missing_mappings": (list,), "severity": (str,)}


def report(db, *args, check=0, user="daemon_login", **settings):
    done = cli(db, "report", "--json", *args, user=user, check=check, **settings)
    answer = json.loads(done.stdout)
    assert list(answer) == [*KEYS, "recommendations"]
    for section, keys in KEYS.items():
        if section != "dual_write_health" or answer[section] is not None:
            assert list(answer[section]) == keys
    for section in ("coverage", "mapping_health", "consistency", "dual_write_health"):
        for key, value in (answer[section] or {}).items():
            assert type(value) in TYPES.get(key, (int, float)), key
    assert all(re.match("🔴 CRITICAL|🟡 WARNING|✅ SUCCESS", line) for line in answer["recommendations"])
    return answer


def levels(answer):
    return [line.split()[1].rstrip(":") for line in answer["recommendations"]]


def found(answer):
    """The numbers that are not as they are where all is well."""
    numbers = {**answer["mapping_health"], **answer["consistency"], **(answer["dual_write_health"] or {})}
    wanted = ("duplicate_legacy_count", "duplicate_vnext_count", "orphan_count", "retired_mapping_count", "name_mismatch_count",
              "slug_mismatch_count", "membership_count_mismatch_count", "ranking_mismatch_count", "missing_legacy_count",
              "failed_events", "backlog", "inline_legacy_writes_24h")
    return {key: numbers[key] for key in wanted if numbers.get(key)}


def new_legacy_team(db, number, **columns):
    row = {"id": number, "name": f"own {number}", "slug": f"own-{number}", "game": "csgo", "region": "EU", "is_active": True,
           **columns}
    as_sync_session(db, f"""INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
        VALUES (%(id)s, %(name)s, %(slug)s, %(game)s, %(region)s, '', %(is_active)s, now(), now())""", row)


def map_row(db, legacy, vnext):
    return db.value(f"""INSERT INTO {MAP} (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at,
        updated_at) VALUES (%s, %s, 'x', now(), true, now(), now()) RETURNING id""", [legacy, vnext])


@pytest.fixture
def synced(db):
    """Ten teams of three members each, in step: ids 1 to 10, five in NA. No daemon runs."""
    install(db, "--guard=on")
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN id RESTART WITH 1001")
    with Daemon(db):
        for n in range(1, 11):
            team = db.new_team(f"Team {n}", id=n, game_id=n % 2 + 1, region="NA" if n <= 5 else "EU")
            for user in range(3):
                db.new_member(team, user_id=user + 1)
        drained(db)
    return db


# ---- the document ----------------------------------------------------------------------------------------------------------


def test_all_is_well(synced):
    before = legacy_rows(synced, versions=True)
    answer = report(synced)
    assert {k: v for k, v in answer["meta"].items() if k not in ("generated_at", "execution_time_seconds")} == {
        "sample_size": 50, "filters": {"game_id": None, "region": None}, "dual_write_enabled": True,
        "dual_write_strict_mode": False, "legacy_write_blocked": True}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["meta"]["generated_at"])
    assert answer["coverage"] == {"legacy_team_count": 10, "vnext_team_count": 10, "mapped_team_count": 10,
                                  "legacy_teams_with_mapping": 10, "unmapped_legacy_count": 0, "mapping_percentage": 100}
    assert found(answer) == {} and answer["consistency"]["sampled_teams"] == 10
    assert answer["dual_write_health"]["recent_vnext_teams"] == 10 and answer["dual_write_health"]["severity"] == "ok"
    assert answer["dual_write_health"]["processed_24h"] == 40
    assert levels(answer) == ["SUCCESS"] and "dualwrited gate" in answer["recommendations"][0]
    assert legacy_rows(synced, versions=True) == before


def test_every_fault_is_counted_exactly(synced):
    db = synced
    db.execute(f"ALTER TABLE {MAP} DROP CONSTRAINT {MAP}_legacy_team_id_key, DROP CONSTRAINT {MAP}_vnext_team_id_key")
    shadows = {n: shadow_of(db, n) for n in range(1, 11)}
    # mismatches: two names, one slug, three members: one more there, one fewer, one inactive
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET name = 'other ' || id WHERE id = ANY (%s)", [[shadows[1], shadows[2]]])
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET slug = 'other' WHERE id = %s", [shadows[3]])
    as_sync_session(db, f"""INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
                            VALUES (%s, 77, 'PLAYER', 'ACTIVE', now())""", [shadows[4]])
    as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP} WHERE team_id = %s AND user_id = 1", [shadows[5]])
    as_sync_session(db, f"UPDATE {LEGACY_MEMBERSHIP} SET status = 'INACTIVE' WHERE team_id = %s AND user_id = 1", [shadows[6]])
    # legacy's own: one active, one not
    new_legacy_team(db, 5000)
    new_legacy_team(db, 5001, is_active=False)
    # orphans: no legacy row, no vNext row, neither
    orphans = [map_row(db, 6000, 10), map_row(db, 5000, 7000), map_row(db, 6001, 7001)]
    # both kinds of duplicates: 10 has two map rows by now; the shadow of 9 gets a second team, which is not there
    twice = map_row(db, shadows[9], 7002)
    answer = report(db)
    assert answer["coverage"] == {"legacy_team_count": 11, "vnext_team_count": 10, "mapped_team_count": 14,
                                  "legacy_teams_with_mapping": 11, "unmapped_legacy_count": 0, "mapping_percentage": 100}
    assert answer["consistency"]["sampled_teams"] == 9  # with two map rows nobody can say which legacy row is meant
    assert found(answer) == {
        "duplicate_legacy_count": 1, "duplicate_vnext_count": 1, "orphan_count": 5, "name_mismatch_count": 2,
        "slug_mismatch_count": 1, "membership_count_mismatch_count": 3, "missing_legacy_count": 1}
    health = answer["mapping_health"]
    assert (health["duplicate_legacy_ids"], health["duplicate_vnext_ids"]) == ([shadows[9]], [10])
    assert sorted((o["mapping_id"], o["type"], o["legacy_team_id"], o["vnext_team_id"]) for o in health["orphan_mappings"]) == \
        sorted([(orphans[0], "missing_legacy_team", 6000, 10), (orphans[1], "missing_vnext_team", 5000, 7000),
                (orphans[2], "missing_legacy_team", 6001, 7001), (orphans[2], "missing_vnext_team", 6001, 7001),
                (twice, "missing_vnext_team", shadows[9], 7002)])
    samples = answer["consistency"]["samples"]
    assert {(s["vnext_name"], s["legacy_name"]) for s in samples["name_mismatches"]} == \
        {(f"Team {n}", f"other {shadows[n]}") for n in (1, 2)}
    assert samples["slug_mismatches"] == [{"vnext_team_id": 3, "legacy_team_id": shadows[3], "column": "slug",
                                           "vnext_slug": db.value(f"SELECT slug FROM {TEAM} WHERE id = 3"), "legacy_slug": "other"}]
    assert {(s["vnext_team_id"], s["vnext_count"], s["legacy_count"]) for s in samples["membership_count_mismatches"]} == \
        {(4, 3, 4), (5, 3, 2), (6, 3, 2)}
    assert levels(answer) == ["CRITICAL"] * 2 + ["WARNING"] * 5
    assert all("Next: " in line and "dualwrited" in line for line in answer["recommendations"])
    assert report(db, "--fail-on-errors", check=1)["mapping_health"] == health
    text = cli(db, "report", user="daemon_login").stdout
    assert all(len(line) <= 80 for line in text.splitlines())
    assert f'legacy {shadows[3]}' in text and "missing_vnext_team: map row" in text


def test_coverage_counts_active_teams_on_both_sides(synced):
    db = synced
    new_legacy_team(db, 5000)
    new_legacy_team(db, 5001, is_active=False)
    with Daemon(db):
        db.execute(f"UPDATE {TEAM} SET status = 'DISBANDED' WHERE id IN (1, 2)")
        drained(db)
    answer = report(db)
    assert answer["coverage"] == {"legacy_team_count": 9, "vnext_team_count": 8, "mapped_team_count": 10,
                                  "legacy_teams_with_mapping": 8, "unmapped_legacy_count": 1, "mapping_percentage": 88.88}
    assert found(answer) == {} and levels(answer) == ["WARNING"]
    assert cli(db, "report", "--fail-on-errors", user="daemon_login").returncode == 0


def test_a_synced_delete_retires_its_map_row(synced):
    db = synced
    with Daemon(db):
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = 3; DELETE FROM {TEAM} WHERE id = 3")
        drained(db)
    assert found(report(db)) == {"retired_mapping_count": 1}
    # one that was not synced is an orphan
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = 4; DELETE FROM {TEAM} WHERE id = 4")
    forget_events(db)
    assert found(report(db)) == {"retired_mapping_count": 1, "orphan_count": 1}


def test_health_of_the_sync(synced):
    """What waits, what failed, what has no legacy row yet, and who writes past it."""
    db = synced
    old = db.new_team("Old", id=50)
    db.execute(f"UPDATE {TEAM} SET created_at = now() - interval '25 hours' WHERE id = %s", [old])
    db.new_team("New", id=51)
    forget_events(db)
    db.new_team("Newer", id=52)
    as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP} WHERE team_id = %s", [shadow_of(db, 2)])
    as_sync_session(db, f"DELETE FROM {LEGACY_TEAM} WHERE id = %s", [shadow_of(db, 2)])
    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
        VALUES (-1, '1', now(), 0, 'team', 'sync_team_created', '{99}', 1, 'x')""")
    db.legacy.execute("""INSERT INTO dualwrite.legacy_write (login_role, acting_role, application_name, legacy_table, operation, why, at)
        SELECT 'app', 'app', '', 'teams_team', 'UPDATE', 'bypass', now() - h * interval '1 hour' FROM unnest(ARRAY[1, 2, 25]) h""")
    answer = report(db)
    health = answer["dual_write_health"]
    assert found(answer) == {"orphan_count": 1, "missing_legacy_count": 3, "failed_events": 1, "backlog": 1,
                             "inline_legacy_writes_24h": 2}
    assert health["recent_vnext_teams"] == 12 and health["severity"] == "warning" and health["oldest_event_age_seconds"] > 0
    assert {(m["vnext_team_id"], m["legacy_team_id"]) for m in health["missing_mappings"]} == \
        {(51, None), (52, None), (2, shadow_of(db, 2))}
    assert levels(answer) == ["CRITICAL"] + ["WARNING"] * 3  # inline writes; orphan, parked, missing
    install(db, "--guard=on", **{STRICT: True})
    answer = report(db, "--fail-on-errors", check=1, **{STRICT: True})
    assert answer["dual_write_health"]["severity"] == "error" and answer["meta"]["dual_write_strict_mode"] is True
    assert levels(answer) == ["CRITICAL"] * 2 + ["WARNING"] * 2
    install(db, "--guard=on", **{ENABLED: False, BLOCKED: False})
    answer = report(db, **{ENABLED: False})
    assert answer["dual_write_health"] is None and answer["meta"]["dual_write_enabled"] is False
    assert answer["meta"]["legacy_write_blocked"] is False
    assert "because dual write is off" in cli(db, "report", user="daemon_login").stdout


def test_what_was_done_at_a_second_try_is_processed_too(synced):
    db = synced
    before = report(db)["dual_write_health"]["processed_24h"]
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT no_bad CHECK (name <> 'Bad')")
    with Daemon(db) as daemon:
        db.new_team("Bad", id=60)
        daemon.wait_for("dual_write_failed")
        assert report(db)["dual_write_health"]["failed_events"] == 1
        db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} DROP CONSTRAINT no_bad")
        dualwrited("failed", "retry", "--config", daemon.config, "--all")
        wait_until(lambda: report(db)["dual_write_health"]["failed_events"] == 0)
    assert report(db)["dual_write_health"]["processed_24h"] == before + 1


def test_processed_events_are_counted_in_rows_that_soon_rest(synced):
    """While an old snapshot is held, each update of one row walks all its former versions: none may be written for hours."""
    db = synced
    assert db.value("SELECT pg_catalog.bool_and(clock_timestamp() - since < interval '10 minutes') FROM dualwrite.processed")
    # the row of the same five minutes yesterday is used again, and counts no more
    db.execute("UPDATE dualwrite.processed SET since = since - interval '24 hours'")
    assert report(db)["dual_write_health"]["processed_24h"] == 0


def test_at_most_ten_missing_and_five_samples(synced):
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET name = 'x' || id")
    for n in range(60, 72):
        db.new_team(f"Team {n}", id=n)
    answer = report(db)
    assert answer["consistency"]["name_mismatch_count"] == 10 and len(answer["consistency"]["samples"]["name_mismatches"]) == 5
    assert answer["dual_write_health"]["missing_legacy_count"] == 12
    assert [m["vnext_team_id"] for m in answer["dual_write_health"]["missing_mappings"]] == list(range(71, 61, -1))


# ---- the sample and the filters --------------------------------------------------------------------------------------------


def test_a_team_that_cannot_be_compared_is_not_equal(synced):
    """Legacy does not take its region, so nobody knows what else differs: not a team without a mismatch."""
    synced.legacy.execute(f"""CREATE DOMAIN area AS varchar(50) CHECK (value <> 'Mars');
                              ALTER TABLE {LEGACY_TEAM} ALTER region TYPE area""")
    synced.execute(f"UPDATE {TEAM} SET region = 'Mars', name = 'other' WHERE id = 3")
    forget_events(synced)
    answer = report(synced)
    assert found(answer) == {} and answer["consistency"]["sampled_teams"] == 9
    assert levels(answer) == ["WARNING"]
    assert "1 team of the sample cannot be compared" in answer["recommendations"][0] and "area" in answer["recommendations"][0]


def test_the_sample_is_random_and_repeatable(synced):
    as_sync_session(synced, f"UPDATE {LEGACY_TEAM} SET name = 'x' || id")

    def drawn(*args):
        answer = report(synced, "--sample-size=3", *args)
        assert answer["consistency"]["sampled_teams"] == answer["consistency"]["name_mismatch_count"] == 3
        return [s["vnext_team_id"] for s in answer["consistency"]["samples"]["name_mismatches"]]

    assert drawn() == drawn("--seed=0") and drawn("--seed=7") == drawn("--seed=7")
    assert len({tuple(drawn(f"--seed={n}")) for n in range(4)}) > 1
    assert report(synced, "--sample-size=0")["consistency"]["sampled_teams"] == 0


def test_filters_hold_for_teams_of_both_sides(synced):
    db = synced
    new_legacy_team(db, 5000, game="csgo", region="EU")
    db.new_team("New", id=60, game_id=2, region="EU")
    answer = report(db, "--game-id=2", "--region=EU")
    assert answer["meta"]["filters"] == {"game_id": 2, "region": "EU"}
    assert answer["coverage"] == {"legacy_team_count": 3, "vnext_team_count": 3, "mapped_team_count": 10,
                                  "legacy_teams_with_mapping": 2, "unmapped_legacy_count": 1, "mapping_percentage": 66.66}
    assert answer["consistency"]["sampled_teams"] == 2
    assert answer["dual_write_health"]["recent_vnext_teams"] == 3 and answer["dual_write_health"]["missing_legacy_count"] == 1
    assert report(db, "--region=it's")["coverage"]["legacy_team_count"] == 0


def test_filters_that_the_mapping_cannot_do(db, tmp_path):
    done = cli(db, "report", "--game-id=9", check=64)
    assert 'no entry for "9"' in done.stderr and "1, 2, 3, 4" in done.stderr
    mapping = default_mapping()
    del mapping["entities"][0]["columns"]["region"]
    db.settings["DUALWRITE_MAPPING_FILE"] = write_mapping(tmp_path / "m.json", mapping)
    done = cli(db, "report", "--region=EU", check=64)
    assert 'no column "region"' in done.stderr and done.stdout == ""


# ---- other mappings --------------------------------------------------------------------------------------------------------

CLUBS = {"entities": [
    {"name": "club", "source": {"table": "club", "key": ["id"]}, "target": {"table": "old_club", "key": ["code"]},
     "columns": {"code": "id", "title": {"expression": "upper(label)"}, "elo": "strength", "gone": {"constant": "f"}},
     "present": {"column": "deleted", "null": True}, "removal": {"set": {"gone": {"constant": "t"}}},
     "log": {"id": "club_id"}, "operations": {"insert": "club_in", "update": "club_up", "remove": "club_out"}},
    {"name": "ranking", "parent": {"entity": "club", "column": "club", "target_column": "club"},
     "source": {"table": "club_rank", "key": ["id"]}, "target": {"table": "old_rank", "key": ["club", "season"]},
     "columns": {"season": "season", "points": "points"}, "removal": "delete",
     "log": {"id": "ranking_id"}, "operations": {"insert": "rank_in", "update": "rank_up", "remove": "rank_out"}}]}


def test_another_mapping(application):
    """Text keys, no map, no slug, no members; a presence rule, an expression, a ranking column and a ranking table."""
    db = application(CLUBS, vnext="""
        CREATE TABLE club (id text PRIMARY KEY, label text, strength integer, deleted timestamptz);
        CREATE TABLE club_rank (id serial PRIMARY KEY, club text, season integer, points integer)""", legacy="""
        CREATE TABLE old_club (code text PRIMARY KEY, title text, elo integer, gone boolean NOT NULL);
        CREATE TABLE old_rank (club text, season integer, points integer, PRIMARY KEY (club, season))""")
    db.execute("INSERT INTO club SELECT 'c' || n, 'Club ' || n, n FROM generate_series(1, 9) n")
    db.execute("INSERT INTO club_rank (club, season, points) SELECT 'c' || n, 1, n FROM generate_series(1, 5) n")
    db.execute("UPDATE club SET deleted = now() WHERE id = 'c9'")
    db.legacy.execute("INSERT INTO old_club SELECT 'c' || n, 'CLUB ' || n, n, n = 9 FROM generate_series(1, 9) n")
    db.legacy.execute("INSERT INTO old_rank SELECT 'c' || n, 1, n FROM generate_series(1, 5) n")
    for when in ("before", "after"):
        if when == "after":
            install(db)
        user = "postgres" if when == "before" else "daemon_login"
        answer = report(db, user=user)
        assert answer["coverage"] == {"legacy_team_count": 8, "vnext_team_count": 8, "mapped_team_count": 9,
                                      "legacy_teams_with_mapping": 8, "unmapped_legacy_count": 0, "mapping_percentage": 100}
        assert found(answer) == {} and answer["consistency"]["sampled_teams"] == 8
    text = cli(db, "report", user="daemon_login").stdout
    assert "the mapping has no map table" in " ".join(text.split()) and text.count("skipped, because") == 4
    as_sync_session(db, "UPDATE old_club SET title = 'Club 1' WHERE code = 'c1'; UPDATE old_club SET elo = 0 WHERE code = 'c2'")
    as_sync_session(db, "UPDATE old_rank SET points = 0 WHERE club = 'c3'; DELETE FROM old_rank WHERE club = 'c4'")
    as_sync_session(db, "INSERT INTO old_rank VALUES ('c5', 2, 1); INSERT INTO old_club VALUES ('own', '', 0, false)")
    answer = report(db)
    assert found(answer) == {"name_mismatch_count": 1, "ranking_mismatch_count": 4}
    assert answer["coverage"]["unmapped_legacy_count"] == 1
    samples = answer["consistency"]["samples"]
    assert samples["name_mismatches"] == [{"vnext_team_id": "c1", "legacy_team_id": "c1", "column": "title",
                                           "vnext_name": "CLUB 1", "legacy_name": "Club 1"}]
    assert {(s["vnext_team_id"], s["column"], s["vnext_ranking"], s["legacy_ranking"]) for s in samples["ranking_mismatches"]} == {
        ("c2", "elo", "2", "0"), ("c3", "points", "3", "0"), ("c4", "ranking", "a ranking", None),
        ("c5", "number of rankings", "1", "2")}
    done = cli(db, "report", "--game-id=1", check=64)
    assert 'no column "game_id"' in done.stderr


# ---- where it cannot, or not all of it -------------------------------------------------------------------------------------


def test_a_baseline_before_install(db):
    db.new_team("Alpha", id=1)
    db.new_team("Beta", id=2)
    db.new_member(1)
    for n, name in ((11, "Alpha"), (12, "Gamma")):
        db.legacy.execute(f"""INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
            VALUES (%s, %s, %s, 'csgo', 'EU', '', true, now(), now())""", [n, name, f"s{n}"])
    map_row(db, 11, 1)
    map_row(db, 12, 2)
    answer = report(db, user="postgres")
    assert answer["coverage"]["mapping_percentage"] == 100 and answer["dual_write_health"] is None
    assert found(answer) == {"name_mismatch_count": 1, "slug_mismatch_count": 2, "membership_count_mismatch_count": 1}
    text = cli(db, "report").stdout
    assert "none, because dualwrite is not installed yet" in text


@pytest.mark.parametrize("table", [LEGACY_TEAM, MAP])
def test_a_table_that_is_not_there_is_named(db, table):
    db.side(table).execute(f"DROP TABLE {table} CASCADE")
    done = cli(db, "report", "--json", check=78)
    assert table in done.stderr and done.stdout == ""


def test_it_writes_nothing_so_a_read_only_server_will_do(synced):
    for side in synced.sides:
        side.execute(f'ALTER DATABASE "{side.name}" SET default_transaction_read_only = on')
    assert levels(report(synced)) == ["SUCCESS"]


def test_a_server_that_is_away_gives_no_report(synced):
    done = cli(synced, "report", "--json", check=69, DUALWRITE_DATABASE_URL="host=127.0.0.1 port=1 dbname=x")
    assert done.stdout == ""


@pytest.mark.parametrize("column, rest", [("is_active", "status = 'ACTIVE'"), ("name", "name")])
def test_a_connection_that_is_lost_in_the_middle_gives_no_report(db, tmp_path, column, rest):
    """The server ends the session that reads a row: while counting, and while the sample is compared."""
    kind = "boolean" if column == "is_active" else "text"
    db.execute(f"""CREATE FUNCTION cut({kind}) RETURNS {kind} LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN $1; END $$""")
    db.new_team("Alpha", id=1)
    db.legacy.execute(f"""INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
        VALUES (11, 'Alpha', 'alpha', 'csgo', 'EU', '', true, now(), now())""")
    map_row(db, 11, 1)
    mapping = default_mapping()
    mapping["entities"][0]["columns"][column] = {"expression": f"public.cut({rest})"}
    db.settings["DUALWRITE_MAPPING_FILE"] = write_mapping(tmp_path / "cut.json", mapping)
    done = cli(db, "report", "--json", "--fail-on-errors", check=69)
    assert done.stdout == "" and "no report: " in done.stderr and "terminating connection" in done.stderr


def test_a_login_that_may_not_read(synced):
    synced.legacy.execute(f"REVOKE ALL ON {LEGACY_TEAM} FROM dualwrite_daemon, daemon_login, PUBLIC")
    done = cli(synced, "report", user="daemon_login", check=70)
    assert "permission denied" in done.stderr and "GRANT SELECT" in done.stderr and done.stdout == ""


# ---- the command line ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [TEAM, "dualwrite.outbox"])
def test_a_locked_table_is_not_waited_for(installed, table):
    with installed.connect() as holder:
        holder.execute(f"LOCK TABLE {table}")
        done = cli(installed, "report", user="daemon_login", check=False)
        holder.rollback()
    assert done.returncode == 70 and done.stdout == "" and "lock timeout" in done.stderr
    assert "somebody holds a lock on it" in done.stderr


def test_the_file_is_whole_or_not_there(synced, tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    done = cli(synced, "report", "--format=json", f"--output={path}", user="daemon_login")
    assert done.stdout == "" and json.loads(path.read_text())["coverage"]["legacy_team_count"] == 10
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
    done = cli(synced, "report", "--output=/nowhere/report.json", user="daemon_login", check=70)
    assert "/nowhere/report.json" in done.stderr


def test_a_device_stays_what_it_is(synced, tmp_path):
    """Root's `--output=/dev/null` asks for the exit status, and not for a host without /dev/null."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    cli(synced, "report", "--format=json", f"--output={pipe}", user="daemon_login")
    assert pipe.is_fifo() and json.loads(os.read(reader, 1 << 16))["coverage"]["legacy_team_count"] == 10
    os.close(reader)
    null = tmp_path / "null"
    null.symlink_to("/dev/null")
    cli(synced, "report", f"--output={null}", user="daemon_login")
    assert null.is_symlink() and sorted(p.name for p in tmp_path.iterdir()) == ["null", "pipe"]


def test_bad_options(db):
    for option in ("--sample-size=-1", "--sample-size=x", "--seed=1.5", "--format=xml", "--output=", "--game-id"):
        assert cli(db, "report", option, check=64).stdout == ""


# ---- size ------------------------------------------------------------------------------------------------------------------


def high_water(db, tmp_path, *args):
    """The largest resident size of a report in kB, as far as it was seen while it ran."""
    path = tmp_path / "size.env"
    write_env_file(path, config_for(db, "postgres"))
    highest = 0
    with subprocess.Popen([binary(), "report", "--json", "--config", path, *args], stdout=subprocess.PIPE,
                          env=clean_environment()) as process:
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                seen = re.search(r"VmHWM:\s+(\d+)", status.read())
            highest = max(highest, int(seen.group(1)) if seen else 0)
        answer = json.load(process.stdout)
    assert process.returncode == 0
    return highest, answer


def many_teams(db, first, last):
    db.execute(f"""INSERT INTO {TEAM} (id, name, slug, game_id, created_at)
        SELECT n, 'Team ' || n, 'team-' || n, 1, now() FROM generate_series({first}, {last}) n;
        INSERT INTO {MAP} (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at, updated_at)
        SELECT 1000000 - n, n, '', now(), true, now(), now() FROM generate_series({first}, {last}) n""")
    db.legacy.execute(f"""INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
        SELECT 1000000 - n, 'Team ' || n, 'team-' || n, 'valorant', '', '', true, now(), now()
        FROM generate_series({first}, {last}) n""")
    for side in db.sides:
        side.execute("ANALYZE")


def lookups(db):
    """How often the vNext teams were looked up by their key; a session counts when it ends."""
    wait_until(lambda: db.value("""SELECT count(*) = 0 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'dualwrited%%'"""))
    return db.value("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s", [f"{TEAM}_pkey"])


def fetches(db):
    return db.legacy.cluster.log().count("FETCH 10000 FROM dualwrite_")


def test_memory_and_statements_do_not_grow_with_the_tables(db, tmp_path):
    """Two chunks of each stream, and then four: the same memory, and two FETCHes more."""
    for side in db.sides:
        side.execute(f"ALTER DATABASE \"{side.name}\" SET log_statement = 'all'")
    streams = 1 if db.legacy.cluster is not db.cluster else 2
    many_teams(db, 1, 15000)
    before = fetches(db)
    small, answer = high_water(db, tmp_path)
    assert answer["coverage"]["legacy_teams_with_mapping"] == 15000 and found(answer) == {}
    assert fetches(db) - before == streams * 3
    many_teams(db, 15001, 35000)
    before, looked_up = fetches(db), lookups(db)
    large, answer = high_water(db, tmp_path)
    assert answer["coverage"]["legacy_teams_with_mapping"] == 35000 and answer["consistency"]["sampled_teams"] == 50
    assert fetches(db) - before == streams * 5
    assert large - small < 2000
    # planned for the whole stream, not for its first rows: teams are not looked up one by one
    assert lookups(db) - looked_up < 1000
