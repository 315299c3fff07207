"""Commands that send a message of a run again: curl for HTTP, grpcurl for gRPC.

The API key is never in them: `$QBRIDGE_API_KEY` stands for it. The log keeps excerpts, so a long body has to be put
into a file first, and the command says so in a comment. WebSockets have no such command.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from qbridge_harness.contract import Contract, Rpc
from qbridge_harness.engine.results import CaseResult, Report
from qbridge_harness.log import Message
from qbridge_harness.reports.text import KEY, mask

PROTOSET = "descriptor.binpb"
"""The contract as grpcurl reads it: contracts/python/qbridge_contract/descriptor.binpb, or the installed package's."""
_HTTP_TITLE = re.compile(r"[A-Z]+ /")
_BROKEN = re.compile(r" \(broken: (\w+)\)$")
_CUT = re.compile(r"\.\.\. \(\d+ (?:in all|characters)\)|\.\.\. \d+ items in all")
_BODILESS = ("GET", "HEAD", "DELETE")


@dataclass(frozen=True, slots=True)
class Command:
    """A command to copy."""

    tool: str
    text: str


class Reproducer:
    """Makes the commands of one run."""

    def __init__(self, report: Report, contract: Contract) -> None:
        self._report = report
        self._contract = contract
        self._has_keys = bool(report.capabilities.get("authentication"))

    def commands(self, case: CaseResult) -> dict[int, Command]:
        """Place in `case.messages` -> the command that sends this message again; of a stream, all at its last one."""
        found: dict[int, Command] = {}
        kinds = {step.number: step.kind for step in case.steps}
        streams: dict[str, dict[int, Message]] = {}
        for place, message in enumerate(case.messages):
            if message.direction != "sent":
                continue
            kind = kinds.get(message.step, "")
            rpc = self._rpc(message)
            if rpc is not None and rpc.client_streaming:
                streams.setdefault(rpc.name, {})[place] = message
            elif rpc is not None:
                found[place] = self._grpcurl(rpc, [message], kind)
            elif message.transport in ("rest", "sse") and _HTTP_TITLE.match(message.title):
                found[place] = self._curl(message, kind)
        for name, messages in streams.items():
            found[max(messages)] = self._grpcurl(self._contract.rpcs[name], list(messages.values()), "")
        return dict(sorted(found.items()))

    def _rpc(self, message: Message) -> Rpc | None:
        name = _BROKEN.sub("", message.title)
        return self._contract.rpcs.get(name) if message.transport == "grpc" else None

    def _curl(self, message: Message, kind: str) -> Command:
        method, _, path = _BROKEN.sub("", message.title).partition(" ")
        words = ["curl", "-sS"]
        words += ["-N", "-H 'accept: text/event-stream'"] if message.transport == "sse" else ["-i", "-X", method]
        text, notes = message.text, _notes(message)
        if text and kind != "rest" and self._is_query(method, path):
            path, text = _with_query(path, text), ""
        words.append(_quote(self._report.target + path))
        headers = _headers(message.headers, authorized=self._has_keys)
        if text:
            headers.setdefault("content-type", "application/json")
            data = f"--data-binary {_quote(text)}" if _whole(text) else _from_file(notes, "--data-binary @body.json")
            words += [*_header_words(headers), data]
        else:
            words += _header_words(headers)
        return Command("curl", _join(notes, words))

    def _is_query(self, method: str, path: str) -> bool:
        rpc = self._contract.match_http(method, path.partition("?")[0])
        return method in _BODILESS if rpc is None else not rpc.body

    def _grpcurl(self, rpc: Rpc, messages: Sequence[Message], kind: str) -> Command:
        notes = _notes(messages[-1])
        texts = [_whole_request(message.text or "{}", rpc, kind) for message in messages]
        if len(texts) > 1:
            notes.append(f"These are the {len(texts)} messages that the case sent over {rpc.method}.")
        words = ["grpcurl", "-protoset", PROTOSET]
        words += [] if self._report.grpc.startswith("grpcs://") else ["-plaintext"]
        words += _header_words(_headers(messages[0].headers, authorized=self._has_keys))
        whole = all(_whole(text) and text.startswith("{") for text in texts)
        joined = "\n".join(texts)
        words.append(f"-d {_quote(joined)}" if whole else _from_file(notes, "-d @ < request.json"))
        words += [_quote(self._report.grpc.rpartition("://")[2]), rpc.path.removeprefix("/")]
        return Command("grpcurl", _join(notes, words))


def _notes(message: Message) -> list[str]:
    """What the command cannot say by itself."""
    broken = _BROKEN.search(message.title)
    return [f"The case broke this message on its way out ({broken[1]}); the command sends it whole."] if broken else []


def _whole(text: str) -> bool:
    """Whether the log has all of a body, in a form that a shell can pass on."""
    return not _CUT.search(text) and "\x00" not in text


def _from_file(notes: list[str], option: str) -> str:
    file = option.split()[-1].removeprefix("@")
    notes.append(f"The log has a part of this body only: put all of it into {file}.")
    return option


def _whole_request(text: str, rpc: Rpc, kind: str) -> str:
    """The request message as JSON: a `call` step logs what goes over HTTP, which is one field of it."""
    if kind == "grpc" or rpc.client_streaming or not rpc.body or rpc.body == "*" or not text:
        return text
    return f'{{"{rpc.body}": {text}}}'


def _with_query(path: str, text: str) -> str:
    try:
        query: Any = json.loads(text)
    except ValueError:
        return path
    return f"{path}?{urlencode(query)}" if isinstance(query, dict) and query else path


def _headers(sent: Mapping[str, str], *, authorized: bool) -> dict[str, str]:
    """The headers of the message, with the key's place held."""
    headers = {name.lower(): value for name, value in sent.items()}
    if authorized or "authorization" in headers:
        headers["authorization"] = f"Bearer {KEY}"
    return headers


def _header_words(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        # Only this one is in double quotes, so that the shell fills the key in.
        line = f'"{name}: {value}"' if value == f"Bearer {KEY}" else _quote(f"{name}: {value}")
        yield f"-H {line}"


def _quote(text: str) -> str:
    return shlex.quote(mask(text, KEY))


def _join(notes: list[str], words: list[str]) -> str:
    """Comments, then the command; what takes a value starts a line of its own."""
    text = words[0]
    for word in words[1:]:
        text += (" \\\n  " if word.startswith(("-H ", "-d ", "--data")) else " ") + word
    return "\n".join([*(f"# {note}" for note in notes), text])
