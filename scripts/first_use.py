"""What a newcomer does first, run by the release check where only the wheel and its base dependencies are.

It must work with the standard library and `qbridge` alone, and exits non-zero where an answer is wrong.
"""

import sys

import qbridge

SERVER_ONLY = {"uvicorn", "starlette", "fastapi", "grpclib", "opentelemetry", "prometheus_client"}


def main() -> None:
    """Echo and nearest neighbour, embedded; then durable in a folder, and still there when opened again."""
    with qbridge.connect() as bridge:
        assert bridge.call("echo", "echo", {"hello": "world"}) == {"hello": "world"}
        fill_and_ask(bridge)
    with qbridge.connect("./data") as bridge:
        fill_and_ask(bridge)
    with qbridge.connect("./data") as bridge:
        assert bridge.count("colours") == 3
    assert not SERVER_ONLY & sys.modules.keys(), SERVER_ONLY & sys.modules.keys()
    print("first use: passed")


def fill_and_ask(bridge: qbridge.Client) -> None:
    """Three colours, and the one nearest to orange."""
    bridge.create_collection("colours", 3)
    bridge.upsert("colours", ["red", "green", "blue"], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert bridge.query("colours", [1.0, 0.5, 0.0], top_k=1).ids == ["red"]


main()
