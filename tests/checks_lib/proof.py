"""`make checks-proof`: every planted bug is found out, and runs without a bug raise no alarm.

A line for each bug: the checker, the breach, the first seed that shows it. Exits 1 where a bug gets through, or where a
clean run is not found valid.
"""

from __future__ import annotations

import argparse
import sys
import time

from .planted import BUGS, WORLDS, caught, judge

SEEDS_MAX = 40
"""A bug that no run of so many shows gets through."""


def first_seed(bug_number: int) -> int | None:
    """The first seed whose run shows the bug."""
    bug = BUGS[bug_number]
    return next((seed for seed in range(SEEDS_MAX) if caught(bug, seed)), None)


def false_alarms(runs: int) -> list[str]:
    """What the checkers say of clean runs that is not "valid"."""
    said = []
    for world, make in WORLDS.items():
        for seed in range(runs):
            said += [f"{world} seed {seed}: {each.summary}" for each in judge(world, make(seed, "")) if not each.valid]
    return said


def main() -> int:
    """Prints the proof."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=250, help="clean runs of each world (default: 250, 1,000 in all)")
    runs = parser.parse_args().runs
    started = time.perf_counter()
    escaped = 0
    for number, bug in enumerate(BUGS):
        seed = first_seed(number)
        escaped += seed is None
        word = "ESCAPED" if seed is None else f"seed {seed}"
        print(f"  {bug.name:<28} {bug.world:<10} {bug.checker + ': ' + bug.kind:<32} {word}")
    alarms = false_alarms(runs)
    for alarm in alarms:
        print(f"  false alarm: {alarm}", file=sys.stderr)
    took_s = time.perf_counter() - started
    print(
        f"bugs {len(BUGS)}, caught {len(BUGS) - escaped}, clean runs {runs * len(WORLDS)}, "
        f"false alarms {len(alarms)}, {took_s:.1f} s"
    )
    return 1 if escaped or alarms else 0


if __name__ == "__main__":
    raise SystemExit(main())
