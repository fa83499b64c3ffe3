"""The page about learning is made from runs and from the record of earlier ones alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PAGE = BENCHMARKS / "results/learning.json"


def report(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "learning.py"), "--report", "--runs", str(tmp_path / "none")]
    return subprocess.run(
        [*command, "--folder", str(tmp_path), *options], capture_output=True, text=True, timeout=300
    )


def test_a_page_made_of_its_own_record_is_the_same(tmp_path: Path) -> None:
    done = report(tmp_path, "--also", str(PAGE))
    assert done.returncode == 0, done.stderr
    made, published = (
        json.loads((folder / "learning.json").read_text()) for folder in (tmp_path, PAGE.parent)
    )
    assert made["runs"] == published["runs"]
    assert made["compared"] == published["compared"]
    tables, theirs = ((folder / "learning.md").read_text() for folder in (tmp_path, PAGE.parent))
    assert tables.split("\n\n", 2)[2] == theirs.split("\n\n", 2)[2]
    assert (tmp_path / "learning.png").stat().st_size > 0


def test_nothing_to_report_is_told(tmp_path: Path) -> None:
    done = report(tmp_path)
    assert done.returncode == 2
    assert "holds no finished run" in done.stderr
