"""What all benches share: rows with bars, intervals over interleaved pairs, child servers and their CPU time."""

from __future__ import annotations

import json
import math
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "reports" / "bench"
T_95 = {9: 2.262, 10: 2.228, 11: 2.201, 12: 2.179, 14: 2.145, 19: 2.093, 29: 2.045}
"""Student's t, two-sided 95 %, by degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `bar` reads `<= 1.6` or `>= 8`; without a bar, `bar` and `met` are None."""

    what: str
    value: float
    unit: str
    bar: str | None
    met: bool | None
    low: float
    high: float


def row(what: str, unit: str, bar: str | None, samples: Sequence[float], *, ratio: bool = True) -> Row:
    """A figure with its 95 % interval: of the mean log ratio, or of the mean. One sample is a count."""
    if len(samples) == 1:
        value = low = high = samples[0]
    else:
        points = [math.log(each) for each in samples] if ratio else list(samples)
        mean, spread = statistics.fmean(points), statistics.stdev(points)
        freedom = len(points) - 1
        t = T_95.get(freedom, 2.26 if freedom < 20 else 2.0)
        half = t * spread / math.sqrt(len(points))
        back: Callable[[float], float] = math.exp if ratio else float
        value, low, high = back(mean), back(mean - half), back(mean + half)
    return Row(what, round(value, 3), unit, bar, _met(bar, low, high), round(low, 3), round(high, 3))


def missing(what: str, unit: str, bar: str, why: str) -> Row:
    """A figure that could not be measured, with the reason."""
    return Row(f"{what} (not measured: {why})", 0.0, unit, bar, False, 0.0, 0.0)


def _met(bar: str | None, low: float, high: float) -> bool | None:
    if bar is None:
        return None
    sign, bound = bar.split()
    return high <= float(bound) if sign == "<=" else low >= float(bound)


def report(name: str, rows: Sequence[Row]) -> int:
    """Prints the rows and writes `reports/bench/NAME.json`; 0, for a bench reports and does not gate."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    document = {"machine": machine, "rows": [asdict(each) for each in rows]}
    (REPORTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")
    width = max(len(each.what) for each in rows)
    print(f"\n{name} on {machine}")
    for each in rows:
        word = {True: "met", False: "NOT MET", None: ""}[each.met]
        interval = f"[{each.low:g}, {each.high:g}]"
        print(f"  {each.what:<{width}}  {each.value:>9g} {each.unit:<6} {interval:<20} {each.bar or '':<8} {word}")
    return 0


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Child:
    """A server in a process of its own, ready once its port answers."""

    def __init__(self, command: Sequence[str], port: int, *, env: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})}
        )
        self.port = port
        until = time.monotonic() + 20.0
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise RuntimeError(f"{' '.join(command)} did not open port {port}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu_s(self) -> float:
        """The CPU time of all its threads so far, to the nanosecond (`/proc/PID/task/*/schedstat`)."""
        tasks = Path(f"/proc/{self._process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def rss_mib(self) -> float:
        """The memory that it holds now."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        """Ends it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def qbridge(*arguments: str) -> list[str]:
    """The shipped command."""
    return [sys.executable, "-m", "qbridge", *arguments]
