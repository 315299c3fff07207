"""Chroma's REST API, as far as it is needed: paths, bodies and errors. Knows nothing of entries."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec

from qbridge_server.backends.checks import Matrix
from qbridge_server.ports import BackendLost

TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
CONNECTIONS_MAX = 16
KEEPALIVE_S = 2.0
"""Below the 5 s after which a Chroma server drops an idle connection, so that a call does not meet its end."""
AT_ONCE_MAX = 2048
"""Vectors in one call; Chroma itself takes some 5,400."""


class Page(msgspec.Struct, gc=False):
    """What /get answers."""

    ids: list[str]
    embeddings: list[list[float]] | None = None
    metadatas: list[dict[str, Any] | None] | None = None


class Found(msgspec.Struct, gc=False):
    """What /query answers, a list a query."""

    ids: list[list[str]]
    distances: list[list[float | None]] | None = None
    embeddings: list[list[list[float] | None]] | None = None
    metadatas: list[list[dict[str, Any] | None]] | None = None


class _Failure(msgspec.Struct, gc=False):
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Remote:
    """A collection on the server."""

    key: str
    name: str
    dimension: int | None
    space: str
    metadata: Mapping[str, Any]


class ChromaError(Exception):
    """Chroma refused or failed: its HTTP status and what it says."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class ChromaClient:
    """One server, tenant and database. Every call raises BackendLost where the connection fails."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        tenant, database = options.get("tenant", "default_tenant"), options.get("database", "default_database")
        self.origin = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._scope = f"/api/v2/tenants/{quote(tenant, safe='')}/databases/{quote(database, safe='')}/collections"
        self._http = httpx.AsyncClient(
            base_url=self.origin,
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=CONNECTIONS_MAX,
                keepalive_expiry=KEEPALIVE_S,
            ),
            headers={"content-type": "application/json"},
            trust_env=False,
        )

    async def _send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            response = await self._http.request(method, path, content=body)
        except httpx.HTTPError as error:
            raise BackendLost(f"Chroma at {self.origin}: {type(error).__name__} {error}".rstrip()) from error
        if response.status_code < 400:
            return response.content
        raise ChromaError(response.status_code, _said(response))

    async def _records(self, key: str, verb: str, body: bytes) -> bytes:
        return await self._send("POST", f"{self._scope}/{key}/{verb}", body)

    async def heartbeat(self) -> None:
        """Returns where the server answers."""
        await self._send("GET", "/api/v2/heartbeat")

    async def collection(self, name: str) -> Remote:
        """A collection by its name on the server."""
        return _remote(msgspec.json.decode(await self._send("GET", f"{self._scope}/{quote(name, safe='')}")))

    async def collections(self) -> list[Remote]:
        """All collections."""
        found: list[Remote] = []
        while True:
            body = await self._send("GET", f"{self._scope}?limit={AT_ONCE_MAX}&offset={len(found)}")
            page = [_remote(item) for item in msgspec.json.decode(body)]
            found += page
            if len(page) < AT_ONCE_MAX:
                return found

    async def create(self, name: str, space: str, metadata: Mapping[str, Any]) -> Remote:
        """Makes a collection."""
        settings = {"hnsw": {"space": space, "ef_search": 128, "ef_construction": 128}}
        body = msgspec.json.encode({"name": name, "configuration": settings, "metadata": metadata})
        return _remote(msgspec.json.decode(await self._send("POST", self._scope, body)))

    async def drop(self, name: str) -> None:
        """Deletes a collection."""
        await self._send("DELETE", f"{self._scope}/{quote(name, safe='')}")

    async def count(self, key: str) -> int:
        """How many vectors a collection has."""
        return int(msgspec.json.decode(await self._send("GET", f"{self._scope}/{key}/count")))

    async def upsert(self, key: str, body: bytes) -> None:
        """Writes vectors: what `upsert_body` made of them."""
        await self._records(key, "upsert", body)

    async def query(
        self, key: str, rows: Sequence[bytes], top_k: int, include: Sequence[str], choice: Mapping[str, Any]
    ) -> Found:
        """Finds neighbours; each row is a query as a JSON array, `choice` has where or ids."""
        rest = msgspec.json.encode({"n_results": top_k, "include": include, **choice})
        body = b'{"query_embeddings":[' + b",".join(rows) + b"]," + rest[1:]
        return msgspec.json.decode(await self._records(key, "query", body), type=Found)

    async def get(self, key: str, include: Sequence[str], choice: Mapping[str, Any]) -> Page:
        """Reads vectors; `choice` has ids, where, limit, offset."""
        body = msgspec.json.encode({"include": include, **choice})
        return msgspec.json.decode(await self._records(key, "get", body), type=Page)

    async def delete(self, key: str, ids: Sequence[str]) -> None:
        """Deletes vectors by id."""
        await self._records(key, "delete", msgspec.json.encode({"ids": ids}))

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


def upsert_body(ids: Sequence[str], matrix: Matrix, metadata: Sequence[Mapping[str, Any] | None]) -> bytes:
    """The body of /upsert. Chroma merges metadata into what is there; a key is taken away by null."""
    numbers = matrix.astype("<f4", copy=False)
    rows = [binascii.b2a_base64(row.tobytes(), newline=False).decode() for row in numbers]
    return msgspec.json.encode({"ids": ids, "embeddings": rows, "metadatas": metadata})


def _said(response: httpx.Response) -> str:
    try:
        failure = msgspec.json.decode(response.content, type=_Failure)
    except msgspec.DecodeError:
        return f"HTTP {response.status_code}"
    return failure.message or failure.error or f"HTTP {response.status_code}"


def _remote(item: Mapping[str, Any]) -> Remote:
    settings = item.get("configuration_json") or {}
    index = settings.get("hnsw") or settings.get("spann") or {}
    return Remote(
        key=item["id"],
        name=item["name"],
        dimension=item.get("dimension"),
        space=index.get("space") or "l2",
        metadata=item.get("metadata") or {},
    )
