"""`load`: many of one request in an open loop; the outcome says how long they took, counted from when they were due."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from qbridge_harness.clients.errors import from_details
from qbridge_harness.clients.http1 import Address
from qbridge_harness.clients.rest import RestAnswer, encode
from qbridge_harness.contract import Rpc
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.encoding import CaseBroken, Prepared, StepFailed, http_request, prepare, wire_bytes
from qbridge_harness.language import fresh, values
from qbridge_harness.language.include import cases_root
from qbridge_harness.language.load_steps import LoadStep
from qbridge_harness.language.wire_steps import CallStep, RestStep

if TYPE_CHECKING:
    from qbridge_checks.arrivals import Times
    from qbridge_harness.load import Answer, Sender, Tally

_BREATH = 50
"""Messages that are made at a stretch, before others may go on."""


async def load(context: Context, step: LoadStep) -> dict[str, Any]:
    """Sends at the times of the arrivals, waits for the answers, and looks closely at some of them."""
    from qbridge_harness.load import OpenLoop

    times = _times(context, step)
    request = _rest_request if isinstance(step.load, RestStep) else _call_request
    rpc, title, sender = await request(context, step, len(times))
    context.log.sent("load", f"{len(times)} x {title}", None)
    loop = OpenLoop(times.tolist(), sender, in_flight_max=step.in_flight_max, answer_within_s=step.answer_within_s)
    try:
        with _quiet_collector():
            tally = await loop.run()
    finally:
        await sender.close()
    outcome = _outcome(tally)
    context.log.received("load", title, outcome)
    outcome["checked"] = _look(context, rpc, sender.kept)
    _keep_up(step, outcome)
    return outcome


def _times(context: Context, step: LoadStep) -> Times:
    """When requests are due. Raises CaseBroken for a process that cannot be."""
    from qbridge_checks import arrivals

    kind = next(iter(step.arrivals.model_fields_set))
    form = getattr(step.arrivals, kind)
    try:
        given = {name: context.fill(value) for name, value in form.model_dump().items()}
        file = given.pop("file", None)
        numbers = {name: float(value) for name, value in given.items()}
        for_s = float(context.fill(step.for_s))
        if kind == "replay":
            recorded = arrivals.read_times(_recorded(step, str(file)))
            times = arrivals.replay(recorded, for_s, **numbers)
        elif kind in ("poisson", "bursts"):
            rng = arrivals.generator(str(fresh.random().getrandbits(64)))
            times = getattr(arrivals, kind)(**numbers, for_s=for_s, rng=rng)
        else:
            times = getattr(arrivals, kind)(**numbers, for_s=for_s)
    except (ValueError, TypeError, OSError) as error:
        raise CaseBroken(f"These arrivals cannot be: {error}") from None
    return times[: step.at_most]


def _recorded(step: LoadStep, name: str) -> Path:
    """The file of recorded times, named from the case's own; in the folder of cases. Raises ValueError."""
    own = Path(step.where.file)
    file = (own.parent / name).resolve()
    if not file.is_relative_to(cases_root(own).resolve()):
        raise ValueError(f"{name!r} is not in the folder of the cases: put the recorded times there.")
    return file


async def _rest_request(context: Context, step: LoadStep, count: int) -> tuple[Rpc | None, str, Sender]:
    """A `rest` step as a sender of raw messages."""
    from qbridge_harness.load.http import HttpSender

    inner = step.load
    assert isinstance(inner, RestStep)
    if inner.base64 is not None or inner.filler_bytes is not None:
        raise CaseBroken("A load sends `body` or `text`: write one of them.")
    method, _, path = str(context.fill(inner.rest)).partition(" ")
    rpc = context.contract.match_http(method, path.partition("?")[0])
    target = context.wire.target
    address = Address(target.rest)

    def make() -> bytes:
        headers = target.authorization(context.key(inner.key)) | context.headers(inner.headers)
        body = None
        if inner.text is not None:
            body = str(context.fill(inner.text)).encode()
        elif inner.body is not None:
            document = context.fill(inner.body)
            if rpc is not None and not inner.invalid:
                context.log.blame(context.wire.checks.rest_request(rpc, document))
            body = encode(document)
            headers.setdefault("content-type", "application/json")
        query = {str(name): str(value) for name, value in context.fill(inner.query).items()}
        return address.message(method, path, headers, body, query)

    return rpc, f"{method} {path}", HttpSender(address, await _messages(inner, make, count))


async def _call_request(context: Context, step: LoadStep, count: int) -> tuple[Rpc, str, Sender]:
    """A `call` step as a sender over the case's transport."""
    inner = step.load
    assert isinstance(inner, CallStep)
    rpc = context.contract.find_rpc(inner.call)
    transport = context.fill(inner.transport) or context.planned.transport
    if rpc is None or transport not in ("rest", "grpc"):
        raise CaseBroken(f"A load of {inner.call} goes over rest or grpc, not over {transport}.")
    if inner.break_ is not None:
        raise CaseBroken("A load breaks no bytes: take `break` out.")
    metadata = context.wire.target.authorization(context.key(inner.key)) | context.headers(inner.headers)
    address = Address(context.wire.target.rest)

    def make() -> bytes:
        prepared = prepare(context.contract, rpc, context.fill(inner.with_), invalid=inner.invalid)
        if transport == "rest":
            return _http(context, address, prepared, metadata)
        message = wire_bytes(prepared, None)
        return message if isinstance(message, bytes) else message.SerializeToString()

    messages = await _messages(inner, make, count)
    if transport == "rest":
        from qbridge_harness.load.http import HttpSender

        return rpc, f"{rpc.http_method} {rpc.http_path}", HttpSender(address, messages)
    from qbridge_harness.load.grpc import GrpcSender

    host, port, secure = context.wire.target.grpc_parts()

    def code_of(details: bytes) -> str:
        error, _, _ = from_details(context.contract, details)
        return str(error["code"]) if error else ""

    return rpc, rpc.path, GrpcSender(f"{host}:{port}", rpc.path, messages, metadata, code_of, secure=secure)


def _http(context: Context, address: Address, prepared: Prepared, metadata: dict[str, str]) -> bytes:
    """A prepared request by its HTTP binding."""
    rpc = prepared.rpc
    request = http_request(prepared)
    headers, body = dict(metadata), None
    if request.body is not None:
        context.log.blame(context.wire.checks.rest_request(rpc, request.body))
        body = encode(request.body)
        headers.setdefault("content-type", "application/json")
    return address.message(rpc.http_method, request.path, headers, body, request.query)


async def _messages(inner: CallStep | RestStep, make: Callable[[], bytes], count: int) -> list[bytes]:
    """One message for all where they are the same, or else one for each, made before the first is sent."""
    made_fresh = any(
        reference.startswith(("new.", "now")) for reference in values.references(inner.model_dump(by_alias=True))
    )
    try:
        messages = [make()]
        for number in range(1, count if made_fresh else 1):
            if number % _BREATH == 0:
                await asyncio.sleep(0)
            messages.append(make())
    except ValueError as error:
        raise CaseBroken(f"The request cannot be sent: {error}.") from None
    return messages


@contextmanager
def _quiet_collector() -> Iterator[None]:
    """A full collection takes long enough to be seen as latency: what lives already is left out of it."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _outcome(tally: Tally) -> dict[str, Any]:
    from qbridge_checks import LatencyHistogram

    late = LatencyHistogram.of(tally.late_s).summary_ms()
    return {
        "arrivals": tally.arrivals,
        "sent": tally.sent,
        "ok": tally.ok,
        "errors": dict(tally.errors),
        "dropped": tally.dropped,
        "unanswered": tally.unanswered,
        "error_rate": round(tally.error_rate, 6),
        "rate_per_s": round(tally.rate_per_s, 1),
        "latency_ms": LatencyHistogram.of(tally.latencies_s).summary_ms(),
        "late_ms": {name: late[name] for name in ("p50", "p99", "max")},
    }


def _look(context: Context, rpc: Rpc | None, kept: list[Answer]) -> int:
    """Checks the answers that were kept against the contract, as those of every other step; answers how many."""
    if rpc is None:
        return 0
    checks = context.wire.checks
    for answer in kept:
        if isinstance(answer.status, int):
            context.log.covered(f"{rpc.name} rest {answer.status}")
            body = RestAnswer(answer.status, answer.headers, answer.content).body
            context.log.blame(checks.rest_response(rpc, answer.status, answer.headers, body))
            continue
        context.log.covered(f"{rpc.name} grpc {answer.status}")
        if answer.status != "OK":
            error, reason, details = from_details(context.contract, answer.content)
            where = f"{rpc.name} -> {answer.status}"
            context.log.blame(checks.grpc_error(where, answer.status, error, reason, details))
            continue
        try:
            message = context.contract.classes[rpc.response.full_name].FromString(answer.content)
        except DecodeError as error:
            raise StepFailed(f"An answer is no {rpc.response.name}: {error}") from None
        context.log.blame(checks.message("deployment", f"{rpc.name} (grpc)", message))
    return len(kept)


def _keep_up(step: LoadStep, outcome: dict[str, Any]) -> None:
    """Raises CaseBroken where the harness itself broke or was too slow: its figures would blame the wrong one."""
    from qbridge_harness.load.open_loop import HARNESS

    broke = next((code for code in outcome["errors"] if code.startswith(HARNESS)), "")
    if broke:
        raise CaseBroken(f"The harness broke down while it sent: {broke.removeprefix(HARNESS + ': ')}.")
    late_ms = outcome["late_ms"]["p99"]
    if late_ms > step.late_max_ms:
        raise CaseBroken(
            f"The harness could not keep up: it sent {late_ms:g} ms late (99th percentile; at most "
            f"{step.late_max_ms:g}). Lower the rate, run it on a machine with a free core, or raise `late_max_ms`."
        )
