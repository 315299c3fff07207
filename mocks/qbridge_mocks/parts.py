"""The classes that an implementation is made of."""

from __future__ import annotations

from dataclasses import dataclass

from qbridge_mocks.conforming.bridge import Bridge
from qbridge_mocks.conforming.grpc_door import GrpcDoor
from qbridge_mocks.conforming.platform import Platform
from qbridge_mocks.conforming.reading import Reader
from qbridge_mocks.conforming.registry import Registry
from qbridge_mocks.conforming.rest_door import RestDoor
from qbridge_mocks.conforming.world import World


@dataclass(frozen=True)
class Parts:
    """One implementation. The defaults conform; a broken one swaps a class for a subclass with one error."""

    world: type[World] = World
    reader: type[Reader] = Reader
    bridge: type[Bridge] = Bridge
    registry: type[Registry] = Registry
    platform: type[Platform] = Platform
    grpc: type[GrpcDoor] = GrpcDoor
    rest: type[RestDoor] = RestDoor
