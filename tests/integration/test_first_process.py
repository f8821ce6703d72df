"""What the daemon owes a container as its first process, as far as it shows outside one: the rest is in tests/deploy/test_container.py."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import binary, clean_environment, config_for, wait_until, write_env_file

pytestmark = pytest.mark.layouts("one", reason="no database is asked")


@contextlib.contextmanager
def started(command, settings, tmp_path):
    write_env_file(tmp_path / "dualwrited.env", settings)
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *command], env=clean_environment(), stdin=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as daemon:
        try:
            yield daemon
        finally:
            daemon.kill()


def test_a_child_that_it_did_not_start_leaves_no_zombie(db, tmp_path):
    config = tmp_path / "dualwrited.env"
    # the shell becomes the daemon, and its child the daemon's
    command = ["sh", "-c", 'read -r go <"$3" & exec "$1" run --config "$2"', "-", binary(), str(config), str(tmp_path / "go")]
    os.mkfifo(tmp_path / "go")
    with started(command, config_for(db, "daemon_login"), tmp_path) as daemon:
        children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children")
        wait_until(lambda: "event_type=starting" in daemon.stderr.readline(), what="the shell is the daemon now")
        assert len(children.read_text().split()) == 1
        (tmp_path / "go").write_text("now\n")
        wait_until(lambda: not children.read_text(), what="the child is gone for good")
        daemon.terminate()
        assert daemon.wait(10) == 0


def test_signals_that_come_before_it_is_ready_for_them_are_kept(db, tmp_path):
    late = tmp_path / "late.env"
    os.mkfifo(late)
    with started([binary(), "run", "--config", str(late)], config_for(db, "daemon_login"), tmp_path) as daemon:
        with open(late, "w", encoding="utf-8"):  # opens when the daemon reads it: it is still at its settings
            daemon.send_signal(signal.SIGTERM)
            daemon.send_signal(signal.SIGUSR1)
        assert daemon.wait(10) == 0
        assert "event_type=stopped" in daemon.stderr.read()
