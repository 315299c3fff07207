"""Errors in who does the work, and in whose answers count."""

from __future__ import annotations

from dataclasses import replace

from qbridge_contract_betterproto.qbridge import v1
from qbridge_mocks.conforming.backends import Process, RemoteBackend
from qbridge_mocks.conforming.job import Job, State
from qbridge_mocks.conforming.world import LIMITS, World
from qbridge_mocks.parts import Parts


class KeysEffectsById(RemoteBackend):
    """Names an item's effect by the request's id."""

    def item(self, job: Job) -> v1.ExecuteItem:
        return replace(super().item(job), effect_key=f"{job.tenant}/{job.id}")


class FailsNeighbours(RemoteBackend):
    """Lets one bad item fail its whole batch."""

    def end(self, job: Job, result: v1.ItemResult) -> None:
        super().end(job, result)
        if result.error is None:
            return
        for neighbour in [each for process in self.processes for _, each in process.held()]:
            neighbour.fail(State.FAILED, "BACKEND_FAILED", "Another item of the batch failed.")


class BuriesNothing(RemoteBackend):
    """Ends a request FAILED where its crash budget is spent."""

    def lost(self, job: Job) -> None:
        if job.crashes_left:
            super().lost(job)
        else:
            job.fail(State.FAILED, "BACKEND_LOST", "The backend's process went away.")


class ForgetsLostAttempts(RemoteBackend):
    """Never gives a lost attempt to another process."""

    def lost(self, job: Job) -> None:
        if not job.crashes_left:
            super().lost(job)


class BelievesStaleEpochs(RemoteBackend):
    """Takes a result for a request whatever its epoch."""

    def settle(self, process: Process, result: v1.ItemResult) -> None:
        held = [job for each in self.processes for _, job in each.held() if job.id == result.request_id]
        super().settle(process, result)
        for job in held:
            if not job.final and result.epoch < job.epoch:
                self.end(job, result)


class TriesOnce(RemoteBackend):
    """Takes every error for the last."""

    def end(self, job: Job, result: v1.ItemResult) -> None:
        job.errors_left = 0
        super().end(job, result)


class PacksAll(RemoteBackend):
    """Knows no limit but its own."""

    def size_max(self) -> int:
        return LIMITS.batch_items_max


class CountsWholeBatches(RemoteBackend):
    """Counts every item of a batch as an attempt of each."""

    def end(self, job: Job, result: v1.ItemResult) -> None:
        job.attempts += job.batch_size - 1
        super().end(job, result)


class RepliesToFailures(RemoteBackend):
    """Keeps an empty reply beside the error of a failed request."""

    def end(self, job: Job, result: v1.ItemResult) -> None:
        super().end(job, result)
        if job.state == State.FAILED and job.result:
            job.result.reply = v1.Reply(payload=v1.Payload(text=""))


class ForgetsTheQueue(RemoteBackend):
    """Hands its first process nothing of what waited for it."""

    served = False

    def attach(self, window: int) -> Process:
        waited, self.waiting = ([], self.waiting) if self.served else (self.waiting, [])
        self.served = True
        process = super().attach(window)
        self.waiting = waited + self.waiting
        return process


class ForgetsPriority(RemoteBackend):
    """Sends the youngest first, whatever its priority."""

    def _in_order(self) -> list[Job]:
        return sorted((job for job in self.waiting if not job.final), key=lambda job: -job.order)


def world_of(kind: type[RemoteBackend]) -> type[World]:
    """A world whose remote backends are such."""
    return type(f"WorldOf{kind.__name__}", (World,), {"remotes": kind})


MOCKS = {
    "effect_key_is_the_id": Parts(world=world_of(KeysEffectsById)),
    "bad_item_fails_batch": Parts(world=world_of(FailsNeighbours)),
    "lost_is_failed": Parts(world=world_of(BuriesNothing)),
    "lost_attempt_forgotten": Parts(world=world_of(ForgetsLostAttempts)),
    "stale_epoch_accepted": Parts(world=world_of(BelievesStaleEpochs)),
    "retryable_error_is_final": Parts(world=world_of(TriesOnce)),
    "batch_limit_ignored": Parts(world=world_of(PacksAll)),
    "batched_attempts_add_up": Parts(world=world_of(CountsWholeBatches)),
    "failure_with_a_reply": Parts(world=world_of(RepliesToFailures)),
    "waiting_never_served": Parts(world=world_of(ForgetsTheQueue)),
    "priority_ignored": Parts(world=world_of(ForgetsPriority)),
}
