"""Generates everything that is derived from the contract, or checks that it is up to date.

python contracts/generators/main.py            writes
python contracts/generators/main.py --check    compares, and fails with the list of what differs
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from generators import betterproto, emit_docs, emit_schemas, openapi, openapi30, package, reading, source
from generators.text import as_json

REPOSITORY = Path(__file__).resolve().parents[2]


def generate(proto_root: Path) -> source.Files:
    """Every derived file, by its path from the repository's root."""
    descriptors = source.compile_protos(proto_root)
    contract = reading.read(descriptors)
    document = openapi.document(contract)
    return {
        **package.emit(contract, descriptors, document),
        **betterproto.emit(descriptors),
        **emit_schemas.emit(contract),
        **emit_docs.emit(contract),
        "contracts/openapi/openapi.json": as_json(document),
        "contracts/openapi/openapi-3.0.json": as_json(openapi30.downgraded(document)),
    }


def owned(out: Path) -> set[str]:
    """The files under `out` that only the generators write: what they no longer make must go."""
    folders = ("contracts/python", "contracts/schemas", "contracts/openapi", "docs/reference")
    return {
        str(path.relative_to(out))
        for folder in folders
        for path in (out / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def write(files: source.Files, out: Path) -> None:
    """Writes what differs and deletes what is no longer made."""
    for path, content in files.items():
        target = out / path
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for path in owned(out) - set(files):
        (out / path).unlink()


def differing(files: source.Files, out: Path) -> list[str]:
    """The files that are missing, stale or left over."""
    stale = {
        path for path, content in files.items() if not (out / path).is_file() or (out / path).read_bytes() != content
    }
    return sorted(stale | (owned(out) - set(files)))


def main(arguments: list[str] | None = None) -> int:
    """The command. Answers 1 where `--check` finds a difference."""
    parser = argparse.ArgumentParser(description="Generate what is derived from contracts/proto.")
    parser.add_argument("--check", action="store_true", help="compare with what is there; write nothing")
    parser.add_argument("--proto", type=Path, default=REPOSITORY / "contracts/proto", help="folder of the protos")
    parser.add_argument("--out", type=Path, default=REPOSITORY, help="root of the tree to write or compare")
    options = parser.parse_args(arguments)
    files = generate(options.proto)
    if not options.check:
        write(files, options.out)
        print(f"{len(files)} files are up to date.")
        return 0
    stale = differing(files, options.out)
    for path in stale:
        print(f"differs from contracts/proto: {path}", file=sys.stderr)
    if stale:
        print("Run `make contracts` and commit what it writes.", file=sys.stderr)
        return 1
    print(f"{len(files)} files match contracts/proto.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
