"""The router: names a backend for a request that names none.

A rule matches the name of the generic operation by a shell pattern; the first that matches decides. Typed vector
operations go to the default vector backend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, Operation


@dataclass(frozen=True, slots=True)
class Rule:
    """Generic operations whose name matches `pattern` go to `backend`."""

    pattern: str
    backend: str

    @classmethod
    def parse(cls, text: str) -> Rule:
        """A rule from `PATTERN=BACKEND`. Raises ValueError with what to write instead."""
        pattern, sign, backend = text.partition("=")
        if not (sign and pattern and backend):
            raise ValueError(f"a route is PATTERN=BACKEND, for example 'agent.*=agent', not {text!r}")
        return cls(pattern, backend)


class Router:
    """Routing rules in order, and the default backend of the typed vector operations."""

    def __init__(self, rules: Sequence[Rule], vector_default: str) -> None:
        self._rules = tuple(rules)
        self._vector_default = vector_default

    def route(self, operation: Operation) -> str:
        """The backend's name. Raises NOT_FOUND where no rule matches."""
        if operation.invoke is None:
            if self._vector_default:
                return self._vector_default
            raise BridgeError.of(ErrorCode.NOT_FOUND, "This deployment has no vector backend; name a backend.")
        name = operation.invoke.name
        for rule in self._rules:
            if fnmatchcase(name, rule.pattern):
                return rule.backend
        raise BridgeError.of(
            ErrorCode.NOT_FOUND,
            f"No routing rule matches the operation {name}; name a backend in the request.",
        )
