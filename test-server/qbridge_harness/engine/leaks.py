"""What a case leaves behind: connections and tasks of the harness, and what the deployment's gauges still count.

A watched case runs alone and on connections of its own, which are closed before anything is compared. What the harness
leaves is its own fault; a gauge that does not come back is the deployment's.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from qbridge_harness.clients import RestClient, Target
from qbridge_harness.clients.target import Unreachable
from qbridge_harness.engine.context import Context, Wire
from qbridge_harness.engine.preflight import Preflight
from qbridge_harness.engine.results import CaseResult, StepResult
from qbridge_harness.engine.runner import CaseRunner
from qbridge_harness.engine.steps.encoding import StepFailed
from qbridge_harness.engine.steps.metrics import scrape
from qbridge_harness.language import PlannedCase
from qbridge_harness.language.model import NoLeaks

_POLL_S = 0.05
LOOK_S = 5.0
"""How long a metrics page may take, in seconds."""
_HARNESS = str(Path(__file__).resolve().parents[1])
_SERVER = str(Path(_HARNESS) / "server")
_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class Left:
    """What is open at a moment."""

    tasks: frozenset[str]
    connections: frozenset[str]
    gauges: dict[str, float]


def rules_of(planned: PlannedCase) -> NoLeaks | None:
    """How a case is watched; None where it is not."""
    own = planned.case.no_leaks
    said = planned.suite.no_leaks if own is None else own
    if isinstance(said, NoLeaks):
        return said
    return NoLeaks() if said else None


async def run_watched(context: Context, preflight: Preflight, result: CaseResult) -> None:
    """Runs the case on connections of its own, and adds a last step that says what is left."""
    rules = rules_of(context.planned) or NoLeaks()
    shared = context.wire
    try:
        before = await _look(shared, rules, preflight)
    except (StepFailed, Unreachable) as error:
        _not_seen(result, str(error))
        return
    context.wire = replace(shared, rest=RestClient(shared.target), _grpc=None)
    try:
        await CaseRunner(context, result).run()
    finally:
        await context.wire.close()
    await _judge(shared, rules, preflight, before, result)


def _not_seen(result: CaseResult, problem: str) -> None:
    """What cannot be counted before the case cannot be compared after it: the case does not run."""
    noted = StepResult(0, "arrange", "no_leaks", "what is open before the case", result.line, "failed", [problem])
    result.steps.append(noted)
    result.verdict, result.reason = "failed", f"What is open before the case cannot be seen: {problem}"


async def _judge(wire: Wire, rules: NoLeaks, preflight: Preflight, before: Left, result: CaseResult) -> None:
    started = time.perf_counter()
    number = max((step.number for step in result.steps), default=0) + 1
    noted = StepResult(number, "assert", "no_leaks", "nothing is left open", result.line)
    while True:
        noted.attempts += 1
        try:
            own, theirs = _compare(before, await _look(wire, rules, preflight))
        except (StepFailed, Unreachable) as error:
            own, theirs = [], [str(error)]
        if not (own or theirs) or time.perf_counter() - started >= rules.within_s:
            break
        await asyncio.sleep(_POLL_S)
    noted.attempts -= 1
    noted.duration_ms = (time.perf_counter() - started) * 1000
    if own or theirs:
        noted.problems = [f"{text}, {rules.within_s:g} s after the case." for text in (*theirs, *own)]
        noted.verdict = "failed" if theirs else "error"
        if result.verdict == "passed":
            result.verdict = noted.verdict
            result.reason = f"Something is left open: {noted.problems[0]}"
    result.steps.append(noted)


async def _look(wire: Wire, rules: NoLeaks, preflight: Preflight) -> Left:
    """What is open now. Raises StepFailed and Unreachable where the metrics page cannot be had."""
    gauges: dict[str, float] = {}
    if preflight.metrics:
        # On a connection of its own, closed at once: it would be counted otherwise.
        rest = RestClient(wire.target)
        try:
            async with asyncio.timeout(LOOK_S):
                page = await scrape(replace(wire, rest=rest), wire.metrics_path)
        except TimeoutError:
            raise StepFailed(f"The metrics page {wire.metrics_path} did not come within {LOOK_S:g} s") from None
        finally:
            await rest.close()
        pattern = re.compile(rules.gauges)
        gauges = {str(sample): sample.value for sample in page.gauges() if pattern.fullmatch(sample.name)}
    return Left(_tasks(), _connections(wire.target), gauges)


def _compare(before: Left, after: Left) -> tuple[list[str], list[str]]:
    """What is left of the harness's, and of the deployment's."""
    own = [f"The harness still runs the task {name}" for name in sorted(after.tasks - before.tasks)]
    own += [f"The harness still holds the connection {name}" for name in sorted(after.connections - before.connections)]
    theirs = [
        f"The deployment's {name} is {value:g}, it was {before.gauges.get(name, 0.0):g}"
        for name, value in sorted(after.gauges.items())
        if value > before.gauges.get(name, 0.0)
    ]
    return own, theirs


def _tasks() -> frozenset[str]:
    """The tasks that run code of the harness, but for its web server and for whoever asks."""
    found = set()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        code = getattr(task.get_coro(), "cr_code", None)
        file = code.co_filename if code else ""
        if file.startswith(_HARNESS) and not file.startswith(_SERVER):
            found.add(f"{task.get_name()} ({id(task):x})")
    return frozenset(found)


def _connections(target: Target) -> frozenset[str]:
    """The connections of this process whose other end is the deployment."""
    ports = _ports(target)
    found = set()
    for entry in _DESCRIPTORS.iterdir() if _DESCRIPTORS.is_dir() else ():
        number = int(entry.name)
        try:
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as end:
                peer = end.getpeername()
                if isinstance(peer, tuple) and peer[1] in ports:
                    found.add(f"{end.getsockname()[1]} -> {peer[0]}:{peer[1]}")
        except OSError:
            continue  # It is not connected, or was closed meanwhile.
    return frozenset(found)


def _ports(target: Target) -> set[int]:
    rest = urlsplit(target.rest)
    return {rest.port or (443 if rest.scheme == "https" else 80), target.grpc_parts()[1]}
