"""The way into a process that runs code which is not ours.

`python -P <this folder> <module>:<function> <json>` calls a function of a module in this folder with the
value. The folder becomes the package `replgym_inside`: its place in the project, and with it the project,
stay unknown to the process.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys

PACKAGE = "replgym_inside"


def enter(folder: str) -> None:
    """Makes the modules of the folder importable, by the package's name alone."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != folder]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)


if __name__ == "__main__":
    enter(os.path.dirname(os.path.abspath(__file__)))
    module, _, function = sys.argv[1].partition(":")
    getattr(importlib.import_module(f"{PACKAGE}.{module}"), function)(json.loads(sys.argv[2]))
