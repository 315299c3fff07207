"""Structs to and from JSON, by the proto3 mapping.

What everybody sends, canonical lowerCamelCase, goes through msgspec alone. What only the mapping allows
(names in snake_case, numbers of enums, 64-bit integers as strings, nulls, base64url) is first rewritten
to that form by `_lenient`. Of a name given twice the last one holds.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from qbridge_contract._checks import CHECKS, FINITE, WIDE
from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode, Message

_S = TypeVar("_S", bound=Message)
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_ENCODE = msgspec.json.Encoder().encode


def decode(kind: type[_S], data: bytes, *, ignore_unknown: bool = False) -> _S:
    """The struct in a JSON text. Raises BridgeError MALFORMED, which names the place and what is wrong.

    `ignore_unknown` passes over fields that the contract lacks: for a client that reads the answer of a newer server.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    try:
        struct: _S = decoder.decode(data)
    except msgspec.ValidationError:
        struct = _decode_slowly(kind, data, ignore_unknown)
    except _UNREADABLE as error:
        raise _malformed(kind, _words(kind, error)) from error
    check = CHECKS.get(kind)
    if check is not None and (fault := check(struct)):
        raise _malformed(kind, f"{kind.__name__}{fault}")
    return struct


def encode(struct: Message) -> bytes:
    """The JSON text of a struct: lowerCamelCase, defaults left out.

    Raises BridgeError INVALID_ARGUMENT where a value does not fit the contract.
    """
    kind = type(struct)
    try:
        if kind in WIDE or (kind in FINITE and not FINITE[kind](struct)):
            from qbridge_contract import _lenient

            return _ENCODE(_lenient.plain(struct))
        return _ENCODE(struct)
    except (msgspec.EncodeError, AttributeError, TypeError, ValueError, RecursionError) as error:
        message = f"{kind.__name__} cannot be written as JSON: {error}."
        raise BridgeError.of(ErrorCode.INVALID_ARGUMENT, message) from error


def _decode_slowly(kind: type[_S], data: bytes, ignore_unknown: bool) -> _S:
    """Rewrites the text to canonical names and values; what msgspec refuses then is wrong indeed."""
    from qbridge_contract import _lenient

    try:
        tree = _lenient.canonical(kind, msgspec.json.decode(data), ignore_unknown=ignore_unknown)
        return msgspec.convert(tree, kind)
    except _lenient.Twice as error:
        raise _malformed(kind, str(error).replace("`.", f"`{kind.__name__}.")) from error
    except _UNREADABLE as error:
        raise _malformed(kind, _words(kind, error)) from error


def _malformed(kind: type, words: str) -> BridgeError:
    return BridgeError.of(ErrorCode.MALFORMED, f"The JSON is not a {kind.__name__}: {words.rstrip('.')}.")


def _words(kind: type, error: Exception) -> str:
    """msgspec's words, with its `$` replaced by the message's name."""
    if isinstance(error, RecursionError):
        return "it nests too deep"
    return str(error).replace("`$", f"`{kind.__name__}")
