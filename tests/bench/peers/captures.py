"""What the writers pay when nobody drains: one class per way of capture, none with a process."""

from . import Peer, text
from .graphile import Graphile


class Capture(Peer):
    files = ()

    def install(self, db):
        super().install(db)
        for name in self.files:
            db.execute(text(name))

    def check(self):
        """Nobody writes legacy."""


class Bare(Capture):
    name = "bare tables"

    def waiting(self):
        return 0

    def drained(self):
        return True


class RowTrigger(Capture):
    name = "outbox row by row trigger"
    queue = "outbox.event"
    files = ("outbox.sql", "outbox_row.sql")


class StatementTrigger(Capture):
    name = "outbox row by statement trigger"
    queue = "outbox.event"
    files = ("outbox.sql", "outbox_statement.sql")


class Notify(Capture):
    name = "the same + NOTIFY in each transaction"
    queue = "outbox.event"
    files = ("outbox.sql", "outbox_statement.sql", "outbox_notify.sql")


class GraphileAddJob(Graphile):
    name = "graphile-worker add_job"

    def start(self):
        """Captures only."""

    def check(self):
        """Nobody writes legacy."""


CAPTURES = [Bare, RowTrigger, StatementTrigger, Notify, GraphileAddJob]
