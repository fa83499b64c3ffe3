"""What the warm processes import before they fork the parts of slots; called by its path.

The packages above are put in place without running what they import: a slot needs its own modules alone, and
everything that is loaded here makes every fork dearer.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

PACKAGE = "replgym"
_ROOMS = ("rewards", "kernels")


def prepare_servers(_: object) -> None:
    """Imports what the servers of slots need, and examiners."""
    _prepare("rewards.sandbox.slot_server")


def prepare_sandboxes(_: object) -> None:
    """Imports what submissions need, and has it used once."""
    _prepare("rewards.sandbox.sandbox_process")
    _prepare("rewards.sandbox.rehearsal").rehearse()


def _prepare(module: str) -> Any:
    root = Path(__file__).absolute().parents[2]
    _add_package(PACKAGE, root)
    for room in _ROOMS:
        _add_package(f"{PACKAGE}.{room}", root / room)
    return importlib.import_module(f"{PACKAGE}.{module}")


def _add_package(name: str, folder: Path) -> None:
    package = types.ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
