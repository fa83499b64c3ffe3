"""Cells that are plain Python are left as they are, and all others become what IPython makes of them."""

from __future__ import annotations

import ast
import inspect
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from replgym.kernels.inside.cell_transformer import CellTransformer

OURS, THEIRS = CellTransformer(), TransformerManager()
_PIECES = (
    "x",
    "f(a, b)",
    "%time x",
    "%%bash",
    "!ls -l",
    "y = !ls",
    "y = %pwd",
    "x?",
    "str.join??",
    "/f a b",
    ",f a b",
    ";f a b",
    ">>> x",
    "... x",
    "   ...: x",
    "In [3]: x",
    "x % 2 != 3",
    "'100%' % ()",
    '"""',
    "if x:",
    "    y",
    "\ty",
    "  ",
    "",
    "# why?",
    "x = (1,",
    " 2)",
    "\\",
    "d = {...}",
    "\x0c",
)


@given(st.lists(st.sampled_from(_PIECES), max_size=6), st.sampled_from(["\n", "\r\n", "\\\n"]))
def test_cells_become_what_ipython_makes_of_them(pieces: list[str], end: str) -> None:
    cell = end.join(pieces)
    try:
        THEIRS.transform_cell(cell)
    except SyntaxError:
        return  # what is broken is told when it is compiled
    assert OURS.transform_cell(cell) == THEIRS.transform_cell(cell)


@pytest.mark.parametrize("module", [ast, textwrap])
def test_so_do_programs(module: object) -> None:
    source = inspect.getsource(module)  # type: ignore[arg-type]
    parts = [part for node in ast.parse(source).body if (part := ast.get_source_segment(source, node))]
    for part in parts:
        assert OURS.transform_cell(part) == THEIRS.transform_cell(part)


def test_transformations_of_cells_are_used() -> None:
    transformer = CellTransformer()
    transformer.cleanup_transforms.append(lambda lines: [line.replace("a", "b") for line in lines])
    assert transformer.transform_cell("a = 1") == "b = 1\n"
