"""The checks that every message passes, unasked, in both directions.

What the harness sent wrongly is the harness's fault (unless the step says `invalid: true`); what came back wrongly is
the deployment's. A violation fails the case, whatever its own expectations say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from qbridge_harness.contract.errors import ErrorChecks
from qbridge_harness.contract.pool import Contract, Rpc
from qbridge_harness.contract.promises import broken_promises, out_of_bounds
from qbridge_harness.contract.schemas import Schemas
from qbridge_harness.contract.violation import (
    EVENT,
    FRAME,
    HEADER_TRACE,
    KEPT_TRACE,
    LAST_FRAME,
    ORDER,
    SHAPE,
    SUCCESS,
    VALUES,
    Blame,
    Violation,
    found_in,
)
from qbridge_harness.contract.walk import strange

UNREADABLE = (json_format.ParseError, ValueError, TypeError, AttributeError)
"""What json_format raises for what is no message."""


class Checks:
    """All checks of one contract; each method gives the violations of one message."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schemas = Schemas(contract.openapi)
        self.errors = ErrorChecks(contract.errors)
        self.problem = self.errors.problem
        self.grpc_error = self.errors.grpc

    def message(self, blame: Blame, where: str, message: Message) -> list[Violation]:
        """A protobuf message: nothing that the contract does not have, and everything that it promises."""
        found = [Violation(blame, where, "descriptor", text, SHAPE) for text in strange(message)]
        if blame == "harness":
            return found + [Violation(blame, where, "values", text, VALUES) for text in out_of_bounds(message)]
        promises = broken_promises(message, self.contract.errors)
        return found + [Violation(blame, where, "promise", text, rules) for rules, text in promises]

    def json_message(self, blame: Blame, where: str, rpc: Rpc, body: Any, *, request: bool) -> list[Violation]:
        """A JSON message of a stream: what the descriptor's JSON form allows, and what it promises."""
        descriptor = rpc.request if request else rpc.response
        try:
            message = self.contract.parse_json(descriptor, body)
        except UNREADABLE as error:
            return [Violation(blame, where, "descriptor", f"This is no {descriptor.name}: {error}.", SHAPE)]
        return self.message(blame, where, message)

    def rest_request(self, rpc: Rpc, body: Any) -> list[Violation]:
        """A JSON body that the harness sends."""
        problems = self.schemas.request_problems(rpc, body)
        return [Violation("harness", f"{rpc.http_method} {rpc.http_path}", "schema", text, SHAPE) for text in problems]

    def rest_response(self, rpc: Rpc, status: int, headers: Mapping[str, str], body: Any) -> list[Violation]:
        """A response that is no stream: status, media type, headers, body."""
        where = f"{rpc.http_method} {rpc.http_path} -> {status}"
        if status >= 400:
            return self.problem(where, status, headers, body)
        found = []
        if status != rpc.success_status:
            text = f"A success of {rpc.name} has status {rpc.success_status}, not {status}."
            found += found_in(where, "status", SUCCESS, [text])
        media = headers.get("content-type", "").split(";")[0].strip()
        if media != "application/json":
            text = f"The media type is {media or 'missing'}, not application/json."
            found += found_in(where, "media-type", SUCCESS, [text])
        missing = self.schemas.headers_missing(rpc, status, headers)
        found += found_in(where, "headers", SUCCESS, [f"The header {name} is missing." for name in missing])
        found += found_in(where, "etag", SUCCESS, _etag(headers, body))
        try:
            message = self.contract.parse_json(rpc.answers, body)
        except UNREADABLE as error:
            found += found_in(where, "descriptor", SHAPE, [f"This is no {rpc.answers.name}: {error}."])
        else:
            found += self.message("deployment", where, message)
        # A wrong status has been told; its body is that of the success which it should be.
        for rules, texts in self.schemas.response_problems(rpc, rpc.success_status, body).items():
            found += found_in(where, "schema", rules, texts)
        return found

    def event(self, where: str, name: str, event_id: str, document: Mapping[str, Any]) -> list[Violation]:
        """A server-sent event of a Watch: its name and id say what its data says."""
        wanted = {"event": str(document["state"]).removeprefix("REQUEST_STATE_"), "id": str(document["sequence"])}
        given = {"event": name, "id": event_id}
        texts = [
            f"The {part} of an event is {given[part]!r}, but its data says {value!r}."
            for part, value in wanted.items()
            if given[part] != value
        ]
        return found_in(where, "sse", EVENT, texts)

    def event_order(self, where: str, before: int | None, over: bool, document: Mapping[str, Any]) -> list[Violation]:
        """An event of a Watch follows the one before it (None: it is the first), and nothing follows the final one."""
        sequence = document.get("sequence")
        if over:
            return found_in(where, "order", ORDER, [f"The event {sequence} came after the final one."])
        if before is not None and sequence != before + 1:
            return found_in(where, "order", ORDER, [f"The event {sequence} came after {before}, not {before + 1}."])
        return []

    def stream_media(self, where: str, media: str) -> list[Violation]:
        """The media type of a stream of events."""
        kind = media.split(";")[0].strip()
        if kind == "text/event-stream":
            return []
        text = f"The media type of a stream of events is text/event-stream, not {kind or 'missing'}."
        return found_in(where, "media-type", EVENT, [text])

    def frame(self, where: str, text: str) -> list[Violation]:
        """A WebSocket frame that cannot be taken: binary, or no JSON."""
        return found_in(where, "json", FRAME, [text])

    def close(self, where: str, text: str) -> list[Violation]:
        """The end of a WebSocket that does not go with what came before it."""
        return found_in(where, "close", LAST_FRAME, [text])

    def unreadable(self, where: str, text: str) -> list[Violation]:
        """A gRPC answer that is no message of the contract, or not one message where there must be one."""
        return found_in(where, "descriptor", SHAPE, [text])

    def trace(self, where: str, asked: str, answered: Mapping[str, Any], *, header: bool = False) -> list[Violation]:
        """A Result or Accepted has the trace id of the request's traceparent, or else of the header's.

        One that is given again has that of the first request.
        """
        wanted, given = asked[3:35], answered.get("traceId")
        if not asked or answered.get("replayed") or not given or given == wanted:
            return []
        rules = HEADER_TRACE if header else KEPT_TRACE
        return found_in(where, "trace", rules, [f"The trace id is {given}, not the asked {wanted}."])


def _etag(headers: Mapping[str, str], body: Any) -> list[str]:
    """Where an answer has a version and an ETag, they are the same."""
    etag, version = headers.get("etag"), body.get("version") if isinstance(body, dict) else None
    if etag is None or version is None or etag.removeprefix("W/").strip('"') == str(version):
        return []
    return [f"The ETag is {etag}, but the version is {version}."]
