"""What the codecs of the contract cost, side by side: `make bench NAME=codec`.

Each works on the same request, an upsert of four 64-dimensional vectors with metadata. The repetitions are
interleaved and the median counts, so that a busy machine hits all alike: read the ratios.
"""

from __future__ import annotations

import gc
import statistics
import time
from array import array
from collections.abc import Callable

from google.protobuf import json_format

from qbridge_contract import convert, json, structs as s
from qbridge_contract.v1 import request_pb2
from qbridge_contract_betterproto.qbridge import v1 as betterproto

REPETITIONS, ROUND_S = 7, 0.05
BASE = "pb2"


def request() -> s.InternalRequest:
    """The request that all codecs carry."""
    vectors = s.Vector(f32le=array("f", [0.5] * 256).tobytes(), shape=[4, 64])
    upsert = s.UpsertVectors(
        collection="digits",
        ids=[f"digit-{n:04}" for n in range(4)],
        vectors=vectors,
        metadata=[{"label": n, "source": "uci", "seen": True} for n in range(4)],
    )
    return s.InternalRequest(
        id="req_01HF7YAT000000000000000005",
        backend="vectors",
        operation=s.Operation(upsert=upsert),
        durability=s.Durability.DISK,
        timeout_s=30.0,
        labels={"tenant": "a", "job": "load"},
    )


def codecs() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """By name: writes the request, reads it."""
    struct = request()
    message = convert.to_pb(struct)
    wire, text = message.SerializeToString(), json.encode(struct)
    twin = betterproto.InternalRequest.parse(wire)
    assert request_pb2.InternalRequest.FromString(bytes(twin)) == message
    return {
        BASE: (message.SerializeToString, lambda: request_pb2.InternalRequest.FromString(wire)),
        "struct + pb2": (
            lambda: convert.internal_request_to_pb(struct).SerializeToString(),
            lambda: convert.parse(s.InternalRequest, wire),
        ),
        "struct JSON": (lambda: json.encode(struct), lambda: json.decode(s.InternalRequest, text)),
        "json_format": (
            lambda: json_format.MessageToJson(message),
            lambda: json_format.Parse(text, request_pb2.InternalRequest()),
        ),
        "betterproto2": (lambda: bytes(twin), lambda: betterproto.InternalRequest.parse(wire)),
    }


def microseconds(work: Callable[[], object]) -> float:
    """The time of one call, from a round of about ROUND_S seconds."""
    count, spent = 1, 0.0
    while spent < ROUND_S:
        count *= 2
        started = time.perf_counter()
        for _ in range(count):
            work()
        spent = time.perf_counter() - started
    return spent / count * 1e6


def main() -> None:
    """Prints a table: microseconds to write and to read, and how often pb2's."""
    works = {(name, at): pair[at] for name, pair in codecs().items() for at in (0, 1)}
    times: dict[tuple[str, int], list[float]] = {key: [] for key in works}
    gc.disable()
    for _ in range(REPETITIONS):
        for key, work in works.items():
            times[key].append(microseconds(work))
    median = {key: statistics.median(values) for key, values in times.items()}
    print("| codec | write us | x pb2 | read us | x pb2 |\n|---|---|---|---|---|")
    for name in codecs():
        write, read = median[name, 0], median[name, 1]
        print(f"| {name} | {write:.2f} | {write / median[BASE, 0]:.1f} | {read:.2f} | {read / median[BASE, 1]:.1f} |")


if __name__ == "__main__":
    main()
