"""A stream of answers to a caller that may go at any moment: a quiet stream would never notice it by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any


class CallerGone(Exception):
    """The caller went before the stream ended."""


async def until_gone(
    stream: AsyncIterator[Any], gone: Coroutine[Any, Any, None], gap_s: float | None = None
) -> AsyncGenerator[Any, None]:
    """The stream's items; None whenever `gap_s` passes without one. Ends the stream with itself.

    Raises CallerGone once `gone`, which waits for the caller to go, ends before the stream.
    """
    going = asyncio.ensure_future(gone)
    pending = asyncio.ensure_future(anext(stream, None))
    try:
        while True:
            await asyncio.wait({going, pending}, timeout=gap_s, return_when=asyncio.FIRST_COMPLETED)
            if going.done():
                raise CallerGone
            if not pending.done():
                yield None
                continue
            item = pending.result()
            if item is None:
                return
            pending = asyncio.ensure_future(anext(stream, None))
            yield item
    finally:
        going.cancel()
        pending.cancel()
        await asyncio.gather(going, pending, return_exceptions=True)
        await stream.aclose()  # type: ignore[attr-defined]
