"""The program that a policy leaves behind in its cells when it never hands one in.

It is the text of the cell that defines what the tests ask for, after the cells that this one needs: those
that bind a name which it uses. A cell that only tries the program is left out. A script that reads standard
input finds none in a cell, so that it counts whatever its cell came to.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from ..test_code.syntax import nodes_of, same_scope
from ..tests import AssertTests, CallTests, CheckTests, Language, StdioTests, Tests


@dataclass(frozen=True, slots=True)
class _Cell:
    source: str
    binds: frozenset[str]
    """Names of the module that it gives a value to."""
    uses: frozenset[str]
    defines: frozenset[str]
    """Those of them that are functions or classes."""
    acts: bool
    """Whether it does more than define and import."""

    @classmethod
    def read(cls, source: str) -> Self | None:
        """Takes a cell apart; None when it is not all Python, as one with a magic is not."""
        module = _parsed(source)
        if module is None:
            return None
        nodes, outside = nodes_of(module), list(same_scope(module))
        changed = {node.target for node in outside if isinstance(node, ast.AugAssign)}
        names = [node for node in nodes if isinstance(node, ast.Name)]
        uses = {name.id for name in names if isinstance(name.ctx, ast.Load) or name in changed}
        uses |= {node.attr for node in nodes if isinstance(node, ast.Attribute)} & _STDIN
        defines = {node.name for node in outside if isinstance(node, _DEFINITION)}
        binds = {name for node in outside for name in _bound_by(node)}
        acts = any(not isinstance(node, _DEFINITION | ast.Import | ast.ImportFrom) for node in module.body)
        return cls(source, frozenset(binds), frozenset(uses), frozenset(defines), acts)


_DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_STDIN = frozenset({"input", "stdin"})


def program_of_cells(cells: Sequence[tuple[str, bool]], tests: Tests, *, alone: bool = False) -> str | None:
    """The program in the cells of an episode.

    Args:
        cells: The cells in their order, and whether they ran without an error.
        tests: What the program is for: they say whether it is a function of a name, a module or a script.
        alone: Whether every cell had a fresh interpreter, so that none can need another.

    Returns:
        Its source, or None when no cell is a program of this kind.
    """
    if isinstance(tests, StdioTests) and tests.language is not Language.PYTHON:
        return None
    read = [(cell, right) for source, right in cells if (cell := _Cell.read(source)) is not None]
    place = _script(read) if isinstance(tests, StdioTests) else None
    if place is None:
        is_it = _wanted(tests)
        places = [place for place, (cell, right) in enumerate(read) if right and is_it(cell)]
        if not places:
            return None
        place = places[-1]
    before = [] if alone else [cell for cell, right in read[:place] if right]
    return "\n".join(cell.source for cell in _with_what_it_needs([*before, read[place][0]]))


def _parsed(source: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound_by(node: ast.AST) -> Iterator[str]:
    """The names that this node itself gives a value to."""
    match node:
        case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
            yield name
        case ast.Import(aliases) | ast.ImportFrom(names=aliases):
            yield from (each.asname or each.name.partition(".")[0] for each in aliases)
        case ast.Name(name, ast.Store()):
            yield name


def _script(cells: Sequence[tuple[_Cell, bool]]) -> int | None:
    """Where the last cell is that reads standard input, itself or by functions of cells that only define."""
    readers, last = set(_STDIN), None
    for place, (cell, _) in enumerate(cells):
        if not cell.uses.isdisjoint(readers):
            if cell.acts:
                last = place
            else:
                readers |= cell.defines
    return last


def _wanted(tests: Tests) -> Callable[[_Cell], bool]:
    """What tells the program from other cells."""
    if isinstance(tests, StdioTests):
        return lambda cell: True
    if isinstance(tests, CallTests | CheckTests):
        name = tests.entry_point.partition("(")[0].partition(".")[0]
        return lambda cell: name in cell.binds
    sources = tests.statements if isinstance(tests, AssertTests) else (tests.source,)
    asked = {name for source in sources for name in _asked_for(source)}
    return lambda cell: not cell.defines.isdisjoint(asked)


def _asked_for(source: str) -> Iterator[str]:
    """The names that test code may have from the program: those it uses, imports or takes from a module."""
    for node in nodes_of(_parsed(source) or ast.Module([], [])):
        match node:
            case ast.Name(name, ast.Load()) | ast.Attribute(attr=name):
                yield name
            case ast.ImportFrom(names=aliases):
                yield from (each.name for each in aliases)


def _with_what_it_needs(cells: Sequence[_Cell]) -> list[_Cell]:
    """The last cell, after those before it that bind names which it or they use."""
    *before, last = cells
    needed, open_names = [last], set(last.uses)
    for cell in reversed(before):
        if cell.binds & open_names:
            open_names = (open_names - cell.binds) | cell.uses
            needed.insert(0, cell)
    return needed
