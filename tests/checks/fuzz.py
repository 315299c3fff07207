"""Runs schemathesis from the OpenAPI document against a deployment: `make fuzz TARGET=http://127.0.0.1:7401`.

It makes and deletes backends, keys and quotas on the target: use a deployment that may be spoilt. The key comes from
QBRIDGE_API_KEY; without one, the deployment must be open, and the checks of authentication are left out.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = Path(__file__).with_name("schemathesis.toml")
DOCUMENT = ROOT / "contracts" / "openapi" / "openapi.json"

# The tool puts the key in itself, so it stands neither in a file nor in the list of processes.
WITH_KEY = '\n[auth.openapi.bearer]\nbearer = "${QBRIDGE_API_KEY}"\n'
# An open deployment asks nobody who he is, and the document says so in words only.
WITHOUT_KEY = """
[checks]
ignored_auth.enabled = false
missing_required_header.enabled = false
"""


def main(arguments: list[str] | None = None) -> int:
    """Answers the tool's exit code: 0 where every check held."""
    asked = _parser().parse_args(arguments)
    sys.stdout.write(f"seed {asked.seed}\n")
    sys.stdout.flush()
    key = os.environ.get("QBRIDGE_API_KEY", "")
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "schemathesis.toml"
        settings.write_text(SETTINGS.read_text() + (WITH_KEY if key else WITHOUT_KEY))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run", asked.document]
        command += ["--url", asked.target, "--seed", str(asked.seed), "--max-examples", str(asked.examples)]
        command += ["--phases", asked.phases, "--no-color"]
        for operation in asked.only:
            command += ["--include-operation-id", operation]
        if asked.max_time_s:
            command += ["--max-time", str(asked.max_time_s)]
        if not key:
            command += ["--generation-with-security-parameters", "false"]
        if asked.report:
            command += ["--report", "json,ndjson", "--report-dir", asked.report]
        environment = os.environ | {"QBRIDGE_FUZZ_TARGET": asked.target, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True, help="the REST address, http://HOST:PORT")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), help="to repeat a run (any)")
    parser.add_argument("--examples", type=int, default=50, help="cases per operation and kind of data (50)")
    parser.add_argument("--max-time-s", type=int, help="repeat with new data until it is spent")
    parser.add_argument("--phases", default="examples,coverage,fuzzing", help="(examples,coverage,fuzzing)")
    parser.add_argument("--only", action="append", default=[], metavar="OPERATION_ID", help="may be repeated")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="another OpenAPI document")
    parser.add_argument("--report", type=Path, help="write the tool's reports into this folder")
    return parser


if __name__ == "__main__":
    sys.exit(main())
