"""`rest`, `grpc`, `sse`, `ws`: one exchange on one transport, for what only that transport can say."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from google.protobuf import json_format

from qbridge_harness.clients.rest import encode
from qbridge_harness.clients.streams import Ended, GrpcMessageStream, MessageStream
from qbridge_harness.clients.watch_sse import SseMessageStream
from qbridge_harness.contract import Rpc
from qbridge_harness.engine.context import Context
from qbridge_harness.engine.steps.encoding import CaseBroken, filler, prepare, wire_bytes
from qbridge_harness.language.wire_steps import GrpcStep, RestStep, SseStep, WsStep

if TYPE_CHECKING:
    from qbridge_harness.clients.websocket import WsMessageStream


async def rest(context: Context, step: RestStep) -> dict[str, Any]:
    """One HTTP request; what the contract knows is checked, anything else is left to `expect`."""
    method, _, path = str(context.fill(step.rest)).partition(" ")
    rpc = context.contract.match_http(method, path.partition("?")[0])
    headers = context.headers(step.headers)
    content, document = _content(context, step)
    if content is not None and step.text is None and step.base64 is None:
        headers.setdefault("content-type", "application/json")
    if rpc is not None and document is not None and not step.invalid:
        context.log.blame(context.wire.checks.rest_request(rpc, document))
    query = {str(name): str(value) for name, value in context.fill(step.query).items()}
    asked = f"?{urlencode(query)}" if query else ""
    context.log.sent("rest", f"{method} {path}{asked}", content, headers=headers)
    started = time.perf_counter()
    answer = await context.wire.rest.send(
        method, path, query=query, headers=headers, content=content, key=context.key(step.key)
    )
    outcome: dict[str, Any] = {
        "status": answer.status,
        "headers": answer.headers,
        "text": answer.content.decode("utf-8", "replace"),
        "duration_s": time.perf_counter() - started,
    }
    if answer.body is not None:
        outcome["body"] = answer.body
    context.log.received("rest", f"{answer.status} {method} {path}", answer.content)
    if rpc is not None:
        context.log.covered(f"{rpc.name} rest {answer.status}")
        if not (rpc.server_streaming and answer.status < 400):
            context.log.blame(context.wire.checks.rest_response(rpc, answer.status, answer.headers, answer.body))
    elif answer.status >= 400 and path.startswith("/v1/") and method != "HEAD":
        where = f"{method} {path} -> {answer.status}"
        context.log.blame(context.wire.checks.problem(where, answer.status, answer.headers, answer.body))
    return outcome


def _content(context: Context, step: RestStep) -> tuple[bytes | None, Any]:
    """The body as bytes, and as a document where it is one that the contract should know."""
    if step.text is not None:
        return str(context.fill(step.text)).encode(), None
    if step.base64 is not None:
        return base64.b64decode(step.base64), None
    if step.filler_bytes is not None:
        return encode(filler(int(context.fill(step.filler_bytes)))), None
    if step.body is not None:
        document = context.fill(step.body)
        return encode(document), document
    return None, None


async def grpc(context: Context, step: GrpcStep) -> dict[str, Any]:
    """One gRPC call of any kind: everything is sent, then everything is received."""
    rpc = _rpc(context, step.grpc)
    metadata = context.headers(step.headers)
    started = time.perf_counter()
    call = await context.wire.grpc.open(
        rpc,
        metadata=metadata,
        key=context.key(step.key),
        fresh=rpc.client_streaming,
        deadline_s=step.deadline_s,
        compression=step.compression,
    )
    stream = GrpcMessageStream(rpc, context.wire.checks, context.log, call)
    stream.headers = metadata
    try:
        for data, document in _grpc_messages(context, step, rpc):
            await stream.send(data, document)
        if step.half_close:
            await stream.half_close()
        messages, ended = await _collect(stream, step.receive_max)
    finally:
        await stream.close()
    outcome: dict[str, Any] = {
        "status": ended.status if ended else "CANCELLED",
        "messages": messages,
        "metadata": call.initial_metadata,
        "trailers": ended.trailers if ended else {},
        "compressed": call.compressed > 0,
        "duration_s": time.perf_counter() - started,
    }
    if messages:
        outcome["message"] = messages[0]
    if ended and ended.error is not None:
        outcome["error"] = ended.error
    return outcome


def _grpc_messages(context: Context, step: GrpcStep, rpc: Rpc) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for document in context.fill(step.send):
        # The messages of a raw step are the whole request, not the part that curl would send.
        message = _whole(context, rpc, document)
        if not step.invalid:
            context.log.blame(context.wire.checks.message("harness", f"{rpc.name} (grpc)", message))
        found.append((message, document))
    found += [(base64.b64decode(text), f"bytes {text}") for text in step.send_base64]
    if step.filler_bytes is not None:
        size = int(context.fill(step.filler_bytes))
        asked = filler(size)
        found.append((wire_bytes(prepare(context.contract, rpc, asked, invalid=True), None), f"{size} bytes"))
    return found


def _whole(context: Context, rpc: Rpc, document: Any) -> Any:
    try:
        return context.contract.parse_json(rpc.request, document)
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        raise CaseBroken(f"`send` holds what is no {rpc.request.name}: {error}.") from None


def _rpc(context: Context, name: str) -> Rpc:
    rpc = context.contract.find_rpc(name)
    if rpc is None:
        raise CaseBroken(f"The contract has no RPC {name!r}.")
    return rpc


async def sse(context: Context, step: SseStep) -> dict[str, Any]:
    """One stream of server-sent events, until it ends or enough has come."""
    path = str(context.fill(step.sse))
    rpc = context.contract.match_http("GET", path.partition("?")[0])
    if rpc is None or not rpc.server_streaming:
        raise CaseBroken(f"The contract has no stream of events at {path}.")
    started = time.perf_counter()
    options = {"headers": context.headers(step.headers), "key": context.key(step.key)}
    stream = await SseMessageStream.open(context.wire.rest, rpc, context.wire.checks, context.log, path, options)
    if isinstance(stream, Ended):
        return {"status": stream.status, "error": stream.error, "events": []}
    try:
        messages, ended = await _collect(stream, step.events_max)
    finally:
        await stream.close()
    events = [message["event"] for message in messages]
    outcome: dict[str, Any] = {"status": 200, "events": events, "duration_s": time.perf_counter() - started}
    if ended and ended.error is not None:
        outcome["error"] = ended.error
    return outcome


async def ws(context: Context, step: WsStep) -> dict[str, Any]:
    """One WebSocket conversation: everything is sent, then everything is received."""
    path = str(context.fill(step.ws))
    rpc = context.contract.match_websocket(path.partition("?")[0])
    if rpc is None:
        raise CaseBroken(f"The contract has no WebSocket at {path}.")
    headers = context.wire.target.authorization(context.key(step.key)) | context.headers(step.headers)
    started = time.perf_counter()
    from qbridge_harness.clients.websocket import WsMessageStream

    stream = await WsMessageStream.open(context.wire.target, rpc, context.wire.checks, context.log, path, headers)
    if isinstance(stream, Ended):
        return {"status": stream.status, "error": stream.error, "messages": []}
    try:
        await _ws_send(context, step, stream)
        messages, ended = await _collect(stream, step.receive_max)
    finally:
        await stream.close()
    outcome: dict[str, Any] = {"status": 101, "messages": messages, "duration_s": time.perf_counter() - started}
    if ended is not None:
        outcome["close_code"] = ended.close_code
        if ended.error is not None:
            outcome["error"] = ended.error
    return outcome


async def _collect(stream: MessageStream, most: int | None) -> tuple[list[Any], Ended | None]:
    """What comes until the stream ends, at most so much; and the end, where it came."""
    messages: list[Any] = []
    while most is None or len(messages) < most:
        message = await stream.receive()
        if isinstance(message, Ended):
            return messages, message
        messages.append(message)
    return messages, None


async def _ws_send(context: Context, step: WsStep, stream: WsMessageStream) -> None:
    for document in context.fill(step.send):
        if not step.invalid:
            found = context.wire.checks.json_message("harness", step.ws, stream.rpc, document, request=True)
            context.log.blame(found)
        context.log.sent("websocket", stream.rpc.name, document)
        await stream.send_raw(encode(document), text_frame=True)
    for text in context.fill(step.send_text):
        context.log.sent("websocket", stream.rpc.name, text)
        await stream.send_raw(text.encode(), text_frame=True)
    for data in step.send_base64:
        context.log.sent("websocket", stream.rpc.name, f"binary {data}")
        await stream.send_raw(base64.b64decode(data), text_frame=False)
