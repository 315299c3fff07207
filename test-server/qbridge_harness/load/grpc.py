"""Unary calls over grpc.aio: bytes that were made before, many streams on one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
import grpc.aio

from qbridge_harness.load.open_loop import HARNESS, Answer, Done

KEPT_MAX = 40
"""Answers that are kept of those that went well, and of each status of the others."""
_OURS = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
"""Without details, these may be what the client says of a connection that broke: no answer to hold to the contract."""


class GrpcSender:
    """Calls one method of one address; `code_of` reads the error's code from its details."""

    def __init__(
        self,
        address: str,
        path: str,
        messages: Sequence[bytes],
        metadata: Mapping[str, str],
        code_of: Callable[[bytes], str],
        *,
        secure: bool,
    ) -> None:
        # A pool of its own: the connection is gone when the load is over.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 64 * 1024 * 1024)]
        self.kept: list[Answer] = []
        self._kept_of: dict[int | str, int] = {}
        self._channel = (
            grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(), options)
            if secure
            else grpc.aio.insecure_channel(address, options)
        )
        self._method: Any = self._channel.unary_unary(path)
        self._metadata = tuple((name.lower(), value) for name, value in metadata.items())
        self._messages = messages
        self._code_of = code_of
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, number: int, done: Done) -> None:
        """Starts the next call."""
        task = asyncio.get_running_loop().create_task(self._call(self._messages[number % len(self._messages)], done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _call(self, message: bytes, done: Done) -> None:
        try:
            code = await self._exchange(message)
        except Exception as error:  # Whatever this was, the deployment did not do it: the harness is at fault.
            code = f"{HARNESS}: {type(error).__name__}: {error}"[:200]
        done(code)

    async def _exchange(self, message: bytes) -> str:
        """One call; the code of its error, or nothing."""
        try:
            self._keep(Answer(await self._method(message, metadata=self._metadata), status="OK"))
        except grpc.aio.AioRpcError as error:
            trailers: Any = error.trailing_metadata() or ()
            details = next((value for name, value in trailers if name == "grpc-status-details-bin"), b"")
            status = str(error.code().name)
            if details or error.code() not in _OURS:
                self._keep(Answer(details, status=status))
            return (self._code_of(details) if details else "") or status
        return ""

    def _keep(self, answer: Answer) -> None:
        seen = self._kept_of.get(answer.status, 0)
        if seen < KEPT_MAX:
            self._kept_of[answer.status] = seen + 1
            self.kept.append(answer)

    async def close(self) -> None:
        """Cancels what is in flight, and closes the connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._channel.close()
