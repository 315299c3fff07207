"""`backend`, `tell`, `observe`: the harness's own backend, as a case drives it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from google.protobuf import json_format

from qbridge_harness.clients.streams import Ended, MessageStream
from qbridge_harness.clients.target import Unreachable
from qbridge_harness.engine.context import RUNS_OWN, Context
from qbridge_harness.engine.steps.call import call
from qbridge_harness.engine.steps.encoding import CaseBroken, StepFailed
from qbridge_harness.engine.steps.streams import connect
from qbridge_harness.language.steps import BackendStep, Behaviour, ObserveStep, TellStep
from qbridge_harness.language.wire_steps import CallStep
from qbridge_harness.own import OwnBackend

_CLOSE_S = 3.0
_GONE = (HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND)
"""How a deployment answers where a registration is no more; a case may have deleted it itself."""


async def backend(context: Context, step: BackendStep) -> dict[str, Any]:
    """Registers the backend and opens Execute; the outcome is the registration's."""
    name = str(context.fill(step.backend))
    registration = {
        "name": name,
        "kind": "remote",
        "description": "The harness's own.",
        "operations": [{"name": operation} for operation in step.operations],
        "batch": context.fill(step.batch),
        "labels": context.fill(step.labels),
    }
    asked = {"call": "Backend.Register", "with": registration, "transport": "rest", "key": RUNS_OWN}
    register = CallStep.model_validate(asked)
    execute = context.contract.rpcs["BackendService/Execute"]

    transport = str(context.fill(step.transport))

    async def opener() -> MessageStream | Ended:
        stream = await connect(context, execute, transport, None, {}, None)
        if isinstance(stream, MessageStream):
            stream.transport, stream.bounded = f"own backend, {transport}", False
        return stream

    does = [_behaviour(context, behaviour) for behaviour in step.does]
    own = OwnBackend(name, does, step.window, context.contract, opener)
    # Noted before it is asked for: a step that is cut off here may have registered it all the same.
    context.backends[step.as_] = own
    outcome = await call(context, register)
    if "error" in outcome:
        del context.backends[step.as_]
        return outcome
    context.variables[step.as_] = {"name": name}
    if step.attach:
        await own.attach()
        _whole(context, own)
        if own.ended is not None:
            return {"status": own.ended.status, "error": own.ended.error or {"code": "", "message": "Execute ended"}}
    return outcome


def _behaviour(context: Context, behaviour: Behaviour) -> Behaviour:
    """A behaviour with its variables filled. Raises StepFailed where it says what the contract cannot."""
    filled = Behaviour.model_validate(context.fill(behaviour.model_dump()))
    for kind, document in (("Reply", filled.reply), ("Reply", filled.stale), ("Error", filled.error)):
        if document is None:
            continue
        plain = {key: value for key, value in document.items() if key != "code"} if kind == "Error" else document
        try:
            context.contract.parse_json(context.contract.descriptor(kind), plain)
        except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
            raise CaseBroken(f"`does` holds what is no {kind}: {error}.") from None
    return filled


async def tell(context: Context, step: TellStep) -> dict[str, Any]:
    """Makes an own backend do something now."""
    own = _own(context, step.tell)
    actions = {"release": own.release, "vanish": own.vanish, "attach": own.attach, "finish": own.finish}
    await actions[step.to]()
    _whole(context, own)
    return {}


async def observe(context: Context, step: ObserveStep) -> dict[str, Any]:
    """What an own backend has seen."""
    own = _own(context, step.observe)
    _whole(context, own)
    return own.facts()


def _own(context: Context, name: str) -> OwnBackend:
    if name not in context.backends:
        raise CaseBroken(f"The backend {name!r} is not there.")
    return context.backends[name]


def _whole(context: Context, own: OwnBackend) -> None:
    """Raises CaseBroken where an own backend broke down; StepFailed where what came broke the contract before."""
    if own.broken is None:
        return
    text = f"The own backend {own.name!r} broke down: {type(own.broken).__name__}: {own.broken}."
    if any(violation.blame == "deployment" for violation in context.log.violations):
        raise StepFailed(f"{text} What the deployment sent breaks the contract.")
    raise CaseBroken(text)


async def take_away(context: Context) -> list[str]:
    """Closes every own backend and stream of a case and deletes all registrations, each in a time of its own.

    Gives what the deployment did not let it do. Raises StepFailed or CaseBroken where an own backend broke down.
    """
    backends, streams = list(context.backends.values()), list(context.streams.values())
    context.backends.clear()
    context.streams.clear()
    await _close([*backends, *streams])
    answers = await asyncio.gather(*(_delete(context, own.name) for own in backends))
    for own in backends:
        _whole(context, own)
    return [answer for answer in answers if answer]


async def _close(open_ends: Sequence[OwnBackend | MessageStream]) -> None:
    """Closes what is open; a stream that hangs is left, and must not leave registrations behind."""
    closing = [asyncio.ensure_future(end.close()) for end in open_ends]
    if closing:
        await asyncio.wait(closing, timeout=_CLOSE_S)
        for task in closing:
            task.cancel()
        await asyncio.gather(*closing, return_exceptions=True)


async def _delete(context: Context, name: str) -> str:
    """Deletes a registration; says what went wrong, nothing where it is gone."""
    rpc = context.contract.rpcs["BackendService/Delete"]
    path = rpc.http_path.replace("{name}", quote(name, safe=""))
    try:
        async with asyncio.timeout(_CLOSE_S):
            answer = await context.wire.rest.send(rpc.http_method, path)
    except TimeoutError:
        return f"{rpc.http_method} {path} was not answered within {_CLOSE_S:g} s."
    except Unreachable as error:
        return str(error)
    return "" if answer.status in _GONE else f"{rpc.http_method} {path} answered the status {answer.status}."
