"""The loop behind the sync face: one thread for the whole process, and a cheap way into it and back.

`asyncio.run_coroutine_threadsafe` builds two linked futures and takes a condition per call; here a call is
one `call_soon_threadsafe` in and one lock released on the way out, about half the time.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """An event loop in a daemon thread, which other threads hand coroutines to."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="qbridge", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False once stopped, and in a process forked from the one that started it."""
        return self._thread.is_alive()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine there and waits here for what it returns or raises.

        An interrupt (Ctrl-C) here cancels it there. Not to be called from the loop's own thread.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("the sync client cannot be used on its own loop; use aconnect() in coroutines")
        waiter = _Waiter(coroutine)
        try:
            self._loop.call_soon_threadsafe(waiter.start, self._loop)
            waiter.done.acquire()
        except BaseException:
            self._loop.call_soon_threadsafe(waiter.cancel)
            raise
        if waiter.error is not None:
            try:
                raise waiter.error
            finally:
                waiter.error = None  # else the exception, its traceback and this frame hold each other
        return waiter.value  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Ends the thread. What still runs there is left where it is."""
        if self.alive:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=2.0)


class _Waiter:
    """One coroutine on its way through the loop, and the lock that its caller waits on."""

    __slots__ = ("coroutine", "done", "error", "task", "value")

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.coroutine = coroutine
        self.done = threading.Lock()
        self.done.acquire()
        self.error: BaseException | None = None
        self.value: Any = None
        self.task: asyncio.Task[None] | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self.task = loop.create_task(self._main())

    def cancel(self) -> None:
        if self.task is None:
            self.coroutine.close()  # the interrupt came before the start
        else:
            self.task.cancel()

    async def _main(self) -> None:
        try:
            self.value = await self.coroutine
        except BaseException as error:  # the caller's thread gets it, whatever it is
            self.error = error
        self.done.release()


_shared: BackgroundLoop | None = None
_lock = threading.Lock()


def shared_loop() -> BackgroundLoop:
    """The process's loop, started when first asked for."""
    global _shared
    if _shared is None or not _shared.alive:
        with _lock:
            if _shared is None or not _shared.alive:
                _shared = BackgroundLoop()
    return _shared


def _forget_in_child() -> None:
    """Threads do not survive a fork: the child starts its own loop, and its own clients."""
    global _shared, _lock
    _shared, _lock = None, threading.Lock()


def _stop_at_exit() -> None:
    if _shared is not None:
        _shared.stop()


def at_thread_exit(function: Callable[[], None]) -> None:
    """Has a function called when the program ends, before its thread pools close: closing a bridge needs them.

    `atexit` comes too late for that. The hook of `threading` is the one that concurrent.futures itself uses;
    the last to be registered is the first to be called.
    """
    import concurrent.futures.thread  # noqa: F401 - registers its own hook, so that ours runs before it

    register = getattr(threading, "_register_atexit", atexit.register)
    register(function)


os.register_at_fork(after_in_child=_forget_in_child)
atexit.register(_stop_at_exit)
