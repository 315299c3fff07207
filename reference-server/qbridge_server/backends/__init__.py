"""The backends: what does the work of a batch.

    batcher --execute(batch)--> Backend --> one outcome an entry

      echo     answers what it was sent
      vector   collections in this process: SQLite on disk, search in memory
      chroma   collections on a Chroma server
      remote   whatever registered and answers Execute

A backend takes the entries of one lane and gives each a reply or an error; one bad entry never fails its
neighbours. It says which requests may share a batch (`lane_of`) and what can never succeed, before acceptance. It
knows the contract and the ports, and nothing of queues, retries or doors. All vector backends share `checks` and
`filters`, so that they refuse and understand alike. Collections belong to the deployment, not to a tenant.
"""

from __future__ import annotations

from pathlib import Path

from qbridge_server.ports import Backend

__all__ = ["create_backend"]


def create_backend(name: str, url: str, *, folder: Path | None = None) -> Backend:
    """The backend that a URL names; heavy libraries are imported here and not before.

    `echo:`                       answers what it was sent
    `vector:`                     kept in `folder/name`; in memory where `folder` is None
    `vector:memory`               in memory
    `chroma:http://host:port`     a Chroma server; `?tenant=..&database=..` where they are not the default ones

    Raises ValueError for any other URL.
    """
    kind, _, rest = url.partition(":")
    if kind == "echo" and not rest:
        from qbridge_server.backends.echo import EchoBackend

        return EchoBackend(name)
    if kind == "vector" and rest in ("", "memory"):
        from qbridge_server.backends.vector import VectorBackend

        return VectorBackend(name, folder / name if folder is not None and not rest else None)
    if kind == "chroma" and rest.startswith(("http://", "https://")):
        from qbridge_server.backends.chroma import ChromaBackend

        return ChromaBackend(name, rest)
    forms = "echo:, vector:, vector:memory, chroma:http://host:port"
    raise ValueError(f"the backend {name} has the URL {url!r}; known forms: {forms}")
