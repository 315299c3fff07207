"""The thread that keeps the neighbour graphs of large collections up to date, and their files."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from qbridge_server.backends.vector.collection import DEAD_MIN, Collection
from qbridge_server.backends.vector.graph import Graph

log = logging.getLogger("qbridge.server.backends.vector")


class Builder:
    """Makes a graph for each collection of more than `elements_max` numbers; smaller ones are searched exactly."""

    def __init__(self, collections: Callable[[], Iterable[Collection]], folder: Path | None, elements_max: int) -> None:
        self._collections = collections
        self._folder = folder
        self._elements_max = elements_max
        self._graphs: dict[int, Graph] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._dirty = False
        self._idle = True
        self._thread = threading.Thread(target=self._run, name="qbridge-vector-builder", daemon=True)

    def start(self) -> None:
        """Reads the files, then starts building. Reading one holds the interpreter for about 1 ms a MiB."""
        for collection in self._collections():
            self._read(collection)
        self._thread.start()
        self.notify()

    def notify(self) -> None:
        """Says that a collection has changed."""
        with self._changed:
            self._dirty, self._idle = True, False
            self._changed.notify_all()

    def graph(self, collection: Collection) -> Graph | None:
        """The graph of the collection, as far as it is built."""
        return self._graphs.get(collection.number)

    def forget(self, collection: Collection) -> None:
        """Drops the graph of a deleted collection, and its files."""
        self._graphs.pop(collection.number, None)
        for path in self._files(collection):
            path.unlink(missing_ok=True)

    def wait_idle(self, timeout_s: float) -> bool:
        """Waits until every graph is complete; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._idle, timeout_s)

    def close(self) -> None:
        """Stops the thread and writes the files."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        for collection in self._collections():
            self._write(collection)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._dirty:
                    self._idle = True
                    self._changed.notify_all()
                self._changed.wait_for(lambda: self._dirty or self._stopping)
                if self._stopping:
                    return
                self._dirty = False
            for collection in list(self._collections()):
                try:
                    self._build(collection)
                except Exception:
                    # Searches of this collection stay exact, which is slower and right.
                    log.exception("graph not built", extra={"collection": collection.name})
                    self._graphs.pop(collection.number, None)

    def _build(self, collection: Collection) -> None:
        snapshot = collection.snapshot()
        if snapshot.live * collection.dimension <= self._elements_max:
            self._graphs.pop(collection.number, None)
            return
        old = self._graphs.get(collection.number)
        worn = old is not None and len(old) > 2 * snapshot.live + DEAD_MIN
        graph = Graph(collection.dimension, collection.metric) if old is None or worn else old
        if not worn:
            self._graphs[collection.number] = graph
        while not self._stopping and graph.add(collection.snapshot()):
            pass
        # A worn graph serves until the new one is complete.
        if not self._stopping:
            self._graphs[collection.number] = graph

    def _files(self, collection: Collection) -> list[Path]:
        return list(self._folder.glob(f"{collection.number}-*.usearch")) if self._folder else []

    def _read(self, collection: Collection) -> None:
        for path in self._files(collection):
            graph = Graph(collection.dimension, collection.metric)
            try:
                graph.load(path, int(path.stem.partition("-")[2]))
            except (RuntimeError, ValueError, OSError) as error:
                log.warning("graph file dropped", extra={"path": str(path), "problem": str(error)})
                path.unlink(missing_ok=True)
            else:
                self._graphs[collection.number] = graph

    def _write(self, collection: Collection) -> None:
        graph = self.graph(collection)
        if graph is None or self._folder is None:
            return
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{collection.number}-{graph.covered}.usearch"
        stale = [file for file in self._files(collection) if file != path]
        if not path.exists():
            new = path.with_suffix(".new")
            graph.save(new)
            new.rename(path)
        for file in stale:
            file.unlink(missing_ok=True)
