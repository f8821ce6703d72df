#!/usr/bin/env python3
"""Runs each peer once on a small load, in a private cluster, and checks what it wrote.

    python3 tests/bench/peers/selftest.py [--teams 2000] [WORD...]     only peers that have a WORD in their names

The rates are rough: one run each, and whatever else the machine does. `make bench` measures.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

TOP = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "tests" / "bench"))
import peers  # noqa: E402

SCHEMA = TOP / "config" / "sample" / "schema.sql"
PGCLUSTER = TOP / "tests" / "pgcluster.sh"
BUILD = TOP / "build" / "bench"


class Db:
    """One database, as the tests' conftest has it."""

    def __init__(self, host, port, name):
        self.host, self.port, self.name = host, port, name
        self.conn = self.connect(autocommit=True)

    def url(self, user="postgres", **settings):
        return make_conninfo("", host=self.host, port=self.port, dbname=self.name, user=user, **settings)

    def connect(self, user="postgres", autocommit=False):
        return psycopg.connect(self.url(user), autocommit=autocommit)

    def execute(self, statement, params=None):
        cursor = self.conn.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


class Server:
    def __init__(self):
        self.dir = subprocess.run([PGCLUSTER, "create", str(os.getpid())], check=True, capture_output=True,
                                  text=True).stdout.strip()
        env = (Path(self.dir) / "env").read_text()
        self.host = re.search(r"PGHOST='([^']*)'", env).group(1)
        self.port = int(re.search(r"PGPORT=(\d+)", env).group(1))
        self.admin = Db(self.host, self.port, "postgres")
        self.admin.execute("CREATE ROLE app_user LOGIN")

    def fresh(self, name):
        self.admin.execute(f"CREATE DATABASE {name}")
        db = Db(self.host, self.port, name)
        db.execute(SCHEMA.read_text())
        db.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app_user")
        return db

    def drop(self, db):
        db.conn.close()
        self.admin.execute(f"DROP DATABASE {db.name} WITH (FORCE)")

    def destroy(self):
        subprocess.run([PGCLUSTER, "destroy", self.dir], check=True)


def load(db, teams, singly):
    """Teams with four members each, as the application's user: two statements, or a transaction each."""
    team = """INSERT INTO organizations_team (name, slug, game_id, region, status, branding)
              SELECT 'Team ' || n, 'team-' || n, n %% 4 + 1, 'EU', CASE n %% 10 WHEN 0 THEN 'DISBANDED' ELSE 'ACTIVE' END,
                     jsonb_build_object('logo_url', 'https://example.net/' || n) FROM generate_series(%s::int, %s::int) n"""
    member = """INSERT INTO organizations_teammembership (team_id, user_id, role, status)
                SELECT (n + 3) / 4, n, (ARRAY['OWNER', 'MANAGER', 'PLAYER', 'WATERBOY'])[n %% 4 + 1],
                       CASE n %% 50 WHEN 0 THEN 'LEFT' ELSE 'ACTIVE' END FROM generate_series(%s::int, %s::int) n"""
    with db.connect("app_user", autocommit=True) as conn:
        for statement, rows in ((team, teams), (member, 4 * teams)):
            for first, last in ((n, n) for n in range(1, rows + 1)) if singly else ((1, rows),):
                conn.execute(statement, [first, last])


def change(db):
    """Every third row: names, roles, who leaves and who comes back."""
    with db.connect("app_user", autocommit=True) as conn:
        conn.execute("""UPDATE organizations_team SET name = name || '!', slug = slug || '-2', status = 'ACTIVE',
                        updated_at = clock_timestamp() WHERE id % 3 = 0""")
        conn.execute("""UPDATE organizations_teammembership SET role = 'COACH', updated_at = clock_timestamp(),
                        status = CASE status WHEN 'ACTIVE' THEN 'LEFT' ELSE 'ACTIVE' END WHERE id % 3 = 0""")
        # a second stay of who has left, and one of who has not: the active one speaks
        conn.execute("""INSERT INTO organizations_teammembership (team_id, user_id, status)
                        SELECT team_id, user_id, CASE status WHEN 'ACTIVE' THEN 'LEFT' ELSE 'ACTIVE' END
                        FROM organizations_teammembership WHERE id % 7 = 0""")


def try_floor(peer, db, teams, _):
    peer.install(db)
    load(db, teams, False)
    seconds = peer.run()
    peer.check()
    change(db)
    peer.run()
    peer.check()
    check_notices(peer, db)
    return seconds


def check_notices(peer, db):
    """The check that all peers are held to sees each of these."""
    for harm in ("UPDATE teams_team SET name = 'Another' WHERE id = 7",
                 "DELETE FROM organizations_teammigrationmap WHERE id = 7",
                 "UPDATE teams_team SET logo_url = NULL WHERE id = 7",
                 "UPDATE teams_team SET is_active = NOT is_active WHERE id = 7",
                 "UPDATE organizations_teammigrationmap SET verified = false WHERE id = 7",
                 "DELETE FROM teams_teammembership WHERE id = (SELECT min(id) FROM teams_teammembership WHERE status = 'ACTIVE')",
                 "UPDATE teams_teammembership SET role = 'SUBSTITUTE' WHERE status = 'ACTIVE'",
                 "UPDATE teams_teammembership SET left_at = NULL WHERE status = 'INACTIVE'"):
        db.execute("BEGIN")
        db.execute(harm)
        try:
            peer.check()
        except peers.Wrong:
            continue
        finally:
            db.execute("ROLLBACK")
        raise peers.Wrong(f"the check has not noticed: {harm}")


def try_drain(peer, db, teams, singly):
    peer.install(db)
    load(db, teams, singly)
    if peer.waiting() == 0:
        raise peers.Wrong("nothing waits")
    with peer.held():
        peer.start()
    begin = time.monotonic()
    peer.wait_drained()
    seconds = time.monotonic() - begin
    peer.check()
    change(db)
    peer.wait_drained()
    peer.check()
    if not peer.pids():
        raise peers.Wrong("no processes")
    return seconds, arrival(peer, db)


def arrival(peer, db):
    """Milliseconds from a commit until the row is seen, the median of 20; looks all the time."""
    took = []
    with psycopg.connect(peer.target_url(), autocommit=True) as target:
        for n in range(20):
            name = f"Renamed {n}"
            db.execute("UPDATE organizations_team SET name = %s WHERE id = 1", [name])
            begin = time.monotonic()
            while not target.execute(peer.arrived, {"id": 1, "name": name}, prepare=True).fetchall():
                if time.monotonic() - begin > 10:
                    raise peers.Wrong("an update did not arrive within 10 s")
            took.append(time.monotonic() - begin)
            time.sleep(0.02)
    return sorted(took)[10] * 1000


def try_capture(peer, db, teams, _):
    peer.install(db)
    begin = time.monotonic()
    load(db, teams, False)
    seconds = time.monotonic() - begin
    waiting = peer.waiting()
    if waiting != (0 if peer.drained() else 5 * teams):
        raise peers.Wrong(f"{waiting} events")
    return seconds


def attempts(build):
    """(what is said, how it is tried, the peer's maker, load singly)"""
    yield "", try_floor, peers.Floor, False
    for singly in (False, True):
        how = ", one transaction per event" if singly else ", in bulk"
        yield how, try_drain, peers.Replication, singly
        yield how, try_drain, peers.Minimal, singly
        yield how, try_drain, peers.Graphile, singly
    yield ", in bulk", try_drain, lambda build: peers.Minimal(build, notify=False), False
    yield ", in bulk", try_drain, lambda build: peers.Minimal(build, chunk=1), False
    yield ", in bulk", try_drain, lambda build: peers.Graphile(build, capture="statement"), False
    yield ", in bulk", try_drain, lambda build: peers.Graphile(build, capture="array"), False
    yield ", in bulk", try_drain, peers.PgBoss, False
    yield ", one transaction per event", try_drain, peers.PgBoss, True
    for capture in peers.CAPTURES:
        yield ": capture", try_capture, capture, False


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--teams", type=int, default=2000)
    arguments.add_argument("words", nargs="*", metavar="WORD")
    options = arguments.parse_args()
    server, failed = Server(), 0
    try:
        for n, (how, attempt, make, singly) in enumerate(attempts(BUILD)):
            try:
                peer = make(BUILD)
            except peers.Missing as missing:
                print(f"left out: {missing}")
                continue
            title = peer.name + how
            if options.words and not any(word in title for word in options.words):
                continue
            db = server.fresh(f"p{n}")
            try:
                seconds = attempt(peer, db, options.teams, singly)
                seconds, latency = seconds if isinstance(seconds, tuple) else (seconds, None)
                print(f"{title:70} {5 * options.teams / seconds:9,.0f} events/s"
                      + (f" {latency:6.2f} ms" if latency else ""), flush=True)
            except (peers.Wrong, peers.Late) as wrong:
                failed += 1
                print(f"{title:70} WRONG: {wrong}", flush=True)
            finally:
                peer.remove()
            server.drop(db)
    finally:
        server.destroy()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
