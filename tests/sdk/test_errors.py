"""The exception tree says retry, fix or give up, for every row of the error table."""

from __future__ import annotations

import pickle

import pytest

import qbridge
from qbridge.exceptions import connection_lost, error_from
from qbridge_contract.errors import TABLE, BridgeError
from qbridge_contract.structs import Error, ErrorCode


@pytest.mark.parametrize("code", list(TABLE), ids=lambda code: code.name)
def test_every_code_has_a_class_that_agrees_with_the_table(code: ErrorCode) -> None:
    error = error_from(Error(code=code, message="why", retryable=TABLE[code].retryable))
    branches = [qbridge.RetryableError, qbridge.FixableError, qbridge.FinalError]
    assert [isinstance(error, branch) for branch in branches].count(True) == 1
    assert isinstance(error, qbridge.RetryableError) is TABLE[code].retryable
    assert type(error) not in branches


def test_the_wire_error_is_kept() -> None:
    wire = Error(code=ErrorCode.QUEUE_FULL, message="full", retryable=True, retry_after_s=2.5, trace_id="a" * 32)
    error = error_from(wire)
    assert isinstance(error, qbridge.QueueFull)
    assert error.error is wire
    assert (error.retry_after_s, error.trace_id) == (2.5, "a" * 32)
    assert error.action == TABLE[ErrorCode.QUEUE_FULL].action


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(connection_lost("gone")))
    assert isinstance(error, qbridge.ConnectionLost)
    assert error.error.message == "gone"


def test_builtin_kinds_hold_too() -> None:
    assert issubclass(qbridge.DeadlineExceeded, TimeoutError)
    assert issubclass(qbridge.NotFound, LookupError)
    assert issubclass(qbridge.InvalidRequest, ValueError)
    assert issubclass(qbridge.QBridgeError, BridgeError)


def test_the_tree_in_the_documentation_is_the_real_one() -> None:
    from qbridge import exceptions

    drawn = [line.strip("│├└─ ").split("  ")[0] for line in (exceptions.__doc__ or "").splitlines() if "─" in line]
    real = {n for n in exceptions.__all__ if n[0].isupper() and n != "QBridgeError"}
    assert set(drawn) == real
