"""`dualwrited monitor --alert`: who is told what and when, by servers and a sendmail of our own; what a target that fails changes
(nothing but a line); and that no secret is seen."""

import http.server
import json
import os
import re
import resource
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from conftest import binary, clean_environment, config_for, wait_until, write_env_file
from helpers import cli

pytestmark = pytest.mark.layouts("one")

KEY = "R0UT1NGK3YR0UT1NGK3YR0UT1NGK3Y00"
HOOK = "/services/T000/B000/S3CR3TS3CR3T"


class Target:
    """A webhook and PagerDuty in one: keeps what it gets, answers what it is told to."""

    def __init__(self):
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                target.got.append((self.path, body))
                target.open.wait(30)
                assert self.headers["Content-Type"] == "application/json"
                self.send_response(target.status)
                self.send_header("Location", target.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.got, self.status, self.location = [], 202, "/elsewhere"
        self.open = threading.Event()  # it answers while this is set
        self.open.set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self):
        got, self.got = self.got, []
        return got


@pytest.fixture
def target():
    target = Target()
    yield target
    target.server.shutdown()
    target.server.server_close()


@pytest.fixture
def heroes(installed, tmp_path):
    """A pack of one check over a table, 10 points for each row."""
    folder = tmp_path / "heroes"
    folder.mkdir()
    (folder / "rules.json").write_text(json.dumps({
        "name": "heroes", "title": "heroes", "scoring": {"per_issue": 10, "most": 100}, "checks": [
            {"name": "owes", "title": "nobody owes <@all> & more", "severity": "error", "find": "owes.sql"}]}))
    (folder / "owes.sql").write_text("SELECT h.id AS key FROM hero h WHERE h.xp < 0\n")
    installed.execute("CREATE TABLE hero (id int PRIMARY KEY, xp int NOT NULL)")
    installed.execute("GRANT SELECT ON hero TO dualwrite_daemon")
    installed.pack = folder
    return installed


def owe(db, rows):
    db.execute("DELETE FROM hero")
    db.execute("INSERT INTO hero SELECT n, -1 FROM generate_series(1, %s) n", [rows])


def alert(db, check, *args, **settings):
    return cli(db, "monitor", "--alert", f"--pack={db.pack}", *args, user="daemon_login", check=check, **settings)


def older(db, hours):
    db.execute("UPDATE dualwrite.monitor_alert SET at = at - make_interval(hours => %s)", [hours])


def test_told_once_on_worsening_and_when_it_is_over(heroes, target):
    db = heroes
    settings = {"DUALWRITE_ALERT_WEBHOOK_URL": target.url + HOOK, "DUALWRITE_ALERT_PAGERDUTY_KEY": KEY,
                "DUALWRITE_ALERT_PAGERDUTY_URL": target.url + "/v2/enqueue"}
    said = []

    def run(rows, check):
        owe(db, rows)
        said.append(alert(db, check, **settings))
        return target.take()

    assert run(0, 0) == []
    (hook, slack), (path, page) = run(2, 1)  # 80
    assert hook == HOOK and list(slack) == ["text"]
    assert slack["text"].startswith("*heroes is degraded: health score 80 of 100*\n- owes: 2 rows, error; should be: nobody owes "
                                    "&lt;@all&gt; &amp; more\n")
    assert path == "/v2/enqueue" and page["routing_key"] == KEY and page["event_action"] == "trigger"
    assert page["payload"]["severity"] == "warning" and page["payload"]["custom_details"]["health_score"] == 80
    key = page["dedup_key"]
    assert key.startswith("dualwrited/heroes/") and len(key) <= 255
    assert run(2, 1) == []
    assert [(p["event_action"], p["dedup_key"], p["payload"]["summary"][:37]) for _, p in run(3, 1)[1:]] == \
        [("trigger", key, "heroes got worse: degraded, health sc")]
    assert run(2, 1) == []  # better, and not well
    (_, slack), (_, page) = run(6, 2)
    assert "got worse: critical, health score 40 of 100 (was 70)" in slack["text"] and page["payload"]["severity"] == "critical"
    assert run(5, 1) == []
    assert run(6, 2) == []  # flapping
    older(db, 24)
    assert "heroes is still critical" in run(6, 2)[0][1]["text"]
    assert run(6, 2) == []
    (_, slack), (_, page) = run(0, 0)
    assert slack["text"].startswith("*heroes is healthy again: health score 100 of 100 (was 40)*")
    assert (page["event_action"], page["dedup_key"]) == ("resolve", key) and "payload" not in page
    assert run(0, 0) == []
    assert db.value("SELECT count(*) FROM dualwrite.monitor_alert") == 0
    assert len(run(1, 0)) == 0  # 90 is healthy
    assert len(run(2, 1)) == 2
    log = "".join(done.stdout + done.stderr for done in said)
    assert log.count("event_type=alert_sent") == 12 and "ERROR" not in log
    assert KEY not in log and HOOK not in log


def test_two_at_the_same_moment_tell_it_once(heroes, target):
    """The second waits until the first has told it, and then knows; what the first could not tell, the second does."""
    db = heroes
    owe(db, 2)
    for status, posts in ((202, 1), (500, 2)):
        db.execute("DELETE FROM dualwrite.monitor_alert")
        target.status, said = status, []
        target.open.clear()
        runs = [threading.Thread(target=lambda: said.append(alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL=target.url + HOOK)))
                for _ in range(2)]
        runs[0].start()
        wait_until(lambda: target.got)
        runs[1].start()
        wait_until(lambda: db.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))
        target.open.set()
        for run in runs:
            run.join(30)
        log = "".join(done.stderr for done in said)
        assert len(target.take()) == posts and log.count("event_type=alert_sent") == (status == 202)
        assert log.count("event_type=alert_failed") == (0 if status == 202 else 2)


def test_packs_are_told_apart(heroes, target, tmp_path):
    db, other = heroes, tmp_path / "other"
    other.mkdir()
    (other / "rules.json").write_text((db.pack / "rules.json").read_text().replace('"heroes"', '"other"'))
    (other / "owes.sql").write_text("SELECT h.id AS key FROM hero h WHERE false")
    owe(db, 2)
    settings = {"DUALWRITE_ALERT_WEBHOOK_URL": target.url + HOOK}
    alert(db, 1, f"--pack={other}", **settings)
    assert [body["text"].split()[0] for _, body in target.take()] == ["*heroes"]
    (other / "owes.sql").write_text("SELECT h.id AS key FROM hero h")
    alert(db, 1, f"--pack={other}", **settings)
    assert [body["text"].split()[0] for _, body in target.take()] == ["*other"]


def test_secrets_from_files_and_credentials(heroes, target, tmp_path):
    db = heroes
    owe(db, 2)
    hook, key = tmp_path / "hook", tmp_path / "key"
    hook.write_text(target.url + HOOK + "\n")
    key.write_text(KEY + "\r\n")
    enqueue = {"DUALWRITE_ALERT_PAGERDUTY_URL": target.url + "/v2/enqueue"}
    alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL_FILE=hook, DUALWRITE_ALERT_PAGERDUTY_KEY_FILE=key, **enqueue)
    assert [(path, body.get("routing_key")) for path, body in target.take()] == [(HOOK, None), ("/v2/enqueue", KEY)]
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "dualwrited.alert-webhook-url").write_text(target.url + HOOK)
    owe(db, 4)
    done = cli(db, "monitor", "--alert", f"--pack={db.pack}", user="daemon_login", check=1,
               env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)})
    assert [path for path, _ in target.take()] == [HOOK] and "ERROR" not in done.stderr
    hook.write_text("hooks.example/S3CR3T x\n")
    key.unlink()
    done = alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL_FILE=hook, DUALWRITE_ALERT_PAGERDUTY_KEY_FILE=key, **enqueue)
    assert f"{hook} is no URL" in done.stderr and f"{key}: No such file" in done.stderr and "S3CR3T" not in done.stderr
    assert done.stderr.count("ERROR event_type=alert_failed") == 2 and "alert_no_target" not in done.stderr


def fake_sendmail(folder, status=0):
    folder.mkdir(exist_ok=True)
    program = folder / "sendmail"
    program.write_text(f'#!/bin/sh\necho "$@" > {folder}/args\ncat > {folder}/mail\nenv > {folder}/env\nexit {status}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_mail_by_one_who_does_not_wait_for_children(heroes, tmp_path):
    """SIGCHLD stays ignored through exec, and then nobody is told how a child has ended."""
    owe(heroes, 2)
    program = fake_sendmail(tmp_path / "mta", status=75)
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        done = alert(heroes, False, DUALWRITE_ALERT_MAIL_TO="root", DUALWRITE_SENDMAIL=program)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert "ERROR event_type=alert_failed target=mail" in done.stderr and "status 75" in done.stderr


def test_mail(heroes, tmp_path, target):
    db = heroes
    owe(db, 2)
    folder = tmp_path / "mta"
    program = fake_sendmail(folder)
    settings = {"DUALWRITE_ALERT_MAIL_TO": "ops@b.example,root", "DUALWRITE_SENDMAIL": program}
    env = {**os.environ, "PGPASSWORD": "S3CR3T", "DUALWRITE_ALERT_PAGERDUTY_KEY": KEY}
    done = cli(db, "monitor", "--alert", f"--pack={db.pack}", user="daemon_login", check=1, env=env,
               DUALWRITE_ALERT_PAGERDUTY_URL=target.url, **settings)
    head, body = (folder / "mail").read_text().split("\n\n", 1)
    assert (folder / "args").read_text() == "-i -t\n"
    assert head.splitlines()[:2] == ["To: ops@b.example,root", "Subject: [dualwrite] heroes is degraded: health score 80 of 100"]
    assert "- owes: 2 rows, error; should be: nobody owes <@all> & more\n" in body
    assert KEY not in (folder / "env").read_text() and "S3CR3T" not in (folder / "env").read_text()
    assert "ERROR" not in done.stderr and len(target.take()) == 1
    (folder / "mail").unlink()
    # one on PATH; it fails, so it is told again by the next run
    fake_sendmail(folder, status=75)
    owe(db, 6)
    settings["DUALWRITE_SENDMAIL"] = "sendmail"
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    for _ in range(2):
        done = cli(db, "monitor", "--alert", f"--pack={db.pack}", user="daemon_login", check=2, env=env, **settings)
        assert "ERROR event_type=alert_failed target=mail pack=heroes" in done.stderr and "status 75" in done.stderr
    assert "got worse: critical" in (folder / "mail").read_text()
    done = alert(db, 2, DUALWRITE_ALERT_MAIL_TO="root", DUALWRITE_SENDMAIL="/nonexistent/sendmail")
    assert "/nonexistent/sendmail: No such file" in done.stderr
    done = alert(db, 2, DUALWRITE_ALERT_MAIL_TO="root", DUALWRITE_SENDMAIL="no-such-program")
    assert "no-such-program is not in PATH: install it" in done.stderr and "--env" not in done.stderr


def test_a_target_that_fails_is_a_line_and_nothing_else(heroes, target):
    db = heroes
    owe(db, 2)
    settings = {"DUALWRITE_ALERT_WEBHOOK_URL": target.url + HOOK}
    for status, says in ((500, "it answered 500"), (302, "redirects are not followed")):
        target.status = status
        done = alert(db, 1, "--json", **settings)
        assert "ERROR event_type=alert_failed target=webhook pack=heroes" in done.stderr and says in done.stderr
        assert json.loads(done.stdout)["health_score"] == 80 and HOOK not in done.stderr
        assert [path for path, _ in target.take()] == [HOOK]  # no redirect was followed
    port = target.server.server_address[1]
    done = alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL=f"https://127.0.0.1:{port}{HOOK}")  # TLS to one who speaks none
    assert "ERROR event_type=alert_failed" in done.stderr and HOOK not in done.stderr
    done = alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL=f"http://127.0.0.1:1{HOOK}", DUALWRITE_LOG_FORMAT="json")
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["level"], line["event_type"], line["target"]) == ("ERROR", "alert_failed", "webhook")
    # one target fails, the other one is told
    target.status = 202
    done = alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL="http://127.0.0.1:1/", DUALWRITE_ALERT_PAGERDUTY_KEY=KEY,
                 DUALWRITE_ALERT_PAGERDUTY_URL=target.url)
    assert "alert_failed target=webhook" in done.stderr and "alert_sent target=pagerduty" in done.stderr
    assert len(target.take()) == 1
    owe(db, 0)
    assert "alert_failed" not in alert(db, 0, DUALWRITE_ALERT_WEBHOOK_URL="http://127.0.0.1:1/").stderr


ANSWERS = (  # whole, cut off, endless; and one that says nothing
    (b"HTTP/1.1 204 No Content\r\n\r\n", True), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 3000000, True), (b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n", False),
    (b"HTTP/1.1 100 Continue\r\n\r\n", False), (b"\0" * 10000, False), (b"", False))


def test_odd_answers(heroes):
    """It is the number that counts: who has said 2xx was told, whatever comes behind it."""
    owe(heroes, 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}{HOOK}"

        def serve():
            for answer, _ in ANSWERS:
                conn, _ = server.accept()
                with conn:
                    said = conn.recv(65536)
                    while not said.endswith(b"}"):
                        said += conn.recv(65536)
                    try:
                        conn.sendall(answer)
                    except OSError:
                        pass  # it has hung up

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for answer, told in ANSWERS:
            done = alert(heroes, 1, DUALWRITE_ALERT_WEBHOOK_URL=url)
            assert ("alert_sent" in done.stderr, "alert_failed" in done.stderr) == (told, not told), (answer[:40], done.stderr)
            heroes.execute("DELETE FROM dualwrite.monitor_alert")
        thread.join(10)


def test_a_reader_that_went_away(heroes, target, tmp_path):
    """As `| grep -q`, which ends with the first match: the run is kept and told all the same, and the cut is said."""
    owe(heroes, 2)
    write_env_file(tmp_path / "e", config_for(heroes, "daemon_login", DUALWRITE_ALERT_WEBHOOK_URL=target.url + HOOK))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([binary(), "monitor", "--json", "--alert", "--no-compare", "--config", tmp_path / "e", "--pack=teams",
                           "--pack", heroes.pack], env=clean_environment(), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert done.returncode == 70 and "cannot write the answer" in done.stderr, done.stderr
    assert heroes.value("SELECT count(*) FROM dualwrite.monitor_run") == 2 and len(target.take()) == 2


def test_one_that_never_answers(heroes):
    """Ended after 10 s; the process title and the arguments show no secret meanwhile, and a crash would leave no core."""
    db = heroes
    owe(db, 2)
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limit[1], limit[1]))
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}{HOOK}"
        done = {}
        thread = threading.Thread(target=lambda: done.update(r=alert(db, 1, DUALWRITE_ALERT_WEBHOOK_URL=url)))
        since = time.monotonic()
        thread.start()
        conn, _ = server.accept()
        resource.setrlimit(resource.RLIMIT_CORE, limit)
        cores = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    line = open(f"/proc/{name}/cmdline", "rb").read()
                    assert b"S3CR3T" not in line
                    if f"--pack={db.pack}".encode() in line:
                        cores.append(re.search("Max core file size +([^ ]+) +([^ ]+)", open(f"/proc/{name}/limits").read()).groups())
                except (FileNotFoundError, ProcessLookupError):
                    pass
        assert cores == [("0", "0")]
        thread.join(60)
        conn.close()
    assert time.monotonic() - since > 9
    assert "alert_failed target=webhook pack=heroes" in done["r"].stderr and "no answer within 10" in done["r"].stderr


def test_nobody_is_set(heroes):
    db = heroes
    owe(db, 2)
    done = alert(db, 1)
    assert "WARNING event_type=alert_no_target" in done.stderr
    for key in ("DUALWRITE_ALERT_WEBHOOK_URL", "DUALWRITE_ALERT_PAGERDUTY_KEY", "DUALWRITE_ALERT_MAIL_TO"):
        assert key in done.stderr
    assert "nothing to --alert about" in cli(db, "monitor", "--alert", "--history", check=64).stderr
