"""Wires the path: gateway -> buffer -> batcher -> backends -> transport. The only module that knows every room.

Deployment(config)  .start()  -> the three applications, by service, ready for doors
                    .drain()  -> takes nothing new, finishes what it has
                    .close()  -> gives everything back
"""

from __future__ import annotations

import asyncio
import logging
from importlib.metadata import version
from typing import Any

from qbridge_contract.errors import BridgeError
from qbridge_contract.structs import (
    BackendState,
    Capabilities,
    Dependency,
    ErrorCode,
    Health,
    HealthState,
    Limits,
)
from qbridge_server.backends import create_backend
from qbridge_server.backends.registry import BackendRegistry
from qbridge_server.batcher import Batcher, TimerSizePolicy
from qbridge_server.buffer import BufferLimits, create_buffer
from qbridge_server.config import ConfigError, ServerConfig
from qbridge_server.gateway.admission import Admission
from qbridge_server.gateway.backends import BackendApplication
from qbridge_server.gateway.bridge import BridgeApplication
from qbridge_server.gateway.explain import Explainer
from qbridge_server.gateway.keys import Keyring
from qbridge_server.gateway.platform import PlatformApplication
from qbridge_server.gateway.quota import Quotas
from qbridge_server.gateway.router import Router
from qbridge_server.gateway.telemetry import Telemetry
from qbridge_server.ports import Clock, Rng
from qbridge_server.runtime import SystemClock, SystemRng, Tasks
from qbridge_server.transport import FrameTransport

log = logging.getLogger("qbridge.server")

BATCH_ITEMS_MAX = 1024
TOP_K_MAX = 1000
DRAIN_LOOK_S = 0.02


class Deployment:
    """One bridge: its rooms, wired. `transports` are the ways in that its capabilities claim."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        open_to_all: bool,
        transports: list[str],
        clock: Clock | None = None,
        rng: Rng | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.rng = rng or SystemRng()
        self.tasks = Tasks()
        self.limits = _limits(config)
        if config.data is not None:
            try:
                config.data.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ConfigError(f"data: {config.data} cannot be a folder: {error.strerror}; name another") from None
        bounds = config.limits
        self.buffer = create_buffer(
            config.data,
            clock=self.clock,
            limits=BufferLimits(
                lane_items_max=bounds.lane_items_max,
                lane_bytes_max=bounds.lane_bytes_max,
                results_max=bounds.results_kept_max,
                results_bytes_max=bounds.results_bytes_max,
                result_ttl_s=bounds.result_ttl_s,
            ),
        )
        backends = [
            create_backend(each.name, f"{each.kind}:{each.url}", folder=config.data) for each in config.backends
        ]
        self.registry = BackendRegistry(backends, clock=self.clock, folder=config.data)
        self.batcher = Batcher(
            self.buffer,
            self.registry,
            TimerSizePolicy(),
            clock=self.clock,
            rng=self.rng,
            spawn=self.tasks.spawn,
            size_max=config.batch.size_max,
            wait_s_max=config.batch.wait_s_max,
            in_flight_max=config.batch.in_flight_max,
        )
        self.registry.on_change = self.batcher.refresh
        self.registry.on_delete = self.batcher.abandon
        self.telemetry = Telemetry(
            self.buffer,
            clock=self.clock,
            rng=self.rng,
            sample_ratio=config.sample_ratio if config.otlp else 0.0,
        )
        self.keyring = Keyring(config.keys, clock=self.clock, rng=self.rng, open_to_all=open_to_all)
        self.bridge = self._bridge()
        self.applications: dict[str, Any] = {
            "BridgeService": self.bridge,
            "BackendService": BackendApplication(self.registry, clock=self.clock, spawn=self.tasks.spawn),
            "PlatformService": PlatformApplication(
                self._capabilities(transports, open_to_all), self.keyring, self.quotas, self.health
            ),
        }
        self._started_at = self.clock.monotonic()
        self._quiet = False

    def _bridge(self) -> BridgeApplication:
        config = self.config
        self.quotas = Quotas(self.clock)
        admission = Admission(
            self.registry,
            Router(config.rules(), config.vector_default),
            self.buffer.durabilities,
            self.limits,
            clock=self.clock,
            rng=self.rng,
            sampled=self.telemetry.sampled,
        )
        return BridgeApplication(
            self.buffer,
            admission,
            self.quotas,
            Explainer(self.buffer, self.registry, self.batcher.serving, clock=self.clock),
            self.telemetry,
            self.limits,
            frames=lambda: FrameTransport(self.limits),
            spawn=self.tasks.spawn,
        )

    def _capabilities(self, transports: list[str], open_to_all: bool) -> Capabilities:
        profiles = ["core"]
        if self.config.vector_default:
            profiles.append("vector")
        return Capabilities(
            contract_version="v1",
            product=f"qbridge {version('qbridge')}",
            profiles=profiles,
            transports=transports,
            durabilities=list(self.buffer.durabilities),
            limits=self.limits,
            authentication=not open_to_all,
        )

    async def start(self) -> None:
        """Opens the rooms and goes on with what an earlier run accepted. Raises BridgeError where a store is taken."""
        recovered = await self.buffer.open()
        await self.registry.open()
        self.buffer.on_waiting = self.batcher.serve
        for entry in recovered:
            self.batcher.serve(entry.lane, entry.backend)
        if recovered:
            log.info("going on with accepted requests", extra={"count": len(recovered)})
        self._started_at = self.clock.monotonic()

    async def health(self) -> Health:
        """How the deployment and what it depends on are: the states last known, nothing is probed."""
        state, detail = self.buffer.health()
        dependencies = [Dependency(name="buffer", state=state, detail=detail)]
        for backend in self.registry.all():
            ready = backend.spec.state is not BackendState.FAILING
            state = HealthState.SERVING if ready else HealthState.NOT_SERVING
            detail = backend.spec.state.name.lower()
            dependencies.append(Dependency(name=f"backend:{backend.spec.name}", state=state, detail=detail))
        overall = HealthState.SERVING
        if any(each.state is not HealthState.SERVING for each in dependencies):
            overall = HealthState.DEGRADED
        if dependencies[0].state is HealthState.NOT_SERVING:
            overall = HealthState.NOT_SERVING
        if self.bridge.draining:
            overall = HealthState.DRAINING
        uptime_s = self.clock.monotonic() - self._started_at
        return Health(state=overall, dependencies=dependencies, uptime_s=uptime_s)

    def guard(self, error: Exception) -> BridgeError:
        """What a caller is told of an error that is not in the table: nothing but where to ask."""
        log.error("a call broke", exc_info=error)
        return BridgeError.of(ErrorCode.INTERNAL, "The bridge broke on this call; its operator's log has the cause.")

    async def drain(self) -> bool:
        """Takes nothing new and waits up to `drain_s_max` for what runs; True where nothing is left.

        Durable requests that are left are not lost: the next start goes on with them.
        """
        self.bridge.drain()
        until = self.clock.monotonic() + self.config.drain_s_max
        while self._busy():
            if self.clock.monotonic() >= until:
                return False
            await asyncio.sleep(DRAIN_LOOK_S)
        return True

    def _busy(self) -> bool:
        """True while a lane that somebody can serve has requests, a batch is out, or one waits for its retry."""
        if self.batcher.busy:
            return True
        now = self.clock.monotonic()
        for lane in self.buffer.lanes():
            backend = self.registry.find(lane.backend)
            served = backend is not None and backend.spec.state is not BackendState.DISCONNECTED
            if served and lane.view(now, 0).depth:
                return True
        return False

    async def quiesce(self) -> None:
        """Ends all work and everybody's wait, so that no stream keeps a door open. What is durable stays accepted."""
        if self._quiet:
            return
        self._quiet = True
        self.bridge.draining = True
        self.buffer.on_waiting = None
        await self.batcher.close()
        await self.registry.close()
        self.bridge.end_waits()

    async def close(self) -> None:
        """Gives everything back, first room to last."""
        await self.quiesce()
        await self.buffer.close()
        await self.tasks.close()


def _limits(config: ServerConfig) -> Limits:
    bounds = config.limits
    return Limits(
        message_bytes_max=bounds.message_bytes_max,
        frame_items_max=bounds.frame_items_max,
        session_items_max=bounds.session_items_max,
        lane_items_max=bounds.lane_items_max,
        batch_items_max=BATCH_ITEMS_MAX,
        top_k_max=TOP_K_MAX,
        timeout_s_default=bounds.timeout_s_default,
        result_ttl_s=bounds.result_ttl_s,
    )
