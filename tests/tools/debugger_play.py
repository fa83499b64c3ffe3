"""Sessions with the debugger as files: what a model writes, in fenced blocks, and what it is told.

A file says in its first lines what it shows; a line `seconds: N` among them is the time of a command.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replgym.envs.interpreter_lease import InterpreterLease
from replgym.kernels import KernelPool
from replgym.tools import InterpreterSession, Toolbox, ToolMode, make_parser
from replgym.tools.debugger.debug_session import DebugSession
from replgym.tools.formats.fenced_syntax import render_block

FOLDER = Path(__file__).parent / "debugger_sessions"
_BLOCK = re.compile(r"^(`{3,})(python|debugger|output)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_SECONDS = re.compile(r"^seconds: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PlayedSession:
    """One file."""

    messages: tuple[str, ...]
    told: tuple[str, ...]
    seconds: float

    @classmethod
    def read(cls, path: Path) -> PlayedSession:
        """Reads a file."""
        text = path.read_text()
        blocks = list(_BLOCK.finditer(text))
        seconds = _SECONDS.search(text[: blocks[0].start()])
        return cls(
            tuple(block[0] for block in blocks if block[2] != "output"),
            tuple(block[3].removesuffix("\n") for block in blocks if block[2] == "output"),
            float(seconds[1]) if seconds else 30.0,
        )


def write(about: str, seconds: float | None, turns: Sequence[tuple[str, str]]) -> str:
    """The text of a file."""
    head = [about, *([f"seconds: {seconds:g}"] if seconds else [])]
    return (
        "\n\n".join([*head, *(f"{message}\n\n{render_block(told, 'output')}" for message, told in turns)])
        + "\n"
    )


async def play(pool: KernelPool, messages: Sequence[str], seconds: float | None = None) -> list[str]:
    """What a model is told that writes these messages."""
    cells, programs = (InterpreterLease(pool, deadline=math.inf, patience=60) for _ in range(2))
    toolbox, parser = Toolbox(mode=ToolMode.DEBUGGER), make_parser("fenced")
    session = InterpreterSession(
        cells, cell_timeout=seconds or 30.0, debugger=DebugSession(programs, seconds=seconds or 30.0)
    )
    try:
        told = []
        for message in messages:
            (call,) = parser.parse(message).calls
            told.append((await toolbox.carry_out(call, session)).text)
        return told
    finally:
        await cells.end()
        await programs.end()
