"""Containers without a container runtime: a root folder, PID and mount namespaces of their own, and one network, as in a pod.

A stand-in for what kubelet and Docker do with namespaces, and kubelet with the files of a ConfigMap. Containers need the right to make them (root has it): see can().
"""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from conftest import TIMEOUT, binary, clean_environment, parse_line, wait_until

# The root is a tmpfs with the host's programs in it; what is bound or mounted there stays in this mount namespace.
_SETUP = """
set -e
mount -t tmpfs none "$ROOT"
mkdir -p "$ROOT/proc" "$ROOT/program"
bind() { mkdir -p "$ROOT$2"; mount --rbind "$1" "$ROOT$2"; }
for folder in /usr /lib /lib64 /bin /sbin /dev; do
    [ ! -e "$folder" ] || bind "$folder" "$folder"
done
bind "$PROGRAM" /program
eval "$MOUNTS"
mount -t proc proc "$ROOT/proc"
mount -o remount,ro "$ROOT"
unset PROGRAM MOUNTS
CHROOT=$(command -v chroot)
export PATH="$INNER_PATH"
exec "$CHROOT" "$ROOT" /usr/bin/env -u ROOT -u RUN_AS -u INNER_PATH -u CHROOT setpriv --reuid "$RUN_AS" --regid "$RUN_AS" --clear-groups --no-new-privs \\
    --bounding-set=-all --inh-caps=-all "$@"
"""


def can(directory):
    """None, or why containers cannot be made here."""
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "none", directory], capture_output=True)
    return "this user may not make namespaces and mount a tmpfs in them (root may)" if done.returncode else None


class Container:
    """`command` as process 1, as the user `uid`, with a root folder that nobody can write; mounts: {path inside: folder}.
    Without a root folder it is the host's, and the user is root."""

    def __init__(self, root, command, mounts, env=None, uid=65532):
        if root:
            root.mkdir(mode=0o755)
        else:
            uid = 0
        self.env = clean_environment({"PATH": "/program:/usr/bin:/bin", **(env or {})})
        setup = {"ROOT": str(root), "RUN_AS": str(uid), "PROGRAM": str(Path(binary()).parent),
                 "MOUNTS": "\n".join(f"bind {shlex.quote(str(host))} {shlex.quote(inside)}" for inside, host in mounts.items())}
        self.uid = uid
        self.raw = []
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
             _SETUP if root else 'mount -t proc proc /proc && exec "$@"', "sh", *command], env={**self.env, **setup, "PATH": os.environ["PATH"], "INNER_PATH": self.env["PATH"]},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=lambda: self.raw.extend(self.process.stderr), daemon=True)
        self._reader.start()

    @property
    def pid(self):
        """Of the process that is number 1 in there."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(wait_until(lambda: children.read_text().split(), what="the first process of the container")[0])

    def lines(self, event_type):
        return [line for line in map(parse_line, [raw.strip() for raw in list(self.raw)]) if line.get("event_type") == event_type]

    def wait_for(self, event_type, count=1, timeout=TIMEOUT):
        wait_until(lambda: len(self.lines(event_type)) >= count or self.process.poll() is not None, timeout, event_type)
        assert len(self.lines(event_type)) >= count, self.raw
        return self.lines(event_type)[count - 1]

    @property
    def instance(self):
        return self.wait_for("starting")["instance"]

    def exec(self, *command):
        """What `docker exec`, `kubectl exec` and a probe's exec do."""
        return subprocess.run(["nsenter", "-t", str(self.pid), "--mount", "--pid", "--root", "--setuid", str(self.uid), "--setgid",
                               str(self.uid), "/usr/bin/env", f"PATH={self.env['PATH']}", *command],
                              env=self.env, capture_output=True, text=True, timeout=60)

    def term(self, timeout):
        """SIGTERM, as a runtime sends it; the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        status = self.process.wait(timeout)
        self._reader.join(5)
        return status

    def kill(self):
        self.process.kill()  # and --kill-child what it has started
        self.process.wait()
        self._reader.join(5)
        self.process.stderr.close()


class Volume:
    """A ConfigMap's directory, changed as kubelet does (pkg/volume/util/atomic_writer.go): a new time-stamped folder, and one
    rename that swaps the link ..data to it; the files are links through ..data and never change."""

    def __init__(self, path, files):
        self.path = path
        path.mkdir()
        self.write(files)

    def write(self, files):
        old = self.path / os.readlink(self.path / "..data") if (self.path / "..data").is_symlink() else None
        stamp = tempfile.mkdtemp(prefix=time.strftime("..%Y_%m_%d_%H_%M_%S."), dir=self.path)
        os.chmod(stamp, 0o755)
        for name, text in files.items():
            with open(os.path.join(stamp, name), "w") as f:
                f.write(text)
                os.fchmod(f.fileno(), 0o644)
        for name in files:
            if not (self.path / name).is_symlink():
                (self.path / name).symlink_to(os.path.join("..data", name))
        (self.path / "..data_tmp").symlink_to(os.path.basename(stamp))
        os.rename(self.path / "..data_tmp", self.path / "..data")
        for file in old.iterdir() if old else ():
            file.unlink()
        if old:
            old.rmdir()
