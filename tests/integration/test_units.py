"""What `make install` puts where, and that systemd understands it: the unit files, without a systemd that runs."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import TOP, binary


UNITS = ["dualwrited.service", "dualwrited-monitor.service", "dualwrited-monitor.timer"]
SYSTEMD = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: package systemd")


def make(target, destdir, *variables):
    """Installs what was built, without building anything."""
    build = os.path.relpath(Path(binary()).resolve().parent, TOP)
    return subprocess.run(["make", "-C", TOP, "-o", "build", target, f"BUILD={build}", f"DESTDIR={destdir}", *variables],
                          capture_output=True, text=True, check=True, timeout=120)


def files(folder):
    return {str(f.relative_to(folder)): f for f in folder.rglob("*") if not f.is_dir()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """As a package has it, for the oldest systemd that the units are for."""
    root = tmp_path_factory.mktemp("installed")
    make("install", root, "prefix=/usr", "SYSTEMD_VERSION=250")
    return root


def test_install_and_uninstall(tmp_path):
    """Into a folder with a space in its name, under another prefix; what an administrator changed stays."""
    destdir = tmp_path / "a root"
    make("install", destdir, "PREFIX=/opt/dw", "sysconfdir=/etc", "SYSTEMD_VERSION=257")
    there = files(destdir)
    assert {"opt/dw/bin/dualwrited", "opt/dw/share/man/man8/dualwrited.8", "opt/dw/share/man/man5/dualwrited.env.5",
            "opt/dw/share/doc/dualwrited/README.md", "opt/dw/share/doc/dualwrited/docs/operations.md",
            "opt/dw/share/doc/dualwrited/docs/runbooks/on-call.md", "opt/dw/share/doc/dualwrited/config/mapping.json",
            "opt/dw/lib/sysusers.d/dualwrited.conf", "opt/dw/lib/tmpfiles.d/dualwrited.conf", "etc/dualwrite/dualwrited.env",
            *(f"opt/dw/lib/systemd/system/{unit}" for unit in UNITS)} <= set(there)
    assert {name: oct(f.stat().st_mode & 0o777) for name, f in there.items()
            if name in ("opt/dw/bin/dualwrited", "etc/dualwrite/dualwrited.env", "opt/dw/share/man/man8/dualwrited.8")} == {
        "opt/dw/bin/dualwrited": "0o755", "etc/dualwrite/dualwrited.env": "0o640",
        "opt/dw/share/man/man8/dualwrited.8": "0o644"}
    for unit in UNITS[:2]:
        text = there[f"opt/dw/lib/systemd/system/{unit}"].read_text()
        assert "ExecStart=/opt/dw/bin/dualwrited " in text and "/usr/bin/dualwrited" not in text
    shipped = there["etc/dualwrite/dualwrited.env"].read_text()

    there["etc/dualwrite/dualwrited.env"].write_text(shipped + "TEAM_VNEXT_DUAL_WRITE_ENABLED=true\n")
    make("install", destdir, "PREFIX=/opt/dw", "sysconfdir=/etc", "SYSTEMD_VERSION=257")
    assert there["etc/dualwrite/dualwrited.env"].read_text().endswith("ENABLED=true\n")
    assert (destdir / "etc/dualwrite/dualwrited.env.new").read_text() == shipped

    stranger = destdir / "opt/dw/share/doc/dualwrited/mine.txt"
    stranger.touch()
    make("uninstall", destdir, "PREFIX=/opt/dw", "sysconfdir=/etc", "SYSTEMD_VERSION=257")
    assert set(files(destdir)) == {"etc/dualwrite/dualwrited.env", "etc/dualwrite/dualwrited.env.new",
                                   "opt/dw/share/doc/dualwrited/mine.txt"}
    assert sorted(p.name for p in destdir.rglob("*dualwrited*") if p.is_dir()) == ["dualwrited"]


@pytest.mark.parametrize("version,dropins", [(252, []), (253, ["253.conf"]), (257, ["253.conf", "254.conf"])])
def test_what_only_newer_systemds_know(tmp_path, version, dropins):
    """An older systemd would take the service for one that never says when it is ready."""
    make("install", tmp_path, "prefix=/usr", f"SYSTEMD_VERSION={version}")
    folder = tmp_path / "usr/lib/systemd/system/dualwrited.service.d"
    assert sorted(f.name for f in folder.glob("*")) == dropins
    text = (tmp_path / "usr/lib/systemd/system/dualwrited.service").read_text()
    assert "\nType=notify\n" in text and "\nExecReload=/bin/sh -c 'kill -HUP $MAINPID'\n" in text
    make("uninstall", tmp_path, "prefix=/usr", f"SYSTEMD_VERSION={version}")
    assert not folder.exists()


def test_without_libsystemd_it_is_said(tmp_path):
    """Such a daemon says nothing to a unit of Type=notify, and would be ended again and again."""
    assert "libsystemd" in make("install", tmp_path, "prefix=/usr", "HAVE_LIBS=libpq").stderr


@SYSTEMD
def test_systemd_has_no_complaint(installed):
    """The units as they are installed; also that their man page is there under that name."""
    units = installed / "usr/lib/systemd/system"
    pages = {p.name for p in (installed / "usr/share/man").rglob("*.*")}
    for unit in UNITS:
        for line in (units / unit).read_text().splitlines():
            if line.startswith("Documentation="):
                for page in line.split("=", 1)[1].split():
                    name, section = page.removeprefix("man:").rstrip(")").split("(")
                    assert f"{name}.{section}" in pages
    # the binary is under DESTDIR only
    for unit in units.glob("*.service"):
        unit.write_text(unit.read_text().replace("/usr/bin/dualwrited", f"{installed}/usr/bin/dualwrited"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(str(units / unit) for unit in UNITS)],
                          capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if "dualwrited" in line]
    assert done.returncode == 0 and complaints == []


@SYSTEMD
@pytest.mark.parametrize("unit", UNITS[:2])
def test_exposure(installed, unit):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager",
                           str(installed / "usr/lib/systemd/system" / unit)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert f"Overall exposure level for {unit}" in done.stdout
