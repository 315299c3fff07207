"""The index of one tenant: entries by request id and by idempotency key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode
from qbridge_server.ports import Appended, Entry, accepted_us


class TenantIndex:
    """What one tenant has in the buffer. A request id and an idempotency key each name one entry."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._by_key: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Adds an entry that repeats none."""
        request = entry.request
        self._by_id[request.id] = entry
        if request.idempotency_key:
            self._by_key[entry.effect_key] = entry

    def forget(self, entry: Entry) -> None:
        """Takes an entry out."""
        if self._by_id.get(entry.request.id) is entry:
            del self._by_id[entry.request.id]
        if entry.request.idempotency_key and self._by_key.get(entry.effect_key) is entry:
            del self._by_key[entry.effect_key]

    def get(self, request_id: str) -> Entry | None:
        """The entry of that id."""
        return self._by_id.get(request_id)

    def earlier(self, entry: Entry) -> Entry | None:
        """The entry that this one repeats: the same idempotency key, or the same id."""
        if entry.request.idempotency_key:
            same = self._by_key.get(entry.effect_key)
            if same is not None:
                return same
        return self._by_id.get(entry.request.id)

    def newest_first(self, before: str) -> Iterator[Entry]:
        """The entries, latest accepted first, behind the place `before` if given."""
        last, last_id = parsed(before)
        # They come nearly sorted, which makes this about linear.
        entries = sorted(self._by_id.values(), key=attrgetter("accepted_wall"), reverse=True)
        for moment, together in groupby(entries, key=accepted_us):
            if moment > last:
                continue
            for entry in sorted(together, key=_id_of, reverse=True):
                if moment < last or entry.request.id < last_id:
                    yield entry


def parsed(place: str) -> tuple[int, str]:
    """The time and the id of a place; of an empty one, what is behind every entry."""
    if not place:
        return 2**63 - 1, ""
    moment, _, request_id = place.partition("-")
    return int(moment, 16), request_id


def _id_of(entry: Entry) -> str:
    return entry.request.id


def repeats(entry: Entry, earlier: Entry) -> Appended:
    """The answer to an entry whose id or key was used before: the earlier one, or a conflict."""
    was, now = earlier.request, entry.request
    if was.operation == now.operation and was.backend == now.backend:
        return Appended(earlier, replayed=True)
    what = "idempotency key" if now.idempotency_key else "request id"
    message = f"The {what} was used before for another operation (request {was.id})."
    return refused(entry, ErrorCode.IDEMPOTENCY_CONFLICT, message)


def refused(entry: Entry, code: ErrorCode, message: str, retry_after_s: float = 0.0) -> Appended:
    """The answer to an entry that is not accepted."""
    error = BridgeError.of(code, message, retry_after_s=retry_after_s).error
    error.trace_id = entry.trace_id
    return Appended(entry, error=error)
