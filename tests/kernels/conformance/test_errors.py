"""Exceptions as a model should read them."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus, Kernel

from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_tracebacks_show_the_frames_of_cells_alone(fresh_kernel: Kernel) -> None:
    await fresh_kernel.execute("import json\ndef parse(text):\n    return json.loads(text)", timeout=PATIENCE)
    result = await fresh_kernel.execute("parse('{')", timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name == "JSONDecodeError"
    lines = result.error.traceback.splitlines()
    assert [line for line in lines if "File" in line] == [
        '  File "<cell 2>", line 1, in <module>',
        '  File "<cell 1>", line 3, in parse',
    ]
    assert "return json.loads(text)" in result.error.traceback
    assert lines[-1].startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert "\x1b" not in result.error.traceback
    assert "site-packages" not in result.error.traceback


async def test_chained_and_grouped_exceptions_are_told(kernel: Kernel) -> None:
    chained = await kernel.execute(
        "try: 1 / 0\nexcept Exception as e: raise KeyError('k') from e", timeout=PATIENCE
    )
    assert chained.error is not None
    assert "ZeroDivisionError" in chained.error.traceback
    assert "direct cause" in chained.error.traceback
    grouped = await kernel.execute(
        "raise ExceptionGroup('both', [ValueError(1), TypeError(2)])", timeout=PATIENCE
    )
    assert grouped.error is not None
    assert "ValueError: 1" in grouped.error.traceback
    assert "TypeError: 2" in grouped.error.traceback


async def test_an_exception_that_cannot_be_printed_is_still_an_error(kernel: Kernel) -> None:
    code = "class Odd(Exception):\n  def __str__(self): raise RuntimeError\nraise Odd()"
    result = await kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert await value(kernel, "1 + 1") == "2"


@pytest.mark.parametrize("code", ["def f(:\n  pass", "  x = 1\n y = 2", "print('open"])
async def test_syntax_errors_name_the_line(fresh_kernel: Kernel, code: str) -> None:
    result = await fresh_kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name in ("SyntaxError", "IndentationError")
    assert "<cell 1>" in result.error.traceback


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "exit()", "import sys; sys.exit('bye')"])
async def test_leaving_the_script_ends_the_cell_and_not_the_interpreter(kernel: Kernel, code: str) -> None:
    await kernel.execute("x = 1", timeout=PATIENCE)
    result = await kernel.execute(f"{code}\nx = 2", timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name == "SystemExit"
    assert [output.text for output in result.outputs] == []
    assert await value(kernel, "x") == "1"
