"""Hostile requests, thousands of them, mutated from good ones: the daemon lives, answers, syncs, and does not grow.

SEED=123 repeats what a run has shown, FUZZ_REQUESTS=100000 makes it longer; `make fuzz` does that with the sanitizers.
"""

import os
import random
import re
import socket
import threading
import time
from pathlib import Path

import pytest

from conftest import TIMEOUT, assert_in_step, wait_until
from test_health import ask, http_daemon, port_of

pytestmark = pytest.mark.layouts("one", reason="says nothing of the databases")

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", 3000))
PATIENCE = 0.02  # most answers are there at once
GROWTH = 2 << 20  # what malloc may keep of the most requests at once

PATHS = [b"/", b"/livez", b"/healthz", b"/readyz", b"/metrics", b"/status", b"/nowhere", b"/..%2f", b"*", b"http://x/status",
         b"/status?a=b&c", b"/%00", b"/%s%n", b"/" + b"a" * 5000]
METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"G" * 3000, b""]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.1.1", b"", b"PRI * HTTP/2.0"]
HEADERS = [b"Host: 127.0.0.1", b"Host: [::1]:9", b"Host: evil.example", b"Host:", b"Host: [", b"Accept: */*",
           b"Accept: application/openmetrics-text; version=1.0.0; q=0.7, text/plain;q=0.5", b"Accept: " + b",;=q" * 900,
           b"Connection: keep-alive", b"Connection: close, close", b"Content-Length: 0", b"Content-Length: 99999999999999",
           b"Content-Length: -1", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Upgrade: websocket",
           b"Cookie: " + b"x" * 4000, b"X: \x00\xff\x7f", b" folded", b"NoColon", b": empty", b"Range: bytes=0-1,5-"]


def good(rng):
    lines = [b" ".join((rng.choice(METHODS[:2] * 5 + METHODS), rng.choice(PATHS), rng.choice(VERSIONS[:2] * 5 + VERSIONS)))]
    lines += [rng.choice(HEADERS) for _ in range(rng.choice((1, 1, 2, 5, 60)))]
    return rng.choice((b"\r\n", b"\r\n", b"\r\n", b"\n")).join(lines) + b"\r\n\r\n" + rng.choice((b"", b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n"))


def mutated(rng, request):
    for _ in range(rng.choice((0, 1, 1, 2, 8))):
        at = rng.randrange(len(request) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            request = request[:at] + bytes([rng.randrange(256)]) + request[at + 1:]
        elif kind == 1:
            request = request[:at] + request[at + rng.randrange(40):]
        elif kind == 2:
            request = request[:at] + rng.randbytes(rng.choice((1, 30, 3000))) + request[at:]
        else:
            request = request[:at] + request[:at][-rng.randrange(1, 200):] + request[at:]
    return request


def send(rng, port, request):
    """Sends it in one way or another; what comes back is HTTP, or nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as s:
        try:
            if rng.random() < 0.2:
                cut = rng.randrange(len(request) + 1)
                s.sendall(request[:cut])
                s.sendall(request[cut:])
            else:
                s.sendall(request * rng.choice((1, 1, 1, 3)))
            if rng.random() < 0.25:
                return  # gone without listening
            s.settimeout(PATIENCE)
            s.shutdown(socket.SHUT_WR)
            answer = s.recv(1 << 20)
        except OSError:  # closed in the middle; or it waits for the rest, for its ten seconds
            return
        assert answer == b"" or answer.startswith(b"HTTP/1."), (request, answer[:200])


def resident(daemon):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{daemon.pid}/status").read_text()).group(1)) << 10


def test_hostile_requests(installed):
    seed = int(os.environ.get("SEED") or random.randrange(1 << 30))
    print(f"seed {seed}; to see it again: SEED={seed} FUZZ_REQUESTS={REQUESTS}")
    rng = random.Random(seed)
    with http_daemon(installed) as daemon:
        port = port_of(daemon)
        fds = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        before = None
        for n in range(REQUESTS):
            send(rng, port, mutated(rng, good(rng)))
            if n == REQUESTS // 4:
                before = resident(daemon)
            if n % 500 == 0:
                assert ask(port, "/livez").status == 200
                daemon.wait_for("dual_write_completed", team_id=installed.new_team())
        assert ask(port).status == 200
        if "asan" not in os.environ.get("DUALWRITED", ""):
            assert resident(daemon) - before < GROWTH, (before, resident(daemon))
        wait_until(lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) <= fds + 1, what="every connection was closed")
        assert daemon.lines(level="ERROR") == []
        assert_in_step(installed)


def test_one_request_has_eight_kilobytes(installed):
    with http_daemon(installed) as daemon:
        port = port_of(daemon)
        assert ask(port, "/livez", headers={"X": "y" * 4000}).status == 200
        assert ask(port, "/livez", headers={"X": "y" * 9000}).status == 431
        assert ask(port, "/" + "y" * 9000).status == 414


def test_two_hundred_idle_connections_keep_no_probe_out(installed):
    with http_daemon(installed) as daemon:
        port = port_of(daemon)
        idle = [socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) for _ in range(200)]
        try:
            began = time.monotonic()
            for path in ("/livez", "/readyz", "/metrics", "/status") * 5:
                assert ask(port, path).status == 200
            assert time.monotonic() - began < 8, "they had to wait until the idle ones were closed"
        finally:
            for s in idle:
                s.close()


def test_requests_without_end_keep_no_sync_waiting(installed):
    """Clients that always have the next request sent already: the daemon's other work gets its turns all the same."""
    done = threading.Event()
    answered = []

    def flood(port):
        waiting = 0
        with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as s:
            while not done.is_set():
                if waiting < 200:
                    s.sendall(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
                    waiting += 100
                found = s.recv(1 << 20).count(b"HTTP/1.1 200 OK")
                waiting -= found
                answered.append(found)

    with http_daemon(installed) as daemon:
        clients = [threading.Thread(target=flood, args=[port_of(daemon)], daemon=True) for _ in range(6)]
        for client in clients:
            client.start()
        try:
            for _ in range(5):
                daemon.wait_for("dual_write_completed", team_id=installed.new_team())
            wait_until(lambda: sum(answered) > 500, what="they are answered too")
        finally:
            done.set()
            for client in clients:
                client.join(TIMEOUT)
        assert_in_step(installed)
