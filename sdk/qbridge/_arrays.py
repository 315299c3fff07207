"""Vectors between numpy and the wire: little-endian float32 bytes, out without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qbridge.exceptions import invalid
from qbridge_contract.structs import Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_F32LE = np.dtype("<f4")


def as_matrix(vectors: Any, what: str) -> Floats:
    """Vectors as a C-ordered [n, d] float32 matrix; no copy where it is one already.

    Raises InvalidRequest for ragged rows, other shapes, and numbers that are not finite.
    """
    try:
        matrix = np.ascontiguousarray(vectors, dtype=_F32LE)
    except (TypeError, ValueError) as error:
        raise invalid(f"{what}: not numbers in rows of one length: {error}", what) from error
    if matrix.ndim == 1:
        matrix = matrix.reshape(1, -1)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise invalid(f"{what}: shape {matrix.shape} is neither [d] nor [n, d]", what)
    if not np.isfinite(matrix).all():
        raise invalid(f"{what}: every number must be finite; there are NaN or infinities in it", what)
    return matrix


def to_vector(matrix: Floats) -> Vector:
    """A matrix as the contract's Vector."""
    rows, dimension = matrix.shape
    return Vector(f32le=matrix.tobytes(), shape=[rows, dimension])


def from_vector(vector: Vector | None) -> Floats:
    """The numbers of a Vector, [n, d]: a read-only view on the received bytes."""
    if vector is None:
        return np.empty((0, 0), _F32LE)
    if vector.f32le is not None:
        flat = np.frombuffer(vector.f32le, _F32LE)
    else:
        flat = np.array(vector.values.items if vector.values else [], _F32LE)
    if len(vector.shape) == 2:
        return flat.reshape(vector.shape[0], vector.shape[1])
    return flat.reshape(1, -1) if flat.size else flat.reshape(0, 0)
