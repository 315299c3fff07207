"""Nearest neighbours: exact by matrix product, or with the help of a neighbour graph, ranked exactly in the end.

Either way the candidates' distances are computed again, one by one, in double precision: so the answer does not
depend on how many queries shared the call, and equal vectors have distance 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qbridge_contract.structs import Metric
from qbridge_server.backends.checks import Matrix
from qbridge_server.backends.vector.collection import Snapshot, scale_of
from qbridge_server.backends.vector.columns import Mask, Slots
from qbridge_server.backends.vector.graph import Graph

MARGIN = 8
"""Candidates beyond top_k that are ranked exactly, against the rounding of the matrix product."""
ELEMENTS_AT_ONCE = 2**21
"""Size of a temporary matrix: 8 MiB of float32."""
GRAPH_WANTED_MAX = 1024
"""Where more candidates than these would be needed, a filter being selective, the exact search is cheaper."""
FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Hits:
    """The neighbours of each query, nearest first: the first `counts[i]` of row i."""

    slots: Slots
    distances: NDArray[np.float32]
    counts: Slots


def nearest(snapshot: Snapshot, graph: Graph | None, queries: Matrix, top_k: int, allowed: Mask | None = None) -> Hits:
    """The `top_k` nearest of the slots that are alive and allowed, for each query."""
    if graph is None or 2 * np.searchsorted(snapshot.rows, graph.covered) < snapshot.size:
        return rank(snapshot, queries, exact(snapshot, queries, top_k, allowed), top_k, allowed)
    usable = snapshot.live if allowed is None else int(np.count_nonzero(allowed & ~snapshot.dead))
    wanted = (top_k + MARGIN) * len(graph) // max(1, usable) + 1
    if wanted > GRAPH_WANTED_MAX:
        return rank(snapshot, queries, exact(snapshot, queries, top_k, allowed), top_k, allowed)
    candidates = _from_graph(snapshot, graph, queries, min(wanted, len(graph)), top_k, allowed)
    hits = rank(snapshot, queries, candidates, top_k, allowed)
    short = np.flatnonzero(hits.counts < min(top_k, usable))
    if len(short):
        again = rank(snapshot, queries[short], exact(snapshot, queries[short], top_k, allowed), top_k, allowed)
        _replace(hits, short, again)
    return hits


def _from_graph(
    snapshot: Snapshot, graph: Graph, queries: Matrix, wanted: int, top_k: int, allowed: Mask | None
) -> Slots:
    """Candidates: the graph's for what it covers, and exact ones for what was written since."""
    rows, covered = graph.search(queries, wanted)
    slots = np.minimum(np.searchsorted(snapshot.rows, rows), snapshot.size - 1)
    slots[snapshot.rows[slots] != rows] = -1
    start = int(np.searchsorted(snapshot.rows, covered, side="right"))
    if start < snapshot.size:
        slots = np.concatenate([slots, exact(snapshot, queries, top_k, allowed, start)], axis=1)
    return slots


def _replace(hits: Hits, places: Slots, better: Hits) -> None:
    """Puts the better hits at their places; there are never fewer of them."""
    width = min(hits.slots.shape[1], better.slots.shape[1])
    hits.slots[places, :width] = better.slots[:, :width]
    hits.distances[places, :width] = better.distances[:, :width]
    hits.counts[places] = np.minimum(better.counts, width)


def exact(snapshot: Snapshot, queries: Matrix, top_k: int, allowed: Mask | None, start: int = 0) -> Slots:
    """Candidates among the slots from `start` on: [queries, <= top_k + MARGIN], in no order, dead ones among them."""
    subset: Slots | None = None
    matrix, scale, dead = snapshot.matrix[start:], snapshot.scale[start:], snapshot.dead[start:]
    usable = ~dead if allowed is None else allowed[start:] & ~dead
    if 2 * np.count_nonzero(usable) < len(usable):
        subset = np.flatnonzero(usable)
        matrix, scale, usable = matrix[subset], scale[subset], np.ones(len(subset), dtype=bool)
    wanted = min(top_k + MARGIN, len(matrix))
    found = np.empty((len(queries), wanted), dtype=np.int64)
    barred = None if usable.all() else np.flatnonzero(~usable)
    step = max(1, ELEMENTS_AT_ONCE // max(1, len(matrix)))
    for first in range(0, len(queries), step):
        score = _scores(snapshot.metric, matrix, scale, queries[first : first + step])
        if barred is not None:
            score[:, barred] = np.inf
        if wanted < len(matrix):
            found[first : first + step] = np.argpartition(score, wanted - 1, axis=1)[:, :wanted]
        else:
            found[first : first + step] = np.arange(wanted)
    return (found if subset is None else subset[found]) + start


def _scores(metric: Metric, matrix: Matrix, scale: NDArray[np.float64], queries: Matrix) -> Matrix:
    """What orders the vectors as the distance does, and costs least."""
    with np.errstate(all="ignore"):
        score: Matrix = queries @ matrix.T
        if metric is Metric.COSINE:
            score *= -scale.astype(np.float32)
        elif metric is Metric.L2:
            score *= -2
            score += scale.astype(np.float32)
        else:
            np.negative(score, out=score)
    return score


def rank(snapshot: Snapshot, queries: Matrix, candidates: Slots, top_k: int, allowed: Mask | None) -> Hits:
    """Ranks candidates [queries, n] exactly, equal distances by age; -1 marks a place without a candidate."""
    wanted = min(top_k, candidates.shape[1])
    slots = np.zeros((len(queries), wanted), dtype=np.int64)
    distances = np.zeros((len(queries), wanted), dtype=np.float32)
    counts = np.zeros(len(queries), dtype=np.int64)
    step = max(1, ELEMENTS_AT_ONCE // max(1, candidates.shape[1] * queries.shape[1]))
    for first in range(0, len(queries) if wanted else 0, step):
        part = slice(first, first + step)
        chosen = candidates[part]
        usable = (chosen >= 0) & ~snapshot.dead[chosen]
        if allowed is not None:
            usable &= allowed[chosen]
        apart = distances_of(snapshot, queries[part], chosen)
        apart[~usable] = np.inf
        order = np.lexsort((chosen, apart), axis=1)[:, :wanted]
        slots[part] = np.take_along_axis(chosen, order, axis=1)
        nearest = np.take_along_axis(apart, order, axis=1)
        distances[part] = np.clip(nearest, -FLOAT32_MAX, FLOAT32_MAX)
        counts[part] = np.minimum(np.count_nonzero(usable, axis=1), wanted)
    return Hits(slots, distances, counts)


def distances_of(snapshot: Snapshot, queries: Matrix, slots: Slots) -> NDArray[np.float64]:
    """The distances [q, n] from each query [q, d] to its slots [q, n], in double precision."""
    vectors = snapshot.matrix[slots].astype(np.float64)
    wide = queries.astype(np.float64)[:, None, :]
    if snapshot.metric is Metric.L2:
        vectors -= wide
        apart: NDArray[np.float64] = np.einsum("qnd,qnd->qn", vectors, vectors)
        return apart
    vectors *= wide
    dots: NDArray[np.float64] = vectors.sum(axis=2)
    if snapshot.metric is Metric.COSINE:
        dots *= snapshot.scale[slots]
        dots *= scale_of(Metric.COSINE, queries)[:, None]
        return np.clip(1.0 - dots, 0.0, 2.0)
    return np.subtract(1.0, dots)
