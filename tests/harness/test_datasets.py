"""Data sets: the same on every run, and what is computed from them is right."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest

from qbridge_harness.datasets import hashed, load_data, rows_of


def test_the_digits_are_all_there(cases_folder: Path) -> None:
    digits = load_data("digits", cases_folder / "data").document(0, None, "")
    assert (digits["count"], digits["dimension"], digits["shape"]) == (1797, 64, [1797, 64])
    assert len(set(digits["ids"])) == 1797
    assert set(digits["labels"]) == set("0123456789")
    packed = base64.b64decode(digits["f32le"])
    assert struct.unpack("<64f", packed[:256]) == tuple(digits["values"][0])


def test_rows_can_be_cut_and_named(cases_folder: Path) -> None:
    some = load_data("digits", cases_folder / "data").document(10, 5, "new-")
    assert some["ids"] == [f"new-digit-{row:04}" for row in range(10, 15)]


def test_topics_are_unit_vectors_of_their_words() -> None:
    topics = load_data("topics", Path("nowhere")).document(0, None, "")
    assert topics["count"] > 50
    assert all(abs(sum(x * x for x in row) - 1) < 1e-5 for row in topics["values"])
    assert hashed("a word and Another") == hashed("another AND word")
    assert hashed("one thing") != hashed("other thing")


def test_a_missing_data_set_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"needs .*flowers\.csv\.gz"):
        load_data("flowers", tmp_path)


def test_columns_become_rows() -> None:
    assert rows_of({"ids": ["a", "b", "c"], "counts": [2, 0, 1]}) == [["a", "b"], [], ["c"]]
