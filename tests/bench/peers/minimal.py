"""The minimal consumer in C (minimal.c) on an outbox filled by statement triggers: the yardstick for latency and idling, and
a floor for every consumer that is a client."""

import subprocess

from . import HERE, Missing, Peer, need, text


class Minimal(Peer):
    name = "minimal C consumer"
    version = "libpq"
    queue = "outbox.event"

    def __init__(self, build, chunk=1000, notify=True, poll_ms=50):
        """notify=False: nothing in a transaction but its outbox rows, and the consumer looks every poll_ms."""
        super().__init__(build)
        self.chunk, self.notify, self.poll_ms = chunk, notify, 0 if notify else poll_ms
        self.name = f"{self.name}, " + (f"chunks of {chunk}" if chunk > 1 else "claim one, write one, commit one")
        if not notify:
            self.name += f", polls every {poll_ms} ms"
        self.program = self._compile()

    def _compile(self):
        source, program = HERE / "minimal.c", self.build / "minimal"
        if program.exists() and program.stat().st_mtime >= source.stat().st_mtime:
            return program
        compiler, pkg_config = need("cc", "gcc"), need("pkg-config", "pkg-config")
        flags = subprocess.run([pkg_config, "--cflags", "--libs", "libpq"], capture_output=True, text=True)
        if flags.returncode:
            raise Missing("libpq: Debian package libpq-dev")
        command = [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program, source, *flags.stdout.split()]
        subprocess.run(command, check=True)
        return program

    def install(self, db):
        super().install(db)
        db.execute(text("outbox.sql"))
        db.execute(text("outbox_statement.sql"))
        if self.notify:
            db.execute(text("outbox_notify.sql"))

    def start(self):
        files = (HERE / name for name in ("outbox_claim.sql", "upsert_teams.sql", "upsert_memberships.sql"))
        self.spawn(self.program, self.db.url(), self.chunk, self.poll_ms, *files)
