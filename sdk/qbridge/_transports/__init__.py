"""The ways to a bridge, behind one seam.

Takes requests and RPCs of the contract, gives their answers or a QBridgeError. Above is the client,
which knows no transport; below is grpc.aio, httpx, or a bridge in this process. A transport knows
nothing of payloads, vectors and results; `base` is all that the client may ask of it.

    client --> Transport: grpc (session: one stream of frames) | rest | embedded | qbridge.testing
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qbridge._config import Options
    from qbridge._transports.base import Transport


def transport_for(options: Options) -> Transport:
    """The transport of a target; what it needs is imported now and not before."""
    if options.target.scheme == "embedded":
        from qbridge._transports.embedded import EmbeddedTransport

        return EmbeddedTransport(options.target.address or None)
    if options.target.scheme in ("grpc", "grpcs"):
        from qbridge._transports.grpc import GrpcTransport

        return GrpcTransport(options)
    from qbridge._transports.rest import RestTransport

    return RestTransport(options)
