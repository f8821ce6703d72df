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
