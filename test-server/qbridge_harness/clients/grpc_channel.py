"""A channel of grpclib that takes its messages from the contract's descriptor, and keeps what came before a reset."""

from __future__ import annotations

import base64
from asyncio import BaseTransport
from collections.abc import Mapping
from typing import Any

from grpclib.client import Channel, Handler
from grpclib.config import Configuration
from grpclib.const import Cardinality, Status
from grpclib.encoding.base import CodecBase, StatusDetailsCodecBase
from grpclib.protocol import AbstractHandler, Connection, EventsProcessor, H2Protocol
from h2.events import StreamEnded, StreamReset

from qbridge_harness.clients.grpc_frames import FramedStream
from qbridge_harness.clients.target import Target
from qbridge_harness.contract import Contract, Rpc

_WINDOW = 16 * 1024 * 1024
_KINDS = {
    (False, False): Cardinality.UNARY_UNARY,
    (False, True): Cardinality.UNARY_STREAM,
    (True, False): Cardinality.STREAM_UNARY,
    (True, True): Cardinality.STREAM_STREAM,
}


class Codec(CodecBase):
    """Bytes go as they are; messages are built for the type that the call names."""

    __content_subtype__ = "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return message if isinstance(message, bytes) else bytes(message.SerializeToString())

    def decode(self, data: bytes, message_type: Any) -> Any:
        return message_type.FromString(data)


class _Events(EventsProcessor):
    """Keeps what came before a reset: a server may end its answer and then ask us, by NO_ERROR, to stop sending."""

    def __init__(self, handler: AbstractHandler, connection: Connection) -> None:
        super().__init__(handler, connection)
        self._whole: set[int] = set()

    def process_stream_ended(self, event: StreamEnded) -> None:
        self._whole.add(event.stream_id)
        super().process_stream_ended(event)

    def process_stream_reset(self, event: StreamReset) -> None:
        if event.stream_id not in self._whole:
            super().process_stream_reset(event)


class _Protocol(H2Protocol):
    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.processor = _Events(self.handler, self.connection)


class ContractChannel(Channel):
    """A channel whose streams are read frame by frame."""

    def _protocol_factory(self) -> H2Protocol:
        return _Protocol(Handler(), self._config, self._h2_config)

    def framed(self, rpc: Rpc, contract: Contract, metadata: Mapping[str, str]) -> FramedStream:
        """A stream for a call of this RPC."""
        kinds = [contract.classes[kind.full_name] for kind in (rpc.request, rpc.response)]
        cardinality = _KINDS[rpc.client_streaming, rpc.server_streaming]
        return FramedStream(
            self,
            rpc.path,
            _metadata(metadata),
            cardinality,
            *kinds,
            codec=self._codec,
            status_details_codec=self._status_details_codec,
            dispatch=self.__dispatch__,
        )


def _metadata(sent: Mapping[str, str]) -> Any:
    """Metadata as grpclib wants it; a name that ends in -bin has base64, which goes as bytes. Raises ValueError."""
    return {
        name: base64.b64decode(value, validate=True) if name.endswith("-bin") else value for name, value in sent.items()
    }


class _Details(StatusDetailsCodecBase):
    """Leaves the details as bytes."""

    def encode(self, status: Status, message: str | None, details: Any) -> bytes:
        return bytes(details)

    def decode(self, status: Status, message: str | None, data: bytes) -> bytes:
        return data


def new_channel(target: Target) -> ContractChannel:
    """A channel to the target's gRPC address, which connects when it is first used."""
    host, port, secure = target.grpc_parts()
    config = Configuration(http2_connection_window_size=_WINDOW, http2_stream_window_size=_WINDOW)
    return ContractChannel(
        host, port, ssl=secure or None, codec=Codec(), status_details_codec=_Details(), config=config
    )
