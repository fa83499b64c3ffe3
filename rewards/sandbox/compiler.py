"""C++: the compiler's command, and the run of its result."""

from __future__ import annotations

import os
from typing import NoReturn

COMPILER = "g++"
SOURCE, BINARY = "solution.cpp", "solution"
_OPTIONS = ("-O2", "-std=c++17", "-pipe", "-fmax-errors=5", "-fdiagnostics-color=never")


def compile_source(compiler: str, source: bytes) -> NoReturn:
    """Becomes the compiler, in the working directory. Streams and limits are in place."""
    with open(SOURCE, "wb") as file:
        file.write(source)
    os.execve(compiler, [COMPILER, *_OPTIONS, "-o", BINARY, SOURCE], _environment())


def run_binary(binary: int) -> NoReturn:
    """Becomes the program behind a descriptor."""
    os.execve(binary, [f"./{BINARY}"], _environment())


def _environment() -> dict[str, str]:
    return dict(os.environ)
