"""Shell completion: what the program offers is what its --help lists, each fixed value is one that it takes, and TAB in a real
bash types it. zsh and fish: tests/deploy/test_shells.py."""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import time

import pytest

from conftest import TIMEOUT, TOP, binary, clean_environment, dualwrited

SCRIPTS = TOP / "config" / "completion"


def offered(*words):
    """What may follow: {word: meaning}."""
    lines = dualwrited("completion", "--", *words).stdout.splitlines()
    return dict(line.split("\t", 1) if "\t" in line else (line, "") for line in lines)


def words_of(*command):
    """{word: summary} as --help lists them."""
    return dict(re.findall(r"(?m)^  ([a-z][a-z-]*)  +(.*)$", dualwrited(*command, "--help").stdout))


COMMANDS = [(name,) for name in words_of()]
COMMANDS += [(name, word) for (name,) in COMMANDS for word in words_of(name)]
LEAVES = [command for command in COMMANDS if not words_of(*command)]


def test_commands_and_words():
    assert len(COMMANDS) > 20
    assert offered("") == words_of()
    assert offered("r").keys() == {word for word in words_of() if word.startswith("r")}
    for command in COMMANDS:
        if command not in LEAVES:
            assert offered(*command, "") == words_of(*command)
    assert offered("no-such-command", "") == {} and offered("run", "word", "--conf")


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_every_option_and_each_fixed_value(command):
    listed = dict(re.findall(r"(?m)^  --([a-z-]+)(\S*) ", dualwrited(*command, "--help").stdout))
    assert {f"--{name}" + ("=" if how.startswith("=") else "") for name, how in listed.items()} == offered(*command, "-").keys()
    for name in (name for name, how in listed.items() if how):
        values = [value for value in offered(*command, f"--{name}=") if not value.startswith(":")]
        if not values:
            continue
        assert [f"--{name}={value}" for value in offered(*command, f"--{name}", "")] == values
        for value in values:
            dualwrited(*command, value, "--help")
        if name != "flag":  # which is looked for in the database
            dualwrited(*command, f"--{name}=nonsense", check=64, env={"DUALWRITE_CONFIG": "/dev/null"})


def test_an_argument_that_is_a_file_or_a_folder_is_the_shells():
    assert offered("check", "--config=").keys() == {":file"} == offered("check", "--config", "").keys()
    assert offered("delta", "--out-dir=").keys() == {":folder"}
    assert offered("gate", "--for=") == {}


def test_names_of_constraints_are_those_of_the_pack():
    """They stand in its files; pack teams, the default, has none."""
    pack = TOP / "config" / "rules" / "characters"
    named = set(re.findall(r"(?m)^(?:ALTER TABLE \w+ ADD CONSTRAINT|CREATE FUNCTION|CREATE TRIGGER) (\w+)",
                           (pack / "constraints.sql").read_text() + (pack / "functions.sql").read_text()))
    assert len(named) > 10
    for word in ("install", "status", "remove"):
        for chosen in (["--pack=characters"], ["--pack", "characters"], [f"--pack={pack}", "spend_xp"]):
            offers = offered("constraints", word, *chosen, "")
            assert {name for name in offers if not name.startswith("-")} == named and "--pack=" in offers
    assert offered("constraints", "remove", "--pack=characters", "spend_") == {"spend_xp": "function"}
    assert all(name.startswith("-") for words in ([], ["--pack=/nonexistent/"]) for name in offered("constraints", "remove", *words, ""))


def test_it_asks_nothing_and_nobody():
    refuses = {"DUALWRITE_CONFIG": "/nonexistent/file", "DUALWRITE_DATABASE_URL": "host=192.0.2.1"}
    assert "check" in dualwrited("completion", "--", "che", env=refuses, timeout=2).stdout
    assert dualwrited("completion", "--").stdout == ""


# ---- real shells ---------------------------------------------------------------------------------------------------


class Terminal:
    """A shell on a terminal of its own, with a `dualwrited` that completes like the real one and prints its arguments."""

    def __init__(self, folder, *command, setup=(), **env):
        stub = folder / "dualwrited"
        stub.write_text(f"""#!/bin/sh
if [ "$1" = completion ]; then exec '{binary()}' "$@"; fi
for word; do printf '<%s>' "$word"; done; echo .
""")
        stub.chmod(0o755)
        environment = clean_environment({"PATH": f"{folder}:/usr/bin:/bin", "HOME": folder, "TERM": "dumb", "LC_ALL": "C.UTF-8",
                                         "INPUTRC": "/dev/null", **env})
        self.screen = ""
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        for line in (*setup, "echo rea''dy"):
            self.type(line + "\r")
        self.sees("ready")

    def type(self, text):
        os.write(self.master, text.encode())

    def sees(self, text):
        deadline = time.monotonic() + TIMEOUT
        while text not in self.screen:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} is not on the screen:\n{self.screen}"
            if select.select([self.master], [], [], left)[0]:
                self.screen += os.read(self.master, 65536).decode(errors="replace")

    def runs(self, typed, *arguments):
        """Typing this, TABs among it, and Return gives the program these arguments."""
        self.screen = ""
        self.type(typed + "\r")
        self.sees("".join(f"<{argument}>" for argument in arguments) + ".")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def try_out(terminal, folder, slash="/"):
    (folder / "settings.env").touch()
    (folder / "a folder").mkdir()
    terminal.runs("dualwrited rep\t", "report")
    terminal.runs("~/dualwrited rep\t", "report")
    terminal.runs("dualwrited rollback str\t", "rollback", "strict-off")
    terminal.runs("dualwrited report --form\tj\t", "report", "--format=json")
    terminal.runs("dualwrited report --format j\t", "report", "--format", "json")
    terminal.runs("dualwrited check --conf\tsett\t", "check", "--config=settings.env")
    terminal.runs("dualwrited check --config sett\t--js\t", "check", "--config", "settings.env", "--json")
    terminal.runs("dualwrited delta --out\ta\t", "delta", f"--out-dir=a folder{slash}")
    terminal.runs("dualwrited rollback resume --fl\tTEAM_VNEXT_F\t", "rollback", "resume", "--flag=TEAM_VNEXT_FORCE_LEGACY")


@pytest.mark.parametrize("breaks", [None, " ", " :", " ="], ids=["as it is", "none", "colon", "equals"])
def test_tab_in_bash(tmp_path, breaks):
    """Where bash cuts words is a variable for all completions, and those of other programs change it."""
    setup = [f"COMP_WORDBREAKS='{breaks}'"] if breaks else []
    terminal = Terminal(tmp_path, "bash", "--norc", "-i", setup=[*setup, f". '{SCRIPTS}/dualwrited.bash'"], PS1="$ ")
    try:
        try_out(terminal, tmp_path, slash="" if breaks and "=" not in breaks else "/")  # readline looks for what it puts there
        (tmp_path / "of:mine.env").touch()
        terminal.runs("dualwrited check --config=of:m\t", "check", "--config=of:mine.env")
        terminal.runs("dualwrited check --config of\t --json", "check", "--config", "of:mine.env", "--json")
    finally:
        terminal.close()

