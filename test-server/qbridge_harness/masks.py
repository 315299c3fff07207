"""Secrets stay inside: every text that leaves a case goes through here, with all secrets that are known by then.

Known are the run's key, the secrets of the suites and every key that a deployment makes during a case; each in the
forms in which it may show: as it is, in JSON, in a URL, in base64.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
_NAMED = re.compile(r'("(?:secret|authorization)"\s*:\s*")((?:[^"\\]|\\.)*)("|$)', re.IGNORECASE)
_BEARER = re.compile(r"(authorization\W{1,4}bearer\s+)[^\s\"',}]+", re.IGNORECASE)
_MADE = re.compile(rb'"secret"\s*:\s*"((?:[^"\\]|\\.)+)"')
_SHORT = 4
"""A shorter secret is masked only where it stands alone, or reports would be unreadable."""


class Masks:
    """The secrets of a run. Learning one is for good."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.length_max = 0
        self.version = 0
        """Grows with every secret that is learned."""

    def learn(self, secret: str) -> None:
        """From now on this is masked, in every form."""
        new = set(_forms(secret)) - self._forms if secret else set()
        if not new:
            return
        self._forms |= new
        self.version += 1
        ordered = sorted(self._forms, key=len, reverse=True)
        self.length_max = len(ordered[0])
        words = (re.escape(form) if len(form) >= _SHORT else rf"\b{re.escape(form)}\b" for form in ordered)
        self._pattern = re.compile("|".join(words))

    def learn_from(self, content: Any) -> None:
        """Learns the secrets that a message carries under the key `secret`."""
        if isinstance(content, bytes):
            if b'"secret"' in content:
                for made in _MADE.findall(content):
                    self.learn(_plain(made.decode("utf-8", "replace")))
        elif isinstance(content, dict):
            for key, value in content.items():
                if key == "secret" and isinstance(value, str):
                    self.learn(value)
                else:
                    self.learn_from(value)
        elif isinstance(content, list):
            for item in content:
                self.learn_from(item)

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        text = _BEARER.sub(rf"\g<1>{MASK}", _NAMED.sub(rf"\g<1>{MASK}\g<3>", text))
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def data(self, value: Any) -> Any:
        """Plain data, or a dataclass of it in place, with every text masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return type(value)(self.data(item) for item in value)
        if isinstance(value, dict):
            return {self.data(key): self.data(item) for key, item in value.items()}
        if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                before = getattr(value, field.name)
                after = self.data(before)
                if after is not before and after != before:
                    object.__setattr__(value, field.name, after)
        return value


def _plain(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _forms(secret: str) -> Iterator[str]:
    """The secret as it may show."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield quote_plus(secret)
    raw = secret.encode()
    yield raw.hex()
    for start in range(3):
        # Inside a longer text (user:secret) the first and the last characters mix with what stands beside them.
        shifted = base64.b64encode(b"\0" * start + raw).decode()
        core = shifted[(0, 2, 3)[start] :].rstrip("=")
        core = core if (len(raw) + start) % 3 == 0 else core[:-1]
        if len(core) >= _SHORT:
            yield core
            yield core.replace("+", "-").replace("/", "_")
