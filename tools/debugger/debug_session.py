"""The host's side of debugging one program: it lives from call to call, whatever becomes of interpreters.

The program has an interpreter of its own, which is taken when it is first needed, so that a program that
stands still keeps no cell from running. Every run of the program has a fresh one. Breakpoints, watches and
displays are kept here in between, also when the program takes its interpreter down with it. The program
cannot call host functions: what counts calls by cell would not count here.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...kernels.cell_result import CellResult, CellStatus, OutputKind, cut_middle
from ...kernels.kernel import Kernel
from ...kernels.kernel_error import KernelError
from ..interpreter_lender import InterpreterLender
from ..well_formed import well_formed
from .boot import boot_cell
from .inside.wire import Report, Request, read_report

_BOOT_SECONDS = 30.0
_MARGIN = 3.0
"""Seconds that a command may take beyond the time of the program."""
_LEAST_SECONDS = 0.1
_MOST_COMMANDS = 20
_LONGEST_COMMAND = 2000
_RUNS = re.compile(r"(?:run|start|restart)\b")
_QUITS = re.compile(r"(?:quit|exit|q|kill)\s*$")
_NO_PROGRAM = "there is no program; give one, or run a cell first"


class DebugSession:
    """One program at a time, and the commands for it.

    Args:
        lender: Has interpreters for the program.
        seconds: How long the program may run in one call.
        deadline: When the episode's time is over, on the monotonic clock.
        limit: The most characters of an answer.
    """

    def __init__(
        self,
        lender: InterpreterLender,
        *,
        seconds: float = 10.0,
        deadline: float = math.inf,
        limit: int = 4000,
    ) -> None:
        self._lender = lender
        self._seconds = seconds
        self._deadline = deadline
        self._limit = limit
        self._program: str | None = None
        self._stdin = ""
        self._args: tuple[str, ...] = ()
        self._state: Mapping[str, Any] = {}
        self._kernel: Kernel | None = None
        self._started = False

    def copy_for(self, lender: InterpreterLender) -> DebugSession:
        """The same program and breakpoints with another lender; a running program is not copied."""
        twin = DebugSession(lender, seconds=self._seconds, deadline=self._deadline, limit=self._limit)
        twin._program, twin._stdin, twin._args = self._program, self._stdin, self._args
        twin._state = self._state
        return twin

    @property
    def has_program(self) -> bool:
        """Whether a program was given."""
        return self._program is not None

    async def load(self, program: str) -> None:
        """Takes another program; everything that belonged to the last one is forgotten.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        if well_formed(program) == self._program:
            return
        await self._drop()
        self._program, self._state = well_formed(program), {}
        self._stdin, self._args = "", ()

    async def give(self, stdin: str | None, args: Sequence[str] | None) -> None:
        """Sets the input and the arguments of the next run; what is None stays.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        before = (self._stdin, self._args)
        if stdin is not None:
            text = well_formed(stdin)
            self._stdin = text if text.endswith("\n") or not text else f"{text}\n"
        if args is not None:
            self._args = tuple(map(well_formed, args))
        if not self._started and before != (self._stdin, self._args):
            await self._drop()

    async def carry_out(self, commands: Sequence[str]) -> str:
        """Carries commands out, one after the other; gives what the program printed and the debugger says.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        if self._program is None:
            return _NO_PROGRAM
        if not commands:
            fault = await self._boot() if self._kernel is None else ""
            return fault or f"the program has {len(self._program.splitlines())} lines; `run` or `start` it"
        told, left = [], self._seconds
        for command in commands[:_MOST_COMMANDS]:
            begin = time.monotonic()
            answer = await self._one(command, max(left, _LEAST_SECONDS))
            left -= time.monotonic() - begin
            told.append(
                f"(dbg) {command[:_LONGEST_COMMAND]}\n{answer}".rstrip() if len(commands) > 1 else answer
            )
        if len(commands) > _MOST_COMMANDS:
            told.append(f"({len(commands) - _MOST_COMMANDS} further commands were not carried out)")
        return cut_middle("\n".join(told), self._limit)

    async def _one(self, command: str, seconds: float) -> str:
        if len(command) > _LONGEST_COMMAND:
            return f"a command may have at most {_LONGEST_COMMAND} characters"
        if _QUITS.match(command):
            await self._drop()
            return "the program was ended; `run` starts it again"
        if _RUNS.match(command) and self._started:
            await self._drop()
        if self._kernel is None:
            fault = await self._boot()
            if fault:
                return fault
        assert self._kernel is not None
        seconds = min(seconds, max(self._deadline - time.monotonic(), _LEAST_SECONDS))
        line = Request(command, seconds).line()
        return await self._read(await self._kernel.reply(line, timeout=seconds + _MARGIN))

    async def _boot(self) -> str:
        """Makes a debugger of a fresh interpreter; gives why the program cannot be run, if so."""
        setup = {"program": self._program, "stdin": self._stdin, "args": self._args, "state": self._state}
        self._kernel = await self._lender.take()
        self._started = False
        result = await self._kernel.execute(boot_cell(setup), timeout=_BOOT_SECONDS)
        report = read_report(result.prompt)
        if result.status is not CellStatus.AWAITING_INPUT or report is None:
            raise KernelError(f"the debugger did not start: {result.text(500)}")
        if report.text:
            await self._drop()
        return report.text

    async def _read(self, result: CellResult) -> str:
        """What is to be told of one command; gives a lost interpreter up."""
        printed = _printed(result, self._limit // 4)
        report = read_report(result.prompt) if result.status is CellStatus.AWAITING_INPUT else None
        if report is None:
            await self._drop()
            return f"{printed}{_told_loss(result)}; `run` starts the program again"
        self._keep(report)
        return f"{printed}{report.text}"

    def _keep(self, report: Report) -> None:
        self._state, self._started = report.state, report.started

    async def _drop(self) -> None:
        """Ends the program with its interpreter."""
        self._kernel, self._started = None, False
        await self._lender.put_back()


def _told_loss(result: CellResult) -> str:
    """Why there is no debugger any more."""
    match result.status:
        case CellStatus.DIED:
            why = f" ({result.cause})" if result.cause else ""
            return f"the program took its process down{why}: it crashed, was killed, or used up its memory"
        case CellStatus.TIMEOUT:
            return "the program did not stop when its time was over, and was killed"
        case CellStatus.AWAITING_INPUT:
            return "the program took the debugger's place at its input, and was ended"
    return "the program ended the debugger"


def _printed(result: CellResult, limit: int) -> str:
    """What the program printed, each line marked; the middle of much is cut."""
    text = "".join(o.text for o in result.outputs if o.kind in (OutputKind.STDOUT, OutputKind.STDERR))
    lines = _marked(text.rstrip("\n"), limit) if text.strip("\n") else []
    if result.truncated:
        lines.append(f"[{result.truncated} characters of the program's output were cut]")
    return "\n".join(["the program printed:", *lines, ""]) if lines else ""


def _marked(text: str, limit: int) -> list[str]:
    """The text in lines with a mark, so that no line of the debugger can be taken for one of the program."""
    if len(text) <= limit:
        return [f"| {line}" for line in text.split("\n")]
    head, tail = text[: limit // 2], text[-(limit // 2) :]
    head, tail = head.rpartition("\n")[0] or head, tail.partition("\n")[2] or tail
    cut = f"[… {len(text) - len(head) - len(tail)} characters cut …]"
    return [*_marked(head, limit), cut, *_marked(tail, limit)]
