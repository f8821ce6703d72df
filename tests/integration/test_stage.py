"""`dualwrited stage`: its steps on the databases, its environments by stand-ins of docker and kubectl, and the whole test."""

import json
import os
import signal
import stat
import subprocess

import pytest

from conftest import Daemon, binary, clean_environment, config_for, dualwrited, install, wait_until, write_env_file
from helpers import drained, rollback
from test_smoke_api import TOKEN, Application

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


@pytest.mark.layouts("one", reason="overrides are in the vNext database")
def test_steps_turn_flags_on_and_back(db, admin):
    with Daemon(db, TEAM_VNEXT_DUAL_WRITE_ENABLED=False):
        answer = step("enable", admin)
        assert answer["dual_write_enabled"] is True and answer["strict_mode"] is False and answer["running_daemons"] == 1
        assert step("restore", admin)["dual_write_enabled"] is False
        assert db.value("SELECT count(*) FROM dualwrite.override") == 0


@pytest.mark.layouts("one", reason="overrides are in the vNext database")
@pytest.mark.parametrize("word", ["enable", "restore"])
def test_what_a_killed_measurement_left_is_ours(db, admin, word):
    """`smoke --perf`, killed while dual write is off, must not leave it off after the test."""
    with Daemon(db):
        process = subprocess.Popen([binary(), "smoke", "--perf=1000", "--config", admin], env=clean_environment(),
                                   stdout=subprocess.DEVNULL)
        off = "SELECT count(*) FROM dualwrite.override WHERE value = 'false' AND why LIKE '%--perf%'"
        db.execute("INSERT INTO dualwrite.override (flag, value) VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'true')")
        wait_until(lambda: db.value(off) == 1, timeout=30, what="a block with dual write off")
        process.kill()
        process.wait()
        assert db.value(off) == 1
        assert step(word, admin)["dual_write_enabled"] is True  # the daemon's own flag
        step("restore", admin)
        assert db.value("SELECT count(*) FROM dualwrite.override") == 0


@pytest.mark.layouts("one", reason="overrides are in the vNext database")
def test_enable_respects_somebody_elses_override(db, admin):
    db.execute("""INSERT INTO dualwrite.override (flag, value, who, why)
                  VALUES ('TEAM_VNEXT_DUAL_WRITE_ENABLED', 'false', 'ada', 'it burns')""")
    with Daemon(db):
        done = dualwrited("stage", "--step=enable", "--config", admin, check=2)
    assert "ada" in done.stderr and "it burns" in done.stderr and "rollback resume" in done.stderr
    assert db.execute("SELECT who FROM dualwrite.override") == [("ada",)]


@pytest.mark.layouts("one", reason="overrides are in the vNext database")
def test_a_rollback_meanwhile_is_nobodys_to_take_back(db, admin):
    """The test has strict mode off by an override of its own; on-call's `strict-off` is not that one's."""
    with Daemon(db, TEAM_VNEXT_DUAL_WRITE_ENABLED=False):
        step("enable", admin)
        rollback(db, "strict-off", "--who=ann", "--reason=it burns")
        step("restore", admin)
        assert db.execute("SELECT flag, value, who, why FROM dualwrite.override") == [
            ("TEAM_VNEXT_DUAL_WRITE_STRICT_MODE", "false", "ann", "it burns")]


@pytest.mark.layouts("one", reason="overrides are in the vNext database")
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


@pytest.mark.layouts("one", reason="the failure itself is tested in both")
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


@pytest.mark.layouts("one", reason="daemons are known in the vNext database")
def test_failure_without_a_daemon(db, admin):
    """Told at once, not after minutes of waiting, and with no change left behind."""
    with Daemon(db) as daemon:
        team = db.new_team(name="Staging Test Team Alpha")
        drained(db)
        process = subprocess.Popen([binary(), "stage", "--step=failure", "--config", admin], env=clean_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: db.value("SELECT count(*) FROM dualwrite.failed"), what="the failed sync")
        daemon.signal(signal.SIGTERM)
        assert "no daemon is running" in process.communicate(timeout=50)[1] and process.returncode == 1
    assert db.value(f"SELECT name FROM {TEAM} WHERE id = %s", [team]) == "Staging Test Team Alpha"
    assert "no daemon is running" in dualwrited("stage", "--step=failure", "--config", admin, check=70).stderr


@pytest.mark.layouts("one", reason="vNext rows are written alike")
def test_failure_without_the_rights_of_the_application(db, tmp_path):
    install(db)
    config = tmp_path / "daemon.env"
    write_env_file(config, config_for(db))
    with Daemon(db):
        db.new_team(name="Staging Test Team Alpha")
        drained(db)
        done = dualwrited("stage", "--step=failure", "--config", config, check=70)
    assert "permission denied" in done.stderr and "the rights of the application on public.organizations_team" in done.stderr


@pytest.mark.layouts("two", reason="the lock is in the legacy database")
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


# ---- the whole test --------------------------------------------------------------------------------------------------


class LoggedDaemon(Daemon):
    """A daemon whose log is in a file too, as a service manager or a container keeps it. Its own flags are off."""

    def __init__(self, db, file, **more):
        super().__init__(db, **{"TEAM_VNEXT_DUAL_WRITE_ENABLED": False, **more})
        self.file = file

    def _read(self, stream):
        def copied():
            with self.file.open("ab") as out:
                for line in stream:
                    out.write(line)
                    out.flush()
                    yield line

        super()._read(copied())


def stage(folder, *args, check=0, env=None):
    return dualwrited("stage", f"--out-dir={folder}", *args, check=check, timeout=180, env=env)


def state_of(folder):
    return json.loads((folder / "stage.json").read_text())


def crossed(folder):
    return [one["criterion"] for one in state_of(folder)["criteria"] if one["held"] is False]


def nothing_left(db):
    """No override, no test data, no lock is left."""
    assert db.execute("SELECT flag, value, why FROM dualwrite.override") == []
    assert db.value(f"SELECT count(*) FROM {TEAM} WHERE name LIKE 'Staging Test%'") == 0
    assert db.legacy.value("SELECT count(*) FROM teams_team WHERE name LIKE 'Staging Test%'") == 0


@pytest.mark.layouts("two", reason="the tests below are of layout one")
def test_the_whole_test(db, admin, tmp_path):
    folder, log = tmp_path / "evidence", tmp_path / "daemon.log"
    with LoggedDaemon(db, log):
        done = stage(folder, "--config", admin, "--log", log, "--perf=3", check=False)
    assert not [name for name in crossed(folder) if name != "No performance regression"], done.stdout + done.stderr
    state = state_of(folder)
    assert [phase["state"] for phase in state["phases"]] == ["done"] * 9
    assert state["undo"] == []
    for name in ("baseline/validation_before.json", "baseline/validation_before.txt", "after/validation_after.json",
                 "after/validation_after.txt", "logs/daemon.log", "delta.json", "delta.md", "SUMMARY.md"):
        assert (folder / name).stat().st_size > 0, name
    summary = (folder / "SUMMARY.md").read_text()
    assert "- [x] All five test flows executed: 5 passed" in summary and "sync_team_created" in summary
    assert not [line for line in summary.splitlines() if "nan" in line.split()]
    nothing_left(db)


@pytest.mark.layouts("one", reason="what goes on is the folder, not the databases")
def test_a_finished_folder_and_other_uses_of_it(db, admin, tmp_path):
    folder, log = tmp_path / "evidence", tmp_path / "daemon.log"
    with LoggedDaemon(db, log):
        stage(folder, "--config", admin, "--log", log, "--skip-performance", "--skip-failure")
        first = state_of(folder)
        assert "SUCCESS" in stage(folder).stdout
        assert state_of(folder)["phases"] == first["phases"]
        assert "another --env" in stage(folder, "--env=staging-k8s", "--pod=x", check=64).stderr
        # everything was taken back: without its test data no later phase means anything, so the flows come first again
        assert "phase 3 comes first" in stage(folder, "--from-phase=7").stderr
        again = state_of(folder)
        assert again["phases"][1] == first["phases"][1] and again["phases"][3] != first["phases"][3]
        (folder / "stage.json").write_text("[")
        assert "--restart" in stage(folder, check=65).stderr
    nothing_left(db)


def start(folder, *args):
    return subprocess.Popen([binary(), "stage", f"--out-dir={folder}", *map(str, args)], env=clean_environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def strict_is_on(db):
    return db.value("SELECT value FROM dualwrite.override WHERE flag = 'TEAM_VNEXT_DUAL_WRITE_STRICT_MODE'") == "true"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
@pytest.mark.layouts("one", reason="the layouts differ in the steps, which are tested above")
def test_stopped_in_strict_mode_and_gone_on(db, admin, tmp_path, number):
    folder, log = tmp_path / "evidence", tmp_path / "daemon.log"
    with LoggedDaemon(db, log):
        process = start(folder, "--config", admin, "--log", log, "--skip-performance")
        wait_until(lambda: strict_is_on(db), timeout=60, what="strict mode")
        process.send_signal(number)
        said = process.communicate(timeout=60)[0]
        if number == signal.SIGINT:
            assert process.returncode == 70 and "--undo" in said, said
            assert not strict_is_on(db)
            stage(folder, "--undo")
            nothing_left(db)
        else:
            assert any(note["at_once"] for note in state_of(folder)["undo"])
        # after the kill that phase is done again as well; once is enough
        done = stage(folder, *(["--skip-failure"] if number == signal.SIGINT else []))
        assert "taken back" in done.stderr or number == signal.SIGINT
        assert crossed(folder) == []
    nothing_left(db)


@pytest.mark.layouts("one", reason="fails before it does anything")
def test_a_preflight_that_fails(db, admin, tmp_path):
    folder = tmp_path / "evidence"
    done = stage(folder, "--config", admin, check=2)  # no daemon
    assert "phase 2 enable: enable: exit status 2: dualwrited: no daemon is running" in done.stderr
    assert [note["command"] for note in state_of(folder)["undo"]] == [["stage", "--step=restore"]]
    assert "taken back: stage --step=restore" in stage(folder, "--config", admin, "--restart", check=2).stderr
    db.execute("DROP TABLE teams_teammembership")
    done = stage(tmp_path / "other", "--config", admin, check=2)
    assert "phase 0 preflight: check: exit status 2" in done.stderr
    assert state_of(tmp_path / "other")["phases"][0]["state"] == "stopped"
    assert "the test stopped in phase 0, preflight: check failed" in (tmp_path / "other" / "SUMMARY.md").read_text()


# ---- containers and pods ---------------------------------------------------------------------------------------------

DOCKER = """#!/bin/sh
case "$1 $2" in
"exec web") shift 2 ;;
"compose version") exit 1 ;;
"logs --since="*) [ "$3" = {id} ] || exit 1; cat {log} >&2; exit 0 ;;
*) echo "docker: unknown: $*" >&2; exit 125 ;;
esac
[ "$1" = dualwrited ] || exit 127
shift
exec {binary} "$@"
"""

COMPOSE = """#!/bin/sh
[ "$1" = version ] && exit 0
[ "$1 $2" = "-f stack.yml" ] || exit 1
shift 2
case "$*" in
"ps -q web") echo web; exit 0 ;;
"ps -q "*) exit 0 ;;
"exec -T web dualwrited "*) shift 4; exec {binary} "$@" ;;
esac
echo "docker-compose: unknown: $*" >&2
exit 1
"""

KUBECTL = """#!/bin/sh
case "$*" in
"get pods -n stage -l app=web -o jsonpath="*) printf 'web-b Running\\nweb-a Running\\nweb-c Pending\\n'; exit 0 ;;
"get pods -n stage -l app="*) exit 0 ;;
"get pods "*) echo 'error: no such namespace' >&2; exit 1 ;;
"exec -n stage web-a -c dw -- dualwrited "*) shift 8; exec {binary} "$@" ;;
"logs -n stage web-a -c dw --since-time="*) cat {log}; exit 0 ;;
"logs -n stage web-b -c dw --since-time="*) exit 0 ;;
esac
echo "Error from server (NotFound): $*" >&2
exit 1
"""


@pytest.fixture
def tools(tmp_path):
    """A PATH with stand-ins of docker, docker-compose and kubectl, which run the program here; and the log they know."""
    folder, log = tmp_path / "bin", tmp_path / "daemon.log"
    folder.mkdir()
    log.touch()
    for name, text in (("docker", DOCKER), ("docker-compose", COMPOSE), ("kubectl", KUBECTL)):
        path = folder / name
        path.write_text(text.replace("{binary}", binary()).replace("{log}", str(log)).replace("{id}", "web"))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}:/usr/bin:/bin"}, log


ENVIRONMENTS = {
    "docker": ["--env=staging-docker", "--container=web"],
    "compose": ["--env=staging-docker", "--compose-file=stack.yml", "--service=web"],
    "k8s": ["--env=staging-k8s", "--namespace=stage", "--selector=app=web", "--container=dw"],
}


@pytest.mark.parametrize("environment", ["compose", "k8s"])  # docker exec: test_runbooks.py
@pytest.mark.layouts("one", reason="the environment runs the same commands")
def test_in_an_environment(db, admin, tmp_path, tools, environment):
    env, log = tools
    folder = tmp_path / "evidence"
    with LoggedDaemon(db, log):
        done = stage(folder, *ENVIRONMENTS[environment], "--config", admin, "--skip-performance", "--skip-failure", env=env,
                     check=False)
        assert crossed(folder) == [], done.stdout + done.stderr
    if environment == "k8s":
        assert "2 pods run; commands go to web-a, logs come from all" in done.stderr
    assert "dual_write_scheduled" in (folder / "logs" / "daemon.log").read_text()
    nothing_left(db)


@pytest.mark.parametrize("args, said", [
    (["--env=staging-docker", "--container=gone"], "docker: unknown: exec gone"),
    (["--env=staging-docker", "--container=web", "--program=/opt/dw"], "container web: docker ended with status 127"),
    (["--env=staging-docker", "--compose-file=stack.yml", "--service=db"], "service db of stack.yml has no running container"),
    (["--env=staging-k8s", "--namespace=stage", "--selector=app=none"], "no running pod has the label app=none in namespace stage"),
    (["--env=staging-k8s", "--namespace=none", "--selector=app=web"], "no such namespace"),
    (["--env=staging-k8s", "--namespace=stage", "--pod=gone"], "NotFound"),
])
@pytest.mark.layouts("one", reason="asks no database")
def test_an_environment_that_is_not_there(tmp_path, tools, layout, args, said):
    assert said in stage(tmp_path / "evidence", *args, env=tools[0], check=69).stderr


@pytest.mark.layouts("one", reason="asks no database")
def test_a_tool_that_is_not_there(tmp_path, layout):
    done = stage(tmp_path / "evidence", "--env=staging-k8s", "--pod=x", env={"PATH": str(tmp_path)}, check=69)
    assert "kubectl is not in PATH" in done.stderr


@pytest.mark.parametrize("args, said", [
    ([], "needs --container=NAME"),
    (["--env=staging-docker"], "needs --container=NAME"),
    (["--env=here"], "local, staging-docker or staging-k8s"),
    (["--from-phase=9"], "0 to 8"),
    (["--from-phase=3"], "phase 0 is not done yet"),
    (["--restart", "--from-phase=3"], "leave out --from-phase"),
    (["--perf=0"], "a number"),
])
@pytest.mark.layouts("one", reason="asks no database")
def test_usage(tmp_path, layout, args, said):
    if not args:
        args = ["--env=staging-docker"]
    assert said in stage(tmp_path / "evidence", *args, check=64).stderr


@pytest.mark.layouts("one", reason="asks no database")
def test_two_in_one_folder(tmp_path, layout):
    import fcntl
    folder = tmp_path / "evidence"
    folder.mkdir()
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert "another staged test works in this folder" in stage(folder, check=70).stderr
    os.close(handle)


@pytest.mark.layouts("one", reason="asks no database")
def test_dry_run_lists_the_commands(tmp_path, layout):
    said = stage(tmp_path / "evidence", *ENVIRONMENTS["k8s"], "--dry-run").stdout
    assert "kubectl exec -n stage POD -c dw -- dualwrited smoke --json --keep" in said
    assert not (tmp_path / "evidence").exists()


# ---- the folder, and what hangs --------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="asks no database")
def test_a_folder_with_files_of_somebody_else(tmp_path, layout):
    for name in ("SUMMARY.md", "logs/daemon.log"):
        folder = tmp_path / name.replace("/", "-")
        (folder / "logs").mkdir(parents=True)
        (folder / name).write_text("mine")
        for more in ([], ["--restart"]):
            assert "take another folder" in stage(folder, *more, check=64).stderr
        assert (folder / name).read_text() == "mine"


@pytest.mark.layouts("one", reason="asks no database")
def test_a_link_in_the_folder_is_not_followed(tmp_path, layout):
    folder, mine = tmp_path / "evidence", tmp_path / "mine"
    mine.write_text("mine")
    stage(folder, "--config", tmp_path / "none.env", check=78)
    for name in ("logs/check.json", "logs/check.err"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(mine)
        assert "is a link" in stage(folder, check=70).stderr
        assert mine.read_text() == "mine" and (folder / name).is_symlink()
        (folder / name).unlink()
    (folder / "SUMMARY.md").unlink()
    (folder / "SUMMARY.md").symlink_to(mine)
    stage(folder, check=78)
    assert mine.read_text() == "mine" and "stopped in phase 0" in (folder / "SUMMARY.md").read_text()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "logs").symlink_to(tmp_path)
    assert "cannot make the folder" in stage(tmp_path / "other", check=70).stderr


@pytest.mark.layouts("one", reason="asks no database")
def test_nothing_to_take_back(tmp_path, layout):
    assert "nothing is to be taken back" in stage(tmp_path / "none", "--undo", check=64).stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.layouts("one", reason="asks no database")
def test_an_answer_that_is_cut_off_is_not_good(tmp_path, layout):
    """As on a full disk: half a report must not pass for evidence."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([binary(), "stage", f"--out-dir={tmp_path / 'e'}", "--dry-run"], env=clean_environment(),
                              stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 70 and "cannot write the answer: No space left on device" in done.stderr


@pytest.mark.parametrize("hangs, status, said", [
    ("--version", 69, "docker took longer than 0.2 s and was ended"),
    ("check", 70, "check: exit status -1: docker took longer than 0.2 s and was ended"),
])
@pytest.mark.layouts("one", reason="asks no database")
def test_a_tool_that_hangs(tmp_path, layout, hangs, status, said):
    tool = tmp_path / "bin" / "docker"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\ncase "$*" in *" {hangs}"*) sleep 300 ;; esac\necho dualwrited 1\n')
    tool.chmod(0o755)
    env = {"PATH": f"{tool.parent}:/usr/bin:/bin"}
    done = stage(tmp_path / "evidence", *ENVIRONMENTS["docker"], "--step-timeout=200ms", env=env, check=status)
    assert said in done.stderr


STANDIN = """#!/bin/sh
case "$*" in
*--version) echo dualwrited 1 ;;
*" report "*) echo '{"coverage": {}}' ;;
*" smoke "*) echo '{}'; exit {smoke} ;;
*" cleanup "*) exit 1 ;;
*) echo '{}' ;;
esac
"""


@pytest.mark.parametrize("smoke, status", [(69, 69), (0, 1)], ids=["the database goes away", "cleanup is refused"])
@pytest.mark.layouts("one", reason="asks no database")
def test_what_is_left_is_said(tmp_path, layout, smoke, status):
    """Also where the test went to its end. What cannot be reached stops it, instead of crossing all that comes."""
    tool = tmp_path / "bin" / "docker"
    tool.parent.mkdir()
    tool.write_text(STANDIN.replace("{smoke}", str(smoke)))
    tool.chmod(0o755)
    folder, env = tmp_path / "evidence", {"PATH": f"{tool.parent}:/usr/bin:/bin"}
    done = stage(folder, *ENVIRONMENTS["docker"], env=env, check=status)
    assert f"--out-dir={folder} --undo" in done.stderr
    phases = [phase["state"] for phase in state_of(folder)["phases"]]
    assert phases == ["done"] * 9 if status == 1 else phases[3:5] == ["stopped", "waiting"]
    assert "cleanup" in str(state_of(folder)["undo"])
    tool.write_text(STANDIN.replace("exit 1", "exit 0"))
    stage(folder, "--undo", env=env)
    assert state_of(folder)["undo"] == []


@pytest.mark.parametrize("url", ["https://ada:s3cret@host", "http://ada@host/x"])
@pytest.mark.layouts("one", reason="asks no database")
def test_a_login_in_the_url_is_refused(tmp_path, layout, url):
    for command in ("smoke", "stage"):
        done = dualwrited(command, f"--out-dir={tmp_path / 'e'}" if command == "stage" else "--json", "--via=api",
                          f"--base-url={url}", check=64)
        assert "SMOKE_API_TOKEN" in done.stderr and "ada" not in done.stderr


@pytest.mark.layouts("one", reason="the flows through the API are tested in both")
def test_through_the_api(db, admin, tmp_path):
    folder, log = tmp_path / "evidence", tmp_path / "daemon.log"
    with LoggedDaemon(db, log), Application(db) as app:
        done = stage(folder, "--config", admin, "--log", log, "--via=api", f"--base-url={app.url}", "--perf=2",
                     "--skip-failure", env={"SMOKE_API_TOKEN": TOKEN}, check=False)
    assert not [name for name in crossed(folder) if name != "No performance regression"], done.stdout + done.stderr
    assert len([path for path, *_ in app.seen if path.endswith("/teams/create/")]) >= 6  # two times flow 1, and 2 on and off
    for path in folder.rglob("*"):
        assert path.is_dir() or TOKEN not in path.read_text(), path
    nothing_left(db)
