"""The process that verifies one pact: pact's own library against the deployment, the states and messages by `Stage`.

Takes what to do as its argument, writes what came of each interaction into a file: pact's library prints, and
can end the process, so it has one of its own. The key comes from QBRIDGE_API_KEY.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Coroutine, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any, cast
from urllib.parse import urlsplit

from qbridge_harness.clients.target import Target, Unreachable
from qbridge_harness.contract import load_contract
from qbridge_harness.contract_checks.scenes import SCENES, as_sent
from qbridge_harness.contract_checks.stage import Stage, StageFailed, within

CONTENT_TYPE = "application/json"


class Provider:
    """The deployment as pact's library sees it; its calls come on threads of the library's own."""

    def __init__(self, target: Target, transport: str, time_s: float) -> None:
        self._time_s = time_s
        self._given: Mapping[str, Any] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._stage = self._run(self._make(target, transport))
        self.notes: dict[str, list[str]] = {}
        """State or interaction -> what was said."""
        self.problems: dict[str, str] = {}
        """State or interaction -> why it failed, where pact's own comparison cannot say it."""

    @staticmethod
    async def _make(target: Target, transport: str) -> Stage:
        return Stage(target, load_contract(), transport)

    def state(self, state: str, parameters: Mapping[str, Any] | None) -> None:
        """Makes a state true; an interaction without one asks for none. What fails is noted, and never raised:

        pact's library would ask again and again.
        """
        self._given = parameters or {}
        if state:
            self._noted(f"state: {state}", self._stage.make(state, self._given))

    def message(self, name: str) -> dict[str, Any]:
        """Has the deployment send the message of an interaction; an empty one where it did not."""
        if name not in SCENES:
            self.problems[name] = f"No conversation brings {name!r}; known are {', '.join(sorted(SCENES))}."
            document: Any = None
        else:
            document = self._noted(name, SCENES[name](self._stage, self._given))
        content = json.dumps(as_sent(document or {})).encode()
        return {"contents": content, "metadata": {"contentType": CONTENT_TYPE}, "content_type": CONTENT_TYPE}

    def close(self) -> None:
        """Takes away what was made; what refuses to go does not matter any more."""
        with contextlib.suppress(StageFailed, Unreachable):
            self._run(within(self._time_s, self._stage.close()))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _noted(self, name: str, work: Awaitable[Any]) -> Any:
        """The answer of a state or a conversation; None where it failed, or where a message broke the contract."""
        log = self._stage.log
        said, judged = len(log.messages), len(log.violations)
        answer: Any = None
        try:
            answer = self._run(within(self._time_s, work))
            broken = [str(violation) for violation in log.violations[judged:]]
        except Exception as error:  # whatever it is, it must reach the report and not pact's library
            broken = [str(error) or type(error).__name__]
        self.notes[name] = [
            f"{each.direction:<8} {each.transport:<9} {each.title} {each.text}".rstrip() for each in log.messages[said:]
        ]
        if broken:
            self.problems[name] = " ".join(broken)
            return None
        return answer

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def verify(wanted: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """Replays a pact; answers pact's results and our notes."""
    from pact import Verifier
    from pact.types import Message

    provider = Provider(target, wanted["transport"], wanted["time_s"])
    host = urlsplit(target.rest).hostname or "127.0.0.1"
    verifier = Verifier("qbridge", host=host)
    if wanted["messages"]:
        verifier.message_handler(lambda name, metadata: cast(Message, provider.message(name)))
    else:
        verifier.add_transport(url=target.rest)
        for name, value in target.authorization(None).items():
            verifier.add_custom_header(name, value)
    verifier.add_source(Path(wanted["pact"])).state_handler(provider.state, teardown=False)
    verifier.set_request_timeout(int(wanted["time_s"] * 1000) + 2_000).set_coloured_output(enabled=False)
    try:
        with contextlib.suppress(RuntimeError):  # an interaction failed: the results say which
            verifier.verify()
    finally:
        provider.close()
    return {"results": verifier.results, "notes": provider.notes, "problems": provider.problems}


def main() -> int:
    """Answers 0 where the pact was judged, whatever came of it."""
    wanted = json.loads(sys.argv[1])
    # The servers by which pact asks for states and messages would write each request to our output.
    setattr(BaseHTTPRequestHandler, "log_message", lambda *_: None)  # noqa: B010 - mypy forbids it as an assignment
    target = Target(wanted["target"], wanted["grpc"], os.environ.get("QBRIDGE_API_KEY", ""))
    Path(wanted["results"]).write_text(json.dumps(verify(wanted, target)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
