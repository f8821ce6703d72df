"""What the mapping language can say (docs/mapping.md), each rule against live databases: lookups, unique values, parents,
composite keys, presence, several entities of one table, expressions that fail, tables that change while the daemon runs."""

import pytest

from conftest import Daemon, install, wait_until, write_mapping
from helpers import as_sync_session, completed, drained, failed

pytestmark = pytest.mark.layouts("one", "two")

# a row that waits for another one is tried again by itself within ten seconds or so; here it gets three times that
HEALS = 30


def entity(name, source, target, columns, removal="delete", key="id", target_key=None, **more):
    key = key if isinstance(key, list) else [key]
    target_key = target_key or key
    return {"name": name, "source": {"table": source, "key": key},
            "target": {"table": target, "key": target_key if isinstance(target_key, list) else [target_key]},
            "columns": columns, "removal": removal, "log": {"id": f"{name}_id"},
            "operations": {"insert": f"{name}_i", "update": f"{name}_u", "remove": f"{name}_r"}, **more}


def mapping(*entities):
    return {"entities": list(entities)}


def map_of(table, **more):
    return {"table": table, "source_key": "new_id", "target_key": "old_id", "verified": "ok", **more}


def map_table(name, new="int", old="int"):
    return f"CREATE TABLE {name} (new_id {new} PRIMARY KEY, old_id {old} UNIQUE NOT NULL, ok bool NOT NULL DEFAULT false);"


def write(db, statement, params=None):
    return db.execute(statement, params, user="app_user")


def legacy(db, statement, params=None):
    return db.legacy.execute(statement, params)


def becomes(db, statement, rows, timeout=20):
    """Waits until the legacy database answers with these rows."""
    wait_until(lambda: _equal(legacy(db, statement), rows), timeout)


def _equal(found, wanted):
    assert found == wanted, f"{found} and not yet {wanted}"
    return True


# ---- lookups -------------------------------------------------------------------------------------------------------------------


def member(columns, **more):
    return entity("member", "member", "player", columns, **more)


PROFILES = "CREATE TABLE {} (user_id int UNIQUE, id int PRIMARY KEY, email text UNIQUE)"
SIDES = pytest.mark.parametrize("side", ["vnext", "legacy"])


def lookup(side, table="profile", key="user_id", value="id"):
    return {"table": table, "key": key, "value": value, **({} if side == "vnext" else {"database": side})}


def side_of(db, side):
    return db if side == "vnext" else db.legacy


def profiles(application, side, entity, source, target):
    """A database with a table `profile` on that side, users 1, 2, 3 having the profiles 101, 102, 103."""
    table = PROFILES.format("profile")
    db = application(mapping(entity), source + ";" + (table if side == "vnext" else ""), target + ";" + (table if side == "legacy" else ""))
    side_of(db, side).execute("INSERT INTO profile SELECT n, 100 + n, 'user' || n || '@example.com' FROM generate_series(1, 3) n")
    install(db)
    return db


MEMBER = "CREATE TABLE member (id int PRIMARY KEY, user_id int, email text, role text)"
PLAYER = "CREATE TABLE player (id int PRIMARY KEY, profile_id int, role text)"


@SIDES
def test_a_lookup_gives_a_value(application, side):
    value = {"column": "user_id", "lookup": lookup(side)}
    db = profiles(application, side, member({"id": "id", "role": "role", "profile_id": value}), MEMBER, PLAYER)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO member (id, user_id) SELECT n, n FROM generate_series(1, 3) n")
        write(db, "INSERT INTO member (id, user_id) VALUES (9, NULL)")
        becomes(db, "SELECT id, profile_id FROM player ORDER BY id", [(1, 101), (2, 102), (3, 103), (9, None)])
        write(db, "UPDATE member SET user_id = 3 WHERE id = 1")
        becomes(db, "SELECT profile_id FROM player WHERE id = 1", [(103,)])
        # what was looked up is looked up again with the next event
        side_of(db, side).execute("UPDATE profile SET id = 555 WHERE user_id = 2")
        write(db, "UPDATE member SET role = 'COACH' WHERE id = 2")
        becomes(db, "SELECT profile_id, role FROM player WHERE id = 2", [(555, "COACH")])
        assert {line["verified"] for line in daemon.lines("dual_write_completed")} == {"true"}
        # and where nothing of it changed nothing is written
        before = legacy(db, "SELECT xmin::text, id FROM player ORDER BY id")
        mark = daemon.mark()
        db.execute("SELECT nextval('dualwrite.resync_member')")
        completed(daemon, 4, since=mark)
        assert legacy(db, "SELECT xmin::text, id FROM player ORDER BY id") == before
        assert daemon.lines("dual_write_failed") == []


@SIDES
def test_a_lookup_of_an_expression_by_a_text_key(application, side):
    value = {"expression": "lower(email)", "lookup": lookup(side, key="email")}
    db = profiles(application, side, member({"id": "id", "profile_id": value}), MEMBER, PLAYER)
    with Daemon(db):
        write(db, "INSERT INTO member (id, email) VALUES (1, 'USER2@example.com'), (2, NULL)")
        becomes(db, "SELECT id, profile_id FROM player ORDER BY id", [(1, 102), (2, None)])


@SIDES
def test_a_key_that_is_not_there_becomes_otherwise(application, side):
    value = {"column": "user_id", "lookup": lookup(side), "otherwise": "-1"}
    null = {"column": "user_id", "lookup": lookup(side), "otherwise": None}
    db = profiles(application, side, member({"id": "id", "profile_id": value, "other": null}), MEMBER,
                  "CREATE TABLE player (id int PRIMARY KEY, profile_id int, other int)")
    with Daemon(db) as daemon:
        write(db, "INSERT INTO member (id, user_id) VALUES (1, 1), (2, 77), (3, NULL)")
        # NULL is not a key that is not there
        becomes(db, "SELECT id, profile_id, other FROM player ORDER BY id", [(1, 101, 101), (2, -1, None), (3, None, None)])
        assert daemon.lines("dual_write_failed") == []
        # it is written again when there is something to find and an event comes
        side_of(db, side).execute("INSERT INTO profile VALUES (77, 177)")
        write(db, "UPDATE member SET email = 'x', user_id = 77 WHERE id = 2")
        write(db, "UPDATE member SET user_id = 1 WHERE id = 2")
        write(db, "UPDATE member SET user_id = 77 WHERE id = 2")
        becomes(db, "SELECT profile_id, other FROM player WHERE id = 2", [(177, 177)])


@SIDES
def test_without_otherwise_the_row_fails_by_name_waits_and_heals_by_itself(application, side):
    value = {"column": "user_id", "lookup": lookup(side)}
    db = profiles(application, side, member({"id": "id", "role": "role", "profile_id": value}), MEMBER, PLAYER)
    with Daemon(db) as daemon:
        # in the middle of a batch
        write(db, "INSERT INTO member (id, user_id) VALUES (1, 1), (2, 77), (3, 3), (4, 88), (5, 2)")
        for id, user in ((2, 77), (4, 88)):
            line = daemon.wait_for("dual_write_failed", member_id=id)
            assert line["sqlstate"] == "DW004"
            assert "profile" in line["error"] and str(user) in line["error"], line["error"]
        becomes(db, "SELECT id, profile_id FROM player ORDER BY id", [(1, 101), (3, 103), (5, 102)])
        assert set(failed(db)) == {"2", "4"}
        # nobody touches the member again
        side_of(db, side).execute("INSERT INTO profile VALUES (77, 177)")
        becomes(db, "SELECT profile_id FROM player WHERE id = 2", [(177,)], HEALS)
        daemon.wait_for("dual_write_completed", member_id=2)
        assert set(failed(db)) == {"4"}
        side_of(db, side).execute("INSERT INTO profile VALUES (88, 188)")
        daemon.wait_for("dual_write_completed", member_id=4, timeout=HEALS)
        wait_until(lambda: failed(db) == {})


@SIDES
def test_an_update_whose_lookup_finds_nothing_leaves_the_row_of_before(application, side):
    value = {"column": "user_id", "lookup": lookup(side)}
    db = profiles(application, side, member({"id": "id", "role": "role", "profile_id": value}), MEMBER, PLAYER)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO member VALUES (1, 1, '', 'PLAYER')")
        becomes(db, "SELECT * FROM player", [(1, 101, "PLAYER")])
        write(db, "UPDATE member SET user_id = 77, role = 'COACH'")
        assert daemon.wait_for("dual_write_failed", member_id=1)["sqlstate"] == "DW004"
        assert legacy(db, "SELECT * FROM player") == [(1, 101, "PLAYER")]
        write(db, "UPDATE member SET user_id = 2")
        becomes(db, "SELECT * FROM player", [(1, 102, "COACH")])
        wait_until(lambda: failed(db) == {})


@SIDES
def test_a_lookup_as_a_part_of_the_target_key(application, side):
    """A user id in vNext, a profile id in legacy, and nothing else tells legacy's rows apart."""
    value = {"column": "user_id", "lookup": lookup(side)}
    db = profiles(application, side, member({"profile_id": value, "team_id": "team_id", "role": "role"},
                                            target_key=["team_id", "profile_id"]),
                  "CREATE TABLE member (id int PRIMARY KEY, team_id int, user_id int, role text)",
                  "CREATE TABLE player (id serial PRIMARY KEY, team_id int, profile_id int, role text, UNIQUE (team_id, profile_id))")
    rows = "SELECT team_id, profile_id, role FROM player ORDER BY 1, 2"
    with Daemon(db) as daemon:
        write(db, "INSERT INTO member VALUES (1, 10, 1, 'a'), (2, 10, 2, 'b'), (3, 20, 1, 'c')")
        becomes(db, rows, [(10, 101, "a"), (10, 102, "b"), (20, 101, "c")])
        write(db, "UPDATE member SET role = 'x' WHERE id = 1")
        becomes(db, rows, [(10, 101, "x"), (10, 102, "b"), (20, 101, "c")])
        # another user is another legacy row
        write(db, "UPDATE member SET user_id = 3 WHERE id = 1")
        becomes(db, rows, [(10, 102, "b"), (10, 103, "x"), (20, 101, "c")])
        write(db, "DELETE FROM member WHERE id = 2")
        becomes(db, rows, [(10, 103, "x"), (20, 101, "c")])
        # who is not there yet waits, and heals
        write(db, "INSERT INTO member VALUES (4, 10, 77, 'd')")
        assert daemon.wait_for("dual_write_failed", member_id=4)["sqlstate"] == "DW004"
        side_of(db, side).execute("INSERT INTO profile VALUES (77, 177)")
        becomes(db, rows, [(10, 103, "x"), (10, 177, "d"), (20, 101, "c")], HEALS)
        wait_until(lambda: failed(db) == {})


def test_a_lookup_across_types_and_in_the_columns_of_a_map(application):
    """uuid in vNext, what legacy calls it in a vNext table, noted in the map as well."""
    value = {"column": "user_id", "lookup": {"table": "account", "schema": "auth", "key": "uid", "value": "login"}}
    db = application(
        mapping(member({"login": value}, removal="keep", map=map_of("m", columns={"login": value, "slug": {"target_column": "login"}}))),
        """CREATE SCHEMA auth; CREATE TABLE auth.account (uid uuid PRIMARY KEY, login varchar(30));
           CREATE TABLE member (id int PRIMARY KEY, user_id uuid);
           CREATE TABLE m (new_id int PRIMARY KEY, old_id int UNIQUE, ok bool NOT NULL DEFAULT false, login text, slug text)""",
        "CREATE TABLE player (id serial PRIMARY KEY, login text)")
    install(db)
    uid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    with Daemon(db) as daemon:
        db.execute("INSERT INTO auth.account VALUES (%s, 'ann')", [uid])
        write(db, "INSERT INTO member VALUES (1, %s)", [uid])
        daemon.wait_for("dual_write_completed", member_id=1, verified=True)
        assert legacy(db, "SELECT login FROM player") == [("ann",)]
        assert db.execute("SELECT login, slug, ok FROM m") == [("ann", "ann", True)]


def test_a_lookup_in_the_columns_of_a_map_may_not_ask_legacy(application):
    value = {"column": "user_id", "lookup": lookup("legacy")}
    db = application(mapping(member({"role": "role"}, removal="keep", map=map_of("m", columns={"note": value}))),
                     f"{MEMBER}; CREATE TABLE m (new_id int PRIMARY KEY, old_id int UNIQUE, ok bool, note int)",
                     "CREATE TABLE player (id serial PRIMARY KEY, role text); " + PROFILES.format("profile"))
    done = install(db, check=False)
    assert done.returncode in (65, 78) and "$.entities[0].map.columns.note" in done.stderr, done.stderr


def test_a_lookup_key_without_a_unique_index_is_refused(application):
    """Two rows with the key would make two values."""
    value = {"column": "user_id", "lookup": lookup("vnext")}
    db = application(mapping(member({"id": "id", "profile_id": value})), f"{MEMBER}; CREATE TABLE profile (user_id int, id int)", PLAYER)
    done = install(db, check=78)
    assert "profile" in done.stderr and "user_id" in done.stderr


# ---- unique values -------------------------------------------------------------------------------------------------------------


def tagged(rule, **more):
    return entity("team", "team", "club", {"id": "id", "name": "name", "tag": {"column": "slug", "unique": rule, **more}})


TEAM = "CREATE TABLE team (id int PRIMARY KEY, name text, slug varchar(60) NOT NULL); CREATE INDEX ON team (left(slug, 10))"
CLUB = "CREATE TABLE club (id int PRIMARY KEY, name text, tag varchar(10) UNIQUE)"


def tags(db):
    return dict(legacy(db, "SELECT id, tag FROM club"))


def teams(application, rule="suffix", source=TEAM, **more):
    db = application(mapping(tagged(rule, **more)), source, CLUB)
    install(db)
    return db


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_suffixes_do_not_depend_on_the_order_of_the_sync(application, order):
    db = teams(application)
    write(db, "INSERT INTO team VALUES (2, 'b', 'the-dragons-of-rome'), (3, 'c', 'the-dragons'), (1, 'a', 'the-dragons-of-athens')")
    db.execute("DELETE FROM dualwrite.outbox")
    with Daemon(db) as daemon:
        for id in order:
            mark = daemon.mark()
            write(db, "UPDATE team SET name = name || '!' WHERE id = %s", [id])
            daemon.wait_for("dual_write_completed", since=mark, team_id=id)
        # the lowest key keeps it plain, whichever came first
        assert tags(db) == {1: "the-dragon", 2: "the-drag-2", 3: "the-drag-3"}
        assert {line["verified"] for line in daemon.lines("dual_write_completed")} == {"true"}
        # the same in one batch, and nothing is written again
        before = legacy(db, "SELECT xmin::text FROM club ORDER BY id")
        mark = daemon.mark()
        db.execute("SELECT nextval('dualwrite.resync_team')")
        completed(daemon, 3, since=mark)
        assert legacy(db, "SELECT xmin::text FROM club ORDER BY id") == before


def test_a_tag_once_given_stays(application):
    db = teams(application)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO team VALUES (2, 'b', 'the-dragons-of-rome'), (3, 'c', 'the-dragons-of-athens')")
        completed(daemon, 2)
        given = {2: "the-dragon", 3: "the-drag-3"}
        assert tags(db) == given
        # a lower key comes later: it gets one of its own
        write(db, "INSERT INTO team VALUES (1, 'a', 'the-dragons-of-sparta')")
        daemon.wait_for("dual_write_completed", team_id=1)
        assert tags(db) == {**given, 1: "the-drag-1"}
        # changes of other columns, and of what is cut off anyway
        write(db, "UPDATE team SET name = 'x', slug = slug || '-fc'")
        completed(daemon, 6)
        assert tags(db) == {**given, 1: "the-drag-1"}
        # who had it plain goes: the others keep what they have
        write(db, "DELETE FROM team WHERE id = 2")
        wait_until(lambda: 2 not in tags(db))
        write(db, "UPDATE team SET name = 'y'")
        drained(db)
        assert tags(db) == {3: "the-drag-3", 1: "the-drag-1"}
        # and a new value of its own is followed
        write(db, "UPDATE team SET slug = 'lions' WHERE id = 3")
        wait_until(lambda: tags(db)[3] == "lions")
        assert failed(db) == {}


def test_a_value_that_a_row_of_legacys_own_has_gets_a_suffix(application):
    db = teams(application)
    as_sync_session(db, "INSERT INTO club VALUES (900, 'old club', 'the-dragon'), (901, 'older', 'short')")
    with Daemon(db) as daemon:
        write(db, "INSERT INTO team VALUES (1, 'a', 'the-dragons'), (2, 'b', 'short'), (3, 'c', 'unique')")
        completed(daemon, 3)
        assert tags(db) == {900: "the-dragon", 901: "short", 1: "the-drag-1", 2: "short-2", 3: "unique"}
        # it stays when the other is gone
        as_sync_session(db, "DELETE FROM club WHERE id >= 900")
        write(db, "UPDATE team SET name = 'x'")
        completed(daemon, 6)
        assert tags(db) == {1: "the-drag-1", 2: "short-2", 3: "unique"}
        assert daemon.lines("dual_write_failed") == []


def test_truncate_with_suffix_is_the_length(application):
    db = teams(application, truncate=6, source=TEAM.replace("10", "6"))
    with Daemon(db) as daemon:
        write(db, "INSERT INTO team VALUES (1, 'a', 'abcdefghij'), (2, 'b', 'abcdefxxxx'), (3, 'c', 'abc')")
        completed(daemon, 3)
        assert tags(db) == {1: "abcdef", 2: "abcd-2", 3: "abc"}


def test_a_long_key_gives_a_hash_and_every_row_a_tag(application):
    """Sixty rows that all want the same ten characters, and a key that does not fit into them."""
    db = application(mapping(tagged("suffix")), TEAM.replace("id int", "id uuid"), CLUB.replace("id int", "id uuid"))
    install(db)
    with Daemon(db), Daemon(db):
        write(db, """INSERT INTO team SELECT gen_random_uuid(), 'n', 'the-dragons-of-town-' || n FROM generate_series(1, 60) n""")
        wait_until(lambda: len(tags(db)) == 60)
        drained(db)
        given = tags(db)
        assert len(set(given.values())) == 60 and all(1 <= len(tag) <= 10 for tag in given.values())
        assert failed(db) == {}
        lowest = min(str(id) for id in given)
        assert [str(id) for id, tag in given.items() if tag == "the-dragon"] == [lowest]
        # and again from scratch, in another order: the same tags
        write(db, "UPDATE team SET name = 'again'")
        drained(db)
        assert tags(db) == given
        as_sync_session(db, "DELETE FROM club")
        for row in write(db, "SELECT id FROM team ORDER BY md5(id::text)"):
            write(db, "UPDATE team SET name = name || '.' WHERE id = %s", row)
        drained(db)
        wait_until(lambda: tags(db) == given)


@pytest.mark.parametrize("rule, too_long", [("fail", None), ("truncate", "the-dragon")])
def test_fail_and_truncate_fail_by_name_where_another_row_has_the_value(application, rule, too_long):
    db = teams(application, rule)
    as_sync_session(db, "INSERT INTO club VALUES (900, 'old club', 'taken')")
    with Daemon(db) as daemon:
        write(db, "INSERT INTO team VALUES (1, 'a', 'taken'), (2, 'b', 'the-dragons'), (3, 'c', 'free')")
        line = daemon.wait_for("dual_write_failed", team_id=1)
        assert (line["sqlstate"], line["constraint"]) == ("23505", "club_tag_key")
        daemon.wait_for("dual_write_completed", team_id=3)
        if too_long is None:
            line = daemon.wait_for("dual_write_failed", team_id=2)
            assert line["sqlstate"] == "22001" and "tag" in line["error"]
        else:
            daemon.wait_for("dual_write_completed", team_id=2)
        drained(db)
        assert tags(db) == {900: "taken", 3: "free", **({2: too_long} if too_long else {})}


def test_a_suffix_needs_a_source_key_of_one_column(application):
    composite = {**tagged("suffix"), "source": {"table": "team", "key": ["id", "name"]}}
    db = application(mapping(composite), TEAM, CLUB)
    done = install(db, check=False)
    assert done.returncode in (65, 78) and "unique" in done.stderr, done.stderr


# ---- parents -------------------------------------------------------------------------------------------------------------------

LEAGUE = """CREATE TABLE league (id int PRIMARY KEY, name text); CREATE TABLE team (id int PRIMARY KEY, league_id int, name text);
            CREATE TABLE player (id int PRIMARY KEY, team_id int, name text);"""
OLD_LEAGUE = """
    CREATE TABLE old_league (id serial PRIMARY KEY, name varchar(10));
    CREATE TABLE old_team (id serial PRIMARY KEY, league_id int NOT NULL REFERENCES old_league DEFERRABLE INITIALLY DEFERRED, name text);
    CREATE TABLE old_player (team_id int NOT NULL REFERENCES old_team DEFERRABLE INITIALLY DEFERRED, name text, no int,
                             PRIMARY KEY (team_id, name))"""


def league():
    """Three deep: the first two with a map each."""
    return mapping(
        # children first in the file: the order does not matter
        entity("player", "player", "old_player", {"name": "name", "no": "id"}, target_key=["team_id", "name"],
               parent={"entity": "team", "column": "team_id", "target_column": "team_id"}),
        entity("team", "team", "old_team", {"name": "name"}, removal="keep", map=map_of("team_map"),
               parent={"entity": "league", "column": "league_id", "target_column": "league_id"}),
        entity("league", "league", "old_league", {"name": "name"}, removal="keep", map=map_of("league_map")))


def leagues(application):
    db = application(league(), LEAGUE + map_table("league_map") + map_table("team_map"), OLD_LEAGUE)
    db.legacy.execute("SELECT setval('old_league_id_seq', 100), setval('old_team_id_seq', 200)")
    install(db)
    return db


TREE = """SELECT l.name, t.name, p.name FROM old_league l LEFT JOIN old_team t ON t.league_id = l.id
          LEFT JOIN old_player p ON p.team_id = t.id ORDER BY 1, 2, 3"""


def test_a_grandchild_creates_its_parent_and_grandparent(application):
    db = leagues(application)
    write(db, "INSERT INTO league VALUES (1, 'north'); INSERT INTO team VALUES (1, 1, 'a'), (2, 1, 'b'); "
              "INSERT INTO player VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z')")
    db.execute("DELETE FROM dualwrite.outbox WHERE entity <> 'player'")
    with Daemon(db) as daemon:
        completed(daemon, 3)
        assert legacy(db, TREE) == [("north", "a", "x"), ("north", "a", "y"), ("north", "b", "z")]
        assert db.execute("SELECT ok FROM team_map UNION ALL SELECT ok FROM league_map") == [(True,)] * 3
        # each made once
        assert legacy(db, "SELECT (SELECT count(*) FROM old_league), (SELECT count(*) FROM old_team)") == [(1, 2)]
        # and their own events, when they come, find them
        write(db, "UPDATE league SET name = 'south'; UPDATE team SET name = name || '!'")
        drained(db)
        becomes(db, TREE, [("south", "a!", "x"), ("south", "a!", "y"), ("south", "b!", "z")])


def test_a_grandchild_heals_by_itself_when_its_grandparent_is_mended(application):
    db = leagues(application)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO league VALUES (1, 'a name that is too long'), (2, 'short'); INSERT INTO team VALUES (1, 1, 'a'), (2, 2, 'b'); "
                  "INSERT INTO player VALUES (1, 1, 'x'), (2, 2, 'y')")
        daemon.wait_for("dual_write_failed", league_id=1, operation="league_i")
        daemon.wait_for("dual_write_failed", operation="team_i", team_id=1)
        daemon.wait_for("dual_write_failed", operation="player_i", player_id=1)
        becomes(db, TREE, [("short", "b", "y")])
        write(db, "UPDATE league SET name = 'mended' WHERE id = 1")
        becomes(db, TREE, [("mended", "a", "x"), ("short", "b", "y")], HEALS)
        daemon.wait_for("dual_write_completed", operation="player_i", player_id=1, timeout=HEALS)
        daemon.wait_for("dual_write_completed", operation="team_i", team_id=1, timeout=HEALS)
        wait_until(lambda: failed(db) == {})


def test_a_log_line_carries_the_ids_of_all_its_parents_that_it_knows(application):
    db = leagues(application)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO league VALUES (1, 'n'); INSERT INTO team VALUES (2, 1, 'a'); INSERT INTO player VALUES (3, 2, 'x')")
        line = daemon.wait_for("dual_write_completed", operation="player_i")
        assert (line["player_id"], line["team_id"]) == ("3", "2")
        line = daemon.wait_for("dual_write_completed", operation="team_i")
        assert (line["team_id"], line["league_id"]) == ("2", "1")


def test_a_mapped_child_that_moves_to_another_parent_keeps_its_legacy_row(application):
    db = leagues(application)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO league VALUES (1, 'one'), (2, 'two'); INSERT INTO team VALUES (1, 1, 'a'); INSERT INTO player VALUES (1, 1, 'x')")
        completed(daemon, 4)
        [(id,)] = legacy(db, "SELECT id FROM old_team")
        write(db, "UPDATE team SET league_id = 2")
        becomes(db, TREE, [("one", None, None), ("two", "a", "x")])
        assert legacy(db, "SELECT id FROM old_team") == [(id,)]
        # to a parent that has no legacy row yet, because nobody was told of it
        write(db, "INSERT INTO league VALUES (3, 'three')")
        db.execute("DELETE FROM dualwrite.outbox WHERE entity = 'league'")
        write(db, "UPDATE team SET league_id = 3")
        becomes(db, TREE, [("one", None, None), ("three", "a", "x"), ("two", None, None)])
        assert legacy(db, "SELECT id FROM old_team") == [(id,)]
        # it was neither removed nor inserted, and nobody shall read so in the log
        assert daemon.lines("dual_write_scheduled", operation="team_r") == []
        assert len(daemon.lines("dual_write_scheduled", operation="team_i")) == 1
        # a child without a map moves as a removal and an insertion
        write(db, "INSERT INTO team VALUES (2, 1, 'b')")
        write(db, "UPDATE player SET team_id = 2")
        becomes(db, TREE, [("one", "b", "x"), ("three", "a", None), ("two", None, None)])
        drained(db)
        assert failed(db) == {} and daemon.lines("dual_write_failed") == []


def unheard(db, statement, entity="%"):
    """Writes without anybody being told: as before the installation, or by events that got lost."""
    with db.connect() as conn:
        conn.execute(statement)
        conn.execute("DELETE FROM dualwrite.outbox WHERE xid = pg_current_xact_id() AND entity LIKE %s", [entity])
        conn.commit()


@pytest.mark.parametrize("column", ["NOT NULL", "NULL"])
def test_a_child_that_ends_and_moves_to_a_parent_without_a_legacy_row_keeps_a_parent(application, column):
    """Its removal is a SET, so the row stays, and its foreign key must name the new parent: NULL would be refused, or worse,
    taken."""
    db = application(
        mapping(entity("league", "league", "old_league", {"name": "name"}, removal="keep", map=map_of("league_map")),
                entity("team", "team", "old_team", {"name": "name", "state": {"constant": "up"}}, map=map_of("team_map"),
                       parent={"entity": "league", "column": "league_id", "target_column": "league_id"},
                       present={"column": "active", "in": ["true"]}, removal={"set": {"state": {"constant": "gone"}}})),
        """CREATE TABLE league (id int PRIMARY KEY, name text);
           CREATE TABLE team (id int PRIMARY KEY, league_id int, name text, active bool NOT NULL DEFAULT true);"""
        + map_table("league_map") + map_table("team_map"),
        f"""CREATE TABLE old_league (id serial PRIMARY KEY, name text);
            CREATE TABLE old_team (id serial PRIMARY KEY, league_id int {column} REFERENCES old_league DEFERRABLE INITIALLY DEFERRED,
                                   name text, state text)""")
    install(db)
    rows = "SELECT t.name, t.state, l.name FROM old_team t LEFT JOIN old_league l ON l.id = t.league_id"
    with Daemon(db) as daemon:
        write(db, "INSERT INTO league VALUES (1, 'one'); INSERT INTO team VALUES (1, 1, 'a')")
        becomes(db, rows, [("a", "up", "one")])
        unheard(db, "INSERT INTO league VALUES (2, 'two')")
        write(db, "UPDATE team SET active = false, league_id = 2")
        becomes(db, rows, [("a", "gone", "two")], HEALS)
        drained(db)
        wait_until(lambda: failed(db) == {}, HEALS)
        assert daemon.lines("dual_write_failed", sqlstate="23502") == []


def test_a_parent_without_a_map_has_the_same_key_on_both_sides(application):
    db = application(
        mapping(entity("team", "team", "old_team", {"code": "id", "name": "name"}, target_key="code"),
                entity("player", "player", "old_player", {"name": "name", "no": "id"}, target_key=["team", "name"],
                       parent={"entity": "team", "column": "team_id", "target_column": "team"})),
        "CREATE TABLE team (id varchar(8) PRIMARY KEY, name text); CREATE TABLE player (id int PRIMARY KEY, team_id varchar(8), name text)",
        """CREATE TABLE old_team (code varchar(8) PRIMARY KEY, name text);
           CREATE TABLE old_player (team varchar(8) REFERENCES old_team DEFERRABLE INITIALLY DEFERRED, name text, no int,
                                    PRIMARY KEY (team, name))""")
    install(db)
    write(db, "INSERT INTO team VALUES ('a b', 'A'), ('c', 'C'); INSERT INTO player VALUES (1, 'a b', 'x'), (2, 'c', 'y')")
    db.execute("DELETE FROM dualwrite.outbox WHERE entity = 'team'")
    with Daemon(db) as daemon:
        # a child whose parent has no legacy row yet creates it
        becomes(db, "SELECT team, name, no FROM old_player ORDER BY 1", [("a b", "x", 1), ("c", "y", 2)])
        assert legacy(db, "SELECT code, name FROM old_team ORDER BY 1") == [("a b", "A"), ("c", "C")]
        write(db, "UPDATE player SET team_id = 'c' WHERE id = 1")
        becomes(db, "SELECT team, name, no FROM old_player ORDER BY 2", [("c", "x", 1), ("c", "y", 2)])
        write(db, "DELETE FROM player; DELETE FROM team WHERE id = 'c'")
        becomes(db, "SELECT count(*)::int FROM old_player", [(0,)])
        becomes(db, "SELECT code FROM old_team", [("a b",)])
        assert daemon.lines("dual_write_failed") == []


def test_a_child_without_a_parent_is_not_lost(application):
    """Its foreign key names a row that is not there: it waits, visibly."""
    db = leagues(application)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO league VALUES (1, 'n'); INSERT INTO team VALUES (1, 1, 'a'), (2, 99, 'orphan'); INSERT INTO player VALUES (1, 1, 'x')")
        becomes(db, TREE, [("n", "a", "x")])
        daemon.wait_for("dual_write_failed", operation="team_i", team_id=2)
        drained(db)
        assert set(failed(db)) == {"2"}
        write(db, "INSERT INTO league VALUES (99, 'found')")
        becomes(db, TREE, [("found", "orphan", None), ("n", "a", "x")], HEALS)
        wait_until(lambda: failed(db) == {})


# ---- composite keys ------------------------------------------------------------------------------------------------------------


def test_a_source_key_of_several_columns_with_a_map(application):
    db = application(
        mapping(entity("seat", "seat", "old_seat", {"note": "note"}, removal={"set": {"note": {"constant": "gone"}}},
                       key=["hall", "no"], target_key="id",
                       map={"table": "seat_map", "source_key": ["hall_key", "no_key"], "target_key": "seat_id", "verified": "ok",
                            "columns": {"made": {"now": True}}})),
        """CREATE TABLE seat (no int, note text, hall uuid, PRIMARY KEY (hall, no));
           CREATE TABLE seat_map (id serial PRIMARY KEY, no_key int, hall_key uuid, seat_id int UNIQUE, ok bool NOT NULL, made timestamptz NOT NULL,
                                  UNIQUE (hall_key, no_key))""",
        "CREATE TABLE old_seat (id serial PRIMARY KEY, note text)")
    install(db)
    one, two = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"

    def seats():
        notes = dict(legacy(db, "SELECT id, note FROM old_seat"))
        return {(str(hall), no): notes.get(id) for hall, no, id, ok in db.execute("SELECT hall_key, no_key, seat_id, ok FROM seat_map") if ok}

    with Daemon(db) as daemon:
        for hall, no in ((one, 1), (one, 2), (two, 1)):
            write(db, "INSERT INTO seat (hall, no, note) VALUES (%s, %s, %s)", [hall, no, f"{hall[0]}{no}"])
        wanted = {(one, 1): "a1", (one, 2): "a2", (two, 1): "b1"}
        wait_until(lambda: seats() == wanted)
        line = daemon.lines("dual_write_completed")[0]
        assert line["seat_id"] == f"{one},1"
        write(db, "UPDATE seat SET note = 'changed' WHERE hall = %s AND no = 1", [one])
        write(db, "DELETE FROM seat WHERE no = 2")
        wait_until(lambda: seats() == {(one, 1): "changed", (one, 2): "gone", (two, 1): "b1"})
        # every row again: nothing is made twice
        db.execute("SELECT nextval('dualwrite.resync_seat')")
        daemon.wait_for("resync_completed")
        drained(db)
        assert legacy(db, "SELECT count(*)::int FROM old_seat") == [(3,)]
        assert db.value("SELECT count(*)::int FROM seat_map") == 3
        assert failed(db) == {}


# ---- presence ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("null", [True, False])
def test_present_by_null(application, null):
    db = application(mapping(entity("post", "post", "old_post", {"id": "id", "title": "title"},
                                    present={"column": "at", "null": null})),
                     "CREATE TABLE post (id int PRIMARY KEY, title text, at timestamptz)", "CREATE TABLE old_post (id int PRIMARY KEY, title text)")
    install(db)
    there, away = ("NULL", "now()") if null else ("now()", "NULL")
    rows = "SELECT id, title FROM old_post ORDER BY 1"
    with Daemon(db) as daemon:
        write(db, f"INSERT INTO post VALUES (1, 'a', {there}), (2, 'b', {away}), (3, 'c', {there})")
        becomes(db, rows, [(1, "a"), (3, "c")])
        write(db, f"UPDATE post SET at = {away} WHERE id = 1")
        becomes(db, rows, [(3, "c")])
        assert daemon.wait_for("dual_write_completed", operation="post_r", post_id=1)
        write(db, f"UPDATE post SET at = {there} WHERE id < 3")
        becomes(db, rows, [(1, "a"), (2, "b"), (3, "c")])
        # another time that is still no NULL is no change of presence
        mark = daemon.mark()
        write(db, f"UPDATE post SET at = {away}")
        if null:
            write(db, "UPDATE post SET at = '2001-01-01' WHERE id = 1")
        becomes(db, rows, [])
        drained(db)
        daemon.wait_for("dual_write_completed", since=mark, operation="post_r", post_id=1)
        assert len(daemon.lines("dual_write_completed", since=mark, operation="post_r", post_id=1)) == 1
        write(db, f"UPDATE post SET at = {there}")
        write(db, "DELETE FROM post WHERE id = 2")
        becomes(db, rows, [(1, "a"), (3, "c")])
        assert failed(db) == {}


def test_a_removal_that_sets_a_time_keeps_the_one_that_is_there(application):
    db = application(mapping(entity("post", "post", "old_post", {"id": "id", "gone_at": {"constant": None}, "state": {"constant": "up"}},
                                    present={"column": "deleted_at", "null": True},
                                    removal={"set": {"gone_at": {"now": True}, "state": {"constant": "down"}}})),
                     "CREATE TABLE post (id int PRIMARY KEY, deleted_at timestamptz)",
                     "CREATE TABLE old_post (id int PRIMARY KEY, gone_at timestamptz, state text)")
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO post VALUES (1, NULL)")
        becomes(db, "SELECT id, gone_at, state FROM old_post", [(1, None, "up")])
        write(db, "UPDATE post SET deleted_at = now()")
        becomes(db, "SELECT id, gone_at IS NOT NULL, state FROM old_post", [(1, True, "down")])
        first = legacy(db, "SELECT gone_at, xmin::text FROM old_post")
        mark = daemon.mark()
        db.execute("SELECT nextval('dualwrite.resync_post')")
        write(db, "DELETE FROM post")
        completed(daemon, 1, since=mark)
        drained(db)
        assert legacy(db, "SELECT gone_at, xmin::text FROM old_post") == first


# ---- several entities of one table ---------------------------------------------------------------------------------------------


def test_two_entities_from_one_source_table(application):
    db = application(
        mapping(entity("author", "person", "old_author", {"id": "id", "name": "name"}, present={"column": "writes", "in": ["true"]}),
                entity("account", "person", "old_account", {"login": "login"}, removal="keep", map=map_of("account_map"))),
        "CREATE TABLE person (id int PRIMARY KEY, name text, login text, writes bool NOT NULL, other text);" + map_table("account_map"),
        "CREATE TABLE old_author (id int PRIMARY KEY, name text); CREATE TABLE old_account (id serial PRIMARY KEY, login text)")
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO person VALUES (1, 'Ann', 'ann', true), (2, 'Bob', 'bob', false)")
        becomes(db, "SELECT * FROM old_author", [(1, "Ann")])
        becomes(db, "SELECT login FROM old_account ORDER BY 1", [("ann",), ("bob",)])
        assert len(daemon.wait_for("dual_write_completed", operation="author_i", author_id=1)) and daemon.wait_for(
            "dual_write_completed", operation="account_i", account_id=1)
        # a column of one entity is none of the other's business
        mark = daemon.mark()
        write(db, "UPDATE person SET login = 'ann2' WHERE id = 1")
        becomes(db, "SELECT login FROM old_account ORDER BY 1", [("ann2",), ("bob",)])
        write(db, "UPDATE person SET writes = true WHERE id = 2")
        becomes(db, "SELECT * FROM old_author ORDER BY id", [(1, "Ann"), (2, "Bob")])
        write(db, "UPDATE person SET other = 'x'")
        drained(db)
        assert sorted(line["operation"] for line in daemon.lines("dual_write_scheduled", since=mark)) == ["account_u", "author_u"]
        # one fails, the other does not
        db.legacy.execute("ALTER TABLE old_author ADD CHECK (name <> 'Eve')")
        write(db, "INSERT INTO person VALUES (3, 'Eve', 'eve', true)")
        daemon.wait_for("dual_write_failed", author_id=3)
        daemon.wait_for("dual_write_completed", account_id=3)
        # and a TRUNCATE is a resync of both
        mark = daemon.mark()
        write(db, "TRUNCATE person")
        daemon.wait_for("resync_completed", since=mark, count=2)
        write(db, "INSERT INTO person VALUES (4, 'Dan', 'dan', true)")
        becomes(db, "SELECT name FROM old_author WHERE id = 4", [("Dan",)])
        becomes(db, "SELECT login FROM old_account WHERE login = 'dan'", [("dan",)])


def test_two_entities_into_one_target_table(application):
    """Each its own rows: legacy keeps books and films as items."""
    item = {"title": "title", "state": {"constant": "up"}}
    gone = {"set": {"state": {"constant": "down"}}}
    db = application(
        mapping(entity("book", "book", "item", {**item, "kind": {"constant": "book"}}, gone, map=map_of("book_map")),
                entity("film", "film", "item", {**item, "kind": {"constant": "film"}}, gone, map=map_of("film_map", verified="ok"))),
        "CREATE TABLE book (id int PRIMARY KEY, title text); CREATE TABLE film (id int PRIMARY KEY, title text);"
        + map_table("book_map") + map_table("film_map"),
        "CREATE TABLE item (id serial PRIMARY KEY, kind text, title text, state text)")
    install(db, "--guard=on")
    rows = "SELECT kind, title, state FROM item ORDER BY 1, 2"
    with Daemon(db) as daemon:
        write(db, "INSERT INTO book VALUES (1, 'b1'), (2, 'b2'); INSERT INTO film VALUES (1, 'f1'), (2, 'f2')")
        becomes(db, rows, [("book", "b1", "up"), ("book", "b2", "up"), ("film", "f1", "up"), ("film", "f2", "up")])
        write(db, "UPDATE film SET title = 'f1!' WHERE id = 1; DELETE FROM book WHERE id = 2")
        becomes(db, rows, [("book", "b1", "up"), ("book", "b2", "down"), ("film", "f1!", "up"), ("film", "f2", "up")])
        # a resync of one leaves the other's rows and legacy's own alone
        as_sync_session(db, "INSERT INTO item (kind, title, state) VALUES ('other', 'o', 'up')")
        before = legacy(db, "SELECT xmin::text, id FROM item ORDER BY id")
        db.execute("SELECT nextval('dualwrite.resync_film'), nextval('dualwrite.resync_book')")
        daemon.wait_for("resync_completed", count=2)
        drained(db)
        assert legacy(db, "SELECT xmin::text, id FROM item ORDER BY id") == before
        assert failed(db) == {}


# ---- value maps and expressions --------------------------------------------------------------------------------------------------


def test_a_value_that_the_value_map_does_not_know_fails_that_row_by_name(application):
    db = application(mapping(entity("a", "a", "b", {"id": "id", "word": {"column": "n", "values": {"1": "one", "2": None}}})),
                     "CREATE TABLE a (id int PRIMARY KEY, n int)", "CREATE TABLE b (id int PRIMARY KEY, word text)")
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO a VALUES (1, 1), (2, 2), (3, 3), (4, NULL), (5, 1)")
        line = daemon.wait_for("dual_write_failed", a_id=3)
        assert "word" in line["error"] and "3" in line["error"]
        becomes(db, "SELECT * FROM b ORDER BY id", [(1, "one"), (2, None), (4, None), (5, "one")])
        assert set(failed(db)) == {"3"} and len(daemon.lines("dual_write_failed")) == 1


def test_an_expression_that_fails_for_some_rows_parks_these(application):
    db = application(mapping(entity("a", "a", "b", {"id": "id", "share": {"expression": "100 / n"}, "day": {"expression": "t::date"}})),
                     "CREATE TABLE a (id int PRIMARY KEY, n int, t text)", "CREATE TABLE b (id int PRIMARY KEY, share int, day date)")
    install(db)
    with Daemon(db) as daemon:
        write(db, """INSERT INTO a SELECT n, CASE WHEN n % 10 = 0 THEN 0 ELSE n END,
                                   CASE WHEN n % 10 = 5 THEN 'no day' ELSE '2026-01-01' END FROM generate_series(1, 100) n""")
        for n in range(10, 101, 10):
            line = daemon.wait_for("dual_write_failed", a_id=n)
            assert (line["sqlstate"], line["exception_type"]) == ("22012", "division_by_zero")
            assert daemon.wait_for("dual_write_failed", a_id=n - 5)["sqlstate"] == "22007"
        becomes(db, "SELECT count(*)::int FROM b", [(80,)])
        assert len(failed(db)) == 20 and all(f["retry_at"] is None for f in failed(db).values())
        write(db, "UPDATE a SET n = 50, t = '2026-02-02' WHERE id = 10")
        becomes(db, "SELECT share, day::text FROM b WHERE id = 10", [(2, "2026-02-02")])


WRITERS = {
    "nextval": "nextval('public.counter')",
    "setval": "setval('public.counter', 1000)",
    "a function that inserts": "public.inserts(n)",
    "a SECURITY DEFINER function that inserts": "public.inserts_as_owner(n)",
    "an advisory lock and an insert": "(SELECT public.inserts_as_owner(n) FROM pg_advisory_xact_lock(1))",
}


@pytest.mark.parametrize("how", WRITERS)
def test_an_expression_that_tries_to_write_is_refused_and_writes_nothing(application, how):
    """For some rows only, so that the others show that a refusal costs nobody else anything."""
    expression = f"CASE WHEN n < 0 THEN {WRITERS[how]} ELSE 0 END"
    db = application(mapping(entity("a", "a", "b", {"id": "id", "n": {"expression": expression}})), """
        CREATE TABLE a (id int PRIMARY KEY, n int); CREATE SEQUENCE counter; CREATE TABLE written (n int);
        CREATE FUNCTION inserts(n int) RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.written VALUES (n); RETURN n; END';
        CREATE FUNCTION inserts_as_owner(n int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
            'BEGIN INSERT INTO public.written VALUES (n); RETURN n; END'""", "CREATE TABLE b (id int PRIMARY KEY, n int)")
    install(db)
    db.execute("GRANT ALL ON SEQUENCE counter TO dualwrite_daemon; GRANT ALL ON written TO dualwrite_daemon")
    with Daemon(db) as daemon:
        write(db, "INSERT INTO a VALUES (1, 1), (2, -2), (3, 3), (4, -4), (5, 5)")
        for id in (2, 4):
            line = daemon.wait_for("dual_write_failed", a_id=id)
            assert line["sqlstate"] == "25006", line
        becomes(db, "SELECT id FROM b ORDER BY id", [(1,), (3,), (5,)])
        drained(db)
        assert set(failed(db)) == {"2", "4"} and all(f["retry_at"] is None for f in failed(db).values())
        assert db.value("SELECT count(*)::int FROM written") == 0
        assert db.execute("SELECT last_value, is_called FROM counter") == [(1, False)]
        write(db, "UPDATE a SET n = 1")
        becomes(db, "SELECT id FROM b ORDER BY id", [(1,), (2,), (3,), (4,), (5,)])


def test_an_expression_reads_other_tables_of_vnext(application):
    """Subqueries are allowed; a change of those tables raises no event."""
    db = application(mapping(entity("a", "a", "b", {"id": "id", "n": {"expression": "(SELECT count(*) FROM public.other o WHERE o.a_id = id)"}})),
                     "CREATE TABLE a (id int PRIMARY KEY, touched int); CREATE TABLE other (no int, a_id int)",
                     "CREATE TABLE b (id int PRIMARY KEY, n int)")
    install(db)
    db.execute("GRANT SELECT ON other TO dualwrite_daemon")
    with Daemon(db) as daemon:
        write(db, "INSERT INTO other VALUES (1, 7), (2, 7), (3, 8); INSERT INTO a VALUES (7), (9)")
        becomes(db, "SELECT * FROM b ORDER BY id", [(7, 2), (9, 0)])
        write(db, "INSERT INTO other VALUES (4, 7)")
        drained(db)
        assert len(daemon.lines("dual_write_scheduled")) == 2


# ---- tables that change while the daemon runs ------------------------------------------------------------------------------------


def plain_entity(*without):
    return entity("a", "orders", "ledger", {c: c for c in ("id", "amount", "remark") if c not in without})


PLAIN_A = "CREATE TABLE orders (id int PRIMARY KEY, amount int, remark text)"
PLAIN_B = "CREATE TABLE ledger (id int PRIMARY KEY, amount int, remark text)"


def said(daemon, mark, *words):
    """Waits for an ERROR or WARNING line that has all of these words."""
    def there():
        return [line for line in daemon.lines(since=mark)
                if line["level"] in ("WARNING", "ERROR") and all(word in str(line) for word in words)]
    return wait_until(there, what=f"a line that names {words}")


def test_a_legacy_column_dropped_for_good_is_noticed_and_over_when_the_mapping_is_mended(application):
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, 'one'), (2, 2, 'two')")
        completed(daemon, 2)
        mark = daemon.mark()
        db.legacy.execute("ALTER TABLE ledger DROP COLUMN remark")
        write(db, "UPDATE orders SET amount = 11, remark = 'x'")
        said(daemon, mark, "remark", "ledger")
        # nothing is lost and nothing parked: the events wait for the mend
        assert db.backlog() == 2 and failed(db) == {}
        assert daemon.lines("dual_write_completed", since=mark) == []
        write_mapping(db.settings["DUALWRITE_MAPPING_FILE"], mapping(plain_entity("remark")))
        install(db)
        daemon.hup(wait="config_reloaded")
        becomes(db, "SELECT * FROM ledger ORDER BY id", [(1, 11), (2, 11)])
        drained(db)
        assert failed(db) == {}


def test_a_legacy_column_dropped_and_made_again_is_filled_again(application):
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, 'one'), (2, 2, 'two')")
        completed(daemon, 2)
        mark = daemon.mark()
        db.legacy.execute("ALTER TABLE ledger DROP COLUMN remark")
        write(db, "UPDATE orders SET amount = 11 WHERE id = 1")
        said(daemon, mark, "remark", "ledger")
        db.legacy.execute("ALTER TABLE ledger ADD COLUMN remark text")
        becomes(db, "SELECT id, amount, remark FROM ledger ORDER BY id", [(1, 11, "one"), (2, 2, None)])
        db.execute("SELECT nextval('dualwrite.resync_a')")
        becomes(db, "SELECT id, amount, remark FROM ledger ORDER BY id", [(1, 11, "one"), (2, 2, "two")])
        assert failed(db) == {}


@pytest.mark.parametrize("change", ["RENAME COLUMN remark TO note", "DROP COLUMN remark"])
def test_a_vnext_column_that_is_gone_disturbs_no_writer_and_is_over_when_the_mapping_is_mended(application, change):
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, 'one'), (2, 2, 'two')")
        completed(daemon, 2)
        mark = daemon.mark()
        db.execute(f"ALTER TABLE orders {change}")
        write(db, "UPDATE orders SET amount = 11 WHERE id = 1")
        write(db, "INSERT INTO orders (id, amount) VALUES (3, 3)")
        write(db, "DELETE FROM orders WHERE false")
        said(daemon, mark, "remark", "orders")
        assert failed(db) == {} and daemon.lines("dual_write_completed", since=mark) == []
        write_mapping(db.settings["DUALWRITE_MAPPING_FILE"], mapping(plain_entity("remark")))
        install(db)
        daemon.hup(wait="config_reloaded")
        becomes(db, "SELECT id, amount FROM ledger ORDER BY id", [(1, 11), (2, 2), (3, 3)])
        drained(db)
        assert failed(db) == {}


def test_a_vnext_column_renamed_for_a_while_loses_nothing(application):
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, 'one'), (2, 2, 'two')")
        completed(daemon, 2)
        mark = daemon.mark()
        db.execute("ALTER TABLE orders RENAME COLUMN remark TO note")
        write(db, "UPDATE orders SET note = 'changed unseen' WHERE id = 1")
        said(daemon, mark, "remark", "orders")
        db.execute("ALTER TABLE orders RENAME COLUMN note TO remark")
        becomes(db, "SELECT id, amount, remark FROM ledger ORDER BY id", [(1, 1, "changed unseen"), (2, 2, "two")])
        drained(db)
        assert failed(db) == {}


def test_a_legacy_table_dropped_and_made_again_is_filled_again(application):
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, 'one')")
        completed(daemon, 1)
        mark = daemon.mark()
        db.legacy.execute("DROP TABLE ledger")
        write(db, "UPDATE orders SET amount = 11")
        said(daemon, mark, "ledger")
        assert failed(db) == {} and db.backlog() == 1
        db.legacy.execute(PLAIN_B)
        install(db)  # rights and guard of the new table
        becomes(db, "SELECT id, amount, remark FROM ledger", [(1, 11, "one")])
        drained(db)


@pytest.mark.parametrize("side", ["vnext", "legacy"])
def test_a_lookup_table_that_is_away_for_a_while_loses_nothing(application, side):
    value = {"column": "user_id", "lookup": lookup(side)}
    db = profiles(application, side, member({"id": "id", "profile_id": value}), MEMBER, PLAYER)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO member (id, user_id) VALUES (1, 1)")
        completed(daemon, 1)
        mark = daemon.mark()
        side_of(db, side).execute("ALTER TABLE profile RENAME TO away")
        write(db, "INSERT INTO member (id, user_id) VALUES (2, 2)")
        said(daemon, mark, "profile")
        side_of(db, side).execute("ALTER TABLE away RENAME TO profile")
        becomes(db, "SELECT id, profile_id FROM player ORDER BY id", [(1, 101), (2, 102)], HEALS)
        drained(db)
        wait_until(lambda: failed(db) == {})


def test_a_legacy_column_of_another_type_is_followed_or_named(application):
    """int becomes bigint: still fine. text becomes date: what does not fit fails by name, row by row, or the pair is a fault
    that the log names; in neither case a value is bent."""
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, '2026-01-01')")
        completed(daemon, 1)
        db.legacy.execute("ALTER TABLE ledger ALTER COLUMN amount TYPE bigint")
        write(db, "UPDATE orders SET amount = 2")
        becomes(db, "SELECT id, amount, remark FROM ledger", [(1, 2, "2026-01-01")])
        mark = daemon.mark()
        db.legacy.execute("ALTER TABLE ledger ALTER COLUMN remark TYPE date USING remark::date")
        write(db, "UPDATE orders SET amount = 3, remark = '2026-01-01 and more'")
        said(daemon, mark, "remark")
        assert legacy(db, "SELECT remark::text FROM ledger") == [("2026-01-01",)]
        db.legacy.execute("ALTER TABLE ledger ALTER COLUMN remark TYPE text")
        write(db, "UPDATE orders SET amount = 4")
        becomes(db, "SELECT id, amount, remark FROM ledger", [(1, 4, "2026-01-01 and more")], HEALS)


# ---- resync ----------------------------------------------------------------------------------------------------------------------


def test_a_truncated_tree_comes_back_by_a_resync_of_every_level(application):
    """Events lost at every level; marks raised in whatever order; parents are made where children come first."""
    db = leagues(application)
    write(db, """INSERT INTO league SELECT n, 'l' || n FROM generate_series(1, 5) n;
                 INSERT INTO team SELECT n, 1 + n % 5, 't' || n FROM generate_series(1, 25) n;
                 INSERT INTO player SELECT n, 1 + n % 25, 'p' || n FROM generate_series(1, 250) n""")
    db.execute("DELETE FROM dualwrite.outbox")
    with Daemon(db) as daemon:
        db.execute("SELECT nextval('dualwrite.resync_player')")
        becomes(db, "SELECT count(*)::int FROM old_player", [(250,)])
        db.execute("SELECT nextval('dualwrite.resync_team'), nextval('dualwrite.resync_league')")
        daemon.wait_for("resync_completed", count=3)
        drained(db)
        assert legacy(db, """SELECT (SELECT count(*)::int FROM old_league), (SELECT count(*)::int FROM old_team), count(*)::int,
                                    count(DISTINCT name)::int FROM old_player""") == [(5, 25, 250, 250)]
        assert failed(db) == {}
        write(db, "TRUNCATE player; INSERT INTO player VALUES (1000, 1, 'after')")
        becomes(db, "SELECT count(*)::int FROM old_player WHERE name = 'after'", [(1,)])
        daemon.wait_for("resync_completed", count=4)
        # what was truncated is not taken for deleted
        assert legacy(db, "SELECT count(*)::int FROM old_player") == [(251,)]


def test_the_owner_of_the_legacy_tables_may_forbid_and_allow(application):
    """A right taken away while the daemon runs: named, nothing parked, and over when it is given back."""
    db = application(mapping(plain_entity()), PLAIN_A, PLAIN_B)
    install(db)
    with Daemon(db) as daemon:
        write(db, "INSERT INTO orders VALUES (1, 1, 'one')")
        completed(daemon, 1)
        mark = daemon.mark()
        db.legacy.execute("REVOKE UPDATE ON ledger FROM dualwrite_daemon")
        write(db, "UPDATE orders SET amount = 2")
        said(daemon, mark, "ledger")
        assert failed(db) == {} and db.backlog() == 1
        db.legacy.execute("GRANT UPDATE ON ledger TO dualwrite_daemon")
        becomes(db, "SELECT amount FROM ledger", [(2,)], HEALS)
