"""Flags and settings (SPEC section 4): reload, override, several daemons' views, faulty files, signals, secrets."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import TIMEOUT, Daemon, assert_in_step, dualwrited, install, quote_env, wait_until
from helpers import (
    BLOCKED, BYPASS, ENABLED, LEGACY_TEAM, STRICT, FileDaemon, cli, completed, default_mapping, drained, flags_json,
    json_find, json_flag, legacy_team, log_text, write_mapping,
)

SECOND = 1.0  # what SPEC gives a flag to take effect


def assert_idle(db, daemon, since, seconds=SECOND):
    """Nothing is synced during this time although an event waits."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert daemon.lines("dual_write_scheduled", since=since) == []
        time.sleep(0.05)
    assert db.backlog() > 0


# ---- on and off ----------------------------------------------------------------------------------------------------------


def test_off_by_sighup_stops_within_a_second_and_on_again_catches_up(db):
    install(db)
    with Daemon(db) as daemon:
        before = db.new_team("before")
        daemon.wait_for("dual_write_completed", team_id=before)
        started = time.monotonic()
        daemon.hup(**{ENABLED: False})
        assert time.monotonic() - started < SECOND
        mark = daemon.mark()
        during = db.new_team("during")  # vNext writes go on
        assert_idle(db, daemon, mark)
        assert legacy_team(db, during, "name") is None
        daemon.hup(**{ENABLED: True})
        daemon.wait_for("dual_write_completed", team_id=during)
        assert_in_step(db)


def test_off_in_the_middle_of_a_backlog_stops_new_work_within_a_second(db):
    install(db)
    db.execute("""INSERT INTO organizations_team (name, slug, game_id)
                  SELECT 'n', 'n' || n, 1 FROM generate_series(1, 20000) n""", user="app_user")
    with Daemon(db, DUALWRITE_BATCH_SIZE=50) as daemon:
        daemon.wait_for("dual_write_completed")
        daemon.hup(**{ENABLED: False})
        time.sleep(SECOND)  # the batch in flight may end
        mark, left = daemon.mark(), db.backlog()
        assert left > 0
        assert_idle(db, daemon, mark, 0.5)
        assert db.backlog() == left
        daemon.hup(**{ENABLED: True, "DUALWRITE_BATCH_SIZE": 1000})
        drained(db, timeout=60)
        assert_in_step(db)


def test_an_override_is_obeyed_within_a_second_and_until_it_is_taken_back(db):
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team("before"))
        db.execute("INSERT INTO dualwrite.override (flag, value, why) VALUES (%s, 'false', 'test')", [ENABLED])
        time.sleep(SECOND)
        mark = daemon.mark()
        during = db.new_team("during")
        assert_idle(db, daemon, mark)
        # file and environment do not beat it
        daemon.hup(**{STRICT: True})
        daemon.hup(**{ENABLED: True, STRICT: False})
        assert_idle(db, daemon, mark, 0.5)
        shown = flags_json(db)
        assert json_flag(shown, ENABLED) == "false"
        found = json_find(shown, ENABLED)
        assert found["source"] == "override" and "test" in str(found) and "postgres" in str(found)
        db.execute("DELETE FROM dualwrite.override")
        daemon.wait_for("dual_write_completed", team_id=during, timeout=5)
        assert json_flag(flags_json(db), ENABLED) == "true"


def test_an_override_turns_on_what_the_file_says_is_off(db):
    install(db)
    with Daemon(db, **{ENABLED: False}) as daemon:
        team = db.new_team()
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES (%s, 'true')", [ENABLED])
        daemon.wait_for("dual_write_completed", team_id=team, timeout=5)


def test_strict_mode_follows_a_reload(db):
    install(db)
    with Daemon(db) as daemon:
        assert daemon.wait_for("dual_write_failed", team_id=db.new_team(game_id=98))["severity"] == "warning"
        daemon.hup(**{STRICT: True})
        assert daemon.wait_for("dual_write_failed", team_id=db.new_team(game_id=99))["severity"] == "ERROR"


# ---- many daemons, one truth ---------------------------------------------------------------------------------------------


def test_of_two_daemons_with_different_views_the_safest_wins(db):
    install(db)
    with Daemon(db) as on, Daemon(db, **{ENABLED: False}) as off:
        warning = on.wait_for("flags_disagree")
        assert warning["level"] == "WARNING" and ENABLED in str(warning)
        mark = on.mark()
        team = db.new_team()
        assert_idle(db, on, mark)
        shown = flags_json(db)
        assert json_flag(shown, ENABLED) == "false"
        assert json_find(shown, ENABLED)["disagreement"] is True
        views = sorted(daemon["flags"][ENABLED] for daemon in shown["daemons"])
        assert views == ["false", "true"]
        assert {daemon["pid"] for daemon in shown["daemons"]} == {on.pid, off.pid}
        text = cli(db, "flags", check=False).stdout
        assert "disagree" in text and str(on.pid) in text and str(off.pid) in text
        # they agree again: work goes on
        off.hup(**{ENABLED: True})
        wait_until(lambda: on.lines("dual_write_completed", team_id=team) or off.lines("dual_write_completed", team_id=team))
        assert json_find(flags_json(db), ENABLED)["disagreement"] is False
        # and the word of one that left counts no more
        off.hup(**{ENABLED: False})
        team = db.new_team("held")
        off.term()
        on.wait_for("dual_write_completed", team_id=team, timeout=8)  # before its beat would have run out


def test_without_a_daemon_flags_shows_what_was_published(db):
    install(db, **{ENABLED: True, BLOCKED: False})
    shown = flags_json(db, **{ENABLED: False})
    assert json_flag(shown, ENABLED) == "true" and json_find(shown, ENABLED)["source"] == "published"
    assert json_flag(shown, BLOCKED) == "false"
    assert shown["daemons"] == []
    text = cli(db, "flags").stdout
    for name in (ENABLED, STRICT, BLOCKED, BYPASS, "TEAM_VNEXT_ADAPTER_ENABLED", "TEAM_VNEXT_FORCE_LEGACY",
                 "TEAM_VNEXT_ROUTING_MODE"):
        assert name in text


def test_json_and_format_json_are_the_same(db):
    install(db)
    assert cli(db, "flags", "--json").stdout == cli(db, "flags", "--format=json").stdout


def test_a_daemon_with_another_mapping_takes_no_work_and_says_so(db, tmp_path):
    install(db)
    mapping = default_mapping()
    mapping["entities"][0]["columns"]["description"] = {"expression": "upper(description)"}
    path = write_mapping(tmp_path / "m.json", mapping)
    with Daemon(db, DUALWRITE_MAPPING_FILE=path, ready=False) as daemon:
        assert daemon.wait_for("mapping_mismatch")["level"] in ("WARNING", "ERROR")
        mark = daemon.mark()
        team = db.new_team(description="small")
        assert_idle(db, daemon, mark)
        assert [d["mapping_installed"] for d in flags_json(db)["daemons"]] == [False]
        # the roll-out reaches the database: from now on it is the old ones that rest
        install(db, DUALWRITE_MAPPING_FILE=path)
        daemon.wait_for("dual_write_completed", team_id=team)
        assert legacy_team(db, team, "description") == "SMALL"
        install(db)
        daemon.wait_for("mapping_mismatch", since=mark)
        mark = daemon.mark()
        db.new_team("after")
        assert_idle(db, daemon, mark)


def test_old_and_new_daemons_do_not_fight_during_a_roll_out(db, tmp_path):
    install(db)
    mapping = default_mapping()
    mapping["entities"][0]["columns"]["description"] = {"expression": "upper(description)"}
    path = write_mapping(tmp_path / "m.json", mapping)
    with Daemon(db) as old, Daemon(db, DUALWRITE_MAPPING_FILE=path, ready=False) as new:
        new.wait_for("mapping_mismatch")
        teams = [db.new_team(f"t{n}", description="small") for n in range(10)]
        completed(old, 10)
        assert new.lines("dual_write_scheduled") == []
        assert {legacy_team(db, team, "description") for team in teams} == {"small"}
        install(db, DUALWRITE_MAPPING_FILE=path)
        old.wait_for("mapping_mismatch")
        teams = [db.new_team(f"u{n}", description="big") for n in range(10)]
        completed(new, 10)
        assert {legacy_team(db, team, "description") for team in teams} == {"BIG"}


def test_a_reload_applies_a_mapping_change_that_was_installed(db, tmp_path):
    path = write_mapping(tmp_path / "m.json", default_mapping())
    install(db, DUALWRITE_MAPPING_FILE=path)
    with Daemon(db, DUALWRITE_MAPPING_FILE=path) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        mapping = default_mapping()
        mapping["entities"][0]["columns"]["description"] = {"expression": "upper(description)"}
        write_mapping(path, mapping)
        install(db, DUALWRITE_MAPPING_FILE=path)
        daemon.wait_for("mapping_mismatch")
        daemon.hup()
        team = db.new_team(description="small")
        daemon.wait_for("dual_write_completed", team_id=team)
        assert legacy_team(db, team, "description") == "SMALL"


# ---- faults ----------------------------------------------------------------------------------------------------------------

FAULTY = b"""# line 1
DUALWRITE_DATABASE_URL="{url}"
TEAM_VNEXT_DUAL_WRITE_ENABLED=maybe
DUALWRITE_BATCH_SIZE=many
DUALWRITE_POLL_INTERVALL=5s
DUALWRITE_STATEMENT_TIMEOUT=5
DUALWRITE_LOG_FORMAT=xml
TEAM_VNEXT_ROUTING_MODE=sideways
DUALWRITE_HTTP_LISTEN=off
"""
FAULTS = {3: "TEAM_VNEXT_DUAL_WRITE_ENABLED", 4: "DUALWRITE_BATCH_SIZE", 5: "DUALWRITE_POLL_INTERVAL",
          6: "DUALWRITE_STATEMENT_TIMEOUT", 7: "DUALWRITE_LOG_FORMAT", 8: "TEAM_VNEXT_ROUTING_MODE"}


def test_all_faults_of_the_file_are_said_at_once_and_nothing_is_written(db):
    before = db.execute("SELECT oid FROM pg_class ORDER BY 1")
    with FileDaemon(db, FAULTY, ready=False, status=78) as daemon:
        daemon.finish()
        found = daemon.lines("config_fault", level="ERROR")
        for line, key in FAULTS.items():
            assert [f for f in found if f["where"].endswith(f"dualwrited.env:{line}") and key in f["msg"]], (key, found)
        assert len(found) == len(FAULTS)
        assert daemon.lines("ready") == []
    assert db.execute("SELECT oid FROM pg_class ORDER BY 1") == before


def test_faults_of_file_and_mapping_do_not_hide_each_other_from_install(db, env_file, tmp_path):
    path = tmp_path / "m.json"
    path.write_text('{"channel": 7}')
    config = env_file(f"DUALWRITE_DATABASE_URL='{db.url()}'\nDUALWRITE_MAPPING_FILE={path}\n")
    done = dualwrited("install", "--config", config, check=False)
    assert done.returncode in (65, 78) and "channel" in done.stderr and "entities" in done.stderr


@pytest.mark.parametrize("value", ["true", "TRUE", "1", "yes", "On"])
def test_every_word_for_true(db, value):
    install(db)
    with Daemon(db, **{ENABLED: value}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


@pytest.mark.parametrize("value", ["", "tru", "2", "enabled", "TRUE ", "'true"])
def test_anything_else_is_an_error_and_never_false(db, value):
    with FileDaemon(db, b'DUALWRITE_DATABASE_URL="{url}"\n' + f"{BLOCKED}=\"{value}\"\n".encode(), ready=False,
                    status=78) as daemon:
        daemon.finish()
        assert BLOCKED in daemon.wait_for("config_fault", level="ERROR")["msg"]


def test_an_unknown_key_of_ours_is_an_error_and_a_misspelt_flag_a_warning(db):
    install(db)
    with FileDaemon(db, b"""DUALWRITE_DATABASE_URL="{url}"
TEAM_VNEXT_DUAL_WRITE_ENABLE=true
TEAM_SOMETHING_ELSE=1
DJANGO_SETTINGS_MODULE=app.settings
SECRET_KEY='a"b$c'
DUALWRITE_HTTP_LISTEN=off
""") as daemon:
        warnings = daemon.lines("config_fault", level="WARNING")
        assert len(warnings) == 1 and ENABLED in warnings[0]["msg"] and warnings[0]["where"].endswith(":2")
    with FileDaemon(db, b'DUALWRITE_DATABASE_URL="{url}"\nDUALWRITE_PIDFIL=/x\n', ready=False, status=78) as daemon:
        daemon.finish()
        assert "DUALWRITE_PIDFILE" in daemon.wait_for("config_fault", level="ERROR")["msg"]


def test_a_key_set_twice_the_last_wins_with_a_warning(db):
    install(db)
    with FileDaemon(db, f"""DUALWRITE_DATABASE_URL="{{url}}"
{ENABLED}=false
{ENABLED}=true
DUALWRITE_HTTP_LISTEN=off
""".encode()) as daemon:
        assert [w["where"].rpartition(":")[2] for w in daemon.lines("config_fault", level="WARNING")] == ["3"]
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


@pytest.mark.parametrize("other, blocked", [("true", "true"), ("false", "true")])
def test_both_names_of_blocked_set_and_different_is_blocked_with_a_warning(db, other, blocked):
    install(db, "--guard=on")
    here = "false" if other == "true" else "true"
    with Daemon(db, **{BLOCKED: here, "TEAM_VNEXT_LEGACY_WRITE_BLOCKED": other}) as daemon:
        assert [w for w in daemon.lines("config_fault", level="WARNING") if "TEAM_VNEXT_LEGACY_WRITE_BLOCKED" in w["msg"]]
        assert db.value("SELECT value FROM dualwrite.effective_flag WHERE flag = %s", [BLOCKED]) == blocked


def test_flags_that_make_dual_write_pointless_are_warned_of(db):
    install(db)
    with Daemon(db, TEAM_VNEXT_FORCE_LEGACY=True) as daemon:
        daemon.wait_for_line(r" WARNING .*TEAM_VNEXT_FORCE_LEGACY")
    assert "TEAM_VNEXT_FORCE_LEGACY" in cli(db, "flags", check=False, TEAM_VNEXT_FORCE_LEGACY=True).stdout


def test_a_bad_file_at_sighup_changes_nothing_and_says_every_fault(db):
    install(db)
    with Daemon(db) as daemon:
        good = daemon.config.read_bytes()
        mark = daemon.mark()
        daemon.config.write_bytes(FAULTY.replace(b"{url}", daemon.settings["DUALWRITE_DATABASE_URL"].encode()))
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("config_fault", since=mark, level="ERROR", count=len(FAULTS))
        daemon.wait_for("dual_write_completed", team_id=db.new_team("still on"))
        assert len(daemon.lines("config_fault", since=mark, level="ERROR")) == len(FAULTS)
        assert daemon.lines("config_reloaded", since=mark) == []
        daemon.config.write_bytes(good)
        daemon.hup(**{ENABLED: False})
        assert len(daemon.lines("config_reloaded")) == 1


def test_a_file_that_is_gone_at_sighup_changes_nothing(db):
    install(db)
    with Daemon(db) as daemon:
        daemon.config.unlink()
        daemon.signal(signal.SIGHUP)
        assert str(daemon.config) in str(daemon.wait_for("config_fault", level="ERROR"))
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


def test_a_bad_mapping_at_sighup_changes_nothing(db, tmp_path):
    path = write_mapping(tmp_path / "m.json", default_mapping())
    install(db, DUALWRITE_MAPPING_FILE=path)
    with Daemon(db, DUALWRITE_MAPPING_FILE=path) as daemon:
        for text in ("{", "", '{"channel": "dualwrite", "entities": []}'):
            path.write_text(text)
            daemon.hup(wait="config_fault")
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


# ---- reload ----------------------------------------------------------------------------------------------------------------


def test_a_reload_names_what_changed_old_and_new_on_one_line(db):
    install(db)
    with Daemon(db) as daemon:
        line = daemon.hup(**{STRICT: True, "DUALWRITE_POLL_INTERVAL": "2s"})
        assert line["level"] == "INFO"
        assert f"{STRICT}: false -> true" in str(line) and "DUALWRITE_POLL_INTERVAL: 5s -> 2s" in str(line)
        assert ENABLED not in str(line)
        mark = daemon.mark()
        line = daemon.hup()  # nothing changed, and it says that it looked
        assert STRICT not in str(line) and len(daemon.lines("config_reloaded", since=mark)) == 1


def test_a_reload_has_taken_effect_when_it_is_logged(db):
    install(db, "--guard=on")
    with Daemon(db) as daemon:
        for _ in range(5):
            for enabled in (False, True):
                daemon.hup(**{ENABLED: enabled})
                assert db.value("SELECT value FROM dualwrite.effective_flag WHERE flag = %s", [ENABLED]) == str(enabled).lower()
        daemon.hup(DUALWRITE_LOG_FORMAT="json")
        mark = daemon.mark()
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert all(line.startswith("{") for line in daemon.raw[mark:])


@pytest.mark.parametrize("key, value", [("DUALWRITE_PIDFILE", "/nonexistent/x"),
                                        ("DUALWRITE_DATABASE_URL", "postgresql://other:hidden@elsewhere/db")])
def test_a_setting_that_waits_for_a_restart_is_named_in_a_warning(db, key, value):
    install(db)
    with Daemon(db) as daemon:
        mark = daemon.mark()
        daemon.hup(**{key: value, STRICT: True})
        assert [w for w in daemon.lines(since=mark, level="WARNING") if key in str(w)]
        assert "hidden" not in log_text(daemon)
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


def test_notify_and_poll_only_can_be_switched_while_running(db):
    install(db)
    with Daemon(db) as daemon:
        for value in (False, True):
            daemon.hup(DUALWRITE_NOTIFY=value)
            daemon.wait_for("dual_write_completed", team_id=db.new_team(f"notify {value}"))


# ---- environment and file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file, environment", [("true", "false"), ("false", "true")])
def test_where_file_and_environment_differ_the_safer_value_holds_until_the_file_changes(db, file, environment):
    install(db)
    with Daemon(db, **{ENABLED: file}, env={ENABLED: environment}) as daemon:
        warning = [w for w in daemon.lines("config_fault", level="WARNING") if ENABLED in w["msg"]]
        assert len(warning) == 1 and "environment" in str(warning) and "dualwrited.env" in str(warning)
        mark = daemon.mark()
        team = db.new_team()
        assert_idle(db, daemon, mark, 0.5)
        # the file's value of another key is no word about this one
        daemon.hup(**{STRICT: True})
        assert_idle(db, daemon, mark, 0.5)
        # the file's value changes: from then on the file wins
        if file == "true":
            daemon.hup(**{ENABLED: False})
        daemon.hup(**{ENABLED: True})
        daemon.wait_for("dual_write_completed", team_id=team)


def test_the_file_wins_over_the_environment_for_other_keys(db):
    install(db)
    with Daemon(db, DUALWRITE_LOG_FORMAT="json", env={"DUALWRITE_LOG_FORMAT": "logfmt"}) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert daemon.raw[-1].startswith("{")


def test_the_environment_alone_is_enough(db, tmp_path):
    """A PaaS has nothing else."""
    install(db)
    empty = tmp_path / "empty.env"
    empty.write_text("")
    process_env = {"DUALWRITE_DATABASE_URL": db.url("daemon_login"), ENABLED: "true", "DUALWRITE_HTTP_LISTEN": "off"}
    with FileDaemon(db, b"", env=process_env) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


def test_dualwrite_config_names_the_file(db, env_file):
    install(db)
    config = env_file(DUALWRITE_DATABASE_URL=db.url(), TEAM_VNEXT_ROUTING_MODE="auto", TEAM_VNEXT_ADAPTER_ENABLED=True)
    done = dualwrited("flags", "--json", env={"DUALWRITE_CONFIG": config}, check=False)
    assert '"auto"' in done.stdout


# ---- the file's form ---------------------------------------------------------------------------------------------------------

FORMS = {
    "CRLF": b'DUALWRITE_DATABASE_URL="{url}"\r\n# comment\r\nTEAM_VNEXT_DUAL_WRITE_ENABLED=true\r\nDUALWRITE_HTTP_LISTEN=off\r\n',
    "BOM": b'\xef\xbb\xbfTEAM_VNEXT_DUAL_WRITE_ENABLED=true\nDUALWRITE_DATABASE_URL="{url}"\nDUALWRITE_HTTP_LISTEN=off\n',
    "no final newline": b'DUALWRITE_DATABASE_URL="{url}"\nDUALWRITE_HTTP_LISTEN=off\nTEAM_VNEXT_DUAL_WRITE_ENABLED=true',
    "1 MB line": b'OTHER=' + b'x' * 1_000_000 + b'\n#' + b'y' * 1_000_000
                 + b'\nDUALWRITE_DATABASE_URL="{url}"\nDUALWRITE_HTTP_LISTEN=off\nTEAM_VNEXT_DUAL_WRITE_ENABLED=true\n',
    "export, blanks and single quotes": b"""
export DUALWRITE_DATABASE_URL="{url}"
  TEAM_VNEXT_DUAL_WRITE_ENABLED = 'true'
; also a comment

DUALWRITE_HTTP_LISTEN='off'
""",
    "another program's lines": b'PATH_WITH_BYTES=\xff\xfe\xfd\nLIST=(a b)\nDUALWRITE_DATABASE_URL="{url}"\nMULTI="one\ntwo"\n'
                               b'DUALWRITE_HTTP_LISTEN=off\nTEAM_VNEXT_DUAL_WRITE_ENABLED=true\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_an_env_file_of_any_form_is_read(db, form):
    install(db)
    with FileDaemon(db, FORMS[form]) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        assert daemon.lines("config_fault", level="ERROR") == []


MAPPINGS = {
    "not JSON": b"entities: []\n",
    "empty": b"",
    "cut off": b'{"channel": "dualwrite", "entities": [',
    "a key twice": b'{"channel": "a", "channel": "b", "entities": []}',
    "10 MB": b'{"channel": "' + b"x" * 10_000_000 + b'"}',
    "10 MB of brackets": b"[" * 10_000_000,
    "a zero byte": b'{"channel": "dual\0write"}',
}


@pytest.mark.parametrize("kind", MAPPINGS)
def test_a_faulty_mapping_file_ends_the_start_with_its_name(db, tmp_path, kind):
    install(db)
    path = tmp_path / "faulty.json"
    path.write_bytes(MAPPINGS[kind])
    with Daemon(db, DUALWRITE_MAPPING_FILE=path, ready=False, status=78) as daemon:
        daemon.finish()
        faults = daemon.lines("config_fault", level="ERROR")
        assert faults and str(path) in faults[0]["where"]
        assert all(len(line) < 2000 for line in daemon.raw)


def test_faults_of_the_mapping_are_said_all_at_once_with_their_path(db, tmp_path):
    install(db)
    mapping = default_mapping()
    mapping["entities"][0]["colums"] = {}
    mapping["entities"][0]["columns"]["game"]["otherwhise"] = "x"
    del mapping["entities"][1]["removal"]
    path = write_mapping(tmp_path / "m.json", mapping)
    with Daemon(db, DUALWRITE_MAPPING_FILE=path, ready=False, status=78) as daemon:
        daemon.finish()
        where = [fault["where"] + fault["msg"] for fault in daemon.lines("config_fault", level="ERROR")]
        for part in ("$.entities[0]", "colums", "$.entities[0].columns.game", "otherwhise", "$.entities[1]", "removal"):
            assert [w for w in where if part in w], (part, where)


# ---- signals -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_within_ten_seconds(db, number):
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        daemon.signal(number)
        assert daemon.finish(timeout=10) == 0
        assert daemon.lines("stopping") and daemon.lines("stopped")
        # it takes its view and its place with it
        assert db.execute("SELECT * FROM dualwrite.daemon") == []


def test_a_signal_in_the_middle_of_a_burst_finishes_the_batch_and_loses_nothing(db):
    install(db)
    db.execute("""INSERT INTO organizations_team (name, slug, game_id)
                  SELECT 'n', 'n' || n, 1 FROM generate_series(1, 5000) n""", user="app_user")
    with Daemon(db, DUALWRITE_BATCH_SIZE=100) as daemon:
        daemon.wait_for("dual_write_completed")
        daemon.term()
        done = len(daemon.lines("dual_write_completed"))
        # every line was written, every event that has none waits
        assert done + db.backlog() == 5000
        daemon.start()
        drained(db)
        assert_in_step(db)
        ids = [line["event_id"] for line in daemon.lines("dual_write_completed")]
        assert len(ids) == len(set(ids)) == 5000


def test_a_second_signal_ends_it_at_once_and_loses_nothing(db):
    """A batch that waits for somebody's lock is in flight: the first signal lets it finish, the second does not."""
    install(db)
    with Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="1h", ready=True) as daemon:
        team = db.new_team()
        daemon.wait_for("dual_write_completed", team_id=team)
        with db.connect() as locker:
            locker.execute(f"SELECT FROM {LEGACY_TEAM} FOR UPDATE")
            db.execute("UPDATE organizations_team SET region = 'EU'", user="app_user")
            wait_until(lambda: db.execute("""SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'
                                             AND wait_event_type = 'Lock' AND datname = current_database()"""))
            daemon.signal(signal.SIGTERM)
            daemon.wait_for("stopping")
            daemon.signal(signal.SIGTERM)
            started = time.monotonic()
            daemon.status = daemon.process.wait(5)
            assert time.monotonic() - started < 2
            locker.rollback()
        daemon.status = daemon.process.returncode
        with Daemon(db):
            assert_in_step(db)


def test_it_ends_within_ten_seconds_also_while_a_lock_is_in_its_way(db):
    install(db)
    with Daemon(db, DUALWRITE_STATEMENT_TIMEOUT="1h") as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        with db.connect() as locker:
            locker.execute(f"SELECT FROM {LEGACY_TEAM} FOR UPDATE")
            db.execute("UPDATE organizations_team SET region = 'EU'", user="app_user")
            wait_until(lambda: db.execute("""SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dualwrited/%'
                                             AND wait_event_type = 'Lock' AND datname = current_database()"""))
            daemon.term(timeout=10)
            locker.rollback()


def test_sigusr1_logs_one_status_line(db):
    install(db)
    with Daemon(db) as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        mark = daemon.mark()
        daemon.signal(signal.SIGUSR1)
        assert daemon.wait_for("status", since=mark)["level"] == "INFO"
        assert len(daemon.lines("status")) == 1


def test_a_closed_terminal_or_pipe_does_not_end_it(db):
    install(db)
    with Daemon(db) as daemon:
        daemon.signal(signal.SIGPIPE)
        daemon.wait_for("dual_write_completed", team_id=db.new_team())


def test_the_pid_file_holds_the_pid_while_it_runs(db, tmp_path):
    install(db)
    path = tmp_path / "dualwrited.pid"
    path.write_text("999999\n")  # left behind by one that was killed
    with Daemon(db, DUALWRITE_PIDFILE=path) as daemon:
        assert path.read_text().strip() == str(daemon.pid)
        daemon.term()
        assert not path.exists()


def test_the_pid_file_of_the_next_daemon_outlasts_the_one_before(db, tmp_path):
    """A restart may overlap: who ends takes only its own number away."""
    install(db)
    path = tmp_path / "dualwrited.pid"
    with Daemon(db, DUALWRITE_PIDFILE=path) as old, Daemon(db, DUALWRITE_PIDFILE=path) as new:
        old.term()
        assert path.read_text().strip() == str(new.pid)
        new.term()
        assert not path.exists()


def test_a_pid_file_that_cannot_be_written_is_named(db):
    install(db)
    with Daemon(db, DUALWRITE_PIDFILE="/nonexistent/dualwrited.pid", ready=False, status=78) as daemon:
        daemon.finish()
        assert "/nonexistent/dualwrited.pid" in daemon.wait_for("config_fault", level="ERROR")["msg"]


# ---- secrets -------------------------------------------------------------------------------------------------------------------


def test_a_password_is_never_shown(db, cluster):
    secret = "s3cr3t-Passw0rd"
    install(db)
    url = f"postgresql://daemon_login:{secret}@127.0.0.1:{cluster.port}/{db.name}"
    with Daemon(db, DUALWRITE_DATABASE_URL=url, DUALWRITE_LOG_LEVEL="debug") as daemon:
        daemon.wait_for("dual_write_completed", team_id=db.new_team())
        daemon.hup(DUALWRITE_DATABASE_URL=url.replace(secret, secret + "2"))
        daemon.signal(signal.SIGUSR1)
        daemon.wait_for("status")
        pid = db.value("SELECT pid FROM pg_stat_activity WHERE application_name = 'dualwrited/apply'")
        db.execute("SELECT pg_terminate_backend(%s)", [pid])
        daemon.wait_for("disconnected")
        for place in ("cmdline", "comm"):
            assert secret not in Path(f"/proc/{daemon.pid}/{place}").read_text()
        assert secret not in str(db.execute("SELECT * FROM dualwrite.daemon"))
        for args in (["flags"], ["flags", "--json"]):
            done = cli(db, *args, check=False, DUALWRITE_DATABASE_URL=url)
            assert secret not in done.stdout + done.stderr
        daemon.term()
        assert secret not in log_text(daemon)


@pytest.mark.parametrize("url", ["postgresql://u:{}@host:notaport/db", "postgresql://u:{}@127.0.0.1:1/db?connect_timeout=2",
                                 "host=127.0.0.1 port=1 password={} nonsense", "password='{}"])
def test_a_password_is_not_shown_in_the_fault_it_causes(url, env_file):
    secret = "s3cr3t-Passw0rd"
    config = env_file(f"DUALWRITE_DATABASE_URL={quote_env(url.format(secret))}\n")
    for command in ("install", "flags"):
        done = dualwrited(command, "--config", config, check=False)
        assert done.returncode in (69, 78), done.stderr
        assert secret not in done.stdout + done.stderr


def test_the_sample_env_file_is_accepted(db, tmp_path):
    """The file that people copy must be one that the program takes."""
    sample = Path(__file__).resolve().parents[2] / "config" / "dualwrited.env"
    install(db)
    done = dualwrited("flags", "--config", sample, check=False, env={"PGCONNECT_TIMEOUT": "2"})
    assert done.returncode != 78, done.stderr


def test_under_systemd_each_line_carries_its_priority(db, tmp_path):
    install(db)
    with Daemon(db) as template:  # its config file
        with open(tmp_path / "journal", "wb") as journal:
            stat = Path(journal.name).stat()
            from conftest import binary, clean_environment
            process = subprocess.Popen(
                [binary(), "run", "--config", template.config], stderr=journal, stdin=subprocess.DEVNULL,
                env=clean_environment({"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}))
            try:
                wait_until(lambda: b"event_type=ready" in Path(journal.name).read_bytes(), TIMEOUT)
            finally:
                process.terminate()
                assert process.wait(10) == 0
    lines = Path(tmp_path / "journal").read_text().splitlines()
    assert lines and all(re.match(r"<[3467]>\d{4}-", line) for line in lines)
    assert any(line.startswith("<6>") and " INFO " in line for line in lines)


def test_the_program_and_the_database_call_the_same_value_the_safer_one(db, env_file):
    """flags.h and dualwrite.flag keep the same order: every pair of values, one in the file, one in the environment."""
    install(db)
    orders = db.execute("SELECT flag, safest_first FROM dualwrite.flag")
    assert len(orders) == 7
    for flag, safest_first in orders:
        for in_file in safest_first:
            for in_environment in safest_first:
                path = env_file(**{"DUALWRITE_DATABASE_URL": db.url(), flag: in_file})
                done = dualwrited("flags", "--json", "--config", path, env={flag: in_environment})
                here = {f["flag"]: f["here"]["value"] for f in json.loads(done.stdout)["flags"]}
                assert here[flag] == min(in_file, in_environment, key=safest_first.index), (flag, in_file, in_environment)
