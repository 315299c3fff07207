"""Runs the fenced blocks of a page, in order, so that what it tells people to type keeps working.

Every ```bash and ```python block runs, in a temporary folder that shows this repository's files and takes
what the blocks write. Other blocks are left alone. A comment on the line before a block changes that:

    <!-- check: skip REASON -->        not run
    <!-- check: background TEXT -->    a bash block that goes on (a server); TEXT in its output: it is ready
    <!-- check: output -->             a block that must appear in the output of the block before it,
                                       line by line; `...` stands for any lines, or any rest of a line

python scripts/readme_check.py PAGE...
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK_S_MAX = 300.0
READY_S_MAX = 30.0
RUNNERS = {"bash": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}
FENCE = re.compile(
    r"(?:^<!-- check: (?P<directive>\w+) ?(?P<argument>.*?) *-->\n)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)


class BlockFailed(Exception):
    """A block did not do what the page says."""


@dataclass(frozen=True)
class Block:
    """One fenced block: where it opens, what runs it, and what the page asks of it."""

    line: int
    language: str
    text: str
    directive: str
    argument: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page in Markdown."""
    for match in FENCE.finditer(page):
        line = page.count("\n", 0, match.start("language")) + 1
        parts = match.group("language", "text", "directive", "argument")
        yield Block(line, *(part or "" for part in parts))


def missing_lines(expected: str, output: str) -> list[str]:
    """The expected lines that do not occur in the output in this order."""
    missing = []
    rest = output.splitlines()
    for line in filter(None, map(str.strip, expected.splitlines())):
        pattern = ".*".join(map(re.escape, line.split("...")))
        found = next((index for index, text in enumerate(rest) if re.fullmatch(pattern, text.strip())), None)
        if found is None:
            missing.append(line)
        else:
            rest = rest[found + 1 :]
    return missing


class Session:
    """Runs one page's blocks in one folder and remembers the last output."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.output = ""
        environment = Path(sys.executable).parent
        self.environ = os.environ | {"PATH": f"{environment}{os.pathsep}{os.environ['PATH']}"}

    def check(self, block: Block) -> str:
        """Does what the block asks; answers a word for the table. Raises BlockFailed."""
        if block.directive == "skip":
            return f"skipped: {block.argument or 'NO REASON GIVEN'}"
        if block.directive == "output":
            if missing := missing_lines(block.text, self.output):
                raise BlockFailed(f"not in the output, or not in this order: {missing}\n{self.output}")
            return "as shown"
        if block.language not in RUNNERS:
            return ""
        if block.directive == "background":
            self.stack.enter_context(self.background(block))
            return "started"
        return self.run(block)

    def run(self, block: Block) -> str:
        """Runs a block to its end."""
        start = time.monotonic()
        outcome = subprocess.run(
            [*RUNNERS[block.language], block.text],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BLOCK_S_MAX,
            check=False,
        )
        self.output = outcome.stdout
        if outcome.returncode:
            raise BlockFailed(f"exit code {outcome.returncode}\n{self.output}")
        return f"passed in {time.monotonic() - start:.1f} s"

    @contextmanager
    def background(self, block: Block) -> Iterator[None]:
        """Starts a block, waits until its output says that it is ready, and stops it after the page."""
        log = self.folder / f"line-{block.line}.log"
        with log.open("w") as sink:
            process = subprocess.Popen(
                [*RUNNERS[block.language], block.text],
                cwd=self.folder,
                env=self.environ,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            await_text(process, log, block.argument)
            yield
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(READY_S_MAX)


def await_text(process: subprocess.Popen[bytes], log: Path, text: str) -> None:
    """Waits until a process has written `text`. Raises BlockFailed when it ends, or is not ready in time."""
    give_up_at = time.monotonic() + READY_S_MAX
    while text not in log.read_text():
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise BlockFailed(f"did not write {text!r}:\n{log.read_text()}")
        time.sleep(0.05)


def check_page(page: Path) -> int:
    """Checks one page; answers the number of blocks that failed (the rest of the page then does not run)."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="readme-")))
        for entry in ROOT.iterdir():
            (folder / entry.name).symlink_to(entry)
        session = Session(folder, stack)
        for block in blocks(page.read_text()):
            name = page.relative_to(ROOT) if page.is_relative_to(ROOT) else page.name
            title = f"{name}:{block.line} {block.language}"
            try:
                word = session.check(block)
            except (BlockFailed, subprocess.TimeoutExpired) as failure:
                print(f"{title}: FAILED\n{block.text}\n{failure}")
                return 1
            if word:
                print(f"{title}: {word}")
    return 0


def main(arguments: list[str]) -> int:
    """Answers 0 where every block of every page did what the page says."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    pages = [Path(argument).resolve() for argument in arguments]
    return 1 if sum(map(check_page, pages)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
