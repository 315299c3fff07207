"""Fails where the contract breaks clients of an earlier one, by `buf breaking`.

python contracts/generators/breaking.py [--against GIT_REVISION | --against FILE.binpb]

The earlier contract is the descriptor committed at a revision (HEAD by default), or one in a file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DESCRIPTOR = "contracts/python/qbridge_contract/descriptor.binpb"


def earlier(against: str) -> bytes:
    """The earlier descriptor. Raises SystemExit where the revision has none."""
    if Path(against).is_file():
        return Path(against).read_bytes()
    shown = subprocess.run(["git", "show", f"{against}:{DESCRIPTOR}"], cwd=REPOSITORY, capture_output=True)
    if shown.returncode:
        raise SystemExit(f"{against} is neither a file nor a revision with {DESCRIPTOR}: {shown.stderr.decode()}")
    return shown.stdout


def main(arguments: list[str] | None = None) -> int:
    """The command. Answers buf's status: 0 where nothing breaks, 100 where something does."""
    parser = argparse.ArgumentParser(description="Compare the contract with an earlier one.")
    parser.add_argument("--against", default="HEAD", help="git revision or descriptor file")
    parser.add_argument("--descriptor", type=Path, default=REPOSITORY / DESCRIPTOR, help="the new descriptor")
    options = parser.parse_args(arguments)
    with tempfile.NamedTemporaryFile(suffix=".binpb") as old:
        old.write(earlier(options.against))
        old.flush()
        buf = str(Path(sys.executable).with_name("buf"))
        config = str(REPOSITORY / "contracts/buf.yaml")
        command = [buf, "breaking", str(options.descriptor), "--against", old.name, "--config", config]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    raise SystemExit(main())
