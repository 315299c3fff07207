"""The harness: it judges any deployment of the contract, and knows nothing of ours.

It takes case files (YAML, `cases/`) and the address of a deployment; it gives a verdict per case, with every message
that passed, and says of every broken promise whose fault it is.

    case files --language--> plan --engine--> results --reports--> terminal, JSON, JUnit, HTML
                                     |
                  contract <---------+----> clients (REST, gRPC, SSE, WebSocket)
               (every message                  |
                is checked)                    +----> own: the harness's own backend, behind Execute

Message classes are built at run time from the contract's descriptor, and gRPC runs on grpclib, so that the two ends
of the wire share no code. Below it is `qbridge_contract` (descriptor and OpenAPI document, read as data). It imports
neither the SDK nor the server; only the named target is ever contacted.
"""

__version__ = "0.1.0"
