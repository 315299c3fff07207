"""Our licence says what it must, every dependency's goes with it, and each way in which one may not is found."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from scripts import licences

ROOT = Path(__file__).parents[2]
TERMS = tomllib.loads((ROOT / "docs" / "licences.toml").read_text())


def judged(licence: str, name: str = "planted") -> licences.Judged:
    """The verdict on a package of that licence."""
    return licences.judge(licences.Package(name, "requirements.lock", licence), TERMS)


def test_the_licence_forbids_commercial_use_without_an_agreement() -> None:
    text = " ".join((ROOT / "LICENSE.md").read_text().split())
    assert "No commercial use without an agreement." in text
    assert "Read the source, run the Software, change it and share it" in text


def test_every_dependency_has_an_allowed_licence(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main(["--check"]) == 0, capsys.readouterr().out


def test_every_lock_is_looked_at() -> None:
    there = licences.packages(ROOT)
    sources = {lock.name for lock in ROOT.glob("requirements*.lock")}
    assert sources <= {package.source for package in there}
    assert {"apsw", "httpx", "pyarrow"} <= {package.name for package in there}


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "GNU General Public License v3 (GPLv3)",
        "AGPL-3.0-or-later",
        "LGPL-2.1-only",
        "MPL-2.0",
        "SSPL-1.0",
        "MIT AND GPL-2.0-only",
        "(MIT OR Apache-2.0) AND AGPL-3.0-only",
        "Proprietary",
    ],
)
def test_a_planted_package_is_red(licence: str) -> None:
    assert "not allowed" in judged(licence).problem


def test_a_package_that_names_no_licence_is_red() -> None:
    assert "nobody states its licence" in judged("").problem


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache Software License", "GPL-2.0-only OR MIT", "(MIT OR GPL-2.0-only) AND ISC", "BSD License"]
)
def test_an_allowed_licence_passes_in_each_spelling(licence: str) -> None:
    assert not judged(licence).problem


def test_copyleft_passes_for_the_package_that_has_a_reason_and_for_no_licence_but_its_own() -> None:
    passed = judged("MPL-2.0", "certifi")
    assert not passed.problem
    assert "copyleft" in passed.note
    assert judged("GPL-3.0-only", "certifi").problem
    assert judged("MPL-2.0", "certify").problem


def plant(root: Path) -> None:
    """A repository with a Python package that nobody has installed, and a Node package under the AGPL."""
    (root / "docs" / "reference").mkdir(parents=True)
    empty = {"copyleft": {"left-over": ["MPL-2.0", "?"]}, "stated": {}}
    tables = "".join(f"[{name}]\n" + "".join(f'"{k}" = {json.dumps(v)}\n' for k, v in table.items())
                     for name, table in ({**TERMS, **empty}).items())  # fmt: skip
    (root / "docs" / "licences.toml").write_text(tables)
    (root / "requirements.lock").write_text(
        "no-such-package-here==1.0 \\\n    --hash=sha256:00\nhttpx==1 \\\n    --hash=sha256:00\n"
    )
    node = root / licences.NODE
    node.parent.mkdir(parents=True)
    node.write_text(
        json.dumps({"packages": {"": {}, "node_modules/@a/b": {"license": "AGPL-3.0"}, "node_modules/c": {}}})
    )


def test_the_command_is_red_for_each_planted_package_and_for_a_page_that_is_not_current(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(tmp_path)
    assert licences.main(["--check"], tmp_path) == 1
    said = capsys.readouterr().out
    assert "no-such-package-here (requirements.lock): unknown" in said
    assert "@a/b (mocks/node/package-lock.json): AGPL-3.0: its licence is not allowed" in said
    assert "c (mocks/node/package-lock.json): unknown" in said
    assert "left-over: no dependency has that name" in said
    assert "is not current: run `make licences`" in said
    assert "httpx" not in said
    licences.main([], tmp_path)
    assert "| httpx | BSD-3-Clause |" in (tmp_path / licences.PAGE).read_text()
