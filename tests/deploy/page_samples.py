"""/status documents for the tests of the page and for its screenshot: the same on every run, made here and not asked of a daemon.

`healthy()` is a daemon that works and has something to show; the others are that one, changed. The form is the one that
docs/operations.md describes under /status; nothing here knows the page.
"""

import datetime
import math
import random

NOW = datetime.datetime(2026, 3, 14, 2, 7, 31, 412000, tzinfo=datetime.timezone.utc)
ME = "01e467ea-c908-4f58-89e4-20588a3ae0de"
INSTANCES = [ME, "3f0c1b2a-77d4-4e0b-9a55-0f6f8d1f2c11", "91d2e4c7-5b1c-4a7e-8d9e-6c1a2b3c4d5e", "c7a9f0d3-0b6e-4f1d-b1b7-a2e4c6d8f0a1"]


def ago(seconds):
    return (NOW - datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


FLAGS = {
    "TEAM_VNEXT_DUAL_WRITE_ENABLED": "true", "TEAM_VNEXT_DUAL_WRITE_STRICT_MODE": "false",
    "TEAM_LEGACY_WRITE_BLOCKED": "true", "TEAM_LEGACY_WRITE_BYPASS_ENABLED": "false",
    "TEAM_VNEXT_ADAPTER_ENABLED": "true", "TEAM_VNEXT_FORCE_LEGACY": "false", "TEAM_VNEXT_ROUTING_MODE": "vnext_primary",
}
OPERATIONS = ["sync_team_created", "sync_team_settings_updated", "sync_team_member_added", "sync_team_member_updated",
              "sync_team_member_removed", "sync_ranking_updated"]


def samples(count=120, seed=7):
    """A quiet night with one bulk import in it: more events, more lag, a backlog that is worked off."""
    rng = random.Random(seed)
    found = []
    for i in range(count):
        burst = math.exp(-((i - 78) / 6) ** 2)
        completed = max(0, round(rng.gauss(14 + 4 * math.sin(i / 9), 3) + 160 * burst))
        median = None if completed == 0 else round(0.028 + 0.012 * rng.random() + 0.35 * burst, 4)
        slowest = None if median is None else round(median * (2 + 2 * rng.random()) + 1.1 * burst, 4)
        found.append({"at": ago(10 * (count - 1 - i) + 1), "completed": completed, "failed": int(burst > 0.6 and rng.random() > 0.4) * 9,
                      "lag_p50_seconds": median, "lag_max_seconds": slowest,
                      "backlog": max(0, round(620 * math.exp(-((i - 80) / 5) ** 2) + rng.random() * 3 - 1))})
    return found


def recent(count=50, seed=3):
    rng = random.Random(seed)
    found = []
    at = 0.4
    for i in range(count):
        outcome = "park" if i == 17 else "retry" if i in (16, 31) else "completed"
        found.append({"at": ago(at), "operation": rng.choice(OPERATIONS), "outcome": outcome, "event_id": 918204 - i,
                      "attempt": 3 if outcome == "park" else 1, "duration_ms": None if outcome != "completed" else rng.randint(3, 19),
                      "lag_ms": None if outcome != "completed" else rng.randint(18, 64),
                      "exception_type": {"park": "unique_violation", "retry": "lock_not_available"}.get(outcome)})
        at += rng.random() * 2.2
    return found


def daemon(index, partitions, **more):
    return {"instance": INSTANCES[index], "host": f"web-{index + 1}", "pid": 4711 + 13 * index, "version": "0.1.0", "state": "asleep",
            "listening": True, "last_beat_age_seconds": round(0.4 + 1.1 * index, 1), "started_at": ago(2 * 86400 + 3600 * index),
            "partitions": partitions, **more}


def health(pack, scores, status, issues, at=540):
    return {"pack": pack, "at": ago(at), "score": scores[-1], "status": status, "issues": issues,
            "history": [{"at": ago(at + 3600 * (len(scores) - 1 - i)), "score": s} for i, s in enumerate(scores)]}


def healthy():
    history = samples()
    return {
        "instance": ME, "version": "0.1.0+git.1a2b3c4", "at": ago(0), "uptime_seconds": 2 * 86400 + 11520, "ready": True, "reasons": [],
        "state": "asleep", "listening": True, "polling": False, "mapping_installed": True,
        "connections": {"listen": True, "claim": True, "apply": True, "mirror": True},
        "flags": {name: {"value": value, "source": "daemons", "disagreement": False} for name, value in FLAGS.items()},
        "partitions": [0, 1, 2, 3],
        "counters": {"scheduled": 918211, "completed": 918187, "failed_attempts": 26, "parked": 2, "batches": 61877, "claims": 70212,
                     "reloads": 3},
        "lag": {"p50_seconds": 0.036, "p95_seconds": 0.412, "max_seconds": max(s["lag_max_seconds"] or 0 for s in history)}, "last_success_at": ago(0.4),
        "history": {"interval_seconds": 10, "samples": history}, "recent": recent(),
        "database": {
            "at": ago(2.1), "age_seconds": 2.1, "backlog": 0, "backlog_exact": True, "oldest_event_age_seconds": 0,
            "failed_events": {"parked": 2, "retrying": 0},
            "failures": [{"operation": "sync_team_created", "exception_type": "unique_violation", "constraint": "teams_team_slug_key",
                          "parked": 2, "retrying": 0, "first_at": ago(15120), "last_at": ago(460)}],
            "partitions": [{"partition": n, "instance": INSTANCES[n // 4]} for n in range(16)],
            "daemons": [daemon(n, list(range(4 * n, 4 * n + 4))) for n in range(4)],
            "resyncs": [], "notification_queue_ratio": 0.0, "inline_legacy_writes_24h": 0, "capture_missing": [],
            "health": [health("teams", [84, 84, 86, 88, 88, 90, 91, 91, 91, 94, 96, 96], "healthy", 1),
                       health("characters", [97, 97, 92, 92, 85, 80, 80, 74], "degraded", 5, at=900)]},
    }


def well():
    """Nothing at all to look at."""
    doc = healthy()
    base = doc["database"]
    base.update(failures=[], failed_events={"parked": 0, "retrying": 0}, health=base["health"][:1])
    for sample in doc["history"]["samples"]:
        sample["failed"] = 0
    return doc


def failing():
    """Strict mode with failures, a backlog that grows, an override, daemons that disagree, one that is silent."""
    doc = healthy()
    doc.update(ready=False, state="polling", listening=False, polling=True, last_success_at=ago(221),
               reasons=["no progress: events have waited for 221 s and none was acknowledged",
                        "strict mode: 1388 failed events are not repaired; see `dualwrited failed list`"],
               connections={"listen": True, "claim": True, "apply": False, "mirror": True})
    doc["flags"]["TEAM_VNEXT_DUAL_WRITE_STRICT_MODE"].update(value="true", disagreement=True)
    doc["flags"]["TEAM_LEGACY_WRITE_BYPASS_ENABLED"].update(value="true", source="override")
    for i, sample in enumerate(doc["history"]["samples"][-22:]):
        sample.update(completed=0, failed=12 + i % 5, lag_p50_seconds=None, lag_max_seconds=None, backlog=40 * i + 12)
    for i, event in enumerate(doc["recent"][:30]):
        event.update(outcome="park" if i % 4 == 3 else "retry", attempt=1 + i % 6, duration_ms=None, lag_ms=None,
                     exception_type=["not_null_violation", "lock_not_available", "insufficient_privilege"][i % 3])
    base = doc["database"]
    base.update(backlog=10000, backlog_exact=False, oldest_event_age_seconds=221.7, failed_events={"parked": 1312, "retrying": 76},
                resyncs=["membership"], notification_queue_ratio=0.62, inline_legacy_writes_24h=41,
                capture_missing=[f"team {statement}" for statement in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")])
    base["failures"] += [
        {"operation": "sync_team_member_added", "exception_type": "not_null_violation", "constraint": None, "parked": 1310, "retrying": 0,
         "first_at": ago(222), "last_at": ago(3)},
        {"operation": "sync_ranking_updated", "exception_type": "lock_not_available", "constraint": None, "parked": 0, "retrying": 76,
         "first_at": ago(190), "last_at": ago(1)}]
    base["failures"].sort(key=lambda f: -f["parked"] - f["retrying"])
    base["daemons"][2].update(last_beat_age_seconds=9.3, state="draining")
    base["partitions"][6]["instance"] = None
    base["daemons"][1]["partitions"] = [4, 5, 7]
    base["health"][0].update(score=41, status="critical", issues=23)
    base["health"][0]["history"].append({"at": ago(540), "score": 41})
    return doc


def off():
    """Dual write switched off by an override: no fault, and nothing moves."""
    doc = well()
    doc["flags"]["TEAM_VNEXT_DUAL_WRITE_ENABLED"].update(value="false", source="override")
    doc["database"].update(backlog=4820, oldest_event_age_seconds=7260)
    return doc


def no_database():
    """Just started, or the database never answered."""
    doc = healthy()
    doc.update(ready=False, state="draining", listening=False, uptime_seconds=3.2, last_success_at=None, partitions=[], recent=[],
               reasons=["not connected to the vNext database, or dualwrite is not installed there"],
               connections={"listen": False, "claim": False, "apply": False}, database=None,
               counters=dict.fromkeys(doc["counters"], 0), lag=dict.fromkeys(doc["lag"]),
               history={"interval_seconds": 10, "samples": []})
    for flag in doc["flags"].values():
        flag.update(source=None)
    return doc


def huge():
    """As many of everything as there can be."""
    doc = failing()
    long = "sync_" + "a_very_long_operation_name_" * 8 + "x"
    instances = [f"{n:08x}-0000-4000-8000-{n:012x}" for n in range(100)]
    doc["instance"] = instances[42]
    doc["partitions"] = list(range(42, 1024, 100))
    doc["counters"] = {key: 2 ** 53 - 1 for key in doc["counters"]}
    doc["uptime_seconds"] = 4e9
    for i, sample in enumerate(doc["history"]["samples"]):
        sample.update(completed=10 ** 9 + i, backlog=10 ** 12 + i, lag_p50_seconds=1e6, lag_max_seconds=9e6)
    for event in doc["recent"]:
        event.update(operation=long, event_id=2 ** 62, duration_ms=2 ** 40, exception_type=long)
    base = doc["database"]
    base.update(
        backlog=10 ** 13, oldest_event_age_seconds=10 ** 9, failed_events={"parked": 10 ** 12, "retrying": 10 ** 12},
        partitions=[{"partition": n, "instance": instances[n % 100]} for n in range(1024)],
        daemons=[dict(daemon(0, list(range(n, 1024, 100))), instance=i, host=f"web-frontend-{n}.production.eu-central-1.example.internal")
                 for n, i in enumerate(instances)],
        resyncs=[f"entity_{n}" for n in range(40)], capture_missing=[f"entity_{n} INSERT" for n in range(40)], inline_legacy_writes_24h=10 ** 12,
        failures=[dict(base["failures"][0], operation=f"{long}{n}", constraint=long, parked=10 ** 11) for n in range(20)],
        health=[health(f"pack_{n}", [(7 * i * (n + 1)) % 101 for i in range(60)], "critical", 10 ** 9) for n in range(8)])
    return doc


# each would do something if a page put it in as markup, into a script, a style, an attribute or an address
HOSTILE = [
    "<script>window.hacked=1</script>", "<img src=/hacked onerror=window.hacked=1>", '"><svg onload=window.hacked=1>',
    "javascript:window.hacked=1", "' onmouseover='window.hacked=1", "</table></main><h1>gone", "&lt;b&gt;&amp;", "${window.hacked=1}",
    "\u202eright to left\u2066", "\u0000\u001b[31mcontrol\u0007", "'; rm -rf /; '", "`$(rm -rf /)`", "__proto__", "constructor",
    "url(/hacked)", "line\nfeed", "\U0001f984 \u0627\u0644\u0641\u0631\u064a\u0642",
]


def hostile():
    """Every text that is not a number or a time is one of those."""
    turn = iter(range(10 ** 9))

    def twist(value, key=None):
        if isinstance(value, dict):
            return {k: twist(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [twist(v, key) for v in value]
        if isinstance(value, str) and key != "at" and not str(key).endswith("_at"):
            return HOSTILE[next(turn) % len(HOSTILE)]
        return value

    doc = twist(failing())
    doc["flags"].update({text: {"value": text, "source": text, "disagreement": True} for text in HOSTILE})
    doc["connections"].update({text: False for text in HOSTILE})
    doc["database"]["failures"] = [{"operation": text, "exception_type": text, "constraint": text, "parked": 1, "retrying": 1,
                                    "first_at": text, "last_at": text} for text in HOSTILE]
    return doc


def wrong():
    """Nothing is of the type that it should be."""
    return {"instance": 5, "version": [], "at": "yesterday", "uptime_seconds": "x", "ready": "yes", "reasons": "none", "state": {},
            "connections": [1], "flags": [True, None], "partitions": "0", "counters": None, "lag": [], "last_success_at": 12,
            "history": {"interval_seconds": None, "samples": [None, 5, {"at": None, "completed": "9", "lag_p50_seconds": "x"}]},
            "recent": [None, 5, {}], "unknown": {"deep": [1]},
            "database": {"backlog": "many", "failures": [None, {}], "partitions": [None, {}], "daemons": [None, {}, {"partitions": "x"}],
                         "resyncs": {"a": 1}, "health": [None, {}, {"history": [None, {"score": "x"}]}]}}


def empty():
    return {}


ALL = {f.__name__: f for f in (healthy, well, failing, off, no_database, huge, hostile, wrong, empty)}
