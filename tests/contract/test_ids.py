"""Ids sort by time, say their kind, and are told from what is none."""

from __future__ import annotations

import pytest

from qbridge_contract import ids


def test_ids_sort_by_time_then_by_entropy() -> None:
    made = [ids.new_id("req", wall_s, entropy) for wall_s in (0.0, 1.5, 1.7e9) for entropy in (0, 1, 2**80 - 1)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_a_prefix_and_a_ulid_with_its_time() -> None:
    made = ids.new_id("req", 1_700_000_000.123, 12345)
    assert ids.is_id("req", made)
    assert not ids.is_id("key", made)
    assert len(made) == len("req_") + 26
    assert ids.time_of(made) == 1_700_000_000.123


@pytest.mark.parametrize(
    "text",
    [
        "",
        "req_",
        "req_01HF7YAT00",
        "key_01HF7YAT000000000000000005",
        "req_01HF7YAT00000000000000000U",
        "req_8" + "0" * 25,
    ],
)
def test_what_is_no_request_id_is_told(text: str) -> None:
    assert not ids.is_id("req", text)
