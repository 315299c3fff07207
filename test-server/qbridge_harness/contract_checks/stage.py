"""What the interactions of a pact need to be true of a deployment, made true through its API alone.

A state names its request ids and backends in its parameters. A backend that echoes is the harness's own: registered,
served over Execute, and taken away again at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from qbridge_harness.clients.grpc import GrpcClient
from qbridge_harness.clients.rest import RestAnswer, RestClient, encode
from qbridge_harness.clients.streams import Ended, GrpcMessageStream, MessageStream
from qbridge_harness.clients.target import Target
from qbridge_harness.clients.watch_sse import SseMessageStream
from qbridge_harness.clients.websocket import WsMessageStream
from qbridge_harness.contract import Checks, Contract, Rpc
from qbridge_harness.language.steps import Behaviour
from qbridge_harness.log import Log
from qbridge_harness.own.backend import OwnBackend

Transport = str
"""`grpc` for all streams, `websocket` for Session and Execute, with `sse` for Watch where that is declared."""


class StageFailed(Exception):
    """The deployment did not let a state be made, or did not answer as the conversation needs."""


class Stage:
    """One deployment, over one transport of streams."""

    def __init__(self, target: Target, contract: Contract, transport: Transport) -> None:
        self.contract = contract
        self.log = Log()
        self._target = target
        self._transport = transport
        self._checks = Checks(contract)
        self._rest = RestClient(target)
        self._grpc = GrpcClient(target, contract) if target.grpc else None
        self._echoes: dict[str, OwnBackend] = {}
        self._registered: set[str] = set()
        self._states: dict[str, Callable[[Mapping[str, Any]], Awaitable[None]]] = {
            "a backend echoes": lambda given: self.echoes(given["backend"]),
            "a request has succeeded": lambda given: self.succeeded(given["backend"], given["id"]),
            "a request waits": lambda given: self.waits(given["backend"], given["id"]),
            "a backend is registered": lambda given: self.register(given["backend"]),
            "no backend has the name": lambda given: self.nobody(given["backend"]),
        }

    async def make(self, state: str, given: Mapping[str, Any]) -> None:
        """Makes a state true. Raises StageFailed."""
        if state not in self._states:
            raise StageFailed(f"The pact speaks of the state {state!r}; known are {', '.join(sorted(self._states))}.")
        await self._states[state](given)

    async def echoes(self, backend: str) -> None:
        """A backend that answers each payload with itself, and offers nothing else."""
        if backend in self._echoes:
            return
        await self.register(backend, ["invoke:echo"])
        own = OwnBackend(backend, [Behaviour(echo=True)], 1, self.contract, self._open_execute)
        await own.attach()
        self._echoes[backend] = own
        if own.ended is not None:
            raise StageFailed(f"The harness could not serve the backend {backend}: {own.ended.error or own.ended}.")

    async def succeeded(self, backend: str, request_id: str) -> None:
        """A request that the backend has answered."""
        await self.echoes(backend)
        await self._ask("POST", "/v1/call", invoke(request_id, backend))

    async def waits(self, backend: str, request_id: str) -> None:
        """A request for a backend that no process serves."""
        await self.register(backend)
        await self.submit(backend, request_id)

    async def register(self, backend: str, operations: Sequence[str] = ()) -> None:
        """A remote backend, which is taken away again at the end if it was not there."""
        body = {"name": backend, "operations": [{"name": name} for name in operations]}
        answer = await self._ask("POST", "/v1/backends", body, accept={HTTPStatus.CONFLICT})
        if answer.status != HTTPStatus.CONFLICT:
            self._registered.add(backend)

    async def nobody(self, backend: str) -> None:
        """A name that no backend has."""
        answer = await self._ask("GET", f"/v1/backends/{backend}", accept={HTTPStatus.NOT_FOUND})
        if answer.status != HTTPStatus.NOT_FOUND:
            raise StageFailed(f"The deployment has a backend {backend}, which the pact takes for missing: delete it.")

    async def submit(self, backend: str, request_id: str) -> None:
        """A request that is accepted."""
        await self._ask("POST", "/v1/requests", invoke(request_id, backend))

    async def open(self, name: str, request_id: str = "") -> MessageStream:
        """Opens Session, Execute, or Watch of a request. Raises StageFailed where it is refused."""
        rpc = self.contract.find_rpc(name)
        assert rpc is not None
        opened = await self._connect(rpc, request_id)
        if isinstance(opened, Ended):
            raise StageFailed(f"{rpc.name} was refused: {opened.error or opened.status}")
        if request_id and self._transport == "grpc":
            await self.send(opened, {"requestId": request_id})
        return opened

    async def send(self, stream: MessageStream, document: dict[str, Any]) -> None:
        """Sends a message of the stream's request type, in its JSON form."""
        await stream.send(self.contract.parse_json(stream.rpc.request, document), document)

    async def receive_until(self, stream: MessageStream, wanted: Callable[[Any], bool]) -> Any:
        """The first message that is wanted. Raises StageFailed where the stream ends before."""
        while True:
            message = await stream.receive()
            if isinstance(message, Ended):
                raise StageFailed(f"{stream.rpc.name} ended before the message came: {message.error or message.detail}")
            if wanted(message):
                return message

    async def close(self) -> None:
        """Takes away what was registered, and closes every connection."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._rest.close)
            if self._grpc is not None:
                stack.callback(self._grpc.close)
            for own in self._echoes.values():
                await own.close()
            for backend in self._registered:
                await self._ask("DELETE", f"/v1/backends/{backend}", accept=set(HTTPStatus))

    async def _open_execute(self) -> MessageStream | Ended:
        rpc = self.contract.find_rpc("Backend.Execute")
        assert rpc is not None
        return await self._connect(rpc, "")

    async def _connect(self, rpc: Rpc, request_id: str) -> MessageStream | Ended:
        if self._grpc is not None and (self._transport == "grpc" or (self._transport == "rest" and not request_id)):
            call = await self._grpc.open(rpc, fresh=not request_id)
            return GrpcMessageStream(rpc, self._checks, self.log, call)
        if request_id and self._transport == "sse":
            path = rpc.http_path.replace("{request_id}", quote(request_id))
            return await SseMessageStream.open(self._rest, rpc, self._checks, self.log, path, {"headers": {}})
        path = rpc.websocket.replace("{request_id}", quote(request_id))
        headers = self._target.authorization(None)
        return await WsMessageStream.open(self._target, rpc, self._checks, self.log, path, headers)

    async def _ask(self, method: str, path: str, body: Any = None, accept: set[HTTPStatus] | None = None) -> RestAnswer:
        content = None if body is None else encode(body)
        self.log.sent("rest", f"{method} {path}", body)
        headers = {} if body is None else {"content-type": "application/json"}
        answer = await self._rest.send(method, path, headers=headers, content=content)
        self.log.received("rest", f"{method} {path} -> {answer.status}", answer.content)
        if answer.status >= HTTPStatus.BAD_REQUEST and answer.status not in (accept or ()):
            raise StageFailed(
                f"{method} {path} answered {answer.status}: {answer.content[:300].decode(errors='replace')}"
            )
        return answer


def invoke(request_id: str, backend: str) -> dict[str, Any]:
    """The request of every interaction, under an id."""
    return {
        "id": request_id,
        "backend": backend,
        "operation": {"invoke": {"name": "echo", "payload": {"text": "hello"}}},
        "timeoutS": 30.0,
    }


async def within(time_s: float, work: Awaitable[Any]) -> Any:
    """Bounds a conversation. Raises StageFailed where the message does not come."""
    try:
        async with asyncio.timeout(time_s):
            return await work
    except TimeoutError as error:
        raise StageFailed(f"The message did not come within {time_s:g} s.") from error
