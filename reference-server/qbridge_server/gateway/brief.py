"""Errors of a bounded size. gRPC carries one in the trailers, of which clients take 8 KiB; all doors say the same.

There the sentence comes three times (status message, percent-encoded; google.rpc.Status; our Error) and a violation
twice, the last three in base64.

Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import FieldViolation

MESSAGE_BYTES_MAX = 1600
MESSAGE_WITH_VIOLATIONS_BYTES_MAX = 640
VIOLATIONS_BYTES_MAX = 3400
FIELD_BYTES_MAX, RULE_BYTES_MAX, WORDS_BYTES_MAX = 160, 80, 240
NOTE_BYTES_MAX = 48
FRAMING_BYTES = 30
"""Tags and lengths of one violation, in both its forms."""


def bounded(error: BridgeError) -> BridgeError:
    """The error, or one like it with a shorter sentence and fewer violations, which says how many it leaves out."""
    body = error.error
    violations = _kept(body.violations)
    left_out = len(body.violations) - len(violations)
    size_max = MESSAGE_WITH_VIOLATIONS_BYTES_MAX if violations else MESSAGE_BYTES_MAX
    if left_out:
        message = cut(body.message, size_max - NOTE_BYTES_MAX) + f" And {left_out} more violations."
    else:
        message = cut(body.message, size_max)
    if message == body.message and violations == body.violations:
        return error
    return BridgeError(msgspec.structs.replace(body, message=message, violations=violations))


def cut(text: str, size_max: int) -> str:
    """The text, or its start and three dots; `size_max` counts bytes as gRPC percent-encodes them."""
    if len(text) * 12 <= size_max:
        return text
    size = end = 0
    for index, char in enumerate(text):
        size += 1 if " " <= char <= "~" and char != "%" else 3 * len(char.encode("utf-8", "surrogatepass"))
        if size > size_max:
            return text[:end] + "..."
        if size <= size_max - 3:
            end = index + 1
    return text


def _kept(violations: Sequence[FieldViolation]) -> list[FieldViolation]:
    """The first violations, as many as there is room for."""
    kept: list[FieldViolation] = []
    room = VIOLATIONS_BYTES_MAX
    for each in violations:
        field, words = cut(each.field, FIELD_BYTES_MAX), cut(each.message, WORDS_BYTES_MAX)
        rule = cut(each.rule, RULE_BYTES_MAX)
        room -= 2 * len(f"{field}{words}".encode()) + len(rule.encode()) + FRAMING_BYTES
        if room < 0:
            break
        kept.append(FieldViolation(field=field, rule=rule, message=words))
    return kept
