"""What the benchmark is about: dualwrited itself, with the interface of the peers (tests/bench/peers). Scenarios are not here.

As it ships: the default mapping, each row read back and verified, the log lines of each event written to a file on disk, metrics
served over HTTP."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from conftest import TOP, binary, clean_environment, config_for, install, wait_until, write_env_file
from peers import START_TIMEOUT, Peer, Wrong, text

COMPLETED = b" event_type=dual_write_completed "
LEGACY_TABLES = ("teams_team", "teams_teammembership")


class Dualwrited(Peer):
    """One daemon or several, on one database or two."""

    queue = "dualwrite.outbox"
    interval = 0.005

    def __init__(self, build, daemons=1, layout="one", name="dualwrited"):
        super().__init__(build)
        self.name, self.daemons, self.layout = name, daemons, layout
        self.processes = []
        self.logs = None
        said = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True, timeout=10)
        self.version = said.stdout.split()[-1]

    def install(self, db):
        super().install(db)
        install(db)

    def start(self):
        self.logs = Path(tempfile.mkdtemp(prefix="log.", dir=self.build))
        config = self.logs / "dualwrited.env"
        write_env_file(config, config_for(self.db, DUALWRITE_HTTP_LISTEN="127.0.0.1:0"))
        for n in range(self.daemons):
            with (self.logs / f"{n}.log").open("wb") as stderr:
                # pdeathsig: it ends with us, however we end
                self.processes.append(subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", "--", binary(), "run", "--config", str(config)], cwd=TOP,
                    env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr))
        wait_until(self._ready, START_TIMEOUT, f"{self.daemons} daemons ready", interval=0.01)

    def _ready(self):
        """All have said so, and each has got its share of the partitions."""
        self.must_live()
        if any(b"event_type=ready" not in log.read_bytes() for log in self.logs.glob("*.log")):
            return False
        shares = self.db.execute("""SELECT (SELECT count(*) FROM dualwrite.partitions_of(d.instance))
                                    FROM dualwrite.live_daemon d""")
        return len(shares) == self.daemons and all(share > 0 for (share,) in shares)

    def stop(self):
        for process in self.processes:
            process.terminate()
        ends = [process.wait(START_TIMEOUT) for process in self.processes]
        self.processes = []
        if any(ends):
            raise Wrong(f"{self.name}: ended with {ends}")

    def remove(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes = []
        if self.logs:
            shutil.rmtree(self.logs)
            self.logs = None

    def must_live(self):
        for process in self.processes:
            if process.poll() is not None:
                raise Wrong(f"{self.name}: a daemon has ended with {process.returncode}")

    def pids(self):
        return [process.pid for process in self.processes]

    def target_url(self):
        return self.db.legacy.url()

    def completed(self):
        """The times, as logged, of the events that are done, in order."""
        times = []
        for log in self.logs.glob("*.log"):
            with log.open("rb") as lines:
                times += [line.split(b" ", 1)[0].decode() for line in lines if COMPLETED in line]
        return sorted(times)

    def check(self):
        failed = self.db.value("SELECT count(*) FROM dualwrite.failed")
        if failed:
            raise Wrong(f"{self.name}: {failed} failed events")
        if self.layout == "one":
            super().check()
            return
        # check.sql wants all tables in one database: legacy's as temporary ones, which come first in the search path
        with psycopg.connect(self.db.url()) as here, psycopg.connect(self.db.legacy.url()) as there:
            for table in LEGACY_TABLES:
                here.execute(f"CREATE TEMP TABLE {table} (LIKE test_legacy.{table})")
                with there.cursor().copy(f"COPY {table} TO STDOUT") as out, \
                        here.cursor().copy(f"COPY pg_temp.{table} FROM STDIN") as into:
                    for block in out:
                        into.write(block)
            self.judge(here.execute(text("check.sql")).fetchall())
