"""Everything at any moment: sessions ended, statements cancelled, settings changed, daemons told to end, killed and stopped, in any
order and one in the midst of the other; and a legacy database that is restored from a copy again and again."""

import signal
import threading
import time

import psycopg
import pytest

from conftest import wait_until
from fault import writers
from helpers import LEGACY_TEAM, TEAM

pytestmark = pytest.mark.layouts("one", "two")

SETTINGS = {
    "DUALWRITE_BATCH_SIZE": (1, 3, 10, 100, 1000),
    "DUALWRITE_NOTIFY": ("on", "off"),
    "DUALWRITE_POLL_INTERVAL": ("100ms", "1s", "5s"),
    "DUALWRITE_LOG_FORMAT": ("logfmt", "json"),
    "DUALWRITE_LOG_LEVEL": ("info", "debug"),
    "DUALWRITE_HTTP_LISTEN": ("off", "127.0.0.1:0"),
    "DUALWRITE_STATEMENT_TIMEOUT": ("500ms", "5s", "30s"),
    "DUALWRITE_WATCH_CONFIG": ("on", "off"),
    "DUALWRITE_NO_SUCH_KEY": ("1", None),
    "TEAM_LEGACY_WRITE_BLOCKED": (True, False),
}
LAX = {"TEAM_VNEXT_DUAL_WRITE_ENABLED": (True, False, True), "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE": (True, False),
       "DUALWRITE_OUTBOX_MAX": (1000, 100000)}


class Trouble:
    """What may happen: each call does one thing, or one in the midst of another."""

    def __init__(self, s, settings):
        self.s = s
        self.settings = settings
        self.actions = 5 * [self.end_sessions] + 2 * [self.cancel] + 6 * [self.change] + 3 * [self.told_to_end] + [
            self.kill, self.stop, self.mark, self.long_rows]

    def any(self):
        self.s.chance.choice(self.actions)()

    def end_sessions(self, function="pg_terminate_backend"):
        for _ in range(self.s.chance.choice((1, 1, 2, 5))):
            for side, _, pid in self.s.sessions(self.s.chance.choice(("listen", "claim", "apply", "mirror", "%"))):
                side.execute(f"SELECT {function}(%s)", [pid])
            self.s.moment(0.15)

    def cancel(self):
        self.end_sessions("pg_cancel_backend")

    def change(self):
        key = self.s.chance.choice(list(self.settings))
        self.s.any_daemon().hup(wait=None, **{key: self.s.chance.choice(self.settings[key])})
        if self.s.chance.random() < 0.5:
            self.s.moment(0.05)
            self.end_sessions()

    def again(self, victim):
        self.s.moment()
        victim.rewrite(DUALWRITE_NO_SUCH_KEY=None)
        victim.start()

    def told_to_end(self):
        victim = self.s.any_daemon()
        if self.s.chance.random() < 0.5:
            victim.signal(signal.SIGHUP)
        victim.signal(signal.SIGTERM)
        self.end_sessions()
        victim.finish(12)
        self.again(victim)

    def kill(self):
        victim = self.s.any_daemon()
        victim.kill9()
        self.again(victim)

    def stop(self):
        with self.s.any_daemon().stop_cont():
            self.s.moment(2)
            self.end_sessions()

    def mark(self):
        self.s.db.execute(f"SELECT nextval('dualwrite.resync_{self.s.chance.choice(('team', 'membership'))}')")

    def long_rows(self):
        self.s.db.execute(f"INSERT INTO {TEAM} (name, slug, game_id, description) SELECT 'long', 'long-' || gen_random_uuid(), 1, "
                          "repeat('y', 200000) FROM generate_series(1, 8)", user="app_user")


class Awaiter:
    """A client of strict mode. .wrong: what await_sync let through before legacy had it; .good: how often it had."""

    def __init__(self, db):
        self.db = db
        self.good = 0
        self.wrong = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        with psycopg.connect(self.db.url("app_user"), autocommit=True) as app, self.db.legacy.connect(autocommit=True) as legacy:
            for n in range(10**6):
                if self._stop.wait(0.02):
                    return
                xid = app.execute(f"INSERT INTO {TEAM} (name, slug, game_id) VALUES ('awaited', 'awaited-' || %s, 1) "
                                  "RETURNING pg_current_xact_id()", [n]).fetchone()[0]
                try:
                    app.execute("SELECT dualwrite.await_sync(%s, 8000)", [xid])
                except psycopg.Error as error:
                    assert error.sqlstate in ("DW001", "DW002"), error
                    continue
                if legacy.execute(f"SELECT 1 FROM {LEGACY_TEAM} WHERE slug = 'awaited-' || %s", [n]).fetchone():
                    self.good += 1
                else:
                    self.wrong.append(n)


def trouble(s, settings, usual):
    """For a while; then everybody has the usual settings again: the defaults but for these."""
    trouble = Trouble(s, settings)
    end = time.monotonic() + s.times(10, 60)
    while time.monotonic() < end:
        trouble.any()
        s.moment(0.4)
    for daemon in s.daemons:
        daemon.hup(wait=None, **{**dict.fromkeys(settings), **usual})
    s.work(timeout=60)


def test_anything_at_any_moment(scene):
    with scene(daemons=3, again=True, settle=120) as s:
        trouble(s, {**SETTINGS, **LAX}, {"TEAM_VNEXT_DUAL_WRITE_ENABLED": True, "DUALWRITE_HTTP_LISTEN": "off"})


def test_await_sync_says_nothing_that_is_not_so_whatever_happens(scene):
    strict = {"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE": True}
    with scene(daemons=3, again=True, settle=120, **strict) as s:
        with Awaiter(s.db) as awaiter:
            trouble(s, SETTINGS, {"DUALWRITE_HTTP_LISTEN": "off"})
        assert awaiter.wrong == [] and awaiter.good > 0


def replace(db, name, template):
    """The database is made anew as a copy of the template; whoever is connected to either is not any more."""
    db.close()
    with db.cluster.connect() as conn:
        for one in (name, template):
            if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [one]).fetchone():
                conn.execute(f"ALTER DATABASE {one} ALLOW_CONNECTIONS false")
                conn.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [one])
        conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER app_owner")
        conn.execute(f"ALTER DATABASE {template} ALLOW_CONNECTIONS true")


def no_marks(db):
    return db.value("""SELECT count(*) FROM dualwrite.resync r
                       WHERE pg_sequence_last_value(('dualwrite.resync_' || r.entity)::regclass) > r.handled""") == 0


@pytest.mark.layouts("two", reason="one database comes back as a whole")
def test_legacy_is_restored_again_and_again(scene, monkeypatch):
    """In the midst of work, and of the resync that the restore before made necessary. (Nothing is deleted: a legacy row whose vNext
    row is gone is left alone.)"""
    kept = {action: weight for action, weight in writers.CHANCES.items() if action.__name__ not in ("delete_team", "remove_member")}
    monkeypatch.setattr(writers, "ACTIONS", list(kept))
    monkeypatch.setattr(writers, "WEIGHTS", list(kept.values()))
    with scene(daemons=3, again=True, settle=120) as s:
        legacy = s.db.legacy
        copy = f"{legacy.name}_copy"
        for _ in range(s.times(2, 8)):
            replace(legacy, copy, legacy.name)
            s.moment(4)
            if s.chance.random() < 0.3:
                s.any_daemon().kill9()
            replace(legacy, legacy.name, copy)
            s.moment(3)
            for daemon in s.daemons:
                if daemon.process.poll() is not None:
                    daemon.start()
        s.work(timeout=60)
        s.writers.stop()
        wait_until(lambda: no_marks(s.db), 60)
        s._watch.blocked.clear()  # COMMITs that notify wait for each other's, also for a daemon's beat
        legacy.cluster.connect().execute(f"DROP DATABASE {copy}")
