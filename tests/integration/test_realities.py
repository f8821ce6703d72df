"""What real applications do to a mapping: schemas as an ORM makes them, several vNext rows for one legacy row, rows that wait
for other rows, scripts that write beside us, values that are too long, sequences that must not be burnt."""

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, as_sync_session, completed, default_mapping, drained, failed,
    legacy_member, legacy_rows, legacy_team, shadow_of, write_mapping,
)

pytestmark = pytest.mark.layouts("one", "two")

# a row that waits for another one is tried again by itself within ten seconds or so; here it gets three times that
HEALS = 30


def foreign_keys(db):
    """(constraint, deferred) of every foreign key of the legacy tables."""
    return db.legacy.execute("SELECT conname, condeferred FROM pg_constraint WHERE contype = 'f' AND conrelid IN "
                             "(%s::regclass, %s::regclass)", [LEGACY_TEAM, LEGACY_MEMBERSHIP])


def legacy_users(db, *ids):
    """The legacy membership's user_id becomes a foreign key as Django makes it, with these users; users(...) adds more."""
    db.legacy.execute(f"""
        CREATE TABLE auth_user (id bigint PRIMARY KEY);
        ALTER TABLE {LEGACY_MEMBERSHIP} ADD CONSTRAINT member_user_fk FOREIGN KEY (user_id) REFERENCES auth_user (id)
            DEFERRABLE INITIALLY DEFERRED""")
    users(db, *ids)


def users(db, *ids):
    db.legacy.execute("INSERT INTO auth_user SELECT unnest(%s::bigint[])", [list(ids)])


def versions(db, table):
    """{key: (xmin, ctid)} of a legacy table or the map: equal means that nobody wrote the row, not even the same values."""
    return {id: version for id, *version in db.side(table).execute(f"SELECT id, xmin::text, ctid::text FROM {table}")}


def last_value(db, table):
    return db.legacy.value("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", [table])


# ---- schemas as an ORM makes them --------------------------------------------------------------------------------------------


def test_a_deferred_violation_is_caught_per_event_and_its_neighbours_complete(db):
    """Every foreign key is DEFERRABLE INITIALLY DEFERRED: it would surface at the COMMIT of the whole batch."""
    legacy_users(db, *(n for n in range(1, 31) if n not in (7, 23)))
    install(db)
    assert {deferred for _, deferred in foreign_keys(db)} == {True} and len(foreign_keys(db)) == 2
    team = db.new_team()
    with db.connect("app_user") as conn:
        ids = dict(conn.execute(f"""INSERT INTO {MEMBERSHIP} (team_id, user_id)
                                    SELECT {team}, n FROM generate_series(1, 30) n RETURNING user_id, id""").fetchall())
        conn.commit()
    with Daemon(db) as daemon:
        for user in (7, 23):
            line = daemon.wait_for("dual_write_failed", membership_id=ids[user], operation="sync_team_member_added")
            assert (line["sqlstate"], line["exception_type"], line["constraint"]) == (
                "23503", "foreign_key_violation", "member_user_fk")
        for user in set(ids) - {7, 23}:
            daemon.wait_for("dual_write_completed", membership_id=ids[user])
        assert {line["membership_id"] for line in daemon.lines("dual_write_failed")} == {str(ids[7]), str(ids[23])}
        assert db.legacy.value(f"SELECT count(*)::int FROM {LEGACY_MEMBERSHIP} WHERE status = 'ACTIVE'") == 28
        drained(db)
        assert set(failed(db)) == {str(ids[7]), str(ids[23])}


def test_a_deferred_violation_of_an_update_leaves_the_old_row_whole(db):
    db.legacy.execute(f"""
        CREATE TABLE regions (name varchar PRIMARY KEY); INSERT INTO regions VALUES ('NA'), ('EU');
        ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT region_fk FOREIGN KEY (region) REFERENCES regions
            DEFERRABLE INITIALLY DEFERRED""")
    install(db)
    with Daemon(db) as daemon:
        teams = [db.new_team(f"team {n}") for n in range(10)]
        completed(daemon, 10)
        bad = teams[4]
        with db.connect("app_user") as conn:
            conn.execute(f"UPDATE {TEAM} SET region = 'EU', description = 'new'")
            conn.execute(f"UPDATE {TEAM} SET region = 'Mars' WHERE id = %s", [bad])
            conn.commit()
        assert daemon.wait_for("dual_write_failed", team_id=bad)["constraint"] == "region_fk"
        for team in teams:
            if team != bad:
                wait_until(lambda team=team: legacy_team(db, team, "region", "description") == ("EU", "new"))
        assert legacy_team(db, bad, "region", "description") == ("NA", "")


@pytest.mark.parametrize("timing", ["DEFERRABLE INITIALLY DEFERRED", "DEFERRABLE INITIALLY IMMEDIATE"])
def test_a_deferrable_unique_target_key_works(db, timing):
    """It cannot be the arbiter of an ON CONFLICT."""
    db.legacy.execute(f"""ALTER TABLE {LEGACY_MEMBERSHIP} DROP CONSTRAINT teams_teammembership_team_id_user_id_key;
                          ALTER TABLE {LEGACY_MEMBERSHIP} ADD CONSTRAINT one_row UNIQUE (team_id, user_id) {timing}""")
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        members = [db.new_member(team, user_id=n) for n in range(1, 6)]
        assert_in_step(db)
        ids = dict(db.legacy.execute(f"SELECT user_id, id FROM {LEGACY_MEMBERSHIP}"))
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH'", user="app_user")
        db.execute(f"UPDATE {MEMBERSHIP} SET status = 'LEFT', updated_at = now() WHERE id = %s", [members[0]], user="app_user")
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [members[1]], user="app_user")
        drained(db)
        assert_in_step(db)
        db.new_member(team, user_id=1, role="OWNER")
        drained(db)
        assert_in_step(db)
        assert legacy_member(db, team, 1, "role", "status", "left_at") == ("OWNER", "ACTIVE", None)
        assert dict(db.legacy.execute(f"SELECT user_id, id FROM {LEGACY_MEMBERSHIP}")) == ids
        assert daemon.lines("dual_write_failed") == [] and failed(db) == {}


def test_a_save_of_every_column_that_changes_nothing_raises_no_event_and_writes_no_legacy_row(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team(branding={"logo_url": "x", "primary_color": "#FF0000"})
        db.new_member(team)
        completed(daemon, 2)
        before = {table: versions(db, table) for table in (LEGACY_TEAM, LEGACY_MEMBERSHIP, MAP)}
        last = db.value("SELECT last_value FROM dualwrite.outbox_id_seq")
        for table in (TEAM, MEMBERSHIP):
            columns = [c for (c,) in db.execute("""SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass
                                                   AND attnum > 0 AND NOT attisdropped AND attname <> 'id'""", [table])]
            row = db.execute(f"SELECT {', '.join(f'{c}::text' for c in columns)} FROM {table}")[0]
            # as Model.save() does: every column, as a parameter
            db.execute(f"UPDATE {table} SET {', '.join(f'{c} = %s' for c in columns)}", row, user="app_user")
            db.execute(f"UPDATE {table} SET {', '.join(f'{c} = {c}' for c in columns)}", user="app_user")
        assert db.value("SELECT last_value FROM dualwrite.outbox_id_seq") == last
        mark = db.new_team("mark")
        daemon.wait_for("dual_write_completed", team_id=mark)
        assert len(daemon.lines("dual_write_scheduled")) == 3
        for table, rows in before.items():
            now = versions(db, table)
            assert {id: now[id] for id in rows} == rows, table


def test_a_save_that_changes_one_row_of_many_writes_that_legacy_row_and_no_other(db):
    install(db)
    with Daemon(db) as daemon:
        teams = [db.new_team(f"team {n}") for n in range(20)]
        completed(daemon, 20)
        before, mark = versions(db, LEGACY_TEAM), daemon.mark()
        db.execute(f"UPDATE {TEAM} SET name = name, description = CASE id WHEN {teams[3]} THEN 'new' ELSE description END",
                   user="app_user")
        completed(daemon, 1, since=mark)
        drained(db)
        now = versions(db, LEGACY_TEAM)
        assert {id for id in now if now[id] != before[id]} == {shadow_of(db, teams[3])}
        assert len(daemon.lines("dual_write_completed", since=mark)) == 1


def test_insert_only_columns_survive_what_somebody_writes_into_legacy(db):
    install(db, "--guard=record")
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        completed(daemon, 2)
        db.legacy.execute(f"UPDATE {LEGACY_TEAM} SET created_at = '2001-02-03'", user="app_user")
        db.legacy.execute(f"UPDATE {LEGACY_MEMBERSHIP} SET joined_at = '2001-02-03'", user="app_user")
        db.execute(f"UPDATE {TEAM} SET region = 'EU', created_at = now(), updated_at = now()", user="app_user")
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH', created_at = now() WHERE id = %s", [member], user="app_user")
        completed(daemon, 4)
        assert legacy_team(db, team, "region", "created_at::date::text") == ("EU", "2001-02-03")
        assert legacy_member(db, team, 101, "role", "joined_at::date::text") == ("COACH", "2001-02-03")
        # also over the end of the stay, and its return
        for status in ("INACTIVE", "ACTIVE"):
            db.execute(f"UPDATE {MEMBERSHIP} SET status = %s, updated_at = now()", [status], user="app_user")
            wait_until(lambda status=status: legacy_member(db, team, 101, "status") == status)
        assert legacy_member(db, team, 101, "joined_at::date::text") == "2001-02-03"


# ---- one row per stay in vNext, one per member in legacy ----------------------------------------------------------------------


def stay(db, team, status, minute, role="PLAYER", **more):
    """A stay of user 101 that was last changed at this minute."""
    return db.new_member(team, role=role, status=status, updated_at=f"2026-01-01 10:{minute:02}", **more)


def the_member(db, team):
    return legacy_member(db, team, 101, "role", "status", "left_at IS NULL")


def test_editing_an_old_stay_does_not_end_the_present_one(db):
    install(db)
    with Daemon(db):
        team = db.new_team()
        old, present = stay(db, team, "LEFT", 1, "OWNER"), stay(db, team, "ACTIVE", 2, "COACH")
        wait_until(lambda: the_member(db, team) == ("COACH", "ACTIVE", True))
        before = versions(db, LEGACY_MEMBERSHIP)
        # each of these is a removal, an update or a deletion of a row that does not speak, the last of them newer than the
        # one that does
        for change in ("status = 'BANNED'", "role = 'MANAGER'", "updated_at = '2026-01-01 11:00'",
                       "status = 'LEFT', updated_at = '2026-01-01 12:00'"):
            db.execute(f"UPDATE {MEMBERSHIP} SET {change} WHERE id = %s", [old], user="app_user")
            drained(db)
            assert the_member(db, team) == ("COACH", "ACTIVE", True), change
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [old], user="app_user")
        drained(db)
        assert the_member(db, team) == ("COACH", "ACTIVE", True)
        assert versions(db, LEGACY_MEMBERSHIP) == before
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [present], user="app_user")
        wait_until(lambda: legacy_member(db, team, 101, "status") == "INACTIVE")


@pytest.mark.parametrize("how", ["ended", "deleted"])
def test_ending_the_present_stay_while_an_older_one_exists(db, how):
    install(db)
    with Daemon(db):
        team = db.new_team()
        stay(db, team, "LEFT", 1, "OWNER")
        present = stay(db, team, "ACTIVE", 2, "COACH")
        wait_until(lambda: the_member(db, team) == ("COACH", "ACTIVE", True))
        if how == "ended":
            db.execute(f"UPDATE {MEMBERSHIP} SET status = 'LEFT' WHERE id = %s", [present], user="app_user")
        else:
            db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [present], user="app_user")
        wait_until(lambda: legacy_member(db, team, 101, "status", "left_at IS NOT NULL") == ("INACTIVE", True))
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_MEMBERSHIP}") == 1
        drained(db)
        assert failed(db) == {}


@pytest.mark.parametrize("how", ["ended", "deleted"])
def test_ending_one_of_two_active_stays_lets_the_other_speak(db, how):
    install(db)
    with Daemon(db):
        team = db.new_team()
        stay(db, team, "ACTIVE", 1, "OWNER")
        latest = stay(db, team, "ACTIVE", 2, "COACH")
        wait_until(lambda: the_member(db, team) == ("COACH", "ACTIVE", True))
        if how == "ended":
            # with the time of now: the end of this stay is the latest word about the member, and still does not speak
            db.execute(f"UPDATE {MEMBERSHIP} SET status = 'LEFT', updated_at = now() WHERE id = %s", [latest], user="app_user")
        else:
            db.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [latest], user="app_user")
        wait_until(lambda: the_member(db, team) == ("OWNER", "ACTIVE", True))
        assert_in_step(db)


def test_of_two_active_stays_the_latest_speaks_and_among_equals_the_highest_key(db):
    install(db)
    with Daemon(db):
        team = db.new_team()
        first = stay(db, team, "ACTIVE", 5, "OWNER")
        stay(db, team, "ACTIVE", 3, "COACH")  # the higher key, and not the latest
        drained(db)
        assert the_member(db, team) == ("OWNER", "ACTIVE", True)
        third = stay(db, team, "ACTIVE", 5, "MANAGER")  # as late as the first
        drained(db)
        assert the_member(db, team) == ("MANAGER", "ACTIVE", True)
        db.execute(f"UPDATE {MEMBERSHIP} SET updated_at = '2026-01-01 10:06' WHERE id = %s", [first], user="app_user")
        wait_until(lambda: the_member(db, team) == ("OWNER", "ACTIVE", True))
        db.execute(f"UPDATE {MEMBERSHIP} SET updated_at = '2026-01-01 10:07' WHERE id = %s", [third], user="app_user")
        wait_until(lambda: the_member(db, team) == ("MANAGER", "ACTIVE", True))
        assert_in_step(db)


@pytest.mark.parametrize("order", ["end first", "start first"])
def test_a_stay_that_follows_another_in_one_transaction_keeps_the_legacy_row(db, order):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        old = stay(db, team, "ACTIVE", 1, "OWNER")
        wait_until(lambda: the_member(db, team) == ("OWNER", "ACTIVE", True))
        id = legacy_member(db, team, 101, "id")
        end = f"UPDATE {MEMBERSHIP} SET status = 'LEFT', updated_at = now() WHERE id = {old}"
        start = f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) VALUES ({team}, 101, 'COACH')"
        with db.connect("app_user") as conn:
            for statement in (end, start) if order == "end first" else (start, end):
                conn.execute(statement)
            conn.commit()
        completed(daemon, 4)
        assert the_member(db, team) == ("COACH", "ACTIVE", True)
        assert legacy_member(db, team, 101, "id") == id
        assert_in_step(db)


# ---- rows that wait for other rows ---------------------------------------------------------------------------------------------


def test_a_member_heals_by_itself_when_its_legacy_user_is_created_later(db):
    legacy_users(db, 1)
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        waits, other = db.new_member(team, user_id=2), db.new_member(team, user_id=1)
        line = daemon.wait_for("dual_write_failed", membership_id=waits)
        assert line["sqlstate"] == "23503"
        daemon.wait_for("dual_write_completed", membership_id=other)
        assert set(failed(db)) == {str(waits)}
        users(db, 2)
        daemon.wait_for("dual_write_completed", membership_id=waits, timeout=HEALS)
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


def test_what_waited_for_a_row_over_a_restart_heals_as_well(db):
    legacy_users(db)
    install(db)
    with Daemon(db) as daemon:
        waits = db.new_member(db.new_team(), user_id=2)
        daemon.wait_for("dual_write_failed", membership_id=waits)
        wait_until(lambda: failed(db))
        daemon.term()
        users(db, 2)
        daemon.start()
        daemon.wait_for("dual_write_completed", membership_id=waits, timeout=HEALS)
        assert_in_step(db)


def test_rows_that_wait_long_are_said_seldom_and_hold_nobody_up(db):
    """Tried again by itself means neither a line a second nor in front of the others."""
    legacy_users(db, 1)
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT {team}, n FROM generate_series(1000, 1019) n",
                   user="app_user")
        daemon.wait_for("dual_write_failed", count=20)
        for _ in range(5):
            good = db.new_member(db.new_team("good"), user_id=1)
            daemon.wait_for("dual_write_completed", membership_id=good, timeout=10)
        attempts = [line for line in daemon.lines("dual_write_failed")]
        assert len(attempts) <= 20 * 10
        users(db, *range(1000, 1020))
        wait_until(lambda: failed(db) == {}, timeout=HEALS)
        assert_in_step(db)


def test_a_child_heals_by_itself_when_its_parked_parent_is_mended(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team("bad", game_id=99)
        members = [db.new_member(team, user_id=n) for n in (1, 2)]
        daemon.wait_for("dual_write_failed", team_id=team, operation="sync_team_created")
        for member in members:
            daemon.wait_for("dual_write_failed", membership_id=member)
        assert legacy_rows(db)[LEGACY_MEMBERSHIP] == []
        # only the parent's row is touched
        db.execute(f"UPDATE {TEAM} SET game_id = 2 WHERE id = %s", [team], user="app_user")
        for member in members:
            daemon.wait_for("dual_write_completed", membership_id=member, timeout=HEALS)
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


def test_a_child_heals_by_itself_when_what_its_parent_lacked_is_there(db):
    """Nobody touches any vNext row: the parent waits for a legacy row, the child for the parent."""
    db.legacy.execute(f"""
        CREATE TABLE regions (name varchar PRIMARY KEY);
        ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT region_fk FOREIGN KEY (region) REFERENCES regions
            DEFERRABLE INITIALLY DEFERRED""")
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        daemon.wait_for("dual_write_failed", team_id=team, operation="sync_team_created")
        daemon.wait_for("dual_write_failed", membership_id=member)
        db.legacy.execute("INSERT INTO regions VALUES ('NA')")
        # the one may well have created the other, but neither is forgotten
        daemon.wait_for("dual_write_completed", team_id=team, operation="sync_team_created", timeout=HEALS)
        daemon.wait_for("dual_write_completed", membership_id=member, timeout=HEALS)
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


# ---- scripts beside us ---------------------------------------------------------------------------------------------------------


def script_team(name, slug):
    return (f"INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, updated_at) "
            f"VALUES ('{name}', '{slug}', 'csgo', 'SA', 'by a script', true, '2001-01-01', '2001-01-01') RETURNING id")


def script_map(db, legacy_id, team, slug="script"):
    """In place of what an attempt may have left, or is just leaving."""
    db.execute(f"""INSERT INTO {MAP} (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified, created_at, updated_at)
                   VALUES (%s, %s, %s, '2001-01-01', false, '2001-01-01', '2001-01-01')
                   ON CONFLICT (vnext_team_id) DO UPDATE SET legacy_team_id = excluded.legacy_team_id""", [legacy_id, team, slug])


def test_a_legacy_member_deleted_beside_us_comes_back_with_its_next_event(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        completed(daemon, 2)
        as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP}")
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE id = %s", [member], user="app_user")
        completed(daemon, 3)
        assert_in_step(db)


def test_a_legacy_team_and_its_members_deleted_beside_us_come_back_under_the_same_id(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        completed(daemon, 2)
        id = shadow_of(db, team)
        as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP}; DELETE FROM {LEGACY_TEAM}")
        # the member's event comes alone: it makes its parent again
        db.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE id = %s", [member], user="app_user")
        completed(daemon, 3)
        assert_in_step(db)
        assert shadow_of(db, team) == id == legacy_team(db, team, "id")


def test_a_legacy_team_deleted_beside_us_comes_back_before_a_member_of_the_same_batch(db):
    """The map has noted the team as read back, so it is not made at first; its member says that it is missing."""
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        completed(daemon, 2)
        as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP}; DELETE FROM {LEGACY_TEAM}")
        db.execute(f"""UPDATE {TEAM} SET description = 'back', updated_at = now() WHERE id = {team};
                       UPDATE {MEMBERSHIP} SET role = 'COACH', updated_at = now() WHERE id = {member}""", user="app_user")
        completed(daemon, 4)
        assert_in_step(db)
        assert not daemon.lines("dual_write_failed")


def test_a_map_row_deleted_beside_us_makes_no_second_team_out_of_one(db):
    """The link is lost; slug is unique in legacy. The row fails by name, nothing is overwritten, and the mend is to put the
    link back."""
    install(db)
    with Daemon(db) as daemon:
        team, other = db.new_team(), db.new_team("other")
        completed(daemon, 2)
        id = shadow_of(db, team)
        before = legacy_rows(db, versions=True)[LEGACY_TEAM]
        db.execute(f"DELETE FROM {MAP} WHERE vnext_team_id = %s", [team])
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [team], user="app_user")
        line = daemon.wait_for("dual_write_failed", team_id=team)
        assert (line["sqlstate"], line["constraint"]) == ("23505", "teams_team_slug_key")
        daemon.wait_for("dual_write_completed", team_id=db.new_team("goes on"))
        after = legacy_rows(db, versions=True)[LEGACY_TEAM]
        assert set(before) <= set(after) and len(after) == 3
        script_map(db, id, team)
        db.execute(f"UPDATE {TEAM} SET region = 'SA' WHERE id = %s", [team], user="app_user")
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})
        assert legacy_team(db, team, "id", "region") == (id, "SA") and legacy_team(db, other, "region") == "NA"


def test_a_shadow_and_its_map_row_made_by_a_script_are_taken_over(db):
    team = db.new_team("Migrated", slug="migrated")  # before install: nobody was told of it
    install(db)
    with Daemon(db) as daemon:
        [(id,)] = as_sync_session(db, script_team("Old name", "old-slug"))
        script_map(db, id, team)
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [team], user="app_user")
        completed(daemon, 1)
        assert_in_step(db)
        assert legacy_team(db, team, "id", "name", "slug", "game") == (id, "Migrated", "migrated", "valorant")
        assert legacy_team(db, team, "created_at::date::text") == "2001-01-01"  # insert_only: legacy's own stays
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM}") == 1
        # what the map's own columns say is the script's; only the note of equality is ours
        assert db.execute(f"SELECT legacy_slug, migration_date::date::text, verified FROM {MAP}") == [("script", "2001-01-01", True)]


def test_a_map_row_made_by_a_script_is_a_reservation(db):
    """The legacy row it names is not there: it is made under that key, and the sequence is left alone."""
    team = db.new_team()
    install(db)
    with Daemon(db) as daemon:
        script_map(db, 4242, team)
        last = last_value(db, LEGACY_TEAM)
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [team], user="app_user")
        line = completed(daemon, 1)[0]
        assert line["legacy_team_id"] == "4242"
        assert_in_step(db)
        assert legacy_team(db, team, "id") == 4242 and last_value(db, LEGACY_TEAM) == last


def test_a_map_row_that_a_script_points_elsewhere_is_followed(db):
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        completed(daemon, 1)
        first = shadow_of(db, team)
        as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET slug = 'was-' || slug")
        [(second,)] = as_sync_session(db, script_team("Twin", "twin"))
        db.execute(f"UPDATE {MAP} SET legacy_team_id = %s", [second])
        db.execute(f"UPDATE {TEAM} SET region = 'EU'", user="app_user")
        completed(daemon, 2)
        assert_in_step(db)
        assert legacy_team(db, team, "id", "region") == (second, "EU")
        assert db.legacy.value(f"SELECT region FROM {LEGACY_TEAM} WHERE id = %s", [first]) == "NA"


# ---- values that are too long ----------------------------------------------------------------------------------------------------


def test_a_value_too_long_for_legacy_fails_by_name_with_both_lengths_and_stops_nobody(db):
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN description TYPE varchar(37)")
    install(db)
    with Daemon(db) as daemon:
        with db.connect("app_user") as conn:  # one batch
            teams = {length: conn.execute(f"""INSERT INTO {TEAM} (name, slug, game_id, description)
                                              VALUES ('t', %s, 1, %s) RETURNING id""",
                                          [f"s{length}", "\u00e9" * length]).fetchone()[0] for length in (10, 53, 37, 38, 5)}
            conn.commit()
        for length, team in teams.items():
            if length > 37:
                line = daemon.wait_for("dual_write_failed", team_id=team)
                # characters, not bytes
                assert "description" in line["error"] and str(length) in line["error"] and "37" in line["error"], line["error"]
                assert (line["sqlstate"], line["exception_type"]) == ("22001", "string_data_right_truncation")
            else:
                daemon.wait_for("dual_write_completed", team_id=team)
                assert legacy_team(db, team, "description") == "\u00e9" * length
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM}") == 3
        drained(db)
        assert set(failed(db)) == {str(teams[53]), str(teams[38])}
        # the update of a row that fits leaves the row of before, uncut
        db.execute(f"UPDATE {TEAM} SET region = 'EU', description = %s WHERE id = %s", ["y" * 61, teams[10]], user="app_user")
        line = daemon.wait_for("dual_write_failed", team_id=teams[10])
        assert "description" in line["error"] and "61" in line["error"] and "37" in line["error"]
        assert legacy_team(db, teams[10], "region", "description") == ("", "\u00e9" * 10)
        # and each heals with its data
        db.execute(f"UPDATE {TEAM} SET description = left(description, 20)", user="app_user")
        assert_in_step(db)
        wait_until(lambda: failed(db) == {})


@pytest.mark.parametrize("type_", ["varchar(11)", "char(11)", "a domain"])
def test_the_length_of_any_text_type_is_named(db, type_):
    if type_ == "a domain":
        db.legacy.execute("CREATE DOMAIN short AS varchar(11)")
        type_ = "short"
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN region TYPE {type_}")
    install(db)
    with Daemon(db) as daemon:
        long = db.new_team(region="123456789 12345678")
        line = daemon.wait_for("dual_write_failed", team_id=long)
        assert "region" in line["error"] and "18" in line["error"] and "11" in line["error"], line["error"]
        assert legacy_rows(db)[LEGACY_TEAM] == []


def test_blanks_at_the_end_are_characters_too(db):
    """An explicit cast to varchar(n), and one of trailing blanks by assignment, cut in silence."""
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN region TYPE varchar(4)")
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team(region="EU      ")
        good = db.new_team(region="NA")
        daemon.wait_for("dual_write_completed", team_id=good)
        drained(db)
        # PostgreSQL's own assignment cuts blanks beyond the length. Either the row fails by name, or it is never called equal
        if legacy_team(db, team, "region") is not None:
            assert daemon.wait_for("dual_write_completed", team_id=team)["verified"] == "false"
            assert db.value(f"SELECT verified FROM {MAP} WHERE vnext_team_id = %s", [team]) is False
        else:
            assert "region" in daemon.wait_for("dual_write_failed", team_id=team)["error"]


def test_a_truncation_that_the_mapping_asks_for_cuts_characters_and_is_in_step_afterwards(db, tmp_path):
    mapping = default_mapping()
    mapping["entities"][0]["columns"]["description"] = {"column": "description", "truncate": 5}
    db.settings["DUALWRITE_MAPPING_FILE"] = write_mapping(tmp_path / "m.json", mapping)
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ALTER COLUMN description TYPE varchar(5)")
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team(description="\U0001f984" * 9)
        assert daemon.wait_for("dual_write_completed", team_id=team)["verified"] == "true"
        assert legacy_team(db, team, "description") == "\U0001f984" * 5
        before, mark = versions(db, LEGACY_TEAM), daemon.mark()
        db.execute(f"UPDATE {TEAM} SET description = description || 'x'", user="app_user")
        completed(daemon, 1, since=mark)
        assert versions(db, LEGACY_TEAM) == before


# ---- sequences -----------------------------------------------------------------------------------------------------------------


def test_updates_burn_no_ids_of_legacy(db):
    """A legacy `id serial` of 32 bits wears out where each INSERT ... ON CONFLICT draws from it."""
    install(db)
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        completed(daemon, 2)
        before = last_value(db, LEGACY_TEAM), last_value(db, LEGACY_MEMBERSHIP)
        for n in range(50):
            mark = daemon.mark()
            db.execute(f"UPDATE {MEMBERSHIP} SET role = %s WHERE id = %s", [("COACH", "PLAYER")[n % 2], member], user="app_user")
            db.execute(f"UPDATE {TEAM} SET region = %s", [f"r{n}"], user="app_user")
            completed(daemon, 2, since=mark)
        assert_in_step(db)
        assert (last_value(db, LEGACY_TEAM), last_value(db, LEGACY_MEMBERSHIP)) == before
        # removals and returns neither
        for status in ("LEFT", "ACTIVE", "LEFT", "ACTIVE"):
            mark = daemon.mark()
            db.execute(f"UPDATE {MEMBERSHIP} SET status = %s, updated_at = now()", [status], user="app_user")
            completed(daemon, 1, since=mark)
        assert last_value(db, LEGACY_MEMBERSHIP) == before[1]
        # and a new member takes one, not more
        db.new_member(team, user_id=102)
        assert_in_step(db)
        assert last_value(db, LEGACY_MEMBERSHIP) == before[1] + 1


def test_a_row_that_fails_again_and_again_burns_no_ids_of_the_map(db):
    """A legacy id is reserved once; each attempt uses the same."""
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT region_known CHECK (region IN ('NA', 'EU'))")
    install(db)
    with Daemon(db) as daemon:
        db.new_team("good")
        completed(daemon, 1)
        team = db.new_team("bad", region="Mars")
        daemon.wait_for("dual_write_failed", team_id=team)
        first = last_value(db, LEGACY_TEAM)
        for n in range(5):
            db.execute(f"UPDATE {TEAM} SET description = %s WHERE id = %s", [str(n), team], user="app_user")
            daemon.wait_for("dual_write_failed", team_id=team, count=n + 2)
        drained(db)
        assert last_value(db, LEGACY_TEAM) - first <= (0 if db.layout == "two" else 10)
        db.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = %s", [team], user="app_user")
        assert_in_step(db)
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM}") == 2
