"""docs/tutorial.md is done as it stands: its shell blocks run one after the other in one shell, what a block says it prints is
printed, and its pieces of JSON go where the text puts them. In the end the file is that of config/examples."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import TOP, binary, clean_environment

TUTORIAL = TOP / "docs" / "tutorial.md"
EXAMPLE = TOP / "config" / "examples" / "subscriptions" / "mapping.json"

_PART = re.compile(r"(?m)^```(\w+)\n(.*?)^```$|Take away `(\$[^`]*)`|[Ii]n\s+`(\$[^`]*)`", re.S)


def parts():
    """("sh" or "text", block), ("away", path), ("set", path, members), each with its line, in the order of the document."""
    text = TUTORIAL.read_text()
    place = None
    for match in _PART.finditer(text):
        language, block, away, inside = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if inside:
            place = inside
        elif away:
            yield line, "away", away
        elif language == "json":
            assert place, f"tutorial.md:{line}: where does this go?"
            yield line, "set", (place, json.loads(block))
            place = None
        else:
            yield line, language, block


class Shell:
    """A bash that stays; run() returns what a block printed on both streams."""

    END = "\x01end of block\x01"

    def __init__(self):
        # what the reader has from `make` is here whatever was built
        env = clean_environment({"PATH": f"{Path(binary()).parent}:/usr/bin:/bin"})
        self.process = subprocess.Popen(["bash"], cwd=TOP, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def run(self, block):
        self.process.stdin.write(f"{block}\nprintf '\\n%s %s\\n' '{self.END}' $?\n")
        self.process.stdin.flush()
        printed = []
        for line in self.process.stdout:
            if line.startswith(self.END):
                return "".join(printed), int(line.split()[-1])
            printed.append(line)
        raise AssertionError("the shell ended\n" + "".join(printed))

    def close(self):
        self.process.stdin.close()
        try:
            os.killpg(self.process.pid, signal.SIGTERM)  # our own: the session that was made above
        except ProcessLookupError:
            pass
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture
def shell():
    made = Shell()
    yield made
    made.close()


def squeezed(line):
    return re.sub(r"\s+", " ", line).strip()


def prints(printed, expected, shell):
    """Each expected line is printed, in their order; `...` is anything."""
    got = [squeezed(line) for line in printed.splitlines()]
    at = 0
    for line in expected.splitlines():
        pattern = re.compile(".*".join(map(re.escape, squeezed(line).split("..."))))
        while at < len(got) and not pattern.fullmatch(got[at]):
            at += 1
        if at == len(got):
            state, _ = shell.run('dualwrited failed list; dualwrited status; cat "$work/shop.log"')
            raise AssertionError(f"not printed: {line}\n{printed}\n{state}")
        at += 1 if squeezed(line) != "..." else 0


def at_path(tree, path):
    """The object that holds the last step of the path, and that step."""
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    for key, index in steps[:-1]:
        tree = tree[key] if key else tree[int(index)]
    key, index = steps[-1]
    return tree, key or int(index)


def inside(tree, path):
    if path == "$":
        return tree
    holder, last = at_path(tree, path)
    return holder[last]


def test_the_tutorial_runs_as_it_stands(shell):
    printed, decided = "", False
    for line, kind, what in parts():
        where = f"tutorial.md:{line}"
        if kind == "sh":
            printed, status = shell.run(what)
            assert status == 0, f"{where}: exit status {status}\n{printed}"
        elif kind == "text":
            prints(printed, what, shell)
        else:
            path = Path(shell.run('echo "$work/shop.json"')[0].strip())
            mapping = json.loads(path.read_text())
            if kind == "away":
                holder, last = at_path(mapping, what)
                del holder[last]
            else:
                inside(mapping, what[0]).update(what[1])
            path.write_text(json.dumps(mapping))
            if mapping == json.loads(EXAMPLE.read_text()):
                path.chmod(0o644)
                decided = True
    assert decided, "the pieces of the tutorial make another mapping than config/examples"


def test_the_parts_are_found():
    kinds = [kind for _, kind, _ in parts()]
    assert kinds.count("sh") >= 12 and kinds.count("text") >= 8 and kinds.count("set") >= 8 and kinds.count("away") == 1
    # every output stands behind a command
    assert all(kinds[i - 1] == "sh" for i, kind in enumerate(kinds) if kind == "text")
