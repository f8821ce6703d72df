"""A scene: writers that write all the time, daemons, something that breaks, and the verdict afterwards.

    def test_killed(scene):
        with scene(daemons=3) as s:
            for _ in range(s.times(3, 12)):
                s.moment()
                victim = s.any_daemon()
                victim.kill9()
                victim.start()

When the block ends the writers stop, the daemons get time to come to rest, and everything of `verdict` is asserted.
"""

import threading
import time
from pathlib import Path

import psycopg

from conftest import Daemon, assert_in_step, binary, install, wait_until
from fault.writers import NAME, Writers
from helpers import LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, count_lines

# what a writer meets when its connection or its server goes; never because of a daemon
GONE = {None, "57P01", "57P02", "57P03", "08006", "25P03"}
# kB that a process may have grown by between the warm-up and the end: what malloc keeps of the largest batch; the most that was
# ever seen is 700. ASan keeps what was freed for a while, so nothing can be said there.
GROWTH = 3 * 1024
# the classid of the locks that a claim takes on its partitions
PARTITION_LOCK = 1685414252


class Pod(Daemon):
    """A daemon that remembers when it was killed, and how large it was."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.lives = []  # of the lives that were cut short: (first line, line after the last)
        self._born = 0
        self.small = None

    def start(self):
        self._born = self.mark()
        self.small = None
        return super().start()

    def kill9(self):
        super().kill9()
        self.lives.append((self._born, self.mark()))

    def ended(self):
        """It ends by itself at once, maybe in the middle of something: as good as killed."""
        self._killed = True
        self.finish(2)
        self.lives.append((self._born, self.mark()))

    def rss(self):
        """kB in memory."""
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def cut_short(self):
        """The events that its killed lives had announced and not ended: {event id}."""
        found = set()
        for first, last in self.lives:
            open_events = set()
            for line in self.lines(since=first)[:last - first]:
                if line.get("event_type") == "dual_write_scheduled":
                    open_events.add(line["event_id"])
                elif line.get("event_type") in ("dual_write_completed", "dual_write_failed"):
                    open_events.discard(line["event_id"])
            found |= open_events
        return found


class Scene:
    """.daemons, .writers, .db, .chance (the scenario's own random numbers).

    allowed: SQLSTATEs that writers may meet, because of what the scenario does; None is a broken connection.
    again: the scenario gives a batch to another daemon half-way (kills, cuts), so that it may be announced twice.
    stretch: seconds that each legacy statement takes longer, so that what breaks, breaks in the middle of a batch.
    slow: seconds that no statement of a writer may take. growth: kB that a daemon may have grown by.
    """

    def __init__(self, db, chance, quick, daemons=2, writers=3, *, allowed=(), again=False, guard="on", pause=0.02, slow=8.0,
                 settle=60, growth=GROWTH, stretch=0.01, **settings):
        self.db = db
        self.chance = chance
        self.quick = quick
        self.allowed = set(allowed)
        self.again = again
        self.slow = slow
        self.seconds = settle
        self.growth = growth
        self.stretch = stretch
        self.settings = {"DUALWRITE_BATCH_SIZE": 100, **settings}
        self.daemons = []
        self._count = daemons
        self._guard = guard
        self.writers = Writers(db, chance.random(), writers, pause)
        self._watch = None

    # -- for scenarios

    def times(self, quick, whole):
        """How often, or how long."""
        return quick if self.quick else whole

    def moment(self, most=0.5):
        """A random moment later."""
        time.sleep(self.chance.uniform(0, most))

    def any_daemon(self):
        return self.chance.choice([daemon for daemon in self.daemons if daemon.process.poll() is None])

    def add(self, **more):
        """One more daemon; arguments of conftest's Daemon, and settings."""
        daemon = Pod(self.db, **{**self.settings, **more})
        daemon.__enter__()
        self.daemons.append(daemon)
        return daemon

    def work(self, count=20, timeout=30):
        """Waits until the daemons have done so many more events: they are working (again)."""
        before = self.done()
        wait_until(lambda: self.done() >= before + count, timeout, f"{count} more events are done", interval=0.05)

    def done(self):
        return sum(count_lines(daemon) for daemon in self.daemons)

    def sessions(self, kind="%"):
        """[(database, application_name, pid)] of the daemons' connections of that kind."""
        return [(side, name, pid) for side in self.db.sides for name, pid in side.execute(
            "SELECT application_name, pid FROM pg_stat_activity WHERE application_name LIKE %s AND datname = current_database()",
            [f"dualwrited/{kind}"])]

    # -- the frame

    def __enter__(self):
        db = self.db
        install(db, f"--guard={self._guard}")
        db.legacy.execute(f"CREATE UNIQUE INDEX one_owner ON {LEGACY_MEMBERSHIP} (team_id) WHERE role = 'OWNER' AND status = 'ACTIVE'")
        if self.stretch:
            for side, table in ((db.legacy, LEGACY_TEAM), (db.legacy, LEGACY_MEMBERSHIP), (db, MAP)):
                side.execute(f"""
                    CREATE OR REPLACE FUNCTION public.test_stretch() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN PERFORM pg_sleep({self.stretch}); RETURN NULL; END $$;
                    CREATE TRIGGER test_stretch AFTER INSERT OR UPDATE ON {table}
                        FOR EACH STATEMENT EXECUTE FUNCTION public.test_stretch()""")
        # what was ever committed to the queue
        db.execute("""
            CREATE TABLE public.test_event (id bigint, entity text, ref text[]);
            CREATE FUNCTION public.test_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
            BEGIN INSERT INTO public.test_event SELECT id, entity, ref FROM new_rows; RETURN NULL; END $$;
            CREATE TRIGGER test_event AFTER INSERT ON dualwrite.outbox REFERENCING NEW TABLE AS new_rows
                FOR EACH STATEMENT EXECUTE FUNCTION public.test_event()""")
        try:
            for _ in range(self._count):
                self.add()
            self.writers.start()
            self._watch = _Watch(db)
            if self.daemons:
                self.warm_up()
        except BaseException as error:
            self._leave(error)
            raise
        return self

    def warm_up(self):
        """Until the daemons are at work, and as large as work makes them."""
        self.work(100)
        time.sleep(1)
        for daemon in self.daemons:
            daemon.small = daemon.rss()

    def __exit__(self, kind, error, trace):
        if error is None:
            try:
                wait_until(lambda: self.writers.transactions > 50)  # fewer would show nothing
                self.writers.stop()
                self.settle()
                self.verdict()
            except BaseException as failure:
                self._leave(failure)
                raise
        self._leave(error)

    def _leave(self, error):
        self.writers._stop.set()
        if self._watch is not None:
            self._watch.stop()
        failed = None
        for daemon in self.daemons:
            try:
                daemon.__exit__(type(error) if error else None, error, None)
            except BaseException as one:
                failed = failed or one
        if error is not None:
            print("writers:", self.writers.transactions, "transactions,", self.writers.errors[:20])
        elif failed is not None:
            raise failed

    def settle(self):
        """Nothing waits, nothing failed, and legacy equals vNext."""
        self.db.close()
        for side in self.db.sides:
            side.cluster.ensure_running()
        wait_until(self.at_rest, self.seconds, interval=0.1)
        assert_in_step(self.db, 0)

    def at_rest(self):
        waiting = self.db.backlog()
        parked = self.db.execute("SELECT entity, ref, operation, attempts, sqlstate, message, retry_at FROM dualwrite.failed LIMIT 5")
        assert waiting == 0 and parked == [], f"{waiting} wait, failed: {parked}"
        return True

    def verdict(self):
        """The promises that hold after every scenario."""
        print(f"{self.writers.transactions} transactions, {len(self.writers.errors)} errors, slowest {self.writers.slowest}")
        self.shadows()
        differs = [line for daemon in self.daemons for line in daemon.lines("legacy_differs")]
        assert differs == [], f"read back different: {differs[:5]}"
        self.ledger()
        self.sizes()
        assert self.writers.did(self.allowed) == [], self.writers.did(self.allowed)[:10]
        assert self._watch.blocked == [], f"writers waited for a daemon: {self._watch.blocked[:5]}"
        assert self._watch.shared == [], f"partitions held twice: {self._watch.shared[:5]}"
        assert self.writers.slowest[0] < self.slow, self.writers.slowest

    def shadows(self):
        """One legacy row for one vNext row: the map is one-to-one, and no legacy row is nobody's."""
        mapped = self.db.execute(f"SELECT vnext_team_id, legacy_team_id FROM {MAP}")
        assert len(mapped) == len({vnext for vnext, _ in mapped}) == len({legacy for _, legacy in mapped})
        legacy = {id for (id,) in self.db.legacy.execute(f"SELECT id FROM {LEGACY_TEAM}")}
        assert legacy <= {legacy for _, legacy in mapped}, "legacy teams that are nobody's"
        twice = self.db.legacy.execute(f"SELECT team_id, user_id FROM {LEGACY_MEMBERSHIP} GROUP BY 1, 2 HAVING count(*) > 1")
        assert twice == []

    def ledger(self):
        """Every event that was committed is completed once, and announced once unless it failed or its daemon did."""
        events = {str(id): (entity, tuple(ref[1:3] if entity == "membership" else ref))  # the legacy row that it is about
                  for id, entity, ref in self.db.execute("SELECT id, entity, ref FROM public.test_event")}
        excused = set().union(*(daemon.cut_short() for daemon in self.daemons))
        count = {}

        def tally():
            count.clear()
            for daemon in self.daemons:
                for line in daemon.lines():
                    if line.get("event_type", "").startswith("dual_write_"):
                        one = count.setdefault(line["event_id"], dict.fromkeys(("scheduled", "completed", "failed"), 0))
                        one[line["event_type"][11:]] += 1

        def missing():
            """Events without a completed line, but for those that gave way to a newer one of the same row after they failed."""
            tally()
            newest = {}
            for id in events:
                if count.get(id, {}).get("completed"):
                    newest[events[id]] = max(int(id), newest.get(events[id], 0))
            return [id for id in events if not count.get(id, {}).get("completed") and id not in excused
                    and not (count.get(id, {}).get("failed") and newest.get(events[id], 0) > int(id))]

        def complete():
            left = missing()
            assert not left, f"events without a completed line: {[(id, count.get(id)) for id in left[:10]]}"
            return True

        wait_until(complete, 5)  # a line follows the commit
        unknown = set(count) - set(events)
        assert not unknown, f"lines of events that were never committed: {unknown}"
        twice = {id: one for id, one in count.items() if one["completed"] > 1}
        assert not twice, f"completed more than once: {twice}"
        if not self.again:
            often = {id: one for id, one in count.items() if not 1 <= one["scheduled"] <= 1 + one["failed"]}
            assert not often, f"not announced once: {dict(list(often.items())[:10])}"
        print(f"{len(events)} events, {sum(one['failed'] for one in count.values())} failed attempts, {len(excused)} cut short")

    def sizes(self):
        """Memory is where it began."""
        if b"__asan_init" in Path(binary()).read_bytes():
            return
        for daemon in self.daemons:
            if daemon.small is not None and daemon.process.poll() is None and not daemon.lives:
                now = daemon.rss()
                print(f"VmRSS {daemon.small} kB, at the end {now} kB")
                assert now < daemon.small + self.growth, f"VmRSS {daemon.small} kB after the warm-up, {now} kB at the end"


class _Watch:
    """Looks ten times a second whether a writer waits for a daemon, and whether two hold one partition."""

    def __init__(self, db):
        self.db = db
        self.blocked = []
        self.shared = []
        self.samples = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join(30)

    def _run(self):
        conn = None
        while not self._stop.wait(0.1):
            try:
                if conn is None:
                    conn = psycopg.connect(self.db.url(application_name="fault/watch", connect_timeout=5), autocommit=True)
                self.blocked += conn.execute("""
                    SELECT w.query, w.wait_event, b.application_name, b.query FROM pg_stat_activity w, pg_stat_activity b
                    WHERE w.application_name = %s AND w.datname = current_database() AND w.wait_event_type = 'Lock'
                      AND b.application_name LIKE 'dualwrited/%%' AND b.pid = ANY (pg_blocking_pids(w.pid))""", [NAME]).fetchall()
                self.shared += conn.execute("""
                    SELECT objid, count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    GROUP BY objid HAVING count(DISTINCT pid) > 1""", [PARTITION_LOCK]).fetchall()
                self.samples += 1
            except psycopg.Error:
                if conn is not None:
                    conn.close()
                conn = None
        if conn is not None:
            conn.close()
