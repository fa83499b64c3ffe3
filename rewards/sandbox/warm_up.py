"""What the warm process imports before it forks slots; called by its path.

The packages above are put in place without running what they import: a slot needs its own modules alone, and
everything that is loaded here makes every fork dearer.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

PACKAGE = "replgym"
_ROOMS = ("rewards", "kernels")
_MODULES = ("rewards.sandbox.slot_server", "rewards.candidate_service", "rewards.examiner")


def prepare(_: object) -> None:
    """Imports."""
    root = Path(__file__).absolute().parents[2]
    _add_package(PACKAGE, root)
    for room in _ROOMS:
        _add_package(f"{PACKAGE}.{room}", root / room)
    for module in _MODULES:
        importlib.import_module(f"{PACKAGE}.{module}")


def _add_package(name: str, folder: Path) -> None:
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
