"""graphile-worker, pinned by graphile/package-lock.json: a job per changed row, and a worker (graphile/worker.mjs) with all of
its own batching on and a loader that writes the rows of all running jobs at once."""

import json
import os
import shutil
import subprocess
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from . import HERE, Missing, Peer, need, text

SOURCE = HERE / "graphile"
LOCK = json.loads((SOURCE / "package-lock.json").read_text())["packages"]

# a job per row by row trigger, as most would write it; the jobs of a statement in one call; one job for a statement's rows
CAPTURES = {"row": ("", "graphile.sql"),
            "statement": (", add_jobs by statement trigger", "graphile_statement.sql"),
            "array": (", an array job by statement trigger", "graphile_array.sql")}


class Graphile(Peer):
    name = "graphile-worker"
    version = LOCK["node_modules/graphile-worker"]["version"]
    queue = "graphile_worker._private_jobs"

    def __init__(self, build, capture="row"):
        """capture: one of CAPTURES."""
        super().__init__(build)
        self.name += CAPTURES[capture][0]
        self.capture = CAPTURES[capture][1]
        self.node = need("node", "npm")
        self.folder = self.build / "graphile"
        self._packages()

    def _packages(self):
        """The locked packages, not in the tree but in the build folder; npm is asked only when the lock has changed."""
        self.folder.mkdir(exist_ok=True)
        done = self.folder / "installed.json"
        lock = (SOURCE / "package-lock.json").read_text()
        if not done.exists() or done.read_text() != lock:
            npm = need("npm", "npm")
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SOURCE / name, self.folder)
            ran = subprocess.run([need("timeout", "coreutils"), "120", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                                 cwd=self.folder, text=True, capture_output=True, stdin=subprocess.DEVNULL)
            if ran.returncode:
                why = ran.stderr.strip()[-300:] or f"status {ran.returncode}"
                raise Missing(f"graphile-worker {self.version} from the npm registry: npm ci failed: {why}")
            done.write_text(lock)
        # beside node_modules, where node looks for what it imports
        shutil.copy(SOURCE / "worker.mjs", self.folder)

    def _worker(self, *arguments):
        return [self.node, self.folder / "worker.mjs", *arguments]

    def _url(self):
        """The database as node's driver takes it: it knows no libpq keywords."""
        settings = conninfo_to_dict(self.db.url())
        return f"postgresql:///{quote(settings.pop('dbname'))}?{urlencode(settings)}"

    def install(self, db):
        super().install(db)
        self.spawn(*self._worker("--migrate", self._url()), env=self._environment())
        self.process.wait(60)
        self.stop()
        # one at a time: ANALYZE must see what was added
        for statement in text("graphile_used.sql").split(";\n"):
            db.execute(statement)
        db.execute(text(self.capture))

    def start(self):
        statements = (HERE / name for name in ("upsert_teams.sql", "upsert_memberships.sql"))
        self.spawn(*self._worker(self._url(), *statements), env=self._environment())

    def _environment(self):
        return {**os.environ, "NODE_ENV": "production"}
