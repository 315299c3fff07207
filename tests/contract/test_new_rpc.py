"""Adding an RPC is writing it in the proto and one method of the application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

RPC = """
  // Greets somebody.
  rpc Greet(GreetRequest) returns (GreetResponse) {
    option (google.api.http) = {
      post: "/v1/greetings/{name}:send"
      body: "*"
    };
    option (rpc) = {scope: "call"};
  }
}

// Asks Greet.
message GreetRequest {
  // Whom.
  string name = 1 [(buf.validate.field).string.min_len = 1];
  // How often.
  uint32 times = 2 [(buf.validate.field).uint32.lte = 3];
}

// Answers Greet.
message GreetResponse {
  // The greeting.
  string greeting = 1;
}

// Asks Submit.
"""


def test_an_rpc_added_to_the_proto_and_the_application_is_served_over_grpc_and_rest(
    contract_copy: Path, tmp_path: Path
) -> None:
    bridge = contract_copy / "qbridge_contract/v1/bridge.proto"
    head, between, rest = bridge.read_text().partition("}\n\n// Asks Submit.\n")
    assert between
    bridge.write_text(head + RPC.lstrip("\n") + rest)
    out = tmp_path / "out"
    generators = [sys.executable, str(ROOT / "contracts/generators/main.py")]
    subprocess.run([*generators, "--proto", str(contract_copy), "--out", str(out)], check=True, timeout=120)

    # The generated package comes first on the path, before the installed one.
    program = [sys.executable, str(ROOT / "tests/contract/serve_greet.py")]
    environment = {**os.environ, "PYTHONPATH": str(out / "contracts/python")}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "grpc": ["Hello, Ada! Hello, Ada! ", "INVALID_ARGUMENT"],
        "rest": ["Hello, Ada! Hello, Ada! ", "INVALID_ARGUMENT"],
    }
    assert "Greets somebody." in (out / "docs/reference/services.md").read_text()
    assert "/v1/greetings/{name}:send" in json.loads((out / "contracts/openapi/openapi.json").read_text())["paths"]
