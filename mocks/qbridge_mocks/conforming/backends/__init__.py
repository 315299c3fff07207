"""What does the work: echo and exact vector search in this process, and processes that dial in.

Each has `spec` (what the contract's Backend says of it), `take(job)` and `probe()`. The world calls `take`
once a job is accepted; the backend moves the job through its states and ends it.
"""

from __future__ import annotations

from qbridge_mocks.conforming.backends.backend import Backend, LocalBackend
from qbridge_mocks.conforming.backends.echo import EchoBackend
from qbridge_mocks.conforming.backends.remote import Process, RemoteBackend
from qbridge_mocks.conforming.backends.vectors import VectorBackend

__all__ = ["Backend", "EchoBackend", "LocalBackend", "Process", "RemoteBackend", "VectorBackend"]
