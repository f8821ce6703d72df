"""The daemon as a service of a real systemd: installed with `make install`, started, reloaded, crashed, hung, stopped."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from machine import TOP, Machine, wait_for  # noqa: E402

UNIT = "dualwrited.service"
ENV = "/etc/dualwrite/dualwrited.env"
SETTINGS = {"DUALWRITE_DATABASE_URL": '"host=/var/run/postgresql dbname=app user=dualwrite"',
            "TEAM_VNEXT_DUAL_WRITE_ENABLED": "true"}


def settings(**more):
    return "".join(f"{key}={value}\n" for key, value in {**SETTINGS, **more}.items())


class Host(Machine):
    """A machine with the application's tables and dualwrited on it, installed and not started."""

    def __init__(self, folder, suite, version):
        super().__init__(suite)
        try:
            self.install(folder, version)
            self.database = f"postgresql@{self.sh('ls /etc/postgresql').strip()}-main"
        except BaseException:
            self.close()
            raise

    def install(self, folder, version):
        build = os.path.relpath(Path(os.environ.get("DUALWRITED", TOP / "build/dualwrited")).resolve().parent, TOP)
        subprocess.run(["make", "-C", TOP, "-o", "build", "install", f"BUILD={build}", f"DESTDIR={folder}", "prefix=/usr",
                        f"SYSTEMD_VERSION={version}"], check=True, capture_output=True, timeout=120)
        self.put(folder)
        self.run("systemd-sysusers")
        self.run("systemd-tmpfiles", "--create", "dualwrited.conf")
        self.run("systemctl", "daemon-reload")
        self.sql("CREATE ROLE dualwrite LOGIN PASSWORD 'Ge-heim'; CREATE DATABASE app", database="postgres")
        self.sql((TOP / "config/sample/schema.sql").read_text())
        self.write("/tmp/install.env", 'DUALWRITE_DATABASE_URL="host=/var/run/postgresql dbname=app"\n')
        self.run("dualwrited", "install", "--config", "/tmp/install.env", user="postgres")
        self.sql("GRANT dualwrite_daemon TO dualwrite")
        self.configure(settings())

    def configure(self, text):
        """As an editor that writes in place does: the file stays whose it was."""
        self.sh(f"cat >{ENV}", stdin=text)

    def override(self, text):
        self.write(f"/run/systemd/system/{UNIT}.d/zz-test.conf", f"[Service]\n{text}")
        self.run("systemctl", "daemon-reload")

    def pid(self):
        return int(self.show(UNIT, "MainPID"))

    def state(self):
        return self.show(UNIT, "ActiveState")

    def is_ready(self):
        return self.state() == "active"

    def signal(self, name, pid):
        self.sh(f"kill -{name} {pid}")

    def stop_database(self):
        self.run("systemctl", "stop", self.database)

    def start_database(self):
        self.run("systemctl", "start", self.database)

    def events(self, event_type, since=0):
        return self.journal(f"DUALWRITE_EVENT_TYPE={event_type}", f"_SYSTEMD_UNIT={UNIT}", since=since)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    machine = Host(tmp_path_factory.mktemp("installed"), "bookworm", 252)
    yield machine
    machine.close()


@pytest.fixture(scope="module")
def newer(tmp_path_factory):
    """One whose systemd knows notify-reload and a back-off of its own."""
    machine = Host(tmp_path_factory.mktemp("installed"), "trixie", 257)
    yield machine
    machine.close()


@pytest.fixture
def host(whole):
    """Stopped, with its own settings and a database that runs; and the next test finds it so."""
    yield whole
    whole.run("systemctl", "stop", UNIT, check=False)
    whole.sh(f"rm -rf /run/systemd/system/*.d /etc/credstore; systemctl daemon-reload; systemctl reset-failed; "
             f"systemd-tmpfiles --create dualwrited.conf")
    whole.configure(settings())
    whole.start_database()


def start(host):
    host.run("systemctl", "start", UNIT, timeout=30)
    assert host.is_ready()


def test_started_it_is_ready_and_says_how_it_goes(host):
    since = host.now()
    start(host)
    assert host.show(UNIT, "User") == "dualwrite" and host.show(UNIT, "StatusText")
    assert wait_for(lambda: host.events("ready", since), 10, "no line says that it is ready")[0]["PRIORITY"] == "6"
    host.sql((TOP / "config/sample/flows.sql").read_text())
    wait_for(lambda: re.search(r"[0-9.]+ events/s completed, 0 failing, lag [0-9.]+ s; [1-9] events completed",
                               host.show(UNIT, "StatusText")), 20, lambda: host.show(UNIT, "StatusText"))
    assert host.sql("SELECT region FROM teams_team WHERE slug = 'staging-test-team-alpha'") == "EU"
    # the account sees the settings and cannot change them, and has no shell
    assert host.sh(f"stat -c '%U %G %a' {ENV}") == "root dualwrite 640\n"
    assert "nologin" in host.sh("getent passwd dualwrite")


def test_lines_in_the_journal_have_priority_and_fields(host):
    since = host.now()
    start(host)
    host.sql("INSERT INTO organizations_team (name, slug, game_id, region) VALUES ('Fields', 'fields', 1, 'NA')")
    done = wait_for(lambda: host.events("dual_write_completed", since), 10, "nothing was completed")[0]
    team = host.sql("SELECT id FROM organizations_team WHERE slug = 'fields'")
    assert done["PRIORITY"] == "6" and done["SYSLOG_IDENTIFIER"] == "dualwrited"
    assert done["DUALWRITE_OPERATION"] == "sync_team_created" and done["DUALWRITE_TEAM_ID"] == team
    assert done["_TRANSPORT"] == "journal"
    # the line is the runbooks' line
    assert re.search(rf" INFO event_type=dual_write_completed operation=sync_team_created team_id={team} .*duration_ms=\d+",
                     done["MESSAGE"])
    assert re.match(r"\d{4}-\d\d-\d\dT", done["MESSAGE"])
    plain = host.run("journalctl", "-u", "dualwrited", "-o", "cat", f"--since=@{since // 1000000}").stdout
    assert f"event_type=dual_write_scheduled operation=sync_team_created team_id={team}" in plain
    # what is worse has another priority: the database goes
    host.stop_database()
    wait_for(lambda: [e for e in host.events("disconnected", since) if e["PRIORITY"] == "4"], 10, "no warning")
    assert host.run("journalctl", "-u", "dualwrited", "-p", "warning", "-o", "cat", f"--since=@{since // 1000000}").stdout


def test_reload_reads_the_changed_file_as_the_account_itself(host):
    start(host)
    pid, since = host.pid(), host.now()
    host.configure(settings(DUALWRITE_BATCH_SIZE=77))
    host.run("systemctl", "reload", UNIT)
    line = wait_for(lambda: host.events("config_reloaded", since), 10, "it was not reloaded")[0]
    assert "DUALWRITE_BATCH_SIZE" in line["DUALWRITE_CHANGED"]
    assert host.pid() == pid and host.is_ready()
    # an editor that writes a new file makes it root's: that is said, and nothing is lost
    since = host.now()
    host.sh(f"cp {ENV} /tmp/new.env; chmod 600 /tmp/new.env; mv /tmp/new.env {ENV}")
    host.run("systemctl", "reload", UNIT)
    wait_for(lambda: host.events("config_not_reloaded", since), 10, "a file that cannot be read was taken")
    assert host.is_ready()
    host.run("systemd-tmpfiles", "--create", "dualwrited.conf")
    host.run("systemctl", "reload", UNIT)
    wait_for(lambda: host.events("config_reloaded", since), 10, "it was not reloaded after the mend")


def test_killed_it_is_started_again(host):
    start(host)
    pid = host.pid()
    host.signal("KILL", pid)
    wait_for(lambda: host.is_ready() and host.pid() not in (0, pid), 20, "it was not started again")
    assert host.show(UNIT, "NRestarts") == "1"


def test_a_process_that_stands_still_is_ended_without_a_core_file(host):
    host.override("WatchdogSec=4\n")
    start(host)
    pid, since = host.pid(), host.now()
    host.signal("STOP", pid)
    wait_for(lambda: host.is_ready() and host.pid() not in (0, pid), 40, "it was not started again")
    said = "\n".join(e["MESSAGE"] for e in host.journal(f"UNIT={UNIT}", since=since) if isinstance(e["MESSAGE"], str))
    assert "Watchdog timeout" in said
    assert "status=6/ABRT" in said and "dumped" not in said


def test_the_watchdog_has_patience_with_databases(host):
    """It is fed while the daemon rests, and while the database is away, longer than the watchdog waits."""
    host.override("WatchdogSec=4\n")
    start(host)
    pid, since = host.pid(), host.now()
    host.stop_database()
    stopped = time.monotonic()
    wait_for(lambda: "not ready" in host.show(UNIT, "StatusText"), 20, "the status says nothing")
    wait_for(lambda: time.monotonic() - stopped > 13, 20, "")
    assert host.is_ready() and host.pid() == pid
    host.start_database()
    wait_for(lambda: "not ready" not in host.show(UNIT, "StatusText"), 30, lambda: host.show(UNIT, "StatusText"))
    assert host.pid() == pid and host.show(UNIT, "NRestarts") == "0" and not host.events("hung", since)


def test_a_database_that_is_down_at_the_start_is_waited_for(host):
    """Beyond the start's time-out, with one process; `systemctl start` waits as long, `--no-block` does not."""
    host.override("TimeoutStartSec=3\n")
    host.stop_database()
    host.run("systemctl", "start", "--no-block", UNIT)
    pid = wait_for(host.pid, 10, "it was not started")
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > 10, 20, "")
    assert host.state() == "activating" and host.pid() == pid
    host.start_database()
    wait_for(host.is_ready, 30, lambda: host.show(UNIT, "StatusText"))
    assert host.pid() == pid and host.show(UNIT, "NRestarts") == "0"


def test_hung_at_the_start_it_is_ended(host):
    """The patience is the daemon's own word: of a process that says nothing systemd is tired after TimeoutStartSec."""
    host.override("TimeoutStartSec=3\nExecStart=\nExecStart=/bin/sleep 1000\n")
    assert host.run("systemctl", "start", UNIT, check=False, timeout=30).returncode != 0
    assert host.show(UNIT, "NRestarts") != "-"


def test_hung_while_it_waits_for_the_database_it_is_ended(host):
    """However long it may take: the watchdog counts from its first word on."""
    host.override("WatchdogSec=4\n")
    host.stop_database()
    host.run("systemctl", "start", "--no-block", UNIT)
    wait_for(lambda: "not ready" in host.show(UNIT, "StatusText"), 20, "the status says nothing")
    pid = host.pid()
    host.signal("STOP", pid)
    wait_for(lambda: host.pid() not in (0, pid), 50, "it was not started again")
    host.start_database()
    wait_for(host.is_ready, 30, lambda: host.show(UNIT, "StatusText"))


def test_bad_settings_end_it_for_good(host):
    since = host.now()
    host.configure(settings(TEAM_VNEXT_DUAL_WRITE_ENABLED="maybe"))
    assert host.run("systemctl", "start", UNIT, check=False, timeout=30).returncode != 0
    assert host.show(UNIT, "ExecMainStatus") == "78" and host.state() == "failed"
    # RestartSec is 2 s
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > 4, 10, "")
    assert host.state() == "failed" and host.show(UNIT, "NRestarts") == "0"
    faults = host.journal(f"_SYSTEMD_UNIT={UNIT}", "PRIORITY=3", since=since)
    assert any("TEAM_VNEXT_DUAL_WRITE_ENABLED" in e["MESSAGE"] for e in faults)


def test_stopped_it_ends_within_ten_seconds(host):
    start(host)
    since = host.now()
    begun = time.monotonic()
    host.run("systemctl", "stop", UNIT, timeout=30)
    assert time.monotonic() - begun < 10
    assert host.state() == "inactive" and host.show(UNIT, "Result") == "success" and host.show(UNIT, "ExecMainStatus") == "0"
    assert host.events("stopped", since)


def test_the_password_comes_as_a_credential(host):
    """The URL in the settings has none, and the server wants one; the process's environment does not have it either."""
    host.configure(settings(DUALWRITE_DATABASE_URL='"host=127.0.0.1 dbname=app user=dualwrite"'))
    host.run("systemctl", "start", "--no-block", UNIT)
    wait_for(lambda: [e for e in host.events("disconnected") if "password" in e["MESSAGE"]], 10, "nobody asked for a password")
    assert host.state() == "activating"
    host.run("systemctl", "stop", UNIT)
    host.write("/etc/credstore/dualwrited.pgpass", "127.0.0.1:*:app:dualwrite:Ge-heim\n", mode="600")
    start(host)
    assert "Ge-heim" not in host.sh(f"cat /proc/{host.pid()}/environ /proc/{host.pid()}/cmdline; systemctl show {UNIT}")
    assert "Ge-heim" not in host.run("journalctl", "-u", UNIT, "-o", "cat").stdout


def test_a_journal_that_stands_still_holds_nobody_up(host):
    start(host)
    since = host.now()
    journald = host.show("systemd-journald", "MainPID")
    before = int(host.sql("SELECT count(*) FROM teams_team"))
    host.signal("STOP", journald)
    try:
        host.sql("""INSERT INTO organizations_team (name, slug, game_id, region)
                    SELECT 'Journal ' || i, 'journal-' || i, 1, 'NA' FROM generate_series(1, 2000) i""")
        wait_for(lambda: int(host.sql("SELECT count(*) FROM teams_team")) == before + 2000, 30, "the daemon waits for the journal")
    finally:
        host.signal("CONT", journald)
    host.sql("INSERT INTO organizations_team (name, slug, game_id, region) VALUES ('After', 'after', 1, 'NA')")
    wait_for(lambda: host.events("log_lines_lost", since), 30, "what is missing is not said")
    assert host.is_ready()


def test_the_monitor_runs_every_day_and_findings_are_no_failure(host):
    """The real one: what it finds is kept, and only a look that it could not have is a failed unit."""
    unit = "dualwrited-monitor.service"
    host.run("systemctl", "enable", "--now", "dualwrited-monitor.timer")
    listed = host.run("systemctl", "list-timers", "--no-pager", "dualwrited-monitor.timer").stdout
    assert unit in listed and " left" in listed
    start(host)

    def look():
        """(failed, its exit status)"""
        done = host.run("systemctl", "start", unit, check=False)
        assert (done.returncode != 0) == (host.show(unit, "Result") != "success")
        return done.returncode != 0, int(host.show(unit, "ExecMainStatus"))

    def last():
        return host.sql("SELECT pack, score >= 90 FROM dualwrite.monitor_run ORDER BY id DESC LIMIT 1")

    host.sql("INSERT INTO organizations_team (name, slug, game_id, region) VALUES ('Seen', 'seen', 1, 'NA')")
    wait_for(lambda: host.sql("SELECT 1 FROM teams_team WHERE slug = 'seen'"), 10, "the row is not written")
    assert look() == (False, 0) and last() == "teams|t"
    since = host.now()
    host.sql("ALTER TABLE teams_team DISABLE TRIGGER USER; UPDATE teams_team SET name = 'Another' || id; "
             "ALTER TABLE teams_team ENABLE TRIGGER USER")
    failed, status = look()
    assert not failed and status in (1, 2) and last() == "teams|f"
    assert any("drifted_rows" in e["MESSAGE"] for e in host.journal(f"_SYSTEMD_UNIT={unit}", since=since))
    host.stop_database()
    assert look() == (True, 69)
    assert unit in host.run("systemctl", "list-units", "--failed", "--no-legend", "--no-pager").stdout
    host.run("systemctl", "disable", "--now", "dualwrited-monitor.timer")


# what Postfix does: a program with its group's rights puts the mail into a folder that only the group may write
DROPS = """
install -d -g mail -m 0755 /var/spool/postfix && install -d -g mail -m 1730 /var/spool/postfix/maildrop
install -g mail -m 2755 /usr/bin/dd /usr/local/sbin/postdrop
printf '#!/bin/sh\\nexec /usr/local/sbin/postdrop of=/var/spool/postfix/maildrop/$$ status=none\\n' >/usr/local/sbin/sendmail
printf '#!/bin/bash\\nexec 3<>/dev/tcp/localhost/2525 && cat >&3\\n' >/usr/local/sbin/speaks-smtp
chmod 755 /usr/local/sbin/sendmail /usr/local/sbin/speaks-smtp
"""
LISTENS = """use IO::Socket; $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 2525, Listen => 1); print STDERR "listens\\n";
             $c = $s->accept; open F, ">/run/mail"; print F $_ while <$c>; close F"""


def test_mail_of_the_monitor(host):
    """In the sandbox a sendmail that only connects works; one that gains rights does with the documented drop-in, and not without."""
    unit = "dualwrited-monitor.service"
    host.sh(DROPS)
    host.sql("""INSERT INTO dualwrite.failed (event_id, xid, captured_at, bucket, entity, operation, ref, attempts, message)
                SELECT 1000000 + n, '5', now(), 1, 'team', 'sync_team_created', '{8}', 3, 'x' FROM generate_series(1, 4) n""")

    def look(program):
        """What the log says of the mail."""
        host.sql("DELETE FROM dualwrite.monitor_alert")
        host.configure(settings(DUALWRITE_ALERT_MAIL_TO="root", DUALWRITE_SENDMAIL=f"/usr/local/sbin/{program}"))
        since = host.now()
        host.run("systemctl", "start", unit)
        return [e["MESSAGE"] for e in host.journal(f"_SYSTEMD_UNIT={unit}", since=since) if "event_type=alert_" in e["MESSAGE"]]

    def dropped():
        return host.sh("cat /var/spool/postfix/maildrop/* 2>/dev/null || true")

    try:
        host.write("/run/mta", LISTENS)
        host.run("systemd-run", "--unit=mta", "perl", "/run/mta")
        wait_for(lambda: "listens" in host.run("journalctl", "-u", "mta").stdout, 20, "nobody listens")
        (said,) = look("speaks-smtp")
        assert "alert_sent target=mail" in said
        wait_for(lambda: "Subject: [dualwrite] teams is" in host.sh("cat /run/mail"), 10, "no mail has come")
        (said,) = look("sendmail")
        assert "alert_failed target=mail" in said and dropped() == ""
        documented = re.search(r"(?s)systemctl edit dualwrited-monitor`.*?\n\n(    \[Service\]\n(?:    .*\n)+)",
                               (TOP / "docs/operations.md").read_text())[1]
        host.write(f"/run/systemd/system/{unit}.d/zz-mail.conf", documented.replace("    ", ""))
        host.run("systemctl", "daemon-reload")
        (said,) = look("sendmail")
        assert "alert_sent target=mail" in said and "Subject: [dualwrite] teams is" in dropped()
    finally:
        host.run("systemctl", "stop", "mta", check=False)
        host.sql("DELETE FROM dualwrite.failed WHERE event_id > 1000000; DELETE FROM dualwrite.monitor_alert")


# once the file is there no answer of a server is ever complete, and no time-out ends the waiting; the loop turns all the same
HANG = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>
#define HANGS (access("/etc/dualwrite/hang", F_OK) == 0)
int PQisBusy(void *conn)
{
    int (*real)(void *) = (int (*)(void *)) dlsym(RTLD_NEXT, "PQisBusy");
    return HANGS || real(conn);
}
int uv_timer_start(void *timer, void *cb, uint64_t timeout, uint64_t repeat)
{
    int (*real)(void *, void *, uint64_t, uint64_t) = (int (*)(void *, void *, uint64_t, uint64_t)) dlsym(RTLD_NEXT, "uv_timer_start");
    return repeat == 0 && HANGS ? 0 : real(timer, cb, timeout, repeat);
}
"""


def test_a_loop_that_turns_and_gets_nowhere_is_ended_too(host, tmp_path):
    (tmp_path / "hang.c").write_text(HANG)
    (tmp_path / "root/usr/lib").mkdir(parents=True)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "root/usr/lib/hang.so", tmp_path / "hang.c"], check=True)
    for folder in ("", "usr", "usr/lib"):
        (tmp_path / "root" / folder).chmod(0o755)
    host.put(tmp_path / "root")
    host.override("WatchdogSec=4\nEnvironment=LD_PRELOAD=/usr/lib/hang.so\n")
    start(host)
    pid, since = host.pid(), host.now()
    host.sh("touch /etc/dualwrite/hang")
    try:
        said = wait_for(lambda: host.events("hung", since), 60, "the daemon does not know that it hangs")
        assert said[0]["PRIORITY"] == "3" and int(said[0]["_PID"]) == pid
        wait_for(lambda: host.pid() not in (0, pid), 30, "it was not ended")
    finally:
        host.sh("rm /etc/dualwrite/hang")
    wait_for(host.is_ready, 60, lambda: host.show(UNIT, "StatusText"))


def test_a_newer_systemd_waits_for_the_reload(newer):
    """What its drop-ins say is understood, and `systemctl reload` returns when the settings are in force."""
    newer.run("systemctl", "start", UNIT, timeout=30)
    assert newer.show(UNIT, "Type") == "notify-reload" and newer.show(UNIT, "RestartSteps") == "6"
    checked = newer.run("systemd-analyze", "verify", "--man=no", UNIT, "dualwrited-monitor.service", "dualwrited-monitor.timer")
    assert "dualwrited" not in checked.stderr
    for unit in (UNIT, "dualwrited-monitor.service"):
        newer.run("systemd-analyze", "security", "--offline=true", "--threshold=15", f"/usr/lib/systemd/system/{unit}")
    pid = newer.pid()
    for size in (71, 72, 73):
        since = newer.now()
        newer.configure(settings(DUALWRITE_BATCH_SIZE=size))
        newer.run("systemctl", "reload", UNIT, timeout=30)
        assert len(newer.events("config_reloaded", since)) == 1
    # a file with a fault is refused, and the service goes on
    newer.configure(settings(DUALWRITE_BATCH_SIZE=-1))
    since = newer.now()
    newer.run("systemctl", "reload", UNIT, timeout=30)
    assert newer.events("config_not_reloaded", since) and newer.is_ready() and newer.pid() == pid
    # with the database away nothing is waited for either
    newer.stop_database()
    newer.configure(settings(DUALWRITE_BATCH_SIZE=74))
    since = newer.now()
    newer.run("systemctl", "reload", UNIT, timeout=30)
    assert len(newer.events("config_reloaded", since)) == 1 and newer.pid() == pid
    newer.start_database()
