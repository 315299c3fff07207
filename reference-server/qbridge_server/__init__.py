"""The reference server: one bridge between callers and backends, in six rooms.

It takes requests of the contract, from a wire or from the caller's own process, and gives each one result, as durable
as the request asked. `ports` has the seams, `app` wires the rooms, `serve` opens the doors, `embedded` is the door
without a wire. No room imports another.

    gateway -> buffer -> batcher -> backends
       ^------------ transport ------'
"""
