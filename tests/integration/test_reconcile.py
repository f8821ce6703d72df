"""`dualwrited reconcile`: what it finds, counts and shows, what it leaves alone, and that --fix heals it. What legacy should hold
is said by hand. How it behaves beside writers and failures: test_reconcile_live.py."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import Daemon, assert_in_step, install, wait_until
from helpers import (
    ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, as_sync_session, cli, default_mapping, drained, events,
    failed, forget_events, legacy_rows, shadow_of,
)

pytestmark = pytest.mark.layouts("one", "two")


def reconcile(db, *args, check=0, user="daemon_login", **settings):
    """The answer of `reconcile --json`, after checking its exit status."""
    done = cli(db, "reconcile", "--json", *args, user=user, check=check, **settings)
    answer = json.loads(done.stdout)
    assert_well_formed(answer)
    return answer


def assert_well_formed(answer):
    """What docs/operations.md says of the JSON form."""
    numbers = {"compared", "rows", "legacy_compared", "legacy_rows", "unmapped", "missing", "drifted", "extra", "refused",
               "parked", "in_flight"}
    assert set(answer) == {"entities", "summary"}
    for entity in answer["entities"]:
        assert set(entity) == numbers | {"entity", "complete", "columns", "classes", "fix"}
        assert all(type(entity[key]) is int for key in numbers)
        assert set(entity["fix"]) == {"updates_planned", "removals_planned", "queued", "fixed", "still_different",
                                      "needs_allow_removals"}
        for column in entity["columns"]:
            assert set(column) == {"column", "rows", "samples"}
            assert all(set(sample) == {"key", "vnext", "legacy"} for sample in column["samples"])
        for found in entity["classes"]:
            assert set(found) == {"class", "rows", "samples"}
            assert all(set(sample) == {"key", "error"} for sample in found["samples"])
    assert set(answer["summary"]) == {
        "verdict", "complete", "compared", "rows", "differences", "in_flight", "planned", "queued", "fixed", "fix", "dry_run",
        "daemons", "dual_write_enabled", "seconds", "why", "next"}
    assert answer["summary"]["verdict"] in ("clean", "fixed", "differences", "unfinished")


def of(answer, entity, *keys):
    """The numbers of one entity, as {key: number} without those that are 0."""
    found = next(e for e in answer["entities"] if e["entity"] == entity)
    keys = keys or ("missing", "drifted", "extra", "refused", "parked", "in_flight", "unmapped")
    return {key: found[key] for key in keys if found[key]}


def columns(answer, entity):
    """{column: rows} of what drifted."""
    found = next(e for e in answer["entities"] if e["entity"] == entity)
    return {column["column"]: column["rows"] for column in found["columns"]}


def samples(answer, entity, name):
    found = next(e for e in answer["entities"] if e["entity"] == entity)
    return next(l["samples"] for l in found["columns"] + found["classes"] if name in (l.get("column"), l.get("class")))


@pytest.fixture
def synced(db):
    """Ten teams of three members each, in step; no daemon runs."""
    install(db)
    with Daemon(db):
        for n in range(10):
            team = db.new_team(f"Team {n}", id=n + 1)
            for user in range(3):
                db.new_member(team, user_id=user + 1)
        drained(db)
        assert_in_step(db)
    return db


# ---- what it finds ---------------------------------------------------------------------------------------------------------


def test_nothing_differs(synced):
    before = legacy_rows(synced, versions=True)
    answer = reconcile(synced)
    assert answer["summary"]["verdict"] == "clean" and answer["summary"]["differences"] == 0
    assert of(answer, "team", "compared", "rows", "legacy_compared", "legacy_rows") == \
        {"compared": 10, "rows": 10, "legacy_compared": 10, "legacy_rows": 10}
    assert of(answer, "membership", "compared", "rows") == {"compared": 30, "rows": 30}
    assert legacy_rows(synced, versions=True) == before and events(synced) == []
    text = cli(synced, "reconcile", user="daemon_login").stdout
    assert text.rstrip().splitlines()[-1] == "CLEAN: 40 of 40 rows compared, no difference."


def test_an_empty_database_is_clean(db):
    install(db)
    assert reconcile(db)["summary"]["verdict"] == "clean"


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_every_kind_is_counted_exactly(synced, chunk):
    db = synced
    shadows = [shadow_of(db, n) for n in range(1, 11)]
    # drifted: two columns of one team, one of two others, a member's role
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz', name = 'other' WHERE id = %s", [shadows[0]])
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET logo_url = 'x' WHERE id = ANY (%s)", [shadows[1:3]])
    as_sync_session(db, f"UPDATE {LEGACY_MEMBERSHIP} SET role = 'COACH' WHERE team_id = %s AND user_id = 1", [shadows[3]])
    # missing: a member, and a team that never had a legacy row
    as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP} WHERE team_id = %s AND user_id = 2", [shadows[4]])
    db.new_team("Unheard of", id=50)
    # extra: a member whom vNext does not have, a team that is gone from vNext and still active; legacy's own row is neither
    as_sync_session(db, f"""INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
                            VALUES (%s, 77, 'PLAYER', 'ACTIVE', now()), (%s, 78, 'PLAYER', 'INACTIVE', now())""",
                    [shadows[5], shadows[5]])
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = 10; DELETE FROM {TEAM} WHERE id = 10")
    as_sync_session(db, f"""INSERT INTO {LEGACY_TEAM} (id, name, slug, game, region, description, is_active, created_at, updated_at)
                            VALUES (5000, 'own', 'own', 'csgo', '', '', true, now(), now())""")
    forget_events(db)
    answer = reconcile(db, f"--chunk={chunk}", check=1)
    assert of(answer, "team") == {"missing": 1, "drifted": 3, "extra": 1, "unmapped": 1}
    assert columns(answer, "team") == {"logo_url": 2, "name": 1, "region": 1}
    assert samples(answer, "team", "region") == [{"key": "1", "vnext": "NA", "legacy": "zz"}]
    assert {sample["key"] for sample in samples(answer, "team", "logo_url")} == {"2", "3"}
    assert samples(answer, "team", "missing") == [{"key": "50", "error": None}]
    assert samples(answer, "team", "extra") == [{"key": "10", "error": None}]
    # 78 was given up already except for the time when; that is what a removal would write
    assert of(answer, "membership") == {"missing": 1, "drifted": 1, "extra": 5}
    assert columns(answer, "membership") == {"role": 1}
    assert {sample["key"] for sample in samples(answer, "membership", "extra")} >= {"team_id=6, user_id=77"}
    assert answer["summary"]["differences"] == 12 and answer["summary"]["verdict"] == "differences"
    assert events(db) == []


def test_samples_are_as_many_as_asked_for_and_values_are_shown_as_they_are(synced):
    db = synced
    db.execute(f"UPDATE {TEAM} SET description = E'a \"b\"\\nc ' || id, branding = '{{}}'")
    forget_events(db)
    answer = reconcile(db, "--sample=3", check=1)
    assert columns(answer, "team") == {"description": 10}
    found = samples(answer, "team", "description")
    assert [sample["key"] for sample in found] == ["1", "2", "3"]
    assert found[0] == {"key": "1", "vnext": 'a "b"\nc 1', "legacy": ""}
    text = cli(db, "reconcile", user="daemon_login", check=1).stdout
    assert "    column description: 10\n" in text and 'vNext gives "a "b"\\x0ac 1", legacy has ""' in text
    assert "... and 5 more" in text
    assert text.rstrip().splitlines()[-1].startswith("DIFFERENCES: 10 in 40 of 40 rows compared. Queue them with")
    assert samples(reconcile(db, "--sample=0", check=1), "team", "description") == []


def test_what_an_update_does_not_write_is_no_difference(synced):
    """insert_only columns, and the time of a removal that was another."""
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET created_at = '2001-01-01'")
    with Daemon(db):
        db.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE' WHERE id = 1; DELETE FROM {MEMBERSHIP} WHERE id = 2")
        drained(db)
    as_sync_session(db, f"UPDATE {LEGACY_MEMBERSHIP} SET left_at = '2001-01-01' WHERE left_at IS NOT NULL")
    assert reconcile(db)["summary"]["verdict"] == "clean"


def test_only_the_entities_that_were_asked_for(synced):
    as_sync_session(synced, f"UPDATE {LEGACY_TEAM} SET region = 'zz'")
    answer = reconcile(synced, "--entity", "membership")
    assert [e["entity"] for e in answer["entities"]] == ["membership"]
    answer = reconcile(synced, "--entity", "membership", "--entity=team", check=1)
    assert [e["entity"] for e in answer["entities"]] == ["team", "membership"]  # parents first


# ---- in flight, parked, refused --------------------------------------------------------------------------------------------


def test_what_waits_is_in_flight_and_nothing_else(synced):
    """Without a daemon: no use in waiting, and it says so. A difference beside it is confirmed all the same."""
    db = synced
    db.execute(f"UPDATE {TEAM} SET name = 'new' WHERE id IN (1, 2)")
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE id = %s", [shadow_of(db, 3)])
    answer = reconcile(db, check=70)
    assert of(answer, "team") == {"drifted": 1, "in_flight": 2}
    assert answer["summary"]["verdict"] == "unfinished" and answer["summary"]["daemons"] == 0
    assert "No daemon" in answer["summary"]["next"] and answer["summary"]["seconds"] < 10
    # the same run goes on when they are applied
    with Daemon(db):
        drained(db)
        answer = reconcile(db, "--resume", check=1)
    assert of(answer, "team") == {"drifted": 1}


def test_a_table_with_a_resync_mark_is_in_flight(synced):
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE id = %s", [shadow_of(db, 3)])
    db.execute("SELECT nextval('dualwrite.resync_team')")
    assert of(reconcile(db, check=70), "team") == {"in_flight": 1}
    with Daemon(db) as daemon:
        daemon.wait_for("resync_completed")
        drained(db)
        assert reconcile(db, "--resume")["summary"]["verdict"] == "clean"


def test_parked_rows_are_told_with_their_reason_and_not_queued(synced):
    db = synced
    with Daemon(db) as daemon:
        db.execute(f"UPDATE {TEAM} SET game_id = 9 WHERE id = 4")
        daemon.wait_for("dual_write_failed", team_id=4)
        answer = reconcile(db, "--fix", check=1)
    assert of(answer, "team") == {"parked": 1}
    (sample,) = samples(answer, "team", "parked")
    assert sample["key"] == "4" and "no entry for '9'" in sample["error"]
    assert "failed retry" in answer["summary"]["next"]
    assert events(db) == [] and list(failed(db)) == ["4"]
    # once it is mended and tried again, the same run has nothing to say of it
    with Daemon(db):
        db.execute(f"UPDATE {TEAM} SET game_id = 2 WHERE id = 4")
        drained(db)
        assert reconcile(db, "--resume")["summary"]["verdict"] == "clean"


def test_a_row_that_cannot_be_mapped_is_refused_and_the_others_are_compared(synced):
    db = synced
    db.execute(f"UPDATE {TEAM} SET game_id = 9 WHERE id IN (4, 7); UPDATE {TEAM} SET region = 'EU' WHERE id = 5")
    forget_events(db)
    answer = reconcile(db, check=1)
    assert of(answer, "team", "compared", "refused", "drifted") == {"compared": 10, "refused": 2, "drifted": 1}
    assert {sample["key"] for sample in samples(answer, "team", "refused")} == {"4", "7"}
    assert all("no entry for '9'" in sample["error"] for sample in samples(answer, "team", "refused"))


# ---- mending ---------------------------------------------------------------------------------------------------------------


def test_backfill(db):
    """Rows from before the installation: reconcile --fix is how they get their legacy rows."""
    for n in range(25):
        team = db.new_team(f"Old {n}")
        db.new_member(team, user_id=n)
        db.new_member(team, user_id=n + 100, status="INACTIVE")
    install(db)
    with Daemon(db):
        answer = reconcile(db, "--fix", "--chunk=7")
        assert of(answer, "team") == {"missing": 25} and of(answer, "membership") == {"missing": 25}
        assert answer["summary"]["verdict"] == "fixed" and answer["summary"]["fixed"] == 50
        assert_in_step(db, 0)
    assert db.value(f"SELECT count(*) FROM {MAP} WHERE verified") == 25
    assert reconcile(db)["summary"]["verdict"] == "clean"


def test_fix_heals_everything(synced):
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz', is_active = false")
    as_sync_session(db, f"DELETE FROM {LEGACY_MEMBERSHIP} WHERE user_id = 2")
    as_sync_session(db, f"""INSERT INTO {LEGACY_MEMBERSHIP} (team_id, user_id, role, status, joined_at)
                            SELECT id, 77, 'PLAYER', 'ACTIVE', now() FROM {LEGACY_TEAM}""")
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = 10; DELETE FROM {TEAM} WHERE id = 10")
    db.new_team("Unheard of", id=50)
    forget_events(db)
    with Daemon(db) as daemon:
        done = cli(db, "reconcile", "--fix", user="daemon_login")
        assert_in_step(db, 0)
        ops = {line["operation"] for line in daemon.lines("dual_write_completed")}
    assert "queueing team: 10 updates, 0 removals" in done.stderr
    assert re.search(r"queueing membership: \d+ updates, \d+ removals", done.stderr)
    assert done.stdout.rstrip().splitlines()[-1].startswith("FIXED: ")
    assert "sync_team_member_removed" in ops and "sync_team_settings_updated" in ops
    assert failed(db) == {} and reconcile(db)["summary"]["verdict"] == "clean"


def test_a_team_gone_from_vnext_is_removed_as_the_mapping_says(synced):
    db = synced
    db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = 10; DELETE FROM {TEAM} WHERE id = 10")
    forget_events(db)
    with Daemon(db) as daemon:
        answer = reconcile(db, "--fix")
        daemon.wait_for("dual_write_completed", operation="sync_team_deleted", team_id=10)
    assert of(answer, "team") == {"extra": 1} and of(answer, "membership") == {"extra": 3}
    assert db.legacy.value(f"SELECT is_active FROM {LEGACY_TEAM} WHERE id = %s", [shadow_of(db, 10)]) is False
    assert_in_step(db, 0)


def test_dry_run_queues_nothing(synced):
    as_sync_session(synced, f"UPDATE {LEGACY_TEAM} SET region = 'zz'")
    before = legacy_rows(synced, versions=True)
    answer = reconcile(synced, "--fix", "--dry-run", check=1)
    assert answer["entities"][0]["fix"]["updates_planned"] == 10 and answer["summary"]["planned"] == 10
    assert events(synced) == [] and legacy_rows(synced, versions=True) == before
    text = cli(synced, "reconcile", "--fix", "--dry-run", user="daemon_login", check=1).stdout
    assert "would be queued:\n  team: 10 updates, 0 removals" in text


def test_fix_without_a_daemon_queues_and_says_so(synced):
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE id = %s", [shadow_of(db, 3)])
    answer = reconcile(db, "--fix", check=70)
    assert "no daemon" in answer["summary"]["why"] and answer["summary"]["queued"] == 1
    assert events(db) == [("sync_team_settings_updated", ["3"])]
    with Daemon(db):
        answer = reconcile(db, "--resume", "--fix")
    assert answer["summary"]["verdict"] == "fixed" and answer["summary"]["fixed"] == 1
    assert events(db) == []


def test_no_wait(synced):
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE id = %s", [shadow_of(db, 3)])
    answer = reconcile(db, "--fix", "--no-wait", check=1)
    assert answer["summary"]["queued"] == 1 and answer["summary"]["verdict"] == "differences"


def test_what_legacy_changes_back_is_not_called_fixed(synced):
    db = synced
    db.legacy.execute(f"""
        CREATE FUNCTION stubborn() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.region := upper(NEW.region) || ''!''; RETURN NEW; END';
        CREATE TRIGGER stubborn BEFORE UPDATE ON {LEGACY_TEAM} FOR EACH ROW EXECUTE FUNCTION stubborn()""")
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz' WHERE id = %s", [shadow_of(db, 3)])
    with Daemon(db):
        answer = reconcile(db, "--fix", check=1)
    assert answer["entities"][0]["fix"]["still_different"] == 1 and answer["summary"]["fixed"] == 0
    assert samples(answer, "team", "region") == [{"key": "3", "vnext": "NA", "legacy": "NA!"}]
    assert "trigger" in answer["summary"]["next"]


def test_too_many_removals_stop_and_ask(db):
    install(db)
    with Daemon(db):
        db.execute(f"INSERT INTO {TEAM} (id, name, slug, game_id) SELECT n, n, n, 1 FROM generate_series(1, 400) n")
        drained(db, 60)
    db.execute(f"DELETE FROM {TEAM} WHERE id > 250; UPDATE {TEAM} SET region = 'EU' WHERE id = 1")
    forget_events(db)
    answer = reconcile(db, "--fix", check=1)
    assert of(answer, "team")["extra"] == 150 and answer["entities"][0]["fix"]["needs_allow_removals"] is True
    assert "--allow-removals" in answer["summary"]["next"] and events(db) == []
    # below the share nobody is asked; and with a word it goes on
    def asks(*args, **settings):
        answer = reconcile(db, "--resume", "--fix", "--dry-run", *args, check=1, **settings)
        return answer["entities"][0]["fix"]["needs_allow_removals"]

    assert asks() is True and asks("--removal-share=40") is False
    assert asks(DUALWRITE_REMOVAL_SHARE="40%") is False and asks(DUALWRITE_REMOVAL_SHARE="30%") is True
    assert asks("--removal-share=30", DUALWRITE_REMOVAL_SHARE="40%") is True  # the option overrides
    with Daemon(db):
        answer = reconcile(db, "--resume", "--fix", "--allow-removals")
    assert answer["summary"]["verdict"] == "fixed"
    assert db.legacy.value(f"SELECT count(*) FROM {LEGACY_TEAM} WHERE NOT is_active") == 150


def test_rows_that_are_not_present_any_more_are_removals_too(db):
    """A filter gone wrong, or a status: the source rows are all there, and the legacy rows would go all the same."""
    install(db)
    team = db.new_team("Alpha", id=1)
    with Daemon(db):
        db.execute(f"INSERT INTO {MEMBERSHIP} (team_id, user_id) SELECT %s, n FROM generate_series(1, 400) n", [team])
        drained(db, 60)
    db.execute(f"UPDATE {MEMBERSHIP} SET status = 'INACTIVE' WHERE user_id > 250; "
               f"UPDATE {MEMBERSHIP} SET role = 'COACH' WHERE user_id = 1")
    forget_events(db)
    answer = reconcile(db, "--fix", check=1)
    assert events(db) == []
    fix = answer["entities"][1]["fix"]
    assert fix["needs_allow_removals"] is True and (fix["updates_planned"], fix["removals_planned"]) == (1, 150)
    with Daemon(db) as daemon:
        answer = reconcile(db, "--resume", "--fix", "--allow-removals")
        daemon.wait_for("dual_write_completed", operation="sync_team_member_removed", user_id="dualwrited reconcile", count=150)
    assert answer["summary"]["verdict"] == "fixed"
    # one that is removed already is only written
    as_sync_session(db, f"UPDATE {LEGACY_MEMBERSHIP} SET role = 'zz' WHERE user_id > 250")
    answer = reconcile(db, "--fix", "--dry-run", check=1)
    assert answer["entities"][1]["fix"]["removals_planned"] == 0 and answer["entities"][1]["fix"]["updates_planned"] == 150


def test_a_run_that_is_forgotten_meanwhile_is_not_clean(synced):
    """A restore takes its findings away, and what is left of the run must not be counted as if there were none."""
    db = synced
    as_sync_session(db, f"UPDATE {LEGACY_TEAM} SET region = 'zz'")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(reconcile, db, "--chunk=1", "--rate=20", check=70)
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.reconcile_finding") == 10)
        db.execute("DELETE FROM dualwrite.reconcile")
        summary = answer.result(60)["summary"]
    assert summary["verdict"] == "unfinished" and "restored" in summary["why"]


# ---- refusals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("args, said", [
    (["--entity=teem"], '"team" is the nearest'),
    (["--resume", "--entity=team"], "leave --entity out"),
    (["--resume"], "no run to go on with"),
    (["--no-wait"], "--fix"),
    (["--allow-removals"], "--fix"),
    (["--chunk=0"], "from 1 to 100000"),
    (["--rate=fast"], "rows per second"),
    (["--rate=-1"], "rows per second"),
    (["--settle=5"], "a duration"),
    (["--max-lag=off"], "a duration"),
    (["--sample=5000"], "from 0 to 1000"),
    (["--removal-share=101"], "percentage"),
    (["--format=xml"], "text or json"),
    (["--fox"], "--fix is the nearest"),
    (["team"], "unexpected word"),
])
def test_bad_options(db, args, said):
    install(db)
    done = cli(db, "reconcile", *args, user="daemon_login", check=64)
    assert said in done.stderr and done.stdout == ""


def test_without_an_installation(db):
    assert "run `dualwrited install`" in cli(db, "reconcile", user="daemon_login", check=False).stderr


def test_another_mapping_than_the_installed_one(db, tmp_path):
    install(db)
    other = default_mapping()
    del other["entities"][0]["columns"]["description"]
    tmp_path.chmod(0o755)
    file = tmp_path / "other.json"
    file.write_text(json.dumps(other))
    file.chmod(0o644)
    reconcile(db)
    done = cli(db, "reconcile", user="daemon_login", check=78, DUALWRITE_MAPPING_FILE=file)
    assert "another mapping is installed" in done.stderr
    # and a run of the mapping before cannot go on
    other["entities"][0]["columns"]["description"] = {"constant": ""}
    file.write_text(json.dumps(other))
    install(db, DUALWRITE_MAPPING_FILE=file)
    done = cli(db, "reconcile", "--resume", user="daemon_login", check=78, DUALWRITE_MAPPING_FILE=file)
    assert "begun with another mapping" in done.stderr


def test_without_the_role(db):
    install(db)
    done = cli(db, "reconcile", user="app_user", check=70)
    assert "dualwrite_daemon" in done.stderr


def test_a_database_that_is_away(synced):
    key = "DUALWRITE_DATABASE_URL" if synced.layout == "one" else "DUALWRITE_LEGACY_DATABASE_URL"
    done = cli(synced, "reconcile", user="daemon_login", check=69, **{key: "host=127.0.0.1 port=1 dbname=x"})
    assert "cannot connect" in done.stderr


def test_row_level_security_is_an_error_and_never_fewer_rows(synced):
    """A row that cannot be seen is not one that was deleted."""
    synced.execute(f"ALTER TABLE {TEAM} ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON {TEAM} USING (id < 3)")
    done = cli(synced, "reconcile", user="daemon_login", check=False)
    assert done.returncode in (70, 78) and "row" in done.stdout + done.stderr
    assert synced.value("SELECT count(*) FROM dualwrite.reconcile_finding") == 0


def test_dual_write_off(synced):
    synced.execute(f"UPDATE {TEAM} SET region = 'EU' WHERE id = 1")
    answer = reconcile(synced, check=70, **{ENABLED: False})
    assert of(answer, "team") == {"in_flight": 1}
