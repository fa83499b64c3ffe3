"""The environments of frameworks that cannot stand beside verl."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def adapter_environment(name: str) -> Path:
    """The folder of the environment that `scripts/setup_adapters.sh` builds, where it is missing."""
    made = subprocess.run(
        ["bash", str(_ROOT / "scripts" / "setup_adapters.sh"), name],
        env=os.environ | {"VENV": sys.prefix},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert made.returncode == 0, made.stderr
    return _ROOT / ".adapters" / name
