"""The shape of the project, read from its source: who may import whom, and how large anything may get."""

from __future__ import annotations

import ast
import functools
import gc
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "kernels": {"kernels"},
    "tools": {"tools", "kernels"},
    "rewards": {"rewards", "kernels"},
    "envs": {"envs", "tools", "rewards", "kernels"},
    "agents": {"agents", "envs", "tools", "rewards", "kernels"},
    "pyinterp_v0": {"agents"},
    "replgym": {"agents", "envs", "tools", "rewards", "kernels"},
}
BELOW = {
    "run_settings": {"terminal", "monitoring", "verl_runs", "sft", "training", "command_line"},
    "terminal": {"monitoring", "verl_runs", "sft", "training", "command_line"},
    "monitoring": {"verl_runs", "sft", "training", "command_line"},
    "verl_runs": {"sft", "training", "command_line"},
    "sft": {"training", "command_line"},
    "training": {"command_line"},
}
"""Packages of `agents`, and those above them, which they do not import."""
HEAVY = {"torch", "transformers", "openai", "verl", "docker", "ray", "sglang", "vllm"}
HEAVY_PACKAGES = ("agents/verl_adapter/", "agents/transformers_engine/")
MOST_LINES, MOST_FUNCTION_LINES = 400, 40


def source_files() -> list[Path]:
    """The files of all rooms, without the links that lead to them a second time."""
    rooms = [path for room in MAY_IMPORT for path in (ROOT / room).rglob("*.py")]
    return sorted(path for path in rooms if not any(parent.is_symlink() for parent in path.parents))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def modules_of(node: ast.AST, path: Path) -> Iterator[str]:
    """The absolute names of the modules that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        base = node.module or ""
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = ["replgym", *path.relative_to(ROOT).parts[:-1]]
        if package[1] == "replgym":
            package.pop(0)
        base = ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)


def at_import_time(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, without those for type checkers."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        for field in ("body", "orelse", "finalbody", "handlers"):
            for child in getattr(node, field, []):
                yield from at_import_time(child.body if isinstance(child, ast.ExceptHandler) else [child])


@functools.cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    gc.disable()  # a finalizer that prints a traceback parses as well: CPython 3.11 then miscounts its depth
    try:
        return tuple((path, ast.parse(path.read_text(), filename=str(path))) for path in source_files())
    finally:
        gc.enable()


def test_imports_point_one_way() -> None:
    wrong = []
    for path, tree in trees():
        room = path.relative_to(ROOT).parts[0]
        for node in ast.walk(tree):
            for module in modules_of(node, path):
                parts = module.split(".")
                if parts[0] == "replgym" and parts[1:] and parts[1] in set(MAY_IMPORT) - MAY_IMPORT[room]:
                    wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong


def test_runs_stand_on_what_they_share() -> None:
    wrong = []
    for path, tree in trees():
        room, package = path.relative_to(ROOT).parts[:2]
        above = BELOW.get(package, set()) if room == "agents" else set()
        for node in ast.walk(tree):
            for module in modules_of(node, path):
                if module.removeprefix("replgym.agents.").split(".")[0] in above:
                    wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong


def test_heavy_modules_are_imported_where_they_are_used() -> None:
    wrong = []
    for path, tree in trees():
        if name_of(path).startswith(HEAVY_PACKAGES):
            continue
        for node in at_import_time(tree.body):
            for module in modules_of(node, path):
                if module.split(".")[0] in HEAVY:
                    wrong.append(f"{name_of(path)}:{node.lineno} imports {module}")
    assert not wrong


def test_files_and_functions_stay_small() -> None:
    long = []
    for path, tree in trees():
        if len(path.read_text().splitlines()) >= MOST_LINES:
            long.append(name_of(path))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and lines_of(node) >= MOST_FUNCTION_LINES
            ):
                long.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert not long


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_the_library_prints_nothing() -> None:
    printing = []
    for path, tree in trees():
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "print" and name_of(path) != "replgym/cli.py":
                printing.append(f"{name_of(path)}:{called.lineno}")
    assert not printing
