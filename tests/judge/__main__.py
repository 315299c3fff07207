"""`make judge`: the harness against every implementation, several at a time; a line for each.

Exits with 1 where an implementation that conforms fails a case, or a broken one is red on other rules than its own.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time

from qbridge_harness.language import CaseFileError
from tests.judge.expected import chosen, missing_node
from tests.judge.judging import Cases
from tests.judge.pool import JOBS, judge_all

TERMINATED = 128 + signal.SIGTERM
EXAMPLES = """\
examples:
  make judge
  make judge ARGS='--only stale_epoch_accepted --only conforming'
  make judge ARGS='--short'        # only the cases that touch what each one breaks, and a sample of the others
"""


def main(arguments: list[str] | None = None) -> int:
    """Judges, prints, and answers the exit status."""
    asked = parser().parse_args(arguments)
    try:
        expected = chosen(asked.only)
        Cases.load()  # What is wrong with a case file is told once, not by every process.
    except (LookupError, CaseFileError) as error:
        print(f"judge: {error.args[0] if isinstance(error, LookupError) else error}", file=sys.stderr)
        return 2
    if not asked.only and (reason := missing_node()):
        print(f"--  node: not judged, for {reason}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    started = time.perf_counter()
    width = max(len(each.name) for each in expected)
    wrong: list[str] = []
    for judgement in judge_all(expected, short=asked.short, jobs=asked.jobs):
        print(judgement.line(width), flush=True)
        if not judgement.ok:
            wrong.append(judgement.expected.name)
    seconds = time.perf_counter() - started
    said = f"{len(wrong)} judged wrongly: {', '.join(sorted(wrong))}" if wrong else "each red on exactly its rules"
    print(f"judged {len(expected)} implementations in {seconds:.0f} s: {said}")
    return int(bool(wrong))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="make judge ARGS=...",
        description="Runs the harness against implementations whose faults are known beforehand.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--only", action="append", default=[], metavar="NAME", help="judge this one; may be repeated")
    top.add_argument("--short", action="store_true", help="not the whole suite: what touches the rules, and a sample")
    top.add_argument(
        "--jobs",
        type=int,
        default=JOBS,
        metavar="N",
        help="how many at once, each in a process (default %(default)s)",
    )
    return top


if __name__ == "__main__":
    sys.exit(main())
