"""`dualwrited status --watch`: lines for a log, JSON lines for a program, a screen in place for a person."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

import pytest

from conftest import Daemon, binary, clean_environment, config_for, dualwrited, wait_until, write_env_file

pytestmark = pytest.mark.layouts("one", reason="what is watched is test_status.py's business")

# while a screen is drawn, no cursor, and nothing that is too wide wraps
HIDE, SHOW = "\x1b[?7l\x1b[?25l", "\x1b[?7h\x1b[?25h"


class Watch:
    """`status --watch` as a child: .lines as they come; with rows and columns on a terminal of that size, all in .text."""

    def __init__(self, db, path, *args, size=None, env=None):
        config = path / "watch.env"
        write_env_file(config, config_for(db))
        self.text = ""
        out, self.terminal = subprocess.PIPE, None
        if size:
            self.terminal, out = pty.openpty()
            self.resize(*size)
        self.process = subprocess.Popen([binary(), "status", "--config", str(config), *args], env=clean_environment(env),
                                        stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, start_new_session=True)
        if size:
            os.close(out)
        self.reader = threading.Thread(target=self._read, args=(self.terminal or self.process.stdout.fileno(),), daemon=True)
        self.reader.start()

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, fd):
        with contextlib.suppress(OSError):  # a terminal whose other end has gone
            while data := os.read(fd, 65536):
                self.text += data.decode()

    @property
    def lines(self):
        return self.text.split("\n")[:-1]

    def frames(self):
        """What each whole frame shows, row by row."""
        whole = [frame.split("\x1b[J")[0] for frame in self.text.split(HIDE + "\x1b[H")[1:] if "\x1b[J" in frame]
        return [re.sub(r"\x1b\[\d*m|\x1b\[K|\r", "", frame).split("\n")[:-1] for frame in whole]

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        status = self.process.wait(timeout=10)
        self.reader.join(10)
        assert self.process.stderr.read() == b""
        return status


@pytest.fixture
def watch(installed, tmp_path):
    made = []

    def start(*args, **more):
        made.append(Watch(installed, tmp_path, *args, **more))
        return made[-1]

    yield start
    for w in made:
        if w.process.poll() is None:
            w.process.kill()
            w.process.wait()


def test_a_line_for_each_look(installed, watch):
    w = watch("--watch=100ms")
    wait_until(lambda: len(w.lines) >= 3)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z status=warning ready=no dual_write=on backlog=0 parked=0 "
                        r"retrying=0 daemons=0 about=no_daemon", w.lines[0])
    installed.new_team("Alpha")
    wait_until(lambda: " status=critical ready=no dual_write=on backlog=1 oldest_s=" in w.lines[-1])
    with Daemon(installed):
        wait_until(lambda: " status=ok ready=yes dual_write=on backlog=0 parked=0 retrying=0 daemons=1" in w.lines[-1])
    assert w.end() == 0 and "\x1b" not in w.text and w.text.endswith("\n")


def test_json_lines(watch):
    w = watch("--watch=100ms", "--json")
    wait_until(lambda: len(w.lines) >= 2)
    reports = [json.loads(line) for line in w.lines]
    assert {r["status"] for r in reports} == {"warning"} and reports[0]["at"] < reports[1]["at"]
    assert w.end(signal.SIGTERM) == 0


def test_a_database_that_goes_away_and_comes_back(installed, watch):
    plain, program = watch("--watch=100ms"), watch("--watch=100ms", "--format=json")
    wait_until(lambda: plain.lines and program.lines)
    installed.close()
    installed.cluster.stop()
    try:
        wait_until(lambda: len([line for line in plain.lines if " status=unreachable for_s=" in line]) >= 2)
        assert re.search(r' status=unreachable for_s=\d+\.\d error="', plain.lines[-1])
        wait_until(lambda: json.loads(program.lines[-1])["status"] == "unreachable")
        assert json.loads(program.lines[-1])["error"]
        late = watch("--watch=100ms")  # begun while nobody answers
        wait_until(lambda: late.lines and 'error="cannot connect (' in late.lines[0])
    finally:
        installed.cluster.start()
    for w in (plain, late):
        wait_until(lambda: re.search(r' status=warning .* msg="answers again after \d', w.text))
    wait_until(lambda: json.loads(program.lines[-1])["status"] == "warning")
    assert [w.end() for w in (plain, program, late)] == [0, 0, 0]


def test_a_screen_in_place(installed, watch):
    w = watch("--watch=100ms", size=(24, 80))
    wait_until(lambda: len(w.frames()) >= 2)
    screen = w.frames()[-1]
    assert screen[0].startswith("dualwrited status at ") and "every 0.1 s; Ctrl-C ends it" in screen[0]
    assert "CRITICAL" not in "\n".join(screen) and any(row.startswith("WARNING   dual write is on") for row in screen)
    assert len(screen) <= 23 and max(map(len, screen)) <= 80
    w.resize(6, 50)
    os.kill(w.process.pid, signal.SIGWINCH)
    wait_until(lambda: len(w.frames()[-1]) == 5 and max(map(len, w.frames()[-1])) <= 50)
    assert re.fullmatch(r"\.\.\. \d+ more lines", w.frames()[-1][-1])
    assert w.end() == 0
    assert w.text.rindex(SHOW) > w.text.rindex(HIDE)


def test_a_terminal_that_cannot_draw_gets_lines(watch):
    w = watch("--watch=100ms", size=(24, 80), env={"TERM": "dumb"})
    wait_until(lambda: len(w.lines) >= 2)
    assert w.end() == 0 and "\x1b" not in w.text


def test_the_screen_keeps_the_last_answer(installed, watch):
    w = watch("--watch=100ms", size=(24, 80))
    wait_until(w.frames)
    installed.close()
    installed.cluster.stop()
    try:
        wait_until(lambda: w.frames()[-1][0].startswith("NO ANSWER for "))
        assert any(row.startswith("flags ") for row in w.frames()[-1])
        assert w.end(signal.SIGTERM) == 0 and w.text.rindex(SHOW) > w.text.rindex(HIDE)
    finally:
        installed.cluster.start()


def test_it_ends_at_once_while_a_server_is_silent(installed, watch):
    """A look that waits for a lock of somebody else, and for a server that says nothing."""
    with Daemon(installed):
        w = watch("--watch=100ms")
        wait_until(lambda: w.lines)
        conn = installed.connect()
        conn.execute("LOCK TABLE dualwrite.daemon IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: installed.value("""SELECT true FROM pg_locks k JOIN pg_stat_activity a USING (pid)
                                              WHERE NOT k.granted AND a.application_name = 'dualwrited/status'"""))
        assert w.end() == 0
        conn.rollback()


def test_status_of_a_usual_day_fits_a_screen(installed, watch):
    """Three daemons, events parked for three causes, an override: 24 rows of 80 columns show all of it."""
    installed.execute("INSERT INTO dualwrite.override (flag, value, who, why) VALUES (%s, 'true', 'ann', 'INC-7')",
                      ["TEAM_LEGACY_WRITE_BLOCKED"])
    for n in range(3):
        installed.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state,
                                                           started_at, beat_at)
                             SELECT gen_random_uuid(), 'web-7d9f8c6b5d-x2x4', 1234567, %s, dualwrite.setting('mapping_digest'),
                                    '{"TEAM_VNEXT_DUAL_WRITE_ENABLED": "true"}', true, 'draining', now() - interval '100 days',
                                    clock_timestamp() + interval '9 s'""", [dualwrited("--version").stdout.split()[1]])
        installed.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts,
                                 sqlstate, exception_type, message)
                             VALUES (%s, pg_current_xact_id(), now(), 1, 'team', 'sync_team_created', '{7}', 3, %s,
                                     'unique_violation', 'no')""", [n, f"2350{n}"])
    w = watch("--watch=100ms", size=(24, 80))
    wait_until(w.frames)
    screen = w.frames()[-1]
    shown = "\n".join(screen)
    assert "more lines" not in shown and not any(row.endswith("...") for row in screen), shown
    assert shown.count("draining") == 3 and shown.count("1 x team:") == 3 and "-> dualwrited failed list --parked" in shown


def test_usage(installed, watch):
    for bad in ("--watch=5", "--watch=1ms", "--watch=off", "--watch="):
        w = watch(bad)
        assert w.process.wait(timeout=10) == 64 and b"it takes a time from 100ms on" in w.process.stderr.read()
