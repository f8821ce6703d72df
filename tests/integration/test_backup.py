"""`dualwrited rollback backup` and `rollback restore`: what comes back, with daemons and writers about, and what is refused."""

import fcntl
import json
import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import Daemon, assert_in_step, binary, clean_environment, config_for, install, wait_until, write_env_file
from helpers import (ENABLED, LEGACY_MEMBERSHIP, LEGACY_TEAM, MAP, MEMBERSHIP, TEAM, Writers, cli, drained, resync_marks, rollback,
                     sequences, shadow_of)

pytestmark = pytest.mark.layouts("one", "two")

TABLES = (TEAM, MEMBERSHIP, MAP, LEGACY_TEAM, LEGACY_MEMBERSHIP)


def content(db):
    return {table: sorted(row for (row,) in db.side(table).execute(f"SELECT t::text FROM {table} t")) for table in TABLES}


def files(db, path):
    """The files that a backup to this path makes."""
    if db.layout == "one":
        return [path]
    stem, end = re.match(r"(.*?)(\.dump|\.sql(?:\.gz)?)$", str(path)).groups()
    return [Path(f"{stem}.{side}{end}") for side in ("vnext", "legacy")]


def override(db):
    return db.execute(f"SELECT value, who, why FROM dualwrite.override WHERE flag = '{ENABLED}'")


def fill(db, count=4):
    install(db)
    with Daemon(db):
        for n in range(count):
            team = db.new_team(f"Kept {n}\n\\.\n-- \"quoted\"; \\connect x")
            db.new_member(team, 101)
        drained(db)
        assert_in_step(db)


@pytest.fixture
def filled(db):
    fill(db)
    return db


def spoil(db):
    db.execute(f"UPDATE {TEAM} SET name = 'spoilt'; DELETE FROM {MEMBERSHIP}")
    db.legacy.execute(f"ALTER TABLE {LEGACY_TEAM} DISABLE TRIGGER ALL; UPDATE {LEGACY_TEAM} SET name = 'spoilt too'; "
                      f"ALTER TABLE {LEGACY_TEAM} ENABLE TRIGGER ALL")


def test_there_and_back_with_a_daemon_running(filled, tmp_path):
    there_and_back(filled, tmp_path, ".dump")


@pytest.mark.layouts("one", reason="how a file is read is the same in both")
@pytest.mark.parametrize("end", [".sql", ".sql.gz"])
def test_there_and_back_as_text(filled, tmp_path, end):
    there_and_back(filled, tmp_path, end)


def there_and_back(db, tmp_path, end):
    before = content(db)
    path = tmp_path / f"before{end}"
    done = rollback(db, "backup", f"--output={path}")
    assert f"[x] public.{TEAM}: 4 rows" in done.stdout
    for file in files(db, path):
        manifest = json.loads(Path(f"{file}.manifest.json").read_text())
        assert manifest["file"] == file.name and manifest["bytes"] == file.stat().st_size
        assert manifest["sha256"] == subprocess.run(["sha256sum", file], capture_output=True, text=True, check=True).stdout[:64]
        assert all(table["rows"] == 4 for table in manifest["tables"]) and "/" in manifest["lsn"]
    spoil(db)
    marks = sequences(db)
    with Daemon(db) as daemon:
        shown = rollback(db, "restore", f"--input={path}", "--dry-run")
        assert "4 rows in the file" in shown.stdout and content(db) != before
        since = daemon.mark()
        document = json.loads(rollback(db, "restore", f"--input={path}", "--yes", "--json", "--reason=spoilt",
                                       f"--notice={tmp_path}/notice.md").stdout)
        assert all(line["good"] for line in document["verified"]), document
        assert {line["mark"] for line in document["checklist"]} == {"ok", "open"} and len(document["checklist"]) == 8
        assert "**Reason:**\nspoilt\n" in document["notice"] and "`dualwrited rollback restore`" in document["notice"]
        assert (tmp_path / "notice.md").read_text() == document["notice"]
        assert override(db) == []
        # all of it is synced anew, and what the daemon does with it changes no vNext row
        wait_until(lambda: len({line["team_id"] for line in daemon.lines("dual_write_completed", since) if "team_id" in line}) >= 4)
        drained(db)
        assert_in_step(db)
        assert content(db)[TEAM] == before[TEAM] and content(db)[MEMBERSHIP] == before[MEMBERSHIP]
        team = db.new_team("Afterwards")
        daemon.wait_for("dual_write_completed", team_id=team)
        drained(db)
        assert_in_step(db)
    assert resync_marks(marks, sequences(db)) >= {"resync_team", "resync_membership"}


def test_a_backup_of_a_busy_pair_is_of_one_moment(db, tmp_path):
    """Counts in manifest, file and snapshot are the same although writers go on; restored, nothing has to be guessed."""
    install(db)
    path = tmp_path / "busy.dump"
    with Daemon(db), Writers(db) as writers:
        wait_until(lambda: len(writers.ids) > 30)
        rollback(db, "backup", f"--output={path}")
        writers.stop()
        drained(db)
        assert not writers.errors
        rows = {table["table"]: table["rows"] for file in files(db, path)
                for table in json.loads(Path(f"{file}.manifest.json").read_text())["tables"]}
        assert 0 < rows[TEAM] <= len(writers.ids) and rows[LEGACY_TEAM] <= rows[TEAM]
        rollback(db, "restore", f"--input={path}", "--yes")
        wait_until(lambda: db.value(f"SELECT count(*) FROM {TEAM}") == rows[TEAM])
        drained(db)
        assert_in_step(db)


def test_an_override_is_put_back_as_it_was(filled, tmp_path):
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    db.execute(f"INSERT INTO dualwrite.override (flag, value, who, at, why) VALUES ('{ENABLED}', 'false', 'alice', "
               "now() - interval '2 days', 'incident 7')")
    rollback(db, "restore", f"--input={path}", "--yes")
    assert override(db) == [("false", "alice", "incident 7")]
    assert db.value("SELECT at < now() - interval '1 day' FROM dualwrite.override")
    # one that was left by a run that was cut off is nobody's word
    db.execute("UPDATE dualwrite.override SET why = 'rollback restore is under way'")
    rollback(db, "restore", f"--input={path}", "--yes")
    assert override(db) == []


def test_the_overrides_of_other_flags_stay_too(filled, tmp_path):
    """A restore is no `rollback resume`: legacy stays closed, and what was in force when the dump was made does not come back."""
    db = filled
    path = tmp_path / "x.dump"
    there = "SELECT flag, value, who, why, at < now() - interval '1 hour' FROM dualwrite.override ORDER BY flag"

    def give(where, flag, value, why):
        where.execute("INSERT INTO dualwrite.override (flag, value, who, at, why) VALUES (%s, %s, 'alice', "
                      "now() - interval '2 days', %s)", [flag, value, why])

    for side in db.sides:
        give(side, "TEAM_LEGACY_WRITE_BYPASS_ENABLED", "true", "an emergency of long ago")
    rollback(db, "backup", f"--output={path}")
    for side in db.sides:
        side.execute("DELETE FROM dualwrite.override")
        give(side, "TEAM_LEGACY_WRITE_BLOCKED", "true", "it's \"closed\"")
    rollback(db, "restore", f"--input={path}", "--yes")
    for side in db.sides:
        assert side.execute(there) == [("TEAM_LEGACY_WRITE_BLOCKED", "true", "alice", "it's \"closed\"", True)]


@pytest.mark.layouts("one", reason="a transaction of psql is the same in both")
@pytest.mark.parametrize("times, status", [(1, 0), (99, 70)])
def test_a_deadlock_is_tried_again(filled, tmp_path, times, status):
    """Somebody reads a table of ours, and then one of theirs, while the restore wants them the other way round."""
    db, before, path = filled, content(filled), tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    spoil(db)
    config = tmp_path / "dualwrited.env"
    write_env_file(config, config_for(db, "postgres"))
    restore = subprocess.Popen([binary(), "rollback", "restore", "--config", config, f"--input={path}", "--yes"],
                               env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with db.connect(autocommit=True) as session:
        session.execute("SET deadlock_timeout = '60s'")  # so that the restore is the one that is ended
        while times > 0 and restore.poll() is None:
            session.execute("BEGIN; LOCK TABLE dualwrite.setting IN ACCESS SHARE MODE")
            wait_until(lambda: restore.poll() is not None or session.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'dualwrite.setting'::regclass").fetchone()[0])
            session.execute(f"SELECT count(*) FROM {TEAM}; COMMIT")
            times -= 1
    printed, said = restore.communicate(timeout=60)
    assert restore.returncode == status, printed + said
    if status == 0:
        assert content(db) == before and "nothing has changed; attempt 2 of 5" in said
    else:
        assert content(db) != before and "still a deadlock (SQLSTATE 40P01)" in said and said.count("attempt") == 4
        assert "ERROR:  40P01: deadlock detected" in said  # with who waits for what
        assert "is as it was before" in said


@pytest.mark.layouts("two", reason="one database has no sides")
def test_one_side_alone(filled, tmp_path):
    db = filled
    path = tmp_path / "x.sql"
    rollback(db, "backup", f"--output={path}", "--database=legacy")
    assert path.exists()
    before = content(db)
    with Daemon(db) as daemon:
        db.execute(f"UPDATE {TEAM} SET region = 'EU', updated_at = now()")
        db.new_team("Later")
        drained(db)
        assert_in_step(db)
        assert "side" in rollback(db, "restore", f"--input={path}", "--yes", "--database=vnext", check=65).stderr
        assert "no table" not in rollback(db, "restore", f"--input={path}", "--yes", "--database=legacy").stderr
        drained(db)
        assert_in_step(db)  # the daemon does again what legacy has lost
    assert len(content(db)[TEAM]) == len(before[TEAM]) + 1


@pytest.mark.layouts("two", reason="one database has no sides")
def test_what_reconcile_found_before_is_no_answer_afterwards(filled, tmp_path):
    """The legacy row of a team that is gone from vNext is active again. No event tells of it, and `gate` must not say yes."""
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}", "--database=legacy")
    with Daemon(db):
        team = db.value(f"SELECT max(id) FROM {TEAM}")
        db.execute(f"DELETE FROM {MEMBERSHIP} WHERE team_id = {team}; DELETE FROM {TEAM} WHERE id = {team}")
        drained(db)
        cli(db, "reconcile", user="daemon_login")
        assert json_gate(db)["differences"]["state"] == "met"
        rollback(db, "restore", f"--input={path}", "--yes", "--database=legacy")
        drained(db)
        assert db.legacy.value(f"SELECT is_active FROM {LEGACY_TEAM} WHERE id = {shadow_of(db, team)}") is True
        assert json_gate(db)["differences"]["state"] == "unknown"


def json_gate(db):
    done = cli(db, "gate", "--json", user="daemon_login", check=False)
    return {c["name"]: c for c in json.loads(done.stdout)["criteria"]}


# ---- refused before anything is touched ------------------------------------------------------------------------------------


def cut(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * keep)])


def test_files_that_are_no_backups(filled, tmp_path):
    no_backups(filled, tmp_path, ".dump")


@pytest.mark.layouts("one", reason="how a file is read is the same in both")
@pytest.mark.parametrize("end", [".sql", ".sql.gz"])
def test_texts_that_are_no_backups(filled, tmp_path, end):
    no_backups(filled, tmp_path, end)


def no_backups(db, tmp_path, end):
    path = tmp_path / f"x{end}"
    rollback(db, "backup", f"--output={path}")
    hooked = tmp_path / "hooked"
    last = files(db, path)[-1]
    whole = last.read_bytes()
    manifest = Path(f"{last}.manifest.json")
    before = content(db)

    def refused(word):
        done = rollback(db, "restore", f"--input={path}", "--yes", f"--before=touch {hooked}", check=65)
        assert word in done.stderr and "nothing was touched" in done.stderr, done.stderr

    for keep in (0.98, 0.5, 0.0):
        cut(last, keep)
        refused(last.name)
        last.write_bytes(whole)
    last.write_bytes(whole.replace(b"a", b"b", 1) if end != ".sql" else whole.replace(b"Kept 0", b"Kept X"))
    refused(last.name)
    last.write_bytes(b"hello\n" * 1000)
    refused(last.name)
    last.write_bytes(whole)
    manifest.write_text("[")
    refused("manifest")
    manifest.unlink()
    last.unlink()
    refused("cannot be read")
    assert content(db) == before and override(db) == [] and not hooked.exists()


@pytest.mark.layouts("one", reason="what a file says does not depend on the layout")
def test_dumps_of_others(filled, tmp_path):
    db = filled
    path = tmp_path / "other.sql"

    def dump(*args):
        text = subprocess.run([db.cluster.bin / "pg_dump", "--dbname", db.url(), *args], capture_output=True, text=True,
                              check=True).stdout
        path.write_text(text)
        return rollback(db, "restore", f"--input={path}", "--yes", check=False)

    assert "--clean" in dump().stderr
    assert f"no table public.{TEAM}" in dump("--clean", "--if-exists", "--table=teams_*").stderr
    assert "another database" in dump("--clean", "--if-exists", "--create").stderr
    assert dump("--clean", "--if-exists").returncode == 0
    assert dump("--clean", "--if-exists", "--inserts").returncode == 0
    path.write_text(path.read_text().replace("from database version ", "from database version 9"))
    done = rollback(db, "restore", f"--input={path}", "--yes", check=65)
    assert "version" in done.stderr


@pytest.mark.layouts("one", reason="no database is asked")
def test_words_that_are_wrong(filled, tmp_path):
    db = filled
    assert ".sql.gz" in rollback(db, "backup", f"--output={tmp_path}/x.tar", check=64).stderr
    assert "--output" in rollback(db, "backup", check=64).stderr
    assert "--yes" in rollback(db, "restore", f"--input={tmp_path}/x.dump", check=64).stderr
    (tmp_path / "x.dump").write_text("mine")
    for file in files(db, tmp_path / "x.dump"):
        file.write_text("mine")
    os.mkfifo(tmp_path / "pipe.sql")
    assert "no ordinary file" in rollback(db, "restore", f"--input={tmp_path}/pipe.sql", "--yes", "--database=both", check=65).stderr
    assert "there already" in rollback(db, "backup", f"--output={tmp_path}/x.dump", check=64).stderr
    assert "cannot be written" in rollback(db, "backup", f"--output={tmp_path}/no/x.dump", check=70).stderr
    done = rollback(db, "backup", f"--output={tmp_path}/y.dump", check=70, env={"PATH": str(tmp_path)})
    assert "postgresql-client" in done.stderr
    assert not list(tmp_path.glob("y*"))
    with open(tmp_path / "z.dump.partial", "w", encoding="ascii") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = rollback(db, "backup", f"--output={tmp_path}/z.dump", check=70)
        assert "another backup is writing it" in done.stderr and not (tmp_path / "z.dump").exists()
    rollback(db, "backup", f"--output={tmp_path}/z.dump")
    assert {file.stat().st_mode & 0o777 for file in tmp_path.glob("z*")} == {0o600} and len(list(tmp_path.glob("z*"))) == 2


@pytest.mark.layouts("one", reason="the files are made alike")
def test_a_folder_that_is_full_keeps_nothing_of_a_backup(filled, tmp_path):
    db = filled
    rollback(db, "backup", f"--output={tmp_path}/x.sql")
    size = (tmp_path / "x.sql").stat().st_size
    config = tmp_path / "restore.env"
    write_env_file(config, config_for(db, "postgres"))
    done = subprocess.run([binary(), "rollback", "backup", "--config", config, f"--output={tmp_path}/y.sql"],
                          env=clean_environment(), capture_output=True, text=True, timeout=60, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2)))
    assert done.returncode == 70 and "nded with status" in done.stderr, done.stderr
    assert not list(tmp_path.glob("y*"))


# ---- failures in the middle --------------------------------------------------------------------------------------------------


def test_what_the_dump_does_not_know_keeps_it_out_and_all_is_as_it_was(filled, tmp_path):
    """The last database refuses: neither has changed, the state of each is said, and the application is started again."""
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    db.legacy.execute(f"CREATE VIEW later AS SELECT * FROM {LEGACY_TEAM}")
    spoil(db)
    before = content(db)
    done = rollback(db, "restore", f"--input={path}", "--yes", f"--before=touch {tmp_path}/before",
                    f"--after=touch {tmp_path}/after", check=70)
    assert "later" in done.stderr and done.stderr.count("is as it was before") == len(db.sides)
    assert content(db) == before and override(db) == []
    assert (tmp_path / "before").exists() and (tmp_path / "after").exists()


def test_hooks(filled, tmp_path):
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    spoil(db)
    before = content(db)
    done = rollback(db, "restore", f"--input={path}", "--yes", "--before=exit 3", f"--after=touch {tmp_path}/after", check=70)
    assert "status 3" in done.stderr and content(db) == before and (tmp_path / "after").exists()
    done = rollback(db, "restore", f"--input={path}", "--yes", "--after=exit 4", check=70)
    assert "status 4" in done.stderr and content(db) != before


def start_restore(db, tmp_path, path):
    config = tmp_path / "restore.env"
    write_env_file(config, config_for(db, "postgres"))
    return subprocess.Popen([binary(), "rollback", "restore", "--config", str(config), f"--input={path}", "--yes"],
                            env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_in_the_middle_it_has_changed_nothing(filled, tmp_path, number):
    """It waits for a table that somebody reads; the vNext side, if it is another, has its dump in an open transaction."""
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    spoil(db)
    before = content(db)
    if number == signal.SIGKILL:
        db.execute("INSERT INTO dualwrite.override (flag, value, who, why) VALUES (%s, 'false', 'alice', %s)",
                   [ENABLED, "bad '; before it: {} day"])
    with db.legacy.connect() as reader:
        reader.execute(f"SELECT FROM {LEGACY_TEAM}")
        process = start_restore(db, tmp_path, path)
        # there, and not elsewhere on this server: after ten seconds it gives up by itself, and puts the override back
        wait_until(lambda: db.legacy.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dualwrited-rollback' "
                                           "AND wait_event_type = 'Lock' AND datname = current_database()"))
        ((value, who, why),) = override(db)
        assert (value, who) == ("false", "postgres") and why.startswith("rollback restore is under way")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert number != signal.SIGKILL or process.returncode == -number, out + err
        reader.rollback()
    wait_until(lambda: content(db) == before)
    if number == signal.SIGTERM:
        assert process.returncode == 70 and err.count("is as it was before") == len(db.sides), out + err
        assert override(db) == []
    else:
        ((value, _, why),) = override(db)
        assert value == "false" and why.startswith("rollback restore is under way")
        done = json.loads(rollback(db, "restore", f"--input={path}", "--yes", "--json").stdout)
        # what an operator has said outlives a restore that was cut off
        assert override(db) == [("false", "alice", "bad '; before it: {} day")] and content(db) != before
        assert any("overridden as it was before" in line["what"] for line in done["verified"])


def test_two_restores_at_once_come_one_after_the_other(filled, tmp_path):
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    before = content(db)
    spoil(db)
    db.execute(f"ALTER DATABASE {db.name} SET datestyle = 'German'")
    db.execute("INSERT INTO dualwrite.override (flag, value, who, why) VALUES (%s, 'false', 'alice', NULL)", [ENABLED])
    both = [start_restore(db, tmp_path, path) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0 and "  ✗ " not in out, out + err
    assert content(db) == before and override(db) == [("false", "alice", None)]


def test_a_word_that_is_given_meanwhile_stays(filled, tmp_path):
    """Somebody disables dual write while a restore stands back with an override of its own."""
    db = filled
    path = tmp_path / "x.dump"
    rollback(db, "backup", f"--output={path}")
    with db.connect() as holder:  # a batch that is under way
        holder.execute("SELECT pg_advisory_lock(1685414252, 0)")
        process = start_restore(db, tmp_path, path)
        wait_until(lambda: [why for _, _, why in override(db)] == ["rollback restore is under way"])
        rollback(db, "disable", "--who=bob", "--reason=mine", "--timeout=100ms", check=70)
        holder.execute("SELECT pg_advisory_unlock_all()")
        process.communicate(timeout=60)
    assert override(db) == [("false", "bob", "mine")]


@pytest.mark.layouts("one", reason="each side's children are started alike")
def test_nothing_secret_is_in_a_process_title_or_a_message(filled, tmp_path):
    """Stand-ins for the programs write down how they were called."""
    db = filled
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (bin_ / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/calls\nenv | grep PGPASSWORD >>{tmp_path}/passwords\n'
                                 f'exec {db.cluster.bin}/{name} "$@"\n')
        (bin_ / name).chmod(0o755)
    path = tmp_path / "x.dump"
    url = {"DUALWRITE_DATABASE_URL": db.url() + " password=secret77"}
    env = {"PATH": f"{bin_}:{os.environ['PATH']}"}
    said = rollback(db, "backup", f"--output={path}", env=env, **url)
    said2 = rollback(db, "restore", f"--input={path}", "--yes", env=env, **url)
    calls = (tmp_path / "calls").read_text()
    assert {line.split()[0] for line in calls.splitlines()} == {"pg_dump", "pg_restore", "psql"}
    assert "secret77" not in calls + said.stdout + said.stderr + said2.stdout + said2.stderr
    assert "secret77" in (tmp_path / "passwords").read_text()


@pytest.mark.layouts("one", reason="the queue is the vNext database's")
def test_a_queue_put_in_place_beneath_a_running_daemon(db):
    """As pg_restore does it: events that wait in a dump come back under transactions which the daemon has passed long ago."""
    install(db)
    team = db.new_team("Waits")
    db.execute("CREATE TABLE saved AS SELECT * FROM dualwrite.outbox")
    with Daemon(db) as daemon:
        for n in range(3):
            daemon.wait_for("dual_write_completed", team_id=db.new_team(f"Passed {n}"))
        drained(db)
        since = daemon.mark()
        with db.connect() as conn, conn.transaction():
            conn.execute("TRUNCATE dualwrite.outbox")
            conn.execute("INSERT INTO dualwrite.outbox OVERRIDING SYSTEM VALUE SELECT * FROM saved")
        daemon.wait_for("dual_write_completed", since=since, team_id=team)
        drained(db)
