"""The page for people: static files, no build step, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse, HTMLResponse, Response

ASSETS = Path(__file__).parent / "assets"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'"
)
"""A report has a script of its own and the target's words: it gets an origin of its own, which can ask for nothing."""


def page() -> Response:
    """The front page."""
    return FileResponse(
        ASSETS / "index.html", headers={"content-security-policy": _POLICY, "cache-control": "no-cache"}
    )


def report_page(html: str) -> Response:
    """A run's report as a page."""
    return HTMLResponse(html, headers={"content-security-policy": _REPORT_POLICY})
