"""`dualwrited gate`: yes where all is well, and no, with the evidence, where one thing is planted that is not."""

import json
import subprocess

import pytest

from conftest import Daemon, assert_in_step, binary, clean_environment, wait_until
from helpers import ENABLED, LEGACY_TEAM, as_sync_session, cli, legacy_team, shadow_of

from test_second_app import everything, new_shop, shop  # noqa: F401

pytestmark = pytest.mark.layouts("one", "two")


def gate(db, *args, code=None, **settings):
    done = cli(db, "gate", "--json", *args, user="daemon_login", check=False, **settings)
    assert code is None or done.returncode == code, done.stdout + done.stderr
    report = json.loads(done.stdout)
    return report, {c["name"]: c for c in report["criteria"]}


def missed(criteria):
    return {name for name, c in criteria.items() if c["state"] != "met"}


@pytest.fixture
def ready(installed):
    """A daemon at work, two teams with members, everything compared and in order."""
    with Daemon(installed) as daemon:
        for name in ("Alpha", "Beta"):
            installed.new_member(installed.new_team(name))
        assert_in_step(installed)
        cli(installed, "reconcile", user="daemon_login")
        installed.daemon = daemon
        yield installed


def test_yes(ready):
    report, criteria = gate(ready, code=0)
    assert report["verdict"] == "yes" and report["looks"] == 1
    assert list(criteria) == ["coverage", "differences", "parked", "lag", "triggers", "daemons", "flags"]
    assert missed(criteria) == set() and {c["next"] for c in criteria.values()} == {None}
    assert criteria["coverage"]["evidence"] == ("team: 100.00 % of 2 legacy rows, 100.00 % of 2 vNext rows; "
                                                "membership: 100.00 % of 2 legacy rows")
    assert "team: none; membership: none; the run began" in criteria["differences"]["evidence"]
    assert "1 daemon works" in criteria["daemons"]["evidence"]
    said = cli(ready, "gate", user="daemon_login").stdout
    assert said.count("✓") == 7 and "yes: the cut-over may begin" in said and max(map(len, said.splitlines())) < 130


def test_uncovered_rows_are_counted(ready):
    """An active legacy team that the map does not know, with its member; one that is retired counts for nothing."""
    for slug, active in (("old", True), ("gone", False)):
        as_sync_session(ready, f"""INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active,
                                                               created_at, updated_at)
                                   VALUES ('Old', '{slug}', 'csgo', 'EU', '', {active}, now(), now())""")
    old = ready.legacy.value(f"SELECT id FROM {LEGACY_TEAM} WHERE slug = 'old'")
    as_sync_session(ready, f"""INSERT INTO teams_teammembership (team_id, user_id, role, status, joined_at)
                               SELECT {old}, u, 'PLAYER', 'ACTIVE', now() FROM generate_series(1, 6) u""")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"coverage"}
    assert criteria["coverage"]["evidence"] == ("team: 66.67 % of 3 legacy rows, 100.00 % of 2 vNext rows; "
                                                "membership: 25.00 % of 8 legacy rows")
    assert criteria["coverage"]["next"] == "dualwrited report"
    said = cli(ready, "gate", user="daemon_login", check=1).stdout
    assert "✗ coverage is 100 %: team: 66.67 %" in said and "  -> dualwrited report\n" in said and "no: not yet" in said


def test_a_vnext_row_without_its_legacy_row(ready):
    ready.execute("ALTER TABLE organizations_team DISABLE TRIGGER USER")
    team = ready.new_team("Unseen")
    ready.execute("ALTER TABLE organizations_team ENABLE ALWAYS TRIGGER zz_dualwrite_insert_team")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"coverage", "triggers"} and shadow_of(ready, team) is None
    assert "66.67 % of 3 vNext rows" in criteria["coverage"]["evidence"]
    assert criteria["coverage"]["next"] == "dualwrited reconcile --fix"
    assert "switched off: capture_team_update, capture_team_delete, capture_team_truncate on organizations_team" in \
        criteria["triggers"]["evidence"]


def test_a_row_on_its_way_is_covered(ready):
    ready.daemon.term()
    ready.new_team("Late")
    _, criteria = gate(ready, "--max-lag=1h", code=1)
    assert missed(criteria) == {"daemons"}
    assert "100.00 % of 3 vNext rows (1 on the way)" in criteria["coverage"]["evidence"]
    ready.execute("UPDATE dualwrite.outbox SET captured_at = captured_at - interval '6 s'")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"daemons", "lag"} and "more than 5.0 s allowed" in criteria["lag"]["evidence"]
    ready.daemon.start()
    wait_until(lambda: gate(ready)[0]["verdict"] == "yes")


def test_a_confirmed_difference(ready):
    team = ready.value("SELECT min(id) FROM organizations_team")
    as_sync_session(ready, f"UPDATE {LEGACY_TEAM} SET name = 'Drifted' WHERE id = %s", [shadow_of(ready, team)])
    assert gate(ready, code=0)[0]["verdict"] == "yes"  # nobody has looked since
    _, criteria = gate(ready, "--reconcile", code=1)
    assert missed(criteria) == {"differences"} and "team: 1 row differs" in criteria["differences"]["evidence"]
    assert criteria["differences"]["next"] == "dualwrited reconcile --fix"
    cli(ready, "reconcile", "--fix", user="daemon_login")
    assert legacy_team(ready, team, "name") == "Alpha"
    assert gate(ready, code=0)[0]["verdict"] == "yes"  # fixed is no difference any more


@pytest.mark.layouts("one", reason="what the run's record says is the same in both")
def test_a_comparison_that_says_nothing(ready):
    for spoil, said in (
            ("UPDATE dualwrite.reconcile SET started_at = started_at - interval '25 h'", "ago, too long (see --max-age)"),
            ("UPDATE dualwrite.reconcile SET pass = 'legacy' WHERE entity = 'team'", "team: the last reconcile did not end"),
            ("UPDATE dualwrite.reconcile SET mapping_digest = 'x'", "was of another mapping"),
            ("DELETE FROM dualwrite.reconcile WHERE entity = 'team'", "team: the last reconcile left it out"),
            ("DELETE FROM dualwrite.reconcile", "no reconcile was run yet")):
        ready.execute(spoil)
        report, criteria = gate(ready, code=70)
        assert report["verdict"] == "unknown" and missed(criteria) == {"differences"}
        assert said in criteria["differences"]["evidence"] and criteria["differences"]["next"] == "dualwrited gate --reconcile"
    assert gate(ready, "--reconcile", code=0)[0]["verdict"] == "yes"
    ready.execute("UPDATE dualwrite.reconcile SET started_at = started_at - interval '25 h'")
    assert gate(ready, "--max-age=26h", code=0)[0]["verdict"] == "yes"


@pytest.mark.layouts("one", reason="all of it is asked of the vNext database")
def test_parked_lagging_disagreeing(ready):
    ready.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                     VALUES (1, pg_current_xact_id(), now(), 1, 'team', 'sync_team_created', '{7}', 3, 'no')""")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"parked"} and criteria["parked"]["evidence"] == "1 event is parked"
    # tried again: not parked, and late
    ready.execute("UPDATE dualwrite.failed SET retry_at = now() + interval '1 hour', captured_at = now() - interval '1 min'")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"lag"} and "1 event is tried again" in criteria["lag"]["evidence"]
    ready.execute("DELETE FROM dualwrite.failed")
    ready.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
                     SELECT gen_random_uuid(), 'web-2', 1, '9', mapping_digest, flags || '{"TEAM_LEGACY_WRITE_BLOCKED": "false"}',
                            true, 'asleep', clock_timestamp() - interval '7 s' + interval '9 s' FROM dualwrite.daemon""")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"daemons"} and "they disagree on TEAM_LEGACY_WRITE_BLOCKED" in criteria["daemons"]["evidence"]
    # a beat that is missed, before the daemon stops counting
    ready.execute("""UPDATE dualwrite.daemon SET flags = '{}', mapping_digest = 'x' WHERE host = 'web-2'""")
    assert "runs another mapping and takes no work" in gate(ready, code=1)[1]["daemons"]["evidence"]
    ready.execute(f"INSERT INTO dualwrite.override (flag, value, why) VALUES ('{ENABLED}', 'false', 'test')")
    assert missed(gate(ready, code=1)[1]) == {"daemons", "flags"}


def test_another_mapping(shop):  # noqa: F811
    """Keys of uuid and text, quoted names, entities without maps, a child of a child."""
    with Daemon(shop):
        everything(shop)
        wait_until(lambda: shop.backlog() == 0 and shop.value("SELECT count(*) FROM dualwrite.failed") == 0)
        report, criteria = gate(shop, "--reconcile", code=0)
        said = criteria["coverage"]["evidence"]
        assert report["verdict"] == "yes"
        assert said == ("customer: 100.00 % of 1 legacy row, 100.00 % of 1 vNext row; loyalty: 100.00 % of 1 legacy row; "
                        "product: skipped, because no map tells its rows from others; reconcile compares them one by one; "
                        "subscription: 100.00 % of 1 legacy row, 100.00 % of 1 vNext row; item: 100.00 % of 1 legacy row")
        shop.execute("DELETE FROM crm.subscription_map")
        report, criteria = gate(shop, code=1)
        assert missed(criteria) == {"coverage"} and "subscription: 0.00 % of 1 legacy row, 0.00 % of 1 vNext row" in \
            criteria["coverage"]["evidence"]


def test_guard_triggers(ready):
    ready.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} DISABLE TRIGGER USER")
    _, criteria = gate(ready, code=1)
    assert missed(criteria) == {"triggers"} and "guard_record, guard_refuse on teams_team" in criteria["triggers"]["evidence"]
    assert criteria["triggers"]["next"] == "dualwrited install"


@pytest.mark.layouts("two", reason="there is no other database in layout one")
def test_the_legacy_database_is_away(ready):
    report, criteria = gate(ready, code=70, DUALWRITE_LEGACY_DATABASE_URL=ready.cluster.url("nowhere"))
    assert report["verdict"] == "unknown" and missed(criteria) == {"coverage", "triggers"}
    assert '"nowhere" does not exist' in criteria["coverage"]["evidence"]


def test_not_installed_and_unreachable(db):
    done = cli(db, "gate", check=70)
    assert "not installed" in done.stderr and done.stdout == ""
    assert "cannot connect" in cli(db, "gate", check=69, DUALWRITE_DATABASE_URL="host=/nonexistent").stderr


@pytest.mark.layouts("one", reason="what is looked at is the same in both")
def test_without_the_legacy_tables(installed):
    installed.execute("DROP TABLE teams_team CASCADE")
    done = cli(installed, "gate", check=70, user="daemon_login")
    assert "teams_team" in done.stderr and "dualwrited check" in done.stderr


@pytest.mark.layouts("one", reason="time passes alike in both")
def test_held_for_a_time(ready):
    report, _ = gate(ready, "--for=1500ms", code=0)
    assert report["looks"] > 1 and report["held_seconds"] >= 1.5
    # one miss ends it, long before the time is up
    config = ready.daemon.config
    child = subprocess.Popen([binary(), "gate", "--json", "--for=10m", "--config", str(config)], env=clean_environment(),
                             stdout=subprocess.PIPE, text=True)
    wait_until(lambda: ready.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dualwrited/gate'"))
    ready.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                     VALUES (1, pg_current_xact_id(), now(), 1, 'team', 'sync_team_created', '{7}', 3, 'no')""")
    answer, _ = child.communicate(timeout=30)
    assert child.returncode == 1 and json.loads(answer)["verdict"] == "no"


def test_usage(db):
    assert "it takes a time" in cli(db, "gate", "--for=5", check=64).stderr
