"""Pack characters: the planted faults of samples/characters.sql are found to the number and mended to zero by a careful hand."""

import json
from pathlib import Path

import pytest

from helpers import cli

pytestmark = pytest.mark.layouts("one")

PLANTED = {"negative_xp": 2, "too_much_xp": 1, "unknown_status": 2, "attributes": 3, "abilities": 2, "willpower": 2,
           "temporary_willpower": 2, "willpower_above_permanent": 2, "age": 2, "apparent_age": 1, "duplicate_storytellers": 2,
           "scenes_await_xp": 1}
TABLES = ("characters_character", "game_strelationship", "game_scene")


@pytest.fixture
def game(installed):
    with installed.connect() as conn:
        conn.execute((Path(__file__).parent / "samples" / "characters.sql").read_text())
        conn.commit()
    return installed


def validate(db, *args, code, user="postgres"):
    done = cli(db, "validate", "--pack=characters", "--json", *args, user=user, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return {c["check"]: c["count"] for c in json.loads(done.stdout)["packs"][0]["checks"] if c["count"]}


def rows(db):
    return [db.execute(f"SELECT t::text FROM {table} t ORDER BY t.id") for table in TABLES]


def named(db, name, columns):
    return db.execute(f"SELECT {columns} FROM characters_character WHERE name = %s", [name])[0]


def test_found_mended_and_put_back(game):
    db, before = game, rows(game)
    assert validate(db, code=2, user="daemon_login") == PLANTED
    assert "40 statements are good, 0 faults" in cli(db, "validate", "--lint=characters").stdout
    assert rows(db) == before
    assert validate(db, "--fix", code=1) == PLANTED  # what it says was found; scenes are for people
    assert validate(db, code=1) == {"scenes_await_xp": 1}
    for name, columns, values in (
            ("owes", "xp", (0,)), ("owes more", "xp", (0,)), ("rich", "xp", (9999,)), ("nobody", "status", ("Un",)),
            ("unset", "status", ("Un",)), ("weak", "strength, appearance", (1, 1)), ("strong", "strength", (10,)),
            ("both", "strength, appearance, wits", (1, 10, 1)), ("blind", "alertness", (0,)), ("knows", "science", (10,)),
            ("will-less", "willpower, temporary_willpower", (1, 0)), ("stubborn", "willpower, temporary_willpower", (10, 10)),
            ("spent", "temporary_willpower", (0,)), ("overfull", "willpower, temporary_willpower", (3, 3)),
            ("overfull too", "temporary_willpower", (1,)), ("unborn", "age, apparent_age", (0, 30)), ("ancient", "age", (500,)),
            ("looks odd", "apparent_age", (200,)), ("weak", "age, apparent_age", (None, None))):
        assert named(db, name, columns) == values, name
    assert db.execute("SELECT id FROM game_strelationship ORDER BY id") == [(1,), (2,), (4,), (6,), (7,)]
    cli(db, "validate", "--undo=1")
    assert rows(db) == before


def test_a_scene_of_which_nobody_knows_whether_its_xp_was_given(game):
    """award_scene_xp() would give it, so it awaits it."""
    game.execute("ALTER TABLE game_scene ALTER xp_given DROP NOT NULL")
    game.execute("INSERT INTO game_scene (name, finished, xp_given) VALUES ('unknown', true, NULL)")
    assert validate(game, code=2)["scenes_await_xp"] == 2


# what is in range stays, what is one beyond is found by this check and set to the bound
BOUNDS = {"xp": (0, 9999, "negative_xp", "too_much_xp"), "willpower": (1, 10, "willpower", "willpower"),
          "temporary_willpower": (0, 10, "temporary_willpower", "temporary_willpower"), "age": (0, 500, "age", "age"),
          "apparent_age": (0, 200, "apparent_age", "apparent_age"),
          **{a: (1, 10, "attributes", "attributes") for a in ("strength", "dexterity", "stamina", "perception", "intelligence", "wits",
                                                              "charisma", "manipulation", "appearance")},
          **{a: (0, 10, "abilities", "abilities") for a in (
              "alertness", "athletics", "brawl", "dodge", "empathy", "expression", "intimidation", "leadership", "streetwise",
              "subterfuge", "animal_ken", "crafts", "drive", "etiquette", "firearms", "melee", "performance", "security", "stealth",
              "survival", "academics", "computer", "finance", "investigation", "law", "linguistics", "medicine", "occult",
              "politics", "science")}}


def test_bounds(game):
    """Every column at both bounds is in order, and one beyond is found by its check alone and goes back to the bound."""
    db = game
    for table in TABLES[1:]:
        db.execute(f"TRUNCATE {table} CASCADE")
    db.execute("TRUNCATE characters_character RESTART IDENTITY CASCADE")
    wanted, expected = {}, {}
    for column, (low, high, below, above) in BOUNDS.items():
        for value, check, bound in ((low, None, low), (high, None, high), (low - 1, below, low), (high + 1, above, high)):
            more = {"willpower": ", temporary_willpower", "temporary_willpower": ", willpower"}.get(column, "")
            second = {"willpower": ", 0", "temporary_willpower": ", 10"}.get(column, "")
            key = db.value(f"INSERT INTO characters_character (name, {column}{more}) VALUES ('b', {value}{second}) RETURNING id")
            wanted[key] = (column, bound)
            if check:
                expected[check] = expected.get(check, 0) + 1
            if column == "temporary_willpower" and value > 10:
                expected["willpower_above_permanent"] = 1  # it is both, before the first is mended
    assert validate(db, code=2) == expected
    before = rows(db)
    validate(db, "--fix", code=0)
    assert validate(db, code=0) == {}
    for key, (column, bound) in wanted.items():
        assert db.value(f"SELECT {column} FROM characters_character WHERE id = %s", [key]) == bound, column
    cli(db, "validate", "--undo=1")
    assert rows(db) == before


def test_the_server_keeps_what_the_checks_look_for(game):
    """Each constraint is against the same rows as its checks: what no check finds can be put in, what one finds cannot."""
    constraints = (Path(__file__).parents[2] / "config" / "rules" / "characters" / "constraints.sql").read_text()
    validate(game, "--fix", code=1)
    with game.connect() as conn:
        conn.execute(constraints)
        conn.commit()
    for column, (low, high, _, _) in BOUNDS.items():
        also = {"willpower": ", temporary_willpower = 0", "temporary_willpower": ", willpower = 10"}.get(column, "")
        for value in (low, high):
            game.execute(f"UPDATE characters_character SET {column} = {value}{also} WHERE id = 1")
        for value in (low - 1, high + 1):
            with pytest.raises(Exception, match="violates check constraint"):
                game.execute(f"UPDATE characters_character SET {column} = {value}{also} WHERE id = 1")
        game.execute("UPDATE characters_character SET willpower = 5, temporary_willpower = 5 WHERE id = 1")
    for status in ("'x'", "NULL"):
        with pytest.raises(Exception, match="status_known"):
            game.execute(f"UPDATE characters_character SET status = {status} WHERE id = 1")
    game.execute("UPDATE characters_character SET status = 'Dec', age = NULL, apparent_age = NULL WHERE id = 1")
    with pytest.raises(Exception, match="temporary_willpower_below_permanent"):
        game.execute("UPDATE characters_character SET temporary_willpower = 6 WHERE id = 1")
    with pytest.raises(Exception, match="one_storyteller"):
        game.execute("INSERT INTO game_strelationship (user_id, chronicle_id, gameline_id) VALUES (1, 1, 1)")


def test_narrowed(game):
    assert validate(game, "--where=status=App", code=2) == {"negative_xp": 1, "too_much_xp": 1}
    # storytellers and scenes have no such columns
    assert validate(game, "--where=chronicle=5", "--fix", code=0) == {"negative_xp": 2, "too_much_xp": 1}
    assert validate(game, code=2)["unknown_status"] == 2


def test_score(game):
    done = cli(game, "monitor", "--pack=characters", "--json", user="daemon_login", check=2)
    said = json.loads(done.stdout)
    weights = 10 + 5 + 10 + 5 + 5 + 5 + 5 + 5 + 2 + 2 + 5
    assert said["health_score"] == max(0, 100 - 50 - weights) and said["status"] == "critical"
    assert said["checks"]["data_integrity"]["total_issues"] == sum(PLANTED.values())
