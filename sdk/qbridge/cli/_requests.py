"""call, submit, result, watch, explain, cancel, requests: work of any kind."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from qbridge.cli._output import client_of, common, print_message, print_table, print_value
from qbridge.exceptions import invalid

_PAYLOAD = "text; JSON where it begins with { or [; @FILE for a file's bytes; - for standard input"


def register(commands: Any) -> None:
    """Adds this file's commands."""
    for name, run, words in (
        ("call", _call, "do work and print the answer"),
        ("submit", _submit, "hand work over and print its request id"),
    ):
        parser = commands.add_parser(name, parents=[common()], help=words, description=f"{words.capitalize()}.")
        parser.add_argument("backend", help="the backend's name; - leaves the choice to the routing rules")
        parser.add_argument("operation", help="what to do, in the backend's words")
        parser.add_argument("payload", nargs="?", help=_PAYLOAD)
        parser.add_argument("--durability", help="memory, process, disk or replicated")
        parser.add_argument("--priority", type=int, help="0 (last) to 9 (first)")
        parser.add_argument("--idempotency-key", default="", metavar="KEY", help="same key, same work: done once")
        parser.add_argument("--label", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
        parser.add_argument("--read-only", action="store_true", help="the operation changes nothing")
        parser.set_defaults(run=run)
    for name, run, words in (
        ("result", _result, "wait for a submitted request and print its answer"),
        ("watch", _watch, "print the states of a request until it is final"),
        ("explain", _explain, "say why a request waits, or where its time went"),
        ("cancel", _cancel, "cancel a request"),
    ):
        parser = commands.add_parser(name, parents=[common()], help=words, description=f"{words.capitalize()}.")
        parser.add_argument("request_id", help="the id that submit printed")
        parser.set_defaults(run=run)
    listing = commands.add_parser("requests", parents=[common()], help="list your requests, newest first")
    listing.add_argument("--backend", default="", help="only those of this backend")
    listing.add_argument("--state", default="unspecified", help="only those in this state, for example queued")
    listing.add_argument("-n", type=int, default=20, help="how many [20]")
    listing.set_defaults(run=_requests)


def read_payload(text: str | None) -> Any:
    """The payload that the words mean. Raises InvalidRequest for a broken file name or broken JSON."""
    if text is None:
        return None
    if text == "-":
        return sys.stdin.buffer.read()
    if text.startswith("@"):
        try:
            return Path(text[1:]).read_bytes()
        except OSError as error:
            raise invalid(f"payload {text}: {error.strerror}") from error
    if text[:1] in ("{", "["):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise invalid(f"payload: it begins as JSON, but is none: {error}") from error
    return text


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    labels = {}
    for label in arguments.label:
        name, separator, value = label.partition("=")
        if not separator:
            raise invalid(f"--label {label}: write NAME=VALUE")
        labels[name] = value
    return {
        "durability": arguments.durability,
        "priority": arguments.priority,
        "idempotency_key": arguments.idempotency_key,
        "labels": labels,
        "read_only": arguments.read_only,
    }


def _backend(arguments: argparse.Namespace) -> str:
    return "" if arguments.backend == "-" else str(arguments.backend)


def _call(arguments: argparse.Namespace) -> None:
    payload, options = read_payload(arguments.payload), _options(arguments)
    with client_of(arguments) as client:
        answer = client.call(_backend(arguments), arguments.operation, payload, **options)
    print_value(answer)


def _submit(arguments: argparse.Namespace) -> None:
    payload, options = read_payload(arguments.payload), _options(arguments)
    with client_of(arguments) as client:
        accepted = client.submit(_backend(arguments), arguments.operation, payload, **options)
    print_message(accepted) if arguments.json else print(accepted.request_id)


def _result(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        print_value(client.result(arguments.request_id))


def _watch(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        for event in client.watch(arguments.request_id):
            if arguments.json:
                print_message(event)
            else:
                print(f"{event.at:%H:%M:%S.%f} {event.state.name}" if event.at else event.state.name, flush=True)


def _explain(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        answer = client.explain(arguments.request_id)
    if arguments.json:
        print_message(answer)
        return
    print(f"{answer.state.name}: {answer.sentence}")
    if answer.lost_by:
        print(f"durability {answer.durability.name}: {answer.lost_by}")
    if answer.stages:
        print_table(("stage", "us"), [(stage.stage, f"{stage.duration_us:.0f}") for stage in answer.stages])


def _cancel(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        record = client.cancel(arguments.request_id)
    print_message(record) if arguments.json else print(record.state.name)


def _requests(arguments: argparse.Namespace) -> None:
    with client_of(arguments) as client:
        records = list(islice(client.requests(backend=arguments.backend, state=arguments.state), arguments.n))
    if arguments.json:
        for record in records:
            print_message(record)
        return
    rows = [
        (record.request.id, record.lane, record.state.name, record.attempts)
        for record in records
        if record.request is not None
    ]
    print_table(("request", "lane", "state", "attempts"), rows)
