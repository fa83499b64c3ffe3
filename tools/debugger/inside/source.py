"""The text of the debugged program: its lines, which of them can be stopped at, and its functions."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from types import CodeType

FILE = "program.py"
_WIDTH = 140


class Source:
    """A program that compiles.

    Args:
        text: The program.

    Raises:
        SyntaxError: If it is none.
        ValueError: Likewise.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines() or [""]
        tree = ast.parse(text, FILE)
        self.code: CodeType = compile(tree, FILE, "exec", dont_inherit=True)
        self.functions: dict[str, int] = dict(_functions(tree, ""))
        """Qualified name -> the line of the first statement."""
        self._definitions = {line: name for name, line, _ in _definitions(tree, "")}
        self.stops = sorted({line for code in _codes(self.code) for *_, line in code.co_lines() if line})
        """Lines that have code."""
        linecache.cache[FILE] = (len(text), None, [f"{line}\n" for line in self.lines], FILE)

    def place_of(self, where: str) -> tuple[int, str]:
        """The line for a number or the name of a function, and what is to be said about it.

        Raises:
            LookupError: If there is no such place; the message says what there is.
        """
        if where.isdecimal():
            return self._line(int(where))
        if where in self.functions:
            return self.functions[where], ""
        found = [line for name, line in self.functions.items() if name.endswith(f".{where}")]
        if not found:
            raise LookupError(
                f"there is no function {where!r} in the program; it has: {self.names() or 'none'}"
            )
        return found[0], "" if len(found) == 1 else f"the first of {len(found)} functions of this name"

    def names(self) -> str:
        """The functions, as far as they fit on a line."""
        names = list(self.functions)
        return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")

    def window(self, line: int, before: int = 2, after: int = 2) -> str:
        """Lines around one, with an arrow at it."""
        first, last = max(line - before, 1), min(line + after, len(self.lines))
        while first < line and not self.lines[first - 1].strip():
            first += 1
        while last > line and not self.lines[last - 1].strip():
            last -= 1
        return self.numbered(first, last, line)

    def numbered(self, first: int, last: int, here: int) -> str:
        """Lines from one to another, with an arrow at the line `here`."""
        return "\n".join(numbered_line(n, self.lines[n - 1], arrow=n == here) for n in range(first, last + 1))

    def line(self, number: int) -> str:
        """One line without its indentation."""
        return self.lines[number - 1].strip()[:_WIDTH] if 0 < number <= len(self.lines) else ""

    def _line(self, number: int) -> tuple[int, str]:
        if name := self._definitions.get(number):
            return self.functions[name], f"line {number} defines {name}; this is its first line"
        following = next((line for line in self.stops if line >= number), None)
        if following is None:
            raise LookupError(f"line {number} has no code; the program has {len(self.lines)} lines")
        return following, "" if following == number else f"line {number} has no code"


def numbered_line(number: int, text: str, *, arrow: bool = False) -> str:
    """A line of a text as a reader sees it, with its number and, on request, an arrow; long ones are cut."""
    text = text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
    return f"{'->' if arrow else '  '}{number:>5}  {text}".rstrip()


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _definitions(
    tree: ast.AST, prefix: str
) -> Iterator[tuple[str, int, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        inner = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node.lineno, node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{prefix}{node.name}."
        yield from _definitions(node, inner)


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, int]]:
    for name, _, node in _definitions(tree, prefix):
        body = node.body
        if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        first = body[0]
        yield name, min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", ()))])
