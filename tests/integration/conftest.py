"""Fixtures of the integration tests: a private PostgreSQL cluster per worker, fresh databases per test, the daemon.

    def test_a_new_team_gets_a_shadow(db):
        install(db)
        with Daemon(db) as daemon:
            team = db.new_team(name="Alpha")
            daemon.wait_for("dual_write_completed", operation="sync_team_created", team_id=team)
            assert_in_step(db)

`cluster`, `db`, `installed`, `application` and `env_file` are fixtures; the rest comes with
`from conftest import Daemon, install, ...`.

Two layouts: in `one` the legacy tables are in the same database as the vNext tables, in `two` they are in another, named by
DUALWRITE_LEGACY_DATABASE_URL. `db` is the vNext database, with the map, and `db.legacy` the one with the legacy tables: in
layout one the same object. What is done to a legacy table goes to `db.legacy`, and the test runs in both layouts when its
module says so:

    pytestmark = pytest.mark.layouts("one", "two")

    @pytest.mark.layouts("one", reason="why this makes no sense in the other")
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

TOP = Path(__file__).resolve().parents[2]
PGCLUSTER = TOP / "tests" / "pgcluster.sh"
SAMPLE_SCHEMA = TOP / "config" / "sample" / "schema.sql"
DUALWRITED = os.environ.get("DUALWRITED", "build/dualwrited")

# ASan is several times slower; patience costs nothing where things go well
TIMEOUT = 20.0


def wait_until(fn, timeout=TIMEOUT, what=None, interval=0.02):
    """Calls fn until it returns something true, and returns that. An AssertionError of fn counts as not yet."""
    deadline = time.monotonic() + timeout
    while True:
        last = None
        try:
            result = fn()
            if result:
                return result
        except AssertionError as not_yet:
            last = not_yet
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or last or getattr(fn, '__name__', fn)}") from last
        time.sleep(interval)


# ---- log lines -----------------------------------------------------------------------------------------------------

_HEAD = re.compile(r"(?:<[0-7]>)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (DEBUG|INFO|WARNING|ERROR)(?= )")
_KEY = re.compile(r' ([a-zA-Z_][a-zA-Z0-9_.]*)=(?:"((?:[^"\\\x00-\x1f\x7f]|\\.)*)"|([^\s"=\\\x00-\x1f\x7f]*))(?= |$)')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0", "e": "\x1b", '"': '"', "\\": "\\", "/": "/"}


def _unescape(match):
    braced, four, two, letter = match.groups()
    if letter is None:
        return chr(int(braced or four or two, 16))
    if letter not in _LETTERS:
        raise ValueError(f"unknown escape \\{letter}")
    return _LETTERS[letter]


def parse_logfmt(line):
    """One logfmt line as a dict, "time" and "level" with the rest. Strict: raises ValueError where it is not one."""
    head = _HEAD.match(line)
    if not head:
        raise ValueError(f"not a log line: {line!r}")
    fields = {"time": head.group(1), "level": head.group(2)}
    pos = head.end()
    while pos < len(line):
        pair = _KEY.match(line, pos)
        if not pair:
            raise ValueError(f"not key=value at column {pos + 1}: {line!r}")
        key, quoted, bare = pair.groups()
        if key in fields:
            raise ValueError(f"key {key} twice: {line!r}")
        # a surrogate pair, as JSON writes what lies beyond 16 bits, becomes one character again
        value = bare if quoted is None else _ESCAPE.sub(_unescape, quoted)
        fields[key] = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        pos = pair.end()
    return fields


def parse_json_line(line):
    """One JSON log line as a dict; all values as text, as parse_logfmt gives them. Strict: no key twice."""

    def no_key_twice(pairs):
        keys = [key for key, _ in pairs]
        if len(keys) != len(set(keys)):
            raise ValueError(f"a key twice: {line!r}")
        return dict(pairs)

    fields = json.loads(re.sub(r"^<[0-7]>", "", line), object_pairs_hook=no_key_twice)
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in fields.items()}


def parse_line(line):
    return parse_json_line(line) if re.match(r"(<[0-7]>)?\{", line) else parse_logfmt(line)


def matches(fields, wanted):
    """True when every wanted key has that value; values are compared as text, None means the key must be absent."""
    return all(
        key not in fields if value is None else key in fields and fields[key] == _word(value)
        for key, value in wanted.items()
    )


def _word(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- cluster and database --------------------------------------------------------------------------------------------


def sample_schema():
    """The statements of config/sample/schema.sql: those of the vNext tables and the map, those of the legacy tables."""
    text = re.sub(r"--[^\n]*", "", SAMPLE_SCHEMA.read_text())
    vnext, legacy = [], []
    for statement in filter(None, map(str.strip, text.split(";"))):
        tables = re.findall(r"(?:CREATE TABLE|REFERENCES|\bON) (\w+)", statement)
        is_legacy = {table.startswith("teams_") for table in tables}
        assert len(is_legacy) == 1, f"neither vNext nor legacy, or both: {statement}"
        (legacy if is_legacy.pop() else vnext).append(statement)
    return vnext, legacy


class Cluster:
    """A private PostgreSQL (tests/pgcluster.sh). It goes when this process goes, however that ends."""

    def __init__(self):
        self._use(self._pgcluster("create", str(os.getpid())))
        with self.connect("postgres") as conn:
            # ordinary login roles; app_owner owns the sample application's tables, app_user may use them
            for role in ("app_owner", "app_user", "daemon_login"):
                conn.execute(f"CREATE ROLE {role} LOGIN")
        vnext, legacy = sample_schema()
        self._template("app_template", vnext + legacy)
        self._template("app_template_vnext", vnext)
        self._template("app_template_legacy", legacy)
        with self.connect("app_template_vnext") as conn:
            # the legacy tables as the tests see them, to compare in one statement; nobody else may look there
            conn.execute("""
                CREATE EXTENSION postgres_fdw; CREATE SERVER test_legacy FOREIGN DATA WRAPPER postgres_fdw;
                CREATE USER MAPPING FOR postgres SERVER test_legacy OPTIONS (user 'postgres'); CREATE SCHEMA test_legacy""")
            for statement in legacy:
                if made := re.match(r"CREATE TABLE (\w+) \((.*)\)$", statement, re.S):
                    name, columns = made.groups()
                    columns = re.sub(r"\bGENERATED .* KEY\b|\bREFERENCES .* DEFERRED\b|\bUNIQUE( \(.*\))?", "", columns)
                    conn.execute(f"CREATE FOREIGN TABLE test_legacy.{name} ({columns.strip().rstrip(',')}) SERVER test_legacy "
                                 "OPTIONS (schema_name 'public')")

    def _use(self, directory):
        self.dir = Path(directory.strip())
        self._count = 0
        self._installed = {}  # what install() said when it made the templates, by layout
        env = (self.dir / "env").read_text()
        self.host = re.search(r"PGHOST='([^']*)'", env).group(1)
        self.port = int(re.search(r"PGPORT=(\d+)", env).group(1))
        self.bin = Path(re.search(r"PGBIN='([^']*)'", env).group(1))

    def standby(self):
        """A streaming standby of this server, on a port of its own; it goes with destroy() or with this process."""
        made = object.__new__(Cluster)
        made._use(self._pgcluster("standby", str(self.dir), str(os.getpid())))
        return made

    def promote(self):
        self._pgcluster("promote", str(self.dir))

    @staticmethod
    def _pgcluster(*args):
        done = subprocess.run([PGCLUSTER, *args], capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"pgcluster.sh {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def _template(self, name, statements):
        with self.connect() as conn:
            conn.execute(f"CREATE DATABASE {name} OWNER app_owner")
        with self.connect(name) as conn:
            conn.execute("SET SESSION AUTHORIZATION app_owner")
            for statement in statements:
                conn.execute(statement)
            conn.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app_user")
            conn.execute("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO app_user")

    def url(self, db="postgres", user="postgres", tcp=False, **settings):
        """A connection string for libpq: by socket, or by tcp=True; settings are further libpq keywords."""
        return make_conninfo(
            "", dbname=db, user=user, host="127.0.0.1" if tcp else self.host, port=self.port, **settings
        )

    def connect(self, db="postgres", user="postgres", autocommit=True, **settings):
        return psycopg.connect(self.url(db, user, **settings), autocommit=autocommit)

    def start(self):
        self._pgcluster("start", str(self.dir))

    def ensure_running(self):
        try:
            self.connect().close()
        except psycopg.OperationalError:
            self.start()

    def stop(self, mode="fast"):
        self._pgcluster("stop", mode, str(self.dir))

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def crash(self):
        """The server dies at once and loses what it had not written; start() recovers."""
        self.stop("immediate")

    def log(self):
        return (self.dir / "run" / "log").read_text(errors="replace")

    def create_db(self, template="app", layout="one", legacy_cluster=None, later=False):
        """A database with the sample application's tables, or with template="template0" an empty one. In layout two its
        `legacy` is another database, with the legacy tables, where legacy_cluster says so on another server. later=True makes
        each when it is first asked for, which lets install() make them."""
        self._count += 1
        name = f"t{self._count}"
        if layout == "one":
            db = Db(self, name, template="app_template" if template == "app" else template)
        else:
            legacy = Db(legacy_cluster or self, f"{name}_legacy", template="app_template_legacy" if template == "app" else template)
            db = Db(self, name, legacy, "app_template_vnext" if template == "app" else template)
        if not later:
            db.make()
        return db

    def make_installed(self, db):
        """Makes databases as a plain install() leaves them: copies of some on which it was run once. Returns what it said."""
        if db.layout not in self._installed:
            first = self.create_db(layout=db.layout)
            said = install(first)
            if first.legacy is not first:
                first.execute("ALTER SERVER test_legacy OPTIONS (DROP dbname, DROP port, DROP host)")
            first.close()
            for side in first.sides:
                with self.connect() as conn:
                    conn.execute(f"ALTER DATABASE {side.name} RENAME TO installed_{side.template}")
            self._installed[db.layout] = said
        for side in db.sides:
            side.template = f"installed_{side.template}"
        db.make()
        return self._installed[db.layout]

    def forget_installed(self):
        """Nothing of dualwrited is left in any template."""
        self._installed.clear()
        with self.connect() as conn:
            for (name,) in conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'installed_%'").fetchall():
                conn.execute(f"DROP DATABASE {name}")

    def destroy(self):
        self._pgcluster("destroy", str(self.dir))


class Db:
    """One database. Statements of execute() run as the superuser unless told otherwise, each committed by itself.

    .legacy is the database of the legacy tables: itself in layout one, another in layout two. .settings are settings that
    install, Daemon and the like use for this database unless told otherwise.
    """

    def __init__(self, cluster, name, legacy=None, template=None):
        self.cluster = cluster
        self._name = name
        self.template = template  # of a database that does not exist yet
        self.made = template is None
        self.legacy = legacy or self
        self.settings = {}
        self.daemons = []  # all that were made for it
        self._opened = []
        self._sessions = {}

    def make(self):
        """Creates the database, in layout two both, where they are not there yet."""
        if self.legacy is not self:
            self.legacy.make()
        if self.made:
            return
        self.made = True
        with self.cluster.connect() as conn:
            # a copy of files is half as dear as what 15 made the default, where nothing has to reach a disk
            strategy = "STRATEGY file_copy" if conn.info.server_version >= 150000 else ""
            conn.execute(f"CREATE DATABASE {self._name} TEMPLATE {self.template} OWNER app_owner {strategy}")
        if self.template.endswith("_vnext"):
            legacy = self.legacy
            self.execute(f"""ALTER SERVER test_legacy OPTIONS (ADD dbname '{legacy.name}', ADD port '{legacy.cluster.port}',
                                                               ADD host '{legacy.cluster.host}')""")

    @property
    def name(self):
        self.make()
        return self._name

    @property
    def layout(self):
        return "one" if self.legacy is self else "two"

    @property
    def sides(self):
        """The databases, each once: the vNext one first."""
        return [self] if self.legacy is self else [self, self.legacy]

    def side(self, table):
        """The database that has this table of the sample application."""
        return self.legacy if table.startswith("teams_") else self

    def url(self, user="postgres", **settings):
        return self.cluster.url(self.name, user, **settings)

    def connect(self, user="postgres", autocommit=False, **settings):
        """A new connection, closed with the database. Not autocommit: conn.commit() is yours."""
        conn = self.cluster.connect(self.name, user, autocommit, **settings)
        self._opened.append(conn)
        return conn

    def execute(self, statement, params=None, user="postgres"):
        """Runs it and returns the rows as a list of tuples ([] where there are none). % needs doubling only with params."""
        conn = self._sessions.get(user)
        if conn is None or conn.closed or conn.broken:
            conn = self._sessions[user] = self.connect(user, autocommit=True)
        cursor = conn.execute(statement, params)
        return cursor.fetchall() if cursor.description is not None else []  # rows may be without columns: "SELECT FROM"

    def value(self, statement, params=None, user="postgres"):
        """The first column of the first row, None without a row."""
        rows = self.execute(statement, params, user)
        return rows[0][0] if rows else None

    def new_team(self, name="Alpha", user="app_user", actor=None, **columns):
        """Inserts a vNext team as the application would, and returns its id; the slug is made from the name and unique."""
        columns = {"name": name, "game_id": 1, "region": "NA", **columns}
        columns.setdefault("slug", re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-") + f"-{time.monotonic_ns():x}")
        return self._insert("organizations_team", columns, user, actor)

    def new_member(self, team_id, user_id=101, role="PLAYER", user="app_user", actor=None, **columns):
        """Inserts a vNext membership and returns its id."""
        columns = {"team_id": team_id, "user_id": user_id, "role": role, **columns}
        return self._insert("organizations_teammembership", columns, user, actor)

    def _insert(self, table, columns, user, actor):
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
        )
        values = [json.dumps(v) if isinstance(v, (dict, list)) else v for v in columns.values()]
        self.value("SELECT 1", user=user)  # opens the session
        with self._sessions[user].transaction():
            if actor is not None:
                self.execute("SELECT set_config('dualwrite.actor_id', %s, true)", [str(actor)], user)
            return self.value(statement, values, user)

    def backlog(self):
        """Rows in the outbox: waiting, in flight or failed."""
        return self.value("SELECT count(*) FROM dualwrite.outbox")

    def close(self):
        for conn in self._opened:
            conn.close()
        self._opened, self._sessions = [], {}
        if self.legacy is not self:
            self.legacy.close()

    def drop(self):
        self.close()
        for side in self.sides:
            if side.made:
                side.cluster.ensure_running()
                with side.cluster.connect() as conn:
                    conn.execute(f"DROP DATABASE IF EXISTS {side.name} WITH (FORCE)")


# ---- the program -----------------------------------------------------------------------------------------------------

_SANITIZER = re.compile(r"(AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|runtime error:)")


def clean_environment(extra=None):
    """Ours without anything that changes what libpq or dualwrited does; None in `extra` takes a variable away."""
    env = {
        key: value
        for key, value in os.environ.items()
        if not re.match(r"(PG|TEAM_|DUALWRITE_|NOTIFY_SOCKET|WATCHDOG_|JOURNAL_STREAM|LISTEN_)", key)
    }
    env.setdefault("ASAN_OPTIONS", "detect_leaks=1:abort_on_error=0:exitcode=99")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    for key, value in (extra or {}).items():
        if value is None:
            env.pop(key, None)
        else:
            env[key] = _word(value)
    return env


def binary():
    path = Path(DUALWRITED)
    return str(path if path.is_absolute() else TOP / path)


def dualwrited(*args, env=None, check=True, timeout=60, stdin=None):
    """Runs `dualwrited ARGS...` and returns the CompletedProcess (returncode, stdout, stderr as text).

    check=True wants exit status 0, a number wants that status, check=False takes any.
    """
    if len(args) == 1 and isinstance(args[0], (list, tuple)):
        args = args[0]
    done = subprocess.run(
        [binary(), *map(str, args)], env=clean_environment(env), input=stdin, capture_output=True, timeout=timeout,
        cwd=TOP, encoding="utf-8", errors="replace",
    )
    said = f"dualwrited {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert not _SANITIZER.search(done.stderr), said
    assert done.returncode >= 0, said
    if check is not False:
        assert done.returncode == (0 if check is True else check), said
    return done


def quote_env(value):
    """A value as the env file takes it: double quotes, with backslash before what is special in them."""
    return '"' + re.sub(r'([\\"$`])', r"\\\1", _word(value)) + '"'


def write_env_file(path, settings):
    """Writes KEY="value" lines; None leaves a key out. Replaced in one step, never seen half written."""
    new = Path(f"{path}.new")
    new.write_text("".join(f"{key}={quote_env(value)}\n" for key, value in settings.items() if value is not None))
    new.chmod(0o600)
    new.replace(path)


def _temp_dir():
    return Path(tempfile.mkdtemp(prefix="dualwrite-test."))


def _remove_dir(path):
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


def config_for(db, user="daemon_login", **settings):
    """The settings of a daemon on this database; the tests' defaults: sync on, no HTTP."""
    return {
        "DUALWRITE_DATABASE_URL": db.url(user),
        "DUALWRITE_LEGACY_DATABASE_URL": None if db.legacy is db else db.legacy.url(user),
        "TEAM_VNEXT_DUAL_WRITE_ENABLED": True,
        "DUALWRITE_HTTP_LISTEN": "off",
        **db.settings,
        **settings,
    }


def install(db, *args, user="postgres", check=True, grant=True, **settings):
    """`dualwrited install` on this database as `user`; then daemon_login becomes a member of dualwrite_daemon.

    Where nothing is said about how, and nothing has looked at the database yet, it is a copy of one that was installed so.
    """
    plain = not args and user == "postgres" and check is True and grant and not settings and not db.settings
    if plain and not any(side.made for side in db.sides):
        done = db.cluster.make_installed(db)
    else:
        directory = _temp_dir()
        try:
            config = directory / "dualwrited.env"
            write_env_file(config, config_for(db, user, **settings))
            done = dualwrited("install", "--config", config, *args, check=check)
        finally:
            _remove_dir(directory)
    for side in db.sides if grant and done.returncode == 0 else ():
        if side.value("SELECT 1 FROM pg_roles WHERE rolname = 'dualwrite_daemon'"):
            side.execute("GRANT dualwrite_daemon TO daemon_login")
    return done


class Daemon:
    """`dualwrited run` on a database, as a context manager.

        with Daemon(db, TEAM_VNEXT_DUAL_WRITE_STRICT_MODE=True) as daemon: ...

    ready=False does not wait for event_type=ready, status= is the exit status that is right at the end, env= the
    process environment, args= further arguments. On leaving it is stopped with SIGTERM, must end with that status within
    10 seconds, and must have written nothing but log lines.
    """

    def __init__(self, db, env_overrides=None, *, ready=True, status=0, env=None, args=(), user="daemon_login", **more):
        self.settings = config_for(db, user, **{**(env_overrides or {}), **more})
        self.wants_ready = ready
        self.status = status
        self.args = list(args)
        self.env = env
        self.db = db
        db.daemons.append(self)
        self.process = None
        self.raw = []  # the lines as they came
        self._parsed = []  # as many of them as lines() has looked at
        self._changed = threading.Condition()
        self._killed = False
        self._dir = None

    # -- life

    def __enter__(self):
        self._dir = _temp_dir()
        self.config = self._dir / "dualwrited.env"
        write_env_file(self.config, self.settings)
        try:
            self.start()
        except BaseException:
            self._end_process()
            self._show()
            _remove_dir(self._dir)
            raise
        return self

    def start(self):
        """Starts the process (again, after kill9() or term()); __enter__ does it the first time."""
        self._killed = False
        since = len(self.raw)
        # pdeathsig: it does not outlive the thread that started it, so a killed test run leaves nothing behind
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", binary(), "run", "--config", str(self.config), *map(str, self.args)],
            env=clean_environment(self.env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, cwd=TOP, start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,), daemon=True)
        self._reader.start()
        if self.wants_ready:
            self.wait_for("ready", since=since)
        return self

    @property
    def pid(self):
        return self.process.pid

    def _read(self, stream):
        for line in stream:
            with self._changed:
                self.raw.append(line.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def __exit__(self, kind, error, trace):
        try:
            if kind is not None:
                self._end_process()
                self._show()
                return
            try:
                if self.process.poll() is None:
                    self.term()
                self.finish()
            except BaseException:
                self._show()
                raise
        finally:
            self._end_process()
            _remove_dir(self._dir)

    def _end_process(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process:
            self._reader.join(5)
            self.process.stderr.close()

    def _show(self):
        print(f"---- dualwrited run, exit status {self.process.poll() if self.process else None} ----")
        print("\n".join(self.raw))

    def finish(self, timeout=10.0):
        """Waits for the end (which something else has caused) and checks status and output; returns the exit status."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s") from None
        self._reader.join(5)
        if self._killed:
            return status
        bad = [line for line in self.raw if _SANITIZER.search(line)]
        assert not bad, f"sanitizer: {bad[0]}"
        assert status == self.status, f"exit status {status}, not {self.status}"
        if status == 0:
            self.lines()
        return status

    # -- signals

    def signal(self, number):
        self.process.send_signal(number)

    def term(self, timeout=10.0):
        """SIGTERM, and the checks of finish()."""
        self.signal(signal.SIGTERM)
        return self.finish(timeout)

    def kill9(self):
        """SIGKILL; start() starts it again."""
        self._killed = True
        self.process.kill()
        self.process.wait()
        self._reader.join(5)

    def stop_cont(self, seconds=None):
        """SIGSTOP; SIGCONT after `seconds`, or when the `with` block of the returned object ends."""
        self.signal(signal.SIGSTOP)
        if seconds is not None:
            time.sleep(seconds)
            self.signal(signal.SIGCONT)
            return None
        return _Continue(self)

    def rewrite(self, **changes):
        """Changes the env file without a signal; None takes a key out."""
        self.settings.update(changes)
        write_env_file(self.config, self.settings)

    def hup(self, wait="config_reloaded", **changes):
        """Rewrites the env file, sends SIGHUP and waits for the event_type named by `wait` (None: for nothing)."""
        since = len(self.raw)
        self.rewrite(**changes)
        self.signal(signal.SIGHUP)
        return self.wait_for(wait, since=since) if wait else None

    # -- log

    def mark(self):
        """A place in the log, for since=."""
        return len(self.raw)

    def lines(self, event_type=None, since=0, **fields):
        """The log lines so far as dicts: of that event_type, with those fields. Raises ValueError at a malformed one."""
        wanted = {**({} if event_type is None else {"event_type": event_type}), **fields}
        for line in self.raw[len(self._parsed):]:
            self._parsed.append(parse_line(line))
        return [line for line in self._parsed[since:] if matches(line, wanted)]

    def wait_for(self, event_type=None, timeout=TIMEOUT, since=0, count=1, **fields):
        """Waits for the count-th such line (see lines) and returns it."""
        found = self._wait(lambda: self.lines(event_type, since, **fields), count, timeout,
                           f"event_type={event_type} {fields}")
        return found[count - 1]

    def wait_for_line(self, regex, timeout=TIMEOUT, since=0):
        """Waits for a raw line in which the pattern is found, and returns the match."""
        pattern = re.compile(regex)
        found = self._wait(lambda: [m for m in map(pattern.search, self.raw[since:]) if m], 1, timeout, regex)
        return found[0]

    def _wait(self, find, count, timeout, what):
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                ended = self.process.poll() is not None and not self._reader.is_alive()
                found = find()
                if len(found) >= count:
                    return found
                assert not ended, f"ended with status {self.process.returncode} before: {what}"
                left = deadline - time.monotonic()
                assert left > 0, f"{len(found)} of {count} within {timeout} s: {what}"
                self._changed.wait(min(left, 0.5))


class _Continue:
    def __init__(self, daemon):
        self.daemon = daemon

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.signal(signal.SIGCONT)


# ---- legacy equals vNext, said in SQL and without the program's own help ---------------------------------------------

_TEAMS = """
SELECT v.id, l.id,
       concat_ws(', ',
           CASE WHEN m.id IS NULL THEN 'no map row' END,
           CASE WHEN m.id IS NOT NULL AND l.id IS NULL THEN 'no legacy team' END,
           CASE WHEN m.id IS NOT NULL AND NOT m.verified THEN 'not verified' END,
           CASE WHEN l.name <> v.name THEN 'name' END,
           CASE WHEN l.slug <> v.slug THEN 'slug' END,
           CASE WHEN l.game <> CASE v.game_id WHEN 1 THEN 'valorant' WHEN 2 THEN 'csgo' WHEN 3 THEN 'dota2'
                                              WHEN 4 THEN 'pubg' END THEN 'game' END,
           CASE WHEN l.region <> v.region THEN 'region' END,
           CASE WHEN l.description <> v.description THEN 'description' END,
           CASE WHEN l.logo_url IS DISTINCT FROM v.branding ->> 'logo_url' THEN 'logo_url' END,
           CASE WHEN l.is_active <> (v.status = 'ACTIVE') THEN 'is_active' END,
           CASE WHEN l.updated_at <> v.updated_at THEN 'updated_at' END)
FROM organizations_team v
LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.id
LEFT JOIN {legacy}.teams_team l ON l.id = m.legacy_team_id
"""

_DELETED_TEAMS = """
SELECT m.vnext_team_id, l.id, CASE WHEN l.is_active THEN 'deleted in vNext, active in legacy' ELSE '' END
FROM organizations_teammigrationmap m
JOIN {legacy}.teams_team l ON l.id = m.legacy_team_id
WHERE NOT EXISTS (SELECT FROM organizations_team v WHERE v.id = m.vnext_team_id)
"""

# of the stays of one member the active one speaks, else the latest
_MEMBERS = """
WITH speaking AS (
    SELECT DISTINCT ON (team_id, user_id) * FROM organizations_teammembership
    ORDER BY team_id, user_id, status = 'ACTIVE' DESC, updated_at DESC, id DESC)
SELECT v.id, l.id,
       concat_ws(', ',
           CASE WHEN v.status = 'ACTIVE' AND l.id IS NULL THEN 'no legacy membership' END,
           CASE WHEN v.status <> 'ACTIVE' AND l.status <> 'INACTIVE' THEN 'status' END,
           CASE WHEN v.status <> 'ACTIVE' AND l.left_at IS NULL AND l.id IS NOT NULL THEN 'left_at' END,
           CASE WHEN v.status = 'ACTIVE' AND l.status <> v.status THEN 'status' END,
           CASE WHEN v.status = 'ACTIVE' AND l.left_at IS NOT NULL THEN 'left_at' END,
           CASE WHEN v.status = 'ACTIVE' AND l.role <> CASE
               WHEN v.role IN ('OWNER', 'MANAGER', 'COACH', 'PLAYER', 'SUBSTITUTE') THEN v.role ELSE 'PLAYER' END
               THEN 'role' END)
FROM speaking v
LEFT JOIN organizations_teammigrationmap m ON m.vnext_team_id = v.team_id
LEFT JOIN {legacy}.teams_teammembership l ON l.team_id = m.legacy_team_id AND l.user_id = v.user_id
"""

_DELETED_MEMBERS = """
SELECT NULL, l.id, CASE WHEN l.status = 'ACTIVE' THEN 'none in vNext, active in legacy' ELSE '' END
FROM {legacy}.teams_teammembership l
JOIN organizations_teammigrationmap m ON m.legacy_team_id = l.team_id
WHERE NOT EXISTS (SELECT FROM organizations_teammembership v
                  WHERE v.team_id = m.vnext_team_id AND v.user_id = l.user_id)
"""


def differences(db):
    """What is not in step for the default mapping: a list of texts, empty when legacy equals vNext."""
    return [
        f"{entity} {vnext_id} (legacy {legacy_id}): {what}"
        for entity, query in (
            ("team", _TEAMS), ("team", _DELETED_TEAMS), ("membership", _MEMBERS), ("membership", _DELETED_MEMBERS),
        )
        for vnext_id, legacy_id, what in db.execute(query.format(legacy="public" if db.legacy is db else "test_legacy"))
        if what
    ]


def assert_in_step(db, timeout=TIMEOUT):
    """Legacy equals vNext within the timeout (0: now)."""
    deadline = time.monotonic() + timeout
    while True:
        found = differences(db)
        if not found:
            return
        if time.monotonic() >= deadline:
            more = f"\n... and {len(found) - 10} more" if len(found) > 10 else ""
            raise AssertionError(f"{len(found)} rows out of step after {timeout} s:\n" + "\n".join(found[:10]) + more)
        time.sleep(0.05)


# ---- fixtures --------------------------------------------------------------------------------------------------------


def pytest_addoption(parser):
    parser.addoption("--layout", choices=("one", "two"), help="only the tests of this layout (see conftest.py)")


def pytest_configure(config):
    config.addinivalue_line("markers", "layouts(*names, reason=None): runs in these layouts, one and two; a test that runs "
                                       "in fewer than its module says why")
    config.addinivalue_line("markers", "installs: install is what it tests, and is run each time; nobody else uses its role")


def pytest_generate_tests(metafunc):
    if "layout" not in metafunc.fixturenames:
        return
    marks = list(metafunc.definition.iter_markers("layouts")) or [pytest.mark.layouts("one").mark]
    names, most = marks[0].args, {name for mark in marks for name in mark.args}
    assert set(names) <= {"one", "two"} and names, metafunc.definition.nodeid
    assert most == set(names) or marks[0].kwargs.get("reason"), f"{metafunc.definition.nodeid}: only {names}, and no reason"
    metafunc.parametrize("layout", names, ids=names, scope="module")


def pytest_collection_modifyitems(config, items):
    if only := config.getoption("layout"):
        other = [item for item in items if hasattr(item, "callspec") and item.callspec.params.get("layout", only) != only]
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]


@pytest.fixture(scope="module")
def layout():
    """"one" or "two"; see the mark `layouts`."""
    return "one"


@pytest.fixture(scope="session")
def own_cluster():
    """The worker's cluster. Use `cluster`, which is running when your test starts."""
    cluster = Cluster()
    yield cluster
    cluster.destroy()


@pytest.fixture
def cluster(own_cluster):
    """The worker's cluster; a test may stop, restart or crash it, and the next finds it running."""
    own_cluster.ensure_running()
    return own_cluster


@pytest.fixture(scope="session")
def _second_cluster():
    cluster = Cluster()
    yield cluster
    cluster.destroy()


@pytest.fixture
def legacy_cluster(_second_cluster):
    """Another server, for a legacy database that goes, and has roles, by itself: cluster.create_db(layout="two",
    legacy_cluster=legacy_cluster)."""
    _second_cluster.ensure_running()
    return _second_cluster


@pytest.fixture
def db(cluster, layout, request):
    """A fresh database with the sample application's tables, in layout two the legacy ones in db.legacy."""
    afresh = request.node.get_closest_marker("installs")
    if afresh:
        cluster.forget_installed()
    database = cluster.create_db(layout=layout, later=not afresh)
    yield database
    database.drop()


@pytest.fixture
def installed(db):
    """The same, after `dualwrited install`."""
    install(db)
    return db


@pytest.fixture
def application(cluster, layout, tmp_path):
    """application(mapping, vnext=SQL, legacy=SQL, both=SQL) -> databases with another application's tables, and this
    mapping in their settings.

    `both` comes first, in each database once: types, extensions, schemas. app_user may use all of it.
    """
    made = []
    tmp_path.chmod(0o755)

    def make(mapping, vnext="", legacy="", both="SELECT"):
        db = cluster.create_db("template0", layout=layout)
        made.append(db)
        for side in db.sides:
            side.execute(both)
        db.execute(vnext or "SELECT")
        db.legacy.execute(legacy or "SELECT")
        for side in db.sides:
            side.execute("""
                DO $$ DECLARE s text; BEGIN
                    FOR s IN SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' LOOP
                        EXECUTE format('GRANT ALL ON SCHEMA %1$s TO app_user; GRANT ALL ON ALL TABLES IN SCHEMA %1$s TO '
                                       'app_user; GRANT ALL ON ALL SEQUENCES IN SCHEMA %1$s TO app_user', s);
                    END LOOP; END $$""")
        db.settings["DUALWRITE_MAPPING_FILE"] = write_mapping(tmp_path / f"mapping{len(made)}.json", mapping)
        return db

    yield make
    for db in made:
        db.drop()


def write_mapping(path, mapping):
    path.write_text(json.dumps(mapping))
    path.chmod(0o644)
    return path


@pytest.fixture
def env_file(tmp_path):
    """env_file(KEY=value, ...) or env_file("text") writes a config file and returns its path."""

    def write(text=None, **settings):
        path = tmp_path / "dualwrited.env"
        if text is None:
            write_env_file(path, settings)
        elif isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        return path

    return write
