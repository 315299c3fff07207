"""Ctrl-C and SIGTERM, while cases run: the run ends in order, and what was learned is reported."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from qbridge_harness.engine.halt import Halt

INTERRUPTED = "interrupted"
"""Why a case did not run that somebody's signal left out."""


@contextmanager
def ended_by_signals(halt: Halt) -> Iterator[list[signal.Signals]]:
    """Makes the first signal end the run; gives the signals that came. The second does what it did before.

    Where signals are another's (beside the main thread, or where whoever started us ignores them) nothing changes.
    """
    loop, came = asyncio.get_running_loop(), list[signal.Signals]()
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {sign: signal.getsignal(sign) for sign in (signal.SIGINT, signal.SIGTERM)}
        before = {sign: handler for sign, handler in before.items() if handler not in (signal.SIG_IGN, None)}

    def give_back() -> None:
        for sign, handler in before.items():
            loop.remove_signal_handler(sign)
            signal.signal(sign, handler)

    def end(sign: signal.Signals) -> None:
        came.append(sign)
        give_back()
        print("Ending: cases that run clean up first. Once more ends at once.", file=sys.stderr, flush=True)
        halt.stop("interrupted", INTERRUPTED)

    for sign in before:
        loop.add_signal_handler(sign, end, sign)
    try:
        yield came
    finally:
        if not came:
            give_back()
