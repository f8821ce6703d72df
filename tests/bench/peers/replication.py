"""Native logical replication into another database of the same cluster: the server's own way to bring rows elsewhere. It knows
no mapping, so what arrives are the vNext rows in tables of the same shape, and no map rows."""

import time

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from . import HERE, START_TIMEOUT, Peer, Wrong

SCHEMA = HERE.parents[2] / "config" / "sample" / "schema.sql"
TABLES = ("organizations_team", "organizations_teammembership")


class Replication(Peer):
    name = "native logical replication"
    cluster_settings = {"wal_level": "logical"}
    # at the target: the worker that applies waits for it with the first row
    queue = ", ".join(TABLES)
    arrived = "SELECT 1 FROM organizations_team WHERE id = %(id)s AND name = %(name)s"

    def install(self, db):
        super().install(db)
        self.version = "PostgreSQL " + db.execute("SHOW server_version")[0][0].split()[0]
        self.source = conninfo_to_dict(db.url())["dbname"]
        # replication slots are named over the whole cluster
        self.label = f"peer_{self.source}"
        db.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(self.label)))
        self.target = psycopg.connect(self.target_url(), autocommit=True)
        self.target.execute(SCHEMA.read_text())
        db.execute("CREATE TABLE peer_mark (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
        self.target.execute("CREATE TABLE peer_mark (n bigint PRIMARY KEY)")
        db.execute("CREATE PUBLICATION peer FOR TABLE organizations_team, organizations_teammembership, peer_mark")
        # the subscriber cannot make a slot in its own cluster: it would wait for its own transaction
        db.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [self.label])
        self._target("""CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION peer
                        WITH (create_slot = false, slot_name = {}, enabled = false, copy_data = false)""",
                     sql.Identifier(self.label), db.url(), self.label)

    def _target(self, statement, *values):
        return self.target.execute(sql.SQL(statement).format(*values))

    def target_url(self):
        return make_conninfo(self.db.url(), dbname=self.label)

    def start(self):
        self._target("ALTER SUBSCRIPTION {} ENABLE", sql.Identifier(self.label))
        self._wait(lambda: len(self.pids()) == 2, "did not start")

    def stop(self):
        if self.pids():
            self._target("ALTER SUBSCRIPTION {} DISABLE", sql.Identifier(self.label))
            self._wait(lambda: not self.pids(), "did not stop")

    @staticmethod
    def _wait(done, what):
        end = time.monotonic() + START_TIMEOUT
        while not done():
            if time.monotonic() > end:
                raise Wrong(f"native logical replication {what} within {START_TIMEOUT} s")
            time.sleep(0.001)

    def remove(self):
        if self.db is None:
            return
        self.stop()
        self._target("ALTER SUBSCRIPTION {} SET (slot_name = NONE)", sql.Identifier(self.label))
        self._target("DROP SUBSCRIPTION {}", sql.Identifier(self.label))
        self.target.close()
        self.db.execute("SELECT pg_drop_replication_slot(%s)", [self.label])
        self.db.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(self.label)))

    def pids(self):
        """The server's: the one that sends and the one that applies."""
        return [pid for (pid,) in self.db.execute(
            """SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s AND active_pid IS NOT NULL
               UNION ALL SELECT pid FROM pg_stat_subscription WHERE subname = %s AND pid IS NOT NULL""",
            [self.label, self.label])]

    def waiting(self):
        """0 when all has arrived, else 1: nobody counts changes that are in the log and not applied."""
        return 0 if self.drained() else 1

    def drained(self, patience=0.1):
        """Transactions arrive in the order of their commits: when one made now has, all before it have."""
        mark = self.db.execute("INSERT INTO peer_mark DEFAULT VALUES RETURNING n")[0][0]
        end = time.monotonic() + patience
        while not self.target.execute("SELECT 1 FROM peer_mark WHERE n = %s", [mark]).fetchall():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def check(self):
        for table in TABLES:
            statement = sql.SQL("SELECT v::text FROM {} v ORDER BY id").format(sql.Identifier(table))
            if self.db.execute(statement) != self.target.execute(statement).fetchall():
                raise Wrong(f"{self.name}: {table} is not the same in both databases")
