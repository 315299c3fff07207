"""The contract's published forms (OpenAPI, pacts) against a live server, with the tools that users run themselves.

Nothing here knows the server's code: `fuzz.py` takes an address, and the pact is verified over HTTP. `live.py` starts
the server that the tests judge, as a process of its own.
"""
