"""Keeps a fuzzing run from waiting and from sawing off its own branch.

schemathesis loads this in its own process. What the deployment had before the run (keys, tenants) is spared: else the
run would revoke the key that it calls with, and everything after would be a 401 that proves nothing.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

import protovalidate
import schemathesis
from google.protobuf import descriptor_pool, json_format, message_factory
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

from qbridge_contract import convert  # noqa: F401 - it puts the messages into the pool
from qbridge_contract.routes import ROUTES

WAIT_S_MAX = 0.2
"""How long a generated request may ask the server to wait."""
THE_ONLY_DATE = "2000-01-01T00:00:00Z"
"""What the coverage phase knows of dates: as a deadline it would end every case before it begins."""


def _there_before() -> set[str]:
    """Key ids and tenants of the target; empty where this caller may not see them."""
    address, key = os.environ["QBRIDGE_FUZZ_TARGET"], os.environ.get("QBRIDGE_API_KEY", "")
    request = urllib.request.Request(f"{address}/v1/keys")  # noqa: S310 - the command has looked at the scheme
    if key:
        request.add_header("authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
            keys = json.load(response).get("keys", [])
    except urllib.error.HTTPError:
        return set()
    return {each["keyId"] for each in keys} | {each["tenant"] for each in keys}


SPARED = _there_before()
SCHEMA_RULES = {"required", "enum", "string", "bytes", "bool", "double", "float", "uint32", "int32", "repeated", "map"}
"""First words of protovalidate's own rules, which the schema says too: `string.pattern`. Others are the backends'."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """The last moment before the wire: here the data drawn from earlier answers is in, too."""
    if case.method != "GET":
        _spare(case.path_parameters or {})
    if isinstance(case.query, dict):
        _shorten(case.query, "waitS")
    if isinstance(case.body, dict):
        if isinstance(case.body.get("operation"), dict):
            # Without a time-out, a backend that nobody serves is waited for until the server's own.
            case.body["timeoutS"] = case.body.get("timeoutS") or WAIT_S_MAX
            if case.body.get("deadline") == THE_ONLY_DATE:
                del case.body["deadline"]
        _shorten(case.body, "timeoutS")


def _spare(places: dict[str, Any]) -> None:
    """Sends what would change a key or a quota of before to one that nobody has."""
    for name in ("key_id", "tenant"):
        if places.get(name) in SPARED:
            places[name] = f"{places[name]}x"


def _shorten(members: dict[str, Any], name: str) -> None:
    """Valid stays valid, invalid stays invalid."""
    value = members.get(name)
    if isinstance(value, float | int) and not isinstance(value, bool) and WAIT_S_MAX < value <= 31_536_000:
        members[name] = WAIT_S_MAX


# ---------------------------------------------------------------- where the tool and the contract differ


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """False for what is no defect; each function below is one reason."""
    if isinstance(failure, AcceptedNegativeData):
        return not proto_reads_it(case)
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        return not (no_body_was_made(case) or schema_cannot_say_it(response.json()))
    return True


def proto_reads_it(case: Any) -> bool:
    """Proto3 JSON is wider than its schema: null is a missing field, "7" is a number. protobuf itself is the judge.

    What the path and the headers bring replaces what the body says of it.
    """
    wrong = {place for place, part in case.meta.components.items() if part.mode.is_negative}
    route = next((each for each in ROUTES if (each.http_method, each.path) == (case.method, case.path)), None)
    if wrong != {ParameterLocation.BODY} or route is None or not route.body:
        return False
    message = _message_of(route.rpc.request.__name__)
    part = message if route.body == "*" else getattr(message, route.body)
    try:
        json_format.ParseDict(case.body, part)
        for place, path in route.path_params.items():
            setattr(part, path.rsplit(".", 1)[-1], case.path_parameters[place])
        if "idempotency-key" in route.header_params and (key := (case.headers or {}).get("Idempotency-Key")):
            part.idempotency_key = key
        protovalidate.validate(message)
    except (json_format.ParseError, protovalidate.ValidationError):
        return False
    return True


def _message_of(name: str) -> Any:
    descriptor = descriptor_pool.Default().FindMessageTypeByName(f"qbridge.v1.{name}")
    return message_factory.GetMessageClass(descriptor)()


def no_body_was_made(case: Any) -> bool:
    """The coverage phase gives up on a schema that contains itself (a filter in a filter), and sends the number 0."""
    return bool(case.body == 0)


def schema_cannot_say_it(problem: dict[str, Any]) -> bool:
    """Rules across fields, and about what the server holds: its own page tokens, versions of 32 bits."""
    rules = {each["rule"].split(".")[0] for each in problem.get("violations", ())}
    unsaid = ("The page token is not one", "The parameter expected_version cannot be")
    return bool(rules - SCHEMA_RULES) or str(problem["detail"]).startswith(unsaid)
