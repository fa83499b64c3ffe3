"""One episode's interpreter, with the functions of the host that its cells may call.

A cell that calls the host stops at an input prompt; the session answers and lets it run on, within the
time and the number of calls that one cell has. A submission ends its cell at once: nothing after it
runs. A lost interpreter gets its stubs again before the next cell. Without state every cell has an
interpreter of its own, which ends with it.

With a debugger a cell may also ask the model, by `input()`, `breakpoint()` or `%debug`: it waits until it is
answered, or ended by the next cell. Its host calls are counted to its end, however often it waits.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from ..kernels.cell_result import CellError, CellResult, CellStatus
from ..kernels.kernel import Kernel
from ..kernels.kernel_error import KernelError
from .debugger.debug_session import DebugSession
from .host_function import HostCall, HostFunction, read_host_call, stubs_source
from .interpreter_lender import InterpreterLender

_LEAST_SECONDS = 0.05
_SETUP_SECONDS = 15.0
_LONGEST_SUBMISSION = 200_000
_DEBUGGER_PROMPTS = ("ipdb>", "(Pdb)", "(Pdb++)")
_GONE_ERRORS = frozenset({"NameError", "FileNotFoundError", "ModuleNotFoundError"})
"""What a cell runs into that counts on an earlier one."""
_FRESH = "[this cell had a fresh interpreter; nothing stays of earlier cells]"


class SubmissionError(ValueError):
    """What was handed in is no program text."""


@dataclass(frozen=True, slots=True)
class CellRun:
    """One cell from its first line to its end, host calls included."""

    result: CellResult
    host_calls: int = 0


@dataclass(slots=True)
class _Progress:
    """A cell on its way."""

    parts: list[CellResult] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return sum(part.duration for part in self.parts)

    @property
    def host_calls(self) -> int:
        return sum(self.calls.values())

    def merged(self, error: CellError | None = None, *, waits: bool = False) -> CellResult:
        last = self.parts[-1]
        waiting = last.status is CellStatus.AWAITING_INPUT and not waits
        ended = CellStatus.ERROR if error is not None else CellStatus.OK
        return replace(
            last,
            status=ended if waiting else last.status,
            outputs=tuple(output for part in self.parts for output in part.outputs),
            error=error or last.error,
            duration=self.seconds,
            truncated=sum(part.truncated for part in self.parts),
            state_lost=any(part.state_lost for part in self.parts),
            prompt=last.prompt if waits else "",
        )


class InterpreterSession:
    """Runs cells in a kernel that somebody else owns, and takes one submission."""

    def __init__(
        self,
        lender: InterpreterLender | None,
        functions: Sequence[HostFunction] = (),
        *,
        cell_timeout: float = 10.0,
        deadline: float = math.inf,
        host_calls_per_cell: int = 256,
        submit: bool = True,
        stateless: bool = False,
        debugger: DebugSession | None = None,
    ) -> None:
        """Binds a lender, who is asked when the first cell is to run.

        Args:
            lender: Has the episode's interpreter; None where it is turned off, and then no cell may run.
            functions: What its cells may call on the host, beside `submit`.
            cell_timeout: Seconds of wall clock for one cell.
            deadline: When every cell must have ended, on the monotonic clock.
            host_calls_per_cell: The most host calls of all kinds in one cell; one more ends the cell.
            submit: Whether cells may call `submit`.
            stateless: Whether every cell has a fresh interpreter.
            debugger: Debugs programs; without it no cell may wait for input.
        """
        self._lender = lender
        self._functions = {function.name: function for function in functions}
        self._stubs = stubs_source(tuple(self._functions), submit)
        self._takes_submissions = submit
        self._stateless = stateless
        self._debugger = debugger
        self._waiting: _Progress | None = None
        self._last_cell = ""
        self._most_calls = host_calls_per_cell
        self._ready = False
        self._cell_timeout = cell_timeout
        self._deadline = deadline
        self.submission: str | None = None
        """The program that was handed in; the first one counts."""

    def copy_for(self, lender: InterpreterLender, debugger: InterpreterLender) -> InterpreterSession:
        """The same session over a live copy of its kernel; the two go their own ways.

        Args:
            lender: Has the copy. Copying has ended a cell that waited.
            debugger: Has interpreters for the copy's debugger.
        """
        self._waiting = None
        twin = copy(self)
        twin._lender = None if self._lender is None else lender
        twin._debugger = None if self._debugger is None else self._debugger.copy_for(debugger)
        return twin

    @property
    def is_waiting(self) -> bool:
        """Whether a cell waits for input."""
        return self._waiting is not None

    async def run(self, code: str) -> CellRun:
        """Runs one cell to its end.

        Raises:
            KernelError: If the machinery of the interpreter failed; what a cell does to itself is a result.
        """
        if self._lender is None:
            raise KernelError("the interpreter is turned off")
        self._last_cell = code
        run = await self._run(await self._lender.take(), code)
        if self._stateless:
            await self._lender.put_back()
            self._ready = False
            return replace(run, result=_told_fresh(run.result))
        return run

    async def answer(self, text: str) -> CellRun:
        """Answers the cell that waits for input, and runs it on; what it gives came after its question.

        Raises:
            KernelError: If the machinery of the interpreter failed.
            RuntimeError: If no cell waits.
        """
        progress = self._waiting
        if progress is None or self._lender is None:
            raise RuntimeError("no cell waits for input; call run first")
        kernel = await self._lender.take()
        progress.parts.clear()
        progress.parts.append(await kernel.reply(text, timeout=self._limit()))
        return await self._follow(kernel, progress)

    async def debug(
        self,
        commands: str,
        program: str | None = None,
        stdin: str | None = None,
        args: Sequence[str] | None = None,
    ) -> str:
        """Carries out commands of the debugger, one a line; gives what there is to tell.

        Args:
            commands: The commands.
            program: What is debugged from now on; the last cell if there was none yet.
            stdin: The input of its next run.
            args: The arguments of its next run.

        Raises:
            KernelError: If the machinery of the interpreter failed.
        """
        if self._debugger is None:
            raise KernelError("there is no debugger")
        told = ""
        if program is None and not self._debugger.has_program and self._last_cell:
            program, told = self._last_cell, "(the program is the last cell)\n"
        if program is not None:
            await self._debugger.load(program)
        await self._debugger.give(stdin, args)
        lines = [line.strip() for line in commands.splitlines() if line.strip()]
        return told + await self._debugger.carry_out(lines)

    async def _run(self, kernel: Kernel, code: str) -> CellRun:
        lost = await self._end_waiting(kernel)
        if not self._ready:
            await self._install(kernel)
        progress = _Progress()
        progress.parts.append(await kernel.execute(code, timeout=self._limit()))
        run = await self._follow(kernel, progress)
        return replace(run, result=replace(run.result, state_lost=run.result.state_lost or lost))

    async def _follow(self, kernel: Kernel, progress: _Progress) -> CellRun:
        """Answers the cell's calls of the host until it ends, or asks somebody else."""
        limit = self._limit()
        calls_before = progress.host_calls
        self._waiting = None
        error: CellError | None = None
        while progress.parts[-1].status is CellStatus.AWAITING_INPUT and self.submission is None:
            answer = self._answer(progress)
            if answer is None:
                self._waiting = progress
                return CellRun(progress.merged(waits=True), progress.host_calls - calls_before)
            if isinstance(answer, CellError):
                error = answer
                break
            if self.submission is None:
                left = max(limit - progress.seconds, _LEAST_SECONDS)
                progress.parts.append(await kernel.reply(json.dumps(answer), timeout=left))
        result = progress.merged(error)
        if progress.parts[-1].status is CellStatus.AWAITING_INPUT and self.submission is None:
            drained = await kernel.execute("", timeout=_SETUP_SECONDS)
            result = replace(result, state_lost=result.state_lost or drained.state_lost)
        self._ready = not result.state_lost
        return CellRun(result, progress.host_calls - calls_before)

    async def _end_waiting(self, kernel: Kernel) -> bool:
        """Ends the cell that waits for input, if there is one; whether that cost the variables."""
        progress, self._waiting = self._waiting, None
        if progress is None:
            return False
        if progress.parts[-1].prompt.rstrip().endswith(_DEBUGGER_PROMPTS):
            await kernel.reply("q", timeout=_SETUP_SECONDS)
        drained = await kernel.execute("", timeout=_SETUP_SECONDS)
        self._ready = not drained.state_lost
        return drained.state_lost

    def _limit(self) -> float:
        """Seconds that a stretch of a cell may run."""
        return min(self._cell_timeout, max(self._deadline - time.monotonic(), _LEAST_SECONDS))

    def hand_in(self, source: object) -> None:
        """Takes a program as the episode's submission; later ones are ignored.

        Raises:
            SubmissionError: If `source` is no text, empty or too long.
        """
        if not isinstance(source, str):
            raise SubmissionError(f"submit takes the source text of a program, not {type(source).__name__}")
        if not source.strip():
            raise SubmissionError("submit takes the source text of a program, but the text is empty")
        if len(source) > _LONGEST_SUBMISSION:
            raise SubmissionError(f"a submission may have at most {_LONGEST_SUBMISSION} characters")
        if self.submission is None:
            self.submission = source

    async def _install(self, kernel: Kernel) -> None:
        result = await kernel.execute(self._stubs, timeout=_SETUP_SECONDS)
        if result.status is not CellStatus.OK:
            raise KernelError(f"the interpreter could not be set up: {result.text(500) or result.status}")
        self._ready = True

    def _answer(self, progress: _Progress) -> dict[str, Any] | CellError | None:
        """What to reply to a cell's prompt, or why it must end here; None where somebody else is asked."""
        try:
            call = read_host_call(progress.parts[-1].prompt)
        except ValueError as error:
            call = HostCall("", None)
            answer: dict[str, Any] = {"error": str(error)}
        else:
            if call is None:
                return (
                    None
                    if self._debugger is not None
                    else _ended("EOFError", "input() is not available here; assign the value in the code")
                )
            answer = {}
        progress.calls[call.function] = progress.calls.get(call.function, 0) + 1
        if progress.host_calls > self._most_calls:
            return _ended("RuntimeError", f"a cell may call the host {self._most_calls} times")
        return answer or self._call(call, progress.calls[call.function])

    def _call(self, call: HostCall, count: int) -> dict[str, Any]:
        try:
            if call.function == "submit" and self._takes_submissions:
                self.hand_in(call.argument)
                return {"value": None}
            function = self._functions.get(call.function)
            if function is None:
                raise ValueError(f"the host has no function {call.function[:100]!r}")
            most = function.calls_per_cell
            if most is not None and count > most:
                times = "once" if most == 1 else f"{most} times"
                raise ValueError(f"{function.name} may be called {times} per cell")
            return {"value": function.call(call.argument)}
        except ValueError as error:
            return {"error": str(error)}


def _ended(name: str, value: str) -> CellError:
    return CellError(name=name, value=value, traceback=f"{name}: {value}")


def _told_fresh(result: CellResult) -> CellResult:
    """What a cell did that nothing was to outlive; says so where the cell may have counted on it."""
    if result.error is not None and result.error.name in _GONE_ERRORS:
        told = f"{result.error.traceback.rstrip()}\n{_FRESH}"
        result = replace(result, error=replace(result.error, traceback=told))
    return replace(result, state_lost=False)
