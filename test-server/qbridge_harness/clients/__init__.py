"""The wire, one module per transport: REST on our own HTTP/1.1, SSE on httpx, gRPC on grpclib, and websockets.

A client takes bytes or run-time-built messages and gives back what came, unjudged: status, headers, messages, errors
in one normal form. `streams.py` puts one face on the streams of all transports. Clients know the contract, and
nothing of cases; they note what passes in the case's log.
"""

from qbridge_harness.clients.rest import RestClient
from qbridge_harness.clients.target import Target, Unreachable

__all__ = ["RestClient", "Target", "Unreachable"]
