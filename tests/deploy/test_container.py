"""The container image: built by buildah on a Debian that mmdebstrap made, then run as a container is run - as first process of its
own PID namespace, numeric user, no capability, read-only root, no shell - against a real PostgreSQL.

The runtime is `contain` below and not a program: runtimes want control groups that a build machine may not have.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import TIMEOUT, TOP, assert_in_step, clean_environment, config_for, parse_line, wait_until
from deploy.conftest import base_root, needs, temporary_folder

MOST_BYTES = 40 * 1000 * 1000
USER = 65532


@pytest.fixture(scope="module")
def image():
    """(configuration of the image, its root file system, bytes); built once."""
    needs(root=True, programs={"buildah": "buildah", "nsenter": "util-linux", "setpriv": "util-linux"})
    base = base_root()
    work = temporary_folder("buildah")
    (work / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    env = {**clean_environment(), "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(work)}
    store = ["--root", f"{work}/store", "--runroot", f"{work}/run", "--storage-driver", "vfs"]
    policy = ["--signature-policy", f"{work}/policy.json"]

    def buildah(*args):
        return command("buildah", *store, *args)

    def command(*args):
        done = subprocess.run(args, env=env, cwd=TOP, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, f"{' '.join(args)}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout.strip()

    try:
        container = buildah("from", *policy, "scratch")
        buildah("copy", "-q", container, str(base), "/")
        buildah("commit", "-q", "--rm", *policy, container, "localhost/debian:bookworm")
        command("make", "image", "BASE=localhost/debian:bookworm", "IMAGE=localhost/dualwrited:test",
                f"IMAGE_BUILD=buildah {' '.join(store)} build {' '.join(policy)} --pull-never --network host --format docker")
        inspected = json.loads(buildah("inspect", "--type", "image", "localhost/dualwrited:test"))
        container = buildah("from", "--pull-never", *policy, "localhost/dualwrited:test")
        root = Path(buildah("mount", container))
        size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file())
        for folder in ("proc", "dev"):  # a runtime makes its mount points
            (root / folder).mkdir(exist_ok=True)
        yield inspected["Docker"]["config"], root, size
    finally:
        subprocess.run(["buildah", *store, "umount", "--all"], env=env, capture_output=True, check=False)
        subprocess.run(["rm", "-rf", "--one-file-system", work], check=True)


# what a runtime does before the program is its own: argv is ROOT PROGRAM ARGUMENT...
RUNTIME = f"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
def must(result):
    if result:
        raise OSError(ctypes.get_errno())
root = sys.argv[1].encode()
READ_ONLY, NO_SUID, REMOUNT, BIND, REC = 1, 2, 32, 4096, 16384
must(libc.mount(root, root, None, BIND, None))
must(libc.mount(b"proc", root + b"/proc", b"proc", 0, None))
must(libc.mount(b"dev", root + b"/dev", b"tmpfs", NO_SUID, b"mode=755,size=64k"))
for node in (b"null", b"zero", b"random", b"urandom"):
    os.close(os.open(root + b"/dev/" + node, os.O_CREAT))
    must(libc.mount(b"/dev/" + node, root + b"/dev/" + node, None, BIND, None))
must(libc.mount(None, root, None, REMOUNT | BIND | READ_ONLY, None))
os.chroot(root)
os.chdir("/")
for capability in range(64):
    libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.setgroups([])
os.setgid({USER})
os.setuid({USER})
must(libc.prctl(38, 1, 0, 0, 0))  # PR_SET_NO_NEW_PRIVS
os.execv(sys.argv[2], sys.argv[2:])
"""


class Container:
    """The image, running. Its log is read as it comes; it goes with the `with` block."""

    def __init__(self, image, *args, **settings):
        self.config, self.root, _ = image
        self.args = args or self.config["Cmd"]
        self.env = {**dict(entry.split("=", 1) for entry in self.config["Env"]), **{key: str(value) for key, value in settings.items() if value is not None}}
        self.lines = []

    def __enter__(self):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child",
             "--propagation", "private", sys.executable, "-c", RUNTIME, self.root, *self.config["Entrypoint"], *self.args],
            env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.pid = wait_until(lambda: self.children(self.process.pid), what="the first process of the container")[0]
        return self

    def __exit__(self, kind, *_):
        # not by the death of unshare: a process that becomes another user forgets whose death it was to die of
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.process.wait()
        self._read()
        self.process.stderr.close()
        if kind is not None:
            print("\n".join(self.lines))

    @staticmethod
    def children(pid):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def is_the_program(self):
        """The runtime has become the program."""
        return "dualwrited" in os.readlink(f"/proc/{self.pid}/exe")

    def status(self, key):
        return re.search(rf"^{key}:\s*(.*)$", Path(f"/proc/{self.pid}/status").read_text(), re.M).group(1)

    def _read(self):
        while line := self.process.stderr.readline():
            self.lines.append(line.rstrip("\n"))

    def logged(self, event_type, since=0, **fields):
        """Waits for such a line, and returns it."""
        def there():
            self._read()
            for line in map(parse_line, self.lines[since:]):
                if line.get("event_type") == event_type and fields.items() <= line.items():
                    return line
            assert self.process.poll() is None, f"ended with status {self.process.returncode}"
            return None

        return wait_until(there, what=f"event_type={event_type} {fields}")

    def mark(self):
        self._read()
        return len(self.lines)

    def execute(self, *command):
        """As `docker exec` and the health check do it: inside, as the same user."""
        return subprocess.run(["nsenter", "--target", str(self.pid), "--mount", "--pid", "--ipc", "--root", "--wd=/",
                               f"--setuid={USER}", f"--setgid={USER}", *command],
                              env=self.env, capture_output=True, text=True, timeout=30, check=False)

    def healthy(self):
        _, *command = self.config["Healthcheck"]["Test"]
        return self.execute(*command)

    def signal(self, number):
        os.kill(self.pid, number)

    def ended(self, within=10):
        return self.process.wait(within)


@pytest.fixture
def settings(installed, free_port):
    """Settings for this database, with dual write on, reached over TCP as from another host."""
    cluster = installed.cluster
    return {**config_for(installed, "daemon_login", TEAM_VNEXT_DUAL_WRITE_ENABLED="true"),
            "DUALWRITE_DATABASE_URL": cluster.url(installed.name, "daemon_login", tcp=True),
            "DUALWRITE_HTTP_LISTEN": f"127.0.0.1:{free_port}"}


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_image_has_the_program_and_nothing_to_run_besides(image):
    config, root, size = image
    print(f"size {size / 1e6:.1f} MB")
    assert size < MOST_BYTES
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["/usr/bin/dualwrited"] and config["Cmd"] == ["run"]
    assert config["Env"] == ["PATH=/usr/bin"]
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/dualwrited", "healthcheck"]
    labels = {key.rpartition(".")[2]: value for key, value in config["Labels"].items() if key.startswith("org.opencontainers.")}
    said = subprocess.run(["chroot", root, "/usr/bin/dualwrited", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [labels["title"], labels["version"]]
    assert labels["licenses"] == "PostgreSQL" and labels["description"]
    executable = {path.relative_to(root) for path in root.rglob("*")
                  if path.is_file() and path.stat().st_mode & 0o111 and ".so" not in path.name}
    assert executable == {Path("usr/bin/dualwrited")}
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        assert path.is_symlink() or not mode & 0o6000, path
        assert path.is_symlink() or path == root / "tmp" or not mode & 0o002, path


def test_each_library_comes_with_its_licence(image):
    _, root, _ = image
    packages = sorted(path.name for path in (root / "var/lib/dpkg/status.d").iterdir())
    assert {"libc6", "libpq5", "libuv1", "libcurl4"} <= set(packages)
    for package in packages:
        assert (root / "usr/share/doc" / package / "copyright").stat().st_size > 0, package


def test_it_works_with_a_read_only_root_and_no_rights(image, installed, settings):
    with Container(image, **settings) as container:
        container.logged("ready")
        assert container.status("Uid").split() == [str(USER)] * 4
        assert container.status("NSpid").split()[-1] == "1"
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(container.status(kind), 16) == 0, kind
        assert container.status("NoNewPrivs") == "1"
        installed.new_team()
        assert_in_step(installed)
        wait_until(lambda: container.healthy().returncode == 0, what="healthy")
        assert container.execute("dualwrited", "status").returncode == 0
        for pack in ("teams", "characters"):  # rule packs are files
            done = container.execute("dualwrited", "validate", "--pack", pack)
            assert f"{pack}: " in done.stdout, done.stdout + done.stderr
        since = container.mark()
        container.signal(signal.SIGHUP)
        container.logged("config_reloaded", since)
        began = time.monotonic()
        container.signal(signal.SIGTERM)
        assert container.ended() == 0
        assert time.monotonic() - began < 10


def test_a_server_that_dies_leaves_it_alive(image, installed, settings):
    with Container(image, **settings) as container:
        container.logged("ready")
        since = container.mark()
        installed.cluster.crash()
        container.logged("disconnected", since)
        assert container.healthy().returncode == 0  # and no runtime starts it again for nothing
        installed.close()
        installed.cluster.start()
        since = container.mark()
        installed.new_team()
        assert_in_step(installed, 2 * TIMEOUT)
        container.signal(signal.SIGTERM)
        assert container.ended() == 0


def test_no_database_at_all_is_waited_for(image, settings):
    with Container(image, **{**settings, "DUALWRITE_DATABASE_URL": "host=127.0.0.1 port=1 dbname=none"}) as container:
        container.logged("disconnected")
        wait_until(lambda: container.healthy().returncode == 0, what="healthy")
        container.signal(signal.SIGTERM)
        assert container.ended() == 0


def test_a_bad_setting_ends_it_with_78(image, settings):
    with Container(image, **{**settings, "DUALWRITE_BATCH_SIZE": "0"}) as container:
        assert container.ended() == 78


def test_orphans_leave_no_zombies(image, settings):
    with Container(image, **settings) as container:
        container.logged("ready")
        # a shell of this host, in the container's PID namespace, ends before its child
        subprocess.run(["nsenter", "--target", str(container.pid), "--pid", "sh", "-c", "sleep 1 >/dev/null 2>&1 &"], check=True)
        assert wait_until(lambda: container.children(container.pid), what="the orphan is the container's")
        wait_until(lambda: not container.children(container.pid), what="the orphan is gone for good")


def test_a_signal_during_the_start_is_not_lost(image, settings):
    fifo = image[1] / "tmp" / "late.env"
    os.mkfifo(fifo)
    fifo.chmod(0o644)
    try:
        with Container(image, "run", "--config", "/tmp/late.env", **settings) as container:
            wait_until(container.is_the_program)
            with open(fifo, "w", encoding="utf-8"):  # it is open now on both sides: the settings are being read
                container.signal(signal.SIGTERM)
            assert container.ended() == 0
    finally:
        fifo.unlink()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_another_command_ends_by_a_signal_too(image, settings, number):
    """In a job it is the first process, for which a signal without a handler does nothing."""
    with socket.socket() as server:  # never answers
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(30)
        url = f"host=127.0.0.1 port={server.getsockname()[1]} dbname=none"
        with Container(image, "check", **{**settings, "DUALWRITE_DATABASE_URL": url}) as container:
            with server.accept()[0]:
                container.signal(number)
                assert container.ended(5) == 128 + number


def test_libcurl_can_be_loaded(image, settings):
    """`smoke --via-api` is the one command that needs it."""
    _, root, _ = image
    probe = "import ctypes, os, sys; os.chroot(sys.argv[1]); ctypes.CDLL('libcurl.so.4').curl_global_init(3)"
    subprocess.run([sys.executable, "-c", probe, root], check=True)
