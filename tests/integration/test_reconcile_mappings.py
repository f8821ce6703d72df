"""`dualwrited reconcile` over what the mapping language can say: hostile names, lookups, composite keys, parents three deep,
presence, tables that several entities share."""

import pytest

from conftest import Daemon, install
from helpers import as_sync_session, drained, failed, forget_events
from test_language import (
    LEAGUE, OLD_LEAGUE, SIDES, TREE, becomes, entity, league, legacy, lookup, map_of, map_table, mapping, member, profiles, write,
)
from test_reconcile import columns, of, reconcile, samples
from test_second_app import MAPPING, everything, held, in_step, new_shop, shop, wanted  # noqa: F401

pytestmark = pytest.mark.layouts("one", "two")


def clean(db):
    answer = reconcile(db)
    assert answer["summary"]["verdict"] == "clean"
    return answer


# ---- the second application ------------------------------------------------------------------------------------------------


def test_the_second_application_is_clean_when_in_step(shop):  # noqa: F811
    everything(shop)
    with Daemon(shop):
        in_step(shop)
    answer = clean(shop)
    assert {e["entity"]: e["compared"] for e in answer["entities"]} == {
        "customer": 1, "subscription": 1, "item": 1, "product": 1, "loyalty": 1}


def test_every_column_of_the_second_application(shop):  # noqa: F811
    """Each compared column is found when it drifts, by its own name and no other; one written only once is not."""
    everything(shop)
    with Daemon(shop):
        in_step(shop)
    targets = {e["name"]: e for e in MAPPING["entities"]}
    found = 0
    for name, spec in targets.items():
        target = spec["target"]
        for column, value in spec["columns"].items():
            if column in target["key"] or column == "profile_id" or (isinstance(value, dict) and value.get("insert_only")):
                continue
            table = f'{target["schema"]}.{target["table"]}'
            kind = shop.legacy.value(f"SELECT pg_typeof({column})::text FROM {table}")
            other = {"boolean": "NOT {}", "jsonb": "'{{\"x\": 1}}'", "bytea": "'\\x01'", "date": "{} + 1",
                     "timestamp with time zone": "now() + interval '1 day'"}.get(kind)
            if kind.endswith("[]"):
                other = "'{{zz}}'"
            elif other is None:
                other = "'drift'" if kind in ("text", "character varying") else "coalesce({}, 0) + 1"
            try:
                as_sync_session(shop, f"UPDATE {table} SET {column} = {other.format(column)}")
            except Exception as error:  # an enum or a CHECK takes nothing else
                assert "check" in str(error) or "enum" in str(error) or "character" in str(error), (table, column, kind, error)
                continue
            answer = reconcile(shop, check=1)
            assert columns(answer, name) == {column: 1} and answer["summary"]["differences"] == 1, (table, column)
            found += 1
            shop.execute("DELETE FROM dualwrite.outbox")
            with Daemon(shop):
                reconcile(shop, "--resume", "--fix")
            assert wanted(shop) == held(shop)
    assert found >= 15


def test_the_second_application_is_backfilled(new_shop):  # noqa: F811
    db = new_shop()
    everything(db)
    install(db)
    with Daemon(db):
        answer = reconcile(db, "--fix")
        assert answer["summary"]["fixed"] == 5
        in_step(db)
    clean(db)


def test_extra_rows_of_the_second_application(shop):  # noqa: F811
    """A deleted row whose event was lost: each kind of removal, through maps, parents and lookups."""
    everything(shop)
    with Daemon(shop):
        in_step(shop)
        for table in ("loyalty_period", "subscription_item", "product", "subscription"):
            shop.execute(f"ALTER TABLE crm.{table} DISABLE TRIGGER ALL; DELETE FROM crm.{table}; "
                         f"ALTER TABLE crm.{table} ENABLE TRIGGER ALL")
        answer = reconcile(shop, "--fix")
        assert {e["entity"]: (e["extra"], e["unmapped"]) for e in answer["entities"]} == {
            "customer": (0, 0), "subscription": (1, 0), "item": (1, 0), "product": (0, 1), "loyalty": (1, 0)}
        assert wanted(shop) == held(shop) and failed(shop) == {}
    assert shop.legacy.value("SELECT count(*)::int FROM shop.loyalty") == 0
    assert shop.legacy.value("SELECT count(*)::int FROM shop.subscription_items") == 0
    assert shop.legacy.value("SELECT status FROM shop.subscriptions") == "CANCELLED"


# ---- shapes of mappings ----------------------------------------------------------------------------------------------------


def test_three_deep_from_nothing(application):
    """Children come after their parents, and a child alone makes all of them."""
    db = application(league(), LEAGUE + map_table("league_map") + map_table("team_map"), OLD_LEAGUE)
    write(db, """INSERT INTO league (id, name) SELECT n, 'l' || n FROM generate_series(1, 3) n;
                 INSERT INTO team (id, league_id, name)
                 SELECT 10 * l.id + n, l.id, l.name || 't' || n FROM league l, generate_series(1, 3) n;
                 INSERT INTO player (id, team_id, name)
                 SELECT 10 * t.id + n, t.id, t.name || 'p' || n FROM team t, generate_series(1, 3) n""")
    install(db)
    with Daemon(db):
        answer = reconcile(db, "--entity=player", "--fix")
        assert of(answer, "player") == {"missing": 27}
        assert len(legacy(db, TREE)) == 27 and all(player for _, _, player in legacy(db, TREE))
        assert clean(db)["summary"]["compared"] == 3 + 9 + 27
    as_sync_session(db, "UPDATE old_team SET league_id = (SELECT max(id) FROM old_league)")
    answer = reconcile(db, check=1)
    assert of(answer, "team") == {"drifted": 6} and columns(answer, "team") == {"league_id": 6}


def test_a_composite_key_with_a_map(application):
    db = application(
        mapping(entity("seat", "seat", "old_seat", {"note": "note"}, removal={"set": {"note": {"constant": "gone"}}},
                       key=["hall", "no"], target_key="id",
                       map={"table": "seat_map", "source_key": ["hall_key", "no_key"], "target_key": "seat_id", "verified": "ok"})),
        """CREATE TABLE seat (no int, note text, hall uuid, PRIMARY KEY (hall, no));
           CREATE TABLE seat_map (id serial PRIMARY KEY, no_key int, hall_key uuid, seat_id int UNIQUE, ok bool NOT NULL,
                                  UNIQUE (hall_key, no_key))""",
        "CREATE TABLE old_seat (id serial PRIMARY KEY, note text)")
    write(db, """INSERT INTO seat (hall, no, note) SELECT ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1' || n)::uuid, m, 'n' || m
                 FROM generate_series(1, 3) n, generate_series(1, 5) m""")
    install(db)
    with Daemon(db):
        assert of(reconcile(db, "--fix", "--chunk=4"), "seat") == {"missing": 15}
    as_sync_session(db, "UPDATE old_seat SET note = 'x' WHERE id IN (SELECT id FROM old_seat ORDER BY id LIMIT 2)")
    db.execute("DELETE FROM seat WHERE no = 5")
    forget_events(db)
    answer = reconcile(db, "--chunk=4", check=1)
    assert of(answer, "seat") == {"drifted": 2, "extra": 3}
    assert {sample["key"] for sample in samples(answer, "seat", "extra")} == {
        f"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1{n}, 5" for n in (1, 2, 3)}
    with Daemon(db):
        assert reconcile(db, "--resume", "--fix")["summary"]["fixed"] == 5
    clean(db)


@SIDES
def test_a_lookup_in_the_target_key(application, side):
    """Without a parent nothing says that a legacy row is the dual write's: it is counted and left alone."""
    value = {"column": "user_id", "lookup": lookup(side)}
    db = profiles(application, side, member({"profile_id": value, "team_id": "team_id", "role": "role"},
                                            target_key=["team_id", "profile_id"]),
                  "CREATE TABLE member (id int PRIMARY KEY, team_id int, user_id int, role text)",
                  "CREATE TABLE player (id serial PRIMARY KEY, team_id int, profile_id int, role text, UNIQUE (team_id, profile_id))")
    write(db, "INSERT INTO member VALUES (1, 10, 1, 'a'), (2, 10, 2, 'b'), (3, 20, 1, 'c'), (4, 20, 88, 'd')")
    forget_events(db)
    as_sync_session(db, "INSERT INTO player (team_id, profile_id, role) VALUES (10, 101, 'x'), (90, 101, 'own')")
    answer = reconcile(db, check=1)
    assert of(answer, "member") == {"missing": 2, "drifted": 1, "refused": 1, "unmapped": 1}
    (sample,) = samples(answer, "member", "refused")
    assert sample["key"] == "4" and "finds no row" in sample["error"]
    with Daemon(db):
        assert reconcile(db, "--resume", "--fix", check=1)["summary"]["fixed"] == 3
    assert legacy(db, "SELECT team_id, profile_id, role FROM player ORDER BY 1, 2") == [
        (10, 101, "a"), (10, 102, "b"), (20, 101, "c"), (90, 101, "own")]


def test_present_rows_and_those_that_are_not(application):
    """A row that is there and not present has no legacy row where the removal deletes."""
    db = application(mapping(entity("post", "post", "old_post", {"id": "id", "title": "title"}, present={"column": "at", "null": True})),
                     "CREATE TABLE post (id int PRIMARY KEY, title text, at timestamptz)",
                     "CREATE TABLE old_post (id int PRIMARY KEY, title text)")
    install(db)
    write(db, "INSERT INTO post VALUES (1, 'a', NULL), (2, 'b', now()), (3, 'c', now())")
    forget_events(db)
    as_sync_session(db, "INSERT INTO old_post VALUES (2, 'b')")
    answer = reconcile(db, check=1)
    assert of(answer, "post") == {"missing": 1, "extra": 1}
    with Daemon(db):
        reconcile(db, "--resume", "--fix")
        assert legacy(db, "SELECT * FROM old_post") == [(1, "a")]
    clean(db)


def test_the_row_that_speaks_for_several(application):
    """Two stays, one legacy row: found once, in whichever chunk."""
    db = application(
        mapping(entity("team", "team", "old_team", {"name": "name"}, removal="keep", map=map_of("team_map")),
                entity("stay", "stay", "old_member", {"user_id": "user_id", "role": "role"}, target_key=["team_id", "user_id"],
                       parent={"entity": "team", "column": "team_id", "target_column": "team_id"},
                       present={"column": "state", "in": ["on"]}, latest_by="since")),
        "CREATE TABLE team (id int PRIMARY KEY, name text);" + map_table("team_map") +
        "CREATE TABLE stay (id int PRIMARY KEY, team_id int, user_id int, role text, state text, since date)",
        """CREATE TABLE old_team (id serial PRIMARY KEY, name text);
           CREATE TABLE old_member (team_id int, user_id int, role text, PRIMARY KEY (team_id, user_id))""")
    install(db)
    write(db, "INSERT INTO team VALUES (1, 't')")
    write(db, """INSERT INTO stay VALUES (1, 1, 7, 'a', 'off', '2026-01-01'), (2, 1, 8, 'b', 'on', '2026-01-01'),
                                         (3, 1, 7, 'c', 'on', '2026-02-01'), (4, 1, NULL, 'd', 'on', '2026-02-01')""")
    forget_events(db)
    for chunk in (1, 2, 100):
        answer = reconcile(db, f"--chunk={chunk}", check=1)
        assert of(answer, "stay", "compared", "missing", "refused") == {"compared": 4, "missing": 2, "refused": 1}
    assert "user_id is null" in samples(answer, "stay", "refused")[0]["error"]
    with Daemon(db):
        reconcile(db, "--resume", "--fix", check=1)
        becomes(db, "SELECT user_id, role FROM old_member ORDER BY 1", [(7, "c"), (8, "b")])


@pytest.mark.parametrize("mapped", [True, False])
def test_two_entities_in_one_legacy_table(application, mapped):
    """Neither takes the other's rows, or legacy's own, for rows that vNext lost."""
    more = [{"map": map_of("book_map")}, {"map": map_of("film_map")}] if mapped else [{}, {}]
    values = {"title": "title"} if mapped else {"id": "id", "title": "title"}
    db = application(
        mapping(entity("book", "book", "item", {**values, "kind": {"constant": "book"}}, **more[0]),
                entity("film", "film", "item", {**values, "kind": {"constant": "film"}}, **more[1])),
        "CREATE TABLE book (id int PRIMARY KEY, title text); CREATE TABLE film (id int PRIMARY KEY, title text);"
        + map_table("book_map") + map_table("film_map"),
        "CREATE TABLE item (id serial PRIMARY KEY, kind text, title text)")
    install(db)
    with Daemon(db):
        write(db, "INSERT INTO book VALUES (1, 'b1'), (2, 'b2'); INSERT INTO film VALUES (11, 'f1'), (12, 'f2')")
        drained(db)
    as_sync_session(db, "INSERT INTO item (id, kind, title) VALUES (1000, 'own', 'o')")
    assert of(clean(db), "book") == ({"unmapped": 3} if mapped else {})
    db.execute("DELETE FROM book WHERE id = 2")
    forget_events(db)
    answer = reconcile(db, check=1 if mapped else 0)
    assert of(answer, "book", "extra") == ({"extra": 1} if mapped else {})


def test_keys_that_the_other_side_cannot_hold(application):
    """Legacy keys that are no vNext key, or larger than one: nobody's, and no reason to stop."""
    db = application(
        mapping(entity("team", "team", "old_team", {"name": "name"}, removal="keep", map=map_of("team_map")),
                entity("player", "player", "old_player", {"shirt": "no", "name": "name"}, target_key=["team_id", "shirt"],
                       parent={"entity": "team", "column": "team_id", "target_column": "team_id"})),
        "CREATE TABLE team (id int PRIMARY KEY, name text);" + map_table("team_map", old="bigint") +
        "CREATE TABLE player (id int PRIMARY KEY, team_id int, no smallint, name text)",
        """CREATE TABLE old_team (id bigserial PRIMARY KEY, name text);
           CREATE TABLE old_player (team_id bigint, shirt text, name text, PRIMARY KEY (team_id, shirt))""")
    install(db)
    with Daemon(db):
        write(db, "INSERT INTO team VALUES (1, 't'); INSERT INTO player VALUES (1, 1, 7, 'seven')")
        drained(db)
        as_sync_session(db, "INSERT INTO old_team VALUES (9000000000, 'large')")
        as_sync_session(db, """INSERT INTO old_player SELECT id, s, 'x' FROM old_team, unnest('{none,8,99999}'::text[]) s
                               WHERE name = 't'""")
        answer = reconcile(db, check=1)
        assert of(answer, "team") == {"unmapped": 1}
        assert of(answer, "player")["extra"] >= 1 and of(answer, "player")["unmapped"] >= 1
        reconcile(db, "--resume", "--fix", check=False)
        assert ("8",) not in legacy(db, "SELECT shirt FROM old_player") and ("7",) in legacy(db, "SELECT shirt FROM old_player")
