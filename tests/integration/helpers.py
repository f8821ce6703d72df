"""What the integration tests share beyond conftest.py: the outbox, the catalog, the log and the command line as a test
wants to see them. Nothing here knows how the program works inside, only what SPEC and the dualwrite schema promise."""

import json
import subprocess
import threading
import time

import psycopg

from conftest import (
    TIMEOUT, TOP, Daemon, _remove_dir, _temp_dir, config_for, dualwrited, wait_until, write_env_file, write_mapping,  # noqa: F401
)

TEAM = "organizations_team"
MEMBERSHIP = "organizations_teammembership"
MAP = "organizations_teammigrationmap"
LEGACY_TEAM = "teams_team"
LEGACY_MEMBERSHIP = "teams_teammembership"

ENABLED = "TEAM_VNEXT_DUAL_WRITE_ENABLED"
STRICT = "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE"
BLOCKED = "TEAM_LEGACY_WRITE_BLOCKED"
BYPASS = "TEAM_LEGACY_WRITE_BYPASS_ENABLED"

# What a name, an actor or an error message may hold; each must arrive as it is and break no log line.
HOSTILE = {
    "quotes": "she said \"no\", he said 'yes'",
    "backslashes": 'C:\\new\\table \\" \\\\ \\',
    "newlines": "first\nsecond\r\nthird\ttab",
    "emoji": "\U0001f984 team \U0001f469\u200d\U0001f680",
    "right to left": "\u0641\u0631\u064a\u0642 \u202etxet live\u202c \u2067x\u2069",
    "equals and spaces": "  a = b  team_id=7 = ",
    "forged line": "x\n2026-01-01T00:00:00.000Z ERROR event_type=dual_write_failed team_id=424242",
    "sql": "'; DROP TABLE teams_team; --",
    "placeholders": "$1 %s %(x)s :{name} {} \\N ?",
    "array syntax": '{"a",NULL,{b}}',
    "control characters": "\x01bell\x07\x1b[31mred\x1b[0m\x7f\x9b\u2028line\u0085end",
}


# ---- the command line ------------------------------------------------------------------------------------------------


def cli(db, command, *args, user="postgres", check=True, env=None, **settings):
    """Runs `dualwrited COMMAND --config FILE ARGS...` against this database, as `install` of conftest does."""
    directory = _temp_dir()
    try:
        config = directory / "dualwrited.env"
        write_env_file(config, config_for(db, user, **settings))
        return dualwrited(command, "--config", config, *args, check=check, env=env)
    finally:
        _remove_dir(directory)


def rollback(db, word, *args, check=True, user="postgres", env=None, **settings):
    """Runs `dualwrited rollback WORD --config FILE ARGS...` against this database."""
    directory = _temp_dir()
    try:
        config = directory / "dualwrited.env"
        write_env_file(config, config_for(db, user, **settings))
        return dualwrited("rollback", word, "--config", config, *args, check=check, env=env)
    finally:
        _remove_dir(directory)


def flags_json(db, user="daemon_login", **settings):
    """What `flags --json` says; it may exit 1 where it found a disagreement."""
    done = cli(db, "flags", "--json", user=user, check=False, **settings)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return json.loads(done.stdout)


def json_find(document, name):
    """The first thing a JSON document holds under that name: the value of such a key, or the object of that flag."""
    if isinstance(document, dict):
        if name in document:
            return document[name]
        if name in (document.get("flag"), document.get("name")):
            return document
    children = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for child in children:
        found = json_find(child, name)
        if found is not None:
            return found
    return None


def json_flag(document, name):
    """The effective value of a flag in the answer of `flags --json`, as text."""
    found = json_find(document, name)
    assert found is not None, f"{name} is not in {document}"
    value = found.get("value", found.get("effective")) if isinstance(found, dict) else found
    return str(value).lower()


# ---- the daemon ------------------------------------------------------------------------------------------------------


class FileDaemon(Daemon):
    """A daemon whose env file is these bytes. `{url}` in them becomes the connection string."""

    def __init__(self, db, content, **more):
        super().__init__(db, **more)
        self.content = content.replace(b"{url}", self.settings["DUALWRITE_DATABASE_URL"].encode())

    def start(self):
        self.config.write_bytes(self.content)
        return super().start()


def drained(db, timeout=TIMEOUT):
    """Waits until the outbox is empty, and the log says what became of the events: a batch's last lines come after its commit.
    For a moment only: what a daemon that was stopped has announced it may never finish."""
    wait_until(lambda: db.backlog() == 0, timeout, "the outbox is empty")
    until, before, now = time.monotonic() + 1, None, _said(db)
    while time.monotonic() < until and (now != before or any(announced > ended for announced, ended in now)):
        time.sleep(0.02)
        before, now = now, _said(db)


def _said(db):
    """Of each daemon that runs: how many events it has announced, and how many ended."""
    return [(count_lines(daemon, "dual_write_scheduled"),
             count_lines(daemon, "dual_write_completed") + count_lines(daemon, "dual_write_failed"))
            for daemon in db.daemons if daemon.process and daemon.process.poll() is None]


def count_lines(daemon, event_type="dual_write_completed", since=0):
    """How many lines of that type there are, without parsing them: cheap also for many thousands."""
    return sum(f"event_type={event_type} " in line or f'"event_type":"{event_type}"' in line for line in daemon.raw[since:])


def completed(daemon, count, timeout=TIMEOUT, since=0, **fields):
    """Waits for so many dual_write_completed lines and returns them all."""
    def there():
        if daemon.process.poll() is not None:
            raise RuntimeError(f"the daemon ended with status {daemon.process.returncode}")
        if count_lines(daemon, since=since) < count:
            return None
        found = daemon.lines("dual_write_completed", since, **fields)
        return found if len(found) >= count else None

    return wait_until(there, timeout, f"{count} lines event_type=dual_write_completed {fields}")


def each_once(*daemons, event_type="dual_write_completed"):
    """The event ids of all these daemons' lines of that type, after checking that none is there twice."""
    ids = [line["event_id"] for daemon in daemons for line in daemon.lines(event_type)]
    assert len(ids) == len(set(ids)), [id for id in set(ids) if ids.count(id) > 1][:10]
    return ids


def grep(daemon, pattern, since=0):
    """The lines that `grep -E PATTERN` finds in the log so far: what the runbooks do."""
    log = "".join(line + "\n" for line in daemon.raw[since:])
    done = subprocess.run(["grep", "-E", pattern], input=log, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def connections(db):
    """{application_name: backend pid} of the daemons on this database (in layout two: db, or db.legacy)."""
    return dict(db.execute("""SELECT application_name, pid FROM pg_stat_activity
                              WHERE application_name LIKE 'dualwrited/%' AND datname = current_database()"""))


def log_text(daemon):
    return "\n".join(daemon.raw)


# ---- the database ----------------------------------------------------------------------------------------------------


def events(db):
    """The outbox in order: (operation, ref)."""
    return [(op, ref) for op, ref in db.execute("SELECT operation, ref FROM dualwrite.outbox ORDER BY id")]


def forget_events(db):
    """As if everything so far had been synced."""
    db.execute("DELETE FROM dualwrite.outbox")


def failed(db):
    """dualwrite.failed by source key: {first of ref: {column: value}}."""
    columns = ("event_id", "operation", "attempts", "sqlstate", "exception_type", "constraint_name", "message", "retry_at")
    rows = db.execute(f"SELECT ref[1], {', '.join(columns)} FROM dualwrite.failed")
    return {row[0]: dict(zip(columns, row[1:])) for row in rows}


def installed_objects(db):
    """Everything of ours in the catalog, with oids, rights and sequence values: equal means that nothing was touched."""
    return {
        "relations": db.execute("""
            SELECT c.oid, c.relname, c.relkind, c.relfilenode, c.relowner, c.relacl::text, c.reloptions
            FROM pg_class c WHERE c.relnamespace = 'dualwrite'::regnamespace ORDER BY c.oid"""),
        "columns": db.execute("""
            SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.attnotnull, a.attisdropped, a.attacl::text
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'dualwrite'::regnamespace ORDER BY 1, 2"""),
        "functions": db.execute("""
            SELECT p.oid, p.proname, p.proowner, p.proacl::text, pg_get_functiondef(p.oid)
            FROM pg_proc p WHERE p.pronamespace = 'dualwrite'::regnamespace ORDER BY p.oid"""),
        "triggers": db.execute("""
            SELECT t.oid, t.tgrelid::regclass::text, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid)
            FROM pg_trigger t WHERE NOT t.tgisinternal ORDER BY t.oid"""),
        "rights elsewhere": db.execute("""
            SELECT c.oid, c.relname, c.relacl::text FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.oid"""),
        "schemas": db.execute("SELECT oid, nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY oid"),
        "sequences": sorted(sequences(db).items()),
    }


def settings_of(db):
    """dualwrite.setting and the published flags: what install decided."""
    return (dict(db.execute("SELECT key, value FROM dualwrite.setting")),
            dict(db.execute("SELECT flag, published FROM dualwrite.flag")))


def sequences(db):
    """The last value of every sequence in dualwrite, None where it was never used. Outside MVCC, like our triggers."""
    return dict(db.execute("""
        SELECT c.relname, pg_sequence_last_value(c.oid) FROM pg_class c
        WHERE c.relnamespace = 'dualwrite'::regnamespace AND c.relkind = 'S'"""))


def resync_marks(before, after):
    """The names of the resync sequences that were raised between two answers of sequences()."""
    return {name for name in after if "resync" in name and after[name] != before.get(name)}


def partitions(db):
    return db.value("SELECT value::integer FROM dualwrite.setting WHERE key = 'partitions'")


def all_asleep(db, seconds=60):
    """Sets every doorbell by hand: the daemons sleep until then (or with a negative number, slept until then)."""
    for n in range(partitions(db)):
        db.execute(f"""SELECT setval('dualwrite.doorbell_{n}',
                                     (extract(epoch FROM clock_timestamp()) * 1000)::bigint + {seconds} * 1000)""")


def pg_dump(db, *args):
    """pg_dump of the server's own version, without the lines that differ from run to run."""
    done = subprocess.run([db.cluster.bin / "pg_dump", "--dbname", db.url(), *args], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith(("--", "\\restrict", "\\unrestrict")))


def as_sync_session(db, statement, params=None, user="postgres"):
    """Runs a statement on the legacy tables that their guard lets through, as something beside us might have."""
    with db.legacy.connect(user) as conn:
        conn.execute("SELECT set_config('dualwrite.sync_session', pg_current_xact_id()::text, true)")
        cursor = conn.execute(statement, params)
        rows = cursor.fetchall() if cursor.description else []
        conn.commit()
    return rows


def legacy_rows(db, versions=False):
    """Every legacy and map row as text; with versions=True also the transaction that wrote it."""
    xmin = "xmin::text || ' ' || " if versions else ""
    return {table: sorted(row for (row,) in db.side(table).execute(f"SELECT {xmin}t::text FROM {table} t"))
            for table in (LEGACY_TEAM, LEGACY_MEMBERSHIP, MAP)}


def shadow_of(db, team):
    """The legacy id that the map has for this vNext team; None without one."""
    rows = db.execute(f"SELECT legacy_team_id FROM {MAP} WHERE vnext_team_id = %s", [team])
    assert len(rows) <= 1
    return rows[0][0] if rows else None


def legacy_team(db, team, *columns):
    """Those columns of the legacy team that is the shadow of this vNext team; None without one."""
    return _one(db.legacy.execute(f"SELECT {', '.join(columns)} FROM {LEGACY_TEAM} WHERE id = %s", [shadow_of(db, team)]))


def legacy_member(db, team, user, *columns):
    """The same for the legacy membership of a user in this vNext team."""
    return _one(db.legacy.execute(f"SELECT {', '.join(columns)} FROM {LEGACY_MEMBERSHIP} WHERE team_id = %s AND user_id = %s",
                                  [shadow_of(db, team), user]))


def _one(rows):
    assert len(rows) <= 1
    return (rows[0] if len(rows[0]) > 1 else rows[0][0]) if rows else None


def audit(db, *tables):
    """Records every row written to these tables in public.test_audit (at, source, operation)."""
    tables = tables or (LEGACY_TEAM, LEGACY_MEMBERSHIP, MAP)
    for side in {db.side(table) for table in tables}:
        side.execute("""
            CREATE TABLE public.test_audit (n bigint GENERATED ALWAYS AS IDENTITY, source text, operation text);
            CREATE FUNCTION public.test_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                SET search_path = pg_catalog AS $$
            BEGIN
                INSERT INTO public.test_audit (source, operation) VALUES (TG_TABLE_NAME, TG_OP);
                RETURN NULL;
            END $$""")
    for table in tables:
        db.side(table).execute(f"""CREATE TRIGGER test_audit AFTER INSERT OR UPDATE OR DELETE ON {table}
                                   FOR EACH ROW EXECUTE FUNCTION public.test_audit()""")


def audited(db, table):
    """{operation: rows written} since audit()."""
    return dict(db.side(table).execute(
        "SELECT operation, count(*)::int FROM public.test_audit WHERE source = %s GROUP BY 1", [table]))


def make_shortage(db):
    """public.shortage() in legacy: the server itself lacks something (53400), which is nobody's RAISE."""
    db.legacy.execute("""
        CREATE FUNCTION public.shortage() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog SET temp_file_limit = 0 SET work_mem = 64 AS $$
        BEGIN PERFORM count(*) FROM generate_series(1, 20000); END $$""")


def drop_daemon_role(cluster):
    """Takes the cluster-wide role away, with its members: as on a server that never saw an installation."""
    cluster.forget_installed()
    with cluster.connect() as conn:
        if conn.execute("SELECT 1 FROM pg_roles WHERE rolname = 'dualwrite_daemon'").fetchone() is None:
            return
        for (member,) in conn.execute("SELECT member::regrole::text FROM pg_auth_members "
                                      "WHERE roleid = 'dualwrite_daemon'::regrole").fetchall():
            conn.execute(f"REVOKE dualwrite_daemon FROM {member}")
        conn.execute("DROP ROLE dualwrite_daemon")


def default_mapping():
    return json.loads((TOP / "config" / "mapping.json").read_text())


class Listener:
    """A session that listens; heard() is everything that was notified by now, in order of commit."""

    def __init__(self, db, *channels):
        self.db = db
        self.channels = channels
        self.conn = db.connect(autocommit=True)
        self.got = []
        self.conn.add_notify_handler(lambda n: self.got.append((n.channel, n.payload)))
        for channel in channels:
            self.conn.execute(f'LISTEN "{channel}"')

    def heard(self):
        # notifications come in the order of commit: when this one is there, so are all before it
        mark = ("test", str(time.monotonic_ns()))
        self.conn.execute('LISTEN "test"')
        self.db.execute("SELECT pg_notify(%s, %s)", mark)

        def arrived():
            self.conn.execute("SELECT")
            return mark in self.got

        wait_until(arrived, what="our own notification")
        got, self.got = [n for n in self.got if n[0] != "test"], []
        return got


class Writers:
    """Threads that write vNext teams until the block ends, reconnecting as an application would; .ids were committed."""

    def __init__(self, db, threads=3):
        self.db = db
        self.ids = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(threads)]
        self.errors = []

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a writer hangs"

    def _run(self, number):
        conn = None
        count = 0
        while not self._stop.is_set():
            try:
                if conn is None or conn.closed:
                    conn = self.db.cluster.connect(self.db.name, "app_user")
                count += 1
                team = conn.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES (%s, %s, 1) RETURNING id",
                                    [f"writer {number}", f"w-{number}-{count}"]).fetchone()[0]
                self.ids.append(team)
                conn.execute(f"UPDATE {TEAM} SET region = %s, updated_at = now() WHERE id = %s", [f"r{count}", team])
                conn.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) VALUES (%s, %s)", [team, count])
            except psycopg.OperationalError:
                if conn is not None:
                    conn.close()
                conn = None
                self._stop.wait(0.05)
            except Exception as error:
                self.errors.append(error)
                return
        if conn is not None:
            conn.close()
