"""What the peers in node have in common: their locked packages, their worker, and the database as node names it."""

import json
import os
import shutil
import subprocess
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from . import HERE, START_TIMEOUT, Missing, Peer, need


def pinned(folder, package):
    """The version that the folder's lock file says."""
    lock = json.loads((HERE / folder / "package-lock.json").read_text())
    return lock["packages"][f"node_modules/{package}"]["version"]


class NodePeer(Peer):
    # with package.json, package-lock.json and worker.mjs
    folder = None

    def __init__(self, build):
        super().__init__(build)
        self.node = need("node", "npm")
        self.source, self.place = HERE / self.folder, self.build / self.folder
        self._packages()
        # beside node_modules, where node looks for what it imports
        for file in (self.source / "worker.mjs", HERE / "legacy.mjs"):
            shutil.copy(file, self.place)

    def _packages(self):
        """The locked packages, not in the tree but in the build folder; npm is asked only when the lock has changed."""
        self.place.mkdir(exist_ok=True)
        done = self.place / "installed.json"
        lock = (self.source / "package-lock.json").read_text()
        if done.exists() and done.read_text() == lock:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copy(self.source / name, self.place)
        command = ["timeout", "120", need("npm", "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        ran = subprocess.run(command, cwd=self.place, text=True, capture_output=True, stdin=subprocess.DEVNULL)
        if ran.returncode:
            why = ran.stderr.strip()[-300:] or f"status {ran.returncode}"
            raise Missing(f"{self.name} {self.version} from the npm registry: npm ci failed: {why}")
        done.write_text(lock)

    def _run(self, *arguments):
        self.spawn(self.node, self.place / "worker.mjs", *arguments, env={**os.environ, "NODE_ENV": "production"})

    def _url(self):
        """The database as node's driver takes it: it knows no libpq keywords."""
        settings = conninfo_to_dict(self.db.url())
        return f"postgresql:///{quote(settings.pop('dbname'))}?{urlencode(settings)}"

    def migrate(self):
        """Makes the peer's own tables."""
        self._run("--migrate", self._url())
        self.process.wait(START_TIMEOUT)
        self.stop()

    def start(self):
        self._run(self._url(), HERE / "upsert_teams.sql", HERE / "upsert_memberships.sql")
