"""`contract`: schemathesis and the published pacts against any deployment."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from qbridge_harness.cli.options import ERROR, FAILED, PASSED, named_target
from qbridge_harness.clients import Target, Unreachable
from qbridge_harness.contract import load_contract
from qbridge_harness.contract_checks import fuzz as fuzzing, pacts
from qbridge_harness.contract_checks.part import Part
from qbridge_harness.contract_checks.places import pacts_folder
from qbridge_harness.usage import UsageError

EXAMPLES = """examples:
  qbridge-harness contract --target http://127.0.0.1:7401 --grpc 127.0.0.1:7400
  qbridge-harness contract fuzz --target http://127.0.0.1:7401 --seed 7 --operation BridgeService_Call
  qbridge-harness contract pact messages --target URL --grpc HOST:PORT
"""
PARTS = ("fuzz", "pact", "messages")
LOOK_S = 10.0
"""How long the deployment has to say what it is."""
SCOPES = {"call", "backend", "admin"}
Job = tuple[str, Callable[[float], Part]]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness contract`."""
    parser.description = (
        "Fuzzes a deployment from the OpenAPI document, and verifies the published pacts. It spoils what is there."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--target", required=True, metavar="URL", help="base URL of REST; may be spoilt")
    parser.add_argument("--grpc", default="", metavar="HOST:PORT", help="address of gRPC, for its message pacts")
    parser.add_argument("--key", default="", help="API key (default: $QBRIDGE_API_KEY); none for an open deployment")
    parser.add_argument("--seed", type=int, help="repeats a run (default: a new one, which is printed)")
    parser.add_argument("--max-time-s", type=float, default=600.0, help="for all parts together (default: 600)")
    parser.add_argument("--pacts", type=Path, metavar="FOLDER", help="the folder of the published pacts")
    fuzz = parser.add_argument_group("fuzz")
    fuzz.add_argument("--examples-max", type=int, default=50, help="per operation and kind of data (default: 50)")
    fuzz.add_argument("--phases", default=fuzzing.PHASES, help=f"(default: {fuzzing.PHASES})")
    fuzz.add_argument("--operation", action="append", default=[], metavar="ID", help="only this one; repeatable")
    fuzz.add_argument("--document", type=Path, help="another OpenAPI document")
    fuzz.add_argument("--report", type=Path, metavar="FOLDER", help="write schemathesis's own reports")
    parser.set_defaults(run=contract)


def contract(arguments: argparse.Namespace) -> int:
    """Runs the parts one after the other. Raises UsageError, Unreachable."""
    wanted = _parts(arguments.parts)
    target = _target(arguments)
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    transports = asyncio.run(_look(target))
    end = time.monotonic() + arguments.max_time_s
    done = []
    for name, job in _jobs(arguments, wanted, target, transports, seed):
        print(f"\n{name}", flush=True)
        began = time.monotonic()
        part = job(max(0.0, end - began))
        _tell(part, time.monotonic() - began)
        done.append(part)
    return _close(done)


def _parts(words: Sequence[str]) -> Sequence[str]:
    unknown = set(words) - set(PARTS)
    if unknown:
        raise UsageError(
            f"No part is called {', '.join(sorted(unknown))}: write {', '.join(PARTS)}, or nothing for all."
        )
    return words or PARTS


def _target(arguments: argparse.Namespace) -> Target:
    import os

    arguments.key = arguments.key or os.environ.get("QBRIDGE_API_KEY", "")
    return named_target(arguments)


async def _look(target: Target) -> list[str]:
    """The transports that the deployment declares. Raises Unreachable, and UsageError for a key that is not enough."""
    from qbridge_harness.engine.context import Wire
    from qbridge_harness.engine.preflight import look, reach

    named = target if target.grpc else Target(target.rest, "127.0.0.1:1", target.key)  # no gRPC: never contacted
    wire = Wire.open(named, load_contract())
    try:
        async with asyncio.timeout(LOOK_S):
            found = await look(wire)
            if target.grpc:
                await reach(wire)
    except TimeoutError as error:
        raise Unreachable(f"{target.rest} did not say within {LOOK_S:g} s what it can do") from error
    finally:
        await wire.close()
    if found.problem:
        print(f"{target.rest}: {found.problem}")
        return []
    if found.scopes < SCOPES:
        missing = ", ".join(sorted(SCOPES - found.scopes))
        raise UsageError(f"The key lacks the scopes {missing}, without which most answers are refusals: give another.")
    return list(found.capabilities["transports"])


def _jobs(
    arguments: argparse.Namespace, wanted: Sequence[str], target: Target, transports: Sequence[str], seed: int
) -> list[Job]:
    jobs: list[Job] = []
    folder = arguments.pacts or pacts_folder()
    say = partial(print, flush=True)
    if "pact" in wanted:
        jobs.append((pacts.HTTP.name, lambda time_s: pacts.verify_pact(target, pacts.HTTP, folder, time_s, say)))
    for transport in pacts.MESSAGE_TRANSPORTS if "messages" in wanted else ():
        if transport in transports and (transport != "grpc" or target.grpc):
            run = pacts.message_run(transport)
            jobs.append((run.name, partial(_verify, target, run, folder)))
        else:
            why = "no --grpc names its address" if transport in transports else "the deployment does not declare it"
            print(f"no message pact over {transport}: {why}")
    if "fuzz" in wanted:
        options = (arguments.examples_max, arguments.phases, arguments.operation, arguments.document, arguments.report)
        jobs.append((fuzzing.NAME, lambda time_s: fuzzing.fuzz(target, fuzzing.Fuzz(seed, *options), time_s, say)))
    return jobs


def _verify(target: Target, run: pacts.PactRun, folder: Path, time_s: float) -> Part:
    return pacts.verify_pact(target, run, folder, time_s, partial(print, flush=True))


def _tell(part: Part, seconds: float) -> None:
    for line in part.lines:
        print(line)
    figures = f": {part.figures}" if part.figures else ""
    print(f"{part.name} {part.state}{figures} ({seconds:.1f} s)", flush=True)


def _close(done: Sequence[Part]) -> int:
    print()
    for part in done:
        print(f"{part.state:<10}  {part.name}  {part.figures}")
    if any(part.state in ("failed", "unfinished") for part in done):
        return FAILED
    return PASSED if all(part.ok for part in done) else ERROR
