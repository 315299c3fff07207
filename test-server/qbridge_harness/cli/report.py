"""`qbridge-harness report`: the conformance report of a run, as JSON and as a page."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from qbridge_harness.cli.options import FAILED, PASSED
from qbridge_harness.contract import load_contract
from qbridge_harness.rules import load_rules
from qbridge_harness.usage import UsageError
from qbridge_harness.verdicts.conformance import conformance_report
from qbridge_harness.verdicts.conformance_form import SCHEMA_FILE, conformance_schema
from qbridge_harness.verdicts.conformance_page import conformance_page
from qbridge_harness.verdicts.last_run import FOLDER, find_run

EXAMPLES = """examples:
  qbridge-harness report                         of the newest report under reports/itest
  qbridge-harness report --run report.json --out reports/conformance
  qbridge-harness report --implementation acme-bridge --contact ops@acme.example --url https://acme.example/bridge

It writes conformance.json, its JSON Schema conformance.schema.json, and conformance.html. It exits 1 where the profile
core is not a success: failure where something breaks (a known failure too), partial where a MUST was not judged.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `qbridge-harness report`."""
    help_text = f"JSON report, or folder of reports (default: the newest under {FOLDER})"
    parser.add_argument("--run", dest="of_run", type=Path, metavar="PATH", help=help_text)
    out = Path("reports") / "conformance"
    parser.add_argument("--out", type=Path, default=out, metavar="DIR", help=f"folder to write to (default: {out})")
    parser.add_argument("--implementation", default="", metavar="NAME", help="its name (default: what it says)")
    parser.add_argument("--contact", default="", help="whom to ask about it")
    parser.add_argument("--url", default="", help="the page of the project")
    parser.set_defaults(run=write)


def write(arguments: argparse.Namespace) -> int:
    """Writes the report; 1 where the profile core is not a success."""
    last = find_run(arguments.of_run)
    found = conformance_report(
        last.report,
        load_rules() or {},
        load_contract(),
        name=arguments.implementation,
        contact=arguments.contact,
        url=arguments.url,
    )
    folder: Path = arguments.out
    texts = {
        "conformance.json": json.dumps(found.document(), indent=1, ensure_ascii=False) + "\n",
        SCHEMA_FILE: json.dumps(conformance_schema(), indent=1) + "\n",
        "conformance.html": conformance_page(found),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"The report cannot be written to {folder}: {why}. Name another folder with --out.") from None
    print(f"Read {last.words}\nWrote {', '.join(str(folder / name) for name in texts)}\n")
    for profile in found.profiles:
        print(f"{profile.name}: {profile.result}. {profile.reason}")
    must = found.levels["MUST"]
    print(f"{found.implementation.name}: {found.result}, MUST {must.percent} % ({must.proven} rules)")
    return PASSED if found.result == "success" else FAILED
