"""The REST door: bodies, headers, statuses, events, and the pages beside the contract."""

from __future__ import annotations

import json
import re
from typing import Any

from .conftest import Doors, echo


async def test_malformed_json_is_named_with_its_place(doors: Doors) -> None:
    response = await doors.http.post(
        "/v1/call", content=b'{"backend": "echo", ', headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.json()["code"] == "MALFORMED"


async def test_bad_utf8_is_malformed(doors: Doors) -> None:
    body = json.dumps(echo("x")).encode().replace(b'"x"', b'"\xff\xfe"')
    response = await doors.http.post("/v1/call", content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "MALFORMED")


async def test_an_unknown_field_is_malformed_and_named(doors: Doors) -> None:
    response = await doors.http.post("/v1/call", json={**echo(), "colour": "blue"})
    assert response.json()["code"] == "MALFORMED"
    assert "colour" in response.json()["detail"]


async def test_both_spellings_of_a_field_are_read(doors: Doors) -> None:
    response = await doors.http.post("/v1/call", json={**echo(), "idempotency_key": "snake"})
    assert response.status_code == 200


async def test_another_media_type_is_415(doors: Doors) -> None:
    response = await doors.http.post(
        "/v1/call", content=b"a=b", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert (response.status_code, response.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_over_the_limit_is_413_with_and_without_a_length(doors: Doors) -> None:
    big = (
        b'{"backend":"echo","operation":{"invoke":{"name":"echo","payload":{"text":"'
        + b"x" * (5 * 1024 * 1024)
        + b'"}}}}'
    )

    async def pieces() -> Any:
        for start in range(0, len(big), 65536):
            yield big[start : start + 65536]

    for content in (big, pieces()):
        response = await doors.http.post("/v1/call", content=content, headers={"content-type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (413, "TOO_LARGE")


async def test_a_wrong_method_names_the_right_one(doors: Doors) -> None:
    response = await doors.http.get("/v1/call")
    assert (response.status_code, response.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"


async def test_a_wrong_method_names_every_right_one_of_the_path(doors: Doors) -> None:
    for path, allowed in (
        ("/v1/requests", "GET, HEAD, POST"),
        ("/v1/backends/echo", "DELETE, GET, HEAD, PATCH"),
        ("/v1/backends/echo:probe", "POST"),
    ):
        response = await doors.http.options(path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        assert allowed in response.json()["detail"]


async def test_a_verb_behind_a_colon_is_no_name(doors: Doors) -> None:
    response = await doors.http.patch("/v1/backends/echo:probe", json={"description": "Changed."})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_an_empty_if_match_changes_nothing(doors: Doors) -> None:
    backend = (await doors.http.post("/v1/backends", json={"name": "mine"})).json()
    response = await doors.http.patch("/v1/backends/mine", json={"description": "Changed."}, headers={"if-match": ""})
    assert (response.status_code, response.json()["code"]) == (400, "MALFORMED")
    assert (await doors.http.get("/v1/backends/mine")).json() == backend


async def test_a_path_that_is_not_there_is_404(doors: Doors) -> None:
    assert (await doors.http.get("/v1/nothing")).json()["code"] == "NOT_FOUND"


async def test_an_unknown_query_parameter_is_malformed(doors: Doors) -> None:
    response = await doors.http.get("/v1/requests", params={"colour": "blue"})
    assert (response.status_code, response.json()["code"]) == (400, "MALFORMED")


async def test_a_list_pages_without_gaps_or_repeats(doors: Doors) -> None:
    ids = [(await doors.http.post("/v1/requests", json=echo(n))).json()["requestId"] for n in range(7)]
    seen, token = [], ""
    while True:
        page = (await doors.http.get("/v1/requests", params={"pageSize": 3, "pageToken": token})).json()
        seen += [record["request"]["id"] for record in page["records"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert seen == sorted(ids, reverse=True)


async def test_the_idempotency_key_header_counts(doors: Doors) -> None:
    headers = {"idempotency-key": "from-the-header"}
    first = await doors.http.post("/v1/call", json=echo(), headers=headers)
    again = await doors.http.post("/v1/call", json=echo(), headers=headers)
    assert again.json()["requestId"] == first.json()["requestId"]
    assert again.json()["replayed"] is True


async def test_events_come_in_order_and_resume_behind_the_last_one(doors: Doors) -> None:
    request_id = (await doors.http.post("/v1/call", json=echo())).json()["requestId"]
    path = f"/v1/requests/{request_id}/events"
    whole = events((await doors.http.get(path)).text)
    assert [event["id"] for event in whole] == [str(n) for n in range(1, len(whole) + 1)]
    assert [event["event"] for event in whole][-1] == "SUCCEEDED"
    assert whole[-1]["data"]["result"]["reply"]["payload"]["json"] == "hello"
    rest = events((await doors.http.get(path, headers={"last-event-id": "2"})).text)
    assert rest == whole[2:]


async def test_if_match_guards_a_change_of_a_backend(doors: Doors) -> None:
    made = await doors.http.post("/v1/backends", json={"name": "far"})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    changed = await doors.http.patch("/v1/backends/far", json={"description": "x"}, headers={"if-match": '"1"'})
    assert changed.json()["version"] == 2
    stale = await doors.http.patch("/v1/backends/far", json={"description": "y"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "VERSION_CONFLICT")


async def test_the_pages_beside_the_contract_answer(doors: Doors) -> None:
    await doors.http.post("/v1/call", json=echo())
    assert (await doors.http.get("/healthz")).text == "alive\n"
    assert (await doors.http.get("/readyz")).text == "serving\n"
    metrics = (await doors.http.get("/metrics")).text
    assert 'qbridge_requests_total{backend="echo",state="succeeded"} 1.0' in metrics
    assert 'qbridge_lane_depth{backend="echo",lane="echo/invoke"} 0.0' in metrics
    document = (await doors.http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    page = (await doors.http.get("/docs")).text
    assert "/v1/call" in page
    assert "<b>404</b> NOT_FOUND: The named request, backend, collection, key or path does not exist." in page
    assert not re.search(r"<b>\w+</b> *</li>", page), "a status without a word about it"
    assert "http://" not in page.replace("http://127.0.0.1", "")
    assert "https://" not in page


def events(text: str) -> list[dict[str, Any]]:
    """The events of an SSE body."""
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        found.append({**fields, "data": json.loads(fields["data"])})
    return found
