"""What the log keeps of an entry: two sealed records, one when it is accepted, one when it is settled.

    byte 0      the version of the record's form
    bytes 1-4   CRC-32 of the row's number and of the rest, little-endian
    the rest    msgpack of StoredRequest or StoredResult

The row's number is part of the checksum, so a record that ends up in another row is found out too.
"""

from __future__ import annotations

import struct
from typing import TypeVar
from zlib import crc32

import msgspec

from qbridge_contract.structs import Durability, InternalRequest, RequestState, Result
from qbridge_server.ports import Caller, Entry

FORM = 1
_HEADER = struct.Struct("<BI")
_ROW = struct.Struct("<q")
_STATES = {state.number: state for state in RequestState}


class StoredRequest(msgspec.Struct, array_like=True, gc=False):
    """An accepted request: all that a later run needs to do the work, and to say whose it was."""

    request: InternalRequest
    tenant: str
    key_id: str
    backend: str
    lane: str
    durability: Durability
    effect_key: str
    trace_id: str
    accepted_wall: float
    deadline_wall: float | None
    priority: int
    read_only: bool
    crashes_left: int
    errors_left: int
    sampled: bool


class StoredResult(msgspec.Struct, array_like=True, gc=False):
    """A settled request: its result, and how it came to it."""

    result: Result
    events: list[tuple[int, float]]
    """(number of the state, wall time)"""
    epoch: int
    attempts: int
    batch_size: int
    dispatch_reason: str
    leased_after_s: float
    """Since acceptance, as the next two; 0 where it never came to that."""
    executed_after_s: float
    finished_after_s: float


class BrokenRecord(Exception):
    """A stored record that fails its checksum, or has a form that this version cannot read."""


_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(StoredRequest)
_result_decoder = msgspec.msgpack.Decoder(StoredResult)
_Record = TypeVar("_Record")


def seal_request(row: int, entry: Entry) -> bytes:
    """The record of an accepted entry. Raises TypeError, ValueError for what msgpack cannot hold."""
    stored = StoredRequest(
        request=entry.request,
        tenant=entry.caller.tenant,
        key_id=entry.caller.key_id,
        backend=entry.backend,
        lane=entry.lane,
        durability=entry.durability,
        effect_key=entry.effect_key,
        trace_id=entry.trace_id,
        accepted_wall=entry.accepted_wall,
        deadline_wall=(None if entry.deadline is None else entry.accepted_wall + entry.deadline - entry.accepted_at),
        priority=entry.priority,
        read_only=entry.read_only,
        crashes_left=entry.crashes_left,
        errors_left=entry.errors_left,
        sampled=entry.sampled,
    )
    return _seal(row, _encoder.encode(stored))


def seal_result(row: int, entry: Entry, result: Result, events: list[tuple[RequestState, float]]) -> bytes:
    """The record of a settled entry: `result`, with `events` up to the final one."""
    finished_after_s = max(0.0, events[-1][1] - entry.accepted_wall)
    stored = StoredResult(
        result=result,
        events=[(state.number, wall) for state, wall in events],
        epoch=entry.epoch,
        attempts=entry.attempts,
        batch_size=entry.batch_size,
        dispatch_reason=entry.dispatch_reason,
        leased_after_s=_since(entry.leased_at, entry.accepted_at),
        executed_after_s=_since(entry.executed_at, entry.accepted_at),
        finished_after_s=finished_after_s,
    )
    return _seal(row, _encoder.encode(stored))


def read_request(row: int, record: bytes) -> StoredRequest:
    """Reads what `seal_request` wrote. Raises BrokenRecord."""
    return _open(row, record, _request_decoder)


def read_result(row: int, record: bytes) -> StoredResult:
    """Reads what `seal_result` wrote. Raises BrokenRecord."""
    return _open(row, record, _result_decoder)


def restore(stored: StoredRequest, monotonic: float, wall: float) -> Entry:
    """The entry of a stored request, SUBMITTED. `monotonic` and `wall` are the same moment, now.

    Its caller has no scopes: they were checked when it was accepted.
    """
    shift = monotonic - wall
    return Entry(
        request=stored.request,
        caller=Caller(stored.tenant, stored.key_id, frozenset()),
        backend=stored.backend,
        lane=stored.lane,
        durability=stored.durability,
        effect_key=stored.effect_key,
        trace_id=stored.trace_id,
        accepted_at=stored.accepted_wall + shift,
        accepted_wall=stored.accepted_wall,
        deadline=None if stored.deadline_wall is None else stored.deadline_wall + shift,
        priority=stored.priority,
        read_only=stored.read_only,
        crashes_left=stored.crashes_left,
        errors_left=stored.errors_left,
        sampled=stored.sampled,
    )


def finish(entry: Entry, stored: StoredResult) -> Entry:
    """Makes a restored entry final, as it was."""
    entry.result = stored.result
    entry.state = stored.result.state
    entry.events = [(_STATES[number], wall) for number, wall in stored.events]
    entry.epoch = stored.epoch
    entry.attempts = stored.attempts
    entry.batch_size = stored.batch_size
    entry.dispatch_reason = stored.dispatch_reason
    entry.leased_at = _after(entry.accepted_at, stored.leased_after_s)
    entry.executed_at = _after(entry.accepted_at, stored.executed_after_s)
    entry.finished_at = entry.accepted_at + stored.finished_after_s
    return entry


def _since(moment: float, accepted_at: float) -> float:
    return max(0.0, moment - accepted_at) if moment else 0.0


def _after(accepted_at: float, seconds: float) -> float:
    return accepted_at + seconds if seconds else 0.0


def _seal(row: int, body: bytes) -> bytes:
    return _HEADER.pack(FORM, crc32(body, crc32(_ROW.pack(row)))) + body


def _open(row: int, record: bytes, decoder: msgspec.msgpack.Decoder[_Record]) -> _Record:
    if len(record) < _HEADER.size:
        raise BrokenRecord(f"row {row}: the record is cut off")
    form, checksum = _HEADER.unpack_from(record)
    body = memoryview(record)[_HEADER.size :]
    if crc32(body, crc32(_ROW.pack(row))) != checksum:
        raise BrokenRecord(f"row {row}: the checksum does not fit")
    if form != FORM:
        raise BrokenRecord(f"row {row}: form {form} is newer than this version reads ({FORM})")
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenRecord(f"row {row}: {error}") from error
