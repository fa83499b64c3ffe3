"""The cell that turns an interpreter into a debugger."""

from __future__ import annotations

import base64
import functools
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_INSIDE = Path(__file__).parent / "inside"
_PACKAGE = "replgym_debugger"
_MODULES = (
    "alarm", "values", "source", "streams", "evaluation", "breakpoints", "watches", "tracer", "stack", "view",
    "process", "wire", "debugger", "command", "stops", "looks", "moves", "main",
)  # fmt: skip
"""Each after those that it imports."""


def boot_cell(setup: Mapping[str, Any]) -> str:
    """The cell that debugs a program; it ends when it is interrupted.

    Args:
        setup: What `inside.main.debug` takes.
    """
    return _CELL.format(package=_PACKAGE, modules=_packed_modules(), setup=_packed(setup))


@functools.cache
def _packed_modules() -> str:
    return _packed({name: (_INSIDE / f"{name}.py").read_text() for name in _MODULES})


def _packed(value: object) -> str:
    """JSON that no transformation of cells touches."""
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


_CELL = """\
def _debug(modules, setup):
    import base64, json, sys, types, zlib
    unpacked = lambda text: json.loads(zlib.decompress(base64.b64decode(text)))
    package = sys.modules["{package}"] = types.ModuleType("{package}")
    package.__path__ = []
    for name, source in unpacked(modules).items():
        whole = "{package}." + name
        module = sys.modules[whole] = types.ModuleType(whole)
        module.__package__ = "{package}"
        setattr(package, name, module)
        exec(compile(source, "<" + whole + ">", "exec"), vars(module))
    module.debug(unpacked(setup), input)
_debug("{modules}", "{setup}")
"""
