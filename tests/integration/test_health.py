"""/livez, /healthz, /readyz and `dualwrited healthcheck`: asked over HTTP of real daemons, on good and bad days."""

import contextlib
import http.client
import json
import random
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

import pod
from conftest import TIMEOUT, Daemon, assert_in_step, binary, config_for, dualwrited, install, wait_until, write_env_file
from helpers import ENABLED, STRICT, cli, default_mapping, drained, make_shortage, partitions, write_mapping

pytestmark = pytest.mark.layouts("one", "two")
ONE = dict(reason="says nothing of the databases")

PROBES = ("/livez", "/healthz", "/readyz")


def free_port():
    """None that the system gives away by itself: another test beside this one could be given it in the meantime."""
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", random.randint(20000, 32000)))
            return s.getsockname()[1]


def http_daemon(db, address="127.0.0.1:0", **more):
    return Daemon(db, DUALWRITE_HTTP_LISTEN=address, **more)


def port_of(daemon, since=0):
    return int(daemon.wait_for("http_listening", since=since)["address"].rsplit(":", 1)[1])


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body) if self.body else None


def ask(port, path="/readyz", method="GET", host="127.0.0.1", body=None, timeout=TIMEOUT, headers=None):
    conn = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        conn.request(method, path, body, headers or {})
        return Answer(conn.getresponse())
    finally:
        conn.close()


def becomes(port, status, says="", timeout=TIMEOUT):
    """Waits until /readyz answers with that status, and a reason with these words; /livez is well all the time."""
    def there():
        assert ask(port, "/livez").status == 200
        answer = ask(port)
        assert answer.status == status, answer.json
        assert says in " ".join(answer.json["reasons"]), answer.json
        return answer
    return wait_until(there, timeout)


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


# ---- what a probe gets -----------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", **ONE)
def test_the_three_probes_and_everything_else(installed):
    with http_daemon(installed) as daemon:
        port = port_of(daemon)
        instance = daemon.lines("starting")[0]["instance"]
        for path in PROBES + ("/livez?verbose=1",):
            get, head = ask(port, path), ask(port, path, "HEAD")
            assert (get.status, head.status) == (200, 200)
            assert head.body == b"" and head.headers["Content-Length"] == str(len(get.body))
        assert ask(port, "/livez").json == ask(port, "/healthz").json == {"status": "alive", "instance": instance}
        assert ask(port).json == {"status": "ready", "reasons": [], "instance": instance, "dual_write": True,
                                  "strict": False, "failed_events": 0, "listening": True, "polling": False,
                                  "partitions": list(range(partitions(installed))), "oldest_event_age_seconds": 0,
                                  "last_success_at": None}
        for path in ("/metric", "/readyz/", "/READYZ", "/../readyz", "//readyz"):
            assert ask(port, path).status == 404, path
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "get", "PATCH"):
            answer = ask(port, "/readyz", method, body=b"x" * 100000 if method in ("POST", "PUT") else None)
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), method
        for answer in (ask(port), ask(port, "/livez"), ask(port, "/nowhere"), ask(port, "/livez", "POST")):
            assert answer.headers["X-Dualwrite-Instance"] == answer.json["instance"] == instance
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Server" not in answer.headers and "microhttpd" not in str(answer.headers).lower()
        assert len(daemon.lines("ready")) == 1 and daemon.lines("not_ready") == []


@pytest.mark.layouts("one", **ONE)
def test_a_connection_is_kept_for_the_next_request(installed):
    with http_daemon(installed) as daemon:
        conn = http.client.HTTPConnection("127.0.0.1", port_of(daemon), timeout=TIMEOUT)
        conn.connect()
        ours = conn.sock.getsockname()
        for path in PROBES * 3:
            conn.request("GET", path)
            assert Answer(conn.getresponse()).status == 200
            assert conn.sock is not None and conn.sock.getsockname() == ours
        conn.close()


MALFORMED = {
    "noise": b"\x00\xff\x16\x03\x01 nothing\r\n\r\n",
    "no version": b"GET /livez\r\n\r\n",
    "long line": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    "long header": b"GET /livez HTTP/1.1\r\nX: " + b"b" * 100000 + b"\r\n\r\n",
    "many headers": b"GET /livez HTTP/1.1\r\n" + b"a: b\r\n" * 20000 + b"\r\n",
    "bad length": b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "a body with GET": b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    "bad chunks": b"GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "only newlines": b"\r\n" * 50000,
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x7f" * 500,
    "half a request": b"GET /livez HTTP/1.1\r\nHo",
}


@pytest.mark.layouts("one", **ONE)
def test_malformed_requests_hurt_nobody(installed):
    with http_daemon(installed) as daemon:
        port = port_of(daemon)
        for name, request in MALFORMED.items():
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as s:
                try:
                    s.sendall(request)
                    s.shutdown(socket.SHUT_WR)
                    s.settimeout(1)
                    answer = s.recv(100)
                except OSError:  # it was closed before all was sent; or the rest is waited for
                    answer = b""
                assert answer == b"" or answer.startswith(b"HTTP/1."), (name, answer)
            assert ask(port, "/livez").status == 200, name
        assert_in_step(installed)


@pytest.mark.layouts("one", **ONE)
def test_slow_clients_keep_nobody_out_and_sync_goes_on(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        slow = []
        try:
            for n in range(200):
                s = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
                s.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nX: ")
                slow.append(s)
            began = time.monotonic()
            for n in range(20):
                for s in slow:
                    try:
                        s.send(b"y")
                    except OSError:
                        pass  # it was cut
                assert ask(port, "/livez", timeout=5).status == 200
                assert ask(port, timeout=5).status == 200
                daemon.wait_for("dual_write_completed", team_id=db.new_team(f"slow {n}"))
            assert time.monotonic() - began < 15, "the probes had to wait for the slow ones"
            fds = wait_until(lambda: open_sockets(daemon) < 110 and open_sockets(daemon), what="the oldest were cut")
            assert fds < 110
        finally:
            for s in slow:
                s.close()
        assert_in_step(db)


def open_sockets(daemon):
    return sum("socket:" in str(fd.readlink()) for fd in Path(f"/proc/{daemon.pid}/fd").iterdir())


@pytest.mark.layouts("one", **ONE)
def test_a_client_that_says_nothing_or_never_ends_is_closed(installed):
    with http_daemon(installed) as daemon:
        with socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=TIMEOUT) as silent, \
                socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=TIMEOUT) as dribbles, \
                socket.create_connection(("127.0.0.1", port_of(daemon)), timeout=TIMEOUT) as busy:
            began = time.monotonic()
            dribbles.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ")
            try:
                while time.monotonic() - began < 2 * TIMEOUT:
                    dribbles.send(b"y")  # idle for half a second at a time, and so it goes on
                    busy.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    assert busy.recv(4096).startswith(b"HTTP/1.1 200 "), "one that is answered each time was cut"
                    dribbles.settimeout(0.5)
                    try:
                        if dribbles.recv(1) == b"":
                            break
                    except TimeoutError:
                        pass
            except ConnectionError:
                pass
            assert 10 < time.monotonic() - began < 2 * TIMEOUT, "a request has 15 s"
            assert silent.recv(1) == b""  # after 10 s


# ---- the address -----------------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", **ONE)
@pytest.mark.parametrize("address, hosts", [(":{}", ("127.0.0.1", "::1")), ("[::]:{}", ("127.0.0.1", "::1")),
                                            ("localhost:{}", ("localhost",)), ("[::1]:{}", ("::1",)),
                                            ("0.0.0.0:{}", ("127.0.0.1",))])
def test_every_form_of_an_address(installed, address, hosts):
    if "::1" in hosts:
        try:
            socket.socket(socket.AF_INET6).bind(("::1", 0))
        except OSError:
            pytest.skip("this host has no IPv6")
    port = free_port()
    with http_daemon(installed, address.format(port)) as daemon:
        assert port_of(daemon) == port
        for host in hosts:
            assert ask(port, "/livez", host=host).status == 200


@pytest.mark.layouts("one", **ONE)
def test_off_listens_nowhere(installed):
    with http_daemon(installed, "off") as daemon:
        daemon.wait_for("dual_write_completed", team_id=installed.new_team())
        assert daemon.lines("http_listening") == [] and listening_sockets(daemon) == 0


def listening_sockets(daemon):
    inodes = {re.search(r"\d+", str(fd.readlink())).group() for fd in Path(f"/proc/{daemon.pid}/fd").iterdir()
              if "socket:" in str(fd.readlink())}
    tables = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return sum(row[3] == "0A" and row[9] in inodes for row in tables)


@pytest.mark.layouts("one", **ONE)
def test_a_port_that_is_taken_is_a_warning_and_is_taken_over(installed):
    db = installed
    with http_daemon(db) as first:
        port = port_of(first)
        with http_daemon(db, f"127.0.0.1:{port}") as second:
            line = second.wait_for("http_not_listening", level="WARNING", address=f"127.0.0.1:{port}")
            assert "in use" in line["error"]
            second.wait_for("dual_write_completed", team_id=next_of(db, first, second))
            time.sleep(3)
            assert len(second.lines("http_not_listening")) == 1  # said once, tried all the time
            assert ask(port, "/livez").json["instance"] == first.lines("starting")[0]["instance"]
            first.term()
            assert port_of(second) == port
            assert ask(port).json["instance"] == second.lines("starting")[0]["instance"]


def next_of(db, first, second):
    """A team that the second daemon syncs."""
    def synced():
        team = db.new_team("whose")
        wait_until(lambda: first.lines("dual_write_completed", team_id=team) or
                   second.lines("dual_write_completed", team_id=team))
        return team if second.lines("dual_write_completed", team_id=team) else None
    return wait_until(synced)


@pytest.mark.layouts("one", **ONE)
def test_an_address_that_this_host_does_not_have_or_know(installed):
    for address in ("192.0.2.1:9464", "no-such-host.invalid:9464"):
        with http_daemon(installed, address) as daemon:
            assert daemon.wait_for("http_not_listening")["address"] == address
            daemon.wait_for("dual_write_completed", team_id=installed.new_team())


@pytest.mark.layouts("one", **ONE)
def test_sighup_changes_the_address(installed):
    with http_daemon(installed) as daemon:
        old = port_of(daemon)
        new = free_port()
        line = daemon.hup(DUALWRITE_HTTP_LISTEN=f"127.0.0.1:{new}")
        assert f"127.0.0.1:0 -> 127.0.0.1:{new}" in line["changed"]
        assert ask(new).status == 200  # it has taken effect when it is logged
        assert refuses(old)
        # the same port on every address: both cannot be open at once
        daemon.hup(DUALWRITE_HTTP_LISTEN=f"0.0.0.0:{new}")
        assert ask(new).status == 200
        # a taken one: the old listener stays until the new one is there
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            daemon.hup(DUALWRITE_HTTP_LISTEN=f"127.0.0.1:{taken}")
            assert daemon.wait_for("http_not_listening", still_listening=f"0.0.0.0:{new}")
            assert ask(new).status == 200
        daemon.wait_for("http_listening", address=f"127.0.0.1:{taken}")
        assert ask(taken).status == 200 and refuses(new)
        # the same again is no change
        mark = daemon.mark()
        daemon.hup(**{STRICT: True})
        assert daemon.lines("http_listening", since=mark) == []
        daemon.hup(DUALWRITE_HTTP_LISTEN="off")
        assert refuses(taken)
        daemon.hup(DUALWRITE_HTTP_LISTEN=f"127.0.0.1:{taken}")
        assert ask(taken).status == 200


# ---- ready and not ---------------------------------------------------------------------------------------------------


def test_without_an_installation_it_is_alive_and_not_ready(db):
    with http_daemon(db, ready=False) as daemon:
        port = port_of(daemon)
        becomes(port, 503, "not installed")
        assert len(ask(port).json["reasons"]) == 2
        install(db)
        becomes(port, 200)
        daemon.wait_for("ready")
        assert len(daemon.lines("ready")) == 1 and daemon.lines("not_ready") == []


@pytest.mark.layouts("two", reason="both databases go away together in layout one; the other test has that")
def test_a_legacy_database_that_is_away(cluster, legacy_cluster):
    db = cluster.create_db(layout="two", legacy_cluster=legacy_cluster)
    try:
        install(db)
        with http_daemon(db) as daemon:
            port = port_of(daemon)
            legacy_cluster.stop()
            becomes(port, 503, "the mapping has not passed its check")
            daemon.wait_for("not_ready", level="WARNING")
            legacy_cluster.start()
            becomes(port, 200)
            daemon.wait_for("ready", count=2)
            assert (len(daemon.lines("ready")), len(daemon.lines("not_ready"))) == (2, 1)
    finally:
        legacy_cluster.ensure_running()
        db.drop()


def test_a_database_that_is_away(cluster, installed):
    with http_daemon(installed) as daemon:
        port = port_of(daemon)
        cluster.stop()
        answer = becomes(port, 503, "not connected to the vNext database")
        assert cluster.host not in answer.body.decode() and "daemon_login" not in answer.body.decode()
        line = daemon.wait_for("not_ready", level="WARNING")
        assert "not connected" in line["reasons"]
        daemon.signal(signal.SIGUSR1)
        assert daemon.wait_for("status", ready="false")["not_ready"] in answer.json["reasons"]
        cluster.start()
        becomes(port, 200)
        daemon.wait_for("ready", count=2)
        assert len(daemon.lines("not_ready")) == 1
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for("status", ready="true", not_ready=None)


def test_a_connection_that_is_cut_and_comes_back_at_once_is_no_news(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        for side in db.sides:
            side.execute("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE application_name LIKE 'dualwrited/%' AND datname = current_database()""")
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert ask(port).status == 200
        assert daemon.lines("not_ready") == []


def test_another_mapping_is_not_ready_until_it_is_installed(installed, tmp_path):
    mapping = default_mapping()
    mapping["entities"][0]["columns"]["description"] = {"expression": "upper(description)"}
    path = write_mapping(tmp_path / "m.json", mapping)
    with http_daemon(installed, DUALWRITE_MAPPING_FILE=path, ready=False) as daemon:
        port = port_of(daemon)
        becomes(port, 503, "the installed mapping is another one")
        install(installed, DUALWRITE_MAPPING_FILE=path)
        becomes(port, 200)


def test_dual_write_off_is_ready(installed):
    with http_daemon(installed, **{ENABLED: False, STRICT: True}) as daemon:
        assert ask(port_of(daemon)).json | {"instance": ""} == {
            "status": "ready", "reasons": [], "instance": "", "dual_write": False, "strict": True, "failed_events": 0,
            "listening": True, "polling": False, "partitions": [], "oldest_event_age_seconds": 0, "last_success_at": None}


def full_server(db):
    """The legacy server has no room for it: not the row's fault, so the batch is tried again for ever."""
    make_shortage(db)
    db.legacy.execute("""
        CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM public.shortage(); RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON teams_team FOR EACH ROW EXECUTE FUNCTION public.refuse()""")


@pytest.mark.layouts("one", reason="takes a minute, and what is measured knows no layout")
def test_events_that_wait_without_progress_are_not_ready(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        full_server(db)
        began = time.monotonic()
        team = db.new_team()
        daemon.wait_for("dual_write_failed", team_id=team, count=2)
        assert ask(port).status == 200  # a while is no fault
        answer = becomes(port, 503, "no progress: events have waited for 6", timeout=80)
        assert len(answer.json["reasons"]) == 1 and 55 < time.monotonic() - began < 75
        assert "no progress" in daemon.wait_for("not_ready")["reasons"]
        db.legacy.execute("DROP TRIGGER refuse ON teams_team")
        daemon.wait_for("dual_write_completed", team_id=team)
        assert ask(port).status == 200  # at once
        daemon.wait_for("ready", count=2)
        assert len(daemon.lines("not_ready")) == 1


def test_sigterm_is_503_at_once_and_the_listener_closes_at_the_end(installed):
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)
        with db.legacy.connect() as holder:
            team = db.new_team()
            daemon.wait_for("dual_write_completed", team_id=team)
            holder.execute("SELECT FROM teams_team FOR UPDATE")
            db.execute("UPDATE organizations_team SET name = 'Beta'")
            daemon.wait_for("dual_write_scheduled", operation="sync_team_settings_updated")
            daemon.signal(signal.SIGTERM)
            daemon.wait_for("stopping")
            answer = ask(port)
            assert (answer.status, answer.json["reasons"]) == (503, ["stopping"])
            assert ask(port, "/livez").status == 200
            holder.rollback()
        daemon.finish()
        assert refuses(port)
        assert daemon.lines("not_ready") == []
    assert_in_step(db)


# ---- strict mode -----------------------------------------------------------------------------------------------------


def bad_team(db):
    """A team whose game the mapping does not know: parked."""
    return db.new_team(game_id=98)


def test_strict_mode_is_not_ready_until_the_failed_event_is_mended(installed):
    db = installed
    with http_daemon(db, **{STRICT: True}) as daemon:
        port = port_of(daemon)
        assert ask(port).status == 200
        team = bad_team(db)
        line = daemon.wait_for("dual_write_failed", team_id=team)
        assert (line["level"], line["severity"]) == ("ERROR", "ERROR")
        assert ask(port).status == 503  # at once, not with the next beat
        answer = becomes(port, 503, "strict mode: 1 failed event is not repaired; see `dualwrited failed list`")
        assert answer.json["failed_events"] == 1 and answer.json["strict"] is True
        other = bad_team(db)
        becomes(port, 503, "2 failed events are not repaired")
        db.execute("UPDATE organizations_team SET game_id = 1 WHERE id = %s", [team])
        becomes(port, 503, "1 failed event is not repaired")
        db.execute("UPDATE organizations_team SET game_id = 2 WHERE id = %s", [other])
        becomes(port, 200)
        daemon.wait_for("ready", count=2)
        assert (len(daemon.lines("ready")), len(daemon.lines("not_ready"))) == (2, 1)
    assert_in_step(db)


def test_failures_of_before_make_a_strict_daemon_start_and_not_be_ready(installed):
    """It is up, a service manager need not start it again, and it works; what is parked waits for somebody."""
    db = installed
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_failed", team_id=bad_team(db))
    with http_daemon(db, ready=False, **{STRICT: True}) as daemon:
        port = port_of(daemon)
        becomes(port, 503, "strict mode: 1 failed event")
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert daemon.lines("ready") == []
        db.execute("UPDATE organizations_team SET game_id = 1 WHERE game_id = 98")
        becomes(port, 200)


def test_severity_and_readiness_follow_the_flag_in_force(installed):
    """Turned on by a reload or by somebody's override in the database, and off again."""
    db = installed
    with http_daemon(db) as daemon:
        port = port_of(daemon)

        def level():
            line = daemon.wait_for("dual_write_failed", team_id=bad_team(db))
            return line["level"], line["severity"]

        assert level() == ("WARNING", "warning")
        assert ask(port).status == 200
        daemon.hup(**{STRICT: True})
        assert level() == ("ERROR", "ERROR")
        becomes(port, 503, "strict mode: 2 failed events")
        daemon.hup(**{STRICT: False})
        assert level() == ("WARNING", "warning")
        becomes(port, 200)
        mark = daemon.mark()
        db.execute("INSERT INTO dualwrite.override (flag, value, why) VALUES (%s, 'true', 'test')", [STRICT])
        daemon.wait_for("flag_changed", since=mark, timeout=2)
        assert level() == ("ERROR", "ERROR")
        becomes(port, 503, "strict mode: 4 failed events", timeout=8)
        mark = daemon.mark()
        db.execute("DELETE FROM dualwrite.override")
        daemon.wait_for("flag_changed", since=mark, timeout=2)
        assert level() == ("WARNING", "warning")
        becomes(port, 200)


def test_a_batch_that_fails_as_a_whole_is_an_error_and_not_ready_in_strict_mode(installed):
    """What the server lacks is its own fault: nothing is parked, the batch is tried again, and nobody is served."""
    db = installed
    with http_daemon(db, **{STRICT: True}) as daemon:
        port = port_of(daemon)
        full_server(db)
        team = db.new_team()
        for line in (daemon.wait_for("dual_write_failed", team_id=team, count=n) for n in (1, 2, 3)):
            assert (line["level"], line["severity"], line["sqlstate"]) == ("ERROR", "ERROR", "53400")
        assert db.value("SELECT count(*) FROM dualwrite.failed") == 0
        answer = becomes(port, 503, "strict mode: an attempt has just failed")
        assert answer.json["failed_events"] == 0
        for _ in range(8):  # also between its attempts, and with the beats that go on
            time.sleep(1)
            assert ask(port).status == 503
        assert len(daemon.lines("not_ready")) == 1
        db.legacy.execute("DROP TRIGGER refuse ON teams_team")
        drained(db)
        becomes(port, 200)
    assert_in_step(db)


# ---- the command -----------------------------------------------------------------------------------------------------


def healthcheck(*args, check=False, **env):
    return dualwrited("healthcheck", *args, env=env, check=check)


def own(daemon, *args, check=True):
    """`healthcheck` of the daemon with that env file: the instance that answered."""
    done = healthcheck("--config", daemon.config, "--json", *args, check=check)
    return json.loads(done.stdout)["instance"] if done.stdout else None


def instance_of(daemon):
    return daemon.lines("starting")[-1]["instance"]


@pytest.mark.layouts("one", **ONE)
def test_healthcheck(installed):
    db = installed
    with http_daemon(db, **{STRICT: True}) as daemon:
        port = port_of(daemon)
        address = f"--address=127.0.0.1:{port}"
        where = (["--config", daemon.config], ["--pid", daemon.pid], [address], [address, "--config=/nonexistent"],
                 [address, f"--instance={instance_of(daemon)}"])
        for to in where:
            for args, word in (((), "alive"), (("--live",), "alive"), (("--ready",), "ready")):
                done = healthcheck(*to, *args)
                assert (done.returncode, done.stdout, done.stderr) == (0, f"{word}\n", ""), (to, done)
                done = healthcheck(*to, *args, "--json", check=True)
                assert json.loads(done.stdout)["instance"] == instance_of(daemon)
        assert healthcheck(DUALWRITE_CONFIG=daemon.config).returncode == 0
        daemon.wait_for("dual_write_failed", team_id=bad_team(db))
        becomes(port, 503, "1 failed event")
        for to in where:
            done = healthcheck(*to, "--ready")
            assert (done.returncode, done.stderr) == (1, "")
            assert done.stdout.startswith("not ready: strict mode: 1 failed event is not repaired")
            assert json.loads(healthcheck(*to, "--ready", "--json").stdout)["status"] == "not_ready"
            assert healthcheck(*to, "--live").returncode == 0
        for every in (f":{port}", f"0.0.0.0:{port}", f"localhost:{port}"):
            assert healthcheck("--address", every).returncode == 0, every
        done = healthcheck(address, "--instance=somebody")
        assert (done.returncode, done.stdout) == (69, "") and "another daemon" in done.stderr
        # a fault in the file, which the running daemon does not care about, is no reason to kill it
        daemon.config.write_text("DUALWRITE_BATCH_SIZE=many\n")
        assert healthcheck("--config", daemon.config).returncode == 0
    done = healthcheck(address)
    assert done.returncode == 69 and f"127.0.0.1:{port}" in done.stderr and done.stdout == ""
    for gone in ("--config", daemon.config), ("--pid", daemon.pid):
        done = healthcheck(*gone)
        assert (done.returncode, done.stdout) == (69, "") and done.stderr.startswith("dualwrited healthcheck:")
    assert healthcheck("--pid=x").returncode == 64


@pytest.mark.layouts("one", **ONE)
def test_healthcheck_with_two_daemons_on_one_address(installed):
    """As in a pod, or on a host: only one has the port. Each check gets the answer of its own, whoever lives."""
    with http_daemon(installed) as first:
        port = port_of(first)
        with http_daemon(installed, f"127.0.0.1:{port}") as second, http_daemon(installed, "off") as third:
            second.wait_for("http_not_listening")
            for daemon in (first, second, third):
                assert own(daemon) == instance_of(daemon)
                assert own(daemon, "--ready") == instance_of(daemon)
            with first.stop_cont():  # it does not turn any more: the others' checks do not care, and it gets no help of theirs
                done = healthcheck("--config", first.config)
                assert (done.returncode, done.stdout) == (69, "") and f"{first.pid}: no answer in time" in done.stderr
                assert own(second) == instance_of(second)
            first.kill9()
            assert port_of(second) == port
            done = healthcheck("--config", first.config)
            assert (done.returncode, done.stdout) == (69, "") and "with another" in done.stderr
            assert own(second) == instance_of(second)
            first.start()
            assert own(first) == instance_of(first) != instance_of(second)
            assert healthcheck("--address", f"127.0.0.1:{port}", "--instance", instance_of(first)).returncode == 69


@pytest.mark.layouts("one", **ONE)
def test_healthcheck_when_two_daemons_have_one_file(installed):
    with http_daemon(installed, "off") as first, Daemon(installed, args=["--config", first.config]) as second:
        done = healthcheck("--config", first.config)
        assert (done.returncode, done.stdout) == (69, "") and "2 daemons" in done.stderr and "--pid" in done.stderr
        for daemon in (first, second):
            done = healthcheck("--pid", daemon.pid, "--json", check=True)
            assert json.loads(done.stdout)["instance"] == instance_of(daemon)


@pytest.mark.layouts("one", **ONE)
def test_healthcheck_in_containers_of_one_pod(installed, tmp_path):
    """Same network, same env file's path, same process id 1, one port: nothing but the kernel's word tells them apart."""
    if why := pod.can(tmp_path):
        pytest.skip(why)
    settings = tmp_path / "settings"
    settings.mkdir()
    write_env_file(settings / "dualwrited.env", config_for(installed, DUALWRITE_HTTP_LISTEN=f"127.0.0.1:{free_port()}"))
    containers = []
    try:
        for n in range(2):
            containers.append(pod.Container(tmp_path / f"root{n}", ["dualwrited", "run"], uid=0,
                                            mounts={"/etc/dualwrite": settings, installed.cluster.host: installed.cluster.host}))
        for c in containers:
            c.wait_for("starting")
            wait_until(lambda: c.exec("dualwrited", "healthcheck").returncode == 0)
            done = c.exec("dualwrited", "healthcheck", "--json")
            assert json.loads(done.stdout)["instance"] == c.instance, done
        first, second = containers
        os.kill(first.pid, signal.SIGSTOP)
        assert first.exec("dualwrited", "healthcheck").returncode == 69
        done = second.exec("dualwrited", "healthcheck", "--json", "--pid=1")
        assert done.returncode == 0 and json.loads(done.stdout)["instance"] == second.instance, done
        # nobody of this root folder: the daemons of the pod are not this container's
        assert healthcheck("--config", "/etc/dualwrite/dualwrited.env").returncode == 69
    finally:
        for c in containers:
            c.kill()


@pytest.mark.layouts("one", **ONE)
def test_healthcheck_in_containers_with_one_root(installed, tmp_path):
    """As where both have the same folder, never to be written, as their root: nothing differs but the PID namespace."""
    if why := pod.can(tmp_path):
        pytest.skip(why)
    write_env_file(tmp_path / "env", config_for(installed, DUALWRITE_HTTP_LISTEN="off"))
    containers = []
    try:
        for _ in range(2):
            containers.append(pod.Container(None, [binary(), "run", "--config", tmp_path / "env"], {}))
            containers[-1].wait_for("ready")
        for c in containers:
            done = c.exec(binary(), "healthcheck", "--config", tmp_path / "env", "--json")
            assert done.returncode == 0 and json.loads(done.stdout)["instance"] == c.instance, done
            assert c.lines("healthcheck_deaf") == []
        assert healthcheck("--config", tmp_path / "env").returncode == 69  # nor are they the host's
    finally:
        for c in containers:
            c.kill()


@pytest.mark.layouts("one", **ONE)
def test_healthcheck_of_something_else_or_of_nobody():
    def check(port, *args):
        return dualwrited("healthcheck", "--address", f"127.0.0.1:{port}", *args, check=False)

    import threading
    answers = {b"SSH-2.0-OpenSSH_9\r\n": 69, b"": 69, b"HTTP/1.1 200 OK\r\n\r\n<html>": 69, b"HTTP/1.1 404 Not Found\r\n\r\n{}": 69,
               b"HTTP/1.1 503 Gone\r\n\r\nx": 69, b"HTTP/1.0 200 OK\r\n\r\n" + b"{" * 1000000: 69}
    for answer, status in answers.items():
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                conn, _ = server.accept()
                with conn:
                    conn.recv(1000)
                    try:
                        conn.sendall(answer)
                    except OSError:
                        pass
            thread = threading.Thread(target=serve)
            thread.start()
            done = check(server.getsockname()[1])
            thread.join()
            assert done.returncode == status and "dualwrited healthcheck:" in done.stderr, (answer[:50], done)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert check(silent.getsockname()[1]).returncode == 69
        assert 3 < time.monotonic() - began < 9
    assert dualwrited("healthcheck", "--address", "nonsense", check=False).returncode == 64
    assert dualwrited("healthcheck", "--raedy", check=False).returncode == 64
