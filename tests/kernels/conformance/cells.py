"""How cases run cells."""

from __future__ import annotations

from replgym.kernels import CellStatus, Kernel

PATIENCE = 120.0
"""Seconds after which a cell that should end by itself is a failure."""
FOREVER = 2 * PATIENCE
"""A timeout that no case ever waits for: whatever ends before it was noticed."""


async def value(kernel: Kernel, expression: str) -> str:
    """The text of a cell that must succeed."""
    result = await kernel.execute(expression, timeout=PATIENCE)
    assert result.status is CellStatus.OK, result.text()
    return result.text()
