"""Lets SGLang start without a GPU: empty packages stand for code that runs on GPUs or in notebooks alone.

SGLang imports it while it starts, also where the CPU does all the work with PyTorch's own operators.
None of it is called when a text model is served like that.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from typing import Any
from unittest.mock import MagicMock

PACKAGES = ("IPython", "sgl_kernel", "torchvision", "triton")
NO_DEVICE = "driver"
"""What Triton's code asks for devices; where it is missing, that code falls back to the CPU."""


class _StubClass(type):
    """The type of classes with every attribute."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return MagicMock(name=name)


class _Stub(types.ModuleType):
    """A package in which every name exists; a capital one is a class, fit for `isinstance`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == NO_DEVICE:
            raise AttributeError(name)
        value: Any = _StubClass(name, (MagicMock,), {}) if name[0].isupper() else MagicMock(name=name)
        setattr(self, name, value)
        return value


class StubFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `PACKAGES` and all that is in them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The stub of a package, before anything is searched on the disk."""
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """An empty package."""
        stub = _Stub(spec.name)
        stub.__path__ = []
        stub.__version__ = "0.0.0"  # type: ignore[attr-defined]
        return stub

    def exec_module(self, module: types.ModuleType) -> None:
        """Imports the part of Triton that must lack its devices."""
        if module.__name__ == "triton":
            importlib.import_module("triton.runtime")


sys.meta_path.insert(0, StubFinder())
