"""`make powercut`: the power fails at every write and every sync of a scripted run, and at random; nothing is lost.

Ends `cuts N, acknowledged N, lost N, wrong N, integrity ok`; exits 1 where something is lost. `--store` takes a broken
store instead: the same command must then report loss.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from qbridge_server.buffer import writer

from .broken_stores import STORES
from .recording import Kept, Tape, recording
from .script import Promises, audit, integrity, run_script, shipped, write_images

CHECKPOINT_PAGES = 20
"""So few that the script makes checkpoints, which is where logs get lost."""


async def record(folder: Path, store: str = "shipped", steps: int = 200) -> tuple[Tape, Promises]:
    """One run of the script on a recorded disk."""
    with recording(folder) as tape, mock.patch.object(writer, "CHECKPOINT_PAGES", CHECKPOINT_PAGES):
        promises = Promises(now=lambda: tape.place)
        buffer = STORES[store](folder)
        await buffer.open()
        await run_script(buffer, promises, steps)
        end = tape.place
        await buffer.close()
    del tape.events[end:]
    return tape, promises


def cuts(tape: Tape, randomly: int, every: int, rng: random.Random) -> Iterator[tuple[int, Kept]]:
    """Behind every `every`th event with nothing kept and with everything kept; then at random with some kept."""
    for place in range(1, tape.place + 1, every):
        yield place, "nothing"
        yield place, "everything"
    for _ in range(randomly):
        yield rng.randrange(1, tape.place + 1), "some"


async def play(tape: Tape, promises: Promises, randomly: int, every: int, seed: int) -> Counter[str]:
    """Plays the cuts, and audits what each leaves with the shipped store; counts what came of the promises."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        for number, (place, kept) in enumerate(cuts(tape, randomly, every, rng)):
            folder = Path(name) / "after"
            write_images(folder, tape.cut(place, kept, rng))
            accepted, final = promises.upto(place)
            found += await audit(folder, accepted, final, shipped)
            found["cuts"] += 1
            found["acknowledged"] += len(accepted)
            found["broken files"] += bool(accepted) and integrity(folder) != "ok"
            shutil.rmtree(folder)
            if number % 500 == 499:
                print(f"  {number + 1} cuts, lost {found['lost']}", file=sys.stderr)
    return found


async def _main(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "store"
        tape, promises = await record(folder, arguments.store, arguments.steps)
        print(f"seed {arguments.seed}, store {arguments.store}, {tape.place} writes and syncs", file=sys.stderr)
        found = await play(tape, promises, arguments.random, arguments.every, arguments.seed)
    whole = "ok" if not found["broken files"] else f"broken in {found['broken files']}"
    print(
        f"cuts {found['cuts']}, acknowledged {found['acknowledged']}, lost {found['lost']}, "
        f"wrong {found['wrong'] + found['reported']}, integrity {whole}"
    )
    return 1 if found["lost"] or found["wrong"] or found["reported"] or found["broken files"] else 0


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=2000, metavar="N", help="cuts at random (default: 2000)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="cut at every Nth event (default: each)")
    parser.add_argument("--steps", type=int, default=200, help="steps of the script (default: 200)")
    parser.add_argument("--store", choices=sorted(STORES), default="shipped", help="whose log it is")
    parser.add_argument("--seed", type=int, default=20261)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_main(parser.parse_args()))
    return 130


if __name__ == "__main__":
    raise SystemExit(main())
