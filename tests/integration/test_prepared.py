"""Statements that come again with each batch are prepared once in a session: what the server then sees, and what happens where
a pooler or an altered table stands in the way. What they do is for the other tests."""

import re

import pytest

from conftest import Daemon, assert_in_step, wait_until

pytestmark = pytest.mark.layouts("one", "two")

EXECUTE = re.compile(r"@\w+/dualwrited/(\w+) LOG:  execute ([^:]+): (.*)")


def executed(cluster, since):
    """(connection, name of the prepared statement or <unnamed>, its beginning) of each statement in the server's log."""
    return EXECUTE.findall(cluster.log()[since:])


def test_a_batch_plans_nothing_anew(installed):
    db = installed
    for side in db.sides:
        side.execute(f"ALTER ROLE daemon_login IN DATABASE {side.name} SET log_statement = 'all'")
    with Daemon(db) as daemon:
        for n in range(2):
            daemon.wait_for("dual_write_completed", team_id=db.new_team(f"warm {n}"))
        since = len(db.cluster.log())
        daemon.wait_for("dual_write_completed", team_id=db.new_team("one more"))
        wait_until(lambda: any("COMMIT" in text for _, _, text in executed(db.cluster, since)))
        seen = [(name, text) for connection, name, text in executed(db.cluster, since) if connection in ("claim", "apply")]
        # plans are thrown away every ten seconds, by a statement that is not prepared itself
        assert {text for name, text in seen if name == "<unnamed>"} <= {"-- replan.sql: statements that are prepared are planned anew "
                                                                         "when they are next run. A plan for a table that was small a moment"}
        assert len(seen) > 10 and any(name.startswith("dualwrite_") for name, _ in seen)


def test_many_rows_are_planned_for_the_table_as_it_is(installed):
    db = installed
    for side in db.sides:
        side.execute(f"ALTER ROLE daemon_login IN DATABASE {side.name} SET log_statement = 'all'")
    db.execute("INSERT INTO organizations_team (name, slug, game_id) SELECT 't', 't' || n, 1 FROM generate_series(1, 150) n",
               user="app_user")
    since = len(db.cluster.log())
    with Daemon(db):
        assert_in_step(db)
    named = {name == "<unnamed>" for _, name, text in executed(db.cluster, since) if text.startswith('INSERT INTO "public"."teams_team"')}
    assert named == {True}


def test_plans_are_not_thrown_away_in_a_transaction_that_failed(installed):
    """It takes nothing but its rollback: a batch that fails when its plans are old goes on from its savepoint."""
    db = installed
    db.legacy.execute("""
        CREATE SEQUENCE seen;
        GRANT USAGE ON SEQUENCE seen TO PUBLIC;
        CREATE FUNCTION slow_at_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('public.seen') = 1 THEN PERFORM pg_sleep(11); END IF;
            RAISE 'never' USING ERRCODE = 'check_violation';
        END $$;
        CREATE TRIGGER slow_at_first BEFORE INSERT ON teams_team FOR EACH ROW WHEN (NEW.name = 'bad') EXECUTE FUNCTION slow_at_first()""")
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        db.execute("INSERT INTO organizations_team (name, slug, game_id) VALUES ('good', 'good', 1), ('bad', 'bad', 1)", user="app_user")
        daemon.wait_for("dual_write_failed", timeout=30, sqlstate="23514", attempt="1")
        assert daemon.lines("disconnected") == []
        assert db.legacy.value("SELECT count(*) FROM teams_team") == 2


def test_a_table_of_ours_that_is_altered_loses_nothing(installed):
    """A statement that gives other types than when it was prepared fails once, whatever it does."""
    db = installed
    with Daemon(db) as daemon:
        for n in range(8):
            daemon.wait_for("dual_write_completed", team_id=db.new_team(f"before {n}"))
        db.execute("ALTER TABLE dualwrite.failed ALTER COLUMN sqlstate TYPE varchar(5)")
        daemon.wait_for("dual_write_completed", team_id=db.new_team("after"))
        assert daemon.lines("dual_write_failed") == []
        assert any("cached plan" in line["error"] for line in daemon.lines("disconnected"))
        assert_in_step(db)
