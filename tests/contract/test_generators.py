"""`make contracts` is a function of the protos: what it wrote is current, and a change or a break does not pass."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "contracts/generators/main.py"
DESCRIPTOR = "contracts/python/qbridge_contract/descriptor.binpb"
GENERATED = ("contracts/python", "contracts/openapi", "contracts/schemas", "docs/reference")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a Python program of the repository, bounded in time."""
    return subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, timeout=120)


def change(proto: Path, file: str, old: str, new: str) -> None:
    """Replaces a text that occurs once in a proto."""
    path = proto / "qbridge_contract/v1" / file
    text = path.read_text()
    assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
    path.write_text(text.replace(old, new))


@pytest.fixture
def generated_copy(tmp_path: Path) -> Path:
    """A copy of everything that is generated, for a test to spoil."""
    copy = tmp_path / "tree"
    for folder in GENERATED:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_what_is_committed_is_what_the_protos_generate() -> None:
    done = run(MAIN, "--check")
    assert done.returncode == 0, done.stderr


def test_a_changed_proto_is_drift_and_the_check_lists_what_differs(contract_copy: Path) -> None:
    change(contract_copy, "request.proto", "// What came of a request.\n", "// What came of it.\n")
    done = run(MAIN, "--check", "--proto", contract_copy)
    assert done.returncode == 1
    for path in (f"{GENERATED[0]}/qbridge_contract/structs.py", "docs/reference/messages.md", DESCRIPTOR):
        assert f"differs from contracts/proto: {path}\n" in done.stderr
    assert "errors.py" not in done.stderr
    assert "make contracts" in done.stderr


def test_an_edited_a_missing_and_a_left_over_file_are_drift(generated_copy: Path) -> None:
    package = generated_copy / "contracts/python/qbridge_contract"
    (package / "services.py").write_text("# edited by hand\n")
    (package / "routes.py").unlink()
    (package / "old.py").write_text("")
    done = run(MAIN, "--check", "--out", generated_copy)
    assert done.returncode == 1
    stale = [line.rsplit("/", 1)[1] for line in done.stderr.splitlines() if line.startswith("differs")]
    assert stale == ["old.py", "routes.py", "services.py"]
    assert run(MAIN, "--out", generated_copy).returncode == 0
    assert run(MAIN, "--check", "--out", generated_copy).returncode == 0


def test_a_broken_proto_is_refused_in_protocs_words(contract_copy: Path) -> None:
    change(contract_copy, "request.proto", "message Accepted {", "message Accepted {\n  Nothing nothing = 9;")
    done = run(MAIN, "--check", "--proto", contract_copy)
    assert done.returncode == 1
    assert '"Nothing" is not defined' in done.stderr


def test_an_error_code_without_its_row_is_refused(contract_copy: Path) -> None:
    last = "// One field that breaks a rule of the contract."
    change(contract_copy, "errors.proto", f"}}\n\n{last}", f"  // New.\n  ERROR_CODE_NEW = 23;\n}}\n\n{last}")
    done = run(MAIN, "--check", "--proto", contract_copy)
    assert done.returncode == 1
    assert "ERROR_CODE_NEW" in done.stderr


def buf(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs buf in the contract's folder."""
    command = [str(Path(sys.executable).with_name("buf")), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT / "contracts", capture_output=True, text=True, timeout=60)


def test_the_contract_is_lint_clean_and_in_its_one_form() -> None:
    lint = buf("lint", ROOT / DESCRIPTOR, "--config", "buf.yaml")
    assert lint.returncode == 0, lint.stdout
    form = buf("format", "--diff", "--exit-code")
    assert form.returncode == 0, form.stdout


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("  bool replayed = 3;", "  string replayed = 3;", "changed type"),
        ("  bool replayed = 3;", "  bool replayed = 9;", "deleted"),
        ("  bool replayed = 3;", "  bool again = 3;", "name"),
    ],
    ids=["another type", "another number", "another name"],
)
def test_a_change_that_breaks_clients_is_caught(
    contract_copy: Path, tmp_path: Path, old: str, new: str, word: str
) -> None:
    accepted = "  Durability durability = 2;\n  // True where the same request was accepted before.\n"
    change(contract_copy, "request.proto", accepted + old, accepted + new)
    assert run(MAIN, "--proto", contract_copy, "--out", tmp_path / "out").returncode == 0
    breaking = (ROOT / "contracts/generators/breaking.py", "--against", ROOT / DESCRIPTOR)
    done = run(*breaking, "--descriptor", tmp_path / "out" / DESCRIPTOR)
    assert done.returncode == 100
    assert word in done.stdout
    assert run(*breaking).returncode == 0
