"""A TCP proxy that swaps words of the same length in what a deployment sends: a defect in the frames of any stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlsplit


@contextlib.contextmanager
def swapped(address: str, old: bytes, new: bytes) -> Iterator[str]:
    """Serves `address` (HOST:PORT, or a URL) on a free port, with `old` replaced in the answers; gives its address."""
    assert len(old) == len(new), "another length would break the framing, not the message"
    url = "://" in address
    parts = urlsplit(address if url else f"tcp://{address}")
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(_pump(reader, back, b"", b""), _pump(there, writer, old, new))

    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0), loop).result(10)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}" if url else f"127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, old: bytes, new: bytes) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data.replace(old, new) if old else data)
            await writer.drain()
    writer.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
