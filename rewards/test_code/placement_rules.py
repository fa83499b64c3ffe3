"""Where test code runs when its task leaves that open: read from the test code, before anything runs.

Trusted is the rule. Beside the submission goes what has to share its interpreter, and the outcome says so:

- objects of libraries that do not cross a process border (pandas, matplotlib, …);
- replacements of what the submission uses: other modules, `print`, the clock, the environment, random seeds;
- files, processes, threads, warnings, logs and garbage collection, which belong to one process;
- source code, signatures and subclasses of what the submission defines.

`input`, standard input and output, and single names of the submission's own module can be replaced from the
trusted side.
"""

from __future__ import annotations

import ast
import sys

from ..tests import PlacementChoice
from ..verdict import Placement
from .syntax import nodes_of

_CROSSING = frozenset({"numpy", "pytest", "hypothesis", "typing_extensions", "parameterized"})
_OF_ONE_PROCESS = frozenset(
    {"ast", "atexit", "dataclasses", "dis", "doctest", "gc", "glob", "importlib", "inspect", "logging"}
    | {"multiprocessing", "os", "pathlib", "pickle", "pkgutil", "runpy", "select", "shutil", "signal"}
    | {"socket", "sqlite3", "subprocess", "tempfile", "threading", "concurrent", "tracemalloc", "warnings"}
    | {"weakref", "zipfile", "tarfile", "csv", "ctypes", "faulthandler", "queue", "symtable", "shelve"}
)
_FIXTURES = frozenset(
    {"tmp_path", "tmpdir", "tmp_path_factory", "tmpdir_factory", "caplog", "recwarn", "capfd", "mocker"}
)
_CALLS = frozenset(
    {"open", "globals", "seed", "default_rng", "assertLogs", "assertNoLogs", "assertWarns", "warns", "chdir"}
    | {"setenv", "delenv", "syspath_prepend", "deprecated_call", "getsizeof", "getrefcount", "vars"}
)
_OF_LIBRARIES = frozenset(
    {"iloc", "loc", "columns", "dtypes", "get_title", "get_xlabel", "get_ylabel", "get_legend", "get_figure"}
)
"""Attributes of tables and plots, which come from libraries that the tests need not import."""
_REPLACEABLE = frozenset({"builtins.input", "sys.stdin", "sys.stdout", "sys.stderr"})
_TELLING = frozenset({ast.Import, ast.ImportFrom, ast.ClassDef, ast.arg, ast.Attribute, ast.Call})
_PATCHES = ("patch.object", "patch.dict", "patch.multiple")


def place(tree: ast.Module, choice: PlacementChoice, module: str | None = None) -> tuple[Placement, str]:
    """Decides where test code runs.

    Args:
        tree: The test code.
        choice: What the task says.
        module: The name under which the tests import the submission, if they do.

    Returns:
        The place and the reason for it.
    """
    if choice is PlacementChoice.TRUSTED:
        return Placement.TRUSTED, "the task says so"
    if choice is PlacementChoice.BESIDE:
        return Placement.BESIDE, "the task says so"
    known = _submission_names(tree, module)
    for node in nodes_of(tree):
        if type(node) in _TELLING and (reason := _reason(node, module, known)):
            return Placement.BESIDE, reason
    return Placement.TRUSTED, "nothing in the tests needs the submission's interpreter"


def _submission_names(tree: ast.Module, module: str | None) -> frozenset[str]:
    """What the tests import from the submission, and the names of its module."""
    if not module:
        return frozenset()
    found = {module}
    for node in nodes_of(tree):
        if isinstance(node, ast.ImportFrom) and node.module == module:
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname or alias.name for alias in node.names if alias.name == module}
    return frozenset(found)


def _reason(node: ast.AST, module: str | None, known: frozenset[str]) -> str:
    if isinstance(node, ast.Import):
        return next(filter(None, (_of_import(alias.name, module) for alias in node.names)), "")
    if isinstance(node, ast.ImportFrom):
        return _of_import(node.module or "", module)
    if isinstance(node, ast.ClassDef):
        for base in node.bases:
            if isinstance(base, ast.Name | ast.Attribute) and ast.unparse(base).split(".")[0] in known:
                return f"the tests derive a class from the submission's {ast.unparse(base)}"
    if isinstance(node, ast.arg) and node.arg in _FIXTURES:
        return f"the fixture {node.arg} belongs to one process"
    if isinstance(node, ast.Attribute):
        if node.attr in ("argv", "modules", "path") and ast.unparse(node.value) == "sys":
            return f"sys.{node.attr} belongs to one process"
        if node.attr in _OF_LIBRARIES:
            return f"objects with {node.attr!r} do not cross a process border"
    return _of_call(node, known) if isinstance(node, ast.Call) else ""


def _of_import(name: str, module: str | None) -> str:
    top = name.split(".")[0]
    if name == module or top in _CROSSING:
        return ""
    if top in _OF_ONE_PROCESS:
        return f"{top} belongs to one process"
    if top and top not in sys.stdlib_module_names:
        return f"objects of {top} do not cross a process border"
    return ""


def _of_call(node: ast.Call, known: frozenset[str]) -> str:
    function = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    name = function.rpartition(".")[2]
    if name in _CALLS:
        return f"what {function} does belongs to one process"
    if isinstance(node.func, ast.Name) and not name.endswith("patch"):
        return ""
    target = _target(node)
    if function.endswith("patch") or (name == "setattr" and function != "setattr"):
        is_own_name = target.count(".") == 1 and target.split(".")[0] in known
        return "" if target in _REPLACEABLE or is_own_name else f"{function} replaces {target or 'something'}"
    if function.endswith(_PATCHES):
        is_own_name = target.count(".") <= 1 and target.split(".")[0] in known
        return "" if is_own_name else f"{function} replaces {target}"
    return ""


def _target(node: ast.Call) -> str:
    """What a call replaces, such as `solution.helper`."""
    if not node.args:
        return ""
    first = node.args[0]
    if isinstance(first, ast.Constant):
        return first.value if isinstance(first.value, str) else ""
    owner = ast.unparse(first)
    if len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
        return f"{owner}.{node.args[1].value!s}"
    return owner
