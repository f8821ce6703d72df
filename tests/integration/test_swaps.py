"""Values that only one legacy row may have, and rows that want each other's: in one batch, in several, by several daemons."""

import random

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    LEGACY_TEAM, TEAM, as_sync_session, completed, drained, failed, legacy_team, shadow_of,
)
from test_language import becomes, entity, legacy, map_of, map_table, mapping, write

pytestmark = pytest.mark.layouts("one", "two")

HEALS = 30


def team_named(db, *slugs):
    return [db.new_team(f"team {slug}", slug=slug) for slug in slugs]


def give(db, slugs):
    """{team: slug} in one transaction, by way of values that nobody has: vNext has the same unique constraint."""
    with db.connect("app_user") as conn:
        for team in slugs:
            conn.execute(f"UPDATE {TEAM} SET slug = 'tmp-' || id WHERE id = %s", [team])
        for team, slug in slugs.items():
            conn.execute(f"UPDATE {TEAM} SET slug = %s, updated_at = now() WHERE id = %s", [slug, team])
        conn.commit()
        conn.close()


def slugs(db, teams):
    return [legacy_team(db, team, "slug") for team in teams]


def in_peace(db, timeout=HEALS):
    """Everything is applied and nothing failed for good."""
    drained(db, timeout)
    wait_until(lambda: failed(db) == {}, timeout, "nothing waits to be tried again")
    assert_in_step(db, 0)


def lines_of_failures(*daemons):
    return [line for daemon in daemons for line in daemon.lines("dual_write_failed")]


# ---- in one batch ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0), (1, 0, 3, 4, 2)], ids=["swap", "rotation", "both"])
def test_rows_that_want_each_others_values_are_written_together(db, order):
    install(db)
    with Daemon(db) as daemon:
        names = [f"slug-{n}" for n in range(len(order))]
        teams = team_named(db, *names)
        completed(daemon, len(teams))
        give(db, {team: names[n] for team, n in zip(teams, order)})
        in_peace(db, 10)
        assert slugs(db, teams) == [names[n] for n in order]
        assert lines_of_failures(daemon) == []


def test_a_row_that_is_truly_stuck_and_a_cycle_beside_it_do_not_drag_each_other_down(db):
    """Somebody beside us has given a legacy row a value that a vNext row wants: that one waits and is told of, by name."""
    install(db)
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as daemon:
        one, two, three, four, lost, waiting, breaking = team_named(db, *(f"slug-{n}" for n in range(7)))
        completed(daemon, 7)
        as_sync_session(db, f"""
            INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
            VALUES (4711, 'own', 'their-own', 'csgo', 'EU', '', true, now(), now());
            ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT not_this CHECK (name <> 'not this')""")
        # two swaps; one row wants what legacy's own row has, another what that one gives up, a third what the check refuses
        with db.connect("app_user") as conn:
            conn.execute(f"UPDATE {TEAM} SET slug = 'tmp-' || id, name = CASE id WHEN {breaking} THEN 'not this' ELSE name END")
            for team, slug in {one: "slug-1", two: "slug-0", three: "slug-3", four: "slug-2", lost: "their-own",
                               waiting: "slug-4", breaking: "slug-5"}.items():
                conn.execute(f"UPDATE {TEAM} SET slug = %s WHERE id = %s", [slug, team])
            conn.commit()
        drained(db)
        wait_until(lambda: slugs(db, [one, two, three, four]) == ["slug-1", "slug-0", "slug-3", "slug-2"], HEALS)
        wait_until(lambda: len(failed(db)) == 3 and all(f["retry_at"] is None for f in failed(db).values()), HEALS)
        assert slugs(db, [lost, waiting, breaking]) == ["slug-4", "slug-5", "slug-6"]
        assert {line["team_id"] for line in lines_of_failures(daemon)} == {str(lost), str(waiting), str(breaking)}
        messages = failed(db)
        assert messages[str(lost)]["message"].endswith("; the legacy row of teams_team that has it is id=4711")
        assert f"is id={shadow_of(db, lost)}, that of team {lost}" in messages[str(waiting)]["message"]
        assert "in step" not in messages[str(waiting)]["message"]
        assert messages[str(breaking)]["constraint_name"] == "not_this"
        as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET slug = 'moved' WHERE id = 4711")
        db.execute("UPDATE dualwrite.failed SET retry_at = now()")
        wait_until(lambda: slugs(db, [lost, waiting]) == ["their-own", "slug-4"], HEALS)


def test_a_chain_behind_a_cycle_is_written_after_it(db):
    """Who waits for a value that only the cycle frees: its turn is after it, in the same batch."""
    install(db)
    with Daemon(db) as daemon:
        one, two, three, four = team_named(db, "a-1", "a-2", "a-3", "a-4")
        completed(daemon, 4)
        give(db, {one: "a-2", two: "a-3", three: "a-1", four: "a-5"})
        in_peace(db)
        # the cycle's first gives its value to a row that is not in it
        give(db, {one: "a-3", two: "a-6", three: "a-7", four: "a-2"})
        in_peace(db)
        assert slugs(db, [one, two, three, four]) == ["a-3", "a-6", "a-7", "a-2"]
        assert lines_of_failures(daemon) == []


def test_a_member_of_a_new_team_waits_for_the_swap_that_its_team_is_in(db):
    install(db)
    with Daemon(db) as daemon:
        one, two = team_named(db, "a-1", "a-2")
        completed(daemon, 2)
        with db.connect("app_user") as conn:
            conn.execute(f"UPDATE {TEAM} SET slug = 'tmp-' || id")
            conn.execute(f"UPDATE {TEAM} SET slug = 'a-2' WHERE id = %s", [one])
            conn.execute(f"UPDATE {TEAM} SET slug = 'a-3' WHERE id = %s", [two])
            new = conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id, region) VALUES ('new', 'a-1', 1, 'NA') RETURNING id").fetchone()[0]
            conn.execute("INSERT INTO organizations_teammembership (team_id, user_id) VALUES (%s, 7)", [new])
            conn.commit()
        in_peace(db)
        assert slugs(db, [one, two, new]) == ["a-2", "a-3", "a-1"]
        assert lines_of_failures(daemon) == []


# ---- in several batches, partitions and daemons --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0), (4, 3, 1, 0, 2, 6, 5)], ids=["swap", "rotation", "seven"])
def test_a_cycle_in_batches_of_one_event_resolves_at_the_first_retry(db, order):
    install(db)
    with Daemon(db, DUALWRITE_BATCH_SIZE=1) as daemon:
        names = [f"slug-{n}" for n in range(len(order))]
        teams = team_named(db, *names)
        completed(daemon, len(teams))
        give(db, {team: names[n] for team, n in zip(teams, order)})
        in_peace(db)
        assert slugs(db, teams) == [names[n] for n in order]
        # on a machine that is slow enough the retry of one comes before the first attempt of another
        assert max(int(line["attempt"]) for line in daemon.lines("dual_write_completed")) <= 5


def test_a_swap_between_the_partitions_of_two_daemons_resolves(db):
    install(db)
    with Daemon(db) as one, Daemon(db) as two:
        teams = team_named(db, *(f"slug-{n}" for n in range(16)))
        wait_until(lambda: len(one.lines("dual_write_completed")) + len(two.lines("dual_write_completed")) == 16)
        assert one.lines("dual_write_completed") and two.lines("dual_write_completed")
        for step in range(3):
            give(db, {teams[n]: f"slug-{(n + step + 1) % 16}" for n in range(16)})
            in_peace(db)


def test_random_permutations_by_several_daemons_end_in_step(db):
    install(db)
    seed = random.Random(42)
    with Daemon(db) as one, Daemon(db, DUALWRITE_BATCH_SIZE=1) as two, Daemon(db, DUALWRITE_BATCH_SIZE=7) as three:
        names = [f"slug-{n}" for n in range(20)]
        teams = team_named(db, *names)
        drained(db)
        for _ in range(12):
            some = seed.sample(range(20), seed.randrange(2, 21))
            new = [names[n] for n in some]
            seed.shuffle(new)
            for n, name in zip(some, new):
                names[n] = name
            give(db, {teams[n]: names[n] for n in some})
            if seed.random() < 0.3:
                drained(db)
        in_peace(db, 60)
        assert slugs(db, teams) == names
        for daemon in (one, two, three):
            assert [line for line in lines_of_failures(daemon) if "parked" in line.get("msg", "")] == []


def test_a_holder_that_is_up_to_date_is_named_when_the_row_is_parked(db):
    """vNext allows what legacy does not: two teams of one slug. The first keeps it, the second is parked and says so."""
    db.execute(f"ALTER TABLE {TEAM} DROP CONSTRAINT {TEAM}_slug_key")
    install(db)
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=2, DUALWRITE_BATCH_SIZE=1) as daemon:
        one, two = team_named(db, "same", "other")
        completed(daemon, 2)
        db.execute(f"UPDATE {TEAM} SET slug = 'same' WHERE id = %s", [two], user="app_user")
        parked = wait_until(lambda: [f for f in failed(db).values() if f["retry_at"] is None], HEALS)[0]
        assert parked["sqlstate"] == "23505"
        assert parked["message"].endswith(f"; the legacy row of teams_team that has it is id={shadow_of(db, one)}, that of "
                                          f"team {one}, which is in step")
        # ... nor does one whose vNext row is gone
        db.execute(f"DELETE FROM {TEAM} WHERE id = %s", [one], user="app_user")
        wait_until(lambda: failed(db)[str(two)]["message"].endswith(f"that of team {one}, which vNext has no more"), HEALS)
        assert slugs(db, [two]) == ["other"]


def test_a_parked_row_is_tried_again_when_the_holder_of_its_value_is_synced(db):
    """... once, and not while other rows are; also by a daemon that sleeps when another one frees the value."""
    db.execute(f"ALTER TABLE {TEAM} DROP CONSTRAINT {TEAM}_slug_key")
    install(db)
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=0), Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=0):
        holder, *wanting = team_named(db, "same", *(f"other-{n}" for n in range(8)))
        drained(db)
        db.execute(f"UPDATE {TEAM} SET slug = 'same' WHERE id = ANY (%s)", [wanting], user="app_user")
        wait_until(lambda: len([f for f in failed(db).values() if f["retry_at"] is None]) == 8, HEALS)
        db.execute(f"UPDATE {TEAM} SET name = name || '!' WHERE id = %s", [db.new_team("another", slug="another")], user="app_user")
        drained(db)
        assert {f["attempts"] for f in failed(db).values()} == {1}
        db.execute(f"UPDATE {TEAM} SET slug = 'free' WHERE id = %s", [holder], user="app_user")
        # one of them gets it, and is their holder from now on
        wait_until(lambda: len(failed(db)) == 7, HEALS)
        winner = next(team for team in wanting if str(team) not in failed(db))
        wait_until(lambda: db.execute("SELECT DISTINCT holder, retry_at FROM dualwrite.failed")
                   == [([str(shadow_of(db, winner))], None)], HEALS)
        assert slugs(db, [holder, winner]) == ["free", "same"]


def test_a_daemon_that_dies_with_placeholders_written_leaves_none(db):
    """They are in a transaction with what they make room for."""
    install(db)
    db.legacy.execute(f"""
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$;
        CREATE TRIGGER slow AFTER UPDATE ON {LEGACY_TEAM} FOR EACH ROW WHEN (NEW.slug LIKE 'dw-%') EXECUTE FUNCTION slow()""")
    with Daemon(db) as daemon:
        teams = team_named(db, "a-1", "a-2")
        completed(daemon, 2)
        give(db, dict(zip(teams, ["a-2", "a-1"])))
        wait_until(lambda: db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = "
                                           "current_database()"))
        daemon.kill9()
        assert slugs(db, teams) == ["a-1", "a-2"]
        daemon.start()
        in_peace(db)
        assert slugs(db, teams) == ["a-2", "a-1"]


# ---- kinds of unique indexes -----------------------------------------------------------------------------------------------------


def thing(columns, **more):
    return entity("thing", "thing", "old_thing", {name: name for name in columns}, map=map_of("thing_map"), **more)


def things(application, declarations, unique, both="SELECT", old=None):
    """Another application's table `thing` and its legacy twin, which alone has this unique index; ready, and with a daemon."""
    columns = [part.split()[0] for part in declarations.split(", ")]
    db = application(
        mapping(thing(columns)),
        f"CREATE TABLE thing (id int PRIMARY KEY, {declarations}); {map_table('thing_map')}",
        f"CREATE TABLE old_thing (id serial PRIMARY KEY, {old or declarations}); {unique}", both)
    install(db)
    return db


@pytest.mark.parametrize("batch", [1000, 1], ids=["one batch", "batches of one"])
@pytest.mark.parametrize("declarations, unique", [
    ("game int, slug varchar(20)", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (game, slug)"),
    ("slug varchar(20)", "CREATE UNIQUE INDEX u ON old_thing (lower(slug))"),
    ("slug citext", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (slug)"),
    ("slug varchar(4)", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (slug) DEFERRABLE INITIALLY IMMEDIATE"),
    ("slug text", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (slug) DEFERRABLE INITIALLY DEFERRED"),
    ("token uuid, slug text", "ALTER TABLE old_thing ALTER token SET NOT NULL, ADD CONSTRAINT u UNIQUE (token)"),
    ("number int, slug text", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (number)"),
    ("slug text, live bool", "CREATE UNIQUE INDEX u ON old_thing (slug) WHERE live"),
    ("slug text, number int", "CREATE UNIQUE INDEX u ON old_thing (slug); CREATE UNIQUE INDEX v ON old_thing (number)"),
], ids=["two columns", "expression", "citext", "deferrable", "deferred", "uuid", "null", "partial", "two indexes"])
def test_every_kind_of_unique_index_takes_a_swap(application, declarations, unique, batch):
    db = things(application, declarations, unique, "CREATE EXTENSION IF NOT EXISTS citext SCHEMA public")
    names = [part.split()[0] for part in declarations.split(", ")]
    values = {"game": ("1", "1"), "slug": ("'Ab'", "'Cd'"), "number": ("1", "2"), "live": ("true", "true"),
              "token": ("'00000000-0000-0000-0000-000000000001'", "'00000000-0000-0000-0000-000000000002'")}
    with Daemon(db, DUALWRITE_BATCH_SIZE=batch) as daemon:
        for id in (1, 2):
            write(db, f"INSERT INTO thing VALUES ({id}, {', '.join(values[name][id - 1] for name in names)})")
        completed(daemon, 2)
        write(db, "UPDATE thing SET " + ", ".join(
            f"{name} = CASE id WHEN 1 THEN {values[name][1]} ELSE {values[name][0]} END::{kind}"
            for name, kind in (part.split() for part in declarations.split(", "))))
        drained(db)
        wait_until(lambda: failed(db) == {}, HEALS)
        becomes(db, f"SELECT {', '.join(names)} FROM old_thing ORDER BY id",
                db.execute(f"SELECT {', '.join(names)} FROM thing ORDER BY id"))
        if batch > 1:
            assert lines_of_failures(daemon) == []


def test_a_value_that_nothing_can_stand_in_for_is_parked_and_its_holder_named(application):
    """A NOT NULL integer: no placeholder is safe. Both rows say which legacy row has what they want."""
    db = things(application, "number int", "ALTER TABLE old_thing ALTER number SET NOT NULL, ADD CONSTRAINT u UNIQUE (number)")
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as daemon:
        write(db, "INSERT INTO thing VALUES (1, 1), (2, 2), (3, 3)")
        completed(daemon, 3)
        write(db, "UPDATE thing SET number = CASE id WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE 7 END")
        wait_until(lambda: [f["retry_at"] for f in failed(db).values()] == [None, None], HEALS)
        for one, other in (("1", "2"), ("2", "1")):
            assert failed(db)[one]["constraint_name"] == "u"
            assert f"; the legacy row of old_thing that has it is id={other}, that of thing {other}" in failed(db)[one]["message"]
        becomes(db, "SELECT number FROM old_thing ORDER BY id", [(1,), (2,), (7,)])


def test_an_exclusion_constraint_is_left_alone(application):
    db = things(application, "room int4range", "ALTER TABLE old_thing ADD CONSTRAINT u EXCLUDE USING gist (room WITH &&)")
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as daemon:
        write(db, "INSERT INTO thing VALUES (1, '[1,2]'), (2, '[3,4]')")
        completed(daemon, 2)
        write(db, "UPDATE thing SET room = CASE id WHEN 1 THEN '[3,4]'::int4range ELSE '[1,2]' END")
        wait_until(lambda: [f["retry_at"] for f in failed(db).values()] == [None, None], HEALS)
        assert {f["sqlstate"] for f in failed(db).values()} == {"23P01"}
        # one that moves away makes room
        write(db, "UPDATE thing SET room = '[9,9]' WHERE id = 1")
        becomes(db, "SELECT room::text FROM old_thing WHERE id = 1", [("[9,10)",)], HEALS)
        db.execute("UPDATE dualwrite.failed SET retry_at = now()")
        becomes(db, "SELECT room::text FROM old_thing ORDER BY id", [("[9,10)",), ("[1,3)",)], HEALS)


def test_a_trigger_that_keeps_the_placeholder_keeps_the_batch_from_it(application):
    """A legacy trigger that lets a name be changed once only would leave the placeholder where the name belongs."""
    db = things(application, "slug text", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (slug)")
    db.legacy.execute("""
        CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF OLD.slug LIKE 'dw-%' THEN NEW.slug := OLD.slug; END IF; RETURN NEW; END $$;
        CREATE TRIGGER once BEFORE UPDATE ON old_thing FOR EACH ROW EXECUTE FUNCTION once()""")
    with Daemon(db) as daemon:
        write(db, "INSERT INTO thing VALUES (1, 'a'), (2, 'b')")
        completed(daemon, 2)
        write(db, "UPDATE thing SET slug = CASE id WHEN 1 THEN 'b' ELSE 'a' END")
        for id in (1, 2):
            line = daemon.wait_for("dual_write_failed", thing_id=id)
            assert "placeholder" in line["error"] and "parked" in line["msg"]
        assert legacy(db, "SELECT slug FROM old_thing ORDER BY id") == [("a",), ("b",)]


def test_an_index_that_the_daemon_may_not_read_costs_the_swaps_and_nothing_else(application):
    """Its function is in a schema of the owner: rows can be written, but the function cannot be named in a statement."""
    db = things(application, "slug text", """
        CREATE SCHEMA closed; CREATE FUNCTION closed.norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
        CREATE UNIQUE INDEX u ON old_thing (closed.norm(slug))""")
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=1) as daemon:
        assert any("holders" in line["msg"] and "closed" in line["msg"] for line in daemon.lines(level="WARNING"))
        write(db, "INSERT INTO thing VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        completed(daemon, 3)
        write(db, "UPDATE thing SET slug = CASE id WHEN 1 THEN 'b' WHEN 2 THEN 'a' ELSE 'd' END")
        wait_until(lambda: [f["sqlstate"] for f in failed(db).values() if f["retry_at"] is None] == ["23505"] * 2, HEALS)
        becomes(db, "SELECT slug FROM old_thing ORDER BY id", [("a",), ("b",), ("d",)])


def test_a_placeholder_that_legacy_refuses_is_not_what_the_rows_are_parked_for(application):
    """What is wrong is that each wants the other's value; of a value that nobody gave it the operator has never heard."""
    db = things(application, "slug text", "ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE (slug), ADD CONSTRAINT short "
                                          "CHECK (length(slug) < 9)")
    with Daemon(db, DUALWRITE_RETRY_MAX_ATTEMPTS=2) as daemon:
        write(db, "INSERT INTO thing VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        completed(daemon, 3)
        write(db, "UPDATE thing SET slug = CASE id WHEN 1 THEN 'b' WHEN 2 THEN 'a' ELSE 'd' END")
        wait_until(lambda: [f["retry_at"] for f in failed(db).values()] == [None, None], HEALS)
        for one, other in (("1", "2"), ("2", "1")):
            assert (failed(db)[one]["sqlstate"], failed(db)[one]["constraint_name"]) == ("23505", "u")
            assert f"; the legacy row of old_thing that has it is id={other}, that of thing {other}" in failed(db)[one]["message"]
        becomes(db, "SELECT slug FROM old_thing ORDER BY id", [("a",), ("b",), ("d",)])


@pytest.mark.parametrize("column, values, trigger", [
    ("number int", (1, 2), "IF OLD.number IS NULL THEN NEW.number := NULL; END IF;"),
    ("slug text", ("a", "b"), "NEW.before := OLD.slug;"),
], ids=["a NULL", "in another column"])
def test_no_placeholder_is_committed_wherever_a_trigger_keeps_it(application, column, values, trigger):
    name = column.split()[0]
    db = things(application, column, f"ALTER TABLE old_thing ADD CONSTRAINT u UNIQUE ({name})", old=f"{column}, before text")
    db.legacy.execute(f"""
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {trigger} RETURN NEW; END $$;
        CREATE TRIGGER keep BEFORE UPDATE ON old_thing FOR EACH ROW EXECUTE FUNCTION keep()""")
    with Daemon(db) as daemon:
        with db.connect("app_user") as conn:
            for id, value in enumerate(values, 1):
                conn.execute("INSERT INTO thing VALUES (%s, %s)", [id, value])
            conn.commit()
        completed(daemon, 2)
        write(db, f"UPDATE thing SET {name} = (SELECT o.{name} FROM thing o WHERE o.id = 3 - thing.id)")
        for id in (1, 2):
            line = daemon.wait_for("dual_write_failed", thing_id=id)
            assert "placeholder" in line["error"] or line["sqlstate"] == "23505"  # each alone meets the other's value
        assert legacy(db, f"SELECT {name}, before FROM old_thing ORDER BY id") == [(value, None) for value in values]


# ---- too many removals at once ---------------------------------------------------------------------------------------------------


def test_a_mass_delete_is_stopped_until_somebody_lets_it_through(application):
    db = things(application, "slug text", "SELECT")
    with Daemon(db, DUALWRITE_BATCH_SIZE=70) as one, Daemon(db) as two:
        write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(1, 1000) n")
        drained(db)
        wait_until(lambda: legacy(db, "SELECT count(*) FROM old_thing") == [(1000,)])
        write(db, "DELETE FROM thing WHERE id <= 150")  # not too many
        becomes(db, "SELECT count(*) FROM old_thing", [(850,)], HEALS)
        drained(db)
        write(db, "DELETE FROM thing WHERE id <= 450")
        drained(db)
        assert db.value("SELECT count(*) FROM dualwrite.failed") == 300
        assert legacy(db, "SELECT count(*) FROM old_thing") == [(850,)]
        assert db.execute("SELECT DISTINCT sqlstate, exception_type, operation, retry_at FROM dualwrite.failed") == [
            ("DW005", "removal_share_exceeded", "thing_r", None)]
        stops = one.lines("removal_share_exceeded") + two.lines("removal_share_exceeded")
        assert 1 <= len(stops) <= 2 and stops[0]["level"] == "ERROR"
        assert "failed retry --entity thing --operation thing_r" in stops[0]["msg"]
        # other changes go on
        write(db, "UPDATE thing SET slug = 'y' WHERE id = 999")
        becomes(db, "SELECT count(*), max(slug) FROM old_thing", [(850, "y")])
        db.execute("UPDATE dualwrite.failed SET retry_at = now() WHERE sqlstate = 'DW005'")
        becomes(db, "SELECT count(*) FROM old_thing", [(550,)], HEALS)
        wait_until(lambda: failed(db) == {})


def test_what_came_and_went_or_is_there_again_is_no_removal(application):
    """Ten times as many removals as rows wait, and of all rows that legacy has one is gone."""
    db = things(application, "slug text", "SELECT")
    with Daemon(db):
        write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(1, 200) n")
        drained(db)
    for _ in range(5):
        write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(1001, 1200) n")
        write(db, "DELETE FROM thing")
        write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(2, 200) n")
    with Daemon(db, DUALWRITE_BATCH_SIZE=30) as daemon:
        drained(db)
        becomes(db, "SELECT count(*) FROM old_thing", [(199,)], HEALS)
        assert daemon.lines("dual_write_failed") == [] and daemon.lines("removal_share_exceeded") == []
        # the same rows, and now they stay away
        write(db, "DELETE FROM thing")
        write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(1, 201) n")
        write(db, "DELETE FROM thing")
        daemon.wait_for("removal_share_exceeded")


def test_a_share_of_100_percent_lets_everything_through(application):
    db = things(application, "slug text", "SELECT")
    with Daemon(db, DUALWRITE_REMOVAL_SHARE="100%"):
        write(db, "INSERT INTO thing SELECT n, 'x' FROM generate_series(1, 200) n")
        becomes(db, "SELECT count(*) FROM old_thing", [(200,)])
        write(db, "DELETE FROM thing")
        becomes(db, "SELECT count(*) FROM old_thing", [(0,)])
        drained(db)
        assert failed(db) == {}
