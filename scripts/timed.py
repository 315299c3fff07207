"""Runs a command and tells its seconds; with CI=true, more than tests/budget.toml allows is a failure.

python scripts/timed.py NAME -- COMMAND...
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

BUDGET = Path(__file__).parent.parent / "tests" / "budget.toml"


def over_budget(name: str, seconds: float, seconds_max: float) -> bool:
    """Says how long the command took; True where that must fail the run."""
    over = seconds > seconds_max
    verdict = "OVER ITS BUDGET" if over else "within its budget"
    print(f"{name}: {seconds:.0f} s, {verdict} of {seconds_max} s (tests/budget.toml)", flush=True)
    return over and os.environ.get("CI") == "true"


def main(arguments: list[str]) -> int:
    """Answers the command's exit code, or 1 where it passed too slowly."""
    if len(arguments) < 3 or arguments[1] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    name, command = arguments[0], arguments[2:]
    seconds_max = tomllib.loads(BUDGET.read_text())["command"].get(name)
    if seconds_max is None:
        print(f"tests/budget.toml has no row for {name!r}: add it to [command]", file=sys.stderr)
        return 2
    start = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    too_slow = over_budget(name, time.monotonic() - start, seconds_max)
    return code or int(too_slow)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
