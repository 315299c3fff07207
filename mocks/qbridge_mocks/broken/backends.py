"""Errors in who does the work, and in whose answers count."""

from __future__ import annotations

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Process, RemoteBackend, VectorBackend
from qbridge_mocks.conforming.backends.vectors import Collection, Floats
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.world import World
from qbridge_mocks.parts import Parts


class BelievesStaleEpochs(RemoteBackend):
    """Takes a result for a request whatever its epoch."""

    def settle(self, process: Process, result: v1.ItemResult) -> None:
        held = [job for each in self.processes for _, job in each.held() if job.id == result.request_id]
        super().settle(process, result)
        for job in held:
            if not job.final:
                self.end(job, result)


class ForgetsLostAttempts(RemoteBackend):
    """Never gives a lost attempt to another process."""

    def lost(self, job: Job) -> None:
        return


class FailsNeighbours(RemoteBackend):
    """Lets one bad item fail its whole batch."""

    def end(self, job: Job, result: v1.ItemResult) -> None:
        super().end(job, result)
        if result.error is None:
            return
        for neighbour in [each for process in self.processes for _, each in process.held()]:
            neighbour.fail(State.FAILED, "BACKEND_FAILED", "Another item of the batch failed.")


class ForgetsPriority(RemoteBackend):
    """Sends the youngest first, whatever its priority."""

    def _in_order(self) -> list[Job]:
        return sorted((job for job in self.waiting if not job.final), key=lambda job: -job.order)


class FarthestFirst(Collection):
    """Measures the wrong way round."""

    def distances(self, rows: Floats, query: Floats) -> Floats:
        return -super().distances(rows, query)


class MisjudgesDistance(VectorBackend):
    """Answers the farthest vectors as the nearest."""

    collection_kind = FarthestFirst


class WorldOfStaleEpochs(World):
    """Its remote backends believe stale epochs."""

    remotes = BelievesStaleEpochs


class WorldOfLostAttempts(World):
    """Its remote backends forget lost attempts."""

    remotes = ForgetsLostAttempts


class WorldOfBadNeighbours(World):
    """Its remote backends fail neighbours."""

    remotes = FailsNeighbours


class WorldWithoutPriority(World):
    """Its remote backends forget priority."""

    remotes = ForgetsPriority


class WorldOfFarNeighbours(World):
    """Its vector backend misjudges distance."""

    vectors = MisjudgesDistance


MOCKS = {
    "stale_epoch_accepted": Parts(world=WorldOfStaleEpochs),
    "lost_attempt_forgotten": Parts(world=WorldOfLostAttempts),
    "bad_item_fails_batch": Parts(world=WorldOfBadNeighbours),
    "priority_ignored": Parts(world=WorldWithoutPriority),
    "farthest_first": Parts(world=WorldOfFarNeighbours),
}
