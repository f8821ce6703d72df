"""`dualwrited reload`: asked through the database, each daemon reads its own file again and answers."""

import json
import os
import signal

import pytest

import pod
from conftest import Daemon, config_for, dualwrited, install, wait_until, write_env_file
from helpers import ENABLED, flags_json, json_flag

SECRET = "x9-not-to-be-seen"


@pytest.fixture
def config(db, tmp_path):
    path = tmp_path / "reload.env"
    write_env_file(path, config_for(db))
    return path


def reload(config, *args, check=True):
    """{pid: daemon} of `reload --json`."""
    done = dualwrited("reload", "--config", config, "--json", *args, check=check)
    assert SECRET not in done.stdout + done.stderr
    return {daemon["pid"]: daemon for daemon in json.loads(done.stdout)["daemons"]}


@pytest.mark.layouts("one", "two")
def test_each_daemon_answers_what_changed_or_why_it_refuses(db, config):
    install(db)
    with Daemon(db) as good, Daemon(db) as bad, Daemon(db) as same:
        good.rewrite(**{ENABLED: False, "DUALWRITE_LOG_LEVEL": "debug"})
        bad.rewrite(DUALWRITE_BATCH_SIZE="many", DUALWRITE_LOG_FORMAT="xml")
        found = reload(config, check=1)
        assert set(found) == {good.pid, bad.pid, same.pid}
        assert found[good.pid]["state"] == "reloaded" and f"{ENABLED}: true -> false" in found[good.pid]["changed"]
        # it has taken effect when it is answered
        assert json_flag(flags_json(db), ENABLED) == "false"
        assert good.lines("config_reloaded")
        assert found[bad.pid]["state"] == "refused" and len([f for f in found[bad.pid]["faults"] if f["error"]]) == 2
        assert all(str(bad.config) in fault["where"] for fault in found[bad.pid]["faults"])
        assert found[same.pid]["state"] == "reloaded" and found[same.pid]["changed"] == ""
        # and again, after the fault was mended
        bad.rewrite(DUALWRITE_BATCH_SIZE=None, DUALWRITE_LOG_FORMAT=None)
        assert {daemon["state"] for daemon in reload(config).values()} == {"reloaded"}
        done = dualwrited("reload", "--config", config)
        assert done.stdout.count("reloaded, nothing had changed") == 3


def test_a_daemon_whose_row_was_lost_answers_what_it_is_asked_now(db, config):
    install(db)
    with Daemon(db) as daemon:
        reload(config)
        reload(config)
        db.execute("DELETE FROM dualwrite.daemon")
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.daemon") == 1)
        daemon.rewrite(**{ENABLED: False})
        (answer,) = reload(config).values()
        assert f"{ENABLED}: true -> false" in answer["changed"]


def test_a_secret_is_not_in_the_answer(db, config):
    install(db)
    with Daemon(db) as daemon:
        daemon.rewrite(DUALWRITE_DATABASE_URL=db.url("daemon_login", password=SECRET))
        (answer,) = reload(config).values()
        assert "DUALWRITE_DATABASE_URL" in json.dumps(answer)
        assert not db.value("SELECT count(*) FROM dualwrite.daemon WHERE reload_answer::text LIKE %s", [f"%{SECRET}%"])


def test_one_that_stands_still_is_named_and_reloads_when_it_goes_on(db, config):
    install(db)
    with Daemon(db) as good, Daemon(db) as stopped:
        os.kill(stopped.pid, signal.SIGSTOP)
        try:
            done = dualwrited("reload", "--config", config, "--timeout=3s", check=70)
        finally:
            os.kill(stopped.pid, signal.SIGCONT)
        (line,) = [line for line in done.stdout.splitlines() if f"pid {stopped.pid} " in line]
        assert line.startswith("✗") and "did not answer, last beat" in line
        assert [line for line in done.stdout.splitlines() if line.startswith("✓") and f"pid {good.pid} " in line]
        stopped.wait_for("config_reloaded")


def test_only_those_of_this_host_unless_all_are_meant(db, config):
    install(db)
    with Daemon(db) as daemon:
        db.execute("""INSERT INTO dualwrite.daemon (instance, host, pid, version, mapping_digest, flags, listening, state, in_force)
                      VALUES (gen_random_uuid(), 'elsewhere', 1, 'x', '', '{}', true, 'asleep', '{}'),
                             (gen_random_uuid(), 'older', 2, 'x', '', '{}', true, 'asleep', NULL)""")
        assert set(reload(config)) == {daemon.pid}
        assert set(reload(config, "--all", "--dry-run", check=False)) == {daemon.pid, 1, 2}
        assert not db.value("SELECT count(*) FROM dualwrite.daemon WHERE reload_wanted IS DISTINCT FROM reload_done")
        found = reload(config, "--all", "--timeout=3s", check=70)
        assert {pid: found[pid]["state"] for pid in found} == {daemon.pid: "reloaded", 1: "waiting", 2: "unable"}


def test_nobody_there(db, config):
    dualwrited("reload", "--config", config, check=70)
    install(db)
    assert "no daemon runs on this host" in dualwrited("reload", "--config", config, check=1).stdout
    assert "no daemon runs\n" in dualwrited("reload", "--all", "--config", config, check=1).stdout


def test_a_signal_beside_a_request(db, config):
    """SIGHUP while one is under way: the file is read again, and the request is still answered."""
    install(db)
    with Daemon(db) as daemon:
        for _ in range(3):
            daemon.signal(signal.SIGHUP)
            (answer,) = reload(config).values()
            assert answer["state"] == "reloaded"


def without_option(db, folder, tmp_path, **how):
    """`dualwrited run` as a service starts it: the default file is that of this folder."""
    if why := pod.can(tmp_path):
        pytest.skip(why)
    return pod.Container(tmp_path / "root", ["dualwrited", "run"], {"/etc/dualwrite": folder, db.cluster.host: db.cluster.host}, **how)


def test_a_default_file_that_has_gone_is_no_reason_to_go_on_without(db, tmp_path):
    """It was read at the start: to do as if there had been none would switch dual write off, everywhere."""
    folder = tmp_path / "settings"
    folder.mkdir()
    file = folder / "dualwrited.env"
    write_env_file(file, config_for(db))
    install(db)
    daemon = without_option(db, folder, tmp_path, uid=0)
    try:
        daemon.wait_for("ready")
        file.rename(folder / "away")
        os.kill(daemon.pid, signal.SIGHUP)
        daemon.wait_for("config_not_reloaded")
        assert "/etc/dualwrite/dualwrited.env" == daemon.wait_for("config_fault")["where"]
        assert json_flag(flags_json(db), ENABLED) == "true"
        (folder / "away").rename(file)
        os.kill(daemon.pid, signal.SIGHUP)
        daemon.wait_for("config_reloaded")
    finally:
        daemon.kill()


def test_a_default_file_that_may_not_be_looked_for_is_a_fault(db, tmp_path):
    """Not the same as one that is not there: then the environment alone would hold."""
    folder = tmp_path / "settings"
    folder.mkdir(mode=0o700)
    write_env_file(folder / "dualwrited.env", config_for(db))
    daemon = without_option(db, folder, tmp_path)
    try:
        assert daemon.process.wait(20) == 78
        fault = daemon.wait_for("config_fault")
        assert fault["where"] == "/etc/dualwrite/dualwrited.env" and "Permission denied" in fault["msg"]
    finally:
        daemon.kill()
