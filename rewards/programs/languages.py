"""How a program of each language is compiled and started in its sandbox."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from .program import ProgramLanguage
from .program_runner import LanguageMissingError


@dataclass(frozen=True, slots=True)
class Recipe:
    """The commands of one language; `{source}` and `{program}` stand for paths in the working directory."""

    file_name: str
    run: tuple[str, ...]
    compilation: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    script: bool = False
    """Whether `run` is a Python script with its arguments, which needs no new interpreter."""
    stack: int | None = None
    """Bytes of stack; the system's own limit by default."""


_FOLDERS = "/usr/local/bin:/usr/bin:/bin"
_PATH = {"PATH": _FOLDERS}
_QUIET_PYTHON = {
    "PATH": f"{os.path.dirname(sys.executable)}:{_FOLDERS}",
    "PYTHONDONTWRITEBYTECODE": "1",
}
# A plain pytest: plug-ins of the judge's own environment have no place in a submission's run.
_QUIET_PYTEST = {**_QUIET_PYTHON, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def recipe_for(language: ProgramLanguage) -> Recipe:
    """The recipe of a language.

    Raises:
        LanguageMissingError: If what it needs is not installed on this machine.
    """
    match language:
        case ProgramLanguage.PYTHON:
            return Recipe("solution.py", ("{source}",), environment=_QUIET_PYTHON, script=True)
        case ProgramLanguage.PYTEST:
            if importlib.util.find_spec("pytest") is None:
                raise LanguageMissingError(
                    "language 'pytest' needs pytest on the judge's machine: pip install pytest"
                )
            command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "{source}")
            return Recipe("test_solution.py", command, environment=_QUIET_PYTEST)
        case ProgramLanguage.CPP:
            compiler = _installed("g++", language)
            command = (compiler, "-O2", "-std=c++17", "-o", "{program}", "{source}")
            return Recipe("solution.cpp", ("{program}",), command, _PATH, stack=64 << 20)
        case ProgramLanguage.BASH:
            return Recipe("solution.sh", (_installed("bash", language), "{source}"), environment=_PATH)


@functools.cache
def _installed(program: str, language: ProgramLanguage) -> str:
    found = shutil.which(program, path=_FOLDERS)
    if found is None:
        raise LanguageMissingError(f"language {str(language)!r} needs {program} on the judge's machine")
    return found
