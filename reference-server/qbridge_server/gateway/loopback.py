"""Who may use a door without keys: this host's programs, and no web page from elsewhere.

A page may post to 127.0.0.1 from any site (its `Origin` says so), and may have its own name point at 127.0.0.1 and
then be of the same origin (DNS rebinding: its `Host` says so). So without keys both must name this host.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import ErrorCode


@lru_cache(maxsize=256)
def is_loopback(authority: bytes) -> bool:
    """True where `HOST` or `HOST:PORT` names this host, or nothing is named: a program may leave it out."""
    host = authority.decode("latin-1").lower()
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_foreign(headers: Mapping[bytes, bytes]) -> None:
    """Raises PERMISSION_DENIED where the headers' Host or Origin is not this host."""
    host = headers.get(b"host", b"")
    if not is_loopback(host):
        raise _refused("Host", host)
    origin = headers.get(b"origin")
    if origin is None:
        return
    scheme, _, authority = origin.partition(b"://")
    if scheme not in (b"http", b"https") or not authority or not is_loopback(authority):
        raise _refused("Origin", origin)


def _refused(header: str, value: bytes) -> BridgeError:
    return BridgeError.of(
        ErrorCode.PERMISSION_DENIED,
        f"A bridge without keys serves this host alone, not {header} {value[:200].decode('latin-1')}; "
        "serve with --keys to let others in.",
    )
