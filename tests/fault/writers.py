"""Writers: threads that do to the vNext tables what several applications would, all the time, from a seed.

They know nothing of the daemon and must never notice it. Whatever they meet is kept in .errors; a connection that breaks is
made anew. Each writes its own teams (slug w1-...), and all of them one shared team, so none waits for another for long.
"""

import random
import threading
import time

import psycopg

from helpers import MEMBERSHIP, TEAM

NAME = "fault/writer"
WORDS = ("alpha", "b e t a", "g\u00e4mm\U0001f984", "'quoted\"", "x\\y")
ROLES = ("PLAYER", "COACH", "MANAGER", "SUBSTITUTE", "JANITOR")


class Error:
    """What a writer met: .sqlstate (None: the connection broke or was not to be had), .text, .at (monotonic)."""

    def __init__(self, error, doing):
        self.sqlstate = error.sqlstate
        self.text = f"{doing}: {type(error).__name__} {error.sqlstate} {str(error).strip()}"
        self.at = time.monotonic()

    def __repr__(self):
        return self.text


class Writers:
    """.transactions (committed so far), .errors, .slowest (seconds of the slowest statement or COMMIT, what it was)."""

    def __init__(self, db, seed, count=3, pause=0.02):
        self.transactions = 0
        self.errors = []
        self.slowest = (0.0, "")
        self.broken = []  # errors of this file
        self.pause = pause
        self.db = db
        self.url = db.url("app_user", application_name=NAME, options="-c lock_timeout=5s -c statement_timeout=20s", connect_timeout=5)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._threads = [threading.Thread(target=self._run, args=(n, random.Random(f"{seed} writer {n}")), daemon=True)
                         for n in range(1, count + 1)]

    def start(self):
        self.db.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('Shared', 'shared', 1)", user="app_user")
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a writer hangs"
        assert self.broken == [], self.broken

    def did(self, sqlstates):
        """The errors that are none of these: a set of SQLSTATEs, None among them for broken connections."""
        return [error for error in self.errors if error.sqlstate not in sqlstates]

    def _run(self, number, chance):
        writer = None
        while not self._stop.is_set():
            doing = "connect"
            try:
                if writer is None:
                    writer = _Writer(psycopg.connect(self.url), number, chance, self)
                doing = writer.step()
                with self._lock:
                    self.transactions += 1
            except psycopg.Error as error:
                with self._lock:
                    self.errors.append(Error(error, writer.doing if writer else doing))
                if writer is not None:
                    try:
                        writer.conn.rollback()
                    except psycopg.Error:
                        writer.conn.close()
                    if writer.conn.closed:
                        writer = None
                self._stop.wait(0.1)
            except Exception as error:  # a mistake in here
                self.broken.append(error)
                return
            self._stop.wait(chance.random() * 2 * self.pause)
        if writer is not None:
            writer.conn.close()

    def took(self, seconds, doing):
        with self._lock:
            self.slowest = max(self.slowest, (seconds, doing))


class _Writer:
    """One connection, one writer's chances."""

    def __init__(self, conn, number, chance, all_of_them):
        self.conn = conn
        self.chance = chance
        self.all = all_of_them
        self.mark = f"w{number}-"
        self.doing = ""

    def run(self, statement, params=()):
        began = time.monotonic()
        try:
            return self.conn.execute(statement, params)
        finally:
            self.all.took(time.monotonic() - began, f"{self.doing}: {statement[:60]}")

    def step(self):
        """One transaction."""
        actions = self.chance.choices(ACTIONS, WEIGHTS, k=self.chance.choice((1, 1, 1, 2, 4)))
        self.doing = "begin"
        kind = self.chance.random()
        if kind < 0.1:
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if self.chance.random() < 0.3:
            self.conn.execute("SELECT set_config('dualwrite.actor_id', %s, true)", [str(self.chance.randrange(100))])
        if kind > 0.9:
            self.shared()  # first, so that two writers never hold what the other wants
        for action in actions:
            self.doing = action.__name__
            if self.chance.random() < 0.1:
                self.conn.execute("SAVEPOINT whim")
                action(self)
                self.conn.execute("ROLLBACK TO whim")
            else:
                action(self)
        if self.chance.random() < 0.05:
            time.sleep(self.chance.random() / 2)  # what it has written stays unseen meanwhile, and gets older ids than others
        if self.chance.random() < 0.1:
            self.conn.rollback()
        else:
            self.doing += ", commit"
            began = time.monotonic()
            self.conn.commit()
            self.all.took(time.monotonic() - began, self.doing)
        return self.doing

    # -- choices

    def word(self):
        return f"{self.chance.choice(WORDS)} {self.chance.randrange(10**6)}"

    def team(self):
        """One of this writer's teams, None without any."""
        count = self.conn.execute(f"SELECT count(*) FROM {TEAM} WHERE slug LIKE %s", [f"{self.mark}%"]).fetchone()[0]
        if count == 0:
            return None
        return self.conn.execute(f"SELECT id FROM {TEAM} WHERE slug LIKE %s ORDER BY id OFFSET %s LIMIT 1",
                                 [f"{self.mark}%", self.chance.randrange(count)]).fetchone()[0]

    def member(self, team, where="true"):
        rows = self.conn.execute(f"SELECT id FROM {MEMBERSHIP} WHERE team_id = %s AND {where} ORDER BY id", [team]).fetchall()
        return self.chance.choice(rows)[0] if rows else None

    # -- what it does

    def shared(self):
        self.doing = "shared"
        self.run(f"UPDATE {TEAM} SET region = %s, updated_at = now() WHERE slug = 'shared'", [self.word()])

    def new_team(self):
        team = self.run(f"INSERT INTO {TEAM} (name, slug, game_id, region, branding) VALUES (%s, %s, %s, 'NA', '{{\"logo_url\": \"x\"}}') "
                        "RETURNING id", [self.word(), self.slug(), self.chance.randrange(1, 5)]).fetchone()[0]
        for user in range(self.chance.randrange(4)):
            self.run(f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) VALUES (%s, %s, %s)", [team, user, "PLAYER" if user else "OWNER"])

    def slug(self):
        return f"{self.mark}{self.chance.getrandbits(64):x}"

    def update_team(self):
        column = self.chance.choice(("name", "region", "description", "slug"))
        value = self.slug() if column == "slug" else self.word()
        self.run(f"UPDATE {TEAM} SET {column} = %s, updated_at = now() WHERE id = %s", [value, self.team()])

    def toggle_team(self):
        self.run(f"UPDATE {TEAM} SET status = CASE status WHEN 'ACTIVE' THEN 'ARCHIVED' ELSE 'ACTIVE' END, updated_at = now() "
                 "WHERE id = %s", [self.team()])

    def delete_team(self):
        team = self.team()
        self.run(f"DELETE FROM {MEMBERSHIP} WHERE team_id = %s", [team])
        self.run(f"DELETE FROM {TEAM} WHERE id = %s", [team])

    def join(self):
        team = self.team()
        if team is not None:
            self.run(f"""INSERT INTO {MEMBERSHIP} (team_id, user_id, role) SELECT %(t)s, %(u)s, %(r)s WHERE NOT EXISTS (
                             SELECT FROM {MEMBERSHIP} WHERE team_id = %(t)s AND user_id = %(u)s AND status = 'ACTIVE')""",
                     {"t": team, "u": self.chance.randrange(8), "r": self.chance.choice(ROLES)})

    def change_role(self):
        self.run(f"UPDATE {MEMBERSHIP} SET role = %s, updated_at = clock_timestamp() WHERE id = %s",
                 [self.chance.choice(ROLES), self.member(self.team(), "role <> 'OWNER'")])

    def swap_owner(self):
        """The promotion before the demotion; legacy allows one owner per team."""
        team = self.team()
        new = self.member(team, "status = 'ACTIVE' AND role <> 'OWNER'")
        if new is not None:
            self.run(f"UPDATE {MEMBERSHIP} SET role = 'OWNER', updated_at = clock_timestamp() WHERE id = %s", [new])
            self.run(f"UPDATE {MEMBERSHIP} SET role = 'PLAYER', updated_at = clock_timestamp() "
                     "WHERE team_id = %s AND id <> %s AND role = 'OWNER'", [team, new])

    def leave(self):
        self.run(f"UPDATE {MEMBERSHIP} SET status = 'LEFT', role = 'PLAYER', updated_at = clock_timestamp() WHERE id = %s",
                 [self.member(self.team(), "status = 'ACTIVE'")])

    def remove_member(self):
        self.run(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [self.member(self.team())])

    def many_teams(self):
        self.run(f"INSERT INTO {TEAM} (name, slug, game_id) SELECT 'bulk ' || n, %s || n, 1 + n %% 4 FROM generate_series(1, %s) n",
                 [self.slug() + "-", self.chance.choice((5, 20, 60))])

    def many_changes(self):
        self.run(f"UPDATE {TEAM} SET description = %s, updated_at = now() WHERE slug LIKE %s AND id %% 7 = %s",
                 [self.word(), f"{self.mark}%", self.chance.randrange(7)])

    def many_roles(self):
        self.run(f"""UPDATE {MEMBERSHIP} SET role = %s, updated_at = clock_timestamp() WHERE role <> 'OWNER' AND id %% 5 = %s
                     AND team_id IN (SELECT id FROM {TEAM} WHERE slug LIKE %s)""",
                 [self.chance.choice(ROLES), self.chance.randrange(5), f"{self.mark}%"])

    def nothing(self):
        self.run(f"UPDATE {TEAM} SET created_at = created_at WHERE id = %s", [self.team()])


CHANCES = {
    _Writer.new_team: 6, _Writer.update_team: 8, _Writer.toggle_team: 2, _Writer.delete_team: 2, _Writer.join: 6,
    _Writer.change_role: 6, _Writer.swap_owner: 4, _Writer.leave: 4, _Writer.remove_member: 2, _Writer.many_teams: 0.4,
    _Writer.many_changes: 1, _Writer.many_roles: 1, _Writer.nothing: 1,
}
ACTIONS, WEIGHTS = list(CHANCES), list(CHANCES.values())
