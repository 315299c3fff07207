"""The conforming implementation.

    grpc_door  rest_door, socket_door     read and write messages, each in its own encoding
         \\      /
         bridge, platform                 the RPCs, written once for all doors
            |
          world                           accepts, remembers, cancels, lists
          /    \\
        job    backends/                  one request and its life; what does the work

`reading` turns bytes or JSON into a checked message, `rules` holds what the contract says in prose,
`refusal` is an error on its way to a caller. Requests run as soon as a backend can take them; there is no
lane, no batching policy and no disk, and the capabilities say so.
"""
