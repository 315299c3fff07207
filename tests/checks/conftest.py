"""Servers in their own processes: one that lets everybody in, one that asks for keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checks import live


@dataclass(frozen=True)
class Target:
    """A deployment's addresses, and a key that may do everything; empty where none is asked for."""

    address: str
    grpc: str = ""
    key: str = ""
    log: Path | None = None
    """What the server has written, for a failure that it alone can explain."""


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server without keys."""
    folder = tmp_path_factory.mktemp("open")
    with live.served(folder, "--data", str(folder / "data")) as (rest, grpc):
        yield Target(rest, grpc, log=folder / "server.log")


@pytest.fixture(scope="session")
def keyed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server that asks for keys."""
    folder = tmp_path_factory.mktemp("keyed")
    key = live.new_key(folder / "keys.json")
    with live.served(folder, "--data", str(folder / "data"), "--keys", str(folder / "keys.json")) as (rest, grpc):
        yield Target(rest, grpc, key, folder / "server.log")
