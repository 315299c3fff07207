"""What a vector operation must keep before any engine sees it: one place, so that all engines refuse alike.

`check_operation` is cheap (no number is looked at) and runs before acceptance; `matrix_of` and
`metadata_of` look at the values and run in a worker thread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    Error,
    ErrorCode,
    FieldViolation,
    Operation,
    OperationSpec,
    Reply,
    UpsertVectors,
    Vector,
    VectorCount,
)
from qbridge_server.backends.filters import check_filter

Matrix = NDArray[np.float32]

PREFIX = "request.operation"
CONVERTED_AT_ONCE = 16384
"""Python numbers turned into float32 in one call, which holds the interpreter for about half a millisecond."""

VECTOR_OPERATIONS = [
    OperationSpec(name="create_collection", description="Makes a collection."),
    OperationSpec(name="delete_collection", description="Deletes a collection with all that it holds."),
    OperationSpec(name="list_collections", description="Lists the collections."),
    OperationSpec(name="upsert", description="Writes vectors with their metadata."),
    OperationSpec(name="query", description="Finds the nearest vectors."),
    OperationSpec(name="get", description="Reads vectors by id."),
    OperationSpec(name="delete", description="Deletes vectors by id or by filter."),
    OperationSpec(name="count", description="Counts vectors."),
]


def invalid(field: str, rule: str, message: str) -> BridgeError:
    """INVALID_ARGUMENT that names the field and the rule."""
    violation = FieldViolation(field=field, rule=rule, message=message)
    return BridgeError.of(ErrorCode.INVALID_ARGUMENT, message, violations=[violation])


def unknown_collection(name: str) -> Error:
    """NOT_FOUND for a collection, saying what to do."""
    message = f"The collection {name} does not exist; create it first (list_collections shows what there is)."
    return BridgeError.of(ErrorCode.NOT_FOUND, message).error


def collection_exists(name: str, dimension: int, metric: str) -> Error:
    """ALREADY_EXISTS for a collection, saying what is there."""
    message = f"The collection {name} exists already with dimension {dimension} and metric {metric}."
    return BridgeError.of(ErrorCode.ALREADY_EXISTS, message).error


def counted(count: int) -> Reply:
    """The reply of whatever answers a number."""
    return Reply(count=VectorCount(count=count))


def lane_of(operation: Operation, backend: str) -> str:
    """The lane of a vector operation: COLLECTION/read or COLLECTION/write; checks the operation on the way.

    All reads of a collection share a lane, since a batch groups them by itself; all its writes share one, so
    that they keep their order. Raises BridgeError: UNIMPLEMENTED, INVALID_ARGUMENT.
    """
    read = operation.query or operation.get or operation.count
    if read is not None:
        check_operation(operation)
        return f"{read.collection}/read"
    write = operation.upsert or operation.delete or operation.create_collection or operation.delete_collection
    if write is not None:
        check_operation(operation)
        return f"{write.collection}/write"
    if operation.list_collections is not None:
        return "collections"
    message = f"The backend {backend} offers vector operations only, no invoke."
    raise BridgeError.of(ErrorCode.UNIMPLEMENTED, message)


def check_operation(operation: Operation) -> None:
    """Refuses what can never succeed, by its form alone. Raises BridgeError INVALID_ARGUMENT."""
    if (query := operation.query) is not None:
        shape_of(query.queries, f"{PREFIX}.query.queries")
        if query.filter is not None:
            check_filter(query.filter, f"{PREFIX}.query.filter")
    elif (upsert := operation.upsert) is not None:
        _check_upsert(upsert)
    elif (delete := operation.delete) is not None:
        if not delete.ids and delete.filter is None:
            raise invalid(f"{PREFIX}.delete", "delete.target", "A delete names ids or a filter; it has neither.")
        if delete.ids and delete.filter is not None:
            raise invalid(f"{PREFIX}.delete", "delete.target", "A delete names ids or a filter; it has both.")
        if delete.filter is not None:
            check_filter(delete.filter, f"{PREFIX}.delete.filter")
    elif (count := operation.count) is not None and count.filter is not None:
        check_filter(count.filter, f"{PREFIX}.count.filter")


def _check_upsert(upsert: UpsertVectors) -> None:
    field = f"{PREFIX}.upsert"
    rows, _ = shape_of(upsert.vectors, f"{field}.vectors")
    if rows != len(upsert.ids):
        message = f"There are {len(upsert.ids)} ids for {rows} vectors; each vector has one id."
        raise invalid(f"{field}.ids", "upsert.lengths", message)
    if upsert.metadata and len(upsert.metadata) != rows:
        message = f"There are {len(upsert.metadata)} metadata objects for {rows} vectors; give one each, or none."
        raise invalid(f"{field}.metadata", "upsert.lengths", message)
    if len(set(upsert.ids)) != rows:
        raise invalid(f"{field}.ids", "upsert.unique", "An id occurs twice; name each id once.")


def shape_of(vector: Vector | None, field: str) -> tuple[int, int]:
    """(rows, dimension) of a Vector. Raises BridgeError INVALID_ARGUMENT where its parts disagree."""
    if vector is None or (vector.f32le is None) == (vector.values is None):
        raise invalid(field, "vector.data", "The vector has no numbers; give f32le or values.")
    if vector.f32le is not None:
        size, rest = divmod(len(vector.f32le), 4)
        if rest:
            message = f"f32le has {len(vector.f32le)} bytes; float32 numbers need a multiple of 4."
            raise invalid(f"{field}.f32le", "vector.bytes", message)
    else:
        size = len(vector.values.items)  # type: ignore[union-attr]  # one of the two is there
    shape = vector.shape or [size]
    rows, dimension = (1, shape[0]) if len(shape) == 1 else (shape[0], shape[-1])
    if len(shape) > 2 or rows < 1 or dimension < 1 or rows * dimension != size:
        message = f"The shape {list(vector.shape)} does not fit {size} numbers; it is [d] or [n, d]."
        raise invalid(f"{field}.shape", "vector.shape", message)
    return rows, dimension


def matrix_of(vector: Vector | None, field: str, dimension: int) -> Matrix:
    """The numbers of a Vector as float32 [n, dimension], read-only where they came as bytes.

    Raises BridgeError INVALID_ARGUMENT: wrong form, wrong dimension, NaN or infinity.
    """
    rows, width = shape_of(vector, field)
    assert vector is not None
    if width != dimension:
        message = f"The vectors have {width} numbers; the collection has dimension {dimension}."
        raise invalid(field, "vector.dimension", message)
    if vector.f32le is not None:
        numbers: Matrix = np.frombuffer(vector.f32le, dtype="<f4")
    else:
        assert vector.values is not None
        numbers = _from_numbers(vector.values.items, field)
    finite = np.isfinite(numbers)
    if not finite.all():
        place = int(np.argmin(finite))
        message = f"Number {place % width} of vector {place // width} is {numbers[place]}; all must be finite."
        raise invalid(field, "vector.finite", message)
    return numbers.reshape(rows, width)


def _from_numbers(items: Sequence[float], field: str) -> Matrix:
    numbers = np.empty(len(items), dtype=np.float32)
    try:
        with np.errstate(over="ignore"):
            for start in range(0, len(items), CONVERTED_AT_ONCE):
                end = start + CONVERTED_AT_ONCE
                numbers[start:end] = items[start:end]
    except (TypeError, ValueError, OverflowError) as error:
        message = f"The array holds something that is no float32: {error}."
        raise invalid(f"{field}.values", "vector.values", message) from None
    return numbers


def vector_of(matrix: Matrix) -> Vector:
    """A matrix as the contract's bytes."""
    return Vector(f32le=matrix.astype("<f4", copy=False).tobytes(), shape=list(matrix.shape))


def metadata_of(metadata: Sequence[Any], field: str) -> list[bytes]:
    """Each object as JSON. Raises BridgeError INVALID_ARGUMENT for what JSON cannot say."""
    rows: list[bytes] = []
    for place, item in enumerate(metadata):
        try:
            if not isinstance(item, dict):
                raise TypeError("it is no object")
            _check_json(item)
            rows.append(msgspec.json.encode(item))
        except (TypeError, ValueError, OverflowError, RecursionError, UnicodeError) as error:
            message = f"The metadata of vector {place} cannot be JSON: {error}."
            raise invalid(f"{field}[{place}]", "metadata.json", message) from None
    return rows


def _check_json(value: Any) -> None:
    """Refuses numbers that JSON, or a double, does not have; the encoder would write null for NaN."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is float or kind is int:
        if not math.isfinite(float(value)):
            raise ValueError(f"{value} is no JSON number")
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"the key {key!r} is no string")
            _check_json(item)
    elif kind is list or kind is tuple:
        for item in value:
            _check_json(item)
    else:
        raise TypeError(f"{kind.__name__} is no JSON type")
