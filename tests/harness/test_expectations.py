"""What an outcome must be: an error that nobody expects is a problem by itself, in each kind of step."""

from __future__ import annotations

from typing import Any

import pytest

from qbridge_harness.engine.expectations import capture, judge
from qbridge_harness.language.values import UnknownVariable

ERROR = {"code": "NOT_FOUND", "message": "No such backend."}
LOAD = {"arrivals": 10, "error_rate": 0.1, "errors": {"A": 1}, "dropped": 2, "unanswered": 3}


@pytest.mark.parametrize("kind", ["call", "grpc", "ws", "sse", "open", "receive", "collect", "backend"])
def test_an_error_that_nobody_expects_is_a_problem(kind: str) -> None:
    told = ["It answered the error NOT_FOUND: No such backend."]
    assert judge(kind, None, {"error": ERROR}) == told
    assert judge(kind, {}, {"error": ERROR}) == told
    assert judge(kind, {"status": 404}, {"status": 404, "error": ERROR}) == told
    assert judge(kind, None, {"error": None}) == []
    assert judge(kind, None, {}) == []


def test_an_error_without_words_is_told_too() -> None:
    assert judge("call", None, {"error": {}}) == ["It answered the error ?: "]


@pytest.mark.parametrize("kind", ["observe", "metrics", "data"])
def test_other_steps_have_errors_of_another_kind(kind: str) -> None:
    assert judge(kind, None, {"error": ERROR}) == []


def test_an_expected_error_is_compared_by_its_code_or_by_all_that_is_written() -> None:
    assert judge("call", {"error": "NOT_FOUND"}, {"error": ERROR}) == []
    assert judge("call", {"error": {"message": "No such backend."}}, {"error": ERROR}) == []
    assert len(judge("call", {"error": "INTERNAL"}, {"error": ERROR})) == 1
    assert len(judge("call", {"error": "NOT_FOUND"}, {"error": None})) == 1
    assert len(judge("call", {"error": None}, {"error": ERROR})) == 1


def test_the_expectation_itself_stays_as_it_was_written() -> None:
    wanted = {"error": "NOT_FOUND"}
    judge("call", wanted, {"error": ERROR})
    assert wanted == {"error": "NOT_FOUND"}


def test_a_status_from_400_is_a_problem_of_a_rest_step_that_says_nothing_of_it() -> None:
    assert judge("rest", None, {"status": 399, "text": ""}) == []
    assert judge("rest", None, {"status": 400, "text": "no"}) == ["It answered status 400: no"]
    assert judge("rest", None, {"status": 500}) == ["It answered status 500: "]
    assert judge("rest", {"status": 404}, {"status": 404}) == []
    assert judge("call", None, {"status": 404}) == []
    assert judge("rest", {"body": 1}, {"status": 404, "body": 1, "text": ""}) == ["It answered status 404: "]


def test_a_long_body_is_cut() -> None:
    assert judge("rest", None, {"status": 500, "text": "x" * 301}) == ["It answered status 500: " + "x" * 300]


def test_a_load_answers_well_unless_the_case_says_otherwise() -> None:
    told = "Not every request was answered well: {'errors': {'A': 1}, 'dropped': 2, 'unanswered': 3} of 10."
    assert judge("load", None, LOAD) == [told]
    assert judge("load", {"sent": 1}, LOAD | {"sent": 1}) == [told]
    assert judge("load", None, LOAD | {"error_rate": 0.0}) == []
    assert judge("observe", None, LOAD) == []


@pytest.mark.parametrize("key", ["error_rate", "errors", "ok", "dropped", "unanswered"])
def test_a_case_that_says_something_of_bad_answers_is_compared(key: str) -> None:
    outcome = LOAD | {"ok": 4}
    assert judge("load", {key: outcome[key]}, outcome) == []
    assert len(judge("load", {key: 77}, outcome)) == 1


def test_a_trace_has_spans_unless_the_case_says_how_many() -> None:
    assert judge("trace", None, {"spans": [], "count": 0}) == ["No span of this trace came."]
    assert judge("trace", None, {"spans": [1], "count": 1}) == []
    assert judge("trace", {"spans": []}, {"spans": [], "count": 0}) == []
    assert judge("trace", {"count": 0}, {"spans": [], "count": 0}) == []
    assert judge("observe", None, {"spans": []}) == []


@pytest.mark.parametrize("expected", [5, [1], "text"])
def test_what_is_no_object_is_compared_as_it_is(expected: Any) -> None:
    assert len(judge("observe", expected, {"items": 1})) == 1


def test_values_are_captured_into_variables() -> None:
    variables: dict[str, Any] = {"other": 1}
    capture({"id": "result.requestId", "code": "status"}, {"result": {"requestId": "r"}, "status": 200}, variables)
    assert variables == {"other": 1, "id": "r", "code": 200}


def test_a_path_that_leads_nowhere_is_told() -> None:
    with pytest.raises(UnknownVariable):
        capture({"id": "result.requestId"}, {"result": {}}, {})
