"""docs/runbooks are done as they stand: each console block's commands run, one after the other, and print what stands below
them; `...` is anything. journalctl, docker and kubectl are stand-ins that know this daemon."""

import os
import re
import stat

import pytest

from conftest import TOP, binary, config_for, dualwrited, install, write_env_file
from helpers import drained
from test_stage import DOCKER, KUBECTL, LoggedDaemon
from test_tutorial import Shell, prints

RUNBOOKS = sorted((TOP / "docs" / "runbooks").glob("*.md"))

JOURNALCTL = """#!/bin/sh
cat {log}
"""


def commands(path):
    """(line, command, what it prints) of the console blocks, in order."""
    text = path.read_text()
    for block in re.finditer(r"(?m)^```console\n(.*?)^```$", text, re.S):
        line = text.count("\n", 0, block.start(1)) + 1
        for part in re.split(r"(?m)^(?=\$ )", block.group(1)):
            command, _, printed = part.partition("\n")
            if command:
                assert command.startswith("$ "), f"{path.name}:{line}: output without a command"
                yield line, command[2:], printed
            line += part.count("\n")


class RunbookShell(Shell):
    """A shell in a folder of its own, with the stand-ins in its PATH and the settings in its environment."""

    def __init__(self, folder, config, log):
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        for name, text in (("docker", DOCKER), ("kubectl", KUBECTL), ("journalctl", JOURNALCTL)):
            tool = bin_folder / name
            tool.write_text(text.replace("{binary}", binary()).replace("{log}", str(log)).replace("{id}", "web"))
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        super().__init__()
        path = f"{bin_folder}:{os.path.dirname(binary())}:/usr/bin:/bin"
        printed, status = self.run(f"cd '{folder}'; export PATH='{path}' DUALWRITE_CONFIG='{config}'")
        assert status == 0, printed


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=[path.stem for path in RUNBOOKS])
def test_a_runbook_runs_as_it_stands(db, tmp_path, runbook):
    install(db)
    log, config = tmp_path / "daemon.log", tmp_path / "dualwrited.env"
    write_env_file(config, config_for(db, "postgres"))
    with LoggedDaemon(db, log, TEAM_VNEXT_DUAL_WRITE_ENABLED=True):
        for name in ("Alpha", "Beta", "Gamma") + (("Staging Test Team",) if runbook.stem == "rollback" else ()):
            db.new_team(name=name)
        drained(db)
        shell = RunbookShell(tmp_path, config, log)
        try:
            for line, command, expected in commands(runbook):
                printed, status = shell.run(command)
                assert status == 0, f"{runbook.name}:{line}: $ {command}: exit status {status}\n{printed}"
                prints(printed, expected, shell)
        finally:
            shell.close()
    # what a runbook begins it ends
    assert db.execute("SELECT flag, value FROM dualwrite.override") == []


def test_the_runbooks_are_found():
    assert {path.stem for path in RUNBOOKS} == {"staging-test", "rollback", "rehearsal", "on-call"}
    for path in RUNBOOKS:
        found = list(commands(path))
        assert len(found) >= 5, path.name
        # every command of ours that a runbook names in its text exists
        for words in re.findall(r"`dualwrited ([a-z-]+(?: [a-z-]+)?)", path.read_text()):
            said = dualwrited(*words.split(), "--help", check=False)
            assert said.returncode == 0, f"{path.name}: dualwrited {words}: {said.stderr}"
