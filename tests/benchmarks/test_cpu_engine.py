"""The benchmark of the engine for CPUs runs to its page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks/cpu_engine.py"


def test_a_quick_run_measures_both_engines(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--quick", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    samples = json.loads((tmp_path / "cpu-engine.json").read_text())["samples"]["0.5 M"]
    assert all(samples[name]["tokens per second"][0] > 0 for name in ("replgym", "transformers, generate"))
    assert "| tokens per second |" in (tmp_path / "cpu-engine.md").read_text()
