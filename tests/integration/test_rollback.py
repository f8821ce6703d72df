"""`dualwrited rollback disable|strict-off|block-legacy|resume`: in force everywhere when the command comes back, and said where
it is not; this host's env file; what is to be looked at afterwards, and the text for the team."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from conftest import Daemon, binary, clean_environment, config_for, dualwrited, install, wait_until, write_env_file
from helpers import BLOCKED, BYPASS, ENABLED, STRICT, completed, flags_json, json_flag
from pairs import refused

both = pytest.mark.layouts("one", "two")


@pytest.fixture
def config(db, tmp_path):
    """An env file for the command, of its own: the daemons have others, as on another host."""
    path = tmp_path / "rollback.env"
    write_env_file(path, config_for(db))
    return path


def run(config, word, *args, check=True, env=None):
    """The document that `rollback WORD --json` prints."""
    done = dualwrited("rollback", word, "--config", config, "--json", *args, check=check, env=env)
    return json.loads(done.stdout)


def verdicts(document):
    return sorted(d["verdict"] for d in document["confirmation"]["daemons"])


def marks(document):
    return {entry["item"]: entry["mark"] for entry in document["checklist"]}


def overrides(db):
    return dict(db.execute("SELECT flag, value FROM dualwrite.override"))


@both
def test_disable_is_in_force_when_it_comes_back(db, config):
    install(db)
    with Daemon(db) as a, Daemon(db) as b:
        db.new_team()
        wait_until(lambda: db.backlog() == 0, what="the team is synced")
        done = run(config, "disable", "--reason=INC-7: slow", "--who=ann")
        marks_of = [(daemon, daemon.mark()) for daemon in (a, b)]
        db.new_team()
        assert done["confirmation"]["confirmed"] is True and verdicts(done) == ["confirmed", "confirmed"]
        assert done["flags"][ENABLED] == {**done["flags"][ENABLED], "before": "true", "value": "false", "source": "override",
                                          "who": "ann", "why": "INC-7: slow", "already": False}
        assert 0 < done["seconds"] < 60
        assert db.execute("SELECT flag, value, who, why FROM dualwrite.override") == [(ENABLED, "false", "ann", "INC-7: slow")]
        assert json_flag(flags_json(db), ENABLED) == "false"
        assert set(marks(done).values()) == {"ok", "open"}
        for daemon, since in marks_of:  # each has beaten since; nothing was taken
            daemon.signal(signal.SIGUSR1)
            daemon.wait_for("status", since=since, dual_write="off")
            assert not daemon.lines("dual_write_scheduled", since)
        assert run(config, "resume")["taken_back"][0]["who"] == "ann"
        wait_until(lambda: db.backlog() == 0, what="what was remembered is caught up with")
    assert overrides(db) == {}


@both
def test_no_batch_of_before_is_under_way_when_disable_comes_back(db, config):
    """The batch waits for a lock of the application's on a legacy row; disable waits for the batch, and says so when it is late."""
    install(db)
    with Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="20s") as daemon:
        team = db.new_team()
        completed(daemon, 1)
        with db.legacy.connect() as locker:
            locker.execute("LOCK TABLE teams_team IN SHARE ROW EXCLUSIVE MODE")
            db.execute("UPDATE organizations_team SET name = 'Other' WHERE id = %s", [team])
            daemon.wait_for("dual_write_scheduled", operation="sync_team_settings_updated")
            # a batch that is late for its locks gives up and comes again within a second or two: so not too long
            late = run(config, "disable", "--timeout=300ms", check=70)
            locker.rollback()
        assert late["confirmation"]["confirmed"] is False
        (waiting,) = late["confirmation"]["daemons"]
        assert waiting["verdict"] == "waiting" and "under way" in waiting["why"] and waiting["pid"] == daemon.pid
        assert late["confirmation"]["batches"]
        again = run(config, "disable")
        assert again["flags"][ENABLED]["already"] is True and again["confirmation"]["batches"] == []
        assert verdicts(again) == ["confirmed"]
        db.execute("UPDATE organizations_team SET name = 'Third' WHERE id = %s", [team])
        assert db.legacy.value("SELECT count(*) FROM teams_team WHERE name = 'Third'") == 0


@both
def test_a_daemon_that_stands_still_is_named(db, config):
    install(db)
    with Daemon(db) as good, Daemon(db) as stopped:
        os.kill(stopped.pid, signal.SIGSTOP)
        try:
            done = dualwrited("rollback", "disable", "--config", config, "--timeout=3s", check=70)
        finally:
            os.kill(stopped.pid, signal.SIGCONT)
        assert "NOT confirmed after" in done.stdout
        (line,) = [line for line in done.stdout.splitlines() if "    ✗" in line]
        assert f"pid {stopped.pid} (" in line and "last beat" in line
        assert [line for line in done.stdout.splitlines() if "    ✓" in line and f"pid {good.pid} " in line]
        assert "✗ every daemon obeys" in done.stdout and "NOT confirmed everywhere yet" in done.stdout
        assert overrides(db) == {ENABLED: "false"}
        # it holds all the same, and is confirmed once that daemon goes on
        assert verdicts(run(config, "disable")) == ["confirmed", "confirmed"]


def test_a_daemon_that_was_killed_long_ago_is_not_waited_for(db, config):
    install(db)
    db.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
                  VALUES (gen_random_uuid(), 'gone', 1, 'x', '', '{}', true, 'asleep', now() - interval '1 minute')""")
    with Daemon(db):
        assert verdicts(run(config, "disable")) == ["confirmed", "silent"]


def test_a_daemon_that_cannot_confirm_is_known_by_its_beat(db, config):
    """One of version 3 beside ours: it does not know the column."""
    install(db)
    with Daemon(db):
        db.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, beat_at)
                      VALUES ('00000000-0000-0000-0000-000000000001', 'old', 1, '0', '', '{}', true, 'asleep', clock_timestamp())""")
        late = run(config, "disable", "--timeout=300ms", check=70)
        (old,) = [d for d in late["confirmation"]["daemons"] if d["host"] == "old"]
        assert old["verdict"] == "waiting" and "cannot confirm" in old["why"] and "within 5 s" in old["why"]
        db.execute("UPDATE dualwrite.daemon SET beat_at = clock_timestamp() + interval '5 seconds' WHERE host = 'old'")
        assert verdicts(run(config, "disable")) == ["asked", "confirmed"]


@both
def test_without_a_daemon_it_is_the_command_that_tells_the_guard(db, config):
    install(db, "--guard=on", **{BLOCKED: False})
    assert not refused(db.legacy)
    done = dualwrited("rollback", "block-legacy", "--config", config)
    assert "none runs" in done.stdout and "confirmed by the database" in done.stdout
    assert overrides(db) == {ENABLED: "false", BLOCKED: "true", BYPASS: "false"}
    assert refused(db.legacy)
    done = dualwrited("rollback", "resume", "--config", config, f"--flag={BLOCKED}")
    assert f"taken back: {BLOCKED}=true" in done.stdout and f"{BLOCKED}=false: as `dualwrited install` published it" in done.stdout
    assert overrides(db) == {ENABLED: "false", BYPASS: "false"}
    assert not refused(db.legacy)


@both
def test_block_legacy_beats_a_bypass_of_running_daemons(db, config):
    install(db, "--guard=on")
    with Daemon(db, **{BYPASS: True, BLOCKED: False}):
        wait_until(lambda: not refused(db.legacy), what="the guard lets it through")
        done = run(config, "block-legacy")
        assert refused(db.legacy)
        assert verdicts(done) == ["confirmed"] and done["guard"] == "on" and done["confirmation"]["legacy"] is None
        run(config, "resume")
        assert not refused(db.legacy)


def test_block_legacy_says_when_the_guard_does_not_refuse(db, config):
    install(db, "--guard=record")
    done = dualwrited("rollback", "block-legacy", "--config", config, check=70)
    assert 'guard: it is "record"' in done.stdout and "install --guard=on" in done.stdout


def test_strict_off_leaves_the_sync_on(db, config):
    install(db)
    with Daemon(db, **{STRICT: True}) as daemon:
        done = run(config, "strict-off")
        assert verdicts(done) == ["confirmed"] and overrides(db) == {STRICT: "false"}
        team = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)
        assert "**Action Taken:** Disabled strict mode" in done["notice"]


def test_two_at_once_both_succeed(db, config):
    install(db)
    with Daemon(db):
        found = []
        threads = [threading.Thread(target=lambda word=word: found.append(run(config, word)))
                   for word in ("disable", "disable", "strict-off")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 3 and all(done["confirmation"]["confirmed"] for done in found)
        assert sorted(done["flags"][ENABLED]["already"] for done in found if ENABLED in done["flags"]) == [False, True]
        assert overrides(db) == {ENABLED: "false", STRICT: "false"}
    # two edits of one file: neither is lost
    assert {line for line in config.read_text().splitlines() if line.startswith("TEAM_")} == {
        f'{ENABLED}="false"', f"{STRICT}=false"}


def test_the_env_file_is_edited_and_put_back_and_nothing_else_of_it_changes(db, tmp_path):
    install(db)
    real = tmp_path / "real.env"
    text = (f"# ours\r\nDUALWRITE_DATABASE_URL='{db.url('daemon_login')}'\r\n\r\n  export {ENABLED} = \"on\"\r\n# the end")
    if db.layout == "two":
        text = text.replace("\r\n\r\n", f"\r\nDUALWRITE_LEGACY_DATABASE_URL='{db.legacy.url('daemon_login')}'\r\n\r\n", 1)
    real.write_bytes(text.encode())
    real.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real, 12345, 54321)
    link = tmp_path / "dualwrited.env"
    link.symlink_to(real)
    before = real.stat()

    done = run(link, "disable")
    assert done["env_file"] == {"file": str(link), "keys": [ENABLED], "state": "changed"}
    edited = real.read_bytes().decode()
    assert edited == text.replace(f'  export {ENABLED} = "on"', f'# rollback: {ENABLED}=false, and it was\r\n'
                                  f'# rollback|   export {ENABLED} = "on"\r\n  export {ENABLED} = "false"')
    after = real.stat()
    assert link.is_symlink() and (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dualwrited.env", "real.env"]

    assert run(link, "disable")["env_file"]["state"] == "same"
    assert run(link, "strict-off")["env_file"]["state"] == "changed"  # added at the end
    assert real.read_text().rstrip().endswith(f"{STRICT}=false")
    again = run(link, "resume")
    assert again["env_file"]["state"] == "changed"
    assert real.read_bytes().decode() == text + "\r\n"
    assert run(link, "resume")["env_file"]["state"] == "same"


def test_what_somebody_changed_in_the_env_file_since_is_left_alone(db, config):
    install(db)
    run(config, "disable")
    config.write_text(config.read_text().replace(f'{ENABLED}="false"', f"{ENABLED}=yes"))
    edited = config.read_text()
    done = run(config, "resume")
    assert done["env_file"]["state"] == "not_changed" and "somebody has changed" in done["env_file"]["why"]
    assert config.read_text() == edited and overrides(db) == {}


def test_an_env_file_that_cannot_be_written_is_no_failure(db, config):
    install(db)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        file = Path(folder, "dualwrited.env")
        file.write_text(config.read_text())
        file.chmod(0o444)
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*as_nobody, binary(), "rollback", "disable", "--config", str(file)], capture_output=True, text=True,
                              env=clean_environment(), timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "not changed (Permission denied); the override rules" in done.stdout
        assert file.read_text() == config.read_text()
    assert overrides(db) == {ENABLED: "false"}
    done = dualwrited("rollback", "disable", env=config_for(db))
    assert "there is none on this host" in done.stdout and "as it was already" in done.stdout


def test_dry_run_changes_nothing(db, config):
    install(db)
    text = config.read_text()
    for word in ("disable", "strict-off", "block-legacy", "resume"):
        document = run(config, word, "--dry-run")
        assert document["dry_run"] is True
    assert overrides(db) == {} and config.read_text() == text
    assert "would be changed" in dualwrited("rollback", "disable", "--config", config, "--dry-run").stdout


def test_the_notification_is_filled_in(db, config, tmp_path):
    install(db)
    notice = tmp_path / "notice.md"
    done = run(config, "disable", "--reason=legacy is slow\n## forged", "--who=ann", "--environment=staging",
               "--ticket=https://example.org/7", f"--notice={notice}")
    text = notice.read_text()
    assert text == done["notice"]
    for line in ("**Environment:** staging", "**Done by:** ann", "**Incident Ticket:** https://example.org/7",
                 f"- {ENABLED}: false", f"- {STRICT}: false", f"- {BLOCKED}: true"):
        assert line in text.splitlines(), text
    assert "legacy is slow\\n## forged" in text and "[" not in text.replace("[x]", "")
    assert "not syncing" in text and "rollback resume" in text


def test_words_that_no_server_would_take_stop_no_rollback(db, config):
    install(db)
    subprocess.run([binary(), "rollback", "disable", "--config", config, b"--reason=caf\xe9", "--who="], env=clean_environment(),
                   check=True, timeout=60, stdout=subprocess.DEVNULL)
    ((who, why),) = db.execute("SELECT who, why FROM dualwrite.override")
    assert "@" in who and why == "caf\\x{e9}"


def test_who_may_not_and_what_is_not_there(db, config, tmp_path):
    done = dualwrited("rollback", "disable", "--config", config, check=70)
    assert "not installed" in done.stderr
    install(db)
    other = tmp_path / "other.env"
    write_env_file(other, config_for(db, "app_user"))
    done = dualwrited("rollback", "disable", "--config", other, check=70)
    assert "GRANT dualwrite_daemon" in done.stderr and overrides(db) == {}
    assert "false" not in other.read_text()
    done = dualwrited("rollback", "resume", "--config", config, "--flag=TEAM_VNEXT_DUAL_WRITE_ENABELD", check=64)
    assert f'"{ENABLED}" is the nearest' in done.stderr
    dualwrited("rollback", "disable", "--timeout=soon", check=64)
    dualwrited("rollback", "disabel", check=64)


@pytest.mark.layouts("two", reason="a legacy database that is away")
def test_a_legacy_database_that_is_away_stops_only_what_needs_it(db, config):
    install(db, "--guard=on")
    broken = config.read_text().replace(db.legacy.name, "not_there")
    config.write_text(broken)
    assert run(config, "disable")["confirmation"]["confirmed"] is True
    done = run(config, "block-legacy", "--timeout=300ms", check=70)
    assert "does not answer" in done["confirmation"]["legacy"]


def test_a_daemon_with_the_edited_file_stays_off_after_the_override_is_gone(db):
    """The file of the host where it was run: the next start obeys it too."""
    install(db)
    with Daemon(db) as daemon:
        run(daemon.config, "disable")
        db.execute("DELETE FROM dualwrite.override")
        wait_until(lambda: json_flag(flags_json(db), ENABLED) == "true", what="its settings of before the edit hold")
        daemon.term()
        daemon.start()
        assert json_flag(flags_json(db), ENABLED) == "false"


def advice(config, *args, check=0):
    return json.loads(dualwrited("rollback", "--advice", "--config", config, "--json", *args, check=check).stdout)


def fits(document):
    return {line["symptom"]: line["fits"] for line in document["matrix"]}


@both
def test_advice_follows_the_numbers(db, config):
    install(db, "--guard=record")
    found = advice(config)
    assert found["best"] is None
    assert fits(found)["map rows without their legacy row"] is (False if db.layout == "one" else None)
    assert "nothing calls for a rollback" in dualwrited("rollback", "advice", "--config", config).stdout

    db.new_team("Staging Test 1")
    found = advice(config, check=1)
    assert found["best"]["command"] == "dualwrited rollback cleanup --dry-run --match 'Staging Test%'"
    assert "1 rows are named like" in found["best"]["evidence"]
    assert advice(config, "--match=nothing%")["best"] is None

    if db.layout == "one":
        db.execute("INSERT INTO organizations_teammigrationmap (legacy_team_id, vnext_team_id, legacy_slug, migration_date, verified,"
                   " created_at, updated_at) VALUES (987654, 1, 'x', now(), true, now(), now())")
        assert advice(config, check=1)["best"]["symptom"] == "map rows without their legacy row"

    db.legacy.execute("UPDATE teams_team SET name = name; INSERT INTO teams_team (name, slug, game, region, description, is_active,"
                      " created_at, updated_at) VALUES ('x', 'x', 'csgo', 'EU', '', true, now(), now())")
    assert advice(config, check=2)["best"]["command"] == "dualwrited rollback block-legacy"

    db.execute("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                  VALUES (1, '5', now(), 1, 'team', 'sync_team_created', '{8}', 3, 'x')""")
    assert fits(advice(config, check=2))["syncs fail, and no request does"] is True
    db.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, 'true')", [STRICT])
    assert advice(config, check=2)["best"]["command"] == "dualwrited rollback strict-off"
