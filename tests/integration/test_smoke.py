"""`dualwrited smoke`: the five flows by SQL, what it says when they do not arrive, and that nothing is left behind."""

import json
import re
import signal
import subprocess
import time

import pytest

from conftest import Daemon, binary, clean_environment, config_for, install, wait_until, write_env_file
from helpers import ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, cli, legacy_rows, rollback
from test_second_app import new_shop, shop  # noqa: F401 (fixtures)

pytestmark = pytest.mark.layouts("one", "two")

NAMES = ["create team", "add membership", "change membership", "change team", "remove membership"]


def smoke(db, *args, code=0, user="postgres", **settings):
    done = cli(db, "smoke", "--json", *args, user=user, check=False, **settings)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def everything(db):
    """The rows of all five tables, and what is queued or failed."""
    queued = db.execute("SELECT entity, operation FROM dualwrite.outbox UNION ALL SELECT entity, operation FROM dualwrite.failed")
    return {**legacy_rows(db), "vNext": sorted(row for table in (TEAM, MEMBERSHIP)
                                               for (row,) in db.execute(f"SELECT t::text FROM {table} t")), "queued": queued}


def statuses(report):
    return [flow["status"] for flow in report["flows"]]


def test_five_flows(installed):
    team = installed.new_team("Alpha")
    installed.new_member(team)
    with Daemon(installed) as daemon:
        wait_until(lambda: installed.backlog() == 0)
        before = everything(installed)
        report = smoke(installed)
        assert statuses(report) == ["passed"] * 5 and report["status"] == "passed"
        assert [flow["name"] for flow in report["flows"]] == NAMES
        assert report["inline_legacy_writes"] == 0 and report["cleaned"] is True and report["leftovers"] == 0
        assert report["cleaned_rows"] == {"vnext": 2, "legacy": 2, "map": 1} and report["perf"] is None
        assert everything(installed) == before
        created, added, role, settings, removed = report["flows"]
        assert created["rows"]["map_verified"] is True
        values = {c["column"]: c["legacy"] for c in created["rows"]["legacy"]["columns"]}
        assert values["name"] == report["name"] == f"Staging Test Team {report['run']}"
        assert values["game"] == "valorant" and values["slug"] == report["name"].lower().replace(" ", "-")
        assert {c["column"]: c["legacy"] for c in role["rows"]["legacy"]["columns"]}["role"] == "SUBSTITUTE"
        assert {c["column"]: c["legacy"] for c in removed["rows"]["legacy"]["columns"]}["status"] == "INACTIVE"
        for flow in report["flows"]:
            assert flow["lag_ms"] >= 0 and flow["duration_ms"] >= flow["lag_ms"] - 1
            assert flow["log"] is None and "--log" in flow["log_why"]
            assert len(daemon.lines("dual_write_completed", operation=flow["operation"])) >= 1
        assert settings["operation"] == "sync_team_settings_updated"
    # the writer's transactions wrote no legacy table
    written = {one["flow"]: {t["table"]: (t["inserted"], t["updated"], t["deleted"]) for t in one["written"]}
               for one in report["writer_statements"]}
    outbox = {"dualwrite.outbox": (1, 0, 0)}
    assert written == {1: {f"public.{TEAM}": (1, 0, 0), **outbox}, 2: {f"public.{MEMBERSHIP}": (1, 0, 0), **outbox},
                       3: {f"public.{MEMBERSHIP}": (0, 1, 0), **outbox}, 4: {f"public.{TEAM}": (0, 1, 0), **outbox},
                       5: {f"public.{MEMBERSHIP}": (0, 1, 0), **outbox}}
    assert [one["statements"][0] for one in report["writer_statements"]] == ["BEGIN"] * 5
    assert f'INSERT INTO "public"."{TEAM}"' in report["writer_statements"][0]["statements"][1]


@pytest.mark.layouts("one", reason="the text is the same")
def test_text(installed):
    with Daemon(installed):
        done = cli(installed, "smoke", user="postgres")
    assert [line.split("  ")[0] for line in done.stdout.splitlines() if line.startswith("✓ ") and line[2].isdigit()] == [
        "✓ 1", "✓ 2", "✓ 3", "✓ 4", "✓ 5"]
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "no inline legacy writes" in done.stdout and "the test data is gone on both sides" in done.stdout
    assert done.stdout.endswith("passed: 5 of 5 flows passed\n")


# ---- the log -----------------------------------------------------------------------------------------------------------


class Logged(Daemon):
    """A daemon whose lines go to a file too, as a collector would have them."""

    def __init__(self, db, file, **settings):
        super().__init__(db, **settings)
        self.file = file

    def _read(self, stream):
        with self.file.open("ab", buffering=0) as copy:
            for line in stream:
                copy.write(b"web-1 | " + line)
                with self._changed:
                    self.raw.append(line.decode().rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def test_the_completed_line_of_each_flow(installed, tmp_path):
    form = {"one": "json", "two": "logfmt"}[installed.layout]
    file = tmp_path / "log"
    with Logged(installed, file, DUALWRITE_LOG_FORMAT=form):
        report = smoke(installed, f"--log={file}")
        for flow in report["flows"]:
            assert flow["log"].startswith("web-1 | ") and flow["operation"] in flow["log"]
            assert "dual_write_completed" in flow["log"]
        if form == "json":
            return
        (tmp_path / "other").write_text("")
        report = smoke(installed, f"--log={tmp_path / 'other'}", "--timeout=1s", code=1)
        assert statuses(report)[0] == "failed" and "legacy has it, but no line" in report["flows"][0]["reason"]
        report = smoke(installed, f"--log={tmp_path / 'none'}", "--timeout=1s", code=1)
        assert "cannot be read" in report["flows"][0]["reason"] and report["cleaned"] is True


@pytest.mark.layouts("one", reason="the daemon is the same")
def test_a_daemon_for_the_time_of_the_test(installed):
    report = smoke(installed, "--with-daemon")
    assert statuses(report) == ["passed"] * 5
    assert "operation=sync_team_created" in report["flows"][0]["log"]
    wait_until(lambda: installed.value("SELECT count(*) FROM dualwrite.live_daemon") == 0)
    with Daemon(installed):
        done = cli(installed, "smoke", "--with-daemon", check=False)
        assert done.returncode == 64 and "--log=FILE" in done.stderr
    done = cli(installed, "smoke", "--with-daemon", DUALWRITE_MAPPING_FILE="/nowhere", check=False)
    assert done.returncode == 78


# ---- it does not arrive ------------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="it is said before anything is written")
def test_what_keeps_a_flow_is_said_at_once(installed):
    before = everything(installed)
    began = time.monotonic()
    report = smoke(installed, "--timeout=60s", code=1)
    assert statuses(report) == ["failed"] + ["skipped"] * 4 and report["status"] == "failed"
    assert "no daemon is running" in report["flows"][0]["reason"] and "--with-daemon" in report["flows"][0]["next"]
    installed.execute(f"INSERT INTO dualwrite.override (flag, value, why) VALUES ('{ENABLED}', 'false', 'on a whim')")
    report = smoke(installed, "--timeout=60s", code=1)
    assert report["flows"][0]["reason"].startswith("dual write is off (override: on a whim)")
    assert report["flows"][0]["next"] == "dualwrited rollback resume"
    assert time.monotonic() - began < 50
    assert everything(installed) == before


def test_a_row_that_legacy_refuses(installed):
    installed.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} ADD CONSTRAINT no_tests CHECK (name NOT LIKE 'Staging%')")
    with Daemon(installed):
        before = everything(installed)
        report = smoke(installed, "--timeout=20s", code=1)
        assert statuses(report) == ["failed"] + ["skipped"] * 4
        assert "no_tests" in report["flows"][0]["reason"] and "dualwrited failed show" in report["flows"][0]["next"]
        assert report["cleaned"] is True, report["cleaned_why"]
        assert everything(installed) == before


def test_a_daemon_that_stands_still(installed):
    with Daemon(installed) as daemon:
        with daemon.stop_cont():
            report = smoke(installed, "--timeout=1s", code=1)
        assert "not in legacy after 1 s: 1 of its events wait" in report["flows"][0]["reason"]
        assert report["cleaned"] is False and "rollback cleanup --match 'Staging Test%'" in report["cleaned_why"]
        wait_until(lambda: installed.backlog() == 0)


@pytest.mark.layouts("one", reason="the catalog of one side is enough")
def test_a_table_that_is_not_there(installed):
    installed.execute(f"DROP TABLE {MEMBERSHIP}")
    report = smoke(installed)
    assert statuses(report) == ["skipped"] * 5
    assert f"the table public.{MEMBERSHIP} is not there" in report["flows"][0]["reason"]


def test_a_write_that_nobody_expects_on_the_legacy_side(installed):
    """The guard's record is the proof; here something else writes legacy while the test runs."""
    install(installed, "--guard=record")
    installed.legacy.execute(f"""
        CREATE FUNCTION public.inline() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
            PERFORM set_config('dualwrite.sync_session', '', true);
            UPDATE public.{LEGACY_MEMBERSHIP} SET role = role WHERE team_id = NEW.team_id;
            RETURN NULL; END $$;
        CREATE TRIGGER inline AFTER INSERT ON {LEGACY_MEMBERSHIP} FOR EACH ROW EXECUTE FUNCTION public.inline()""")
    with Daemon(installed):
        report = smoke(installed, code=1)
    assert report["inline_legacy_writes"] >= 1 and f"public.{LEGACY_MEMBERSHIP}" in report["inline_why"]


@pytest.mark.layouts("one", reason="the guard is the same")
def test_without_a_guard_nothing_is_proved(installed):
    install(installed, "--guard=off")
    with Daemon(installed):
        report = smoke(installed)
    assert report["inline_legacy_writes"] is None and "--guard=record" in report["inline_why"]


# ---- what is left ------------------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="what is left is counted on the vNext side")
def test_keep_and_what_the_next_run_says(installed):
    with Daemon(installed):
        report = smoke(installed, "--keep")
        assert report["kept"] is True and installed.value(f"SELECT name FROM {TEAM}") == report["name"]
        assert installed.value(f"SELECT status FROM {MEMBERSHIP}") == "INACTIVE"
        before = everything(installed)
        report = smoke(installed)
        assert report["leftovers"] == 1 and report["cleaned"] is True
        assert everything(installed) == before
        assert "rollback cleanup --match 'Staging Test%'" in cli(installed, "smoke").stdout


def test_a_signal_cleans_up(installed, tmp_path):
    number = {"one": signal.SIGINT, "two": signal.SIGTERM}[installed.layout]
    config = tmp_path / "dualwrited.env"
    write_env_file(config, config_for(installed, "postgres"))
    with Daemon(installed) as daemon:
        before = everything(installed)
        installed.legacy.execute(f"""
            CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM pg_catalog.pg_sleep(1.5); RETURN NEW; END $$;
            CREATE TRIGGER slow BEFORE INSERT ON {LEGACY_MEMBERSHIP} FOR EACH ROW EXECUTE FUNCTION public.slow()""")
        process = subprocess.Popen([binary(), "smoke", "--json", "--config", str(config)], env=clean_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        daemon.wait_for("dual_write_scheduled", operation="sync_team_member_added")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 128 + number, out + err
        report = json.loads(out)
        assert report["interrupted"] is True and report["cleaned"] is True, report["cleaned_why"]
        assert statuses(report)[2:] == ["skipped"] * 3 and "interrupted" in err
        installed.legacy.execute(f"DROP TRIGGER slow ON {LEGACY_MEMBERSHIP}")
        assert everything(installed) == before


@pytest.mark.parametrize("how", ["killed", "disconnected"])
def test_a_run_that_is_cut_off(installed, tmp_path, how):
    """Killed, it leaves a row, which the next run counts; one that lost its connections cleans up on new ones."""
    config = tmp_path / "dualwrited.env"
    write_env_file(config, config_for(installed, "postgres"))
    with Daemon(installed) as daemon:
        before = everything(installed)
        process = subprocess.Popen([binary(), "smoke", "--json", "--config", str(config)], env=clean_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with daemon.stop_cont():
            wait_until(lambda: installed.value(f"SELECT count(*) FROM {TEAM}") == 1)
            if how == "killed":
                process.kill()
            else:
                for side in installed.sides:
                    side.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dualwrited/smoke'")
                wait_until(lambda: installed.value("""SELECT count(*) FROM pg_stat_activity WHERE state = 'active'
                                                          AND application_name = 'dualwrited/smoke'""") == 0)
        out, err = process.communicate(timeout=60)
        if how == "killed":
            assert smoke(installed)["leftovers"] == 1
            return
        report = json.loads(out)
        assert process.returncode == 1 and re.search("SQLSTATE (57P01|08006)", report["flows"][0]["reason"]), out + err
        assert report["cleaned"] is True and everything(installed) == before


@pytest.mark.layouts("one", reason="what is looked at is the same")
def test_a_legacy_row_that_was_there_before(application):
    """Without a map the legacy key is made of the row's own values, and may be somebody's."""
    mapping = {"channel": "bell", "entities": [{
        "name": "word", "source": {"table": "new_word", "key": ["id"]}, "target": {"table": "old_word", "key": ["id"]},
        "columns": {"id": "id", "name": "name"}, "removal": "delete", "log": {"id": "word_id"},
        "operations": {"insert": "word_i", "update": "word_u", "remove": "word_r"}}]}
    db = application(mapping, vnext="CREATE TABLE new_word (id bigint PRIMARY KEY, name text NOT NULL)",
                     legacy="CREATE TABLE old_word (id bigint PRIMARY KEY, name text NOT NULL); INSERT INTO old_word VALUES (1, 'x')")
    install(db)
    with Daemon(db):
        report = smoke(db, code=1)
        assert "legacy has a row with the key of the new row already" in report["flows"][0]["reason"]
        assert db.execute("SELECT * FROM old_word") == [(1, "x")]
        report = smoke(db, "--set=word.id=2")
        assert statuses(report) == ["passed"] + ["skipped"] * 4, report
        assert "the mapping copies no column" in report["flows"][3]["reason"]
        assert "no entity of the mapping has this one as its parent" in report["flows"][1]["reason"]
        assert db.execute("SELECT * FROM old_word") == [(1, "x")] and report["cleaned_rows"]["legacy"] == 0


def test_a_login_that_may_not_clean_up(installed):
    for side in installed.sides:
        side.execute("GRANT dualwrite_daemon TO app_user")
    installed.legacy.execute(f"REVOKE DELETE ON {LEGACY_TEAM} FROM app_user")
    with Daemon(installed):
        report = smoke(installed, user="app_user", code=1)
        assert statuses(report) == ["passed"] * 5 and report["cleaned"] is False
        assert f"app_user lacks DELETE on public.{LEGACY_TEAM}" in report["cleaned_why"]
        assert "dualwrited rollback cleanup --match 'Staging Test%'" in report["cleaned_why"]
        report = smoke(installed, user="daemon_login", code=1)
        assert "permission denied for table organizations_team (SQLSTATE 42501)" in report["flows"][0]["reason"]


# ---- other tables ------------------------------------------------------------------------------------------------------


@pytest.mark.layouts("one", reason="the columns are those of the vNext side")
def test_columns_that_the_application_has_made_as_django_does(installed):
    """No default is the database's own, and a column the mapping does not know needs a value."""
    for table in (TEAM, MEMBERSHIP):
        for column in ("status", "created_at", "updated_at"):
            installed.execute(f"ALTER TABLE {table} ALTER {column} DROP DEFAULT")
    installed.execute(f"""CREATE TABLE app_user_table (id bigint PRIMARY KEY); INSERT INTO app_user_table VALUES (7), (9);
                          ALTER TABLE {TEAM} ADD owner_id bigint NOT NULL REFERENCES app_user_table, ADD shape point""")
    team = installed.new_team(status="ACTIVE", owner_id=9, created_at="2026-01-01", updated_at="2026-01-01")
    with Daemon(installed):
        report = smoke(installed, "--set=team.region=EU", "--set=membership.user_id=4711", "--keep")
        assert statuses(report) == ["passed"] * 5
        assert installed.execute(f"SELECT owner_id, status, region FROM {TEAM} WHERE id <> %s", [team]) == [(7, "ACTIVE", "EU")]
        assert installed.value(f"SELECT user_id FROM {MEMBERSHIP}") == 4711
        installed.execute(f"UPDATE {TEAM} SET shape = '(1,2)'; ALTER TABLE {TEAM} ADD n macaddr NOT NULL DEFAULT '08:00:2b:01:02:03'")
        installed.execute(f"ALTER TABLE {TEAM} ALTER n DROP DEFAULT; DELETE FROM {MEMBERSHIP}")
        report = smoke(installed)
        assert statuses(report) == ["skipped"] * 5
        assert "--set=team.n=VALUE" in report["flows"][0]["reason"]
        assert statuses(smoke(installed, "--set=team.n=08:00:2b:01:02:04")) == ["passed"] * 5


def test_another_application(shop):
    for profile in (41, 42):
        shop.legacy.execute("INSERT INTO shop.profiles (user_id, nickname) VALUES (%s, 'nick')", [profile])
    given = [] if shop.layout == "one" else ["--set=customer.user_id=42"]
    with Daemon(shop):
        tables = [(side, table) for side in shop.sides for (table,) in side.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('crm', 'shop', 'bridge', 'map')")]
        before = [side.execute(f"SELECT t::text FROM {table} t ORDER BY 1") for side, table in tables]
        if given:
            report = smoke(shop)
            assert statuses(report) == ["skipped"] * 5 and "--set=customer.user_id=VALUE" in report["flows"][0]["reason"]
        report = smoke(shop, *given)
        assert statuses(report) == ["passed"] * 5, report["flows"]
        assert [side.execute(f"SELECT t::text FROM {table} t ORDER BY 1") for side, table in tables] == before


# ---- what it costs -----------------------------------------------------------------------------------------------------


def test_performance(installed):
    installed.execute(f"""INSERT INTO dualwrite.override (flag, value, who, at, why)
                          VALUES ('{ENABLED}', 'true', 'ann', '2026-01-01', 'tests')""")
    before = installed.execute("SELECT * FROM dualwrite.override")
    with Daemon(installed):
        rows = everything(installed)
        report = smoke(installed, "--perf=7")
        perf = report["perf"]
        assert perf["each"] == 7 and perf["rule"] == 1.1 and perf["met"] is (perf["ratio"] <= 1.1)
        for side in ("on", "off"):
            assert 0 < perf[side]["p50_ms"] <= perf[side]["p95_ms"] <= perf[side]["p99_ms"]
        assert report["cleaned_rows"]["vnext"] == 2 + 2 + 14 and report["inline_legacy_writes"] == 0
        assert everything(installed) == rows
    assert installed.execute("SELECT * FROM dualwrite.override") == before


@pytest.mark.layouts("one", reason="overrides are the vNext side's")
def test_a_rollback_meanwhile_stays(installed, tmp_path):
    """On-call disables dual write while somebody measures with it off: it is off afterwards, too, and not for the measurement."""
    config = tmp_path / "dualwrited.env"
    write_env_file(config, config_for(installed, "postgres"))
    word = "SELECT value, who, why FROM dualwrite.override"
    with Daemon(installed):
        process = subprocess.Popen([binary(), "smoke", "--json", "--perf=300", "--config", str(config)], env=clean_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: installed.value(f"SELECT count(*) FROM {TEAM} WHERE name LIKE '% off%'") >= 2)
        # in a block with it off, where the value is the same already
        wait_until(lambda: installed.value("SELECT why LIKE '%--perf%' FROM dualwrite.override WHERE value = 'false'"))
        rollback(installed, "disable", "--who=ann", "--reason=it burns", check=False)
        out, err = process.communicate(timeout=120)
        report = json.loads(out)
        assert "somebody else" in report["perf"]["skipped"], out + err
        assert installed.execute(word) == [("false", "ann", "it burns")]
        # nor does the next one begin
        report = json.loads(cli(installed, "smoke", "--json", "--perf=2", "--timeout=1s", user="postgres", check=False).stdout)
        assert "skipped" in report["perf"] and installed.execute(word) == [("false", "ann", "it burns")]


@pytest.mark.layouts("one", reason="overrides are the vNext side's")
def test_a_signal_puts_the_override_back(installed, tmp_path):
    config = tmp_path / "dualwrited.env"
    write_env_file(config, config_for(installed, "postgres"))
    with Daemon(installed):
        before = everything(installed)
        process = subprocess.Popen([binary(), "smoke", "--json", "--perf=1000", "--config", str(config)], env=clean_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: installed.value("SELECT why LIKE '%smoke%' FROM dualwrite.override WHERE value = 'false'"))
        wait_until(lambda: installed.value(f"SELECT count(*) FROM {TEAM} WHERE name LIKE '% off%'") >= 60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        report = json.loads(out)
        assert process.returncode == 130 and report["perf"] == {"skipped": "interrupted"}, out + err
        assert installed.execute("SELECT * FROM dualwrite.override") == []
        assert report["cleaned"] is True and everything(installed) == before


@pytest.mark.layouts("one", reason="it is refused before")
def test_usage(installed):
    for args in (["--perf=0"], ["--via=mail"], ["--via=api"], ["--base-url=http://x"], ["--set=x"], ["--timeout=5"],
                 ["--via=api", "--base-url=ftp://x"]):
        assert cli(installed, "smoke", *args, check=False).returncode == 64, args
