"""The runs: each change is loaded in a fork of a process that has imported everything else, and the tests run in it."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from scripts.mutation.changes import Mutant

ROOT = Path(__file__).parents[2]
TIME_S_MAX = 120.0
"""A change that makes the tests run for ever is noticed, too."""


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the changed text instead of the module's own."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Answers for the one module."""
        if name != self._mutant.subject.module:
            return None
        return importlib.machinery.ModuleSpec(name, self, origin=str(ROOT / self._mutant.subject.file))

    def exec_module(self, module: ModuleType) -> None:
        """Runs the changed text as the module."""
        module.__file__ = str(ROOT / self._mutant.subject.file)
        exec(compile(self._mutant.source, module.__file__, "exec"), vars(module))


def run_tests(tests: Sequence[str], mutant: Mutant | None) -> int:
    """Runs tests in a fork of this process, which has loaded everything but our own packages; its process id."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    if mutant is not None:
        sys.meta_path.insert(0, Finder(mutant))
    import pytest

    os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", *tests]))


def survivors(wanted: list[Mutant], jobs: int) -> list[Mutant]:
    """The changes that no test notices."""
    waiting, running = list(reversed(wanted)), dict[int, tuple[Mutant, float]]()
    survived = []
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[run_tests(mutant.subject.tests, mutant)] = (mutant, time.monotonic())
        child, status = os.waitpid(-1, os.WNOHANG)
        if child in running and os.waitstatus_to_exitcode(status) == 0:
            survived.append(running[child][0])
            print(f"  survives: {running[child][0].name} (line {running[child][0].line})", flush=True)
        running.pop(child, None)
        for late in [each for each, (_, began) in running.items() if time.monotonic() - began > TIME_S_MAX]:
            os.killpg(late, signal.SIGKILL)
        if not child:
            time.sleep(0.02)
    return survived


def preload() -> None:
    """Imports what the tests need of others, once, so that a fork has it."""
    import asyncio  # noqa: F401
    import http.server  # noqa: F401

    import grpclib.client
    import httpx
    import hypothesis
    import jsonschema_rs
    import msgspec
    import pydantic
    import pytest
    import pytest_asyncio
    import starlette.applications
    import uvicorn
    import yaml
    from google.protobuf import json_format

    del grpclib, httpx, hypothesis, jsonschema_rs, msgspec, pydantic, pytest, pytest_asyncio, starlette, uvicorn, yaml
    del json_format
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
