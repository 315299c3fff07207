"""`make corrupt`: bits flip and files are cut short; no wrong record is served, and the rest still is.

Ends `flips N, truncations N, wrong N, served N, reported N, missing N, unannounced N`. A damaged request is answered
DATA_LOSS. It is missing where the damage hides its row: SQLite takes damage in its log for the log's end, and the
store's health announces that. Only a log that is cut short leaves no trace. A wrong answer is never right.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest import mock

from qbridge_server.buffer import writer
from qbridge_server.buffer.database import FILE

from .script import Promises, audit, run_script, shipped, write_images

WAL = FILE + "-wal"


CHECKPOINT_PAGES = 120
"""Few enough that a part of the script is in the tables, and a part still in the log."""


async def make_folder(folder: Path, checkpoint_pages: int = CHECKPOINT_PAGES) -> Promises:
    """A folder as a kill leaves it: a file, and a log that has not been moved into it."""
    promises = Promises()
    live = folder.with_name("live")
    buffer = shipped(live)
    with mock.patch.object(writer, "CHECKPOINT_PAGES", checkpoint_pages):
        await buffer.open()
        await run_script(buffer, promises, 60)
    write_images(folder, {name: (live / name).read_bytes() for name in (FILE, WAL)})
    await buffer.close()
    return promises


def flip(folder: Path, rng: random.Random) -> str:
    """Turns one bit of one of the files; answers which."""
    path = folder / rng.choice([FILE, WAL])
    data = bytearray(path.read_bytes())
    place = rng.randrange(len(data))
    data[place] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    return f"bit at {place} of {path.name}"


def truncate(folder: Path, rng: random.Random) -> str:
    """Cuts one of the files short; answers where."""
    path = folder / rng.choice([FILE, WAL])
    size = rng.randrange(path.stat().st_size)
    with path.open("r+b") as file:
        file.truncate(size)
    return f"{path.name} cut to {size}"


async def run(flips: int, truncations: int, seed: int) -> Counter[str]:
    """Damages copies of one folder, one at a time, and audits each; counts what came of all promises."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole"
        promises = await make_folder(whole)
        for number in range(flips + truncations):
            damaged = Path(name) / "damaged"
            shutil.copytree(whole, damaged)
            what = (flip if number < flips else truncate)(damaged, rng)
            outcome = await audit(damaged, set(promises.accepted), set(promises.final))
            if outcome["wrong"]:
                print(f"  wrong after {what}", file=sys.stderr)
            found += outcome
            shutil.rmtree(damaged)
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--truncations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261)
    arguments = parser.parse_args()
    found = asyncio.run(run(arguments.flips, arguments.truncations, arguments.seed))
    print(
        f"flips {arguments.flips}, truncations {arguments.truncations}, wrong {found['wrong']}, "
        f"served {found['served']}, reported {found['reported']}, "
        f"missing {found['announced']}, unannounced {found['lost']}"
    )
    return 1 if found["wrong"] or not found["served"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
