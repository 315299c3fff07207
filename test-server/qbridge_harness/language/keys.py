"""Which keys a place in a case file may have, found in the models: for the fix where a key is not known."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from qbridge_harness.language.steps import KINDS, TAG


def keys_at(location: Sequence[str | int], root: type[BaseModel]) -> list[str]:
    """The keys that the models allow at pydantic's location, which names the kind of each step on its way."""
    here: list[Any] = [root]
    for part in location:
        if isinstance(part, str) and part.startswith(TAG):
            here = [KINDS[part.removeprefix(TAG)]]
        else:
            # A part that leads nowhere is the name of a form that pydantic tried; the next one goes on from here.
            here = [inner for form in here for inner in _below(form, part)] or here
    models = [form for form in here if isinstance(form, type) and issubclass(form, BaseModel)]
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _below(form: Any, part: str | int) -> Iterator[Any]:
    """The forms of what stands under a key or a number."""
    origin, arguments = get_origin(form), get_args(form)
    if isinstance(form, type) and issubclass(form, BaseModel):
        for name, field in form.model_fields.items():
            if part == (field.alias or name):
                yield from _forms(field.annotation)
    elif origin is list and isinstance(part, int):
        yield from _forms(arguments[0])
    elif origin is dict:
        yield from _forms(arguments[1])


def _forms(annotation: Any) -> Iterator[Any]:
    """An annotation's alternatives."""
    if get_origin(annotation) is Annotated:
        yield from _forms(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _forms(each)
    else:
        yield annotation
