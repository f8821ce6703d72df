"""TAB in a real zsh and a real fish; bash, and what the program offers: tests/integration/test_completion.py."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from test_completion import SCRIPTS, Terminal, try_out  # noqa: E402


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is missing: Debian package zsh")
def test_tab_in_zsh(tmp_path):
    # prompt and line editor as plain as they can be; a dumb terminal has no line editor
    terminal = Terminal(tmp_path, "zsh", "-f", "-i", TERM="xterm", PS1="$ ", setup=[
        f"fpath=('{SCRIPTS}' $fpath); autoload -Uz compinit; compinit -u -D", "unsetopt prompt_cr prompt_sp auto_remove_slash"])
    try:
        try_out(terminal, tmp_path)
    finally:
        terminal.close()


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is missing: Debian package fish")
def test_tab_in_fish(tmp_path):
    terminal = Terminal(tmp_path, "fish", "--no-config", "-i", TERM="xterm", setup=[
        f"source '{SCRIPTS}/dualwrited.fish'", "function fish_prompt; echo '$ '; end; set -g fish_autosuggestion_enabled 0"])
    try:
        try_out(terminal, tmp_path)
    finally:
        terminal.close()
