"""Mutation testing of the matchers and the verdicts: `make mutation`.

Changes the code that decides in one small way after the other, and runs the tests of that code against each change. A
change that no test notices survives: settings.toml must name it, with the reason. Red where fewer than 90 % are
noticed, where a survivor is not named, or where a named one is noticed now.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from pathlib import Path

from scripts.mutation.changes import Mutant, Subject, mutants
from scripts.mutation.runs import ROOT, preload, run_tests, survivors

SETTINGS = Path(__file__).with_name("settings.toml")
KILLED_MIN = 0.9


def main(arguments: list[str]) -> int:
    """Answers 0 where enough is noticed and the rest is explained, 2 where the settings name what does not exist."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only changes whose name has this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (default: all cores)")
    parser.add_argument("--list", action="store_true", help="name the changes, run nothing")
    asked = parser.parse_args(arguments)
    settings = tomllib.loads(SETTINGS.read_text())
    explained: dict[str, str] = settings["survivors"]
    found: list[Mutant] = []
    for each in settings["subject"]:
        subject = Subject(each["file"], each["tests"], frozenset(each.get("only", ())), frozenset(each.get("skip", ())))
        try:
            found += mutants(subject, (ROOT / subject.file).read_text())
        except ValueError as error:
            print(error)
            return 2
    wanted = [mutant for mutant in found if asked.only in mutant.name]
    if asked.list:
        print("\n".join(mutant.name for mutant in wanted))
        return 0
    preload()
    for tests in sorted({tuple(mutant.subject.tests) for mutant in wanted}):
        if os.waitstatus_to_exitcode(os.waitpid(run_tests(tests, None), 0)[1]):
            print(f"The tests fail without a change, so they notice nothing: {' '.join(tests)}")
            return 1
    print(f"{len(wanted)} changes, {asked.jobs} at once", flush=True)
    survived = survivors(wanted, asked.jobs)
    return tell(wanted, survived, explained)


def tell(wanted: list[Mutant], survived: list[Mutant], explained: dict[str, str]) -> int:
    """Prints the figures and what is wrong; the exit code."""
    names = {mutant.name for mutant in survived}
    for file in dict.fromkeys(mutant.subject.file for mutant in wanted):
        own = [mutant for mutant in wanted if mutant.subject.file == file]
        print(f"{file}: {sum(mutant.name not in names for mutant in own)} of {len(own)} killed")
    share = 1 - len(survived) / len(wanted) if wanted else 0.0
    unexplained = sorted(names - set(explained))
    stale = sorted(mutant.name for mutant in wanted if mutant.name in explained and mutant.name not in names)
    for text in unexplained:
        print(f"survives without a reason: {text}")
    for text in stale:
        print(f"is noticed now, take it out of {SETTINGS.name}: {text}")
    print(f"{len(wanted) - len(survived)} of {len(wanted)} killed: {share:.1%} (at least {KILLED_MIN:.0%})")
    return 1 if share < KILLED_MIN or unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
