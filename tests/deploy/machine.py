"""A Debian with systemd and PostgreSQL in a container that boots: systemd-nspawn on a folder that mmdebstrap made.

Nothing of it outlives the test: what the machine writes stays in an overlay in memory, it has no network but its own loopback,
and it is in a control group of its own, which goes with it.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from deploy.conftest import base_root, needs

TOP = Path(__file__).resolve().parents[2]
COMMON = ("systemd", "systemd-sysv", "postgresql", "libpq5", "libcjson1")
PACKAGES = {"bookworm": (*COMMON, "libuv1", "libmicrohttpd12", "libcurl4"),           # systemd 252
            "trixie": (*COMMON, "libuv1t64", "libmicrohttpd12t64", "libcurl4t64")}    # systemd 257
CGROUPS = Path("/sys/fs/cgroup")


def wait_for(fact, seconds, what):
    """The fact's value, once it is true."""
    end = time.monotonic() + seconds
    while True:
        value = fact()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.1)


class ControlGroup:
    """One for the machine, where no systemd runs on the host that would make it; both versions of control groups."""

    def __init__(self, name):
        self.folders = []
        if Path("/run/systemd/system").exists():
            return
        for top in (CGROUPS, CGROUPS / "unified", CGROUPS / "systemd"):
            if (top / "cgroup.procs").exists():
                folder = top / name
                try:
                    folder.mkdir()
                except OSError as error:
                    pytest.skip(f"no control group can be made here: {error}")
                self.folders.append(folder)
        if not self.folders:
            pytest.skip("no control groups are mounted at /sys/fs/cgroup")

    def enter(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def close(self):
        for top in self.folders:
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass


class Machine:
    """Boots at once; `run` runs a command in it."""

    def __init__(self, suite="bookworm"):
        needs(root=True, programs={"systemd-nspawn": "systemd-container", "nsenter": "util-linux"})
        root = base_root(*PACKAGES[suite], suite=suite)
        name = f"dualwrite-{suite}-{os.getpid()}"
        self.group = ControlGroup(name)
        self.folder = Path(tempfile.mkdtemp(prefix="dualwrite-machine-"))
        with open(self.folder / "console", "wb") as console:
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--quiet", f"--directory={root}", f"--machine={name}", "--boot", "--volatile=overlay",
                 "--register=no", *(["--keep-unit"] if self.group.folders else []), "--private-network", "--console=pipe"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, preexec_fn=self.group.enter,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        try:
            self.leader = wait_for(self._leader, 30, self._console)
            wait_for(lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded"),
                     60, self._console)
        except BaseException:
            self.close()
            raise

    def _console(self):
        return (self.folder / "console").read_text(errors="replace")[-3000:]

    def _leader(self):
        if self.process.poll() is not None:
            pytest.skip(f"systemd-nspawn does not boot a machine here: {self._console().strip()}")
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:
            if os.readlink(f"/proc/{child}/ns/pid") != os.readlink("/proc/self/ns/pid"):
                return child
        return None

    def run(self, *argv, check=True, user=None, stdin=None, timeout=60):
        command = ["nsenter", "--target", self.leader, "--all", "--", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                   "SYSTEMD_PAGER=", *(["runuser", "-u", user, "--"] if user else []), *map(str, argv)]
        done = subprocess.run(command, capture_output=True, text=True, input=stdin or "", timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{argv}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def sh(self, script, **more):
        return self.run("sh", "-c", script, **more).stdout

    def put(self, folder):
        """Everything under `folder`, into the machine's root."""
        tar = subprocess.run(["tar", "-C", folder, "-c", "."], capture_output=True, check=True).stdout
        subprocess.run(["nsenter", "--target", self.leader, "--all", "--", "tar", "-C", "/", "--no-overwrite-dir", "-x"], input=tar,
                       check=True, timeout=60)

    def write(self, path, text, mode="644"):
        self.sh(f"mkdir -p $(dirname {path}); cat >{path}; chmod {mode} {path}", stdin=text)

    def sql(self, text, database="app", user="postgres"):
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, user=user, stdin=text).stdout.strip()

    def show(self, unit, key):
        return self.run("systemctl", "show", "--value", "-p", key, unit).stdout.strip()

    def journal(self, *match, since=0):
        """Entries as the journal has them, oldest first; `since`: a now() of before."""
        self.run("journalctl", "--sync", check=False)
        text = self.run("journalctl", "--no-pager", "--quiet", "--output=json", "--all", *match, check=False).stdout
        entries = [json.loads(line) for line in text.splitlines()]
        return [e for e in entries if int(e["__REALTIME_TIMESTAMP"]) >= since]

    def now(self):
        return time.time_ns() // 1000

    def close(self):
        if self.process.poll() is None:
            leader = getattr(self, "leader", None)
            if leader:
                os.kill(int(leader), signal.SIGRTMIN + 4)  # systemd: power off
            else:
                self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self.group.close()
        shutil.rmtree(self.folder)
