"""Long random histories, told by a seed, against an oracle: whatever is written, moved, ended, deleted and rolled back in vNext,
while daemons die and connections break, legacy ends as a few lines of Python say it must.

A failure names its seed; `pytest -k "histories and 3"` tells the same history again (its interleaving with the daemons differs).
"""

import random

import pytest

from conftest import Daemon, install, wait_until
from helpers import as_sync_session, drained, each_once

pytestmark = pytest.mark.layouts("one", "two")

USERS = range(1, 9)
TAG = 8  # characters that legacy keeps of a slug


def mapping():
    """Three deep; maps, a lookup in the key, a suffix, presence of three kinds, a removal of each kind."""
    def names(entity):
        return {"log": {"id": f"{entity}_id"}, "operations": {"insert": f"{entity}_i", "update": f"{entity}_u", "remove": f"{entity}_r"}}

    def map_of(table):
        return {"table": table, "source_key": "new_id", "target_key": "old_id", "verified": "ok"}

    return {"entities": [
        {"name": "league", "source": {"table": "league", "key": ["id"]}, "target": {"table": "old_league", "key": ["id"]},
         "map": map_of("league_map"), "columns": {"name": "name", "state": {"constant": "up"}},
         "present": {"column": "deleted_at", "null": True}, "removal": {"set": {"state": {"constant": "gone"}}}, **names("league")},
        {"name": "team", "source": {"table": "team", "key": ["id"]}, "target": {"table": "old_team", "key": ["id"]},
         "map": map_of("team_map"), "parent": {"entity": "league", "column": "league_id", "target_column": "league_id"},
         "columns": {"name": "name", "tag": {"column": "slug", "unique": "suffix"}, "state": {"constant": "up"},
                     "made": {"now": True, "insert_only": True}},
         "present": {"column": "active", "in": ["true"]}, "removal": {"set": {"state": {"constant": "gone"}}}, **names("team")},
        {"name": "stay", "source": {"table": "stay", "key": ["id"]}, "target": {"table": "old_player", "key": ["team_id", "profile_id"]},
         "parent": {"entity": "team", "column": "team_id", "target_column": "team_id"},
         "columns": {"profile_id": {"column": "user_id", "lookup": {"table": "profile", "key": "user_id", "value": "id",
                                                                     "database": "legacy"}},
                     "role": {"column": "role", "values": {"o": "OWNER", "p": "PLAYER"}, "otherwise": "OTHER"}, "since": "since"},
         "present": {"column": "ended", "null": True}, "latest_by": "since", "removal": "delete", **names("stay")}]}


VNEXT = """
    CREATE TABLE league (id int PRIMARY KEY, name text, deleted_at timestamptz);
    CREATE TABLE team (id int PRIMARY KEY, league_id int, name text, slug text, active bool NOT NULL DEFAULT true);
    CREATE INDEX ON team (left(slug, 8));
    CREATE TABLE stay (id int PRIMARY KEY, team_id int, user_id int, role text, since int, ended timestamptz);
    CREATE INDEX ON stay (team_id, user_id);
    CREATE TABLE league_map (new_id int PRIMARY KEY, old_id int UNIQUE NOT NULL, ok bool NOT NULL);
    CREATE TABLE team_map (new_id int PRIMARY KEY, old_id int UNIQUE NOT NULL, ok bool NOT NULL)"""
LEGACY = """
    CREATE TABLE old_league (id serial PRIMARY KEY, name text, state text);
    CREATE TABLE old_team (id serial PRIMARY KEY, league_id int NOT NULL REFERENCES old_league DEFERRABLE INITIALLY DEFERRED, name text,
                           tag varchar(8) UNIQUE, state text, made timestamptz);
    CREATE TABLE profile (id int PRIMARY KEY, user_id int UNIQUE);
    CREATE TABLE old_player (id serial PRIMARY KEY, team_id int NOT NULL REFERENCES old_team DEFERRABLE INITIALLY DEFERRED,
                             profile_id int NOT NULL REFERENCES profile DEFERRABLE INITIALLY DEFERRED, role text, since int,
                             UNIQUE (team_id, profile_id))"""


class History:
    """Writes at random, as several applications at once would over time."""

    def __init__(self, db, seed):
        self.db = db
        self.chance = random.Random(seed)
        self.conn = db.connect("app_user")
        self.next_id = 1

    def step(self):
        """A transaction of a few statements; one in six is rolled back."""
        for _ in range(self.chance.choice((1, 1, 2, 5))):
            statement, params = self.chance.choice((self.league, self.team, self.team, self.stay, self.stay, self.stay, self.stay))()
            self.conn.execute(statement, params)
        if self.chance.random() < 1 / 6:
            self.conn.rollback()
        else:
            self.conn.commit()

    def any_of(self, table):
        ids = [id for (id,) in self.conn.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()]
        return self.chance.choice(ids) if ids else None

    def fresh(self):
        self.next_id += 1
        return self.next_id

    def word(self):
        return self.chance.choice(("alpha", "beta", "gamma", "quite a long name", "\u00fc", "it's", '"q"'))

    def league(self):
        one = self.any_of("league")
        if one is None or self.chance.random() < 0.2:
            return "INSERT INTO league VALUES (%s, %s)", [self.fresh(), self.word()]
        return self.chance.choice((
            ("UPDATE league SET name = %s WHERE id = %s", [self.word(), one]),
            ("UPDATE league SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id = %s", [one])))

    def slug(self):
        # few, and equal in their first eight characters
        return self.chance.choice(("dragons", "dragons-of-rome", "dragons-of-york", "dragons-of-bath", "lions", "bears-of-the-north", None))

    def team(self):
        league, one = self.any_of("league"), self.any_of("team")
        if league is None:
            return self.league()
        if one is None or self.chance.random() < 0.25:
            return "INSERT INTO team VALUES (%s, %s, %s, %s)", [self.fresh(), league, self.word(), self.slug()]
        if self.chance.random() < 0.1:
            return "WITH s AS (DELETE FROM stay WHERE team_id = %s) DELETE FROM team WHERE id = %s", [one, one]
        return self.chance.choice((
            ("UPDATE team SET name = %s WHERE id = %s", [self.word(), one]),
            ("UPDATE team SET slug = %s WHERE id = %s", [self.slug(), one]),
            ("UPDATE team SET league_id = %s WHERE id = %s", [league, one]),
            ("UPDATE team SET active = NOT active WHERE id = %s", [one]),
            ("UPDATE team SET name = name, slug = slug", [])))

    def stay(self):
        team, one = self.any_of("team"), self.any_of("stay")
        if team is None:
            return self.team()
        user, since = self.chance.choice(USERS), self.chance.randrange(5)
        if one is None or self.chance.random() < 0.35:
            return "INSERT INTO stay VALUES (%s, %s, %s, %s, %s, %s)", [
                self.fresh(), team, user, self.chance.choice("opx"), since, self.chance.choice((None, None, "2026-01-01"))]
        return self.chance.choice((
            ("UPDATE stay SET role = %s WHERE id = %s", [self.chance.choice("opx"), one]),
            ("UPDATE stay SET ended = CASE WHEN ended IS NULL THEN now() END WHERE id = %s", [one]),
            ("UPDATE stay SET since = %s WHERE id = %s", [since, one]),
            ("UPDATE stay SET team_id = %s WHERE id = %s", [team, one]),
            ("UPDATE stay SET user_id = %s WHERE id = %s", [user, one]),
            ("DELETE FROM stay WHERE id = %s", [one]),
            ("UPDATE stay SET since = since + 1 WHERE team_id = %s", [team]),
            ("UPDATE stay SET ended = now() WHERE user_id = %s AND ended IS NULL", [user])))


def wrong(db):
    """What legacy should be and is not: a list of texts. Rows that wait or are parked are not looked at."""
    found = []
    waiting = {(entity, key) for entity, key in db.execute("SELECT entity, ref[1] FROM dualwrite.failed")}
    league_map, team_map = (dict(db.execute(f"SELECT new_id, old_id FROM {t}")) for t in ("league_map", "team_map"))
    old_leagues = {id: rest for id, *rest in db.legacy.execute("SELECT id, name, state FROM old_league")}
    old_teams = {id: rest for id, *rest in db.legacy.execute("SELECT id, name, state, league_id, tag FROM old_team")}
    for table, rows, map_ in (("league", old_leagues, league_map), ("team", old_teams, team_map)):
        for id in set(rows) - set(map_.values()):
            found.append(f"legacy {table} {id} is nobody's")
    for id, name, gone in db.execute("SELECT id, name, deleted_at IS NOT NULL FROM league"):
        row = old_leagues.get(league_map.get(id))
        if ("league", str(id)) not in waiting and (row if gone else True) and (row is None or row[1] != ("gone" if gone else "up")
                                                                              or not gone and row[0] != name):
            found.append(f"league {id} {name} gone={gone}: {row}")
    teams = {id: rest for id, *rest in db.execute("SELECT id, league_id, name, slug, active FROM team")}
    for id, (league, name, slug, active) in teams.items():
        row = old_teams.get(team_map.get(id))
        if ("team", str(id)) in waiting or not active and row is None:
            continue
        if row is None or row[1] != ("up" if active else "gone"):
            found.append(f"team {id} active={active}: {row}")
        elif active:
            plain = slug and slug[:TAG]
            allowed = {plain, slug and f"{slug[:TAG - len(str(id)) - 1]}-{id}"}
            if row[0] != name or row[2] != league_map.get(league) or row[3] not in allowed:
                found.append(f"team {id} {name} {league}->{league_map.get(league)} {slug}: {row}")
    for id, old in team_map.items():
        if id not in teams and old in old_teams and old_teams[old][1] != "gone":
            found.append(f"team {id} was deleted: {old_teams[old]}")
    speaking = {}
    for id, team, user, role, since, ended in db.execute("SELECT id, team_id, user_id, role, since, ended IS NOT NULL FROM stay"):
        rank = (not ended, since, id)
        if rank > speaking.get((team, user), ((False, -1, -1),))[0]:
            speaking[team, user] = (rank, {"o": "OWNER", "p": "PLAYER"}.get(role, "OTHER"), since)
    wanted = {(team_map.get(team), 100 + user): (role, since) for (team, user), (rank, role, since) in speaking.items() if rank[0]}
    there = {(team, profile): (role, since) for team, profile, role, since in
             db.legacy.execute("SELECT team_id, profile_id, role, since FROM old_player")}
    if not any(entity == "stay" for entity, _ in waiting) and wanted != there:
        found += [f"player {key}: {wanted.get(key)} is {there.get(key)}" for key in set(wanted) | set(there)
                  if wanted.get(key) != there.get(key)]
    return found


def nothing_failed(db):
    rows = db.execute("SELECT entity, ref, operation, attempts, sqlstate, message, retry_at FROM dualwrite.failed")
    assert rows == [], rows
    return True


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_histories_end_as_the_oracle_says(application, seed):
    db = application(mapping(), VNEXT, LEGACY)
    db.legacy.execute("INSERT INTO profile SELECT 100 + n, n FROM generate_series(1, 8) n; SELECT setval('old_team_id_seq', 1000)")
    install(db, "--guard=on")
    as_sync_session(db, "INSERT INTO profile VALUES (900, 900)")
    history = History(db, seed)
    chance = random.Random(seed)
    with Daemon(db, DUALWRITE_BATCH_SIZE=30) as constant, Daemon(db, DUALWRITE_BATCH_SIZE=7) as victim:
        for n in range(400):
            history.step()
            if n % 100 == 60:
                victim.kill9()
                victim.start()
            elif n % 40 == 20:
                side = chance.choice(db.sides)
                side.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                WHERE application_name LIKE 'dualwrited/%' AND datname = current_database() AND random() < 0.7""")
        drained(db, 30)
        wait_until(lambda: wrong(db) == [], 30, interval=0.5, what=f"legacy is as it should be, {wrong(db)[:5]}")
        # what waits, waits for a league or team that never was there while legacy looked; when they are, nothing waits
        history.conn.execute("UPDATE league SET deleted_at = NULL")
        history.conn.execute("UPDATE team SET active = true")
        history.conn.commit()
        wait_until(lambda: nothing_failed(db), 40)
        drained(db)
        wait_until(lambda: wrong(db) == [], 30, interval=0.5, what=f"legacy is as it should be, {wrong(db)[:5]}")
        each_once(constant, victim)
        # and once more from nothing but the rows: a resync changes nothing
        before = db.legacy.execute("SELECT 't', xmin::text, id FROM old_team UNION ALL SELECT 'p', xmin::text, id FROM old_player ORDER BY 1, 3")
        db.execute("SELECT nextval('dualwrite.resync_league'), nextval('dualwrite.resync_team'), nextval('dualwrite.resync_stay')")
        wait_until(lambda: len(constant.lines("resync_completed")) + len(victim.lines("resync_completed")) >= 3)
        drained(db)
        assert db.legacy.execute("SELECT 't', xmin::text, id FROM old_team UNION ALL SELECT 'p', xmin::text, id FROM old_player "
                                 "ORDER BY 1, 3") == before
        assert wrong(db) == [] and nothing_failed(db)
