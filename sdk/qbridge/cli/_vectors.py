"""upsert, query, collections: vectors from files and to the screen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from qbridge.cli._output import client_of, common, print_message, print_table
from qbridge.exceptions import invalid


def register(commands: Any) -> None:
    """Adds this file's commands."""
    upsert = commands.add_parser(
        "upsert",
        parents=[common()],
        help="write vectors from a file of JSON lines",
        description='Write vectors: each line is {"id": "...", "vector": [...], and any metadata}.',
    )
    upsert.add_argument("collection")
    upsert.add_argument("file", help="JSON lines; - for standard input")
    upsert.add_argument("--create", action="store_true", help="make the collection, if it is not there")
    upsert.add_argument("--metric", default="cosine", help="with --create: cosine, l2 or dot [cosine]")
    upsert.add_argument("--idempotency-key", default="", metavar="KEY", help="repeat a broken upsert under its key")
    upsert.set_defaults(run=_upsert)

    query = commands.add_parser(
        "query",
        parents=[common()],
        help="find the nearest vectors",
        description="Find the nearest vectors of one vector.",
    )
    query.add_argument("collection")
    query.add_argument("vector", help="a JSON list: '[0.1, 0.2]'; id:ID takes a stored vector")
    query.add_argument("-k", type=int, default=10, help="how many [10]")
    query.add_argument("--filter", help='JSON: \'{"label": 3, "year": {"gte": 2000}}\'')
    query.set_defaults(run=_query)

    collections = commands.add_parser("collections", parents=[common()], help="list the collections")
    collections.set_defaults(run=_collections)
    for parser in (upsert, query, collections):
        parser.add_argument("--backend", default="", help="a vector backend; otherwise the routing rules choose")


def _parse(text: str | bytes, what: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise invalid(f"{what}: this is not JSON: {error}") from error


def _rows(file: str) -> Iterator[dict[str, Any]]:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _parse(line, f"{file}, line {number}")
    except OSError as error:
        raise invalid(f"{file}: {error.strerror}") from error


def _upsert(arguments: argparse.Namespace) -> None:
    rows = list(_rows(arguments.file))
    with client_of(arguments) as client:
        if arguments.create and rows:
            client.create_collection(
                arguments.collection,
                len(rows[0].get("vector") or ()),
                metric=arguments.metric,
                exist_ok=True,
                backend=arguments.backend,
            )
        count = client.upsert(
            arguments.collection,
            rows,
            backend=arguments.backend,
            idempotency_key=arguments.idempotency_key,
            progress=True,
        )
    print(f'{{"count": {count}}}' if arguments.json else f"{count} vectors written")


def _query(arguments: argparse.Namespace) -> None:
    condition = _parse(arguments.filter, "--filter") if arguments.filter else None
    with client_of(arguments) as client:
        if arguments.vector.startswith("id:"):
            stored = client.get(arguments.collection, [arguments.vector[3:]], backend=arguments.backend)
            if not len(stored):
                raise invalid(f"{arguments.collection} has no vector {arguments.vector[3:]!r}")
            vector = stored.vectors[0]
        else:
            vector = _parse(arguments.vector, "vector")
        matches = client.query(
            arguments.collection,
            vector,
            arguments.k,
            filter=condition,
            include_metadata=True,
            backend=arguments.backend,
        )
    rows = matches.to_pylist()
    if arguments.json:
        for row in rows:
            print(msgspec.json.encode(row).decode())
        return
    print_table(
        ("id", "distance", "metadata"),
        [(r["id"], f"{r['distance']:.6g}", msgspec.json.encode(r.get("metadata", {})).decode()) for r in rows],
    )


def _collections(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        found = client.collections(backend=arguments.backend)
    if arguments.json:
        for info in found:
            print_message(info)
        return
    print_table(
        ("collection", "dimension", "metric", "count"),
        [(info.collection, info.dimension, info.metric.name, info.count) for info in found],
    )
