"""`open`, `send`, `receive`, `close`: streams that live across steps, the same over every transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from qbridge_harness.clients.rest import encode
from qbridge_harness.clients.streams import Ended, GrpcMessageStream, MessageStream
from qbridge_harness.clients.watch_sse import SseMessageStream
from qbridge_harness.contract import Rpc
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.encoding import (
    CaseBroken,
    Prepared,
    StepFailed,
    break_json,
    break_protobuf,
    http_request,
    prepare,
    websocket_path,
    wire_bytes,
)
from qbridge_harness.language.matchers import match
from qbridge_harness.language.wire_steps import CloseStep, CollectStep, OpenStep, ReceiveStep, SendStep

_OWN_CONNECTION = ("Execute", "Session")


async def connect(
    context: Context,
    rpc: Rpc,
    transport: str,
    prepared: Prepared | None,
    headers: Mapping[str, str],
    key: str | None,
) -> MessageStream | Ended:
    """Opens a stream over a transport; what is refused before the first message is an end. Raises Unreachable."""
    wire = context.wire
    if transport == "grpc":
        fresh = rpc.method in _OWN_CONNECTION
        call = await wire.grpc.open(rpc, metadata=headers, key=key, fresh=fresh)
        return GrpcMessageStream(rpc, wire.checks, context.log, call)
    asked = prepared or Prepared(rpc, {}, None)
    if transport == "sse":
        request = http_request(asked)
        options = {"query": request.query, "headers": headers, "key": key}
        return await SseMessageStream.open(wire.rest, rpc, wire.checks, context.log, request.path, options)
    request = websocket_path(asked)
    path = request.path + (f"?{urlencode(request.query)}" if request.query else "")
    sent = wire.target.authorization(key) | dict(headers)
    from qbridge_harness.clients.websocket import WsMessageStream

    return await WsMessageStream.open(wire.target, rpc, wire.checks, context.log, path, sent)


async def open_stream(context: Context, step: OpenStep) -> dict[str, Any]:
    """Opens a stream under a name; the outcome has error and status where it is refused at once."""
    rpc = context.contract.find_rpc("Backend.Execute" if step.open == "Execute" else step.open)
    if rpc is None:
        raise CaseBroken(f"The contract has no RPC {step.open!r}.")
    transport = context.fill(step.transport) or context.planned.transport
    transport = {"session": "grpc", "rest": "sse" if step.open == "Watch" else "websocket"}.get(transport, transport)
    prepared = None
    if step.open == "Watch":
        prepared = prepare(context.contract, rpc, context.fill(step.with_), invalid=step.invalid)
    stream = await connect(context, rpc, transport, prepared, context.headers(step.headers), context.key(step.key))
    if isinstance(stream, Ended):
        return {"status": stream.status, "error": stream.error or {}}
    if prepared is not None and transport == "grpc":
        await stream.send(wire_bytes(prepared, None), prepared.asked)
    context.streams[step.as_] = stream
    return {"status": "OK"}


async def send(context: Context, step: SendStep) -> dict[str, Any]:
    """Sends one message, checked before it goes unless it is broken on purpose."""
    stream = _stream(context, step.send)
    document = context.fill(step.message)
    prepared = prepare(context.contract, stream.rpc, document, invalid=step.invalid)
    if prepared.message is not None and not step.invalid and not step.break_:
        context.log.blame(context.wire.checks.message("harness", stream.rpc.name, prepared.message))
    from qbridge_harness.clients.websocket import WsMessageStream

    websocket = isinstance(stream, WsMessageStream)
    if step.break_:
        if websocket:
            data: Any = break_json(encode(prepared.asked), step.break_)
        else:
            whole = wire_bytes(prepared, None)
            data = break_protobuf(whole if isinstance(whole, bytes) else whole.SerializeToString(), step.break_)
    else:
        data = encode(document) if websocket and prepared.message is None else wire_bytes(prepared, None)
    await stream.send(data, document)
    return {}


async def receive(context: Context, step: ReceiveStep) -> dict[str, Any]:
    """Receives until a message matches, a count is reached, or the stream ends."""
    stream = _stream(context, step.receive)
    stream.begin()
    until = context.fill(step.until)
    messages: list[Any] = []
    while True:
        message = await stream.receive()
        if isinstance(message, Ended):
            outcome: dict[str, Any] = {"messages": messages, "last": messages[-1] if messages else None, "ended": True}
            if message.close_code is not None:
                outcome["close_code"] = message.close_code
            if until is not None and message.error is None:
                raise StepFailed(f"The stream ended after {len(messages)} messages; none matched `until`.")
            return outcome | ({"error": message.error} if message.error is not None else {})
        messages.append(message)
        enough = step.count is not None and len(messages) >= step.count
        if enough or (until is not None and not match(until, message)):
            return {"messages": messages, "last": message, "ended": False}


async def collect(context: Context, step: CollectStep) -> dict[str, Any]:
    """Receives until each id has a result, or the stream ends; every result that comes is kept, repeats too."""
    stream = _stream(context, step.collect)
    stream.begin()
    left = set(context.fill(step.ids))
    results: list[Any] = []
    late: list[str] = []
    while left:
        message = await stream.receive()
        if isinstance(message, Ended):
            error = message.error or {"code": "", "message": f"the session ended; {len(left)} results are missing"}
            return {"results": results, "late_accepted": late, "error": error}
        done = {result["requestId"] for result in results}
        late += [entry["requestId"] for entry in message.get("accepted", []) if entry["requestId"] in done]
        results += message.get("results", [])
        left -= {result["requestId"] for result in message.get("results", [])}
    return {"results": results, "late_accepted": late}


async def close(context: Context, step: CloseStep) -> dict[str, Any]:
    """Ends our half of a stream, or all of it, or vanishes."""
    stream = _stream(context, step.close)
    if step.how == "half":
        await stream.half_close()
        return {}
    del context.streams[step.close]
    await (stream.vanish() if step.how == "vanish" else stream.close())
    return {}


def _stream(context: Context, name: str) -> MessageStream:
    if name not in context.streams:
        raise CaseBroken(f"The stream {name!r} is not open.")
    return context.streams[name]
