"""What the daemon tells systemd, over a socket that stands in for systemd's: that it lives, is ready, reloads, stops."""
import re
import socket

import pytest

from conftest import TIMEOUT, Daemon, install, wait_until


class Notified:
    """The messages of sd_notify(3), each a dict."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.env = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "800000"}
        self.messages = []

    def all(self, key=None):
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                break
            self.messages.append(dict(line.split("=", 1) for line in text.splitlines()))
        return [m for m in self.messages if key is None or key in m]

    def wait(self, key, count=1):
        return wait_until(lambda: len(self.all(key)) >= count and self.all(key), TIMEOUT, f"{count} of {key}")


@pytest.fixture
def systemd(tmp_path):
    notified = Notified(tmp_path / "notify")
    yield notified
    notified.socket.close()


def test_without_a_database_it_asks_for_patience_and_lives(db, systemd):
    with Daemon(db, ready=False, DUALWRITE_DATABASE_URL="host=127.0.0.1 port=1 dbname=none", env=systemd.env):
        fed = systemd.wait("WATCHDOG", 6)  # longer than systemd would wait for one
        assert all(int(m["EXTEND_TIMEOUT_USEC"]) == 60_000_000 for m in fed)
        assert systemd.wait("STATUS")[-1]["STATUS"].startswith("not ready: ")
        assert not systemd.all("READY")


def test_it_says_ready_reloading_and_stopping(db, systemd):
    install(db)
    with Daemon(db, env=systemd.env) as daemon:
        systemd.wait("READY")
        systemd.messages.clear()
        fed = systemd.wait("WATCHDOG", 6)
        assert "EXTEND_TIMEOUT_USEC" not in fed[-1]
        assert re.search(r"; 0 events/s completed, 0 failing; 0 events completed", systemd.wait("STATUS")[-1]["STATUS"])
        systemd.messages.clear()
        daemon.hup()
        systemd.wait("READY")
        assert [key for m in systemd.all() for key in m if key in ("RELOADING", "READY")] == ["RELOADING", "READY"]
        assert int(systemd.all("RELOADING")[0]["MONOTONIC_USEC"]) > 0
    assert systemd.all("STOPPING")


def test_where_nobody_watches_nothing_is_fed(db, systemd):
    """Once it is ready and no watchdog was asked for, its timer is no reason to wake up."""
    install(db)
    del systemd.env["WATCHDOG_USEC"]
    with Daemon(db, env=systemd.env):
        systemd.wait("READY")
    assert all("EXTEND_TIMEOUT_USEC" in m for m in systemd.all("WATCHDOG"))
