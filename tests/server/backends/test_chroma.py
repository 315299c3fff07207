"""What is Chroma's own: how few calls a batch makes, what a lost server means, and names that others made."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from qbridge_contract.structs import (
    BackendState,
    Comparison,
    CreateCollection,
    DeleteCollection,
    ErrorCode,
    Metric,
    QueryVectors,
    Reply,
    UpsertVectors,
)
from qbridge_server.backends import create_backend
from qbridge_server.ports import BackendLost

SCOPE = "/api/v2/tenants/default_tenant/databases/default_database/collections"


@pytest.fixture
def calls(chroma_bench: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The last part of the path of each call to the server."""
    seen: list[str] = []
    client = chroma_bench.backend._client
    send = client._send

    async def counted(method: str, path: str, body: bytes | None = None) -> bytes:
        seen.append(path.rsplit("/", 1)[-1])
        answer: bytes = await send(method, path, body)
        return answer

    monkeypatch.setattr(client, "_send", counted)
    return seen


async def test_queries_that_are_alike_share_one_call(chroma_bench: Any, kit: Any, name: str, calls: list[str]) -> None:
    bench = chroma_bench
    await bench.create(name, 2, Metric.L2)
    await bench.upsert(name, [str(n) for n in range(64)], [[n, 0] for n in range(64)], [{"n": n} for n in range(64)])
    calls.clear()
    few = kit.where("n", Comparison.LT, 3)
    queries = [QueryVectors(collection=name, queries=kit.f32([n, 0]), top_k=1) for n in range(32)]
    queries += [QueryVectors(collection=name, queries=kit.f32([n, 0]), top_k=1, filter=few) for n in range(16)]
    queries += [QueryVectors(collection=name, queries=kit.f32([n, 0]), top_k=2) for n in range(16)]
    outcomes = await bench.outcomes(*(bench.entry(query=query) for query in queries))
    assert calls == ["query", "query", "query"]
    ids = [outcome.matches.ids[0] for outcome in outcomes]
    assert ids == [str(n) for n in range(32)] + ["0", "1"] + ["2"] * 14 + [str(n) for n in range(16)]


async def test_upserts_of_a_batch_share_one_call_until_an_id_comes_again(
    chroma_bench: Any, kit: Any, name: str, calls: list[str]
) -> None:
    await chroma_bench.create(name, 1, Metric.L2)
    calls.clear()
    upserts = [UpsertVectors(collection=name, ids=[str(n % 20)], vectors=kit.f32([[n]])) for n in range(30)]
    await chroma_bench.outcomes(*(chroma_bench.entry(upsert=upsert) for upsert in upserts))
    assert calls == ["get", "upsert", "get", "upsert"]
    found = await chroma_bench.query(name, [25], top_k=1)
    assert (found.ids, found.distances) == (["5"], [0.0])


async def test_a_large_answer_is_asked_for_in_parts(chroma_bench: Any, kit: Any, name: str, calls: list[str]) -> None:
    await chroma_bench.create(name, 1, Metric.L2)
    await chroma_bench.upsert(name, [str(n) for n in range(1000)], [[n] for n in range(1000)])
    calls.clear()
    found = await chroma_bench.query(name, [[n] for n in range(40)], top_k=1000)
    assert calls == ["query"] * 3
    assert found.counts == [1000] * 40
    assert found.ids[::1000] == [str(n) for n in range(40)]


async def test_a_collection_that_somebody_made_anew_is_found_again(chroma_bench: Any, chroma: Any, name: str) -> None:
    await chroma_bench.create(name, 2)
    await chroma_bench.upsert(name, ["a"], [[1, 0]])
    scope = chroma.url + SCOPE
    async with httpx.AsyncClient(trust_env=False) as others:
        (await others.delete(f"{scope}/{name}")).raise_for_status()
        (await others.post(scope, json={"name": name})).raise_for_status()
    assert await chroma_bench.count(name) == 0
    assert await chroma_bench.upsert(name, ["b"], [[1, 0, 0]]) == 1
    assert (await chroma_bench.query(name, [1, 0, 0])).ids == ["b"]


async def test_a_redelivered_create_knows_its_own_work(chroma_bench: Any, name: str) -> None:
    create = CreateCollection(collection=name, dimension=2)
    first, again, other = [
        (await chroma_bench.outcomes(chroma_bench.entry(effect_key=key, create_collection=create)))[0]
        for key in ("key", "key", "other key")
    ]
    assert again == first
    assert isinstance(first, Reply)
    assert other.code is ErrorCode.ALREADY_EXISTS


async def test_a_lost_server_loses_the_batch_and_a_new_one_serves_again(kit: Any, chroma: Any, name: str) -> None:
    with kit.ChromaServer() as server:
        backend = create_backend("chroma", f"chroma:{server.url}")
        bench = kit.Bench(backend)
        await bench.create(name, 2)
        await bench.upsert(name, ["a"], [[1, 0]])
        assert (await backend.probe())[0] is BackendState.READY
        server.kill()
        query = QueryVectors(collection=name, queries=kit.f32([1, 0]), top_k=1)
        outcomes = await bench.outcomes(bench.entry(query=query), bench.entry(query=query))
        assert [type(outcome) for outcome in outcomes] == [BackendLost, BackendLost]
        assert server.url in str(outcomes[0])
        assert (await backend.probe())[0] is BackendState.FAILING
        server.start()
        assert (await bench.query(name, [1, 0])).ids == ["a"]
        await backend.close()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, ErrorCode.INVALID_ARGUMENT),
        (413, ErrorCode.TOO_LARGE),
        (422, ErrorCode.INVALID_ARGUMENT),
        (429, ErrorCode.UNAVAILABLE),
        (500, ErrorCode.BACKEND_FAILED),
        (503, ErrorCode.UNAVAILABLE),
    ],
)
async def test_errors_of_the_server_become_rows_of_the_table(kit: Any, status: int, code: ErrorCode) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            body = {"id": "k", "name": "abc", "dimension": 2, "configuration_json": {"hnsw": {"space": "l2"}}}
            return httpx.Response(200, json=body)
        if msgspec.json.decode(request.content)["query_embeddings"] == [[1.0, 0.0]]:
            return httpx.Response(200, json={"ids": [["a"]], "distances": [[0.0]]})
        return httpx.Response(status, json={"error": "Oops", "message": "the reason"})

    backend = create_backend("chroma", "chroma:http://chroma")
    backend._client._http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://chroma")  # type: ignore[attr-defined]
    bench = kit.Bench(backend)
    queries = [QueryVectors(collection="abc", queries=kit.f32(row), top_k=1) for row in ([1, 0], [0, 1])]
    good, bad = await bench.outcomes(*(bench.entry(query=query) for query in queries))
    assert good.matches.ids == ["a"]
    assert bad.code is code
    assert bad.message == f"Chroma answered {status}: the reason"
    await backend.close()


async def test_a_deleted_collection_answers_how_many_vectors_went(chroma_bench: Any, name: str) -> None:
    await chroma_bench.create(name, 1)
    await chroma_bench.upsert(name, ["a", "b"], [[1], [1]])
    reply = await chroma_bench.reply(delete_collection=DeleteCollection(collection=name))
    assert reply.count.count == 2
    assert (await chroma_bench.error(delete_collection=DeleteCollection(collection=name))).code is ErrorCode.NOT_FOUND
