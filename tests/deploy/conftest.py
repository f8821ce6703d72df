"""Fixtures of the slow tests: packages, images, machines. Those of the integration tests, and minimal Debian roots.

    def test_it_installs(debian_root):
        root = debian_root("systemd")           # a copy of its own of a bookworm with this package; goes with the test
        root.run("apt-get", "--version")

What is missing here is said by the skip: needs(root=True, programs={"buildah": "buildah"}) at the head of a test or fixture.
A root is made once, by mmdebstrap from the mirrors that apt uses here, and kept in build/deploy; `make clean` removes it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent / "integration"):
    sys.path.insert(0, str(folder))
pytest.register_assert_rewrite("conftest", "helpers")

import conftest as integration  # noqa: E402
from conftest import (  # noqa: E402,F401
    TOP, cluster, db, installed, layout, legacy_cluster, own_cluster, pytest_addoption, pytest_collection_modifyitems,
    pytest_generate_tests, _second_cluster,
)

CACHE = TOP / "build" / "deploy"
SCRIPT = TOP / "tests" / "debian_root.sh"


def pytest_configure(config):
    integration.pytest_configure(config)


def needs(root=False, programs=None):
    """Skips where this is missing. programs: {name: its Debian package}."""
    if root and os.geteuid() != 0:
        pytest.skip("needs root: it makes roots, mounts and namespaces")
    for program, package in (programs or {}).items():
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
            pytest.skip(f"{program} is missing: Debian package {package} ('make deps-deploy' installs it)")
    if root:
        done = subprocess.run(["unshare", "--mount", "--pid", "--ipc", "--fork", "mount", "-t", "proc", "proc", "/proc"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"needs namespaces and mounts, which are refused here: {done.stderr.strip()}")


def temporary_folder(name):
    """A new folder for a root or images; in memory where there is room, because package managers sync all the time."""
    room = shutil.disk_usage("/dev/shm").free if os.access("/dev/shm", os.W_OK) else 0
    CACHE.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"dualwrite-{name}.", dir="/dev/shm" if room > 8 << 30 else CACHE))


class Root:
    """A Debian in a folder."""

    def __init__(self, path):
        self.path = path

    def run(self, *command, check=True, timeout=600, stdin=None):
        """Runs it inside, as root; no service, no shell of ours. check as for dualwrited() of the integration tests."""
        done = subprocess.run([SCRIPT, "enter", self.path, *map(str, command)], input=stdin, capture_output=True,
                              encoding="utf-8", errors="replace", timeout=timeout)
        if check is not False:
            said = f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}"
            assert done.returncode == (0 if check is True else check), said
        return done

    def shell(self, script, **more):
        return self.run("sh", "-euc", script, **more)

    def remove(self):
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=True)

    def __truediv__(self, name):
        """root / "etc/passwd": that file as seen from outside."""
        return self.path / str(name).lstrip("/")


def base_root(*packages, suite="bookworm"):
    """The cached root with these packages; made when it is not there. Not to be written to."""
    needs(root=True, programs={"mmdebstrap": "mmdebstrap"})
    CACHE.mkdir(parents=True, exist_ok=True)
    name = suite + (f"-{hashlib.sha256(' '.join(sorted(packages)).encode()).hexdigest()[:12]}" if packages else "")
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers want it at the same time
        if not (CACHE / name).exists():
            done = subprocess.run([SCRIPT, "make", CACHE / name, *packages], env={**os.environ, "SUITE": suite},
                                  capture_output=True, text=True, check=False)
            if "Could not resolve" in done.stderr or "Failed to fetch" in done.stderr:
                pytest.skip("no Debian mirror can be reached to make a root from")
            assert done.returncode == 0, f"cannot make a Debian root:\n{done.stderr}"
    return CACHE / name


def script(function, *args):
    """A function of debian_root.sh, from the top of the tree."""
    subprocess.run(["bash", "-c", '. "$1"; shift; "$@"', "-", SCRIPT, function, *args], cwd=TOP, check=True)


def copy_root(base):
    """A Root of one's own; remove() it in the end."""
    path = temporary_folder("root")
    subprocess.run(["cp", "-a", "--reflink=auto", f"{base}/.", path], check=True)
    return Root(path)


@pytest.fixture
def debian_root():
    """debian_root(*packages) -> a Root of the test's own: minimal bookworm with these packages."""
    made = []

    def make(*packages):
        made.append(copy_root(base_root(*packages)))
        return made[-1]

    yield make
    for root in made:
        root.remove()
