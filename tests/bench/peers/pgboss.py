"""pg-boss, pinned by pgboss/package-lock.json: a job per changed row, by statement trigger, and a worker (pgboss/worker.mjs) that
takes thousands at once."""

from . import text
from .node import NodePeer, pinned


class PgBoss(NodePeer):
    name = "pg-boss, with NOTIFY"
    folder = "pgboss"
    version = pinned("pgboss", "pg-boss")
    # completed jobs stay in the table
    queue = "pgboss.job"
    waits = "name = 'sync' AND state < 'completed'"
    interval = 0.1

    def install(self, db):
        super().install(db)
        self.migrate()
        db.execute(text("pgboss.sql"))
