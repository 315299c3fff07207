"""The Chroma backend: collections on a Chroma server, through its REST API (v2).

    batch --group--> one /query for many embeddings, one /upsert for many vectors --HTTP--> Chroma

A round trip to Chroma costs some 2.5 ms however little it carries, so what can share a call does. It takes batches
and gives an outcome an entry; a connection that fails is BackendLost, Chroma's own errors become rows of the error
table. Filters mean what they mean everywhere: what Chroma cannot say (the order of strings, whether a key exists,
the opposite of an order) is evaluated here over the metadata of the collection, which is slow in large ones.

Differences that stay: an upsert of more vectors than Chroma takes at once is written in several calls, and its
index decides the recall (measured 1.0 on the digits at top_k 10 with our settings).
"""

from qbridge_server.backends.chroma.backend import ChromaBackend

__all__ = ["ChromaBackend"]
