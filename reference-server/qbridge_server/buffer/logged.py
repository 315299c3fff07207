"""The buffer with a log beside it: what is stored before it counts, and what waits for that.

An entry of durability MEMORY goes the way of the memory buffer. A durable one is stored before it comes
into its lane, and its result is stored before anybody sees it; in between it lives in memory, where its
leases are. All of it runs on the loop; the writer's thread answers through jobs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import Durability, ErrorCode, RequestState, Result
from qbridge_server.buffer.index import repeats
from qbridge_server.buffer.jobs import AppendJob, NewResult, Note, NoteJob, SettleJob
from qbridge_server.buffer.lane import MemoryLane
from qbridge_server.buffer.limits import BufferLimits
from qbridge_server.buffer.memory import MemoryBuffer
from qbridge_server.buffer.states import ended
from qbridge_server.buffer.writer import Writer, unavailable
from qbridge_server.ports import Appended, Clock, Entry


class LoggedBuffer(MemoryBuffer):
    """A memory buffer whose durable entries are also in the log of a writer."""

    durabilities: tuple[Durability, ...] = (Durability.MEMORY, Durability.PROCESS, Durability.DISK)

    def __init__(self, writer: Writer, clock: Clock, limits: BufferLimits) -> None:
        super().__init__(clock, limits)
        self._writer = writer
        self._row = 0
        """The last row given to an entry."""
        # Durable entries that are not final: their rows; on their way into the log; on their way out of it.
        self._rows: dict[Entry, int] = {}
        self._coming: dict[Entry, asyncio.Future[None]] = {}
        self._ending: dict[Entry, asyncio.Future[None]] = {}
        self._recovered: set[Entry] = set()
        """Those that an earlier run accepted."""
        self._closed = False

    # ---- acceptance

    async def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Accepts entries. Suspends where one is durable, or has a key that the log may know."""
        wall = self._clock.wall()
        touched: set[MemoryLane] = set()
        answers: list[Appended | None] = [None] * len(entries)
        jobs: list[AppendJob] = []
        for place, entry in enumerate(entries):
            if self._coming and self._repeats_coming(entry):
                continue
            if entry.durability is Durability.MEMORY and not entry.request.idempotency_key:
                answers[place] = self._accept(entry, wall, touched)
            else:
                answers[place] = self._reserve(entry, jobs)
        for lane in touched:
            lane.wake()
        for job in jobs:
            self._writer.submit(job)
        if None not in answers:
            return [answer for answer in answers if answer is not None]
        return await self._answers(entries, answers, jobs)

    async def _answers(
        self, entries: Sequence[Entry], answers: list[Appended | None], jobs: list[AppendJob]
    ) -> list[Appended]:
        """Waits for the log: for the entries in `jobs`, and for those that repeat one on its way."""
        for job in jobs:
            await asyncio.shield(job.future)
        stored = {new.entry: new.answer for job in jobs for new in job.new}
        whole: list[Appended] = []
        for entry, answer in zip(entries, answers, strict=True):
            given = answer or stored.get(entry)
            while given is None:
                await self._arrival(self._earlier(entry))
                (given,) = await self.append([entry])
            whole.append(given)
        return whole

    def _earlier(self, entry: Entry) -> Entry | None:
        return self._tenant(entry.caller.tenant).earlier(entry)

    def _repeats_coming(self, entry: Entry) -> bool:
        """Whether the entry repeats one whose own acceptance is still open."""
        return self._earlier(entry) in self._coming

    async def _arrival(self, entry: Entry | None) -> None:
        """Waits until an entry is in the log, or refused, if it is on its way."""
        if entry is not None and entry in self._coming:
            await asyncio.shield(self._coming[entry])

    def _reserve(self, entry: Entry, jobs: list[AppendJob]) -> Appended | None:
        """Adds an entry to the last of `jobs`, its id, key and place in the lane kept; or answers why not."""
        error = self._closed_error()
        if error is not None:
            return self._refuse(entry, error.code, error.error.message, error.error.retry_after_s)
        if entry.durability not in self.durabilities:
            message = "This deployment has no replicas: ask for DISK."
            return self._refuse(entry, ErrorCode.FAILED_PRECONDITION, message)
        tenant = self._tenant(entry.caller.tenant)
        earlier = tenant.earlier(entry)
        if earlier is not None:
            return repeats(entry, earlier)
        lane = self._lane_with_room(entry)
        if lane is None:
            return self._refuse_full(entry)
        if not jobs or jobs[-1].rows >= self._limits.group_rows_max:
            jobs.append(AppendJob(self._clock, self._appended))
        self._row += 1
        jobs[-1].add(entry, self._row)
        tenant.add(entry)
        lane.reserved += 1
        lane.bytes += entry.request_bytes
        self._coming[entry] = jobs[-1].future
        return None

    def _closed_error(self) -> BridgeError | None:
        return unavailable("The buffer is closed.") if self._closed else self._writer.failure

    def _appended(self, job: AppendJob) -> None:
        """Puts what is in the log now into its lanes, and gives up what is not."""
        wall = self._clock.wall()
        touched: set[MemoryLane] = set()
        for new in job.new:
            entry, lane = new.entry, self._lane_of(new.entry)
            lane.reserved -= 1
            lane.bytes -= entry.request_bytes
            del self._coming[entry]
            error = job.error.error if job.error is not None else new.refusal
            if error is not None or new.earlier is not None:
                self._tenant(entry.caller.tenant).forget(entry)
            if error is not None:
                new.answer = self._refuse(entry, error.code, error.message, error.retry_after_s)
            elif new.earlier is not None:
                new.answer = repeats(entry, new.earlier)
            else:
                if entry.durability is not Durability.MEMORY:
                    self._rows[entry] = new.row
                self._enqueue(entry, lane, wall)
                touched.add(lane)
                new.answer = Appended(entry)
        for lane in touched:
            lane.wake()

    # ---- leases

    async def lease(self, entries: list[Entry], now: float) -> None:
        """Leases entries, and notes the attempts of durable ones.

        Waits for the note where an earlier run did not finish an entry: the work may be what ended that
        run, and then its attempts must add up until the budget is spent.
        """
        await super().lease(entries, now)
        job = self._note(entries, held=True)
        if job is not None and self._recovered and not self._recovered.isdisjoint(entries):
            try:
                await asyncio.shield(job.future)
            except asyncio.CancelledError:
                self.release([(entry, entry.epoch) for entry in entries])
                raise

    def release(self, entries: Sequence[tuple[Entry, int]]) -> None:
        """Puts leased entries back into their lanes, and notes that nobody has them."""
        held = [(entry, epoch) for entry, epoch in entries if self._holds(entry, epoch)]
        super().release(held)
        self._note([entry for entry, _ in held], held=False)

    def _note(self, entries: Sequence[Entry], *, held: bool) -> NoteJob | None:
        notes = [
            Note(row, entry.attempts, held, entry.crashes_left, entry.errors_left)
            for entry in entries
            if (row := self._rows.get(entry)) is not None
        ]
        if not notes or self._closed:
            return None
        job = NoteJob(notes)
        self._writer.submit(job)
        return job

    def _holds(self, entry: Entry, epoch: int) -> bool:
        return super()._holds(entry, epoch) and entry not in self._ending

    # ---- ends

    async def settle(self, outcomes: Sequence[tuple[Entry, int, Result]]) -> None:
        """Makes results final; returns once the durable ones are stored.

        Raises BridgeError UNAVAILABLE where they cannot be. They stay unfinished in the log.
        """
        now, wall = self._clock.monotonic(), self._clock.wall()
        durable: dict[Entry, Result] = {}
        for entry, epoch, result in outcomes:
            if not self._holds(entry, epoch) or entry in durable:
                self.stale_settles += 1
            elif entry in self._rows:
                durable[entry] = result
            else:
                self._finish(entry, result, now, wall)
        self._forget_old(now)
        if durable:
            await self._stored(self._store(list(durable.items())))

    async def cancel(self, entry: Entry) -> bool:
        """Makes an accepted entry that is not final CANCELLED. Raises BridgeError UNAVAILABLE as settle does."""
        await self._arrival(entry)
        while entry in self._ending:
            await asyncio.shield(self._ending[entry])
        if entry not in self._rows:
            return await super().cancel(entry)
        self._withdraw(entry)
        await self._stored(self._store([(entry, ended(entry, RequestState.CANCELLED))]))
        return True

    def _end(self, endings: list[tuple[Entry, Result]]) -> None:
        """Ends entries from inside the buffer: those in memory at once, durable ones when stored."""
        super()._end([ending for ending in endings if ending[0] not in self._rows])
        durable = [ending for ending in endings if ending[0] in self._rows and ending[0] not in self._ending]
        if durable and not self._closed:
            self._store(durable)

    def _store(self, endings: list[tuple[Entry, Result]]) -> SettleJob:
        """Sends the ends of durable entries to the log. Until they are there, the entries stay as they are."""
        if self._closed:
            raise unavailable("The buffer is closed.")
        wall = self._clock.wall()
        results = [
            NewResult(entry, self._rows[entry], result, wall, [*entry.events, (result.state, wall)])
            for entry, result in endings
        ]
        job = SettleJob(results, self._settled)
        for entry, _ in endings:
            self._ending[entry] = job.future
        self._writer.submit(job)
        return job

    async def _stored(self, job: SettleJob) -> None:
        await asyncio.shield(job.future)
        if job.error is not None:
            raise BridgeError(job.error.error)

    def _settled(self, job: SettleJob) -> None:
        """Makes entries final whose end is in the log."""
        now = self._clock.monotonic()
        for new in job.results:
            entry = new.entry
            del self._ending[entry]
            # A deadline that passed is found again by the next run; any other end must not be shown unstored.
            if job.error is None or new.result.state is RequestState.EXPIRED:
                del self._rows[entry]
                self._recovered.discard(entry)
                self._finish(entry, new.result, now, new.wall)
        self._forget_old(now)
