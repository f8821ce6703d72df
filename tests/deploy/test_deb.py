"""The Debian package: built by a plain user without network, clean for lintian, then installed, upgraded, removed and purged in
a minimal Debian without systemd, and on a systemd that runs.
"""

import re
import shutil
import subprocess

import pytest

from conftest import TOP, wait_until
from deploy.conftest import base_root, copy_root, needs, script
from machine import Machine

CONTROL = TOP / "config" / "debian" / "control"
ENV = "/etc/dualwrite/dualwrited.env"
DPKG = ("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--force-confdef", "--force-confold")


def as_dev(root, line, **more):
    """A plain user's shell, without network."""
    return root.run("unshare", "--net", "setpriv", "--reuid=dev", "--regid=dev", "--init-groups", "env", "HOME=/home/dev", "sh",
                    "-euc", line, **more)


def build_dependencies():
    """What control names, without versions."""
    wanted = re.search(r"^Build-Depends:\n((?: .*\n)+)", CONTROL.read_text(), re.M).group(1)
    names = [re.match(r"[a-z0-9.+-]+", part.strip()).group() for part in wanted.split(",") if part.strip()]
    return ["debhelper" if name == "debhelper-compat" else name for name in names]


@pytest.fixture(scope="module")
def built():
    """A root that has what control names and lintian, in which `make deb` was run in /home/dev/tree."""
    needs(root=True, programs={"mmdebstrap": "mmdebstrap"})
    root = copy_root(base_root("build-essential", "lintian", *build_dependencies()))
    try:
        root.run("useradd", "--create-home", "--shell", "/bin/sh", "dev")
        (root / "home/dev/tree").mkdir()
        script("copy_tree", root / "home/dev/tree")
        root.run("chown", "-R", "dev:", "/home/dev/tree")
        as_dev(root, "cd /home/dev/tree && make deb", timeout=900)
        yield root
    finally:
        root.remove()


@pytest.fixture(scope="module")
def packages(built):
    """(the package, a newer one with another settings file, what the package depends on: a list of lists of alternatives)."""
    folder = built / "home/dev/tree/build/deb"
    package = next(folder.glob("dualwrited_*.deb"))
    newer = package.with_name("newer.deb")
    path = f"/home/dev/tree/build/deb/{package.name}"
    built.shell(f"""
        rm -rf /tmp/newer
        dpkg-deb -R {path} /tmp/newer
        sed -i 's/^Version: .*/&+newer/' /tmp/newer/DEBIAN/control
        echo '# something new' >>/tmp/newer{ENV}
        dpkg-deb -b /tmp/newer {path.rpartition('/')[0]}/newer.deb""")
    depends = subprocess.run(["dpkg-deb", "-f", package, "Depends"], capture_output=True, text=True, check=True).stdout
    return package, newer, [[word.split()[0] for word in each.split("|")] for each in depends.split(",")]


@pytest.fixture
def root(packages, debian_root):
    """A root without systemd that has what the package depends on, and both packages in /."""
    package, newer, depends = packages
    wanted = [next((name for name in each if "standalone" in name), each[0]) for each in depends]
    made = debian_root(*wanted)
    shutil.copy(package, made / "dualwrited.deb")
    shutil.copy(newer, made / "newer.deb")
    return made


def whose(root, path):
    return root.run("stat", "-c", "%a %U:%G", path).stdout.strip()


def test_lintian_finds_nothing(built):
    done = as_dev(built, "cd /home/dev/tree/build/deb && lintian --fail-on=error,warning --allow-root *.changes", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout + done.stderr


def test_nothing_but_the_package_is_left_of_the_build(built):
    left = sorted(path.suffix for path in (built / "home/dev/tree/build/deb").iterdir() if path.name != "newer.deb")
    assert left == [".buildinfo", ".changes", ".deb", ".deb"]  # the second has the debugging symbols
    assert [path.name for path in (built / "home/dev/tree/build").iterdir() if path.name != "deb"] == \
        [next((built / "home/dev/tree/build").glob("dualwrited-*.tar.gz")).name]


def test_contents(packages):
    listed = subprocess.run(["dpkg-deb", "-c", packages[0]], capture_output=True, text=True, check=True).stdout
    files = {line.split(None, 5)[5].lstrip("."): line.split() for line in listed.splitlines()}
    for page in ("man8/dualwrited.8", "man5/dualwrited.env.5", "man5/dualwrited-mapping.5"):
        assert f"/usr/share/man/{page}.gz" in files
    for file in ("changelog.gz", "changelog.Debian.gz", "copyright"):
        assert f"/usr/share/doc/dualwrited/{file}" in files
    assert {"/usr/bin/dualwrited", "/lib/systemd/system/dualwrited.service", "/usr/lib/sysusers.d/dualwrited.conf", ENV} <= set(files)
    assert all(fields[1] == "root/root" for fields in files.values())
    # the package leaves this file out, because its rights are dpkg's business; what else it might say would be missing
    for line in (TOP / "systemd" / "dualwrited.tmpfiles").read_text().splitlines():
        assert re.match(r"#|[a-z] /etc/dualwrite\b", line), line
    assert [name for name in files if name.startswith("/etc/") and not name.endswith("/")] == [ENV]


def test_a_fresh_installation(root):
    done = root.run(*DPKG, "-i", "/dualwrited.deb")
    assert "rror" not in done.stderr, done.stderr
    assert root.run("dualwrited", "--version").stdout == f"dualwrited {(TOP / 'VERSION').read_text()}"
    name, _, uid, _, _, _, shell = root.run("getent", "passwd", "dualwrite").stdout.strip().split(":")
    assert name == "dualwrite" and 0 < int(uid) < 1000 and shell.endswith("nologin")
    assert whose(root, ENV) == "640 root:dualwrite"
    assert whose(root, "/etc/dualwrite") == "750 root:dualwrite"
    wanted = sorted(path.name for path in (root / "etc/systemd/system").rglob("dualwrited*") if path.is_symlink())
    assert wanted == ["dualwrited.service"]
    assert root.run("dpkg", "--verify", "dualwrited").stdout == ""
    # who the daemon runs as can read the settings, and they leave dual write off
    shown = root.run("setpriv", "--reuid=dualwrite", "--regid=dualwrite", "--init-groups", "dualwrited", "check", check=False).stdout
    assert re.search(rf"PASS +settings +{ENV}", shown), shown
    assert not re.search(r"^[^#]*[^#\s]", (root / ENV).read_text(), re.M)


def test_changed_settings_survive_an_upgrade(root):
    root.run(*DPKG, "-i", "/dualwrited.deb")
    (root / ENV).write_text("DUALWRITE_BATCH_SIZE=7\n")
    root.run(*DPKG, "-i", "/newer.deb")
    assert (root / ENV).read_text() == "DUALWRITE_BATCH_SIZE=7\n"
    assert whose(root, ENV) == "640 root:dualwrite"
    assert "something new" in (root / f"{ENV}.dpkg-dist").read_text()


def test_settings_that_nobody_changed_follow_the_package(root):
    root.run(*DPKG, "-i", "/dualwrited.deb")
    root.run(*DPKG, "-i", "/newer.deb")
    assert "something new" in (root / ENV).read_text()
    assert whose(root, ENV) == "640 root:dualwrite"
    assert root.run("dpkg", "--verify", "dualwrited").stdout == ""


def test_rights_that_an_administrator_gave_stay(root):
    root.run("dpkg-statoverride", "--add", "root", "adm", "0600", ENV)
    root.run(*DPKG, "-i", "/dualwrited.deb")
    root.run(*DPKG, "-i", "/newer.deb")
    assert whose(root, ENV) == "600 root:adm"


def everything(root):
    """Each file there is, without dpkg's and ldconfig's own records, and the account's."""
    found = root.run("find", "/", "-xdev", "!", "-type", "d", "-o", "-path", "*dualwrite*").stdout.split("\n")
    own = re.compile(r"/(var/lib/dpkg|var/log|var/cache|proc|dev|sys|tmp|run)/|/etc/(passwd|group|g?shadow|\.pwd\.lock)-?$|/.*\.deb$")
    return {path for path in found if not own.match(path)}


def test_removed_it_keeps_the_settings_and_purged_nothing(root):
    before = everything(root)
    root.run(*DPKG, "-i", "/dualwrited.deb")
    root.run(*DPKG, "--remove", "dualwrited")
    assert (root / ENV).exists() and not (root / "usr/bin/dualwrited").exists()
    assert whose(root, ENV) == "640 root:dualwrite"
    root.run(*DPKG, "--purge", "dualwrited")
    assert everything(root) - before == set()
    # as Debian does it: an account may own files elsewhere, and its number must not go to somebody else
    assert root.run("getent", "passwd", "dualwrite").stdout
    root.run(*DPKG, "-i", "/dualwrited.deb")
    assert whose(root, ENV) == "640 root:dualwrite"


# ---- on a systemd that runs ------------------------------------------------------------------------------------------


@pytest.fixture
def machine(packages, tmp_path):
    """Booted, with a PostgreSQL that knows no role for the daemon; both packages in /opt."""
    folder = tmp_path / "opt"
    folder.mkdir(mode=0o755)
    shutil.copy(packages[0], folder / "dualwrited.deb")
    shutil.copy(packages[1], folder / "newer.deb")
    booted = Machine()
    try:
        booted.put(tmp_path)
        yield booted
    finally:
        booted.close()


def main_pid(machine):
    return int(machine.show("dualwrited.service", "MainPID"))


def test_it_starts_without_a_database_and_apt_does_not_wait(machine):
    machine.run(*DPKG, "-i", "/opt/dualwrited.deb", timeout=60)  # a start takes 90 s to fail
    assert machine.run("systemctl", "is-enabled", "dualwrited").stdout == "enabled\n"
    wait_until(lambda: main_pid(machine), what="the daemon runs")
    wait_until(lambda: machine.journal("_SYSTEMD_UNIT=dualwrited.service"), what="it says what it waits for")
    assert machine.show("dualwrited.service", "ActiveState") == "activating"

    # the steps of operations.md, and it is up
    machine.sql("CREATE ROLE dualwrite LOGIN; CREATE DATABASE app", database="postgres")
    machine.sql((TOP / "config" / "sample" / "schema.sql").read_text())
    machine.write("/tmp/owner.env", 'DUALWRITE_DATABASE_URL="dbname=app"\n')
    machine.run("dualwrited", "install", "--config", "/tmp/owner.env", user="postgres")
    machine.sql("GRANT dualwrite_daemon TO dualwrite")
    machine.sh(f"echo 'DUALWRITE_DATABASE_URL=\"dbname=app\"' >>{ENV}")
    machine.run("systemctl", "restart", "dualwrited")
    assert machine.show("dualwrited.service", "ActiveState") == "active"
    effective = machine.sql("SELECT value FROM dualwrite.effective_flag WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_ENABLED'")
    assert effective == "false"

    # an upgrade leaves it alone, a removal ends it, and what somebody has ended stays so
    pid = main_pid(machine)
    done = machine.run(*DPKG, "-i", "/opt/newer.deb")
    assert "systemctl restart dualwrited" in done.stdout
    assert main_pid(machine) == pid
    machine.run(*DPKG, "--remove", "dualwrited")
    assert main_pid(machine) == 0
    done = machine.run(*DPKG, "-i", "/opt/newer.deb")
    assert "systemctl start dualwrited" in done.stdout
    assert main_pid(machine) == 0
    machine.run(*DPKG, "--purge", "dualwrited")
    assert "dualwrited" not in machine.run("systemctl", "list-unit-files").stdout


def test_policy_rc_d_is_obeyed(machine):
    machine.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode="755")
    machine.run(*DPKG, "-i", "/opt/dualwrited.deb")
    assert machine.show("dualwrited.service", "ActiveState") == "inactive"
    assert machine.run("systemctl", "is-enabled", "dualwrited").stdout == "enabled\n"
