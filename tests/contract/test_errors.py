"""The error table has one row a code, and an error survives each way that it travels."""

from __future__ import annotations

import pickle

import grpc
import pytest
from google.rpc import code_pb2

from qbridge_contract import errors, structs as s
from qbridge_contract.errors import BridgeError

CODES = [code for code in s.ErrorCode if code is not s.ErrorCode.UNSPECIFIED]


def test_each_code_has_one_row_and_each_row_a_code() -> None:
    assert list(errors.TABLE) == CODES
    assert [row.code for row in errors.TABLE.values()] == CODES
    assert {row.name: row.code for row in errors.TABLE.values()} == errors.BY_NAME


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_row_names_statuses_that_exist_and_says_what_to_do(code: s.ErrorCode) -> None:
    row = errors.TABLE[code]
    assert 400 <= row.http_status <= 599
    assert row.grpc_code == code_pb2.Code.Value(row.grpc_status)
    assert grpc.StatusCode[row.grpc_status].value[0] == row.grpc_code
    assert row.title
    assert row.action.endswith(".")


def test_only_what_may_succeed_later_is_retryable() -> None:
    retryable = {code.name for code in CODES if errors.TABLE[code].retryable}
    assert retryable == {"QUOTA_EXCEEDED", "QUEUE_FULL", "BACKEND_LOST", "UNAVAILABLE"}


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_an_error_survives_its_problem_document(code: s.ErrorCode) -> None:
    violation = s.FieldViolation(field="request.operation", rule="required", message="value is required")
    error = BridgeError.of(code, "Something.", retry_after_s=1.5, violations=[violation], trace_id="0" * 32).error
    members = errors.problem(error)
    assert members["type"] == f"urn:qbridge:error:{code.name}"
    assert members["status"] == errors.TABLE[code].http_status
    assert errors.from_problem(members) == error


def test_a_problem_document_leaves_out_what_does_not_apply() -> None:
    members = errors.problem(BridgeError.of(s.ErrorCode.NOT_FOUND, "No such request.").error)
    assert set(members) == {"type", "title", "status", "detail", "code", "retryable", "action"}


def test_a_problem_of_another_server_becomes_internal() -> None:
    assert errors.from_problem({"title": "Bad gateway", "status": 502}).code is s.ErrorCode.INTERNAL


def test_an_exception_can_be_pickled() -> None:
    error = BridgeError.of(s.ErrorCode.QUEUE_FULL, "The lane is full.", retry_after_s=2.0)
    again = pickle.loads(pickle.dumps(error))
    assert (again.error, str(again)) == (error.error, "QUEUE_FULL: The lane is full.")
    assert again.row is errors.TABLE[s.ErrorCode.QUEUE_FULL]
