"""The checker of the README's blocks can pass and can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def check(page: Path, text: str) -> tuple[int, str]:
    """Writes a page, checks it; (exit code, what the checker said)."""
    page.write_text(text)
    outcome = subprocess.run(
        [sys.executable, ROOT / "scripts" / "readme_check.py", page],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return outcome.returncode, outcome.stdout + outcome.stderr


def test_a_page_whose_blocks_do_what_it_says_passes(tmp_path: Path) -> None:
    code, said = check(
        tmp_path / "page.md",
        """
```bash
test -f pyproject.toml && echo one && echo two > left-behind.txt
```
```python
print(open("left-behind.txt").read())
print("took 12 ms")
```
<!-- check: output -->
```text
two
took ... ms
```
""",
    )
    assert code == 0, said
    assert said.count("passed in") == 2
    assert not (ROOT / "left-behind.txt").exists()


def test_a_block_that_fails_fails_the_page_and_names_its_line(tmp_path: Path) -> None:
    code, said = check(tmp_path / "page.md", "\n\n```python\nraise SystemExit(3)\n```\n")
    assert code == 1
    assert "page.md:3 python: FAILED" in said
    assert "exit code 3" in said


def test_output_that_differs_from_the_page_fails_it(tmp_path: Path) -> None:
    page = "```bash\necho 41\n```\n<!-- check: output -->\n```text\n42\n```\n"
    code, said = check(tmp_path / "page.md", page)
    assert code == 1
    assert "not in the output" in said


def test_lines_shown_in_another_order_fail_the_page(tmp_path: Path) -> None:
    page = "```bash\necho a; echo b\n```\n<!-- check: output -->\n```text\nb\na\n```\n"
    assert check(tmp_path / "page.md", page)[0] == 1


def test_a_background_block_is_awaited_serves_the_next_and_is_stopped(tmp_path: Path) -> None:
    page = """
<!-- check: background ready -->
```bash
echo $$ > pid; echo ready; exec sleep 600
```
```bash
kill -0 "$(cat pid)" && cp pid PLACE
```
"""
    kept = tmp_path / "kept"
    code, said = check(tmp_path / "page.md", page.replace("PLACE", str(kept)))
    assert code == 0, said
    assert not Path("/proc", kept.read_text().strip()).exists()


def test_a_skipped_block_does_not_run(tmp_path: Path) -> None:
    code, said = check(tmp_path / "page.md", "<!-- check: skip needs a cluster -->\n```bash\nfalse\n```\n")
    assert code == 0
    assert "skipped: needs a cluster" in said
