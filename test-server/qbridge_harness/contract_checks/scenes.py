"""The conversations that bring each message of the message pact: description -> what the deployment really sent.

A message is given in its JSON form, without the fields that have their defaults: as it goes over WebSocket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from qbridge_harness.clients.streams import MessageStream
from qbridge_harness.contract_checks.stage import Stage, invoke

Given = Mapping[str, Any]
"""The parameters of the message's state: `id`, the request's, and `backend`."""
Scene = Callable[[Stage, Given], Awaitable[Any]]


async def session_begins(stage: Stage, given: Given) -> Any:
    """The first frame of a session, whatever it is."""
    session = await stage.open("Session")
    return await _closing(session, stage.receive_until(session, lambda frame: True))


async def session_accepts(stage: Stage, given: Given) -> Any:
    """The frame that accepts a request."""
    return await _session(stage, given, lambda frame: given["id"] in _ids(frame, "accepted"))


async def session_answers(stage: Stage, given: Given) -> Any:
    """The frame with the result of a request, refused or not."""
    return await _session(stage, given, lambda frame: given["id"] in _ids(frame, "results"))


async def _session(stage: Stage, given: Given, wanted: Callable[[Any], bool]) -> Any:
    session = await stage.open("Session")
    await stage.send(session, {"submits": [invoke(given["id"], given["backend"])]})
    return await _closing(session, stage.receive_until(session, wanted))


def _ids(frame: Any, member: str) -> set[str]:
    return {each.get("requestId") for each in frame.get(member, ())}


async def watch_begins(stage: Stage, given: Given) -> Any:
    """The first event of a request, whatever it is."""
    watch = await stage.open("Watch", given["id"])
    return await _closing(watch, stage.receive_until(watch, lambda message: True))


async def watch_ends(stage: Stage, given: Given) -> Any:
    """The event with the result."""
    watch = await stage.open("Watch", given["id"])
    return await _closing(watch, stage.receive_until(watch, lambda message: bool(message["event"].get("result"))))


async def attachment_holds(stage: Stage, given: Given) -> Any:
    """The first answer to a process that attaches."""
    execute = await _attached(stage, given)
    return await _closing(execute, stage.receive_until(execute, lambda message: True))


async def batch_comes(stage: Stage, given: Given) -> Any:
    """The batch with a request, which gets its answer."""
    execute = await _attached(stage, given)
    await stage.submit(given["backend"], given["id"])
    batch = await stage.receive_until(execute, lambda message: bool(message.get("batch")))
    for item in batch["batch"]["items"]:
        result = {"requestId": item["requestId"], "epoch": item["epoch"], "reply": {"payload": {"text": "hello"}}}
        await stage.send(execute, {"results": [result]})
    await execute.close()
    return batch


async def worker_is_let_go(stage: Stage, given: Given) -> Any:
    """The word that no more batches come, to a process that says that it is leaving."""
    execute = await _attached(stage, given)
    await stage.send(execute, {"leaving": True})
    return await _closing(execute, stage.receive_until(execute, lambda message: message.get("goAway") is not None))


async def _attached(stage: Stage, given: Given) -> MessageStream:
    execute = await stage.open("Backend.Execute")
    await stage.send(execute, {"attach": {"backend": given["backend"], "window": 1}})
    return execute


async def _closing(stream: MessageStream, work: Awaitable[Any]) -> Any:
    try:
        return await work
    finally:
        await stream.close()


SCENES: dict[str, Scene] = {
    "the first frame of a session": session_begins,
    "a session accepts a request": session_accepts,
    "a session answers a request": session_answers,
    "a session refuses a request": session_answers,
    "a watch begins": watch_begins,
    "a watch ends with the result": watch_ends,
    "an attachment holds": attachment_holds,
    "a batch comes": batch_comes,
    "a worker that leaves is let go": worker_is_let_go,
}
"""Description of an interaction -> how to have the deployment send it."""


def as_sent(document: Any) -> Any:
    """The document without members that have their defaults: what is missing on the wire is missing here."""
    if isinstance(document, dict):
        members = {name: as_sent(value) for name, value in document.items() if name != "goAway"}
        kept = {name: value for name, value in members.items() if value not in (None, "", 0, False, [], {}, "0")}
        if document.get("goAway") is not None:
            kept["goAway"] = as_sent(document["goAway"])
        return kept
    return [as_sent(each) for each in document] if isinstance(document, list) else document
