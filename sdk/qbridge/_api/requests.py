"""Work of any kind: call it and wait, or submit it and come back; follow it, stop it, ask why it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, overload

from qbridge._answers import answer_of
from qbridge._core import Core, ours
from qbridge._payload import to_model, to_payload
from qbridge.exceptions import ConnectionLost, deadline_exceeded, error_from, invalid
from qbridge_contract.errors import BridgeError
from qbridge_contract.services import BRIDGE_CANCEL, BRIDGE_EXPLAIN, BRIDGE_GET, BRIDGE_LIST, BRIDGE_WATCH
from qbridge_contract.structs import (
    Accepted,
    CancelRequest,
    Durability,
    ExplainRequest,
    ExplainResponse,
    GetRequest,
    Invoke,
    ListRequest,
    Operation,
    RequestEvent,
    RequestRecord,
    RequestState,
    RetryPolicy,
    WatchRequest,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    ModelT = TypeVar("ModelT", bound=BaseModel)

FINAL = frozenset(
    {
        RequestState.REJECTED,
        RequestState.SUCCEEDED,
        RequestState.FAILED,
        RequestState.CANCELLED,
        RequestState.EXPIRED,
        RequestState.DEAD,
    }
)
_WAIT_S_MAX = 30.0
"""How long one Get waits; the contract allows 60."""
_SUBMITS_AT_ONCE = 1024


class RequestMethods(Core):
    """Call, submit, result, watch, cancel, explain, requests."""

    @overload
    async def call(
        self,
        backend: str,
        name: str,
        payload: Any = None,
        *,
        model: type[ModelT],
        read_only: bool = False,
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float | None = None,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> ModelT: ...

    @overload
    async def call(
        self,
        backend: str,
        name: str,
        payload: Any = None,
        *,
        model: None = None,
        read_only: bool = False,
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float | None = None,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> Any: ...

    async def call(
        self,
        backend: str,
        name: str,
        payload: Any = None,
        *,
        model: type[BaseModel] | None = None,
        read_only: bool = False,
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float | None = None,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> Any:
        """Asks a backend to do `name` with a payload, and waits for its answer.

        The payload is bytes, str, or what JSON can say (pydantic models too); the answer is of the kind that
        the backend gives, or a `model` of yours. `backend` "" leaves the choice to the routing rules.
        `read_only` says that it changes nothing. The rest is as in `send`, and so are the errors.
        """
        result = await self.send(
            _invoke(name, payload, read_only),
            backend=backend,
            durability=durability,
            priority=priority,
            timeout_s=timeout_s,
            idempotency_key=idempotency_key,
            labels=labels,
            retry=retry,
        )
        answer = answer_of(result)
        return answer if model is None else to_model(answer, model)

    async def submit(
        self,
        backend: str,
        name: str,
        payload: Any = None,
        *,
        read_only: bool = False,
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float = 0.0,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> Accepted:
        """The same as `call`, but comes back once the request is accepted, as durable as asked.

        `.request_id` is what `result`, `watch`, `cancel` and `explain` take. `timeout_s` bounds the request's
        whole life; 0 gives it all the time that it needs.
        """
        if not self._is_open:
            await self.open()
        request = self.build(
            backend,
            _invoke(name, payload, read_only),
            durability,
            priority,
            timeout_s,
            idempotency_key,
            labels,
            retry,
        )
        try:
            return await self.transport.submit(request)
        except BridgeError as error:
            raise ours(error) from None

    async def submit_many(
        self,
        backend: str,
        name: str,
        payloads: Iterable[Any],
        *,
        read_only: bool = False,
        durability: str | Durability | None = None,
        priority: int | None = None,
        timeout_s: float = 0.0,
        idempotency_key: str = "",
        labels: Mapping[str, str] | None = None,
        retry: RetryPolicy | None = None,
    ) -> list[Accepted]:
        """Submits one request a payload, packed into frames; the answers are in the order of the payloads.

        With an `idempotency_key`, payload i has the key "KEY/i". Raises the first refusal, once every one
        of the thousand or so that were on their way together is answered.
        """

        def one(index: int, payload: Any) -> Coroutine[Any, Any, Accepted]:
            return self.submit(
                backend,
                name,
                payload,
                read_only=read_only,
                durability=durability,
                priority=priority,
                timeout_s=timeout_s,
                idempotency_key=f"{idempotency_key}/{index}" if idempotency_key else "",
                labels=labels,
                retry=retry,
            )

        accepted: list[Accepted] = []
        numbered = enumerate(payloads)
        while batch := [one(index, payload) for index, payload in islice(numbered, _SUBMITS_AT_ONCE)]:
            accepted += await _all_of(batch)
        return accepted

    async def result(self, request_id: str, *, timeout_s: float | None = None) -> Any:
        """Waits for the answer of a submitted request, up to `timeout_s` (by default the client's).

        Raises the error that the request ended with; DeadlineExceeded where it is not final in time;
        NotFound where it is not known, or its result is no longer kept.
        """
        limit_s = self.options.timeout_s if timeout_s is None else timeout_s
        loop = asyncio.get_running_loop()
        end = loop.time() + limit_s if limit_s else float("inf")
        while True:
            wait_s = max(0.0, min(_WAIT_S_MAX, end - loop.time()))
            record = await self.get_request(request_id, wait_s=wait_s)
            if record.result is not None and record.state in FINAL:
                if record.result.error is not None:
                    raise error_from(record.result.error)
                return answer_of(record.result)
            if loop.time() >= end:
                raise deadline_exceeded(limit_s)

    async def get_request(self, request_id: str, *, wait_s: float = 0.0) -> RequestRecord:
        """All that is known of a request; waits up to `wait_s` (at most 60) for it to become final."""
        request = GetRequest(request_id=request_id, wait_s=wait_s)
        response = await self.ask(BRIDGE_GET, request, wait_s + max(self.options.timeout_s, 1.0))
        return _present(response.record, request_id)

    async def watch(self, request_id: str, *, after: int = 0) -> AsyncIterator[RequestEvent]:
        """The changes of a request's state until it is final, from behind event `after`, without gaps.

        A lost connection is taken up again behind the last event; ConnectionLost comes up only where
        `connect_timeout_s` passes without one. Raises NotFound for a request that is not known.
        """
        loop, pause_s, lost_at = asyncio.get_running_loop(), 0.05, 0.0
        while True:
            try:
                async for response in self.follow(
                    BRIDGE_WATCH, WatchRequest(request_id=request_id, after_sequence=after)
                ):
                    event: RequestEvent = response.event
                    after, lost_at, pause_s = event.sequence, 0.0, 0.05
                    yield event
                    if event.state in FINAL:
                        return
                return
            except ConnectionLost:
                lost_at = lost_at or loop.time()
                if loop.time() - lost_at >= self.options.connect_timeout_s:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, 1.0)

    async def cancel(self, request_id: str) -> RequestRecord:
        """Cancels a request that is not final, and says how it is now. What is final stays as it is."""
        response = await self.ask(BRIDGE_CANCEL, CancelRequest(request_id=request_id))
        return _present(response.record, request_id)

    async def explain(self, request_id: str) -> ExplainResponse:
        """Why a request waits, where its time went, and what would lose it now."""
        response: ExplainResponse = await self.ask(BRIDGE_EXPLAIN, ExplainRequest(request_id=request_id))
        return response

    async def requests(
        self, *, backend: str = "", state: str | RequestState = RequestState.UNSPECIFIED, page_size: int = 50
    ) -> AsyncIterator[RequestRecord]:
        """The caller's requests, newest first, read page by page; without their replies."""
        wanted, token = to_state(state), ""
        while True:
            request = ListRequest(backend=backend, state=wanted, page_size=page_size, page_token=token)
            response = await self.ask(BRIDGE_LIST, request)
            for record in response.records:
                yield record
            token = response.next_page_token
            if not token:
                return


def to_state(value: str | RequestState) -> RequestState:
    """A state by its name. Raises InvalidRequest for a name that is none."""
    if isinstance(value, RequestState):
        return value
    try:
        return RequestState[value.upper()]
    except KeyError:
        raise invalid(f"state {value!r} is none of {', '.join(s.name.lower() for s in RequestState)}") from None


def _invoke(name: str, payload: Any, read_only: bool) -> Operation:
    return Operation(invoke=Invoke(name=name, payload=to_payload(payload), no_side_effects=read_only))


def _present(record: RequestRecord | None, request_id: str) -> RequestRecord:
    if record is None:
        raise invalid(f"the bridge's answer has no record of {request_id}")
    return record


async def _all_of(submits: list[Coroutine[Any, Any, Accepted]]) -> list[Accepted]:
    answers = await asyncio.gather(*submits, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers  # type: ignore[return-value]  # no exception is among them
