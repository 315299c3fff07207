"""A second implementation of the contract, and planted errors in it, for judging the judge.

A harness that has only ever met one server knows that server, not the contract. So here is another one,
written from the contract's text alone: betterproto2 messages on grpclib, Starlette for REST, memory for
everything. It is small and plain rather than fast.

    conforming/   keeps the contract's `core` and `vector` profiles
    broken/       the same with one planted error each; `broken.yaml` says which rule each one breaks
    running.py    starts either on real sockets, inside this process
    cli.py        `qbridge-mocks list`, `qbridge-mocks serve NAME`

It takes from `qbridge_contract` the error table and the descriptors, from `qbridge_contract_betterproto` the
messages. It knows neither the SDK, nor the reference server, nor the harness.
"""

from __future__ import annotations

from qbridge_mocks.running import Running, start

__all__ = ["Running", "start"]
