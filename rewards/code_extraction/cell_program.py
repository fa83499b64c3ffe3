"""The program that a policy leaves behind in its cells when it never hands one in.

It is the text of the cell that defines what the tests ask for, after the cells that this one needs: those
that bind a name which it uses. A cell that only tries the program is left out.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from ..tests import CallTests, CheckTests, Language, StdioTests, Tests


@dataclass(frozen=True, slots=True)
class _Cell:
    source: str
    binds: frozenset[str]
    """Names of the module that it gives a value to."""
    uses: frozenset[str]
    defines: bool
    """Whether it has a function or a class."""

    @classmethod
    def read(cls, source: str) -> Self | None:
        """Takes a cell apart; None when it is not all Python, as one with a magic is not."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        names = [node for node in ast.walk(module) if isinstance(node, ast.Name)]
        changed = {
            node.target.id
            for node in ast.walk(module)
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
        }
        definitions = [node for node in module.body if isinstance(node, _DEFINITION)]
        imports = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
        binds = {node.name for node in definitions}
        binds |= {each.asname or each.name.partition(".")[0] for node in imports for each in node.names}
        binds |= {
            name.id
            for node in module.body
            if not isinstance(node, _DEFINITION)
            for name in ast.walk(node)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }
        uses = changed | {name.id for name in names if isinstance(name.ctx, ast.Load)}
        return cls(source, frozenset(binds), frozenset(uses), bool(definitions))


_DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def program_of_cells(cells: Sequence[str], tests: Tests, *, alone: bool = False) -> str | None:
    """The program in the cells of an episode.

    Args:
        cells: The cells that ran without an error, in their order.
        tests: What the program is for: they say whether it is a function of a name, a module or a script.
        alone: Whether every cell had a fresh interpreter, so that none can need another.

    Returns:
        Its source, or None when no cell is a program of this kind.
    """
    if isinstance(tests, StdioTests) and tests.language is not Language.PYTHON:
        return None
    read = [cell for cell in map(_Cell.read, cells) if cell is not None]
    is_it = _wanted(tests)
    place = next((place for place in reversed(range(len(read))) if is_it(read[place])), None)
    if place is None:
        return None
    needed = [read[place]] if alone else _with_what_it_needs(read[: place + 1])
    return "\n".join(cell.source for cell in needed)


def _wanted(tests: Tests) -> Callable[[_Cell], bool]:
    """What tells the program from other cells."""
    if isinstance(tests, StdioTests):
        return lambda cell: True
    if isinstance(tests, CallTests | CheckTests):
        name = tests.entry_point.partition("(")[0].partition(".")[0]
        return lambda cell: name in cell.binds
    return lambda cell: cell.defines


def _with_what_it_needs(cells: Sequence[_Cell]) -> list[_Cell]:
    """The last cell, after those before it that bind names which it or they use."""
    *before, last = cells
    needed, open_names = [last], set(last.uses)
    for cell in reversed(before):
        if cell.binds & open_names:
            open_names = (open_names - cell.binds) | cell.uses
            needed.insert(0, cell)
    return needed
