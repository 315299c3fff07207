"""Submits that wait long for their results take nobody else's room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import qbridge
from qbridge_contract.services import BACKEND_REGISTER
from qbridge_contract.structs import Backend, RegisterRequest

if TYPE_CHECKING:
    from .conftest import ServerProcess

WINDOW = 1024
"""What the server's first frame allows."""


async def test_more_submits_than_the_window_holds_stop_neither_submits_nor_calls(
    own_server: Callable[..., ServerProcess],
) -> None:
    process = own_server()
    async with qbridge.aconnect(process.grpc) as client:
        await client.ask(BACKEND_REGISTER, RegisterRequest(backend=Backend(name="nobody")))
        async with asyncio.timeout(30):
            for _ in range(3):
                await asyncio.gather(*(client.submit("nobody", "wait", b"long") for _ in range(WINDOW // 2)))
            assert await client.call("echo", "echo", b"quick") == b"quick"
