"""The rollout benchmark runs from its command to its page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "rollout.py"


@pytest.mark.parametrize(
    "contenders",
    [
        ("replgym", "barrier"),
        pytest.param(
            ("verl", "verl, replayed"),
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(sys.version_info >= (3, 13), reason="verl does not support this Python"),
            ],
        ),
    ],
)
def test_a_quick_run_fills_the_page(contenders: tuple[str, ...], tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--quick", "--folder", str(tmp_path), "--contenders", *contenders]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "rollout.json").read_text())
    for name in contenders:
        figures = record["samples"][name]
        assert figures["episodes per second"][0] > 0
        assert 0 <= figures["engine idle"][0] <= figures["engine idle, whole run"][0] < 1
        assert figures["peak memory"][0] > figures["peak page tables"][0] > 0
        assert 0 < figures["episode seconds, p50"][0] <= figures["episode seconds, p99"][0]
    assert record["work"][0]["episodes"] == 16
    assert len(record["many"]) == (3 if "replgym" in contenders else 0)
    assert "| target |" in (tmp_path / "rollout.md").read_text()
