"""The limit for draining: one statement over everything, in the server (floor.sql). Has no capture and no process."""

import time

import psycopg

from . import Peer, text


class Floor(Peer):
    name = "one set-based statement over everything"
    version = "floor"

    def run(self):
        """Makes legacy what it should be; the seconds that it took, commit included."""
        with psycopg.connect(self.target_url(), autocommit=True) as conn:
            begin = time.monotonic()
            # several statements in one message are one transaction
            conn.execute(text("floor.sql"))
            return time.monotonic() - begin

    def waiting(self):
        return 0

    def drained(self):
        return True
