"""What all backends share, and how one in this process takes a job."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime

import betterproto2

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.refusal import Refusal


class Backend(ABC):
    """Something with a name that takes jobs."""

    def __init__(self, spec: v1.Backend) -> None:
        self.spec = spec
        spec.version = 1
        spec.created_at = datetime.now(UTC)

    @abstractmethod
    def take(self, job: Job) -> None:
        """Does the job, now or when it can."""

    def ahead(self, job: Job) -> int:
        """How many wait before this one."""
        return 0

    def depth(self) -> int:
        """How many wait."""
        return 0

    def probe(self) -> tuple[v1.BackendState, str]:
        """Whether it can work, and what it says."""
        return v1.BackendState.READY, "It answers."

    def describe(self) -> v1.Backend:
        """The backend as it is now."""
        self.spec.state = self.probe()[0]
        return self.spec

    def must_offer(self, operation: v1.Operation) -> None:
        """Raises Refusal UNIMPLEMENTED for an operation that is not offered."""
        kind, work = betterproto2.which_one_of(operation, "kind")
        name = f"invoke:{work.name}" if isinstance(work, v1.Invoke) else kind
        offered = [each.name for each in self.spec.operations]
        if name not in offered and (offered or kind != "invoke"):
            raise Refusal.of("UNIMPLEMENTED", f"The backend {self.spec.name!r} does not offer {name!r}.")


class LocalBackend(Backend):
    """A backend in this process: each job is done as soon as it is taken."""

    def take(self, job: Job) -> None:
        """Runs the operation and ends the job."""
        assert job.request.operation is not None
        job.attempts, job.epoch, job.batch_size = 1, 1, 1
        for state in (State.QUEUED, State.LEASED, State.RUNNING):
            job.move(state)
        try:
            reply = self.run(job.request.operation)
        except Refusal as refusal:
            job.finish(State.FAILED, error=refusal.error)
        else:
            job.succeed(reply)

    @abstractmethod
    def run(self, operation: v1.Operation) -> v1.Reply:
        """The reply to one operation. Raises Refusal."""
