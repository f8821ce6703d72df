"""The command line (SPEC section 9), and that the program knows nothing about teams."""

import re

import pytest

from conftest import TOP, dualwrited

COMMANDS = ("run", "install", "uninstall", "check", "flags")


def test_help_names_every_command(env_file):
    for word in (["--help"],):
        done = dualwrited(*word)
        assert not done.stderr
        for command in COMMANDS:
            assert command in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_everywhere(command):
    done = dualwrited(command, "--help")
    assert "--config" in done.stdout and not done.stderr


def test_version():
    assert (TOP / "VERSION").read_text().strip() in dualwrited("--version").stdout


@pytest.mark.parametrize("args, nearest", [
    (["isntall"], "install"), (["flag"], "flags"), (["install", "--dryrun"], "--dry-run"),
    (["install", "--print_sql"], "--print-sql"), (["chek"], "check"), (["check", "--sample-row=3"], "--sample-rows"), (["uninstall", "--discrad"], "--discard")])
def test_an_unknown_word_suggests_the_nearest(args, nearest):
    done = dualwrited(*args, check=64)
    assert nearest in done.stderr and not done.stdout


@pytest.mark.parametrize("args", [[], ["no-such-command-at-all"], ["--nonsense"], ["run", "extra"], ["run", "--config"],
                                  ["install", "--guard"], ["install", "--dry-run=yes"], ["flags", "--format=xml"]])
def test_wrong_usage_is_exit_64(args):
    done = dualwrited(*args, check=64)
    assert done.stderr and not done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_config_file_that_is_not_there_is_named(command, tmp_path):
    missing = tmp_path / "missing.env"
    assert str(missing) in dualwrited(command, "--config", missing, check=78).stderr
    assert str(missing) in dualwrited(command, env={"DUALWRITE_CONFIG": missing}, check=78).stderr


def _code(path):
    """The file without comments, without strings that give an example ("like ..."), and without the flags' names."""
    text = path.read_text()
    if path.suffix == ".sql":
        text = re.sub(r"(?m)^--.*$", "", text)
    else:
        text = re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?\*/|//[^\n]*',
                      lambda m: m.group(0) if m.group(0)[0] == '"' and " like " not in m.group(0) else " ", text, flags=re.S)
    return re.sub(r"TEAM_[A-Z_]*", "", text)


def test_nothing_about_teams_is_hard_wired():
    """Everything about teams comes from the mapping; only the flags of SPEC section 4 are called TEAM_, and the keys of the
    validation report, which `delta` and `stage` read, speak of teams in any mapping."""
    found = []
    files = [p for folder in ("daemon", "lib", "include") for p in (TOP / folder).rglob("*") if p.suffix in (".c", ".h", ".sql")]
    assert files
    files = [p for p in files if not re.fullmatch(r"(report|report_.*|cmd_report|sqlreport|delta.*|stage_judge)\.[ch]", p.name)]
    for path in files:
        for word in re.findall(r"(?i)\b\w*(?:team|membership|organizations|ranking)\w*", _code(path)):
            # a variable about the prefix of the TEAM_ flags is no table
            if (path.name, word) != ("config_keys.c", "team"):
                found.append(f"{path.relative_to(TOP)}: {word}")
    assert found == []
