"""Variables in case files: `${name}`, `${name.path[0]}`, and what is made fresh at each use.

A text that is one reference and nothing else takes the value with its type; inside a longer text it becomes text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from qbridge_harness.language.fresh import token, ulid

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_PART = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_-]*|\d+)|\[(-?\d+)\]|\[\"([^\"]*)\"\]")
_HEAD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class UnknownVariable(LookupError):
    """A reference names what is not there; the message says which part."""


def timestamp(offset_s: float = 0.0) -> str:
    """The time in `offset_s` seconds, by RFC 3339."""
    moment = datetime.now(UTC) + timedelta(seconds=offset_s)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


FRESH: dict[str, Callable[[], Any]] = {
    "new.ulid": ulid,
    "new.request_id": lambda: "req_" + ulid(),
    "new.trace_id": lambda: token(16),
    "new.span_id": lambda: token(8),
    "new.token": lambda: token(5),
    "now": timestamp,
}
"""Made anew at each use; a case that needs one twice puts it into a variable with `set`."""

SIZED: dict[str, Callable[[int], Any]] = {
    "new.request_ids": lambda count: ["req_" + ulid() for _ in range(count)],
    "new.text": lambda length: "x" * length,
}
"""Made anew in the size that is asked for: `${new.text(1000)}`; the size may be a variable."""
_SIZED_REFERENCE = re.compile(r"(new\.[a-z_]+)\((.+)\)")
SIZE_MAX = 128 * 1024 * 1024
"""The largest text or body that a case makes, in bytes."""

BUILT_IN = frozenset({"unique", "transport", "case", "new", "now", "target", "rest_url", "grpc_address", "op_backend"})
"""What every case has: `unique` is one short token for the whole run of a case."""


def references(value: Any) -> Iterator[str]:
    """The inside of every `${...}` in a value, at any depth, keys too."""
    if isinstance(value, str):
        yield from (found.strip() for found in _REFERENCE.findall(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from references(key)
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def head(reference: str) -> str:
    """The variable that a reference starts from."""
    found = _HEAD.match(reference)
    return found.group() if found else reference


def lookup(path: str, root: Any) -> Any:
    """The value at `a.b[0]["c d"]`. Raises UnknownVariable naming the part that is missing."""
    at = 0
    value = root
    while at < len(path):
        found = _PART.match(path, at)
        if found is None:
            raise UnknownVariable(f"{path!r} is no path: write name.part[0]")
        value = _step(value, found, path)
        at = found.end()
    return value


def _step(value: Any, found: re.Match[str], path: str) -> Any:
    word, index, quoted = found.groups()
    seen = path[: found.start()] or "the variables"
    if index is not None or (word is not None and word.isdigit() and isinstance(value, list)):
        number = int(index if index is not None else word)
        if not isinstance(value, list):
            raise UnknownVariable(f"{seen} is no list, so {path!r} is not there")
        if not -len(value) <= number < len(value):
            raise UnknownVariable(f"{seen} has {len(value)} items, so {path!r} is not there")
        return value[number]
    name = word if word is not None else quoted
    if not isinstance(value, Mapping):
        raise UnknownVariable(f"{seen} is no object, so {path!r} is not there")
    if name not in value:
        known = ", ".join(sorted(map(str, value))[:20]) or "nothing"
        raise UnknownVariable(f"{seen} has no {name!r}; it has {known}")
    return value[name]


def fill(value: Any, variables: Mapping[str, Any]) -> Any:
    """The value with every reference replaced. Raises UnknownVariable."""
    if isinstance(value, str):
        return _fill_text(value, variables) if "${" in value else value
    if isinstance(value, Mapping):
        return {fill(key, variables): fill(item, variables) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [fill(item, variables) for item in value]
    return value


def _fill_text(text: str, variables: Mapping[str, Any]) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _value(whole.group(1).strip(), variables)
    return _REFERENCE.sub(lambda found: str(_value(found.group(1).strip(), variables)), text)


def _value(reference: str, variables: Mapping[str, Any]) -> Any:
    if reference in FRESH:
        return FRESH[reference]()
    if reference.startswith(("now+", "now-")):
        return timestamp(float(reference[3:]))
    sized = _SIZED_REFERENCE.fullmatch(reference)
    if sized and sized.group(1) in SIZED:
        size = sized.group(2)
        wanted = int(size) if size.isdigit() else int(_value(size, variables))
        if wanted > SIZE_MAX:
            raise UnknownVariable(
                f"${{{reference}}} is larger than the harness makes, which is {SIZE_MAX}; ask for less"
            )
        return SIZED[sized.group(1)](wanted)
    path, plus, number = reference.partition("+")
    value = lookup(path.strip(), variables)
    return value + int(number) if plus else value
