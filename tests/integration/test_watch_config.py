"""DUALWRITE_WATCH_CONFIG: a change of the env file or the mapping file is read without a signal, once, and when it is complete.

A duplicate would be logged before the next change's line, because the daemon looks in order: so each test ends with a change
after the one that matters, and counts.
"""

import os
import signal
import time

import pytest

from conftest import Daemon, config_for, dualwrited, install, quote_env, wait_until, write_env_file
from helpers import STRICT, default_mapping, write_mapping
from pod import Volume

pytestmark = pytest.mark.layouts("one", reason="files are the same in both")
BATCH = "DUALWRITE_BATCH_SIZE"
QUIET_S = 2.0  # longer than a change takes to be read; spent only where nothing must happen


def text_of(settings):
    return "".join(f"{key}={quote_env(value)}\n" for key, value in settings.items() if value is not None)


def watched(db, **more):
    return Daemon(db, DUALWRITE_WATCH_CONFIG=True, **more)


def reloads(daemon):
    """What each reload changed, in order."""
    assert daemon.lines("config_not_reloaded") == [] and daemon.lines("config_fault") == []
    return [line.get("changed", "") for line in daemon.lines("config_reloaded")]


def sizes(*numbers):
    pairs = zip((1000,) + numbers, numbers)
    return [f"{BATCH}: {old} -> {new}" for old, new in pairs]


def wait_reloads(daemon, expected):
    wait_until(lambda: len(daemon.lines("config_reloaded")) >= len(expected), what="a reload")
    assert reloads(daemon) == expected


def test_a_config_map_reloads_once_for_each_change(installed, tmp_path):
    """Env file and mapping in one ConfigMap: one swap, one reload, whichever of them changed, and both together."""
    mapping = default_mapping()
    settings = config_for(installed, DUALWRITE_WATCH_CONFIG=True, DUALWRITE_MAPPING_FILE=tmp_path / "volume" / "m.json")

    def files(spaces=0, **changes):
        settings.update(changes)
        path = write_mapping(tmp_path / "m.json", mapping)
        return {"dualwrited.env": text_of(settings), "m.json": open(path).read() + " " * spaces}

    volume = Volume(tmp_path / "volume", files())
    with Daemon(installed, args=["--config", volume.path / "dualwrited.env"]) as daemon:
        volume.write(files(**{BATCH: 11}))
        wait_reloads(daemon, sizes(11))
        volume.write(files())  # kubelet writes anew, say after a label was changed: the same content
        volume.write(files(spaces=1, **{BATCH: 12}))
        wait_reloads(daemon, sizes(11, 12))
        mapping["entities"][0]["columns"]["description"] = {"expression": "upper(description)"}
        volume.write(files())
        wait_reloads(daemon, sizes(11, 12) + ["mapping: read anew"])
        for n in (13, 14, 15):  # a storm of changes: what is there in the end counts
            volume.write(files(**{BATCH: n}))
        wait_reloads(daemon, sizes(11, 12) + ["mapping: read anew", f"{BATCH}: 12 -> 15"])


def test_every_way_to_write_a_file(installed):
    with watched(installed) as daemon:
        daemon.rewrite(**{BATCH: 11})  # by rename, as editors do
        wait_reloads(daemon, sizes(11))
        text = daemon.config.read_text().replace('"11"', '"12"')
        half = text.index(BATCH)
        with open(daemon.config, "w") as f:  # in place and in two steps; half of it would switch to the default
            f.write(text[:half])
            f.flush()
            time.sleep(0.6)  # some looks see it
            f.write(text[half:])
        wait_reloads(daemon, sizes(11, 12))
        os.rename(daemon.config, f"{daemon.config}~")  # away, and back with other content
        time.sleep(0.6)
        daemon.rewrite(**{BATCH: 13})
        os.unlink(f"{daemon.config}~")
        wait_reloads(daemon, sizes(11, 12, 13))


def test_nothing_new_is_not_read(installed):
    """Touched, written with the same content, and read already because of a signal."""
    with watched(installed) as daemon:
        daemon.hup(**{BATCH: 11})
        daemon.signal(signal.SIGHUP)
        daemon.wait_for("config_reloaded", count=2)
        os.utime(daemon.config, (time.time(), time.time() + 5))
        time.sleep(QUIET_S)
        daemon.config.write_bytes(daemon.config.read_bytes())
        time.sleep(QUIET_S)
        assert reloads(daemon) == sizes(11) + [""]


def test_a_bad_file_is_said_once_and_its_mending_is_a_change(installed):
    with watched(installed) as daemon:
        daemon.rewrite(**{BATCH: "many"})
        daemon.wait_for("config_not_reloaded")
        time.sleep(QUIET_S)
        assert len(daemon.lines("config_fault", level="ERROR")) == len(daemon.lines("config_not_reloaded")) == 1
        daemon.rewrite(**{BATCH: 12})
        assert daemon.wait_for("config_reloaded")["changed"] == f"{BATCH}: 1000 -> 12"
        assert len(daemon.lines("config_not_reloaded")) == 1


def test_a_bad_file_that_a_signal_has_read_is_not_read_again(installed):
    """Whoever writes the file and then sends SIGHUP gets one answer."""
    with watched(installed) as daemon:
        daemon.hup(wait="config_not_reloaded", **{BATCH: "many"})
        time.sleep(QUIET_S)
        daemon.rewrite(**{BATCH: 12})
        assert daemon.wait_for("config_reloaded")["changed"] == f"{BATCH}: 1000 -> 12"
        assert len(daemon.lines("config_not_reloaded")) == 1


def test_a_file_that_stays_away_changes_nothing_and_is_said(installed):
    with watched(installed, **{STRICT: True}) as daemon:
        saved = f"{daemon.config}.saved"
        os.rename(daemon.config, saved)
        line = daemon.wait_for("config_file_missing", level="WARNING")
        assert str(daemon.config) in line["msg"]
        os.rename(saved, daemon.config)
        daemon.rewrite(**{BATCH: 11})
        wait_reloads(daemon, sizes(11))


def test_the_key_itself_changes_by_a_reload(installed):
    """It is off by default."""
    with Daemon(installed) as daemon:
        daemon.hup(DUALWRITE_WATCH_CONFIG=True)
        daemon.rewrite(**{BATCH: 11})
        expected = ["DUALWRITE_WATCH_CONFIG: off -> true"] + sizes(11)
        wait_reloads(daemon, expected)
        daemon.rewrite(DUALWRITE_WATCH_CONFIG=False)
        expected += ["DUALWRITE_WATCH_CONFIG: true -> false"]
        wait_reloads(daemon, expected)
        daemon.rewrite(**{BATCH: 12})
        time.sleep(QUIET_S)
        assert reloads(daemon) == expected


def test_without_a_file_there_is_nothing_to_watch(installed, tmp_path):
    """In a container everything may come from the environment."""
    path = tmp_path / "empty"
    write_env_file(path, {})
    settings = {key: value for key, value in config_for(installed, DUALWRITE_WATCH_CONFIG=True).items() if value is not None}
    with Daemon(installed, env={**settings, "DUALWRITE_CONFIG": ""}, args=["--config", ""]) as daemon:
        assert daemon.wait_for("config_not_watched", level="WARNING")


def test_a_service_file_is_read_at_each_connect(installed, tmp_path):
    """So a password that was changed in a Secret or pg_service.conf needs no reload and no restart."""
    services = tmp_path / "pg_service.conf"
    services.write_text("[vnext]\nhost=/nonexistent\n")
    with Daemon(installed, DUALWRITE_DATABASE_URL="service=vnext", env={"PGSERVICEFILE": services}, ready=False) as daemon:
        daemon.wait_for("disconnected")
        services.write_text("[vnext]\n" + "\n".join(installed.url("daemon_login").replace("'", "").split()) + "\n")
        daemon.wait_for("ready")
        assert daemon.lines("config_reloaded") == []
