"""Builds the distribution and shows that it is fit to publish.

Three steps, each of which can fail: build (sdist, and the wheel from the sdist); `twine check --strict`;
the wheel alone, base dependencies only, in an empty environment, where `qbridge.connect()` must answer.
Dependencies get the versions of requirements.lock.

python scripts/release_check.py [--dist FOLDER]
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
FIRST_USE = ROOT / "scripts" / "first_use.py"
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Runs a step of the check; its output is shown only where it fails, and then the check ends."""
    outcome = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    if outcome.returncode:
        print(outcome.stdout, outcome.stderr, sep="\n", file=sys.stderr)
        raise SystemExit(f"failed: {' '.join(map(str, command))}")


def build(dist: Path) -> Path:
    """Builds into an emptied `dist`; answers the wheel."""
    shutil.rmtree(dist, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT)
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(dist.iterdir()))
    return next(dist.glob("*.whl"))


def pins() -> str:
    """The lock as constraints: `name==version ; marker` without hashes, which a fresh wheel has not got."""
    lines = re.findall(r"^[a-z0-9._-]+==[^\\\n]+", LOCK.read_text(), flags=re.MULTILINE)
    return "\n".join(line.strip() for line in lines) + "\n"


def use_alone(wheel: Path) -> None:
    """Installs the wheel and its base dependencies into an empty environment, and uses it like a newcomer."""
    with tempfile.TemporaryDirectory(prefix="qbridge-wheel-") as temporary:
        folder = Path(temporary)
        python = folder / "env" / "bin" / "python"
        constraints = folder / "constraints.txt"
        constraints.write_text(pins())
        run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder / "env")
        run(BIN / "uv", "pip", "install", "--python", python, "--compile-bytecode", "-c", constraints, wheel)
        run(python, "-I", FIRST_USE, cwd=folder)
        run(folder / "env" / "bin" / "qbridge", "--help", cwd=folder)


def main() -> int:
    """Answers 0 where the distribution is fit to publish."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where to build; emptied first")
    dist = parser.parse_args().dist.resolve()
    wheel = build(dist)
    use_alone(wheel)
    size_kib = wheel.stat().st_size / 1024
    print(f"fit to publish: {wheel.name} ({size_kib:.0f} KiB), used alone in an empty environment")
    return 0


if __name__ == "__main__":
    sys.exit(main())
