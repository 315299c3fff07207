"""Folders in the documentation's navigation, and the list of decisions.

An entry of `nav` in mkdocs.yml that ends in "/" becomes the pages of that folder, index.md first: the reference is
generated and decisions come one by one, so that nobody has to name them twice. It is a hook of mkdocs.

python scripts/docs_nav.py    writes the list of decisions into docs/decisions/index.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
DECISIONS = DOCS / "decisions"
LIST = re.compile(r"(<!-- list of decisions -->\n).*?(<!-- end of the list -->)", re.DOTALL)


def on_config(config: Any) -> Any:
    """Unfolds the folders of `nav`."""
    config.nav = unfold(config.nav)
    return config


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The list of decisions as the folder has it now."""
    return with_list(markdown) if page.file.src_uri == "decisions/index.md" else markdown


def unfold(entry: Any) -> Any:
    """An entry of `nav`, with a folder in place of its pages."""
    if isinstance(entry, dict):
        return {title: unfold(value) for title, value in entry.items()}
    if isinstance(entry, list):
        return [page for each in entry for page in (unfold(each) if is_folder(each) else [unfold(each)])]
    return pages_of(DOCS / entry) if is_folder(entry) else entry


def is_folder(entry: Any) -> bool:
    """Whether an entry of `nav` stands for the pages of a folder."""
    return isinstance(entry, str) and entry.endswith("/")


def pages_of(folder: Path) -> list[Any]:
    """The pages of a folder, index.md first, then by name; a folder within it is a section."""
    found = sorted(folder.iterdir(), key=lambda path: (path.name != "index.md", path.name))
    pages: list[Any] = []
    for path in found:
        if path.is_dir():
            pages.append({path.name.replace("-", " ").capitalize(): pages_of(path)})
        elif path.suffix == ".md":
            pages.append(path.relative_to(DOCS).as_posix())
    return pages


def with_list(page: str) -> str:
    """The page with one line a decision: its number, its title, its link."""
    return LIST.sub(lambda found: f"{found[1]}\n{decisions()}\n{found[2]}", page)


def decisions() -> str:
    """The rows of the list."""
    rows = ["| number | decision |", "|---|---|"]
    for path in sorted(DECISIONS.glob("*.md")):
        if path.name != "index.md":
            number, title = number_of(path), title_of(path)
            rows.append(f"| {number} | [{title}]({path.name}) |")
    return "\n".join(rows) + "\n"


def number_of(path: Path) -> str:
    """The number that a decision's file name begins with."""
    return path.stem.partition("-")[0]


def title_of(path: Path) -> str:
    """The first heading of a page, without the decision's number."""
    heading = next((line for line in path.read_text().splitlines() if line.startswith("# ")), f"# {path.stem}")
    return re.sub(r"^#\s*(?:decision\s+)?(?:\d+[.:]?\s*)?(?:-\s*)?", "", heading, flags=re.IGNORECASE).strip()


def main() -> int:
    """Writes the list into the index, for those who read the repository and not the site."""
    index = DECISIONS / "index.md"
    index.write_text(with_list(index.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
