#!/usr/bin/python3
"""What the kit costs, each figure beside its target: `make bench`. It measures and does not judge: see README.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import gating  # noqa: E402, F401  adds its measures
import measure  # noqa: E402
import separating  # noqa: E402, F401  adds its measures
import watching  # noqa: E402, F401  adds its measures
import weaving  # noqa: E402, F401  adds its measures
from ipclab.faults import Fault  # noqa: E402
from ipclab.manifest import load_lab  # noqa: E402

BUSY = 0.7  # load above which figures are doubtful


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.py", description="Measures what the kit costs, against its targets.")
    parser.add_argument("lab", help="the lab whose solution and class are graded")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--only", action="append", choices=list(measure.MEASURES), help="measure this alone (may be repeated)")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of which the median counts (default: 5)")
    parsed = parser.parse_args(argv)
    if parsed.repeat < 1:
        parser.error("--repeat needs 1 or more")
    return parsed


def machine() -> dict[str, object]:
    return {"cpus": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0], "kernel": os.uname().release}


def line(figure: measure.Figure) -> str:
    verdict = {None: "", True: "met", False: "MISSED"}[figure.met]
    target = "" if figure.target is None else f"<= {figure.target:g} {figure.unit}"
    value = f"{figure.value:.2f} {figure.unit}"
    return f"{figure.name:<68} {target:>10} {value:>11}  {verdict:<6}  {figure.detail}".rstrip()


def run(options: argparse.Namespace) -> int:
    lab = load_lab(measure.ROOT, options.lab)
    here = machine()
    say = sys.stderr if options.json else sys.stdout
    print(f"{here['cpus']} cores, load {here['load']:.2f}, Linux {here['kernel']}", file=say)
    if float(str(here["load"])) > BUSY:
        print("this machine is busy: the figures are higher than they should be", file=say)
    if not options.json:
        print(f"\n{'':<68} {'target':>10} {'measured':>11}")
    figures: list[measure.Figure] = []
    missing: list[dict[str, str]] = []
    with measure.prepared(lab, options.repeat) as bench:
        for name in options.only or measure.MEASURES:
            try:
                for figure in measure.MEASURES[name](bench):
                    figures.append(figure)
                    if not options.json:
                        print(line(figure), flush=True)
            except (measure.NotMeasured, Fault, OSError, subprocess.SubprocessError) as error:
                missing.append({"measure": name, "why": str(error)})
                print(f"{name}: not measured: {error}", file=say, flush=True)
    if options.json:
        shown = [
            {"name": f.name, "value": round(f.value, 4), "unit": f.unit, "target": f.target, "met": f.met, "detail": f.detail}
            for f in figures
        ]
        print(json.dumps({"schema": "ipclab/bench/v1", "lab": lab.slug, "machine": here, "figures": shown, "missing": missing}))
    return 3 if missing else 0


def main(argv: Sequence[str]) -> int:
    try:
        return run(arguments(argv))
    except Fault as fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
