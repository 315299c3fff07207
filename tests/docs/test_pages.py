"""The documentation holds together: it builds without a warning, its two languages agree, its lists are whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(bash|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"\s*# .*$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HOSTS = re.compile(r'(?:src|href)="(https?://[^"]+\.(?:js|css|woff2?|png|svg))"')


def code(page: Path) -> list[tuple[str, str]]:
    """The blocks of a page, without their comments."""
    return [(language, COMMENT.sub("", text)) for language, text in BLOCK.findall(page.read_text())]


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 20
    assert not {host for page in pages for host in HOSTS.findall(page.read_text())}


@pytest.mark.parametrize(
    ("english", "russian"),
    [("README.md", "docs/ru/README.md"), ("docs/start.md", "docs/ru/start.md"), ("docs/index.md", "docs/ru/index.md")],
)
def test_the_russian_page_has_the_programs_of_the_english_one(english: str, russian: str) -> None:
    assert code(ROOT / english)
    assert code(ROOT / english) == code(ROOT / russian)


def test_the_readme_links_its_translation_in_its_first_line() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[0]
    assert "docs/ru/README.md" in first


def test_every_decision_is_in_the_list() -> None:
    listed = set(LINK.findall((DOCS / "decisions" / "index.md").read_text()))
    there = {path.name for path in (DOCS / "decisions").glob("*.md")} - {"index.md"}
    assert listed == there, "run: python scripts/docs_nav.py"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/ru/README.md"])
def test_pages_outside_of_the_site_link_what_is_there(page: str) -> None:
    path = ROOT / page
    links = [link.partition("#")[0] for link in LINK.findall(path.read_text()) if not link.startswith(("http", "#"))]
    assert [link for link in links if not (path.parent / link).exists()] == []
