"""The contract as code: one package that everybody may import and that imports nothing of ours.

`structs` holds the messages, `errors` the error table, `services` the RPCs; `json` and `convert` carry
structs to and from the wire; `servicer` and `client` give the services their two faces; `routes` is
what the OpenAPI document says of REST. `v1` holds the protobuf classes, which only the gRPC door needs.
Importing this package, or `structs`, loads neither protobuf nor gRPC.
"""
