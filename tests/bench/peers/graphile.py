"""graphile-worker, pinned by graphile/package-lock.json: a job per changed row, and a worker (graphile/worker.mjs) with all of
its own batching on and a loader that writes the rows of all running jobs at once."""

from . import text
from .node import NodePeer, pinned

# a job per row by row trigger, as most would write it; the jobs of a statement in one call; one job for a statement's rows
CAPTURES = {"row": ("", "graphile.sql"),
            "statement": (", add_jobs by statement trigger", "graphile_statement.sql"),
            "array": (", an array job by statement trigger", "graphile_array.sql")}


class Graphile(NodePeer):
    name = "graphile-worker"
    folder = "graphile"
    version = pinned("graphile", "graphile-worker")
    queue = "graphile_worker._private_jobs"

    def __init__(self, build, capture="row"):
        """capture: one of CAPTURES."""
        super().__init__(build)
        self.name += CAPTURES[capture][0]
        self.capture = CAPTURES[capture][1]

    def install(self, db):
        super().install(db)
        self.migrate()
        # one at a time: ANALYZE must see what was added
        for statement in text("graphile_used.sql").split(";\n"):
            db.execute(statement)
        db.execute(text(self.capture))
