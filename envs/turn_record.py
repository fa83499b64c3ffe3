"""The facts of one turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..kernels.cell_result import CellResult


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What one message asked for and what came of it; two records are equal when all but their timing is."""

    action: str
    observation: str
    calls: int = 0
    """Tool calls that were carried out."""
    code: tuple[str, ...] = ()
    """The cells that ran."""
    results: tuple[CellResult, ...] = field(default=(), compare=False)
    """What the cells did, one for each."""
    host_calls: int = 0
    """Calls of host functions that the cells made."""
    parse_error: str = ""
    invented_output: bool = False
    """Whether the message went on with an output that no interpreter gave."""
    seconds: float = field(default=0.0, compare=False)
