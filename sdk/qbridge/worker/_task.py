"""One item of a batch, as a handler sees it, and a handler's answer as the contract wants it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from qbridge._payload import from_payload, to_model, to_payload
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    CollectionInfo,
    CollectionList,
    Error,
    ErrorCode,
    ExecuteItem,
    Operation,
    Reply,
    VectorCount,
    VectorMatches,
    VectorRecords,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    ModelT = TypeVar("ModelT", bound=BaseModel)

_REPLY_FIELDS: dict[type, str] = {
    VectorMatches: "matches",
    VectorRecords: "records",
    VectorCount: "count",
    CollectionInfo: "collection",
    CollectionList: "collections",
}
_MESSAGE_CHARS_MAX = 2000


@dataclass(frozen=True, slots=True)
class Task:
    """A request that this process has the lease of."""

    name: str
    """What to do: the generic operation's name, or the typed operation's field ("query")."""
    payload: Any
    """The bytes, text or JSON of a generic operation; the operation's struct of a typed one."""
    request_id: str
    effect_key: str
    """The same for every attempt at this request: give it to what must happen once."""
    attempt: int
    """1 for the first."""
    deadline: datetime | None
    """When the answer is of no more use."""
    labels: dict[str, str]
    traceparent: str
    """The W3C trace context. Requests that the handler makes with this package join it by themselves."""

    def model(self, model: type[ModelT]) -> ModelT:
        """The payload as a pydantic model. Its ValidationError goes back to the caller as INVALID_ARGUMENT."""
        value: ModelT = to_model(self.payload, model)
        return value


def task_of(item: ExecuteItem) -> Task:
    """The task in an item."""
    name, payload = _work(item.operation or Operation())
    return Task(
        name=name,
        payload=payload,
        request_id=item.request_id,
        effect_key=item.effect_key,
        attempt=item.attempt,
        deadline=item.deadline,
        labels=item.labels,
        traceparent=item.traceparent,
    )


def _work(operation: Operation) -> tuple[str, Any]:
    if operation.invoke is not None:
        return operation.invoke.name, from_payload(operation.invoke.payload)
    for field in operation.__struct_fields__:
        value = getattr(operation, field)
        if value is not None:
            return field, value
    return "", None


def reply_of(value: Any) -> Reply:
    """The reply in what a handler returned: a Reply, a typed reply's struct, or a payload.

    Raises InvalidRequest for what is none of them.
    """
    if isinstance(value, Reply):
        return value
    field = _REPLY_FIELDS.get(type(value))
    if field is not None:
        return Reply(**{field: value})
    payload = to_payload(value)
    return Reply(payload=payload if payload is not None else to_payload(b""))


def failure_of(error: BaseException) -> Error:
    """What a handler raised: an error of the contract goes as it is, anything else is the backend's failure."""
    if isinstance(error, BridgeError):
        return error.error
    code = ErrorCode.BACKEND_FAILED
    if type(error).__module__.startswith("pydantic"):
        code = ErrorCode.INVALID_ARGUMENT
    elif isinstance(error, TimeoutError):
        code = ErrorCode.DEADLINE_EXCEEDED
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return BridgeError.of(code, text[:_MESSAGE_CHARS_MAX]).error
