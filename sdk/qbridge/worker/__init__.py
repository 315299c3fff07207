"""The other end of the path: a process that serves as a backend.

A `Worker` is a name and handlers. It dials the bridge, registers the name, opens Execute, and gets leased
batches; each item goes to its handler as a `Task`, and what the handler returns or raises goes back, item by
item, as soon as it is known. Above is the user's handler, below a client's transport. It knows nothing of
lanes, policies and leases beyond the epoch that it hands back.

    worker = qbridge.Worker("shouter")

    @worker.operation("shout")
    async def shout(task):
        return task.payload.upper()

    worker.run("grpc://localhost:7400")
"""

from __future__ import annotations

from qbridge.worker._task import Task
from qbridge.worker._worker import Worker

__all__ = ["Task", "Worker"]
