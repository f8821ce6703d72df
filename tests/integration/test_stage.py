"""`dualwrited stage`: its steps on the databases, its environments by stand-ins of docker and kubectl, and the whole test."""

import json
import os
import signal
import stat
import subprocess
import threading
import time

import pytest

from conftest import Daemon, binary, clean_environment, config_for, dualwrited, install, wait_until, write_env_file
from helpers import drained

pytestmark = pytest.mark.layouts("one", "two")

TEAM = "organizations_team"


@pytest.fixture
def admin(db, tmp_path):
    """An env file of somebody who may write overrides and vNext rows."""
    install(db)
    path = tmp_path / "admin.env"
    write_env_file(path, config_for(db, "postgres", TEAM_VNEXT_DUAL_WRITE_ENABLED=False))
    return path


def step(word, config, check=True):
    done = dualwrited("stage", f"--step={word}", "--config", config, check=check)
    return json.loads(done.stdout)


# ---- the steps -------------------------------------------------------------------------------------------------------


def test_steps_turn_flags_on_and_back(db, admin):
    with Daemon(db, TEAM_VNEXT_DUAL_WRITE_ENABLED=False):
        answer = step("enable", admin)
        assert answer["dual_write_enabled"] is True and answer["strict_mode"] is False and answer["running_daemons"] == 1
        assert step("restore", admin)["dual_write_enabled"] is False
        assert db.value("SELECT count(*) FROM dualwrite.override") == 0


def test_enable_respects_somebody_elses_override(db, admin):
    db.execute("""INSERT INTO dualwrite.override (flag, value, who, why)
                  VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'false', 'ada', 'it burns')""")
    with Daemon(db):
        done = dualwrited("stage", "--step=enable", "--config", admin, check=2)
    assert "ada" in done.stderr and "it burns" in done.stderr and "rollback resume" in done.stderr
    assert db.execute("SELECT who FROM dualwrite.override") == [("ada",)]


def test_enable_without_a_daemon(db, admin):
    assert "no daemon is running" in dualwrited("stage", "--step=enable", "--config", admin, check=2).stderr


def test_failure_is_simulated_and_heals(db, admin):
    with Daemon(db) as daemon:
        team = db.new_team(name="Staging Test Team Alpha")
        other = db.new_team(name="Beta")
        drained(db)
        answer = step("failure", admin)
        assert answer["key"] == [str(team)] and answer["column"] == "name" and answer["entity"] == "team"
        assert answer["failed"]["sqlstate"] == "55P03" and answer["await_sync"] is None and answer["healed"] is True
        daemon.wait_for("dual_write_failed", level="WARNING", severity="warning", team_id=team)
        drained(db)
        assert not daemon.lines("dual_write_failed", team_id=other)
    assert db.value(f"SELECT name FROM {TEAM} WHERE id = %s", [team]) == "Staging Test Team Alpha"
    assert db.legacy.value("SELECT count(*) FROM teams_team WHERE name = 'Staging Test Team Alpha'") == 1


def test_strict_failure_reaches_the_request(db, admin):
    with Daemon(db) as daemon:
        team = db.new_team(name="Staging Test Team Alpha")
        drained(db)
        step("enable", admin)
        answer = step("strict", admin)
        assert answer["await_sync"] == {"sqlstate": "DW001"} and answer["healed"] is True
        assert answer["afterwards"]["strict_mode"] is False
        daemon.wait_for("dual_write_failed", level="ERROR", severity="ERROR", team_id=team)
    assert db.value("SELECT value FROM dualwrite.override WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_STRICT_MODE'") == "false"


def test_a_change_while_off_waits(db, admin):
    with Daemon(db):
        db.new_team(name="Staging Test Team Alpha")
        drained(db)
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'false')")
        answer = step("off", admin)
        assert answer["vnext_write"] and answer["legacy_unchanged"] and answer["waiting_events"] >= 1


@pytest.mark.layouts("one", reason="finds out before it looks at legacy")
def test_failure_without_test_data(db, admin):
    with Daemon(db):
        assert "dualwrited smoke --keep" in dualwrited("stage", "--step=failure", "--config", admin, check=70).stderr


def test_a_killed_simulation_leaves_no_lock(db, admin):
    with Daemon(db):
        db.new_team(name="Staging Test Team Alpha")
        drained(db)
        process = subprocess.Popen([binary(), "stage", "--step=failure", "--config", admin], env=clean_environment(),
                                   stdout=subprocess.DEVNULL)
        locker = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dualwrited/stage-lock'"
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.failed"), what="the failed sync")
        assert db.legacy.value(locker) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: db.legacy.value(locker) == 0, what="the end of the lock")
        drained(db)
