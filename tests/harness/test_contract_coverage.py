"""Contract coverage: what of all that the contract can answer a run has seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbridge_harness.cli import main
from qbridge_harness.contract import Contract
from qbridge_harness.verdicts.contract_coverage import contract_coverage

SEEN = {
    "BridgeService/Call rest 200": 2,
    "BridgeService/Call rest 404": 1,
    "BridgeService/Call grpc OK": 1,
    "BridgeService/Watch sse event SUCCEEDED": 1,
    "BridgeService/Watch grpc NOT_FOUND": 1,
    "BackendService/Execute own backend, grpc event batch": 3,
    "BridgeService/Session websocket event credit": 1,
    "Nothing/Such rest 200": 1,
    "BridgeService/Call rest 299": 1,
}


def test_coverage_counts_what_the_contract_can_answer(contract: Contract) -> None:
    coverage = contract_coverage(contract, {"coverage": SEEN})
    assert sorted((point.operation, point.transport, point.value) for point in coverage.seen) == [
        ("BackendService/Execute", "grpc", "batch"),
        ("BridgeService/Call", "grpc", "OK"),
        ("BridgeService/Call", "rest", "200"),
        ("BridgeService/Call", "rest", "404"),
        ("BridgeService/Session", "websocket", "credit"),
        ("BridgeService/Watch", "grpc", "NOT_FOUND"),
        ("BridgeService/Watch", "sse", "SUCCEEDED"),
    ]
    assert set(coverage.operations) == set(contract.rpcs)
    seen, possible = coverage.share()
    assert (seen, possible) == (7, len(coverage.possible))
    assert coverage.share(kind="stream event", operation="BridgeService/Call") == (0, 0)
    assert coverage.to_json()["kinds"]["stream event"]["seen"] == 3


def test_the_coverage_command_can_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.json"
    plain = {"schema": 1, "run_id": "run-1", "seed": "7", "started_at": "now", "target": "http://x", "cases": []}
    run.write_text(json.dumps(plain | {"capabilities": {}, "coverage": {"BridgeService/Call rest 200": 1}}))
    assert main(["coverage", "--run", str(run)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("coverage 1 of ")
    assert main(["coverage", "--run", str(run), "--at-least", "50", "--missing"]) == 1
    assert "not seen: BridgeService/Call rest 404" in capsys.readouterr().out
    assert main(["coverage", "--run", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seen"] == 1
