"""The documents' own examples: every SQL block of docs/operations.md runs after an installation, and every shell block
that is marked with a line `# tested` runs as it stands, in a folder with a settings file and a log."""

import os
import re
import subprocess

import pytest

from conftest import TOP, Daemon, binary, clean_environment, config_for, install, write_env_file

DOCS = TOP / "docs"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def blocks(language, *documents):
    """Each fenced block of that language, as pytest parameters named "operations.md:42"."""
    found = []
    for document in documents:
        text = document.read_text()
        for match in _FENCE.finditer(text):
            if match.group(1) == language:
                line = text.count("\n", 0, match.start()) + 2
                found.append(pytest.param(match.group(2), id=f"{document.name}:{line}"))
    return found


SQL_BLOCKS = blocks("sql", DOCS / "operations.md")
SHELL_BLOCKS = [block for block in blocks("sh", *sorted(DOCS.glob("*.md"))) if block.values[0].startswith("# tested\n")]


@pytest.fixture
def roles_of_its_own(cluster):
    """Roles are shared by the whole server: what a block creates goes again, after its database."""
    roles = "SELECT rolname FROM pg_roles WHERE rolname <> 'dualwrite_daemon'"
    with cluster.connect() as conn:
        before = set(conn.execute(roles))
    yield
    with cluster.connect() as conn:
        for (role,) in set(conn.execute(roles)) - before:
            conn.execute(f'DROP ROLE "{role}"')


@pytest.mark.parametrize("block", SQL_BLOCKS)
def test_sql_runs_as_it_stands(block, roles_of_its_own, installed):
    installed.execute(block)


@pytest.mark.parametrize("block", SHELL_BLOCKS)
def test_shell_runs_as_it_stands(block, db, tmp_path):
    if "dualwrited.log" in block:
        install(db)
        _write_log(db, tmp_path / "dualwrited.log")
    elif "uninstall" in block:
        install(db)
    write_env_file(tmp_path / "dualwrited.env", config_for(db, "postgres"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dualwrited").symlink_to(binary())
    # each line must succeed: -e alone does not look at what stands left of a pipe
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env=clean_environment({
            "PATH": f"{tmp_path / 'bin'}:{db.cluster.bin}:{os.environ['PATH']}",
            "DUALWRITE_CONFIG": tmp_path / "dualwrited.env",
        }))
    assert done.returncode == 0, f"{block}\nexit {done.returncode}\n{done.stdout}{done.stderr}"


def _write_log(db, path):
    """A log with each kind of line that the searches look for."""
    with Daemon(db) as daemon:
        team = db.new_team()
        member = db.new_member(team)
        assert (team, member) == (1, 1)
        daemon.wait_for("dual_write_completed", membership_id=member)
        db.execute("ALTER TABLE teams_team ADD CONSTRAINT no_bad CHECK (name <> 'bad')")
        daemon.wait_for("dual_write_failed", team_id=db.new_team(name="bad"))
        path.write_text("".join(line + "\n" for line in daemon.raw))


def test_the_blocks_are_found():
    assert len(SQL_BLOCKS) >= 10 and len(SHELL_BLOCKS) >= 3
