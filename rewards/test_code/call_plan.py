"""Calls that tests are certain to make, in a known order and with known arguments.

They are asked for in one message. A call is planned when a test makes it exactly once, whatever else
happens, with literal arguments. It is not sent ahead of the answer to an earlier one whose expected value
its arguments would show: then it belongs to another chunk.
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .syntax import nodes_of

_CHUNK_BYTES = 1 << 16
_SHORTEST_HINT = 4
"""Shorter values are among the arguments of other calls by chance."""
_DECORATION = str.maketrans(dict.fromkeys("[](){}<>,:'\" \\"))
_SCALARS = frozenset({type(None), bool, int, float, str})
_PARTS = (
    ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice, ast.Starred,
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Attribute,
)  # fmt: skip
"""What is evaluated whole, part by part."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call."""

    function: str
    """An expression over the names of the submission's module."""
    packed: bytes
    """Its positional and keyword arguments, by `marshal`."""


@dataclass(frozen=True, slots=True)
class CallPlan:
    """Calls by the number of their test, at most one for each."""

    chunks: tuple[tuple[tuple[int, PlannedCall], ...], ...] = ()
    """What can be asked for at once."""
    first_is_first: bool = True
    """Whether the tests call nothing before the first of these."""

    @classmethod
    def of_cases(cls, function: str, cases: Iterable[tuple[tuple[Any, ...], Any]]) -> CallPlan:
        """Plans calls of one function.

        Args:
            function: An expression over the names of the submission's module.
            cases: For each test the arguments and what is expected.
        """
        builder = _Builder()
        for number, (arguments, expected) in enumerate(cases):
            if _is_plain(arguments):
                builder.add(number, function, arguments, {}, [repr(expected)])
            else:
                builder.cut()
        return builder.plan()

    @classmethod
    def of_statements(
        cls, numbered: Iterable[tuple[int | None, ast.stmt]], names: Mapping[str, str]
    ) -> CallPlan:
        """Plans what assertions call.

        Args:
            numbered: The statements that run, each with the number of its test if it is one.
            names: What the submission's functions are called there, and expressions for them over the names
                of its module. The program must rebind none of them.
        """
        builder = _Builder()
        for number, statement in numbered:
            call = None if number is None else _only_call(statement, names)
            if number is not None and call is not None:
                builder.add(number, *call)
            elif any(isinstance(node, ast.Call) for node in nodes_of(statement)):
                builder.cut()
        return builder.plan()


def binds(tree: ast.AST, names: Container[str]) -> bool:
    """Whether a program gives one of these names another meaning."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Name) and node.id in names and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.alias) and (node.asname or node.name) in names:
            return True
    return False


class _Builder:
    def __init__(self) -> None:
        self._chunks: list[list[tuple[int, PlannedCall]]] = [[]]
        self._owed: list[str] = []
        self._size = 0
        self._first_is_first = True

    def add(self, number: int, function: str, args: Any, kwargs: Any, expected: Sequence[str]) -> None:
        try:
            packed = marshal.dumps((args, kwargs))
        except ValueError:
            self.cut()
            return
        shown = _bare(repr((args, kwargs)))
        if self._size + len(packed) > _CHUNK_BYTES or any(hint in shown for hint in self._owed):
            self.cut()
        self._chunks[-1].append((number, PlannedCall(function, packed)))
        self._owed += [hint for hint in map(_bare, expected) if len(hint) >= _SHORTEST_HINT]
        self._size += len(packed)

    def cut(self) -> None:
        """Ends the chunk."""
        if self._chunks[-1]:
            self._chunks.append([])
        elif len(self._chunks) == 1:
            self._first_is_first = False
        self._owed, self._size = [], 0

    def plan(self) -> CallPlan:
        return CallPlan(tuple(tuple(chunk) for chunk in self._chunks if chunk), self._first_is_first)


def _only_call(statement: ast.stmt, names: Mapping[str, str]) -> tuple[str, Any, Any, list[str]] | None:
    """The one call of a function of the submission that an assertion makes, and texts of what is expected."""
    if not isinstance(statement, ast.Assert) or not (
        statement.msg is None or isinstance(statement.msg, ast.Constant)
    ):
        return None
    calls, expected = [], []
    for node in _evaluated(statement.test, names):
        if node is None:
            return None
        if isinstance(node, ast.Call):
            calls.append(node)
        else:
            expected.append(node)
    if len(calls) != 1:
        return None
    (call,) = calls
    assert isinstance(call.func, ast.Name)
    try:
        args = tuple(ast.literal_eval(argument) for argument in call.args)
        kwargs = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords if each.arg}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if len(kwargs) != len(call.keywords) or not _is_plain((args, kwargs)):
        return None
    return names[call.func.id], args, kwargs, list(map(_text, expected))


def _evaluated(node: ast.expr, names: Mapping[str, str]) -> Iterator[ast.expr | None]:
    """The calls of `names` in an expression and the literals beside them; None for what may not be evaluated.

    What else is called is taken for harmless, which a plain program guarantees.
    """
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name):
            yield from _all((*node.args, *(each.value for each in node.keywords)), names)
        elif node.func.id in names:
            yield node
        else:
            yield from _all((*node.args, *(each.value for each in node.keywords)), names)
    elif (
        (isinstance(node, ast.Compare) and len(node.ops) > 1)
        or (isinstance(node, ast.Name) and node.id in names)
        or not isinstance(node, _PARTS)
    ):
        yield None
    elif any(_may_call(each, names) for each in nodes_of(node)):
        yield from _all((each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)), names)
    else:
        yield node


def _may_call(node: ast.AST, names: Mapping[str, str]) -> bool:
    return isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id in names)


def _all(nodes: Iterable[ast.expr], names: Mapping[str, str]) -> Iterator[ast.expr | None]:
    for node in nodes:
        yield from _evaluated(node, names)


def _is_plain(value: Any) -> bool:
    """Whether `marshal` gives back what it got."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind in (list, tuple, set, frozenset):
        return all(map(_is_plain, value))
    return kind is dict and all(_is_plain(key) and _is_plain(part) for key, part in value.items())


def _text(node: ast.expr) -> str:
    try:
        return repr(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ast.unparse(node)


def _bare(text: str) -> str:
    """A value's text without what differs between a list and a tuple, or a string and its part."""
    return text.translate(_DECORATION)
