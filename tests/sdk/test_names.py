"""The public names, and what importing the package costs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys

import pytest

import qbridge
from qbridge._client import AsyncClient
from qbridge._sync import Client

NAMES = """
AlreadyExists AsyncClient BackendFailed BackendLost Cancelled Client ConnectionLost DataLoss DeadlineExceeded
FailedPrecondition FinalError FixableError IdempotencyConflict InternalError InvalidRequest Matches NotFound
Options PermissionDenied QBridgeError QueueFull QuotaExceeded Records RetryableError TLS Task TooLarge
Unauthenticated Unavailable Unsupported VersionConflict Worker __version__ aconnect backends call cancel
capabilities close_default collections connect count create_collection default_client delete delete_collection
explain get health query requests result submit submit_many upsert watch
"""
ASYNC_ONLY = {"ask", "build", "follow", "serve", "unregister"}


def test_the_public_names_are_these() -> None:
    assert sorted(qbridge.__all__) == sorted(NAMES.split())


def test_every_public_name_loads() -> None:
    for name in qbridge.__all__:
        assert getattr(qbridge, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        qbridge.nonsense  # noqa: B018


def test_importing_loads_no_heavy_library() -> None:
    heavy = ["grpc", "numpy", "pyarrow", "httpx", "pydantic", "msgspec", "google.protobuf", "asyncio"]
    code = f"import json, sys, qbridge; print(json.dumps([m for m in {heavy!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == []


def test_connecting_embedded_loads_neither_flight_nor_the_doors() -> None:
    code = (
        "import json, sys, qbridge\n"
        "with qbridge.connect() as c: assert c.call('echo', 'echo', b'x') == b'x'\n"
        "heavy = ['pyarrow.flight', 'uvicorn', 'starlette', 'httpx', 'torch']\n"
        "print(json.dumps([m for m in heavy if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == []


def test_the_sync_face_has_every_method_of_the_asynchronous_one() -> None:
    methods = {n for n, m in inspect.getmembers(AsyncClient, callable) if not n.startswith("_")}
    assert methods - ASYNC_ONLY == {n for n, m in inspect.getmembers(Client, callable) if not n.startswith("_")}


def test_the_sync_face_keeps_documentation_and_signature() -> None:
    assert Client.query.__doc__ == AsyncClient.query.__doc__
    assert inspect.signature(Client.upsert) == inspect.signature(AsyncClient.upsert)
