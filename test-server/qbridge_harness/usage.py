"""Mistakes of whoever calls: what the command line answers with exit code 2, and no traceback."""

from __future__ import annotations


class UsageError(ValueError):
    """The call, or a file that it names, cannot be used; the message says what to write instead."""
