"""What the source of tests says about the names of a submission; read, never run.

Which names are classes decides what an object of the submission may do in a comparison (see
`remote_objects`). A submission chooses what its names are bound to, but not how its tests use them.
"""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass

_CLASS_NAME = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_OF_FUNCTIONS = frozenset({"cache_clear", "cache_info", "side_effect", "return_value"})
_PLAIN_TYPES: tuple[type, ...] = (
    *(bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset),
    *(type(None), range, type(iter([])), type(_ for _ in ())),
)
_PLAIN_ATTRIBUTES = frozenset(name for kind in _PLAIN_TYPES for name in dir(kind)) | {
    *("shape", "dtype", "all", "any", "sum", "mean", "min", "max", "tolist", "item", "ndim", "size", "T"),
    *("total", "most_common", "popleft", "appendleft", "rotate", "numerator", "denominator"),
}

PLAIN_PREDICATES = frozenset(
    name
    for kind in (str, set, float)
    for name in dir(kind)
    if name.startswith("is") or name in ("startswith", "endswith")
) | {"all", "any", "equals"}
"""Methods by which a test may ask something of a plain value."""


@dataclass(frozen=True, slots=True)
class TestNames:
    """Names in a test program."""

    __test__ = False

    classes: frozenset[str] = frozenset()
    """Names that the tests use as only classes can be used."""
    free: frozenset[str] = frozenset()
    """Names that the tests use and do not bind themselves; no built-in ones."""
    called: frozenset[str] = frozenset()
    """Names that the tests call."""

    @classmethod
    def read(cls, tree: ast.AST, *, by_convention: bool) -> TestNames:
        """Reads a test program.

        Args:
            tree: Its syntax tree.
            by_convention: Whether a called name in CapWords is a class, as PEP 8 has it. Not so where
                functions are named freely.
        """
        reader = _Reader()
        reader.visit(tree)
        classes = reader.classes | {
            name
            for name, attribute in reader.of_results
            if attribute not in _PLAIN_ATTRIBUTES and _CLASS_NAME.fullmatch(name)
        }
        if by_convention:
            classes |= {name for name in reader.called if _CLASS_NAME.fullmatch(name)}
        free = reader.loaded - reader.bound - set(dir(builtins))
        return cls(frozenset(classes), frozenset(free), frozenset(reader.called))


class _Reader(ast.NodeVisitor):
    """Collects how names are used."""

    def __init__(self) -> None:
        self.classes: set[str] = set()
        self.called: set[str] = set()
        self.loaded: set[str] = set()
        self.bound: set[str] = set()
        self.of_results: set[tuple[str, str]] = set()
        """Attributes that are asked of what a name returned."""
        self._makers: dict[str, set[str]] = {}
        self._asked: dict[str, set[str]] = {}
        self._depth = 0

    def visit_Module(self, node: ast.Module) -> None:
        self.generic_visit(node)
        for variable, makers in self._makers.items():
            for attribute in self._asked.get(variable, ()):
                self.of_results |= {(maker, attribute) for maker in makers}

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.loaded.add(node.id)
        elif self._depth == 0:
            self.bound.add(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        self.bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.bound |= {alias.asname or alias.name for alias in node.names}

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if self._depth == 0:
            self.bound.add(node.name)
        self._inside(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if self._depth == 0:
            self.bound.add(node.name)
        self._note_classes(*node.bases)
        self._inside(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._inside(node)

    def _inside(self, node: ast.AST) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self._note_classes(node.type)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _last_name(node.func)
        self.called |= {name} if name else set()
        if name in ("isinstance", "issubclass", "assertIsInstance", "assertNotIsInstance"):
            self._note_classes(*node.args[1:2])
        elif name in ("raises", "assertRaises", "assertRaisesRegex"):
            self._note_classes(*node.args[:1])
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = node.value
        if isinstance(owner, ast.Call) and (name := _last_name(owner.func)):
            self.of_results.add((name, node.attr))
        elif name := _last_name(owner):
            self._asked.setdefault(name, set()).add(node.attr)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        maker = _last_name(node.value.func) if isinstance(node.value, ast.Call) else ""
        for target in node.targets:
            if maker and (variable := _last_name(target)):
                self._makers.setdefault(variable, set()).add(maker)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if isinstance(item.context_expr, ast.Call) and (name := _last_name(item.context_expr.func)):
                self.of_results.add((name, "__enter__"))
        self.generic_visit(node)

    def _note_classes(self, *nodes: ast.expr) -> None:
        for node in nodes:
            parts = node.elts if isinstance(node, ast.Tuple) else [node]
            self.classes |= {name for part in parts if (name := _last_name(part))}


def _last_name(node: ast.expr) -> str:
    """`f` of `f` and of `module.f`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
