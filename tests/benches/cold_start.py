"""Prints one figure of a cold start: `import` in ms, `first` result in s with the import, `rss` in MiB."""

from __future__ import annotations

import sys
import time
from pathlib import Path

STARTED = time.perf_counter()

import qbridge  # noqa: E402

IMPORTED = time.perf_counter()


def main(what: str) -> float:
    if what == "import":
        return (IMPORTED - STARTED) * 1e3
    with qbridge.connect() as client:
        client.call("echo", "echo", b"first")
        first_s = time.perf_counter() - STARTED
        if what == "first":
            return first_s
        for _ in range(1000):
            client.call("echo", "echo", b"more")
        return rss_mib()


def rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


if __name__ == "__main__":
    print(main(sys.argv[1]))
