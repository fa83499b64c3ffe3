"""Brings this package into a live kernel of another machine, from sources that came with a cell.

It must compile wherever a kernel runs, since it is what says that something there is too old.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Mapping
from typing import Any

PACKAGE = "replgym_inside"
_OLDEST_PYTHON = (3, 11)
_OLDEST_IPYKERNEL = (6, 29)


class SentModules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports modules whose sources are given by name.

    Args:
        sources: Name of the module below the package -> its source.
    """

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = {f"{PACKAGE}.{name}": source for name, source in sources.items()}
        self._sources[PACKAGE] = ""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> Any:
        """Finds what was sent, and nothing else."""
        return importlib.util.spec_from_loader(fullname, self) if fullname in self._sources else None

    def get_source(self, fullname: str) -> str:
        """The source of a module."""
        return self._sources[fullname]

    def is_package(self, fullname: str) -> bool:
        """Whether it is the package itself."""
        return fullname == PACKAGE


async def bring(sources: Mapping[str, str], target: str, argument: Mapping[str, Any]) -> None:
    """Makes the modules importable and calls `module:function` with the argument.

    Raises:
        RuntimeError: If this is no kernel in which they could work.
    """
    if sys.version_info < _OLDEST_PYTHON:
        raise RuntimeError(f"the kernel runs Python {sys.version.split()[0]}; 3.11 or newer is needed")
    ipykernel = sys.modules.get("ipykernel")
    if ipykernel is None:
        raise RuntimeError("the kernel is no ipykernel; choose a kernel spec that runs one")
    if ipykernel.version_info[:2] < _OLDEST_IPYKERNEL:
        raise RuntimeError(f"the kernel has ipykernel {ipykernel.__version__}; 6.29 or newer is needed")
    if PACKAGE in sys.modules:
        raise RuntimeError("the kernel was prepared before")
    sys.meta_path.append(SentModules(sources))
    module, _, function = target.partition(":")
    getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)(argument)
