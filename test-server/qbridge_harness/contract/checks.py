"""The checks that every message passes, unasked, in both directions.

What the harness sent wrongly is the harness's fault (unless the step says `invalid: true`); what came back wrongly is
the deployment's. A violation fails the case, whatever its own expectations say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from google.protobuf import json_format, unknown_fields
from google.protobuf.message import Message

from qbridge_harness.contract.pool import Contract, Rpc
from qbridge_harness.contract.schemas import Schemas

Blame = Literal["deployment", "harness"]
PROBLEM_TYPE = "urn:qbridge:error:"


@dataclass(frozen=True, slots=True)
class Violation:
    """A message that breaks the contract."""

    blame: Blame
    where: str
    check: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} (check {self.check}, fault of the {self.blame})"


class Checks:
    """All checks of one contract; each method gives the violations of one message."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schemas = Schemas(contract.openapi)

    def message(self, blame: Blame, where: str, message: Message) -> list[Violation]:
        """A protobuf message: no fields and no enum values that the contract does not have."""
        return [Violation(blame, where, "descriptor", text) for text in _unknown(message, message.DESCRIPTOR.name)]

    def json_message(self, blame: Blame, where: str, rpc: Rpc, body: Any, *, request: bool) -> list[Violation]:
        """A JSON message of a stream: what the descriptor's JSON form allows."""
        descriptor = rpc.request if request else rpc.response
        try:
            self.contract.parse_json(descriptor, body)
        except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
            return [Violation(blame, where, "descriptor", f"This is no {descriptor.name}: {error}.")]
        return []

    def rest_request(self, rpc: Rpc, body: Any) -> list[Violation]:
        """A JSON body that the harness sends."""
        problems = self.schemas.request_problems(rpc, body)
        return [Violation("harness", f"{rpc.http_method} {rpc.http_path}", "schema", text) for text in problems]

    def rest_response(self, rpc: Rpc, status: int, headers: Mapping[str, str], body: Any) -> list[Violation]:
        """A response that is no stream: status, media type, body."""
        where = f"{rpc.http_method} {rpc.http_path} -> {status}"
        if status >= 400:
            return self.problem(where, status, headers, body)
        found = []
        if status != rpc.success_status:
            text = f"A success of {rpc.name} has status {rpc.success_status}, not {status}."
            found.append(Violation("deployment", where, "status", text))
        media = headers.get("content-type", "").split(";")[0].strip()
        if media != "application/json":
            text = f"The media type is {media or 'missing'}, not application/json."
            found.append(Violation("deployment", where, "media-type", text))
        try:
            self.contract.parse_json(rpc.answers, body)
        except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
            found.append(Violation("deployment", where, "descriptor", f"This is no {rpc.answers.name}: {error}."))
        problems = self.schemas.response_problems(rpc, status, body)
        found += [Violation("deployment", where, "schema", text) for text in problems]
        return found

    def problem(self, where: str, status: int, headers: Mapping[str, str], body: Any) -> list[Violation]:
        """An error over REST: problem+json by RFC 9457, and a row of the error table."""
        texts = []
        media = headers.get("content-type", "").split(";")[0].strip()
        if media != "application/problem+json":
            texts.append(f"The media type of an error is application/problem+json, not {media or 'missing'}.")
        texts += self.problem_texts(body, status)
        wait = body.get("retryAfterS") if isinstance(body, dict) else None
        if isinstance(wait, int | float) and wait > 0 and "retry-after" not in headers:
            texts.append("The error says retryAfterS, but there is no Retry-After header.")
        if status == 405 and "allow" not in headers:
            texts.append("A 405 has an Allow header.")
        return [Violation("deployment", where, "problem", text) for text in texts]

    def problem_texts(self, body: Any, status: int) -> list[str]:
        """What is wrong with the members of a problem; `status` is that of the response, or of the close code."""
        if not isinstance(body, dict):
            return ["The body of an error is a JSON object with the members of RFC 9457."]
        row = self.contract.errors.get(str(body.get("code")))
        if row is None:
            return [f"The code {body.get('code')!r} is not in the error table."]
        wanted = {
            "type": PROBLEM_TYPE + row.code,
            "title": row.title,
            "status": row.http_status,
            "retryable": row.retryable,
        }
        texts = [
            f"The member {name} of {row.code} is {value!r}, not {body.get(name)!r}."
            for name, value in wanted.items()
            if body.get(name) != value and not (name == "retryable" and row.code == "BACKEND_FAILED")
        ]
        if status != row.http_status:
            texts.append(f"{row.code} goes with status {row.http_status}, not {status}.")
        if not isinstance(body.get("detail"), str) or not body["detail"]:
            texts.append("The member detail is missing: it says what happened, for a person.")
        return texts

    def grpc_error(self, where: str, status: str, error: Mapping[str, Any] | None, reason: str) -> list[Violation]:
        """An error over gRPC: the table's status, with ErrorInfo and qbridge.v1.Error as details."""
        if error is None or not reason:
            missing = "qbridge.v1.Error" if error is None else "google.rpc.ErrorInfo of the domain qbridge.v1"
            return [Violation("deployment", where, "details", f"The status {status} has no {missing} in its details.")]
        code = str(error.get("code"))
        row = self.contract.errors.get(code)
        texts = []
        if row is None:
            texts.append(f"The code {code} is not in the error table.")
        elif row.grpc_status != status:
            texts.append(f"{code} goes with {row.grpc_status}, not {status}.")
        if reason != code:
            texts.append(f"ErrorInfo says {reason}, but qbridge.v1.Error says {code}.")
        return [Violation("deployment", where, "details", text) for text in texts]


def _unknown_fields(message: Message) -> Any:
    """The stubs do not say that the set can be walked."""
    return unknown_fields.UnknownFieldSet(message)


def _unknown(message: Message, path: str) -> list[str]:
    """The fields of a message, at any depth, that its descriptor does not have."""
    found = [f"{path} has the unknown field {each.field_number}." for each in _unknown_fields(message)]
    for field, value in message.ListFields():
        if field.enum_type is not None:
            numbers = value if field.is_repeated else [value]
            strange = [number for number in numbers if number not in field.enum_type.values_by_number]
            found += [f"{path}.{field.name} has the unknown enum value {number}." for number in strange]
        kind = field.message_type
        if kind is None or kind.GetOptions().map_entry or kind.file.package == "google.protobuf":
            continue
        place = f"{path}.{field.name}"
        members = value if field.is_repeated else [value]
        for member in members:
            found += _unknown(member, place)
    return found
