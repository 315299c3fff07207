"""The gateway: lets callers in, over gRPC, REST and WebSocket, and answers them.

It takes messages of the contract from three doors and gives them to ONE application layer, so that every door has
the same errors, limits and effects. The application admits a request (rules, scope, quota, deadline, routing, lane),
appends it to the buffer, and hands back what the buffer settles. It knows nothing of batches, engines or files.

    grpc_door --+                            +-- bridge (Submit, Call, Session, Get, Watch, ...)
    rest_door --+--> reading, keys, context --+-- backends (Register, ..., Execute)
    ws_door   --+                            +-- platform (capabilities, health, keys, quotas)
"""
