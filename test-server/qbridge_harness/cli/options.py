"""What the commands share: exit codes, the options that name cases and the deployment, and how to judge."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import qbridge_harness
from qbridge_harness.cli import INTERRUPTED
from qbridge_harness.contract import load_contract
from qbridge_harness.language import PlannedCase, Suite, load_suites, plan_cases
from qbridge_harness.language.plan import under
from qbridge_harness.rules import load_rules
from qbridge_harness.usage import UsageError

if TYPE_CHECKING:
    from qbridge_harness.clients import Target
    from qbridge_harness.engine import Options, Report

PASSED, FAILED, USAGE, UNREACHABLE, ERROR, STALE = 0, 1, 2, 3, 4, 5
EXIT_CODES = """exit codes:
  0    everything passed
  1    a case failed (and is not in known-failing.txt), or no case applied
  2    a mistake in the call (its key too), in a case file or in a list; no case ran
  3    the target does not answer, is gone in the middle of the run, or is no bridge
  4    the harness itself broke, sent what the contract does not allow, or could not write a report; no case failed
  5    known-failing.txt or known-flaky.txt has an entry that is stale or names no case; nothing else is red
  130  interrupted
"""
_ONLY = "cases whose id begins so; * stands for one component, ** for any number; repeatable"
_OUTCOMES = {
    "passed": PASSED,
    "failed": FAILED,
    "error": ERROR,
    "stale": STALE,
    "unreachable": UNREACHABLE,
    "interrupted": INTERRUPTED,
}
JOBS_MAX = 64
_KNOWN_FILES = {"failing": "known-failing.txt", "flaky": "known-flaky.txt"}


def exit_code(report: Report) -> int:
    """The exit code of a run."""
    return _OUTCOMES[report.outcome]


def cases_folder() -> Path:
    """`./cases` where it exists, else the cases that came with the package. Raises UsageError where neither does."""
    for folder in (Path("cases"), Path(qbridge_harness.__file__).parent / "cases"):
        if folder.is_dir():
            return folder
    raise UsageError(
        "There is no folder ./cases here, and none came with the package: go to a checkout, or name files of cases."
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options that choose cases."""
    parser.add_argument("cases", nargs="*", type=Path, help="files or folders (default: cases)")
    parser.add_argument("--only", action="append", default=[], metavar="PREFIX", help=_ONLY)
    parser.add_argument("--tag", action="append", default=[], help="only cases with this tag; repeatable")
    parser.add_argument("--skip-tag", action="append", default=[], help="no cases with this tag; repeatable")


def add_target(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """The options that name the deployment."""
    parser.add_argument("--target", required=required, metavar="URL", help="base URL of REST")
    parser.add_argument("--grpc", required=required, metavar="HOST:PORT", help="address of gRPC")
    key_help = "API key (default: $QBRIDGE_API_KEY)"
    parser.add_argument("--key", default=os.environ.get("QBRIDGE_API_KEY", ""), help=key_help)
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="a variable of the cases")
    parser.add_argument("--jobs", type=int, default=6, help="how many cases run at once (default: 6)")
    parser.add_argument("--metrics", default="/metrics", metavar="PATH", help="its metrics page (default: /metrics)")
    otlp_help = "take the deployment's spans here, by OTLP over HTTP; without it cases that need them are skipped"
    parser.add_argument("--otlp", metavar="HOST:PORT", help=otlp_help)


def add_judging(parser: argparse.ArgumentParser) -> None:
    """The options of a run that say how its cases are judged, and what their ids derive from."""
    parser.add_argument("--seed", default="", help="what every id and choice derives from (default: a new one)")
    for kind, name in _KNOWN_FILES.items():
        word = "must fail, a pass is stale" if kind == "failing" else "never decide"
        help_text = f"cases that {word}; one pattern a line (default: {name} of the folder of cases)"
        parser.add_argument(f"--known-{kind}", type=Path, metavar="PATH", help=help_text)


def named_target(arguments: argparse.Namespace) -> Target:
    """The deployment that the options name. Raises UsageError for an address or a key that cannot be one."""
    from urllib.parse import urlsplit

    from qbridge_harness.clients import Target

    try:
        target = Target(arguments.target.rstrip("/"), arguments.grpc, arguments.key)
        parts = urlsplit(target.rest)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except UsageError:
        raise
    except ValueError:  # A port that is no number, or too large.
        sound = False
    if not sound:
        raise UsageError(f"{arguments.target!r} is no address of REST: write http://HOST:PORT behind --target.")
    if any(not "!" <= letter <= "~" for letter in target.key):
        raise UsageError(
            "The API key (--key, or $QBRIDGE_API_KEY) has a space, a line break or a letter beyond ASCII, which no"
            " header can hold: give the key alone."
        )
    if target.grpc:
        target.grpc_parts()
    return target


def select(arguments: argparse.Namespace, *, strict: bool = False) -> list[PlannedCase]:
    """The planned cases that the options name. Raises CaseFileError, and UsageError for a number of jobs.

    With `strict` a pattern that names no case is a UsageError too: it would be left out in silence.
    """
    if not 1 <= getattr(arguments, "jobs", 1) <= JOBS_MAX:
        raise UsageError(f"--jobs takes 1 to {JOBS_MAX}, not {arguments.jobs}.")
    suites = _suites(arguments.cases or [cases_folder()])
    every = plan_cases(suites) if strict and arguments.only else []
    for pattern in arguments.only if strict else ():
        if not any(under(case.id, pattern) for case in every):
            raise UsageError(f"--only {pattern}: no case has that name; `qbridge-harness list` shows all.")
    return plan_cases(suites, only=arguments.only, tags=arguments.tag, skip_tags=arguments.skip_tag)


def judging(
    arguments: argparse.Namespace, given: Mapping[str, Any] | None = None, *, fail_fast: bool = False
) -> Options:
    """The options of a run: its variables, its seed, its lists of known results. Raises UsageError."""
    from qbridge_harness.engine import Options
    from qbridge_harness.known import load_known
    from qbridge_harness.language.fresh import new_seed

    folders = arguments.cases or [cases_folder()]

    def ids() -> set[str] | None:
        """Only a run of whole folders knows that a name is nowhere."""
        whole = all(folder.is_dir() for folder in folders)
        return {planned.id for planned in plan_cases(_suites(folders))} if whole else None

    failing, flaky = (_known_file(getattr(arguments, f"known_{kind}"), folders[0], kind) for kind in _KNOWN_FILES)
    known = load_known(failing, flaky, ids)
    filled = dict(given or {}) | variables(arguments.var)
    spans = getattr(arguments, "spans", None)
    if spans is None and arguments.otlp:
        from qbridge_harness.spans import SpanReceiver

        arguments.spans = spans = SpanReceiver(arguments.otlp)  # It holds its port for the next run too.
    seed = arguments.seed or new_seed()
    return Options(arguments.jobs, filled, fail_fast, seed, known, metrics_path=arguments.metrics, spans=spans)


def announce(options: Options, planned: Sequence[PlannedCase], target: Target) -> None:
    """What a person must know to do it again."""
    print(f"{len(planned)} cases against {target.rest} and {target.grpc}, seed {options.seed}\n", flush=True)


def variables(pairs: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` options. Raises UsageError for one without `=`."""
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UsageError(f"--var takes NAME=VALUE, not {pair!r}.")
        found[name] = value
    return found


def _suites(paths: Sequence[Path]) -> list[Suite]:
    return load_suites(paths, load_contract(), load_rules())


def _known_file(named: Path | None, folder: Path, kind: str) -> Path | None:
    """The list that the call names, else that of the folder of cases, if it has one."""
    beside = (folder if folder.is_dir() else folder.parent) / _KNOWN_FILES[kind]
    return named or (beside if beside.is_file() else None)
