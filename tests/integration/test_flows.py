"""The five flows of the runbook end to end: a vNext change, the log lines, the legacy rows (SPEC sections 3, 5 and 7)."""

import json
import re
import time

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    ENABLED, HOSTILE, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, STRICT, TEAM, all_asleep, as_sync_session, audit,
    audited, completed, default_mapping, drained, failed, grep, legacy_member, legacy_rows, legacy_team, log_text,
    partitions, sequences, shadow_of, write_mapping,
)

pytestmark = pytest.mark.layouts("one", "two")

# the order of SPEC section 5; what a line does not have is left out
ORDER_TEAM = ["event_type", "operation", "team_id", "user_id"]
ORDER_MEMBER = ["event_type", "operation", "membership_id", "team_id", "user_id"]


def assert_key_order(line, first):
    keys = [key for key in line if key not in ("time", "level")]
    wanted = [key for key in first if key in line]
    assert keys[:len(wanted)] == wanted, keys


# ---- the five flows ----------------------------------------------------------------------------------------------------


def test_the_five_flows(db):
    install(db, "--guard=on")
    with Daemon(db) as daemon:
        # flow 1: create team
        team = db.new_team("Staging Test Team Alpha", actor=456,
                           branding={"logo_url": "https://cdn.example.com/test.png", "primary_color": "#FF0000"})
        done = daemon.wait_for("dual_write_completed", operation="sync_team_created", team_id=team)
        shadow = shadow_of(db, team)
        assert done["user_id"] == "456" and done["legacy_team_id"] == str(shadow)
        assert legacy_team(db, team, "name", "game", "region", "description", "logo_url", "is_active") == (
            "Staging Test Team Alpha", "valorant", "NA", "", "https://cdn.example.com/test.png", True)
        slug, created_at, updated_at = legacy_team(db, team, "slug", "created_at", "updated_at")
        assert db.execute(f"""SELECT v.slug = %s, v.slug = m.legacy_slug, m.verified, v.created_at = %s, v.updated_at = %s,
                                     m.migration_date IS NOT NULL
                              FROM {TEAM} v JOIN {MAP} m ON m.vnext_team_id = v.id""",
                          [slug, created_at, updated_at]) == [(True,) * 6]

        # flow 2: add member
        member = db.new_member(team, user_id=101, actor=456)
        done = daemon.wait_for("dual_write_completed", operation="sync_team_member_added", membership_id=member)
        assert done["team_id"] == str(team) and done["user_id"] == "456"
        assert legacy_member(db, team, 101, "role", "status", "left_at") == ("PLAYER", "ACTIVE", None)

        # flow 3: change role
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'SUBSTITUTE' WHERE id = %s", [member], user="app_user")
        daemon.wait_for("dual_write_completed", operation="sync_team_member_updated", membership_id=member)
        assert legacy_member(db, team, 101, "role") == "SUBSTITUTE"

        # flow 4: change settings
        db.execute(f"""UPDATE {TEAM} SET region = 'EU', description = 'Updated via dual-write test', updated_at = now(),
                       branding = branding || '{{"logo_url": "https://cdn.example.com/updated.png"}}' WHERE id = %s""",
                   [team], user="app_user")
        daemon.wait_for("dual_write_completed", operation="sync_team_settings_updated", team_id=team)
        assert legacy_team(db, team, "region", "description", "logo_url") == (
            "EU", "Updated via dual-write test", "https://cdn.example.com/updated.png")

        # flow 5: remove member
        db.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE', updated_at = now() WHERE id = %s", [member],
                   user="app_user")
        daemon.wait_for("dual_write_completed", operation="sync_team_member_removed", membership_id=member)
        assert legacy_member(db, team, 101, "status") == "INACTIVE"
        assert legacy_member(db, team, 101, "left_at") is not None
        assert_in_step(db)

        # the runbook's greps, 001 sections 3.2 to 3.7
        assert len(grep(daemon, f"dual_write_scheduled.*team_id={team}")) >= 2
        assert len(grep(daemon, f"team_member_added|dual_write_scheduled.*membership_id={member}")) >= 1
        for operation, id in (("sync_team_created", f"team_id={team} user_id=456"),
                              ("sync_team_settings_updated", f"team_id={team}"),
                              ("sync_team_member_added", f"membership_id={member}"),
                              ("sync_team_member_updated", f"membership_id={member}"),
                              ("sync_team_member_removed", f"membership_id={member}")):
            assert len(grep(daemon, f" INFO event_type=dual_write_scheduled operation={operation} {id}( |$)")) == 1
            assert len(grep(daemon, f" INFO event_type=dual_write_completed operation={operation} {id}.* duration_ms=[0-9]+"
                            )) == 1
        assert grep(daemon, "dual_write_failed") == []


def test_every_processed_event_gets_one_scheduled_and_one_completed_line(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT {team}, n FROM generate_series(1, 300) n",
                   user="app_user")
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
        completed(daemon, 601)
        drained(db)
        for event_type in ("dual_write_scheduled", "dual_write_completed"):
            ids = [line["event_id"] for line in daemon.lines(event_type)]
            assert len(ids) == len(set(ids)) == 601, event_type
        # scheduled before completed, each
        order = [(line["event_id"], line["event_type"]) for line in daemon.lines() if "event_id" in line]
        at = {pair: n for n, pair in enumerate(order)}
        assert all(at[id, "dual_write_scheduled"] < at[id, "dual_write_completed"] for id, _ in at)
        assert_in_step(db)


def test_the_keys_of_a_line_stand_in_the_order_of_the_contract(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team(actor="7")
        member = db.new_member(team, actor="7")
        quiet = db.new_team("no actor")
        bad = db.new_team("bad", game_id=99, actor="7")
        for wanted, first in (({"team_id": team}, ORDER_TEAM), ({"membership_id": member}, ORDER_MEMBER),
                              ({"team_id": quiet}, ORDER_TEAM)):
            operation = "sync_team_member_added" if "membership_id" in wanted else "sync_team_created"
            for event_type in ("dual_write_scheduled", "dual_write_completed"):
                line = daemon.wait_for(event_type, operation=operation, **wanted)
                assert set(first) - set(line) <= {"user_id"}
                assert_key_order(line, first)
        assert "user_id" not in daemon.wait_for("dual_write_completed", team_id=quiet)
        done = daemon.wait_for("dual_write_completed", membership_id=member)
        assert {"legacy_team_id", "event_id", "attempt", "duration_ms", "lag_ms", "lag_from"} <= set(done)
        assert int(done["attempt"]) == 1 and int(done["duration_ms"]) >= 0 and int(done["lag_ms"]) >= 0
        assert done["level"] == "INFO"
        line = daemon.wait_for("dual_write_failed", team_id=bad)
        assert_key_order(line, ORDER_TEAM)


# ---- every row of SPEC section 3 -----------------------------------------------------------------------------------------


def test_a_deleted_team_is_deactivated_and_keeps_its_map_row(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.new_member(team)
        assert_in_step(db)
        before = db.execute(f"SELECT legacy_team_id, vnext_team_id FROM {MAP}")
        with db.connect("app_user") as conn:
            conn.execute(f"DELETE FROM {MEMBERSHIP}")
            conn.execute(f"DELETE FROM {TEAM}")
            conn.commit()
        daemon.wait_for("dual_write_completed", operation="sync_team_deleted", team_id=team)
        drained(db)
        assert legacy_team(db, team, "is_active") is False
        assert legacy_member(db, team, 101, "status") == "INACTIVE"
        assert db.execute(f"SELECT legacy_team_id, vnext_team_id FROM {MAP}") == before


def test_a_disbanded_team_is_inactive_and_a_revived_one_active_again(db):
    install(db)
    with Daemon(db):
        team = db.new_team()
        for status, active in (("DISBANDED", False), ("ACTIVE", True)):
            db.execute(f"UPDATE {TEAM} SET status = %s", [status], user="app_user")
            wait_until(lambda active=active: legacy_team(db, team, "is_active") is active)
        assert_in_step(db)


@pytest.mark.parametrize("role, legacy", [("OWNER", "OWNER"), ("SUBSTITUTE", "SUBSTITUTE"), ("ANALYST", "PLAYER"),
                                          ("owner", "PLAYER"), ("", "PLAYER")])
def test_a_role_that_legacy_does_not_know_becomes_player(db, role, legacy):
    install(db)
    team = db.new_team()
    db.new_member(team, role=role)
    with Daemon(db):
        wait_until(lambda: legacy_member(db, team, 101, "role") == legacy)


@pytest.mark.parametrize("game_id, game", [(1, "valorant"), (2, "csgo"), (3, "dota2"), (4, "pubg")])
def test_the_games(db, game_id, game):
    install(db)
    team = db.new_team(game_id=game_id)
    with Daemon(db):
        wait_until(lambda: legacy_team(db, team, "game") == game)


def test_an_unknown_game_fails_that_event_by_name_and_no_other(db):
    install(db)
    with Daemon(db) as daemon:
        bad = db.new_team("bad", game_id=99)
        good = db.new_team("good")
        line = daemon.wait_for("dual_write_failed", operation="sync_team_created", team_id=bad)
        assert "game" in line["error"] and "99" in line["error"]
        assert line["level"] == "WARNING" and line["severity"] == "warning"
        daemon.wait_for("dual_write_completed", team_id=good)
        drained(db)
        assert set(failed(db)) == {str(bad)} and failed(db)[str(bad)]["retry_at"] is None
        assert legacy_team(db, bad, "name") is None
        db.execute(f"UPDATE {TEAM} SET game_id = 4 WHERE id = %s", [bad], user="app_user")
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


def test_a_member_who_moves_leaves_the_old_team_and_joins_the_new(db):
    install(db)
    with Daemon(db):
        one, two = db.new_team("one"), db.new_team("two")
        member = db.new_member(one)
        wait_until(lambda: legacy_member(db, one, 101, "status") == "ACTIVE")
        db.execute(f"UPDATE {MEMBERSHIP} SET team_id = %s WHERE id = %s", [two, member], user="app_user")
        wait_until(lambda: legacy_member(db, two, 101, "status") == "ACTIVE")
        wait_until(lambda: legacy_member(db, one, 101, "status") == "INACTIVE")
        assert_in_step(db)


def test_of_several_stays_the_active_one_speaks_else_the_latest(db):
    """Who leaves and comes back has two vNext rows and one legacy row."""
    install(db)
    with Daemon(db):
        team = db.new_team()
        old = db.new_member(team, role="OWNER")
        wait_until(lambda: legacy_member(db, team, 101, "status") == "ACTIVE")
        db.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE', updated_at = now() WHERE id = %s", [old], user="app_user")
        wait_until(lambda: legacy_member(db, team, 101, "status") == "INACTIVE")
        new = db.new_member(team, role="COACH")
        wait_until(lambda: legacy_member(db, team, 101, "role", "status", "left_at") == ("COACH", "ACTIVE", None))
        # what happens to the old stay does not concern the legacy row
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'MANAGER', updated_at = now() WHERE id = %s", [old], user="app_user")
        drained(db)
        assert legacy_member(db, team, 101, "role", "status") == ("COACH", "ACTIVE")
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [old], user="app_user")
        drained(db)
        assert legacy_member(db, team, 101, "role", "status") == ("COACH", "ACTIVE")
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [new], user="app_user")
        wait_until(lambda: legacy_member(db, team, 101, "status") == "INACTIVE")
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_MEMBERSHIP}") == 1


def test_a_membership_whose_team_has_no_shadow_yet_creates_it_first(db):
    install(db)
    team = db.new_team()
    db.new_member(team)
    db.execute("DELETE FROM dualwrite.outbox WHERE entity = 'team'")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", operation="sync_team_member_added")
        assert daemon.lines(operation="sync_team_created") == []
        assert_in_step(db)
        assert db.execute(f"SELECT verified FROM {MAP}") == [(True,)]


def test_an_update_of_a_team_without_a_shadow_creates_it(db):
    team = db.new_team()
    install(db)
    with Daemon(db) as daemon:
        assert legacy_team(db, team, "name") is None
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        daemon.wait_for("dual_write_completed", operation="sync_team_settings_updated")
        assert_in_step(db)


def test_a_change_of_unmapped_columns_only_reaches_nobody(db):
    install(db)
    db.execute(f"ALTER TABLE {TEAM} ADD COLUMN notes text")
    with Daemon(db) as daemon:
        team = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)
        before = legacy_rows(db, versions=True)
        db.execute(f"UPDATE {TEAM} SET notes = 'unmapped'", user="app_user")
        mark = db.new_team("mark")
        daemon.wait_for("dual_write_completed", team_id=mark)
        assert len(daemon.lines(team_id=team, event_type="dual_write_scheduled")) == 1
        assert before[LEGACY_TEAM][0] in legacy_rows(db, versions=True)[LEGACY_TEAM]


# ---- ids and texts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", [2**31, 2**53 + 1, 2**63 - 1, -1, 0])
def test_ids_survive_whole(db, id):
    install(db)
    with Daemon(db) as daemon:
        db.new_team(id=id)
        db.new_member(id, user_id=id, id=id)
        assert daemon.wait_for("dual_write_completed", operation="sync_team_created")["team_id"] == str(id)
        line = daemon.wait_for("dual_write_completed", operation="sync_team_member_added")
        assert line["membership_id"] == line["team_id"] == str(id)
        assert_in_step(db)
        assert db.execute(f"SELECT vnext_team_id FROM {MAP}") == [(id,)]


def test_legacy_ids_beyond_2_to_the_53_survive_whole(db):
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN id RESTART WITH {2**53 + 1}")
    install(db)
    with Daemon(db) as daemon:
        db.new_member(db.new_team())
        assert daemon.wait_for("dual_write_completed", operation="sync_team_created")["legacy_team_id"] == str(2**53 + 1)
        assert_in_step(db)


def test_names_of_every_kind_arrive_as_they_are(db):
    install(db)
    with Daemon(db):
        teams = {db.new_team(text[:100], slug=f"h{n}", description=text, region=text[:50],
                             branding={"logo_url": text}): text for n, text in enumerate(HOSTILE.values())}
        assert_in_step(db)
        for team, text in teams.items():
            assert legacy_team(db, team, "name", "description", "logo_url") == (text[:100], text, text)
        assert db.value(f"SELECT bool_and(verified) FROM {MAP}")


@pytest.mark.layouts("one", reason="the actor goes from the vNext outbox to the log; legacy has no part in it")
@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_an_actor_of_any_kind_breaks_and_forges_no_line(db, format):
    install(db)
    with Daemon(db, DUALWRITE_LOG_FORMAT=format) as daemon:
        actors = {db.new_team(f"t{n}", actor=text): text for n, text in enumerate(HOSTILE.values())}
        for team, text in actors.items():
            line = daemon.wait_for("dual_write_completed", team_id=team)
            assert line["user_id"] == text[:64]
        # every line there is parses (the end of the block insists on it), and none was made by an actor
        ids = {line["team_id"] for line in daemon.lines() if "team_id" in line}
        assert ids == {str(team) for team in actors}


@pytest.mark.parametrize("format", ["logfmt", "json"])
def test_a_text_in_an_error_breaks_and_forges_no_line(db, format):
    install(db)
    db.legacy.execute(f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                          $$ BEGIN RAISE EXCEPTION '%', NEW.description; END $$;
                          CREATE TRIGGER refuse BEFORE INSERT ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION refuse()""")
    with Daemon(db, DUALWRITE_LOG_FORMAT=format) as daemon:
        teams = {db.new_team(f"t{n}", description=text): text for n, text in enumerate(HOSTILE.values())}
        for team, text in teams.items():
            line = daemon.wait_for("dual_write_failed", team_id=team)
            # the message of a row may be cut or have its line ends changed, but what is there is the text
            assert text.split("\n")[0][:40].strip() in line["error"]
        ids = {line["team_id"] for line in daemon.lines() if "team_id" in line}
        assert ids == {str(team) for team in teams}


# ---- the row is the truth --------------------------------------------------------------------------------------------------


def a_little_history(db):
    """Teams and members through all operations; returns the deleted team."""
    teams = [db.new_team(f"team {n}") for n in range(4)]
    members = [db.new_member(team, user_id=100 + n) for team in teams for n in range(3)]
    db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now() WHERE id = %s", [teams[0]], user="app_user")
    db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE id = %s", [members[0]], user="app_user")
    db.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE' WHERE id = %s", [members[1]], user="app_user")
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [members[2]], user="app_user")
    db.execute(f"UPDATE {MEMBERSHIP} SET team_id = %s WHERE id = %s", [teams[1], members[6]], user="app_user")
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = %s", [teams[3]], user="app_user")
    db.execute(f"DELETE FROM {TEAM} WHERE id = %s", [teams[3]], user="app_user")
    return teams[3]


def test_any_operation_again_late_and_out_of_order_ends_in_the_same_rows(db):
    install(db)
    gone = a_little_history(db)
    db.execute("CREATE TABLE public.test_saved AS SELECT * FROM dualwrite.outbox")
    with Daemon(db) as daemon:
        drained(db)
        assert_in_step(db)
        before = legacy_rows(db)
        assert legacy_team(db, gone, "name") is None or legacy_team(db, gone, "is_active") is False
        for order in ("id DESC", "md5(id::text)", "id"):
            mark = daemon.mark()
            db.execute(f"""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref, actor)
                           SELECT bucket, entity, operation, ref, actor FROM public.test_saved, generate_series(1, 2)
                           ORDER BY {order}""")
            completed(daemon, db.value("SELECT 2 * count(*)::int FROM public.test_saved"), since=mark)
            assert legacy_rows(db) == before, order
        assert_in_step(db)


def test_a_removal_event_for_a_row_that_is_there_removes_nothing(db):
    """Late, or forged: the row is the truth."""
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.new_member(team)
        completed(daemon, 2)
        before, mark = legacy_rows(db, versions=True), daemon.mark()
        db.execute("CREATE TABLE public.test_refs AS SELECT %s::text AS team", [str(team)])
        db.execute(f"""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
                       SELECT hashtextextended(id::text, 0) & 1023, 'team', 'sync_team_deleted', ARRAY[id::text]
                       FROM {TEAM}
                       UNION ALL
                       SELECT hashtextextended(team_id::text, 0) & 1023, 'membership', 'sync_team_member_removed',
                              ARRAY[id::text, team_id::text, user_id::text] FROM {MEMBERSHIP}""")
        completed(daemon, 2, since=mark)
        assert legacy_rows(db, versions=True) == before


def test_events_for_rows_that_never_were_write_nothing(db):
    install(db)
    with Daemon(db) as daemon:
        db.execute("""INSERT INTO dualwrite.outbox (bucket, entity, operation, ref) VALUES
                      (1, 'team', 'sync_team_created', '{777}'), (1, 'team', 'sync_team_deleted', '{777}'),
                      (2, 'team', 'sync_team_settings_updated', '{778}'),
                      (3, 'membership', 'sync_team_member_added', '{1,779,5}'),
                      (3, 'membership', 'sync_team_member_removed', '{1,779,5}')""")
        completed(daemon, 5)
        drained(db)
        assert legacy_rows(db) == {LEGACY_TEAM: [], LEGACY_MEMBERSHIP: [], MAP: []}
        assert daemon.lines("dual_write_failed") == []


def test_values_that_did_not_change_are_not_written(db):
    install(db)
    with Daemon(db) as daemon:
        db.new_member(db.new_team())
        completed(daemon, 2)
        before, mark = legacy_rows(db, versions=True), daemon.mark()
        # a mapped source column changes, what the mapping makes of it does not
        db.execute(f"""UPDATE {TEAM} SET branding = branding || '{{"primary_color": "#00FF00"}}'""", user="app_user")
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'ANALYST'", user="app_user")
        completed(daemon, 2, since=mark)
        assert legacy_rows(db, versions=True) == before


def test_insert_only_columns_keep_what_legacy_has(db):
    install(db, "--guard=on")
    with Daemon(db) as daemon:
        team = db.new_team()
        db.new_member(team)
        completed(daemon, 2)
        as_sync_session(db, f"""UPDATE {LEGACY_TEAM} SET created_at = '2001-01-01';
                                UPDATE {LEGACY_MEMBERSHIP} SET joined_at = '2001-01-01'""")
        db.execute(f"UPDATE {TEAM} SET region = 'EU'; UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
        completed(daemon, 4)
        assert str(legacy_team(db, team, "created_at"))[:4] == "2001"
        assert str(legacy_member(db, team, 101, "joined_at"))[:4] == "2001"
        assert legacy_team(db, team, "region") == "EU" and legacy_member(db, team, 101, "role") == "COACH"


def test_columns_that_the_mapping_does_not_name_are_left_alone(db):
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD COLUMN wins integer NOT NULL DEFAULT 0")
    install(db)
    with Daemon(db) as daemon:
        db.new_team()
        completed(daemon, 1)
        as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET wins = 7")
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        completed(daemon, 2)
        assert db.legacy.value(f"SELECT wins FROM {LEGACY_TEAM}") == 7


def test_a_thousand_updates_of_a_team_cost_few_legacy_writes(db):
    install(db)
    audit(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        completed(daemon, 1)
        db.execute(f"""DO $$ BEGIN FOR n IN 1..1000 LOOP
                           UPDATE {TEAM} SET description = 'update ' || n WHERE id = {team};
                       END LOOP; END $$""", user="app_user")
        completed(daemon, 1001)
        assert_in_step(db)
        assert audited(db, LEGACY_TEAM)["UPDATE"] <= 3


def test_a_team_created_changed_and_deleted_in_one_go(db):
    install(db)
    with Daemon(db) as daemon:
        with db.connect("app_user") as conn:
            team = conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('x', 'x', 1) RETURNING id").fetchone()[0]
            conn.execute(f"UPDATE {TEAM} SET name = 'y'")
            conn.execute(f"DELETE FROM {TEAM}")
            conn.commit()
        completed(daemon, 3, team_id=team)
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE is_active") == 0


def test_a_shadow_deleted_beside_us_comes_back_with_the_same_id(db):
    install(db, "--guard=on")
    with Daemon(db) as daemon:
        team = db.new_team()
        completed(daemon, 1)
        before = legacy_team(db, team, "id")
        as_sync_session(db, f"DELETE FROM {LEGACY_TEAM}")
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        completed(daemon, 2)
        assert legacy_team(db, team, "id") == before
        assert_in_step(db)


def test_a_shadow_changed_beside_us_is_put_right_by_the_next_update(db):
    install(db, "--guard=on")
    with Daemon(db) as daemon:
        db.new_team()
        completed(daemon, 1)
        as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET name = 'drifted', is_active = false")
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        completed(daemon, 2)
        assert_in_step(db)


def test_a_rolled_back_change_is_never_scheduled(db):
    install(db)
    with Daemon(db) as daemon:
        with db.connect("app_user") as conn:
            gone = conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('x', 'x', 1) RETURNING id").fetchone()[0]
            conn.rollback()
        mark = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=mark)
        assert daemon.lines(team_id=gone) == []


def test_changes_commit_in_another_order_than_they_were_made(db):
    """Sequence order is not commit order: the transaction with the lower ids commits last."""
    install(db)
    with Daemon(db) as daemon:
        with db.connect("app_user") as conn:
            first = conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('a', 'a', 1) RETURNING id").fetchone()[0]
            second = db.new_team("second")
            daemon.wait_for("dual_write_completed", team_id=second)
            conn.commit()
        daemon.wait_for("dual_write_completed", team_id=first)
        assert_in_step(db)


# ---- 10,000 rows -----------------------------------------------------------------------------------------------------------


def test_a_statement_of_10000_rows_works_like_10000_statements(db):
    install(db)
    with Daemon(db) as daemon:
        db.execute(f"""INSERT INTO {TEAM} (name, slug, game_id) SELECT 'n' || n, 'n' || n, 1 + n % 4
                       FROM generate_series(1, 10000) n""", user="app_user")
        completed(daemon, 10000, timeout=60)
        assert_in_step(db, timeout=5)
        assert db.value(f"SELECT count(*) FROM {MAP} WHERE verified") == 10000


# ---- modes -----------------------------------------------------------------------------------------------------------------


def test_start_up_catches_up_with_what_was_captured_before(db):
    install(db)
    a_little_history(db)
    assert db.backlog() > 0
    with Daemon(db):
        assert_in_step(db)
        drained(db)


def test_without_notify_the_daemon_polls(db):
    install(db)
    with Daemon(db, DUALWRITE_NOTIFY="off", DUALWRITE_POLL_INTERVAL="200ms"):
        a_little_history(db)
        assert_in_step(db)
        drained(db)
        # nobody rings for it: its doorbells never promise a sleeper
        now = db.value("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        assert all((sequences(db)[f"doorbell_{n}"] or 0) <= now for n in range(partitions(db)))
        assert not db.execute("""SELECT query FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'
                                 AND datname = current_database() AND query ~* '\\mlisten\\M'""")


@pytest.mark.layouts("one", reason="the doorbell and its writers are in vNext; legacy has no part in it")
def test_a_sleeping_daemon_is_woken_by_the_doorbell(db):
    """The poll timer, at five seconds, would take half of that on average."""
    install(db)
    with Daemon(db, DUALWRITE_POLL_INTERVAL="5s") as daemon:
        now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        for n in range(6):
            wait_until(lambda: db.value(f"""SELECT bool_and(coalesce(pg_sequence_last_value(oid), 0) > {now}) FROM pg_class
                                            WHERE relnamespace = 'dualwrite'::regnamespace AND relname LIKE 'doorbell%'
                                         """), what="the daemon sleeps on every doorbell")
            team = db.new_team(f"wake {n}")
            assert int(daemon.wait_for("dual_write_completed", team_id=team)["lag_ms"]) < 2500
        assert_in_step(db)


@pytest.mark.layouts("one", reason="the doorbell and its writers are in vNext; legacy has no part in it")
def test_a_writer_that_is_older_than_the_doorbell_is_not_missed(db):
    """It read the doorbell before the daemon set it, so it does not ring; the daemon may not sleep before it has ended."""
    install(db)
    for n in range(2):
        with db.connect("app_user") as conn:
            all_asleep(db, seconds=-1)
            team = conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('old', 'o{n}', 1) RETURNING id").fetchone()[0]
            with Daemon(db, DUALWRITE_POLL_INTERVAL="5s") as daemon:
                wait_until(lambda: db.value("""SELECT bool_and(pg_sequence_last_value(oid)
                                                               > extract(epoch FROM clock_timestamp()) * 1000)
                                               FROM pg_class WHERE relnamespace = 'dualwrite'::regnamespace
                                               AND relname LIKE 'doorbell%'"""), what="every doorbell is set")
                time.sleep(1.5)  # time to fall asleep, and to beat once, for one that does not wait
                conn.commit()
                assert int(daemon.wait_for("dual_write_completed", team_id=team)["lag_ms"]) < 2000


def test_json_log_lines_have_the_same_keys(db):
    install(db)
    with Daemon(db, DUALWRITE_LOG_FORMAT="json") as daemon:
        team = db.new_team(actor=456)
        member = db.new_member(team, actor=456)
        daemon.wait_for("dual_write_completed", membership_id=member)
        lines = [json.loads(line) for line in daemon.raw]
        for line in lines:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
            assert line["level"] in ("DEBUG", "INFO", "WARNING", "ERROR") and "event_type" in line
        done = next(line for line in lines
                    if line["event_type"] == "dual_write_completed" and line.get("membership_id") in (member, str(member)))
        assert_key_order(done, ORDER_MEMBER)
        assert isinstance(done["duration_ms"], int)


def test_lag_is_counted_from_the_commit_where_commit_times_are_tracked(db):
    install(db)
    with Daemon(db) as daemon:
        with db.connect("app_user") as conn:
            conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('slow', 'slow', 1)")
            conn.execute("SELECT pg_sleep(2)")
            conn.commit()
        line = daemon.wait_for("dual_write_completed")
        assert line["lag_from"] == "commit"
        assert 0 <= int(line["lag_ms"]) < 2000


@pytest.mark.layouts("one", reason="where the lag begins is decided in vNext")
def test_lag_is_counted_from_the_capture_where_commit_times_are_not_tracked(cluster, db):
    install(db)
    db.execute("ALTER SYSTEM SET track_commit_timestamp = off")
    db.close()
    try:
        cluster.restart()
        with Daemon(db) as daemon:
            with db.connect("app_user") as conn:
                conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('slow', 'slow', 1)")
                conn.execute("SELECT pg_sleep(1)")
                conn.commit()
            line = daemon.wait_for("dual_write_completed")
            assert line["lag_from"] == "capture"
            assert int(line["lag_ms"]) >= 1000
    finally:
        db.execute("ALTER SYSTEM RESET track_commit_timestamp")
        db.close()
        cluster.restart()


@pytest.mark.parametrize("strict, level, severity", [(False, "WARNING", "warning"), (True, "ERROR", "ERROR")])
def test_a_failure_is_a_warning_and_in_strict_mode_an_error(db, strict, level, severity):
    install(db)
    with Daemon(db, **{STRICT: strict}) as daemon:
        team = db.new_team(game_id=99)
        line = daemon.wait_for("dual_write_failed", operation="sync_team_created", team_id=team)
        assert (line["level"], line["severity"]) == (level, severity)
        assert line["sqlstate"] and line["exception_type"] and line["error"]
        assert len(grep(daemon, f' {level} event_type=dual_write_failed operation=sync_team_created team_id={team}'
                                f' error="[^"]+.*" severity={severity}')) == 1, log_text(daemon)


# ---- other people's tables -------------------------------------------------------------------------------------------------


def test_another_applications_tables_work_without_a_change_to_the_code(application):
    """uuid and text keys, other schemas, names that need quoting, a removal that deletes, other operation names."""
    vnext = """
        CREATE SCHEMA "New Shop"; CREATE SCHEMA maps;
        CREATE TABLE "New Shop"."Order" ("Id" uuid PRIMARY KEY DEFAULT gen_random_uuid(), "Total" numeric NOT NULL,
                                         "unused" text);
        CREATE TABLE "New Shop"."line" (sku text NOT NULL, "Order Id" uuid NOT NULL, qty integer NOT NULL,
                                        PRIMARY KEY ("Order Id", sku));
        CREATE TABLE maps.links (new_id uuid PRIMARY KEY, old_no bigint NOT NULL UNIQUE)"""
    legacy = """
        CREATE SCHEMA old;
        CREATE TABLE old.purchase (no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, amount numeric, state text NOT NULL);
        CREATE TABLE old.item (purchase_no bigint REFERENCES old.purchase, sku text, qty integer, PRIMARY KEY (purchase_no, sku))
        """
    mapping = {
        "channel": "shop",
        "entities": [
            {"name": "order", "source": {"schema": "New Shop", "table": "Order", "key": ["Id"]},
             "target": {"schema": "old", "table": "purchase", "key": ["no"]},
             "map": {"schema": "maps", "table": "links", "source_key": "new_id", "target_key": "old_no"},
             "columns": {"amount": "Total", "state": {"constant": "synced"}},
             "removal": {"set": {"state": {"constant": "gone"}}},
             "log": {"id": "order_id", "target_id": "purchase_no"},
             "operations": {"insert": "sync_order_placed", "update": "sync_order_changed", "remove": "sync_order_gone"}},
            {"name": "line", "parent": {"entity": "order", "column": "Order Id", "target_column": "purchase_no"},
             "source": {"schema": "New Shop", "table": "line", "key": ["Order Id", "sku"]},
             "target": {"schema": "old", "table": "item", "key": ["purchase_no", "sku"]},
             "columns": {"sku": "sku", "qty": "qty"}, "removal": "delete", "log": {"id": "line_id"},
             "operations": {"insert": "sync_line_added", "update": "sync_line_changed", "remove": "sync_line_gone"}}]}
    db = application(mapping, vnext, legacy)
    install(db)
    with Daemon(db) as daemon:
        order = db.value('INSERT INTO "New Shop"."Order" ("Total") VALUES (9.99) RETURNING "Id"', user="app_user")
        for sku in ("a b", "c\"d'e", "{x,y}"):
            db.execute('INSERT INTO "New Shop".line VALUES (%s, %s, 1)', [sku, order], user="app_user")
        daemon.wait_for("dual_write_completed", operation="sync_order_placed", order_id=order)
        no = db.value("SELECT old_no FROM maps.links WHERE new_id = %s", [order])
        items = f"SELECT sku, qty FROM old.item WHERE purchase_no = {no} ORDER BY 1"
        wait_until(lambda: db.legacy.execute(items) == [("a b", 1), ("c\"d'e", 1), ("{x,y}", 1)])
        assert db.legacy.execute("SELECT no, amount::text, state FROM old.purchase") == [(no, "9.99", "synced")]
        db.execute("""UPDATE "New Shop".line SET qty = 5 WHERE sku = 'a b'; DELETE FROM "New Shop".line WHERE sku <> 'a b'""",
                   user="app_user")
        wait_until(lambda: db.legacy.execute(items) == [("a b", 5)])
        db.execute('DELETE FROM "New Shop".line; DELETE FROM "New Shop"."Order"', user="app_user")
        wait_until(lambda: db.legacy.execute("SELECT state FROM old.purchase") == [("gone",)])
        wait_until(lambda: db.legacy.execute(items) == [])
        daemon.wait_for("dual_write_completed", operation="sync_order_gone", order_id=order)
        assert daemon.lines("dual_write_failed") == []


def test_a_legacy_column_that_is_too_short_fails_the_row_and_cuts_nothing(db):
    install(db)
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN name TYPE varchar(10)")
    with Daemon(db) as daemon:
        long, short = db.new_team("eleven char"), db.new_team("short")
        line = daemon.wait_for("dual_write_failed", team_id=long)
        assert (line["sqlstate"], line["exception_type"]) == ("22001", "string_data_right_truncation")
        daemon.wait_for("dual_write_completed", team_id=short)
        assert legacy_team(db, long, "name") is None


def test_a_truncation_that_the_mapping_asks_for_is_done(db, tmp_path):
    mapping = default_mapping()
    mapping["entities"][0]["columns"]["name"] = {"column": "name", "truncate": 10}
    path = write_mapping(tmp_path / "m.json", mapping)
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN name TYPE varchar(10)")
    install(db, DUALWRITE_MAPPING_FILE=path)
    with Daemon(db, DUALWRITE_MAPPING_FILE=path) as daemon:
        team = db.new_team("\u00fc" * 20)
        daemon.wait_for("dual_write_completed", team_id=team)
        assert legacy_team(db, team, "name") == "\u00fc" * 10


def test_nothing_happens_while_dual_write_is_off_and_all_of_it_afterwards(db):
    install(db)
    with Daemon(db, **{ENABLED: False}) as daemon:
        a_little_history(db)
        assert db.backlog() > 0
        assert legacy_rows(db) == {LEGACY_TEAM: [], LEGACY_MEMBERSHIP: [], MAP: []}
        assert daemon.lines("dual_write_scheduled") == []
        daemon.hup(**{ENABLED: True})
        drained(db)
        assert_in_step(db)
