"""The Chroma rows of the path bench: 32 concurrent callers on a real Chroma server, through the whole path over bare.

Bare is the fastest plain program: one keep-alive connection a caller, a request written by hand, the answer parsed.
Both sides ask the same questions of the same collection: the digits, 64 dimensions, ten neighbours.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import urllib.request
from pathlib import Path
from typing import Any

import loads
from backends.chroma_server import ChromaServer, unavailable
from measure import Child, Row, free_port, missing, qbridge, row

CALLERS = 32
QUERIES = 1280
PAIRS = 12
THROUGHPUT = "queries/s of 32 callers on Chroma through the path over the bare client"
P99 = "p99 of the same over the bare client's"
API = "/api/v2/tenants/default_tenant/databases/default_database/collections"


def rows(folder: Path) -> list[Row]:
    """Throughput (bar >= 3) and p99 (bar <= 1), or why they could not be measured."""
    if reason := unavailable():
        return [missing(THROUGHPUT, "x", ">= 3", reason), missing(P99, "x", "<= 1", reason)]
    with ChromaServer(folder / "chroma") as chroma:
        digits = _digits()
        grpc_port, rest_port = free_port(), free_port()
        ours = Child(
            qbridge(
                *("serve", "--grpc", f"127.0.0.1:{grpc_port}", "--rest", f"127.0.0.1:{rest_port}"),
                *("--chroma", chroma.url, "--log-level", "error"),
            ),
            rest_port,
        )
        try:
            return asyncio.run(_pairs(chroma.url, grpc_port, digits))
        finally:
            ours.stop()


async def _pairs(chroma_url: str, grpc_port: int, digits: list[list[float]]) -> list[Row]:
    import qbridge as sdk

    port = int(chroma_url.rsplit(":", 1)[1])
    async with sdk.aconnect(f"grpc://127.0.0.1:{grpc_port}") as client:
        await client.create_collection("bench", 64, backend="chroma")
        ids = [f"digit-{number:04}" for number in range(len(digits))]
        await client.upsert("bench", ids, digits, backend="chroma")
        collection = _collection_id(chroma_url)
        turn = 0

        async def through_path() -> None:
            nonlocal turn
            turn += 1
            await client.query("bench", digits[turn % len(digits)], top_k=10, backend="chroma")

        throughput, tails = [], []
        for pair in range(PAIRS + 1):
            bare_s, bare = await _bare(port, collection, digits)
            path_s, path = await loads.in_flight(through_path, QUERIES, CALLERS)
            if pair:
                throughput.append(bare_s / path_s)
                tails.append(_p99(path) / _p99(bare))
        return [row(THROUGHPUT, "x", ">= 3", throughput), row(P99, "x", "<= 1", tails)]


async def _bare(port: int, collection: str, digits: list[list[float]]) -> tuple[float, list[float]]:
    """The same queries, each its own HTTP request on one of 32 keep-alive connections."""
    times: list[float] = []

    async def one(caller: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in range(QUERIES // CALLERS):
            began = time.perf_counter()
            question = digits[(caller * 40 + turn) % len(digits)]
            body = json.dumps({"query_embeddings": [question], "n_results": 10, "include": ["distances"]}).encode()
            head = f"POST {API}/{collection}/query HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            writer.write(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
            answer = await _answer(reader)
            assert len(answer["ids"][0]) == 10
            times.append(time.perf_counter() - began)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(one(caller) for caller in range(CALLERS)))
    return time.perf_counter() - started, times


async def _answer(reader: asyncio.StreamReader) -> Any:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.decode())
    if b"content-length: " in head:
        return json.loads(await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0])))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return json.loads(body)


def _collection_id(url: str) -> str:
    with urllib.request.urlopen(f"{url}{API}") as answer:
        return next(str(each["id"]) for each in json.load(answer) if "bench" in each["name"])


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _digits() -> list[list[float]]:
    import csv
    import gzip

    from measure import ROOT

    with gzip.open(ROOT / "cases" / "data" / "digits.csv.gz", "rt") as file:
        return [[float(value) for value in line[:64]] for line in csv.reader(file)]
