"""The commands that look at everything: report, reconcile and check, on a hundred thousand teams and five times as many
memberships that are in step; with BENCH=full on ten times as many. Time, and the most memory that the command had."""

import subprocess
import tempfile
import time
from pathlib import Path

import peers
from conftest import TOP, binary, clean_environment, config_for, install, write_env_file
from scene import BUILD, memory_mb

MEMBERS = 5
# without --fix it only looks; the pace that it has for the sake of others is taken off
COMMANDS = {"report": ("report",), "reconcile": ("reconcile", "--rate=0"), "check": ("check",)}
TIMEOUT = 600


class Synced(peers.Floor):
    """Legacy is in step before dualwrited comes."""

    name = "dualwrited"
    version = None

    def install(self, db):
        super().install(db)
        self.run()
        for side in db.sides:
            side.execute("VACUUM ANALYZE")
        install(db)


def run(scene):
    teams = scene.mode.teams
    table = scene.results.table("commands", f"{teams:,} teams and {MEMBERS * teams:,} memberships", "see the columns")
    peer = Synced(BUILD)
    with scene.subject(peer, table, lambda db: scene.load(db, teams, MEMBERS)), \
            tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "dualwrited.env"
        write_env_file(config, config_for(peer.db))
        for name, words in COMMANDS.items():
            seconds, memory = timed(words, config)
            table.add(name, "s", seconds)
            table.add(name, "memory (RSS) at most, MB", memory)


def timed(words, config):
    """The seconds and the greatest VmHWM that was seen; what wait() knows has python's own in it."""
    begin, most = time.monotonic(), 0.0
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([binary(), *words, "--config", str(config)], cwd=TOP, env=clean_environment(),
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            if time.monotonic() - begin > TIMEOUT:
                process.kill()
                process.wait()
                raise peers.Late(f"{words[0]}: not done within {TIMEOUT} s")
            try:
                most = max(most, memory_mb(process.pid, "status", "VmHWM"))
            except OSError:
                pass
            time.sleep(0.01)
        seconds = time.monotonic() - begin
        if process.returncode:
            output.seek(0)
            raise peers.Wrong(f"{' '.join(words)}: exit {process.returncode}\n{output.read().decode(errors='replace')[-2000:]}")
    return seconds, most
