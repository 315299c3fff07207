"""The metadata of a collection as columns, so that a filter is arithmetic on arrays and not a loop over rows.

One column a key. A column has an entry for each slot whose metadata has the key: the slot, what type the value
has, and the value as a double (a string is a number in the column's dictionary). Entries are only appended, in the
order of the slots: whoever knows how many slots he may see can read while the one writer appends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qbridge_contract.structs import Comparison, Condition, Filter
from qbridge_server.backends.filters import ORDER, Scalar, scalar

Mask = NDArray[np.bool_]
Slots = NDArray[np.int64]

OTHER, NUMBER, STRING, BOOLEAN = range(4)
CAPACITY_MIN = 64


class Column:
    """The values of one key."""

    __slots__ = ("_arrays", "_codes", "_size", "_strings")

    def __init__(self) -> None:
        self._arrays = (
            np.empty(CAPACITY_MIN, dtype=np.int64),
            np.empty(CAPACITY_MIN, dtype=np.uint8),
            np.empty(CAPACITY_MIN, dtype=np.float64),
        )
        self._size = 0
        self._codes: dict[str, int] = {}
        self._strings: list[str] = []

    def extend(self, slots: Sequence[int], values: Sequence[Any]) -> None:
        """Appends entries; the slots ascend and lie behind all earlier ones."""
        start, end = self._size, self._size + len(slots)
        if end > len(self._arrays[0]):
            capacity = max(end, 2 * len(self._arrays[0]))
            self._arrays = tuple(np.resize(array, capacity) for array in self._arrays)  # type: ignore[assignment]
        encoded = [self._encode(scalar(value)) for value in values]
        at, kinds, numbers = self._arrays
        at[start:end] = slots
        kinds[start:end] = [kind for kind, _ in encoded]
        numbers[start:end] = [number for _, number in encoded]
        self._size = end

    def _encode(self, value: Scalar | None) -> tuple[int, float]:
        if isinstance(value, str):
            code = self._codes.get(value)
            if code is None:
                code = self._codes[value] = len(self._strings)
                self._strings.append(value)
            return STRING, float(code)
        if isinstance(value, bool):
            return BOOLEAN, float(value)
        return (OTHER, 0.0) if value is None else (NUMBER, value)

    def entries(self, size: int) -> tuple[Slots, NDArray[np.uint8], NDArray[np.float64]]:
        """(slots, types, values) of the entries below slot `size`."""
        at, kinds, numbers = self._arrays
        end = int(np.searchsorted(at[: self._size], size))
        return at[:end], kinds[:end], numbers[:end]

    def chosen(self, condition: Condition, size: int) -> Slots:
        """The slots below `size` whose value the condition holds for; NE and EXISTS are the caller's."""
        at, kinds, numbers = self.entries(size)
        comparison = condition.comparison
        hits: Mask = np.zeros(len(at), dtype=bool)
        if comparison is Comparison.IN:
            for kind, wanted in self._by_kind(condition.value).items():
                hits |= (kinds == kind) & np.isin(numbers, wanted)
        elif comparison not in ORDER:
            kind, number = self._find(scalar(condition.value))
            hits = (kinds == kind) & (numbers == number)
        elif isinstance(value := scalar(condition.value), str):
            hits = (kinds == STRING) & self._ordered(ORDER[comparison], value, kinds, numbers)
        else:
            hits = (kinds == NUMBER) & ORDER[comparison](numbers, value)
        chosen: Slots = at[hits]
        return chosen

    def _find(self, value: Scalar | None) -> tuple[int, float]:
        """How the value is encoded; a string that the column has never seen is equal to nothing."""
        if isinstance(value, str):
            return STRING, float(self._codes.get(value, -1))
        return (BOOLEAN if isinstance(value, bool) else NUMBER), float(value or 0.0)

    def _by_kind(self, values: Sequence[Any]) -> dict[int, list[float]]:
        found: dict[int, list[float]] = {}
        for value in values:
            kind, number = self._find(scalar(value))
            found.setdefault(kind, []).append(number)
        return found

    def _ordered(
        self,
        holds: Callable[[str, str], bool],
        value: str,
        kinds: NDArray[np.uint8],
        numbers: NDArray[np.float64],
    ) -> Mask:
        """Which entries' strings are so ordered to `value`: compared once a different string, not once a row."""
        table = np.fromiter((holds(string, value) for string in self._strings), dtype=bool)
        codes = np.where(kinds == STRING, numbers, 0.0).astype(np.int64)
        return table[codes] if len(table) else np.zeros(len(codes), dtype=bool)


class Columns:
    """All columns of a collection. One writer appends; readers ask for masks of the slots that they may see."""

    def __init__(self) -> None:
        self._columns: dict[str, Column] = {}

    def extend(self, first_slot: int, metadata: Sequence[Mapping[str, Any]]) -> None:
        """Appends the metadata of the slots from `first_slot` on."""
        added: dict[str, tuple[list[int], list[Any]]] = {}
        for slot, item in enumerate(metadata, first_slot):
            for key, value in item.items():
                slots, values = added.setdefault(key, ([], []))
                slots.append(slot)
                values.append(value)
        for key, (slots, values) in added.items():
            column = self._columns.get(key)
            if column is None:
                column = Column()
                column.extend(slots, values)
                self._columns[key] = column
            else:
                column.extend(slots, values)

    def mask(self, filter_: Filter, size: int) -> Mask:
        """Which of the first `size` slots pass a checked filter."""
        if filter_.where is not None:
            return self._condition(filter_.where, size)
        if filter_.not_ is not None:
            return ~self.mask(filter_.not_, size)
        several = filter_.all or filter_.any
        assert several is not None
        mask = self.mask(several.filters[0], size)
        for part in several.filters[1:]:
            if filter_.all is not None:
                mask &= self.mask(part, size)
            else:
                mask |= self.mask(part, size)
        return mask

    def _condition(self, condition: Condition, size: int) -> Mask:
        mask = np.zeros(size, dtype=bool)
        column = self._columns.get(condition.key)
        exists = condition.comparison is Comparison.EXISTS
        if column is not None:
            mask[column.entries(size)[0] if exists else column.chosen(condition, size)] = True
        negated = condition.comparison is Comparison.NE or (exists and not condition.value)
        return ~mask if negated else mask
