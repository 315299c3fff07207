"""The steps that send and receive, and what every step has."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from qbridge_harness.language.problems import Where

Break = Literal["unknown_field", "bad_utf8", "truncated"]


class StepBase(BaseModel):
    """What every step may have."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True, defer_build=True)

    name: str = Field(default="", description="What the step is for, in the reports.")
    capture: dict[str, str] = Field(
        default_factory=dict, description="Variable -> path into the outcome: `id: result.requestId`."
    )
    expect: Any = Field(default=None, description="What the outcome must match.")
    timeout_s: float | None = Field(default=None, gt=0, le=600, description="How long the step may take, in seconds.")
    proves: list[str] = Field(
        default_factory=list, description="Rules of the case: where the step fails, these are broken, and no others."
    )
    _where: Where = PrivateAttr(default=Where("", 1, 1))

    @property
    def where(self) -> Where:
        """The step's place in its case file."""
        return self._where


class SendingStep(StepBase):
    """A step that sends messages of the contract."""

    invalid: bool = Field(default=False, description="True where the message breaks the contract on purpose.")
    headers: dict[str, Any] = Field(default_factory=dict, description="HTTP headers, or gRPC metadata.")
    key: str | None = Field(
        default=None, description="Another API key than the suite's default: 'run' is the run's own, 'none' sends none."
    )


class CallStep(SendingStep):
    """One RPC over the case's transport, with the same outcome on each: result, error, status, headers."""

    call: str = Field(description="The RPC: `Call`, `Backend.Register`, `Platform.GetHealth`.")
    with_: Any = Field(
        default=None, alias="with", description="The request, as curl would send it: body and parameters."
    )
    transport: str | None = Field(default=None, description="This transport instead of the case's.")
    break_: Break | None = Field(default=None, alias="break", description="Breaks the encoded message in this way.")


class RestStep(SendingStep):
    """One HTTP request: outcome status, headers, body, text."""

    rest: str = Field(pattern=r"^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /\S*$", description="`POST /v1/call`.")
    query: dict[str, Any] = Field(default_factory=dict)
    body: Any = Field(default=None, description="A JSON body.")
    text: str | None = Field(default=None, description="A body as text, sent as it is.")
    base64: str | None = Field(default=None, description="A body as bytes.")
    filler_bytes: int | str | None = Field(default=None, description="A JSON body of this size.")


class GrpcStep(SendingStep):
    """One gRPC call of any kind: outcome status, message, messages, error, metadata, trailers, compressed."""

    grpc: str = Field(description="`BridgeService/Call`.")
    send: list[Any] = Field(default_factory=list, description="Messages.")
    send_base64: list[str] = Field(default_factory=list, description="Messages as bytes, sent as they are.")
    filler_bytes: int | str | None = Field(default=None, description="A last message of this size.")
    receive_max: int | None = Field(default=None, ge=0, description="Cancel after this many answers.")
    deadline_s: float | None = Field(default=None, gt=0, le=600, description="The call's own deadline: grpc-timeout.")
    compression: Literal["gzip"] | None = Field(
        default=None, description="Compresses every message, and takes compressed answers: outcome compressed."
    )
    half_close: bool = Field(default=True, description="End our side after the last message.")


class SseStep(SendingStep):
    """One event stream over HTTP: outcome status, headers, events, body."""

    sse: str = Field(pattern=r"^/\S*$", description="The path.")
    events_max: int | None = Field(default=None, ge=1, description="Hang up after this many events.")


class WsStep(SendingStep):
    """One WebSocket conversation: outcome messages, error, close_code, status."""

    ws: str = Field(pattern=r"^/\S*$", description="The path.")
    send: list[Any] = Field(default_factory=list, description="Messages, one text frame each.")
    send_text: list[str] = Field(default_factory=list, description="Text frames, sent as they are.")
    send_base64: list[str] = Field(default_factory=list, description="Binary frames, sent as they are.")
    receive_max: int | None = Field(default=None, ge=0, description="Hang up after this many messages.")


class OpenStep(SendingStep):
    """Opens a stream that later steps use: Session, Execute or Watch."""

    open: Literal["Session", "Execute", "Watch"] = Field(
        description="A Watch resumes behind `with: {afterSequence: N}`, or behind the header Last-Event-ID over SSE."
    )
    as_: str = Field(alias="as", description="The stream's name in this case.")
    with_: Any = Field(default=None, alias="with", description="The request of a Watch.")
    transport: str | None = Field(default=None, description="This transport instead of the case's.")


class SendStep(StepBase):
    """Sends one message on an open stream."""

    send: str = Field(description="The stream's name.")
    message: Any
    invalid: bool = False
    break_: Break | None = Field(default=None, alias="break")


class ReceiveStep(StepBase):
    """Receives until a message matches, or until the stream ends: outcome messages, last, ended, error, close_code."""

    receive: str = Field(description="The stream's name.")
    until: Any = Field(default=None, description="Stop at the first message that matches this.")
    count: int | None = Field(default=None, ge=1, description="Stop after this many messages.")


class CollectStep(StepBase):
    """Receives on a session until every id has a result: outcome results, late_accepted (after their result)."""

    collect: str = Field(description="The session's name.")
    ids: Any = Field(description="The ids of the requests.")


class CloseStep(StepBase):
    """Ends a stream: our half, politely in full, or by vanishing."""

    close: str = Field(description="The stream's name.")
    how: Literal["half", "full", "vanish"] = "full"
