"""Which files hold cases, and the hooks of a pytest run that judges a deployment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from qbridge_harness.clients import Target
from qbridge_harness.contract import Contract, load_contract
from qbridge_harness.engine import Options
from qbridge_harness.known import load_known
from qbridge_harness.language import CaseFileError, PlannedCase, load_suites, plan_cases
from qbridge_harness.language.fresh import new_seed
from qbridge_harness.pytest_plugin.items import CaseItem
from qbridge_harness.pytest_plugin.judge import Judge
from qbridge_harness.rules import Rule, load_rules

_NO_SUITES = ("data", "shared")
"""Folders in a folder of cases that hold what cases use, and no cases."""


class Cases:
    """The plugin of one pytest run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        target = Target(self._named("target").rstrip("/"), self._named("grpc"), os.environ.get("QBRIDGE_API_KEY", ""))
        try:
            target.grpc_parts()
            options = self._options()
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None
        self._seed = options.seed
        self.judge = Judge(target, options, self._contract)

    def pytest_report_header(self) -> str:
        """Says what is judged, and with which seed."""
        return f"qbridge: {self.judge.target.rest}, {self.judge.target.grpc}, seed {self._seed}"

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A case file is a collector of its cases."""
        if not self._holds_cases(file_path):
            return None
        found: SuiteFile = SuiteFile.from_parent(parent, path=file_path)
        found.cases = self
        return found

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist: every worker derives its ids from the same seed."""
        node.workerinput["qbridge_seed"] = self._seed

    def pytest_unconfigure(self) -> None:
        """Closes the connection."""
        self.judge.close()

    def plan(self, file: Path) -> list[PlannedCase]:
        """The cases of a file. Raises CaseFileError."""
        here = self._config.invocation_params.dir
        shown = file.relative_to(here) if file.is_relative_to(here) and here == Path.cwd() else file
        planned = plan_cases(load_suites([shown], self._contract, self._rules))
        self.judge.planned += planned
        return planned

    @cached_property
    def _contract(self) -> Contract:
        return load_contract()

    @cached_property
    def _rules(self) -> dict[str, Rule] | None:
        return load_rules()

    @cached_property
    def _asked(self) -> frozenset[Path]:
        """What the command line names."""
        here = self._config.invocation_params.dir
        return frozenset((here / str(word).partition("::")[0]).resolve() for word in self._config.args)

    def _holds_cases(self, file: Path) -> bool:
        if file.suffix not in (".yaml", ".yml"):
            return False
        if file.resolve() in self._asked:
            return True
        folders = list(file.parent.parts)
        last = max(
            (folders.index(name) for name in self._config.getini("qbridge_cases") if name in folders), default=-1
        )
        return last >= 0 and not set(_NO_SUITES) & set(folders[last + 1 :])

    def _named(self, what: str) -> str:
        """The command line wins over the environment, which wins over the ini file."""
        option, variable, ini = f"--qbridge-{what}", f"QBRIDGE_{what.upper()}", f"qbridge_{what}"
        value = self._config.getoption(option) or os.environ.get(variable) or self._config.getini(ini)
        if not value:
            raise pytest.UsageError(f"A deployment has two addresses: give {option} too (or ${variable}, or {ini}).")
        return str(value)

    def _options(self) -> Options:
        pairs = [*(self._config.getini("qbridge_vars") or ()), *self._config.getoption("--qbridge-var")]
        for pair in pairs:
            if not pair.partition("=")[0] or "=" not in pair:
                raise ValueError(f"--qbridge-var takes NAME=VALUE, not {pair!r}.")
        given = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
        worker: dict[str, Any] = getattr(self._config, "workerinput", {})
        seed = worker.get("qbridge_seed") or self._config.getoption("--qbridge-seed") or new_seed()
        failing, flaky = (self._list(kind) for kind in ("failing", "flaky"))
        return Options(variables=given, seed=str(seed), known=load_known(failing, flaky, lambda: None))

    def _list(self, kind: str) -> Path | None:
        """A list of known results: relative to where pytest was called, or to the ini file."""
        named = self._config.getoption(f"--qbridge-known-{kind}")
        if named:
            return self._config.invocation_params.dir / str(named)
        written = self._config.getini(f"qbridge_known_{kind}")
        folder = self._config.inipath.parent if self._config.inipath else self._config.rootpath
        return folder / str(written) if written else None


class SuiteFile(pytest.File):
    """A case file."""

    cases: Cases

    def collect(self) -> Iterable[CaseItem]:
        """One item per planned case. A mistake in the file is a collection error, with its place and the fix."""
        try:
            planned = self.cases.plan(self.path)
        except CaseFileError as error:
            raise self.CollectError(str(error)) from None
        return list(self._items(planned))

    def _items(self, planned: Iterable[PlannedCase]) -> Iterator[CaseItem]:
        for case in planned:
            item: CaseItem = CaseItem.from_parent(self, name=case.id)
            item.prepare(case, self.cases.judge)
            yield item
