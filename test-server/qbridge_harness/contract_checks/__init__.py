"""The checks of a deployment with tools that people know: schemathesis and pact, from what the contract publishes.

Takes the addresses of a deployment, gives the verdict of each part: `fuzz.py` runs schemathesis over the OpenAPI
document, `pacts.py` replays the published pacts, of HTTP and of the streams' messages. Each part is a process of its
own, so that its time is bounded and a tool that crashes is told from a deployment that fails. Knows nothing of cases.

    cli/contract.py -> fuzz.py  -> schemathesis, with fuzz_hooks.py in its process
                    -> pacts.py -> verify.py, a process -> pact, with stage.py and scenes.py on its side
"""
