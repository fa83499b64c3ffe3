"""The random state in which an interpreter starts: `random`, and `numpy.random` whenever numpy comes.

The order of sets is fixed by the environment. What asks the operating system for randomness, such as
`secrets`, `uuid4` and `numpy.random.default_rng()`, is not touched.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import random
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

_NUMPY = "numpy.random"


def seed_random(seed: int) -> None:
    """Seeds what there is, and numpy as soon as it is imported.

    Args:
        seed: At least 0 and below 2**32.
    """
    random.seed(seed)
    if _NUMPY in sys.modules:
        sys.modules[_NUMPY].seed(seed)
    else:
        sys.meta_path.insert(0, _SeedOnImport(seed))


class _SeedOnImport(importlib.abc.MetaPathFinder):
    """Steps aside once it has seen numpy's generator being found."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Leaves finding to the others, and has the module seeded once it is there."""
        if fullname != _NUMPY:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _SeedingLoader(spec.loader, self._seed)
        return spec


class _SeedingLoader(importlib.abc.Loader):
    """The module's own loader, followed by the seed."""

    def __init__(self, loader: Any, seed: int) -> None:
        self._loader = loader
        self._seed = seed

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Makes the module."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module and seeds it."""
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        module.seed(self._seed)
