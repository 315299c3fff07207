"""What a generic operation carries: bytes, text or JSON; the answer comes back as the same kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qbridge.exceptions import invalid
from qbridge_contract.structs import Payload

if TYPE_CHECKING:
    from pydantic import BaseModel

_BYTES = (bytes, bytearray, memoryview)


def is_model(value: object) -> bool:
    """True for a pydantic model, without importing pydantic."""
    return hasattr(type(value), "model_fields") and hasattr(value, "model_dump")


def to_payload(value: Any) -> Payload | None:
    """bytes as data, str as text, everything else (pydantic models too) as JSON; None as no payload.

    Raises InvalidRequest for what JSON cannot say: other objects, NaN, infinities.
    """
    if isinstance(value, bytes):
        return Payload(data=value)
    if value is None:
        return None
    if isinstance(value, str):
        return Payload(text=value)
    if isinstance(value, _BYTES):
        return Payload(data=bytes(value))
    if isinstance(value, Payload):
        return value
    return Payload(json=to_json(value, "request.operation.invoke.payload.json"))


def to_json(value: Any, field: str) -> Any:
    """Plain JSON values of `value`. Raises InvalidRequest naming `field`."""
    if is_model(value):
        return value.model_dump(mode="json")
    try:
        plain = msgspec.to_builtins(value, str_keys=True, enc_hook=_plain)
        _refuse_non_finite(plain, field)
    except (TypeError, NotImplementedError, RecursionError) as error:
        raise invalid(f"{field}: JSON cannot hold this: {error}; give bytes, str or plain values", field) from error
    return plain


def _plain(value: Any) -> Any:
    """What msgspec does not know: numpy scalars and arrays, and models inside of other values."""
    if is_model(value):
        return value.model_dump(mode="json")
    if hasattr(value, "tolist"):
        return value.tolist()
    raise NotImplementedError(f"objects of type {type(value).__name__}")


def _refuse_non_finite(value: Any, field: str) -> None:
    if isinstance(value, float):
        if value - value != 0.0:
            raise invalid(f"{field}: JSON has no NaN and no infinity; send null or text instead", field)
    elif isinstance(value, dict):
        for item in value.values():
            _refuse_non_finite(item, field)
    elif isinstance(value, list):
        for item in value:
            _refuse_non_finite(item, field)


def from_payload(payload: Payload | None) -> Any:
    """The bytes, text or JSON of a payload; None where there is none."""
    if payload is None:
        return None
    if payload.data is not None:
        return payload.data
    if payload.text is not None:
        return payload.text
    return None if payload.json is msgspec.UNSET else payload.json


def to_model(value: Any, model: type[BaseModel]) -> Any:
    """An answer as the user's pydantic model: JSON values, or JSON in bytes or text.

    Raises pydantic.ValidationError where the answer does not fit the model.
    """
    if isinstance(value, (bytes, str)):
        return model.model_validate_json(value)
    return model.model_validate(value)
