"""`dualwrited explain`: one row's story as the databases have it, and the verdict that an operator acts on."""

import json

import pytest

from conftest import Daemon, assert_in_step, dualwrited, wait_until
from helpers import (
    ENABLED, HOSTILE, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, as_sync_session, cli, failed, forget_events,
    legacy_rows, shadow_of,
)
from test_failed import bad_team, free_slug, parked

pytestmark = pytest.mark.layouts("one", "two")


def explain(db, *args, code=0, user="daemon_login", **settings):
    done = cli(db, "explain", *args, "--json", user=user, check=False, **settings)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def text(db, *args, code=0, **settings):
    done = cli(db, "explain", *args, user="daemon_login", check=False, **settings)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def columns(story, legacy=0):
    return {column["column"]: column for column in story["legacy"][legacy]["columns"]}


@pytest.fixture
def synced(installed):
    """Two teams with members, in step, and no daemon left."""
    with Daemon(installed):
        team = installed.new_team("Alpha", slug="alpha", branding={"logo_url": "http://x/y.png"}, actor="456")
        installed.member = installed.new_member(team, 101)
        installed.team = team
        assert_in_step(installed)
    return installed


def test_in_step(synced):
    before = legacy_rows(synced, versions=True)
    story = explain(synced, f"--team={synced.team}")
    assert story["in_step"] is True and story["verdict"] == "in step" and story["next"] is None
    assert story["entity"] == "team" and story["key"] == [str(synced.team)] and story["identity"] == {"id": str(synced.team)}
    assert story["vnext"] == {"table": '"public"."organizations_team"', "found": True, "present": True, "error": None,
                              "keys": [[str(synced.team)]]}
    (legacy,) = story["legacy"]
    assert legacy["key"] == {"id": str(shadow_of(synced, synced.team))} and legacy["found"] and legacy["equal"]
    assert columns(story)["game"] == {"column": "game", "rule": "compared", "vnext": "valorant", "legacy": "valorant", "same": True}
    assert columns(story)["logo_url"]["vnext"] == "http://x/y.png"
    assert columns(story)["is_active"]["legacy"] == "true" and columns(story)["created_at"]["rule"] == "insert_only"
    assert story["map"][0]["legacy_slug"] == "alpha" and story["map"][0]["verified"] == "true"
    assert story["last_sync"]["verified"] is True and story["parent"] is None
    assert story["waiting"] == {"total": 0, "events": []} and story["failed"] == []
    assert 0 <= story["place"]["partition"] < 8 and story["place"]["instance"] is None
    member = explain(synced, "--membership", str(synced.member))
    assert member["verdict"] == "in step" and member["map"] is None
    assert member["identity"] == {"team_id": str(synced.team), "user_id": "101"}
    assert member["parent"] == {"entity": "team", "key": str(synced.team), "legacy_key": str(shadow_of(synced, synced.team)),
                                "has_legacy_row": True}
    assert columns(member)["left_at"] == {"column": "left_at", "rule": "compared", "vnext": None, "legacy": None, "same": True}
    assert legacy_rows(synced, versions=True) == before
    said = text(synced, f"--membership={synced.member}")
    assert said.endswith(f"membership {synced.member}: in step\n") and "insert only" in said


def test_every_way_to_name_a_row(synced):
    wanted = explain(synced, f"--team={synced.team}")
    legacy = shadow_of(synced, synced.team)
    for args in (("--team", synced.team), ("--entity=team", f"--key={synced.team}"), ("--entity", "team", "--legacy", legacy),
                 (f"--team=00{synced.team}",), (f"--team= {synced.team} ",)):
        assert explain(synced, *args) == wanted, args
    member = explain(synced, f"--membership={synced.member}")
    assert explain(synced, "--entity=membership", f"--legacy={legacy}", "--legacy=101") == member


def test_drift_without_an_event(synced):
    as_sync_session(synced, f"UPDATE {LEGACY_TEAM} SET name = 'Wrong', created_at = created_at - interval '1 day'")
    story = explain(synced, f"--team={synced.team}", code=1)
    assert story["in_step"] is False and "drifted without an event" in story["verdict"]
    assert story["next"] == "dualwrited reconcile --fix"
    assert columns(story)["name"] == {"column": "name", "rule": "compared", "vnext": "Alpha", "legacy": "Wrong", "same": False}
    assert columns(story)["created_at"]["same"] is False  # and not a reason
    said = text(synced, f"--team={synced.team}", code=1)
    assert said.count("<-- DIFFERS") == 1 and "differs, which is right" in said
    as_sync_session(synced, f"DELETE FROM {LEGACY_MEMBERSHIP}")
    story = explain(synced, f"--membership={synced.member}", code=1)
    assert "has no legacy row, and no event" in story["verdict"] and story["legacy"][0]["found"] is False
    assert columns(story)["role"]["vnext"] == "PLAYER"


def test_waiting_for_whom(synced):
    synced.execute(f"UPDATE {TEAM} SET name = 'Beta'")
    synced.execute(f"UPDATE {TEAM} SET name = 'Gamma'")
    story = explain(synced, f"--team={synced.team}", code=1)
    assert "no daemon works on partition" in story["verdict"] and story["waiting"]["total"] == 2
    event = story["waiting"]["events"][0]
    assert event["operation"] == "sync_team_settings_updated" and event["age_seconds"] >= 0 and event["actor"] is None
    synced.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
                      VALUES (gen_random_uuid(), 'web-7', 77, 'v', dualwrite.setting('mapping_digest'), %s, true, 'asleep',
                              now() + interval '9 seconds')""", [json.dumps({ENABLED: "true"})])
    story = explain(synced, f"--team={synced.team}", code=1)
    assert story["verdict"].startswith("waits for the daemon on web-7, pid 77, partition ")
    assert story["place"]["host"] == "web-7" and story["place"]["held"] is False
    synced.execute(f"INSERT INTO dualwrite.override (flag, value, who) VALUES ('{ENABLED}', 'false', 'x')")
    assert "until dual write is on" in explain(synced, f"--team={synced.team}", code=1)["verdict"]
    # what waits about another row is not this one's
    other = synced.new_team("Other")
    assert explain(synced, f"--team={synced.team}", code=1)["waiting"]["total"] == 2
    assert "waits until" in explain(synced, f"--team={other}", code=1)["verdict"]
    # an event that will change nothing
    synced.execute(f"UPDATE {TEAM} SET name = 'Alpha', updated_at = (SELECT updated_at FROM {TEAM} WHERE id = %s) WHERE id = %s",
                   [synced.team, synced.team])
    as_sync_session(synced, f"UPDATE {LEGACY_TEAM} SET updated_at = %s",
                    [synced.value(f"SELECT updated_at FROM {TEAM} WHERE id = %s", [synced.team])])
    assert "what waits will change nothing" in explain(synced, f"--team={synced.team}")["verdict"]


def test_parked_and_mended(installed):
    with Daemon(installed, DUALWRITE_RETRY_MAX_ATTEMPTS=1):
        team = bad_team(installed)
        member = installed.new_member(team, 101)
        wait_until(lambda: len(parked(installed)) == 1 and installed.value("SELECT count(*) FROM dualwrite.failed") == 2)
        story = explain(installed, f"--team={team}", code=1)
        assert story["verdict"].startswith("parked because: ") and "unique_violation" in story["verdict"]
        ((event,),) = parked(installed)
        assert story["next"] == f"mend that, then: dualwrited failed retry --event={event} --wait"
        assert story["failed"][0]["event_id"] == str(event) and story["failed"][0]["parked"] is True
        assert story["legacy"][0]["found"] is False and story["place"]["instance"] is not None
        assert explain(installed, f"--failed={event}", code=1)["key"] == [str(team)]
        child = explain(installed, f"--membership={member}", code=1)
        assert "tried again by itself" in child["verdict"] and child["parent"]["has_legacy_row"] is False
        said = text(installed, f"--team={team}", code=1)
        assert "PARKED" in said and f"-> mend that, then: dualwrited failed retry --event={event}" in said
        free_slug(installed)
    with Daemon(installed):
        installed.execute("UPDATE dualwrite.failed SET retry_at = now()")
        assert_in_step(installed)
        wait_until(lambda: failed(installed) == {})
        assert explain(installed, f"--team={team}")["verdict"] == "in step"
        assert explain(installed, f"--membership={member}")["verdict"] == "in step"
    assert "no failed event" in cli(installed, "explain", f"--failed={event}", check=1).stderr


def test_what_is_gone(synced):
    legacy = shadow_of(synced, synced.team)
    synced.execute(f"DELETE FROM {MEMBERSHIP}; DELETE FROM {TEAM}")
    story = explain(synced, f"--team={synced.team}", code=1)
    assert story["vnext"]["found"] is False and story["waiting"]["events"][0]["operation"] == "sync_team_deleted"
    member = explain(synced, f"--membership={synced.member}", code=1)  # known by its event alone
    assert member["identity"] == {"team_id": str(synced.team), "user_id": "101"}
    forget_events(synced)
    story = explain(synced, f"--team={synced.team}", code=1)
    assert "gone from vNext without an event" in story["verdict"]
    assert columns(story)["is_active"] == {"column": "is_active", "rule": "compared", "vnext": "false", "legacy": "true",
                                           "same": False}
    assert columns(story)["name"]["same"] is None
    done = cli(synced, "explain", f"--membership={synced.member}", user="daemon_login", check=1)
    assert "--legacy=KEY" in done.stderr
    assert explain(synced, "--entity=membership", f"--legacy={legacy}", "--legacy=101", code=1)["vnext"]["found"] is False
    as_sync_session(synced, f"UPDATE {LEGACY_TEAM} SET is_active = false")
    as_sync_session(synced, f"UPDATE {LEGACY_MEMBERSHIP} SET status = 'INACTIVE', left_at = now()")
    assert explain(synced, f"--team={synced.team}")["verdict"].startswith("in step: gone from vNext")
    assert explain(synced, "--entity=membership", f"--legacy={legacy}", "--legacy=101")["in_step"] is True
    # never was
    assert "no such row" in explain(synced, "--team=999999", code=1)["verdict"]
    assert "no map row" in cli(synced, "explain", "--entity=team", "--legacy=999999", user="daemon_login", check=1).stderr


def test_absent_rows_and_stays(synced):
    synced.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE'")
    second = synced.new_member(synced.team, 101, status="INACTIVE")
    forget_events(synced)
    story = explain(synced, f"--membership={second}", code=1)
    assert story["vnext"]["present"] is False and len(story["vnext"]["keys"]) == 2
    assert columns(story)["status"]["vnext"] == "INACTIVE" and columns(story)["status"]["legacy"] == "ACTIVE"
    assert "2 rows stand for one legacy row" in text(synced, f"--membership={second}", code=1)
    with Daemon(synced):
        synced.execute(f"UPDATE {MEMBERSHIP} SET role = 'COACH'")
        assert_in_step(synced)
        wait_until(lambda: explain_quietly(synced, second)["in_step"])
    # one that never had a legacy row, and is absent, needs none
    third = synced.new_member(synced.team, 202, status="INACTIVE")
    forget_events(synced)
    assert explain(synced, f"--membership={third}")["verdict"] == "in step"


def explain_quietly(db, member):
    return json.loads(cli(db, "explain", f"--membership={member}", "--json", user="daemon_login", check=False).stdout)


def test_a_row_that_cannot_be_read_or_written(synced):
    synced.execute(f"UPDATE {TEAM} SET game_id = 99")
    forget_events(synced)
    story = explain(synced, f"--team={synced.team}", code=1)
    assert story["verdict"].startswith("cannot be read through the mapping: ") and "'99'" in story["verdict"]
    synced.execute(f"ALTER TABLE {TEAM} ALTER name TYPE text")
    synced.execute(f"UPDATE {TEAM} SET game_id = 1, name = repeat('x', 300)")
    forget_events(synced)
    story = explain(synced, f"--team={synced.team}", code=1)
    assert story["verdict"].startswith("legacy would refuse it: value too long")
    assert columns(story)["name"]["vnext"] == "x" * 300


def test_hostile_values_reach_no_terminal_raw(installed):
    installed.execute(f"ALTER TABLE {TEAM} ALTER name TYPE text, ALTER region TYPE text, ALTER slug TYPE text")
    for value in HOSTILE.values():
        team = installed.new_team("x", description=value)
        installed.execute(f"UPDATE {TEAM} SET description = %s WHERE id = %s", [value, team])
        story = explain(installed, f"--team={team}", code=1)
        assert columns(story)["description"]["vnext"] == value
        said = text(installed, f"--team={team}", code=1)
        assert not [c for c in said if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], repr(said)
        assert "\u202e" not in said and not [line for line in said.splitlines() if line.startswith("2026-01-01")]
        done = cli(installed, "explain", f"--team={value}", user="daemon_login", check=64)
        assert not [c for c in done.stderr if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], repr(done.stderr)


def test_what_is_not_understood(synced):
    def err(*args, code=64):
        return cli(synced, "explain", *args, user="daemon_login", check=code).stderr

    assert "--team=KEY" in err() and "team, membership" in err()
    assert '"team" is the nearest' in err("--entity=taem", "--key=1")
    assert "team is the nearest" in err("--taem=1")
    assert "has 1 column (id)" in err("--entity=team", "--key=1", "--key=2")
    assert "has 2 columns (team_id, user_id)" in err("--entity=membership", "--legacy=1")
    assert "one row at a time" in err("--team=1", "--legacy=1")
    assert "one row at a time" in err("--team=1", "--failed=1")
    assert "bigint" in err("--team=x") or "integer" in err("--team=x")
    assert "no such key" in err("--team=99999999999999999999")
    assert "takes" in err("--failed=x")
    assert "--entity" in dualwrited("explain", "--help").stdout
    done = cli(synced, "explain", "--team=1", check=69, DUALWRITE_DATABASE_URL="host=127.0.0.1 port=1 user=x password=secret-word")
    assert "secret-word" not in done.stderr
    assert "GRANT dualwrite_daemon" in cli(synced, "explain", "--team=1", user="app_user", check=70).stderr


@pytest.mark.layouts("two", reason="one database has no other side that could be away")
def test_the_legacy_database_is_away(synced):
    done = cli(synced, "explain", f"--team={synced.team}", user="daemon_login", check=69,
               DUALWRITE_LEGACY_DATABASE_URL="host=127.0.0.1 port=1 user=x password=secret-word")
    assert "DUALWRITE_LEGACY_DATABASE_URL" in done.stderr and "secret-word" not in done.stderr


def test_a_map_with_two_legacy_rows(synced):
    """A map that somebody broke: each legacy row is told of."""
    second = as_sync_session(synced, f"INSERT INTO {LEGACY_TEAM} (name, slug, game, region, description, is_active, created_at, "
                                     "updated_at) VALUES ('Two', 'two', 'csgo', 'EU', '', true, now(), now()) RETURNING id")[0][0]
    synced.execute(f"ALTER TABLE {MAP} DROP CONSTRAINT IF EXISTS {MAP}_vnext_team_id_key")
    synced.execute(f"""INSERT INTO {MAP} (vnext_team_id, legacy_team_id, legacy_slug, migration_date, verified, created_at, updated_at)
                       VALUES (%s, %s, 'two', now(), false, now(), now())""", [synced.team, second])
    done = cli(synced, "explain", f"--team={synced.team}", "--json", user="daemon_login", check=False)
    if done.returncode == 78:  # the mapping asks for a unique map, and says so
        assert "map" in done.stderr
        return
    assert done.returncode == 1 and len(json.loads(done.stdout)["legacy"]) == 2
