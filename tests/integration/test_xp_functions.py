"""The functions of pack characters: what each refuses, and 32 clients at once: XP in is XP out."""

import json
import random
import threading
import time
from pathlib import Path

import psycopg
import pytest

from conftest import _remove_dir, _temp_dir, config_for, dualwrited, wait_until, write_env_file
from helpers import cli

pytestmark = pytest.mark.layouts("one")

CLIENTS = 32


@pytest.fixture
def game(installed):
    """In order, with everything of the pack in force; character 1 is approved and has 100 XP."""
    directory = _temp_dir()
    with installed.connect() as conn:
        conn.execute((Path(__file__).parent / "samples" / "characters.sql").read_text())
        conn.commit()
    cli(installed, "validate", "--pack=characters", "--fix", check=1)
    write_env_file(directory / "e", config_for(installed, "postgres"))
    dualwrited("constraints", "install", "--config", directory / "e", "--pack=characters")
    _remove_dir(directory)
    installed.execute("ALTER TABLE characters_character DISABLE TRIGGER character_status")
    installed.execute("UPDATE characters_character SET status = 'App', xp = 100 WHERE id <= 40")
    installed.execute("ALTER TABLE characters_character ENABLE TRIGGER character_status")
    return installed


def refused(db, sqlstate, says, statement, parameters=None):
    before = everything(db)
    with pytest.raises(psycopg.Error) as error:
        db.execute(statement, parameters)
    assert error.value.sqlstate == sqlstate and says in str(error.value), error.value
    assert everything(db) == before


def everything(db):
    return [db.execute(f"SELECT t::text FROM {table} t ORDER BY t.id")
            for table in ("characters_character", "characters_xpspend", "game_scene")]


def xp(db, character=1):
    return db.value("SELECT xp FROM characters_character WHERE id = %s", [character])


def spend(db, trait="strength", value=3, cost=10, character=1):
    return db.value("SELECT spend_xp(%s, %s, %s, %s)", [character, trait, value, cost])


def scene(db, *characters, finished=True):
    key = db.value("INSERT INTO game_scene (name, finished) VALUES ('s', %s) RETURNING id", [finished])
    for character in characters:
        db.execute("INSERT INTO game_scene_characters (scene_id, character_id) VALUES (%s, %s)", [key, character])
    return key


def test_spend_and_approve(game):
    request = spend(game)
    assert xp(game) == 90 and game.execute("SELECT strength FROM characters_character WHERE id = 1") == [(1,)]
    game.execute("SELECT approve_xp_spend(%s, 7)", [request])
    assert (xp(game), game.value("SELECT strength FROM characters_character WHERE id = 1")) == (90, 3)
    assert game.execute("SELECT status, decided_by FROM characters_xpspend") == [("Approved", 7)]
    refused(game, "XP006", f"request {request} is Approved already", "SELECT approve_xp_spend(%s)", [request])
    refused(game, "XP006", "is Approved already", "SELECT deny_xp_spend(%s)", [request])
    refused(game, "XP010", "strength of character 1 is 3 already", "SELECT spend_xp(1, 'strength', 3, 1)")
    # two requests for one step: the second buys nothing, and is given back
    first, second = spend(game, "wits", 2), spend(game, "wits", 2)
    game.execute("SELECT approve_xp_spend(%s)", [first])
    refused(game, "XP010", f"deny_xp_spend({second}) gives the XP back", "SELECT approve_xp_spend(%s)", [second])
    game.execute("SELECT deny_xp_spend(%s)", [second])
    assert xp(game) == 80
    refused(game, "XP006", "is Denied already", "SELECT deny_xp_spend(%s)", [second])
    refused(game, "XP006", "is Denied already", "SELECT approve_xp_spend(%s)", [second])
    # to the last point, and to the bound
    spend(game, "science", 10, 80)
    assert xp(game) == 0
    refused(game, "XP004", "character 1 has 0 XP, not the 1", "SELECT spend_xp(1, 'law', 1, 1)")


def test_what_is_refused(game):
    for cost in (0, -1, -2147483648, 10000, None):
        refused(game, "XP005", "it is 1 to 9999 XP", "SELECT spend_xp(1, 'strength', 2, %s)", [cost])
        refused(game, "XP005", "it is 1 to 9999 XP", "SELECT award_scene_xp(1, %s)", [cost])
    for trait, value in (("strength", 11), ("strength", 0), ("law", -1), ("xp", 5), ("id", 5), ("x\"; --", 5), (None, 1), ("wits", None)):
        refused(game, "XP010", "can be", "SELECT spend_xp(1, %s, %s, 1)", [trait, value])
    for nobody in (0, -5, 999999, None):
        refused(game, "XP001", "no character", "SELECT spend_xp(%s, 'wits', 2, 1)", [nobody])
        refused(game, "XP002", "no request", "SELECT approve_xp_spend(%s)", [nobody])
        refused(game, "XP002", "no request", "SELECT deny_xp_spend(%s)", [nobody])
        refused(game, "XP003", "no scene", "SELECT award_scene_xp(%s)", [nobody])
    refused(game, "XP004", "character 1 has 100 XP, not the 101", "SELECT spend_xp(1, 'wits', 2, 101)")
    request = spend(game)
    game.execute("UPDATE characters_character SET status = 'Ret' WHERE id = 1")
    refused(game, "XP008", "has the status Ret", "SELECT spend_xp(1, 'wits', 2, 1)")
    refused(game, "XP008", "has the status Ret", "SELECT approve_xp_spend(%s)", [request])
    game.execute("UPDATE characters_character SET xp = 9990 WHERE id = 1")
    game.execute("UPDATE characters_character SET xp = 9991 WHERE id = 2")
    refused(game, "XP009", "more than 9999", "SELECT award_scene_xp(%s, 10)", [scene(game, 1, 2)])
    refused(game, "XP009", "with the 10 of request", "SELECT deny_xp_spend(%s)", [request])
    game.execute("UPDATE characters_character SET xp = 9989 WHERE id = 1")
    game.execute("SELECT deny_xp_spend(%s)", [request])  # to the bound itself, and whatever the status
    assert xp(game) == 9999


def test_award(game):
    key = scene(game, 3, 1, 2, 2)
    assert game.value("SELECT award_scene_xp(%s, 4)", [key]) == 3
    assert [xp(game, n) for n in (1, 2, 3, 4)] == [104, 104, 104, 100]
    refused(game, "XP007", f"the XP of scene {key} was given already", "SELECT award_scene_xp(%s, 4)", [key])
    refused(game, "XP008", "is not finished", "SELECT award_scene_xp(%s)", [scene(game, 1, finished=False)])
    key = scene(game, 1, 2)
    refused(game, "XP001", "character 3 took no part", "SELECT award_scene_xp(%s, 1, '{1,3}')", [key])
    refused(game, "XP001", "character NULL took no part", "SELECT award_scene_xp(%s, 1, '{1,NULL}')", [key])
    assert game.value("SELECT award_scene_xp(%s, 1, '{2}')", [key]) == 1 and xp(game, 1) == 104
    # one who took part and is gone meanwhile: who is named gets it, or nobody does
    game.execute("ALTER TABLE game_scene_characters DROP CONSTRAINT game_scene_characters_character_id_fkey")
    refused(game, "XP001", "character 777 took no part", "SELECT award_scene_xp(%s, 1, '{1,777}')", [scene(game, 1, 777)])
    assert game.value("SELECT award_scene_xp(%s)", [scene(game, 1, 777)]) == 1
    assert game.value("SELECT award_scene_xp(%s)", [scene(game)]) == 0  # nobody was there: it awaits nothing any more
    game.execute("UPDATE characters_character SET xp = 9999 WHERE id = 5")
    refused(game, "XP009", "character 5 has 9999 XP", "SELECT award_scene_xp(%s)", [scene(game, 4, 5)])


MOVES = {("Un", "Sub"), ("Un", "Ret"), ("Sub", "Un"), ("Sub", "App"), ("Sub", "Ret"), ("App", "Ret"), ("App", "Dec"), ("Ret", "App")}


def test_moves_of_status(game):
    words = ("Un", "Sub", "App", "Ret", "Dec")
    for before in words:
        for after in words:
            key = game.value("INSERT INTO characters_character (name, status) VALUES ('m', %s) RETURNING id", [before])
            move = "UPDATE characters_character SET status = %s, xp = 1 WHERE id = %s"
            if before == after or (before, after) in MOVES:
                game.execute(move, [after, key])
            else:
                refused(game, "XP011", f"has the status {before}, which cannot become {after}", move, [after, key])
    # what another trigger makes of it counts, too
    game.execute("CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.status = ''Un''; RETURN NEW; END'")
    game.execute("CREATE TRIGGER other BEFORE UPDATE ON characters_character FOR EACH ROW EXECUTE FUNCTION other()")
    refused(game, "XP011", "has the status App, which cannot become Un", "UPDATE characters_character SET name = 'x' WHERE id = 1")


def test_names_are_the_packs_own(game):
    """Whatever the caller's search_path is, and whatever lies in wait there."""
    assert game.value("SELECT count(*) FROM pg_proc WHERE obj_description(oid) ~ '^dualwrited' AND proconfig = %s AND NOT prosecdef",
                      [['search_path=public, pg_temp']]) == 6
    with game.connect() as conn:
        conn.execute("CREATE SCHEMA evil; CREATE TABLE evil.characters_character (LIKE public.characters_character)")
        conn.execute("CREATE TEMP TABLE characters_character (LIKE public.characters_character); SET search_path = evil")
        assert conn.execute("SELECT public.spend_xp(1, 'wits', 2, 10)").fetchone()
        conn.commit()
    assert xp(game) == 90


ERRORS = {"XP004", "XP006", "XP007", "XP010"}
LEVELS = {"read committed": set(), "repeatable read": {"40001"}, "serializable": {"40001"}}  # and what the caller has to try again


def client(db, level, seed, pairs, scenes, ended):
    """Does what comes to its mind until it has tried everything; keeps what was refused, and how long the longest took."""
    dice, tally, longest = random.Random(seed), {}, 0.0
    with db.connect(autocommit=True) as conn:
        conn.execute(f"SET default_transaction_isolation = '{level}'")
        for _ in range(40):
            what = dice.choice(["spend", "spend", "approve", "deny", "award"])
            statement, parameters = {
                "spend": ("SELECT spend_xp(%s, %s, %s, %s)",
                          [dice.randint(1, 8), dice.choice(["wits", "law", "occult"]), dice.randint(2, 10), dice.randint(1, 30)]),
                "approve": ("SELECT approve_xp_spend(%s)", [dice.randint(1, pairs)]),
                "deny": ("SELECT deny_xp_spend(%s)", [dice.randint(1, pairs)]),
                "award": ("SELECT award_scene_xp(%s, 3)", [dice.choice(scenes)])}[what]
            began = time.monotonic()
            try:
                conn.execute(statement, parameters)
                outcome = "done"
            except psycopg.Error as error:
                outcome = error.sqlstate
            longest = max(longest, time.monotonic() - began)
            tally[what, outcome] = tally.get((what, outcome), 0) + 1
    ended.append((tally, longest))


@pytest.mark.parametrize("level", LEVELS)
def test_32_clients(game, level):
    """Everybody at once at few characters, requests and scenes. No XP is made and none is lost; nothing is done twice."""
    scenes = [scene(game, *range(1 + n % 4, 9)) for n in range(40)]
    for n in range(60):
        spend(game, "crafts", 2, 1, character=1 + n % 8)
    before = game.value("SELECT sum(xp) FROM characters_character")
    pending = game.value("SELECT sum(cost) FROM characters_xpspend")
    ended = []
    threads = [threading.Thread(target=client, args=(game, level, seed, 120, scenes, ended)) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ended) == CLIENTS
    tally = {}
    for counts, _ in ended:
        for key, count in counts.items():
            tally[key] = tally.get(key, 0) + count
    assert {outcome for _, outcome in tally} <= {"done", "XP002"} | ERRORS | LEVELS[level], tally
    assert all(tally.get((what, "done"), 0) for what in ("spend", "approve", "deny", "award")), tally
    assert tally["approve", "XP006"] and tally["award", "XP007"], tally
    awarded = game.value("""SELECT 3 * count(*) FROM game_scene s JOIN game_scene_characters p ON p.scene_id = s.id
                            WHERE s.xp_given AND s.name = 's'""")
    kept = game.value("SELECT coalesce(sum(cost), 0) FROM characters_xpspend WHERE status IN ('Pending', 'Approved')")
    assert game.value("SELECT sum(xp) FROM characters_character") + kept == before + pending + awarded
    done = dict(game.execute("SELECT status, count(*) FROM characters_xpspend GROUP BY 1"))
    assert done["Approved"] == tally["approve", "done"] and done["Denied"] == tally["deny", "done"]
    assert game.value("SELECT count(*) FROM game_scene WHERE name = 's' AND xp_given") == tally["award", "done"]
    assert game.value("SELECT min(xp) FROM characters_character") >= 0
    # each approved request is a step up, so no two are of one value of one trait
    assert game.execute("""SELECT character_id, trait, value FROM characters_xpspend WHERE status = 'Approved'
                           GROUP BY 1, 2, 3 HAVING count(*) > 1""") == []
    print(f"longest {max(longest for _, longest in ended) * 1000:.1f} ms; {tally}")


def test_quick(game):
    """Well below 100 ms, where nobody is in the way: by the median, so that a busy machine breaks nothing."""
    took = []
    for n in range(1, 41):
        key = scene(game, n)
        began = time.monotonic()
        game.execute("SELECT approve_xp_spend(spend_xp(%s, 'law', 2, 1))", [n])
        game.execute("SELECT award_scene_xp(%s)", [key])
        took.append((time.monotonic() - began) / 3)
    print(f"median {sorted(took)[20] * 1000:.2f} ms")
    assert sorted(took)[20] < 0.1


def test_one_last_point(game):
    """32 at once for XP that is enough for one of them."""
    game.execute("UPDATE characters_character SET xp = 10 WHERE id = 1")
    outcomes, gate = [], threading.Barrier(CLIENTS)

    def one():
        with game.connect(autocommit=True) as conn:
            gate.wait()
            try:
                conn.execute("SELECT spend_xp(1, 'wits', 2, 10)")
                outcomes.append("done")
            except psycopg.Error as error:
                outcomes.append(error.sqlstate)

    threads = [threading.Thread(target=one) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["XP004"] * (CLIENTS - 1) + ["done"] and xp(game) == 0


def test_their_time_is_known_where_the_server_tracks_functions(game):
    """`monitor` has it from the server's own statistics: nothing is written for it."""
    def response():
        done = cli(game, "monitor", "--json", "--pack=characters", check=False)
        return next(m for m in json.loads(done.stdout)["metrics"] if m["metric"] == "response_time")

    spend(game)
    assert response()["value"] is None and "track_functions" in response()["why"]

    def tracked(*values):
        """A session that the server has heard of all that it did by when it is gone."""
        with game.connect() as conn:
            conn.autocommit = True
            conn.execute("SET track_functions = pl")
            for value in values:
                key = conn.execute("SELECT spend_xp(1, 'wits', %s, 1)", [value]).fetchone()[0]
                conn.execute("SELECT approve_xp_spend(%s)", [key])
    tracked(4)
    wait_until(lambda: (response()["why"] or "").startswith("no operation"))  # counted from the run before on
    tracked(5, 6, 7)
    said = wait_until(lambda: (lambda r: r if r["value"] else None)(response()))
    assert said["of"] == 6 and 0 < said["value"] < 200 and said["met"] is True
