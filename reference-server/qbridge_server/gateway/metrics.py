"""`/metrics`: the telemetry in Prometheus' text format.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from qbridge_server.gateway.telemetry import Histogram, Telemetry


class TelemetryCollector(Collector):
    """Reads the telemetry when Prometheus asks; nothing is copied in between."""

    def __init__(self, telemetry: Telemetry, unsettled: Callable[[], int]) -> None:
        self._telemetry = telemetry
        self._unsettled = unsettled

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        telemetry = self._telemetry
        depth = GaugeMetricFamily("qbridge_lane_depth", "Requests that wait in a lane.", labels=["backend", "lane"])
        for backend, lane, waiting in telemetry.depths():
            depth.add_metric([backend, lane], waiting)
        yield depth
        refusals = CounterMetricFamily("qbridge_refusals", "Requests that were not accepted.", labels=["code"])
        for code, count in telemetry.refusals.items():
            refusals.add_metric([code.name], count)
        yield refusals
        yield from self._by_backend()
        unsettled = "Batches whose results could not be stored; their requests run again at the next start."
        yield CounterMetricFamily("qbridge_unsettled_batches", unsettled, self._unsettled())
        lost = "Sampled requests whose spans were lost: to a full queue, or to a collector that did not take them."
        yield CounterMetricFamily("qbridge_spans_dropped", lost, telemetry.spans_dropped)

    def _by_backend(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("qbridge_requests", "Requests that became final.", labels=["backend", "state"])
        dispatches = CounterMetricFamily(
            "qbridge_dispatches", "Requests by the reason that sent their batch.", labels=["backend", "reason"]
        )
        stages = HistogramMetricFamily(
            "qbridge_stage_seconds", "How long a stage of the path took.", labels=["backend", "stage"]
        )
        sizes = HistogramMetricFamily(
            "qbridge_batch_size", "How many requests shared a request's batch.", labels=["backend"]
        )
        for backend, figures in self._telemetry.figures().items():
            for state, count in figures.states.items():
                requests.add_metric([backend, state.name.lower()], count)
            for reason, count in figures.dispatches.items():
                dispatches.add_metric([backend, reason], count)
            for stage, histogram in figures.stages.items():
                _add(stages, [backend, stage], histogram)
            _add(sizes, [backend], figures.batch_sizes)
        yield from (requests, dispatches, stages, sizes)


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    running, buckets = 0, []
    bounds = [*(str(bound) for bound in histogram.bounds), "+Inf"]
    for bound, count in zip(bounds, histogram.counts, strict=True):
        running += count
        buckets.append((bound, float(running)))
    family.add_metric(labels, buckets, histogram.total)


class Metrics:
    """The page behind `/metrics`."""

    content_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, telemetry: Telemetry, unsettled: Callable[[], int]) -> None:
        """`unsettled` counts the batches whose results could not be stored."""
        self._registry = CollectorRegistry()
        self._registry.register(TelemetryCollector(telemetry, unsettled))

    def page(self) -> bytes:
        """The page as it is now."""
        return generate_latest(self._registry)
