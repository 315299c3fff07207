"""The vector backend of this process: SQLite keeps the vectors, arrays in memory answer the queries.

                      store's thread                        readers' threads
    batch of writes -> writer -> store (commit, fsync)
                          |
                          v publish                 snapshot
                      collection  ------------------------------> reader -> search -> replies
                          |                                                   ^
                          +--notify--> builder's thread --> graph (HNSW) -----+

It takes batches of entries and gives an outcome each. It knows the contract and the ports, and nothing of lanes'
sizes, retries or callers. Everything is in memory as well as on disk: 100,000 vectors of 128 numbers take some
150 MB. What is too big for that belongs on a vector database of its own (`chroma`).

Recall: exact (1.0) up to EXACT_ELEMENTS_MAX numbers in a collection, and for selective filters; by the neighbour
graph above that, at least 0.99 at top_k 10 on the digits and on the reference topics, which a test holds.
"""

from qbridge_server.backends.vector.backend import EXACT_ELEMENTS_MAX, VectorBackend

__all__ = ["EXACT_ELEMENTS_MAX", "VectorBackend"]
