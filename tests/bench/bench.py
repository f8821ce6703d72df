#!/usr/bin/env python3
"""`make bench`: dualwrited, the floors and its peers, interleaved in one run on a server of their own on the disk; medians and
ratios as tables and as JSON. The scenarios are modules of this folder; docs/performance.md says what each measures.

It fails when rows are wrong, or a process ends; never because something took long.
"""

import argparse
import os
import platform
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]
import commands  # noqa: E402
import drain  # noqa: E402
import idle  # noqa: E402
import latency  # noqa: E402
import writers  # noqa: E402
from results import Results  # noqa: E402
from scene import BUILD, MODES, Scene  # noqa: E402

SCENARIOS = {"writers": writers, "drain": drain, "latency": latency, "idle": idle, "commands": commands}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--repeats", type=int, help="of each measurement; the median counts")
    parser.add_argument("--json", type=Path, default=BUILD.with_suffix(".json"), metavar="FILE")
    return parser.parse_args()


def main():
    options = arguments()
    name = os.environ.get("BENCH", "")
    if name not in MODES:
        sys.exit(f"BENCH={name}: quick, full, or nothing")
    mode, results = MODES[name], Results()
    mode.repeats = options.repeats or mode.repeats
    scene = Scene(mode, results)
    try:
        server = scene.admin.execute("SHOW server_version").fetchone()[0].split()[0]
        results.about = {"machine": f"{os.cpu_count()} processors, {platform.machine()}", "server": f"PostgreSQL {server}",
                         "mode": name or "default", "repeats": mode.repeats,
                         "load before": f"{os.getloadavg()[0]:.1f}"}
        for scenario in options.only or SCENARIOS:
            begin = time.monotonic()
            try:
                SCENARIOS[scenario].run(scene)
            except Exception as broken:  # the others' figures are worth having
                traceback.print_exc()
                scene.wrong(f"{scenario}: {broken!r}")
            print(f"{scenario}: {time.monotonic() - begin:.0f} s", flush=True)
    finally:
        scene.close()
    print("\n" + results.text())
    results.write(options.json)
    print(f"\n{options.json}")
    return 1 if results.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
