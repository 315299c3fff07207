"""The pages beside the contract's routes: liveness, readiness, metrics, the OpenAPI document and its reader."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from qbridge_contract.errors import BridgeError, problem
from qbridge_contract.structs import Health, HealthState
from qbridge_server.gateway.keys import Keyring
from qbridge_server.gateway.loopback import refuse_foreign
from qbridge_server.gateway.metrics import Metrics

READY = (HealthState.SERVING, HealthState.DEGRADED)


class Pages:
    """`/healthz` and `/readyz` for supervisors, `/metrics` for Prometheus, `/openapi.json` and `/docs` for people."""

    def __init__(self, keyring: Keyring, metrics: Metrics, health: Callable[[], Awaitable[Health]]) -> None:
        self._keyring = keyring
        self._metrics = metrics
        self._health = health
        self._openapi = files("qbridge_contract").joinpath("openapi.json").read_bytes()

    def routes(self) -> list[Route]:
        """Starlette's routes."""
        return [
            Route("/healthz", self._alive),
            Route("/readyz", self._ready),
            Route("/metrics", self._metrics_page),
            Route("/openapi.json", self._document),
            Route("/docs", self._reader),
        ]

    async def _alive(self, _request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def _ready(self, _request: Request) -> Response:
        state = (await self._health()).state
        return PlainTextResponse(f"{state.name.lower()}\n", 200 if state in READY else 503)

    async def _metrics_page(self, request: Request) -> Response:
        """For callers with any key: how busy a deployment is, is nobody else's business."""
        try:
            if self._keyring.open_to_all:
                refuse_foreign(dict(request.scope["headers"]))
            self._keyring.authenticate(request.headers.get("authorization", ""))
        except BridgeError as error:
            body = msgspec.json.encode(problem(error.error))
            return Response(body, error.row.http_status, media_type="application/problem+json")
        return Response(self._metrics.page(), media_type=self._metrics.content_type)

    async def _document(self, _request: Request) -> Response:
        return Response(self._openapi, media_type="application/json")

    async def _reader(self, _request: Request) -> Response:
        return HTMLResponse(reader(msgspec.json.decode(self._openapi)))


def reader(document: dict[str, Any]) -> str:
    """The OpenAPI document as one page that needs no network and no script."""
    sections: dict[str, list[str]] = {}
    errors = document.get("components", {}).get("responses", {})
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                tag = (operation.get("tags") or ["Other"])[0]
                sections.setdefault(tag, []).append(_operation(method, path, operation, errors))
    info = document.get("info", {})
    body = "".join(f"<h2>{html.escape(tag)}</h2>{''.join(rows)}" for tag, rows in sections.items())
    return _PAGE.format(
        title=html.escape(info.get("title", "API")), version=html.escape(info.get("version", "")), body=body
    )


def _operation(method: str, path: str, operation: dict[str, Any], errors: dict[str, Any]) -> str:
    words = html.escape(operation.get("description") or operation.get("summary") or "")
    parameters = "".join(
        f"<tr><td><code>{html.escape(each.get('name', ''))}</code></td><td>{html.escape(each.get('in', ''))}</td>"
        f"<td>{html.escape(each.get('description', ''))}</td></tr>"
        for each in operation.get("parameters", [])
    )
    table = f"<table><tr><th>parameter</th><th>in</th><th>meaning</th></tr>{parameters}</table>" if parameters else ""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    takes = f"<p>Body: <code>{html.escape(_schema_name(body))}</code></p>" if body else ""
    answers = "".join(
        f"<li><b>{html.escape(str(status))}</b> {_told(errors.get(_schema_name(answer), answer))}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{html.escape(path)}</code> &mdash; {words}</summary>"
        f"{takes}{table}<ul>{answers}</ul></details>"
    )


def _told(answer: dict[str, Any]) -> str:
    """What an answer means; the rows of the error table that have its status come as a Markdown list."""
    lines = [line.removeprefix("- ").replace("`", "") for line in answer.get("description", "").splitlines()]
    return "<br>".join(html.escape(line) for line in lines)


def _schema_name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", schema.get("type", "object"))).rsplit("/", 1)[-1]


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }}
details {{ border: 1px solid #8884; border-radius: .4rem; padding: .5rem .8rem; margin: .4rem 0; }}
summary {{ cursor: pointer; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .2rem .8rem; text-align: left; }}
</style>
<h1>{title} <small>{version}</small></h1>
<p>The machine-readable form is <a href="/openapi.json">/openapi.json</a>. Send <code>Authorization: Bearer KEY</code>
where the deployment asks for a key.</p>
{body}</html>
"""
