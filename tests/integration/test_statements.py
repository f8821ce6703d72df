"""Statements of the daemon that hang on what runs beside them, sent by the test's own sessions, so that each step comes when it
matters: what a claim sees behind its cursor (claim.sql, beat.sql), and who passes the fence after waiting for it (fence.sql).
The same is searched in every order by tests/model/cursor.pml and fence.pml; this is PostgreSQL itself."""

import json
import random
import re
import threading

import pytest
from psycopg.rows import dict_row

from conftest import TOP, Daemon, install, wait_until

pytestmark = pytest.mark.layouts("one", reason="the statements of one database, whichever")


def statement(name):
    return (TOP / "lib" / "sql" / "daemon" / f"{name}.sql").read_text()


class Claims:
    """A daemon's session: claims as round.c does, with the cursor of the claim before."""

    def __init__(self, db, held=range(8)):
        self.conn = db.connect()
        self.conn.prepare_threshold = None  # else a rollback forgets ours too
        self.conn.execute("PREPARE claim AS " + statement("claim"))
        self.conn.commit()
        self.held = "{" + ",".join(map(str, held)) + "}"
        self.cursor = None

    def claim(self, limit=100):
        """Begins a batch: the ids of its events. self.more: there is more to be looked at."""
        self.conn.execute("SELECT set_config('dualwrite.held', %s, true)", [self.held])
        cursor = "NULL" if self.cursor is None else f"'{self.cursor}'"
        rows = self.conn.cursor(row_factory=dict_row).execute(f"EXECUTE claim({limit}, NULL, {cursor}, '{{}}')").fetchall()
        self.batch = [row["id"] for row in rows if row["id"] is not None]
        self.next = json.dumps(rows[0]["cursor"])
        self.more = rows[0]["more"]
        return self.batch

    def commit(self):
        """The batch is done."""
        self.conn.execute("DELETE FROM dualwrite.outbox WHERE id = ANY (%s)", [self.batch])
        self.conn.commit()
        self.cursor = self.next

    def rollback(self):
        self.conn.rollback()


def queue(conn, bucket=0):
    """An event of the transaction under way; its id."""
    return conn.execute("INSERT INTO dualwrite.outbox (bucket, entity, operation, ref) "
                        "VALUES (%s, 'team', 'sync_team_created', '{1}') RETURNING id", [bucket]).fetchone()[0]


def queued(db, bucket=0):
    with db.connect() as conn:
        return queue(conn, bucket)


# ---- the cursor ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_no_event_is_passed_over_whatever_commits_when(db, seed):
    """Transactions that end in another order than they began, and batches that fail, against claims of a few events each.
    What a claim has to look at is made small by events of a partition that is not held."""
    install(db)
    luck = random.Random(seed)
    writers = [db.connect() for _ in range(4)]
    ours = Claims(db, held=[0, 1])
    found_late = 0
    for _ in range(250):
        writer = luck.choice(writers)
        match luck.choice(("write", "write", "commit", "commit", "rollback", "id", "claim", "claim", "fail", "others")):
            case "write":
                queue(writer, luck.choice((0, 130, 1000)))
            case "commit":
                writer.commit()
            case "rollback":
                writer.rollback()
            case "id":
                db.execute("SELECT pg_current_xact_id()")
            case "others":
                db.execute("INSERT INTO dualwrite.outbox (bucket, entity, operation, ref) "
                           "SELECT 1000, 'team', 'sync_team_created', '{1}' FROM generate_series(1, 80)")
            case action:
                waiting = db.value("SELECT count(*) FROM dualwrite.outbox WHERE bucket < 256")
                low = 0 if ours.cursor is None else int(json.loads(ours.cursor)["low"])
                batch = ours.claim(luck.choice((1, 2, 3)))
                assert batch or ours.more or waiting == 0
                found_late += db.value("SELECT count(*) FROM dualwrite.outbox WHERE id = ANY (%s) AND xid::text::bigint < %s",
                                       [batch, low])
                ours.commit() if action == "claim" else ours.rollback()
    for writer in writers:
        writer.commit()
    while ours.claim() or ours.more:
        ours.commit()
    assert db.value("SELECT count(*) FROM dualwrite.outbox WHERE bucket < 256") == 0
    assert found_late > 0


def test_events_that_a_batch_itself_writes_are_found(db):
    """A trigger of a legacy table writes a vNext table. The batch's transaction had an id before it claimed (to take a
    doorbell down), and younger ones ended before: no list of running transactions has one's own."""
    install(db)
    first = queued(db)
    ours = Claims(db)
    ours.conn.execute("SELECT pg_current_xact_id()")
    second = queued(db)
    assert ours.claim() == [first, second]
    third = queue(ours.conn)
    ours.commit()
    assert ours.claim() == [third]


def test_a_cursor_is_not_used_once_the_partitions_have_been_cut_anew(db):
    """`install --partitions` under running daemons, of which each has one partition: of other buckets than before."""
    install(db)
    event = queued(db, bucket=100)
    ours = Claims(db, held=[1])
    assert ours.claim() == []
    ours.commit()
    db.execute("UPDATE dualwrite.setting SET value = '16' WHERE key = 'partitions'")
    assert ours.claim() == [event]


def test_events_of_a_dump_from_another_server_do_not_hide_new_ones(db):
    """Their transaction ids are of another server, which was ahead of this one."""
    install(db)
    dumped = [queued(db) for _ in range(4)]
    db.execute("UPDATE dualwrite.outbox SET xid = (pg_current_xact_id()::text::bigint + 1000000)::text::xid8")
    ours = Claims(db)
    assert ours.claim(2) == dumped[:2]
    ours.commit()
    new = queued(db)
    assert ours.claim(3) == [*dumped[2:], new]
    ours.commit()
    newest = queued(db)
    assert ours.claim() == [newest]


def test_a_beat_does_not_trust_the_cursor_of_other_partitions(db):
    """The partition went away and came back between two beats, and a claim in between was without it."""
    install(db)
    with Daemon(db) as daemon, db.connect() as conn, db.connect() as peer:
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.live_daemon") == 1)
        peer.execute("SELECT pg_advisory_xact_lock(1685414252, p) FROM generate_series(0, 7) p")
        instance = db.value("SELECT instance FROM dualwrite.live_daemon")
        queued(db, bucket=0)
        low = db.value("SELECT pg_current_xact_id()::text")
        conn.row_factory = dict_row
        conn.execute("PREPARE beat AS " + statement("beat"))
        queue = db.value("SELECT pg_relation_filenode('dualwrite.outbox')")

        def waiting(held, count=8, queue=queue):
            cursor = json.dumps({"held": held, "count": count, "queue": queue, "low": low, "after": 0, "open": []})
            return conn.execute(f"EXECUTE beat('{instance}', 'true', '60000', '{cursor}')").fetchone()["waiting"]

        assert not waiting([*range(8)])  # so it says
        assert waiting([*range(1, 8)])
        assert waiting([*range(8)], 16)
        assert waiting([*range(8)], queue=queue + 1)  # another queue, which a restore has put in its place
        daemon.kill9()


# ---- the fence -------------------------------------------------------------------------------------------------------


class Batch:
    """A legacy transaction, which begins with the fence."""

    def __init__(self, db, epoch, partitions):
        self.conn = db.connect()
        self.conn.row_factory = dict_row
        text = statement("fence")
        others = len(set(re.findall(r"\$\d", text))) - 2  # what else it asks says nothing here
        self.conn.execute("PREPARE fence AS " + text)
        self.fence = f"EXECUTE fence('{epoch}', '{partitions}'{', NULL' * others})"
        self.answer = None

    def enter(self):
        self.answer = self.conn.execute(self.fence).fetchone()
        return self.answer

    def enter_later(self, db):
        """Sends it, and returns when the server lets it wait."""
        self.thread = threading.Thread(target=self.enter)
        self.thread.start()
        pid = self.conn.info.backend_pid
        wait_until(lambda: db.value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [pid]) == "Lock")

    def entered(self):
        self.thread.join(10)
        assert not self.thread.is_alive()
        return self.answer


def fences(db):
    return dict(db.execute("SELECT partition, epoch FROM dualwrite.fence WHERE partition < 4"))


def test_who_waited_for_the_fence_sees_what_was_raised_meanwhile(db):
    """The row is looked at again once it is locked, and it is the new row that is raised."""
    install(db)
    old, new = Batch(db, 5, "{1,2}"), Batch(db, 6, "{0,1}")
    assert old.enter()["passed"]
    new.enter_later(db)
    old.conn.commit()
    answer = new.entered()
    assert answer["passed"] and answer["highest"] == 5
    new.conn.commit()
    assert fences(db) == {0: 6, 1: 6, 2: 5, 3: 0}


def test_an_older_batch_that_waited_for_the_fence_does_not_pass(db):
    install(db)
    old, new = Batch(db, 5, "{0,1}"), Batch(db, 6, "{1,2}")
    assert new.enter()["passed"]
    old.enter_later(db)
    new.conn.commit()
    answer = old.entered()
    assert not answer["passed"] and answer["highest"] == 6
    old.conn.commit()
    assert fences(db)[1] == 6 and fences(db)[2] == 6


def test_who_waited_for_a_batch_that_was_rolled_back_passes(db):
    install(db)
    old, new = Batch(db, 5, "{0,1}"), Batch(db, 6, "{0,1}")
    assert new.enter()["passed"]
    old.enter_later(db)
    new.conn.rollback()
    assert old.entered()["passed"]
    old.conn.commit()
    assert fences(db) == {0: 5, 1: 5, 2: 0, 3: 0}


# ---- surveys: what is old costs nothing -------------------------------------------------------------------------------


@pytest.mark.parametrize("name, params", [("survey", "'true', NULL"), ("legacy_writes", "")])
def test_a_count_of_a_day_reads_no_years(db, name, params):
    """Nobody clears the record of writes past the daemon: where the guard records only, it may have millions of rows."""
    install(db)
    with db.connect() as conn:
        conn.execute("""INSERT INTO dualwrite.legacy_write (at, login_role, acting_role, application_name, legacy_table, operation, why)
                        SELECT now() - g % 1000 * interval '1 hour' - interval '30 days', 'a', 'a', 'a', 'teams_team', 'UPDATE', 'record'
                        FROM generate_series(1, 100000) g;
                        INSERT INTO dualwrite.legacy_write (at, login_role, acting_role, application_name, legacy_table, operation, why)
                        SELECT now(), 'a', 'a', 'a', 'teams_team', 'UPDATE', 'record' FROM generate_series(1, 3) g""")
        conn.commit()
        conn.autocommit = True
        for analyzed in ("", "ANALYZE dualwrite.legacy_write"):
            conn.execute(analyzed or "SELECT")
            conn.execute("DISCARD PLANS")
            conn.execute(f"PREPARE asked{'(bool, json)' if params else ''} AS {statement(name)}")
            (plan,), = conn.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked{f'({params})' if params else ''}").fetchall()
            conn.execute("DEALLOCATE asked")
            read = []

            def walk(node):
                if node.get("Relation Name") == "legacy_write":
                    read.append(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
                for below in node.get("Plans", ()):
                    walk(below)
            walk(plan[0]["Plan"])
            assert read == [3], (analyzed, read)


@pytest.mark.parametrize("analyzed", [False, True])
def test_who_captures_is_known_without_reading_every_trigger(db, analyzed):
    """In pages, which the planner's guesses may multiply: it was half a second where the statistics were old."""
    install(db)
    text = (TOP / "lib" / "sql" / "status" / "capture_missing.sql").read_text()
    with db.connect() as conn:
        conn.autocommit = True
        conn.execute("CREATE TABLE many (i int)")
        conn.execute("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        conn.execute("""DO $$ BEGIN FOR i IN 1..1000 LOOP
            EXECUTE format('CREATE TRIGGER t%s AFTER INSERT ON many FOR EACH STATEMENT EXECUTE FUNCTION nothing()', i);
            END LOOP; END $$""")
        if analyzed:
            conn.execute("ANALYZE")
        conn.execute("PREPARE asked AS " + text)
        asked = "EXECUTE asked ('{team,membership}', '{public,public}', '{organizations_team,organizations_teammembership}')"
        assert conn.execute(asked).fetchone() == ([],)
        (plan,), = conn.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + asked).fetchall()
        assert plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"] < 200


# ---- the queue: whatever the statistics say -----------------------------------------------------------------------------


BATCH = {  # what each is asked for a batch: arrays of so many elements
    "ack": "'{ids}'",
    "fail": "'{ids}', '{teams}', '{teams}', '{teams}', '{teams}', '{parked}', '{identities}', '{keys}', '{identities}'",
    "supersede": "'{ids}'",
    "wake_parked": "'{teams}', '{keys}', '{teams}', '{identities}'",
    "claim": "300, NULL, NULL, '{{\"team\": [1]}}'",
}


@pytest.mark.parametrize("name", BATCH)
@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
def test_a_queue_that_was_analyzed_when_it_was_empty_costs_a_batch_no_more(db, name, plans):
    """Counted: the rows that a batch of 300 meets, where 3000 events wait and 300 have failed, in tables in which the planner
    expects none. Found one by one these are some dozens for each event; what is compared each with each is tens of thousands."""
    install(db)
    with db.connect() as conn:
        conn.prepare_threshold = None
        conn.autocommit = True
        for table in ("outbox", "failed"):
            conn.execute(f"ALTER TABLE dualwrite.{table} SET (autovacuum_enabled = off)")
        for analyzed_empty in (True, False):
            conn.execute("""
                INSERT INTO dualwrite.outbox (bucket, entity, operation, ref)
                SELECT g % 1024, 'team', 'UPDATE', ARRAY[g::text] FROM generate_series(1, 3300) g;
                WITH moved AS (DELETE FROM dualwrite.outbox WHERE id % 11 = 0 RETURNING *)
                INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message,
                                              last_failed_at, retry_at, identity, parent, holder)
                SELECT id, xid, captured_at, bucket, entity, operation, ref, 1, 'm', now() - interval '1 hour',
                       CASE WHEN id % 2 = 0 THEN now() END, ref, ref[1], ref FROM moved""")
            if analyzed_empty:
                conn.execute("DELETE FROM dualwrite.outbox; DELETE FROM dualwrite.failed")
                conn.execute("ANALYZE dualwrite.outbox, dualwrite.failed")
        waiting, = conn.execute("SELECT array_agg(id) FROM (SELECT id FROM dualwrite.outbox ORDER BY id LIMIT 150) o").fetchone()
        tried, keys = conn.execute("SELECT array_agg(event_id), array_agg(parent) FROM dualwrite.failed").fetchone()
        ids = tried if name == "supersede" else waiting + tried[:150]
        assert len(ids) == len(keys) == 300
        values = {"ids": ids, "teams": ["team"] * 300, "parked": ["NULL"] * 300, "keys": keys,
                  "identities": ['"{%s}"' % key for key in keys]}
        conn.execute(f"SET plan_cache_mode = {plans}; SET statement_timeout = '10s'")
        conn.execute("PREPARE asked AS " + statement(name))
        with conn.transaction():
            conn.execute("SET LOCAL search_path = pg_catalog; SET LOCAL jit = off")
            conn.execute(statement("by_index"))
            conn.execute("SELECT set_config('dualwrite.held', '{0,1,2,3,4,5,6,7}', true)")
            filled = BATCH[name].format(**{key: "{%s}" % ",".join(map(str, value)) for key, value in values.items()})
            (plan,), = conn.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked({filled})").fetchall()
    met = []

    def walk(node):
        met.append(node["Actual Loops"] * (node["Actual Rows"] + sum(
            count for key, count in node.items() if key.startswith("Rows Removed by"))))
        for below in node.get("Plans", ()):
            walk(below)
    walk(plan[0]["Plan"])
    assert sum(met) < 60 * 300
