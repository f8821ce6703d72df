"""subject.py: what the benchmark measures - dualwrited itself, with the interface of the peers (tests/bench/peers)."""

import re
import subprocess
import tempfile
from pathlib import Path

from conftest import TOP, binary, clean_environment, config_for, differences, install, wait_until, write_env_file


class Dualwrited:
    """The daemon as it ships: the default mapping, verification, a log line per event, metrics served."""

    name = "dualwrited"

    def __init__(self, daemons=1, **settings):
        self.settings = settings
        self.daemons = daemons
        self.processes = []
        self.version = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]

    def install(self, db):
        self.db = db
        install(db, "--allow-grants") if False else install(db)

    def start(self):
        self.directory = Path(tempfile.mkdtemp(prefix="dualwrite-bench."))
        for n in range(self.daemons):
            config = self.directory / f"{n}.env"
            log = self.directory / f"{n}.log"
            write_env_file(config, config_for(self.db, **{"DUALWRITE_HTTP_LISTEN": "127.0.0.1:0", **self.settings}))
            with log.open("wb") as stderr:
                self.processes.append(subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", "--", binary(), "run", "--config", str(config)], cwd=TOP,
                    env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr))
            wait_until(lambda: "event_type=ready" in log.read_text(), what="event_type=ready", interval=0.005)

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            assert process.wait(10) == 0
        self.processes = []

    def waiting(self):
        return self.db.value("SELECT count(*) FROM (SELECT FROM dualwrite.outbox LIMIT 1) o") + \
            self.db.value("SELECT count(*) FROM dualwrite.failed")

    def pids(self):
        return [process.pid for process in self.processes]

    def completed(self):
        """Log lines of completed events."""
        return sum(len(re.findall(rb"event_type=dual_write_completed", log.read_bytes()))
                   for log in self.directory.glob("*.log"))

    def check(self):
        found = differences(self.db)
        assert not found, found[:10]
