"""dualwrite.await_sync and its procedure, from an application's side: what a web request sees in strict mode (SPEC section 7).

What the daemon logs in strict mode is in test_flags.py and test_faults.py, readiness in test_http.py.
"""

import re
import subprocess
import threading
import time

import psycopg
import pytest
from conftest import TOP, Daemon, install, wait_until
from helpers import LEGACY_TEAM as LEGACY
from helpers import STRICT as STRICT_FLAG
from helpers import TEAM, failed

pytestmark = pytest.mark.layouts("one", "two")

STRICT = {STRICT_FLAG: "true"}
AWAIT = "SELECT dualwrite.await_sync(%s, %s)"


@pytest.fixture
def strict(db):
    install(db)
    with Daemon(db, **STRICT) as daemon:
        yield daemon


def write(db, statement="UPDATE organizations_team SET region = region || 'x', updated_at = now()", params=None):
    """What the application does: one transaction, whose id it keeps."""
    with db.connect("app_user") as app:
        app.execute(statement, params)
        return app.execute("SELECT pg_current_xact_id()").fetchone()[0]


def wait(db, txid, timeout_ms=5000, sql=AWAIT):
    with db.connect("app_user", autocommit=True) as app:
        started = time.monotonic()
        app.execute(sql, [txid, timeout_ms])
        return time.monotonic() - started


def raised(db, sqlstate, txid, timeout_ms=5000, sql=AWAIT):
    with pytest.raises(psycopg.Error) as error:
        wait(db, txid, timeout_ms, sql)
    assert error.value.sqlstate == sqlstate, error.value
    return error.value


CALLS = pytest.mark.parametrize("sql", [AWAIT, "CALL dualwrite.await_synced(%s, %s)"], ids=["select", "call"])


@CALLS
def test_what_was_awaited_is_there(db, strict, sql):
    for n in range(10):
        txid = write(db, f"INSERT INTO {TEAM} (name, slug, game_id, region, status) VALUES (%s, %s, 1, 'EU', 'ACTIVE')",
                     [f"Team {n}", f"team-{n}"])
        wait(db, txid, 10000, sql)
        assert db.legacy.value(f"SELECT count(*) FROM {LEGACY}") == n + 1


@CALLS
def test_a_failure_raises_and_names_its_cause(db, strict, sql):
    db.legacy.execute(f"ALTER TABLE {LEGACY} ADD CONSTRAINT no_mars CHECK (region <> 'Mars')")
    team = db.new_team()
    strict.wait_for("dual_write_completed", team_id=team)
    txid = write(db, f"UPDATE {TEAM} SET region = 'Mars', updated_at = now()")
    error = raised(db, "DW001", txid, 10000, sql)
    assert "sync_team_settings_updated" in str(error) and f"team {team}" in str(error) and "no_mars" in str(error)
    assert "check_violation" in error.diag.message_detail and "failed retry" in error.diag.message_hint
    (line,) = strict.lines("dual_write_failed")
    assert line["level"] == "ERROR" and line["severity"] == "ERROR"
    # mended by the next change of the row: it counts for both
    mended = write(db, f"UPDATE {TEAM} SET region = 'EU', updated_at = now()")
    wait(db, mended, 10000)
    wait(db, txid)


def test_a_failed_event_that_a_newer_one_stands_for_still_fails_its_own_transaction(db, strict):
    db.legacy.execute(f"ALTER TABLE {LEGACY} ADD CONSTRAINT no_mars CHECK (region NOT LIKE 'Mars%')")
    team = db.new_team()
    strict.wait_for("dual_write_completed", team_id=team)
    txids = [write(db, f"UPDATE {TEAM} SET region = %s, updated_at = now()", [f"Mars {n}"]) for n in range(3)]
    for txid in txids:
        raised(db, "DW001", txid, 10000)
    assert len(failed(db)) == 1
    for txid in txids:
        raised(db, "DW001", txid, 10000)
    wait(db, write(db, f"UPDATE {TEAM} SET region = 'EU', updated_at = now()"), 10000)
    for txid in txids:
        wait(db, txid)
    assert db.value("SELECT count(*) FROM dualwrite.superseded") == 0


@CALLS
def test_the_time_is_up_when_nobody_works(db, sql):
    install(db, **STRICT, TEAM_VNEXT_DUAL_WRITE_ENABLED="true")
    team = db.new_team()
    txid = write(db)
    assert team
    started = time.monotonic()
    error = raised(db, "DW002", txid, 700, sql)
    assert 0.7 <= time.monotonic() - started < 3
    assert "No daemon is running" in error.diag.message_hint
    assert raised(db, "DW002", txid, 0, sql)


def test_a_retry_that_does_not_succeed_in_time_is_a_failure(db, strict):
    team = db.new_team()
    strict.wait_for("dual_write_completed", team_id=team)
    with db.legacy.connect() as holder:
        holder.execute(f"SELECT FROM {LEGACY} FOR UPDATE")
        txid = write(db)
        wait_until(lambda: failed(db), 15)
        error = raised(db, "DW001", txid, 300)
        assert "tried again by itself" in error.diag.message_hint
    wait(db, txid, 15000)


def test_without_strict_mode_or_dual_write_nobody_waits(db):
    for flags in ({"TEAM_VNEXT_DUAL_WRITE_ENABLED": "true"}, {"TEAM_VNEXT_DUAL_WRITE_ENABLED": "false", **STRICT}):
        install(db, **{"TEAM_VNEXT_DUAL_WRITE_STRICT_MODE": "false", **flags})
        db.new_team()
        assert wait(db, write(db), 60000) < 2


def test_turned_off_while_somebody_waits(db):
    install(db, **STRICT, TEAM_VNEXT_DUAL_WRITE_ENABLED="true")
    db.new_team()
    txid = write(db)
    waiter = threading.Thread(target=lambda: result.append(wait(db, txid, 60000)))
    result = []
    waiter.start()
    time.sleep(0.5)
    db.execute("INSERT INTO dualwrite.override (flag, value, why) VALUES ('TEAM_VNEXT_DUAL_WRITE_STRICT_MODE', 'false', 'x')")
    waiter.join(15)
    assert not waiter.is_alive() and result[0] < 15


def test_a_transaction_that_changed_nothing_or_was_rolled_back(db, strict):
    assert wait(db, None, 60000) < 2
    assert wait(db, write(db, "SELECT 1"), 60000) < 2
    with db.connect("app_user") as app:
        insert = f"INSERT INTO {TEAM} (name, slug, game_id, region, status) VALUES ('a', 'a', 1, 'EU', 'ACTIVE')"
        app.execute(insert)
        txid = app.execute("SELECT pg_current_xact_id()").fetchone()[0]
        app.rollback()
    assert wait(db, txid, 60000) < 2


def test_one_that_is_still_open_is_waited_for(db, strict):
    with db.connect("app_user") as app:
        app.execute(f"INSERT INTO {TEAM} (name, slug, game_id, region, status) VALUES ('a', 'a', 1, 'EU', 'ACTIVE')")
        txid = app.execute("SELECT pg_current_xact_id()").fetchone()[0]
        assert "has not ended" in str(raised(db, "DW002", txid, 300))
        app.commit()
    wait(db, txid, 10000)
    assert db.legacy.value(f"SELECT count(*) FROM {LEGACY}") == 1


def test_what_is_called_wrongly_says_how_to_call_it(db, strict):
    future = db.value("SELECT (pg_current_xact_id()::text::bigint + 1000000)::text")
    assert "future" in str(raised(db, "22023", future))
    assert raised(db, "22023", "1", -1).diag.message_hint
    assert raised(db, "22023", "1", None).diag.message_hint
    with db.connect("app_user") as app:
        insert = f"INSERT INTO {TEAM} (name, slug, game_id, region, status) VALUES ('a', 'a', 1, 'EU', 'ACTIVE')"
        app.execute(insert)
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="inside the transaction") as error:
            app.execute("SELECT dualwrite.await_sync(pg_current_xact_id(), 100)")
        assert "COMMIT" in error.value.diag.message_hint
    with db.connect("app_user", autocommit=True) as app:
        app.execute("SET default_transaction_isolation = 'repeatable read'")
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="READ COMMITTED"):
            app.execute("SELECT dualwrite.await_sync('5', 100)")


@pytest.mark.layouts("two", reason="the other database exists only there")
def test_in_the_legacy_database_it_says_where_to_call_it(db, strict):
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as error:
        db.legacy.execute("SELECT dualwrite.await_sync('5', 100)")
    assert "vNext" in error.value.diag.message_hint


@CALLS
def test_while_a_table_awaits_a_resync_nothing_is_promised(db, sql):
    install(db, **STRICT, TEAM_VNEXT_DUAL_WRITE_ENABLED="true")
    db.new_team()
    db.execute("DELETE FROM dualwrite.outbox")
    txid = write(db, "SELECT 1")
    db.execute("SELECT nextval('dualwrite.resync_team')")
    assert "resync" in str(raised(db, "DW002", txid, 5000, sql))
    with Daemon(db, **STRICT) as daemon:
        daemon.wait_for("resync_completed")
        wait_until(lambda: db.backlog() == 0)
        wait(db, txid)


def test_rows_that_a_resync_queued_are_awaited_too(db):
    install(db, **STRICT, TEAM_VNEXT_DUAL_WRITE_ENABLED="true")
    db.execute(f"INSERT INTO {TEAM} (name, slug, game_id, region, status) SELECT 't' || n, 's' || n, 1, 'EU', 'ACTIVE' "
               "FROM generate_series(1, 50) n")
    db.execute("DELETE FROM dualwrite.outbox")
    txid = write(db, "SELECT 1")
    with Daemon(db, **STRICT) as daemon, db.legacy.connect() as holder:
        holder.execute(f"LOCK TABLE {LEGACY} IN SHARE MODE")
        db.execute("SELECT nextval('dualwrite.resync_team')")
        daemon.wait_for("resync_completed")
        assert "resync" in str(raised(db, "DW002", txid))
        wait_until(lambda: failed(db), 40)  # for the lock: they are tried again
        assert "resync" in str(raised(db, "DW002", txid))
        holder.rollback()
        wait_until(lambda: db.backlog() == 0 and not failed(db), 40)
        wait(db, txid)
    assert db.legacy.value(f"SELECT count(*) FROM {LEGACY}") == 50


def test_a_row_that_a_resync_queued_and_that_is_parked_is_not_applied(db):
    """Nobody can say whether it is this transaction's; a later one has nothing to do with it."""
    install(db, **STRICT, TEAM_VNEXT_DUAL_WRITE_ENABLED="true")
    db.legacy.execute(f"ALTER TABLE {LEGACY} ADD CONSTRAINT no_bad CHECK (name <> 'bad')")
    db.new_team(name="bad")
    db.execute("DELETE FROM dualwrite.outbox")  # as if the outbox had been full
    txid = write(db, "SELECT 1")
    db.execute("SELECT nextval('dualwrite.resync_team')")
    with Daemon(db, **STRICT) as daemon:
        daemon.wait_for("resync_completed")
        wait_until(lambda: failed(db))
        assert "resync" in str(raised(db, "DW002", txid))
        wait(db, write(db, "SELECT 1"))
        db.execute(f"UPDATE {TEAM} SET name = 'good', updated_at = now()")
        wait_until(lambda: not failed(db))
        wait(db, txid)


def test_everybody_may_call_it_and_see_nothing_else(db, strict):
    db.new_team()
    db.execute("CREATE ROLE await_stranger LOGIN")
    try:
        with db.connect("await_stranger", autocommit=True) as stranger:
            stranger.execute("SELECT dualwrite.await_sync('5', 100)")
            stranger.execute("CALL dualwrite.await_synced('5', 100)")
            for name, kind in db.execute("""SELECT c.relname, c.relkind FROM pg_class c
                                            WHERE c.relnamespace = 'dualwrite'::regnamespace AND c.relkind IN ('r', 'v', 'S')"""):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    stranger.execute(f"SELECT FROM dualwrite.{name}")
            callable_ones = {row[0] for row in stranger.execute(
                """SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'dualwrite'::regnamespace
                   AND has_function_privilege(p.oid, 'EXECUTE')""")}
            assert callable_ones == {"await_sync", "await_synced", "sync_pause_ms"}
    finally:
        db.execute("DROP ROLE await_stranger")


@pytest.mark.layouts("one", reason="the cost is that of the vNext database, which is there in both")
def test_two_hundred_waiters_cost_next_to_nothing(db):
    """Counted, not timed: how often they look; and that the procedure holds no snapshot while it waits."""
    install(db, **STRICT, TEAM_VNEXT_DUAL_WRITE_ENABLED="true")
    db.new_team()
    txid = write(db)
    looks = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'outbox_by_xid'"
    before = db.value(looks)
    clients = [db.connect("app_user", autocommit=True) for _ in range(200)]
    try:
        def call(client):
            with pytest.raises(psycopg.Error):
                client.execute("CALL dualwrite.await_synced(%s, 8000)", [txid])

        threads = [threading.Thread(target=call, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(2)
        ages = []
        for _ in range(8):
            for _ in range(100):
                db.value("SELECT pg_current_xact_id()")
            ages.append(db.value("""SELECT coalesce(max(age(backend_xmin)), 0) FROM pg_stat_activity
                                    WHERE pid <> pg_backend_pid() AND query LIKE 'CALL dualwrite%'"""))
            time.sleep(0.3)
        for thread in threads:
            thread.join()
        assert max(ages) < 400, ages  # of 800; a pause lasts half a second at most
    finally:
        for client in clients:
            client.close()
    # about 45 in eight seconds each, and less than two in each further second
    wait_until(lambda: 200 * 10 < db.value(looks) - before < 200 * 60, what="looks")


# ---- the recipes of docs/strict-mode.md ----------------------------------------------------------------------------------


def recipe(heading):
    text = (TOP / "docs" / "strict-mode.md").read_text()
    return re.search(rf"^## {heading}$.*?```python\n(.*?)```", text, re.MULTILINE | re.DOTALL).group(1)


DJANGO = """
import sys
import django
from django.conf import settings
host, port, name = sys.argv[1:]
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": host, "PORT": port,
                                          "NAME": name, "USER": "app_user"}})
django.setup()
from django.db import Error, connection, transaction
try:
    with transaction.atomic():
        with connection.cursor() as change:
            change.execute("UPDATE organizations_team SET region = %s, updated_at = now()", [sys.stdin.read()])
{recipe}
    print("in step")
except Error as error:
    print(error.__cause__.pgcode)
"""


def test_the_recipe_for_django(db, strict):
    db.legacy.execute(f"ALTER TABLE {LEGACY} ADD CONSTRAINT no_mars CHECK (region <> 'Mars')")
    team = db.new_team()
    strict.wait_for("dual_write_completed", team_id=team)
    script = DJANGO.replace("{recipe}", re.sub("^", "        ", recipe("Django"), flags=re.MULTILINE))

    def request(region):
        info = psycopg.conninfo.conninfo_to_dict(db.url("app_user"))
        done = subprocess.run(["/usr/bin/python3", "-c", script, info["host"], str(info["port"]), info["dbname"]], input=region,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert request("EU") == "in step"
    assert db.legacy.value(f"SELECT region FROM {LEGACY}") == "EU"
    assert request("Mars") == "DW001"
    assert db.value(f"SELECT region FROM {TEAM}") == "Mars"


def test_the_recipe_for_anything_else(db, strict):
    team = db.new_team(region="NA")
    strict.wait_for("dual_write_completed", team_id=team)
    with db.connect("app_user", autocommit=True) as connection:
        exec(recipe("Anything else").replace("id = 1", f"id = {team}"), {"connection": connection})
    assert db.legacy.value(f"SELECT region FROM {LEGACY}") == "EU"
