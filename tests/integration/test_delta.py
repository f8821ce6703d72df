"""`dualwrited delta`: files in, files out, and what it does with files that are no reports. What it says of numbers is
tests/unit/test_delta.c."""

import copy
import json
import os

import pytest

from conftest import dualwrited

BEFORE = {
    "meta": {"generated_at": "2026-01-25T20:50:00Z", "sample_size": 50, "filters": {"game_id": None, "region": None},
             "dual_write_enabled": False, "dual_write_strict_mode": False, "legacy_write_blocked": True,
             "execution_time_seconds": 0.4},
    "coverage": {"legacy_team_count": 4, "vnext_team_count": 1, "mapped_team_count": 1, "legacy_teams_with_mapping": 1,
                 "unmapped_legacy_count": 3, "mapping_percentage": 25.0},
    "mapping_health": {"total_mappings": 1, "duplicate_legacy_ids": [], "duplicate_legacy_count": 0, "duplicate_vnext_ids": [],
                       "duplicate_vnext_count": 0, "orphan_mappings": [], "orphan_count": 0, "retired_mapping_count": 0},
    "consistency": {"sampled_teams": 1, "name_mismatch_count": 0, "slug_mismatch_count": 0,
                    "membership_count_mismatch_count": 0, "ranking_mismatch_count": 0, "samples": {}},
    "dual_write_health": None,
    "recommendations": ["🟡 WARNING: coverage"],
}
AFTER = copy.deepcopy(BEFORE)
AFTER["meta"].update(generated_at="2026-01-25T22:50:00.123+00:00", dual_write_enabled=True)
AFTER["coverage"].update(legacy_team_count=6, vnext_team_count=3, mapped_team_count=3, legacy_teams_with_mapping=3,
                         mapping_percentage=50.0)
AFTER["dual_write_health"] = {"recent_vnext_teams": 2, "missing_legacy_count": 0, "missing_mappings": [], "severity": "ok"}


@pytest.fixture
def delta(tmp_path):
    """Writes two reports (objects, or text as it is) and compares them into tmp_path/out/evidence."""
    def run(before=BEFORE, after=AFTER, *args, code=0):
        for name, report in (("before.json", before), ("after.json", after)):
            data = report if isinstance(report, bytes) else json.dumps(report).encode()
            (tmp_path / name).write_bytes(data)
        return dualwrited("delta", "--before", tmp_path / "before.json", "--after", tmp_path / "after.json", "--out-dir",
                          out(tmp_path), *args, check=code)
    return run


def out(tmp_path):
    return tmp_path / "out" / "evidence"


def test_three_files(delta, tmp_path):
    done = delta()
    assert sorted(os.listdir(out(tmp_path))) == ["SUMMARY.md", "delta.json", "delta.md"]
    document = json.loads((out(tmp_path) / "delta.json").read_text())
    assert document["metrics"]["coverage"]["vnext_team_count"]["difference"] == 2
    assert document["metrics"]["coverage"]["mapping_percentage"]["difference"] == 25
    assert document["summary"]["missed"] == 0 and document["warnings"] == []
    assert "| vNext teams (active) | 1 | 3 | +2 (+200.00 %) |" in (out(tmp_path) / "delta.md").read_text()
    assert "- [x] Every new vNext team is mapped" in (out(tmp_path) / "SUMMARY.md").read_text()
    assert "25.00 %" in done.stdout and "delta.json" in done.stdout and done.stderr == ""
    # again over the old files, and for a program
    assert json.loads(delta(BEFORE, AFTER, "--json").stdout) == json.loads((out(tmp_path) / "delta.json").read_text())
    assert len(os.listdir(out(tmp_path))) == 3


def test_needs_no_settings(delta, tmp_path):
    broken = tmp_path / "broken.env"
    broken.write_text("DUALWRITE_NO_SUCH_KEY=1\n")
    delta()
    done = dualwrited("delta", "--before", tmp_path / "before.json", "--after", tmp_path / "after.json", "--out-dir", tmp_path,
                      env={"DUALWRITE_CONFIG": broken, "DUALWRITE_DATABASE_URL": "host=/nonexistent"})
    assert done.stderr == ""


def test_fail_on_errors(delta):
    critical = copy.deepcopy(AFTER)
    critical["mapping_health"]["duplicate_vnext_count"] = 1
    delta(BEFORE, AFTER, "--fail-on-errors", code=0)
    assert "🔴 CRITICAL" in delta(BEFORE, critical, code=0).stdout
    delta(BEFORE, critical, "--fail-on-errors", code=1)
    critical["mapping_health"]["duplicate_vnext_count"] = None
    assert "nobody can call it clean" in delta(BEFORE, critical, "--fail-on-errors", code=70).stderr


def test_odd_keys_are_named(delta, tmp_path):
    odd = copy.deepcopy(AFTER)
    odd["coverage"]["vnext_team_count"] = "3"
    odd["coverage"]["mapping_percent"] = 3
    del odd["consistency"]
    done = delta(BEFORE, odd)
    for path in ("$.coverage.vnext_team_count", "$.coverage.mapping_percent", "$.consistency"):
        assert f"dualwrited: warning: {tmp_path / 'after.json'}: {path}: " in done.stderr
        assert path in (out(tmp_path) / "delta.md").read_text().replace("\\", "")


WHOLE = json.dumps(AFTER, indent=1).encode()


@pytest.mark.parametrize("data, said", ids=range(12), argvalues=[
    (b"", "after.json:1: is empty"),
    (b" \n\n ", "after.json:1: is empty"),
    (WHOLE[:300], "after.json:"),
    (WHOLE[:300], "ends before the JSON is complete"),
    (WHOLE.replace(b"25.0", b"NaN").replace(b"50.0", b"NaN"), "after.json:20: is not JSON here"),
    (WHOLE + b"Defaulted container", "goes on after the end"),
    (b"[" + WHOLE + b"]", "after.json: $: is an array; a report is an object"),
    (b"{}", "has no key of a report"),
    (b"\xff\xfe{\x00}\x00", "is not UTF-8"),
    (b"\x00" * 100, "control character"),
    (b"[" * 100000, "nested more than"),
    (b"Traceback (most recent call last):\n", "after.json:1: is not JSON here"),
])
def test_no_report(delta, tmp_path, data, said):
    done = delta(BEFORE, data, code=65)
    assert said in done.stderr and done.stdout == ""
    assert not out(tmp_path).exists()
    assert said.replace("after.json", "before.json") in delta(data, AFTER, code=65).stderr


def test_both_files_faults_are_said_at_once(delta):
    done = delta(b"", b"[]", code=65)
    assert "before.json:1: is empty" in done.stderr and "after.json: $: is an empty array" in done.stderr


def test_a_file_of_another_world(delta, tmp_path):
    delta(b"\xef\xbb\xbf" + json.dumps(BEFORE).encode(), AFTER)  # the byte order mark of some editors
    args = ["--after", tmp_path / "after.json", "--out-dir", out(tmp_path)]
    assert "none.json: cannot be read: No such file" in dualwrited("delta", "--before", tmp_path / "none.json", *args, check=65).stderr
    assert "cannot be read: Is a directory" in dualwrited("delta", "--before", tmp_path, *args, check=65).stderr


def test_a_huge_file_is_refused_unread(delta, tmp_path):
    delta()
    for name, size in (("sparse", 100 << 20), ("endless", None)):
        path = tmp_path / name
        if size:
            with open(path, "wb") as file:
                file.truncate(size)
        else:
            path.symlink_to("/dev/zero")
        # more memory than the limit, less than the file
        done = dualwrited("delta", "--before", path, "--after", tmp_path / "after.json", "--out-dir", tmp_path, check=65)
        assert f"{path}: is larger than 16 MB, which is the most that is read" in done.stderr


def test_doubtful_pairs_are_warned_of(delta, tmp_path):
    assert "were --before and --after exchanged?" in delta(AFTER, BEFORE).stderr
    (tmp_path / "link.json").symlink_to(tmp_path / "after.json")
    done = dualwrited("delta", "--before", tmp_path / "link.json", "--after", tmp_path / "after.json", "--out-dir", tmp_path)
    assert "are the same file" in done.stderr


def test_a_folder_that_cannot_be_written(delta, tmp_path):
    (tmp_path / "out").write_text("a file")
    done = delta(code=70)
    assert f"{out(tmp_path)} cannot be made: Not a directory" in done.stderr and done.stdout == ""
    (tmp_path / "out").unlink()
    (out(tmp_path) / "delta.md").mkdir(parents=True)
    assert "delta.md: cannot be written: Is a directory" in delta(code=70).stderr


def test_usage(tmp_path):
    assert "--after is missing" in dualwrited("delta", "--before", "x", "--out-dir", tmp_path, check=64).stderr
    assert "--format=xml is not understood" in dualwrited("delta", "--format=xml", check=64).stderr
