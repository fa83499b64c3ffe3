"""The environment of a process that runs code which is not ours: no secrets of the host, nobody's home."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


def clean_environment(folder: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Builds a small environment whose home and temporary folders lie in `folder`."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    private = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONIOENCODING": "utf-8",
        "PYTHONHASHSEED": "0",  # the order of sets is part of an episode
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    return {**passed, **private, **(extra or {})}
