"""`call`: one RPC over the transport of the case, with the same outcome on each."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from google.protobuf import json_format

from qbridge_harness.clients.errors import GrpcEnd, from_error, from_problem
from qbridge_harness.clients.rest import RestAnswer, encode
from qbridge_harness.clients.streams import Ended, MessageStream
from qbridge_harness.contract import Rpc, Violation
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.encoding import (
    CaseBroken,
    Prepared,
    break_json,
    break_protobuf,
    http_request,
    prepare,
    wire_bytes,
)
from qbridge_harness.engine.steps.streams import connect
from qbridge_harness.language.fresh import ulid
from qbridge_harness.language.wire_steps import CallStep

_OVER_SESSION = ("BridgeService/Call", "BridgeService/Submit")
"""What a session can say in a frame of its own; a Cancel there answers on the session of the submit."""


async def call(context: Context, step: CallStep) -> dict[str, Any]:
    """Runs the RPC; the outcome has result or error, status, headers, duration_s."""
    rpc = context.contract.find_rpc(step.call)
    if rpc is None:
        raise CaseBroken(f"The contract has no RPC {step.call!r}.")
    transport = context.fill(step.transport) or context.planned.transport
    prepared = prepare(context.contract, rpc, context.fill(step.with_), invalid=step.invalid)
    if not step.invalid and step.break_ is None:
        context.log.blame(_own_mistakes(context, prepared))
    started = time.perf_counter()
    if transport in ("websocket", "session") and rpc.name in _OVER_SESSION:
        outcome = await _over_session(context, step, prepared, "grpc" if transport == "session" else transport)
    elif transport in ("rest", "websocket"):
        outcome = await _over_rest(context, step, prepared)
    else:
        outcome = await _over_grpc(context, step, prepared)
    _check_trace(context, step, prepared, outcome)
    outcome["duration_s"] = time.perf_counter() - started
    return outcome


async def _over_rest(context: Context, step: CallStep, prepared: Prepared) -> dict[str, Any]:
    rpc = prepared.rpc
    request = http_request(prepared)
    headers = context.headers(step.headers)
    content = None
    if request.body is not None:
        content = encode(request.body)
        content = break_json(content, step.break_) if step.break_ else content
        headers.setdefault("content-type", "application/json")
    query = f"?{urlencode(request.query)}" if request.query else ""
    title = f"{rpc.http_method} {request.path}{query}{_how(step)}"
    context.log.sent("rest", title, request.body, headers=headers)
    answer = await context.wire.rest.send(
        rpc.http_method,
        request.path,
        query=request.query,
        headers=headers,
        content=content,
        key=context.key(step.key),
    )
    return rest_outcome(context, rpc, answer)


def rest_outcome(context: Context, rpc: Rpc, answer: RestAnswer) -> dict[str, Any]:
    """The outcome of a response, checked against the contract."""
    body = answer.body
    context.log.received("rest", f"{answer.status} {rpc.http_method} {rpc.http_path}", answer.content)
    context.log.covered(f"{rpc.name} rest {answer.status}")
    context.log.blame(context.wire.checks.rest_response(rpc, answer.status, answer.headers, body))
    outcome: dict[str, Any] = {"status": answer.status, "headers": answer.headers}
    if answer.status >= 400:
        return outcome | {"error": from_problem(body)}
    try:
        return outcome | {"result": context.contract.to_document(context.contract.parse_json(rpc.answers, body))}
    except (json_format.ParseError, ValueError, TypeError, AttributeError):
        return outcome | {"result": body}


async def _over_grpc(context: Context, step: CallStep, prepared: Prepared) -> dict[str, Any]:
    rpc = prepared.rpc
    data = wire_bytes(prepared, step.break_)
    metadata = context.headers(step.headers)
    context.log.sent("grpc", rpc.name + _how(step), prepared.asked, headers=metadata)
    message, end, initial = await context.wire.grpc.unary(rpc, data, metadata=metadata, key=context.key(step.key))
    context.log.covered(f"{rpc.name} grpc {end.status}")
    outcome: dict[str, Any] = {"status": end.status, "headers": initial | end.trailers}
    if end.status != "OK" or message is None:
        context.log.received("grpc", f"{end.status} {rpc.name}", end.error or end.message)
        context.log.blame(_grpc_end(context, f"{rpc.name} (grpc)", end))
        return outcome | {"error": end.error or {"code": end.status, "message": end.message, "violations": []}}
    context.log.blame(context.wire.checks.message("deployment", f"{rpc.name} (grpc)", message))
    part = getattr(message, rpc.response_body) if rpc.response_body else message
    document = context.contract.to_document(part)
    context.log.received("grpc", f"OK {rpc.name}", document)
    return outcome | {"result": document}


def _own_mistakes(context: Context, prepared: Prepared) -> list[Violation]:
    """What the request itself breaks, over whatever transport it goes."""
    checks, rpc = context.wire.checks, prepared.rpc
    if rpc.body:
        return checks.rest_request(rpc, http_request(prepared).body)
    return [] if prepared.message is None else checks.message("harness", rpc.name, prepared.message)


def _grpc_end(context: Context, where: str, end: GrpcEnd) -> list[Violation]:
    """What is wrong with the end of a call that brought no answer."""
    checks = context.wire.checks
    if end.unreadable:
        return checks.unreadable(where, end.message)
    if end.status == "OK":
        return checks.unreadable(where, "The call ended with OK, but without a message.")
    return [] if end.broken else checks.grpc_error(where, end.status, end.error, end.reason, end.details)


def _check_trace(context: Context, step: CallStep, prepared: Prepared, outcome: dict[str, Any]) -> None:
    """The answer to a request that has a trace context of its own carries that trace."""
    result = outcome.get("result")
    if step.invalid or step.break_ or not isinstance(result, dict) or not isinstance(prepared.asked, dict):
        return
    headers = {name.lower(): value for name, value in context.headers(step.headers).items()}
    own = prepared.asked.get("traceparent")
    asked = str(own or headers.get("traceparent", ""))
    context.log.blame(context.wire.checks.trace(prepared.rpc.name, asked, result, header=not own))


def _how(step: CallStep) -> str:
    """How the message was broken on the way out, for its title in the log."""
    return f" (broken: {step.break_})" if step.break_ else ""


async def _over_session(context: Context, step: CallStep, prepared: Prepared, transport: str) -> dict[str, Any]:
    """Call and Submit as one frame on a session of their own."""
    session = context.contract.rpcs["BridgeService/Session"]
    headers = context.headers(step.headers)
    stream = await connect(context, session, transport, None, headers, context.key(step.key))
    if isinstance(stream, Ended):
        return {"status": stream.status, "error": stream.error or {}}
    try:
        frame, request_id = _frame(prepared)
        sent = prepare(context.contract, session, frame, invalid=step.invalid)
        data: Any = wire_bytes(sent, None) if sent.message is not None else encode(frame)
        if step.break_:
            data = _broken(transport, sent, frame, step.break_)
        await stream.send(data, frame)
        return await _answer(stream, request_id, prepared.rpc.method)
    finally:
        await stream.close()


def _broken(transport: str, sent: Prepared, frame: Any, broken: str) -> bytes:
    if transport == "websocket":
        return break_json(encode(frame), broken)
    if sent.message is None:
        raise CaseBroken("Protobuf cannot carry this request.")
    return break_protobuf(sent.message.SerializeToString(), broken)


def _frame(prepared: Prepared) -> tuple[dict[str, Any], str]:
    """The frame of one request, which gets an id if it has none."""
    asked = dict(prepared.asked)
    request_id = asked.setdefault("id", "req_" + ulid())
    return {"submits": [asked]}, request_id


async def _answer(stream: MessageStream, request_id: str, method: str) -> dict[str, Any]:
    """Waits for the word about one request: Accepted for Submit, Result for the others."""
    while True:
        message = await stream.receive()
        if isinstance(message, Ended):
            error = message.error or {"code": "", "message": "the session ended without an answer", "violations": []}
            return {"status": message.status, "error": error}
        accepted = _mine(message, "accepted", request_id)
        result = _mine(message, "results", request_id)
        if method == "Submit" and accepted is not None:
            return {"status": "OK", "result": accepted}
        if result is None:
            continue
        if result.get("error"):
            error = from_error(result["error"])
            return {"status": error["code"], "error": error}
        return {"status": "OK", "result": result if method == "Call" else _accepted(result)}


def _mine(message: dict[str, Any], key: str, request_id: str) -> dict[str, Any] | None:
    """The entry of this request; with one request on the session, one that names none is ours too."""
    entries = message.get(key) or []
    return next((entry for entry in entries if entry.get("requestId") in (request_id, "")), None)


def _accepted(result: dict[str, Any]) -> dict[str, Any]:
    """What a Result says of the acceptance, where it came in the same frame or before."""
    return {key: result.get(key) for key in ("requestId", "replayed", "traceId")}
