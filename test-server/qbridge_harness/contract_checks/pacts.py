"""The published pacts against a deployment, each in a process of its own: HTTP, and the messages of the streams.

Each run gives a pact request ids and backends of its own, so that a deployment that remembers the run before is asked
anew, and needs no backend of a certain name.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qbridge_harness.clients.target import Target
from qbridge_harness.contract_checks.part import Ended, Part, Say, run_tool
from qbridge_harness.contract_checks.places import HTTP_PACT, MESSAGE_PACT

ANSWER_S_MAX = 10.0
"""How long one interaction may take; less where the run has less time left."""
_ID = re.compile(r"req_0{20}[0-9A-Z]{6}")
"""An example id of the published pacts."""
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class PactRun:
    """One pact to replay."""

    name: str
    file: str
    messages: bool = False
    transport: str = "rest"
    """What carries the streams of a message pact."""


HTTP = PactRun("pact", HTTP_PACT)
MESSAGE_TRANSPORTS = ("grpc", "websocket", "sse")


def message_run(transport: str) -> PactRun:
    """The message pact over a transport of streams."""
    return PactRun(f"message pact over {transport}", MESSAGE_PACT, messages=True, transport=transport)


def verify_pact(target: Target, run: PactRun, folder: Path, time_s: float, say: Say) -> Part:
    """Replays a pact; each failing interaction has its mismatches and its reproduction."""
    pact = fresh((folder / run.file).read_text())
    if run.transport == "sse":
        pact["interactions"] = [each for each in pact["interactions"] if "watch" in each["description"]]
    interactions = pact["interactions"]
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        (here / run.file).write_text(json.dumps(pact))
        wanted = {
            "target": target.rest,
            "grpc": target.grpc,
            "pact": str(here / run.file),
            "messages": run.messages,
            "transport": run.transport,
            "time_s": min(ANSWER_S_MAX, time_s / (len(interactions) + 1)),  # one share for the start and the end
            "results": str(here / "results.json"),
        }
        command = [sys.executable, "-m", "qbridge_harness.contract_checks.verify", json.dumps(wanted)]
        environment = {"QBRIDGE_API_KEY": target.key, "PACT_DO_NOT_TRACK": "true"}
        ended = run_tool(command, folder=here, environment=environment, time_s=time_s, say=lambda _: None)
        results = here / "results.json"
        judged = json.loads(results.read_text()) if results.exists() else None
    if judged is None or ended.returncode != 0:
        return _not_judged(run, ended, time_s)
    return _part(target, run, interactions, judged, say)


def fresh(text: str) -> dict[str, Any]:
    """The pact with request ids and backends that nobody has used, whatever the run's seed."""
    names = {old: "req_0" + "".join(secrets.choice(_BASE32) for _ in range(25)) for old in set(_ID.findall(text))}
    token = secrets.token_hex(4)
    pact: dict[str, Any] = json.loads(_ID.sub(lambda found: names[found.group()], text))
    pact["interactions"] = [_renamed(each, token) for each in pact["interactions"]]
    return pact


def _renamed(value: Any, token: str) -> Any:
    """The value with each backend's name made the run's own."""
    if isinstance(value, dict):
        own = {name: f"{each}-{token}" for name, each in value.items() if name == "backend" and isinstance(each, str)}
        return {name: _renamed(each, token) for name, each in value.items()} | own
    return [_renamed(each, token) for each in value] if isinstance(value, list) else value


def _not_judged(run: PactRun, ended: Ended, time_s: float) -> Part:
    if ended.returncode is None:
        line = f"The time was up after {time_s:.0f} s. Give more by --max-time-s."
        return Part(run.name, "unfinished", [line])
    words = ended.output.strip().splitlines()[-8:]
    return Part(run.name, "broken", [f"pact ended with {ended.returncode} and no verdict.", *words])


def _part(target: Target, run: PactRun, interactions: list[Any], judged: Mapping[str, Any], say: Say) -> Part:
    outcomes = {each["description"]: each for each in judged["results"]["interactionResults"]}
    lines: list[str] = []
    kept = 0
    for interaction in interactions:
        name = interaction["description"]
        outcome = outcomes.get(name)
        reasons = _reasons(interaction, judged["problems"], outcome)
        kept += not reasons
        say(f"  {'FAIL' if reasons else 'ok  '}  {name}")
        if reasons:
            lines += [f"{name}:", *(f"  {line}" for line in [*reasons, *_notes(interaction, judged["notes"])])]
            lines += [] if run.messages else [f"  again: {curl(target, interaction)}"]
    figures = f"{kept} of {len(interactions)} interactions"
    return Part(run.name, "failed" if lines else "passed", lines, figures)


def _reasons(
    interaction: Mapping[str, Any], problems: Mapping[str, str], outcome: Mapping[str, Any] | None
) -> list[str]:
    """Why an interaction is not kept; empty where it is."""
    found = [problems[name] for name in _names(interaction) if name in problems]
    if outcome is None:
        return found or ["pact did not replay it"]
    if outcome["result"] == "OK":
        return found
    mismatch = outcome.get("mismatch") or {}
    differences = [f"{each.get('path', '')} {each['mismatch']}".strip() for each in mismatch.get("mismatches", ())]
    return found + (differences or [str(mismatch.get("message") or mismatch.get("error") or outcome["result"])])


def _notes(interaction: Mapping[str, Any], notes: Mapping[str, list[str]]) -> list[str]:
    """What was said for the interaction: for its states, and in its conversation."""
    return [f"  {line}" for name in _names(interaction) for line in notes.get(name, ())]


def _names(interaction: Mapping[str, Any]) -> list[str]:
    """The names under which the other process notes what belongs to the interaction."""
    return [*(f"state: {each['name']}" for each in interaction.get("providerStates", ())), interaction["description"]]


def curl(target: Target, interaction: Mapping[str, Any]) -> str:
    """The command that repeats an HTTP interaction; its states must hold."""
    request = interaction["request"]
    words = ["curl", "-i", "-X", request["method"], target.rest + request["path"]]
    if target.key:
        words += ["-H", "authorization: Bearer $QBRIDGE_API_KEY"]
    if "body" in request:
        words += ["-H", "content-type: application/json", "-d", json.dumps(request["body"]["content"])]
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """A word for the shell; the key's variable stays one."""
    return f'"{word}"' if "$QBRIDGE_API_KEY" in word else shlex.quote(word)
