"""Variables: types are kept, texts are joined, and what is missing is named."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_harness.language.fresh import ulid
from qbridge_harness.language.values import UnknownVariable, fill, head, references

VARIABLES: dict[str, Any] = {"n": 5, "list": [{"id": "a"}, {"id": "b"}], "map": {"x y": 1}, "text": "t"}


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("${n}", 5),
        ("n=${n}", "n=5"),
        ("${n+1}", 6),
        ("${list[0].id}", "a"),
        ("${list[-1].id}", "b"),
        ("${list.1.id}", "b"),
        ('${map["x y"]}', 1),
        ({"${text}": ["${n}", "x"]}, {"t": [5, "x"]}),
        ("${new.text(3)}", "xxx"),
        ("${new.text(n)}", "xxxxx"),
        ("${new.text(n+1)}", "xxxxxx"),
        ("no variables", "no variables"),
        (None, None),
    ],
)
def test_references_are_replaced(value: Any, filled: Any) -> None:
    assert fill(value, VARIABLES) == filled


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("${m}", "has no 'm'"),
        ("${list[2]}", "has 2 items"),
        ("${n.a}", "is no object"),
        ("${map[0]}", "is no list"),
        ("${n..}", "is no path"),
    ],
)
def test_what_is_missing_is_named(value: str, told: str) -> None:
    with pytest.raises(UnknownVariable, match=told.replace("[", r"\[")):
        fill(value, VARIABLES)


def test_fresh_values_differ_and_times_move() -> None:
    assert fill("${new.ulid}", {}) != fill("${new.ulid}", {})
    assert fill("${new.request_id}", {}).startswith("req_")
    assert fill("${now-60}", {}) < fill("${now}", {}) < fill("${now+60}", {})


def test_many_ids_are_made_at_once() -> None:
    assert len(set(fill("${new.request_ids(5)}", {}))) == 5


def test_ulids_of_one_process_sort_by_age() -> None:
    made = [ulid() for _ in range(1000)]
    assert made == sorted(set(made))
    assert all(len(each) == 26 for each in made)


def test_references_are_found_at_any_depth() -> None:
    found = references({"a": ["${x.y}", {"${k}": "${z}"}]})
    assert [head(each) for each in found] == ["x", "k", "z"]
