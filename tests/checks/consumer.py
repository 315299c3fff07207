"""What the SDK asks of a bridge over REST, written down as a pact by the SDK itself.

Each interaction is a call of the public client against pact's mock server, which answers as the pact says. `python -m
tests.checks.consumer` writes contracts/pacts/qbridge-sdk--qbridge.json; a test holds the file to what the SDK does.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pact import Pact, match

import qbridge

FILE = Path(__file__).parents[2] / "contracts" / "pacts" / "qbridge-sdk--qbridge.json"
TRACEPARENT = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
ULID = "[0-9A-HJKMNP-TV-Z]{26}"
DONE, WAITING, MISSING = (f"req_0000000000000000000000000{digit}" for digit in "123")
"""Request ids that the states of the provider speak of."""
ABSENT = "absent"
"""A backend that is registered, and that no process serves."""

State = tuple[str, dict[str, object]]
"""A state of the provider, and its parameters."""
ECHOES: State = ("a backend echoes", {"backend": "echo"})
HAS_SUCCEEDED: State = ("a request has succeeded", {"backend": "echo", "id": DONE})
WAITS: State = ("a request waits", {"backend": ABSENT, "id": WAITING})

Use = Callable[[qbridge.AsyncClient], Awaitable[Any]]


def request_id(example: str = DONE) -> Any:
    return match.regex(example, regex=f"^req_{ULID}$")


def problem(code: str, status: int, retryable: bool) -> dict[str, Any]:
    """A problem document (RFC 9457) as the SDK reads it: every member that it uses."""
    return {
        "type": f"urn:qbridge:error:{code}",
        "title": match.like("A title"),
        "status": status,
        "detail": match.like("What is wrong."),
        "code": code,
        "retryable": retryable,
        "action": match.like("What to do."),
    }


def invoke(number: int, name: str = "echo", backend: str = "echo") -> dict[str, Any]:
    """A request as the SDK sends it: id and trace are its own, each time others. `number` makes the example's."""
    return {
        "id": request_id(f"req_000000000000000000000001{number:02}"),
        "backend": backend,
        "operation": {"invoke": {"name": name, "payload": {"text": "hello"}}},
        "timeoutS": match.number(30.0),
        "traceparent": match.regex(
            f"00-{number:032}-{number:016}-00", regex="^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
        ),
    }


def record(of: str, state: Any) -> dict[str, Any]:
    return {
        "request": {"id": of, "backend": match.like("echo"), "operation": match.like({"invoke": {"name": "echo"}})},
        "state": state,
        "createdAt": match.regex("2026-01-01T00:00:00Z", regex=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"),
    }


class Book:
    """The interactions of one pact, each with the call of the SDK that makes it."""

    def __init__(self) -> None:
        self.pact = Pact("qbridge-sdk", "qbridge").with_specification("V4")
        self.uses: list[Use] = []

    def add(
        self,
        text: str,
        use: Use,
        method: str,
        path: str,
        status: int,
        answer: Any,
        *,
        state: State | None = None,
        body: Any = None,
    ) -> None:
        """One interaction; `state` is what the provider must have made true before, and its parameters."""
        interaction = self.pact.upon_receiving(text)
        if state is not None:
            interaction = interaction.given(*state)
        interaction = interaction.with_request(method, path)
        if body is not None:
            interaction = interaction.with_body(body, "application/json")
        media_type = "application/json" if status < 400 else "application/problem+json"
        interaction.will_respond_with(status).with_body(answer, media_type)
        self.uses.append(use)


def fails(kind: type[qbridge.QBridgeError], use: Use) -> Use:
    """The use must end with this exception, which the SDK made from the problem document."""

    async def expect(client: qbridge.AsyncClient) -> None:
        try:
            await use(client)
        except kind:
            return
        raise AssertionError(f"the SDK did not raise {kind.__name__}")

    return expect


def written() -> Book:
    """Every interaction."""
    book = Book()
    add = book.add
    capabilities = {"contractVersion": "v1", "profiles": match.each_like("core"), "transports": match.each_like("rest")}
    add("what the deployment can do", lambda c: c.capabilities(), "GET", "/v1/capabilities", 200, capabilities)
    add(
        "a call that succeeds",
        lambda c: c.call("echo", "echo", "hello"),
        *("POST", "/v1/call", 200),
        {"requestId": request_id(), "state": "REQUEST_STATE_SUCCEEDED", "reply": {"payload": {"text": "hello"}}},
        state=ECHOES,
        body=invoke(1),
    )
    add(
        "a call of a backend that is not there",
        fails(qbridge.NotFound, lambda c: c.call("nobody", "echo", "hello")),
        *("POST", "/v1/call", 404),
        problem("NOT_FOUND", 404, False),
        body=invoke(2, backend="nobody"),
    )
    add(
        "a call of an operation that the backend has not",
        fails(qbridge.Unsupported, lambda c: c.call("echo", "dance", "hello")),
        *("POST", "/v1/call", 501),
        problem("UNIMPLEMENTED", 501, False),
        state=ECHOES,
        body=invoke(3, "dance"),
    )
    add(
        "a submit",
        lambda c: c.submit("echo", "echo", "hello"),
        *("POST", "/v1/requests", 202),
        {"requestId": request_id(), "durability": match.regex("DURABILITY_MEMORY", regex="^DURABILITY_[A-Z]+$")},
        state=ECHOES,
        body=invoke(4),
    )
    add(
        "a look at a request that has succeeded",
        lambda c: c.get_request(DONE),
        *("GET", f"/v1/requests/{DONE}", 200),
        record(DONE, "REQUEST_STATE_SUCCEEDED"),
        state=HAS_SUCCEEDED,
    )
    add(
        "a look at a request that is not there",
        fails(qbridge.NotFound, lambda c: c.get_request(MISSING)),
        *("GET", f"/v1/requests/{MISSING}", 404),
        problem("NOT_FOUND", 404, False),
    )
    add(
        "a cancel of a request that waits",
        lambda c: c.cancel(WAITING),
        *("POST", f"/v1/requests/{WAITING}:cancel", 200),
        record(WAITING, "REQUEST_STATE_CANCELLED"),
        state=WAITS,
    )
    return book


def exercise() -> dict[str, Any]:
    """Lets the SDK make every interaction; answers the pact. Raises where the SDK asked for something else."""
    book = written()
    with book.pact.serve() as server:
        asyncio.run(_use_all(str(server.url), book.uses))
    with tempfile.TemporaryDirectory() as folder:
        book.pact.write_file(folder, overwrite=True)
        pact: dict[str, Any] = json.loads(next(Path(folder).iterdir()).read_text())
    # The versions of the tools that wrote it are no part of what was agreed.
    pact["metadata"] = {"pactSpecification": pact["metadata"]["pactSpecification"]}
    return pact


async def _use_all(address: str, uses: list[Use]) -> None:
    async with qbridge.aconnect(address) as client:
        for use in uses:
            await use(client)


def text_of(pact: dict[str, Any]) -> str:
    """The pact as the file holds it."""
    return json.dumps(pact, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text_of(exercise()))
