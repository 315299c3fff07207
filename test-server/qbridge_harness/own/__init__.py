"""The harness's own backend: what it does with its items is the case's own, on any deployment.

    deployment --Execute(batch)--> OwnBackend --behaviour of the case--> results, silence, or a broken stream
                                       |
                                     facts: attaches, batches, items, effects

It takes an open Execute stream and a list of behaviours; it gives facts that a case observes.
It knows nothing of the deployment but the contract.
"""

from qbridge_harness.own.backend import OwnBackend

__all__ = ["OwnBackend"]
