"""`dualwrited smoke --via=api` against a small HTTP server that implements the application's five endpoints on the test database,
and against servers that do not answer as they should."""

import json
import re
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import Daemon
from helpers import MEMBERSHIP, TEAM, cli
from test_smoke import everything, statuses

pytestmark = pytest.mark.layouts("one", "two")

TOKEN = "s3cret-of-the-test"


class Application(ThreadingHTTPServer):
    """The endpoints of the staging runbook. `spoil` maps a path's pattern to what to do instead."""

    daemon_threads = True

    def __init__(self, db, spoil=None, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.tls = tls
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.db, self.spoil, self.seen, self.lock = db, spoil or {}, [], threading.Lock()
        self.over = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.server_port}"

    def execute(self, *args):
        with self.lock:
            return self.db.execute(*args, user="app_user")


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        app = self.server
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        app.seen.append((self.path, body, self.headers.get("Authorization")))
        for pattern, instead in app.spoil.items():
            if re.search(pattern, self.path):
                return instead(self)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"detail": "Authentication credentials were not provided."})
        if self.path == "/api/vnext/teams/create/":
            return self.create(body)
        team, what = re.fullmatch(r"/api/vnext/teams/([a-z0-9-]+)/(.*)", self.path).groups()
        if what == "members/add/":
            member = app.execute(f"""INSERT INTO {MEMBERSHIP} (team_id, user_id, role)
                                     SELECT id, 101, %s FROM {TEAM} WHERE slug = %s RETURNING id""", [body["role"], team])[0][0]
            return self.answer(200, {"success": True, "membership_id": member})
        if what == "settings/":
            app.execute(f"UPDATE {TEAM} SET region = %s, description = %s, updated_at = now() WHERE slug = %s",
                        [body["region"], body["description"], team])
        elif member := re.fullmatch(r"members/(\d+)/role/", what):
            app.execute(f"UPDATE {MEMBERSHIP} SET role = %s, updated_at = now() WHERE id = %s", [body["role"], member[1]])
        elif member := re.fullmatch(r"members/(\d+)/remove/", what):
            app.execute(f"DELETE FROM {MEMBERSHIP} WHERE id = %s", [member[1]])
        return self.answer(200, {"success": True})

    def create(self, body):
        slug = re.sub("[^a-z0-9]+", "-", body["name"].lower())
        team = self.server.execute(
            f"INSERT INTO {TEAM} (name, slug, game_id, region) VALUES (%s, %s, %s, %s) RETURNING id",
            [body["name"], slug, body["game_id"], body["region"]])[0][0]
        # as an application does: who creates a team is its owner
        self.server.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id, role) VALUES (%s, 7, 'OWNER')", [team])
        return self.answer(201, {"team_id": team, "team_slug": slug})


def smoke(db, app, *args, code=0, token=TOKEN, env=None, **settings):
    done = cli(db, "smoke", "--json", "--via=api", f"--base-url={app.url}/", *args, check=False,
               env={"SMOKE_API_TOKEN": token, **(env or {})}, **settings)
    assert done.returncode == code, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_five_flows(installed):
    with Daemon(installed), Application(installed) as app:
        before = everything(installed)
        report = smoke(installed, app, "--set=member=somebody")
        assert statuses(report) == ["passed"] * 5, report
        assert report["via"] == "api" and report["writer_statements"] == [] and report["inline_legacy_writes"] == 0
        assert everything(installed) == before
    team, add, role, settings, remove = app.seen
    assert team[1]["name"] == report["name"] and team[1]["game_id"] == 1 and team[1]["branding"]["primary_color"] == "#FF0000"
    assert add[1] == {"user_lookup": "somebody", "role": "PLAYER", "is_active": True}
    assert re.fullmatch(r"/api/vnext/teams/staging-test-team-[0-9a-f]{8}/members/\d+/role/", role[0])
    assert settings[1]["region"] == "EU" and remove[1] is None and {one[2] for one in app.seen} == {f"Bearer {TOKEN}"}


@pytest.mark.layouts("one", reason="the times are those of the application")
def test_performance(installed):
    with Daemon(installed), Application(installed) as app:
        before = everything(installed)
        report = smoke(installed, app, "--perf=5")
        assert report["perf"]["each"] == 5 and report["perf"]["on"]["average_ms"] > 0
        assert everything(installed) == before


def cut(handler):
    handler.send_response(201)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"team_id": 1')
    handler.close_connection = True


def made_and_then(answer):
    """The team is created, and then something else is answered."""
    def do(handler):
        handler.answer, real = (lambda *_: None), handler.answer
        handler.create({"name": handler.server.seen[-1][1]["name"], "game_id": 1, "region": "NA"})
        handler.answer = real
        answer(handler)
    return do


ANSWERS = {
    "500": (lambda h: h.answer(500, b"<h1>Server Error</h1>\n\x1b[31m" + b"x" * 5000), "answered 500: <h1>Server Error</h1>"),
    "redirect": (lambda h: h.answer(302, b"", Location="http://192.0.2.1/"), "answered 302"),
    "text": (lambda h: h.answer(201, b"welcome"), "the answer is not a JSON object, or cut off: welcome"),
    "no key": (lambda h: h.answer(201, {"id": 1}), 'the answer has no usable "team_id"'),
    "another database": (lambda h: h.answer(201, {"team_id": 999, "team_slug": "x"}), "but there is no such row"),
    "large": (lambda h: h.answer(201, b'{"team_id": ' + b" " * 2_000_000 + b"1}"), "larger than 1 MB"),
    "cut off": (cut, "create/: "),
    "slow": (lambda h: h.server.over.wait(10), "no answer within 1.0 s"),
    "made and 500": (made_and_then(lambda h: h.answer(500, b"too late")), "answered 500: too late"),
    "made and cut off": (made_and_then(cut), "create/: "),
}


@pytest.mark.layouts("one", reason="how an answer is read does not depend on the databases")
def test_an_answer_that_is_none(installed):
    with Daemon(installed):
        before = everything(installed)
        for name, (instead, reason) in ANSWERS.items():
            with Application(installed, {"create": instead}) as app:
                report = smoke(installed, app, "--timeout=1s", code=1)
            assert statuses(report) == ["failed"] + ["skipped"] * 4, name
            assert reason in report["flows"][0]["reason"] and len(report["flows"][0]["reason"]) < 400, name
            assert "\x1b" not in report["flows"][0]["reason"], name
            assert report["cleaned"] is True and everything(installed) == before, name


@pytest.mark.layouts("one", reason="how an answer is read does not depend on the databases")
def test_a_wrong_token_and_nobody_there(installed):
    with Daemon(installed):
        with Application(installed) as app:
            report = smoke(installed, app, token="wrong", code=1)
            assert "answered 401" in report["flows"][0]["reason"] and "SMOKE_API_TOKEN" in report["flows"][0]["next"]
            report = smoke(installed, app, token=None, code=1)
            assert "put a token into SMOKE_API_TOKEN" in report["flows"][0]["next"]
        report = smoke(installed, app, code=1)
        assert "--base-url" in report["flows"][0]["next"]


@pytest.mark.layouts("one", reason="it is seen on the vNext side")
def test_an_endpoint_that_says_yes_and_does_nothing(installed):
    with Daemon(installed), Application(installed, {"role/": lambda h: h.answer(200, {"success": True})}) as app:
        report = smoke(installed, app, code=1)
    assert statuses(report) == ["passed", "passed", "failed", "passed", "passed"]
    assert report["flows"][2]["reason"] == "the legacy row is the same as before the flow"


@pytest.mark.layouts("one", reason="how the file is read does not depend on the databases")
def test_another_description(installed, tmp_path):
    file = tmp_path / "api.json"
    create = {"method": "POST", "path": "/api/vnext/teams/create/", "answer": {"root": "team_id"},
              "body": {"name": "{name}", "game_id": "{game}", "region": "NA"}}
    with Daemon(installed), Application(installed) as app:
        file.write_text(json.dumps({"flows": [create, None, None, None, None]}))
        report = smoke(installed, app, f"--api-file={file}", code=1)
        assert "--set=game=VALUE" in report["flows"][0]["reason"]
        report = smoke(installed, app, f"--api-file={file}", "--set=game=2")
        assert statuses(report) == ["passed"] + ["skipped"] * 4
        for text in ("{", "[]", '{"flows": []}', '{"flows": [null, null, null, null, null]}'):
            file.write_text(text)
            done = cli(installed, "smoke", "--via=api", f"--base-url={app.url}", f"--api-file={file}", check=False)
            assert done.returncode == 65 and str(file) in done.stderr, done.stderr


@pytest.mark.layouts("one", reason="TLS does not depend on the databases")
def test_tls(installed, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-keyout", key, "-out", certificate, "-subj", "/CN=staging", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Daemon(installed), Application(installed, tls=context) as app:
        refused = smoke(installed, app, code=1)["flows"][0]["reason"]
        assert "certificate is not trusted" in refused and "CURL_CA_BUNDLE" in refused
        assert not app.seen  # neither a request nor its token
        for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            assert statuses(smoke(installed, app, env={"CURL_CA_BUNDLE": None, "SSL_CERT_FILE": None, name: certificate})) == ["passed"] * 5
        wrong = smoke(installed, app, code=1, env={"CURL_CA_BUNDLE": tmp_path / "none.pem"})["flows"][0]["reason"]
        assert "CURL_CA_BUNDLE" in wrong


@pytest.mark.layouts("one", reason="nothing is asked")
def test_a_token_that_is_two_lines(installed):
    with Daemon(installed), Application(installed) as app:
        report = smoke(installed, app, token=f"{TOKEN}\r\nX-Other: 1", code=1)
        assert "SMOKE_API_TOKEN has a line end" in report["flows"][0]["reason"] and not app.seen
