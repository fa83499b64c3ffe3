"""One run of one program, step by step, as the host conducts it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Coroutine
from typing import Any, Self

from ...kernels.forking.forked_child import ForkedChild
from ...kernels.kernel_error import WorkspaceError
from ...kernels.workspace import Workspace
from .bounded_pipe import BoundedPipe
from .compiled_programs import CompiledPrograms
from .languages import Recipe
from .program import Program, ProgramLimits
from .program_result import ProgramResult, StageEnd, StageResult
from .program_runner import ProgramError

_HEADER = struct.Struct("!I")
_REPORT_BYTES = 1 << 16
_GRACE_SECONDS = 3.0
_KILLED = -9
_OUTPUT_OF_COMPILER = 1 << 16
_MAX_BINARY = 32 << 20


class ProgramRun:
    """Holds the descriptors of a run, from `async with` to its end.

    Args:
        program: What to run.
        recipe: How.
        limits: What it may use.
        compiled: Where binaries are kept for the next run.
    """

    def __init__(
        self, program: Program, recipe: Recipe, limits: ProgramLimits, compiled: CompiledPrograms
    ) -> None:
        self._program = program
        self._recipe = recipe
        self._limits = limits
        self._compiled = compiled
        self._overflow = asyncio.Event()
        self._closing = contextlib.ExitStack()
        self._source, self._binary = _free_names(program, recipe)
        self.child_fds: list[int] = []
        """What the process in the sandbox finds from descriptor 3 on."""

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            self._closing.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.close()

    async def conduct(self, workspace: Workspace, keeper: ForkedChild) -> ProgramResult:
        """Brings the files in, runs the stages and kills what is left.

        Raises:
            ProgramError: If a file cannot be put where it should be.
            OSError: If the machine failed before the program ran.
        """
        for pipe in (self._stdout, self._stderr, self._compiler):
            pipe.close_child_end()
        self._child_control.close()
        await self._write_files(workspace)
        reader, writer = await asyncio.open_connection(sock=self._control)
        self._closing.callback(writer.close)
        compilation = await self._compile(reader, writer, workspace)
        if compilation is not None and not compilation.succeeded:
            return ProgramResult(None, compilation)
        run, report = await self._stage("run", self._recipe.run, self._limits.seconds, reader, writer)
        files = await asyncio.to_thread(self._fetch, workspace) if report else {}
        keeper.kill()
        for pipe in (self._stdout, self._stderr):
            await pipe.ended(_GRACE_SECONDS)
        return ProgramResult(self._finished(run), compilation, files)

    async def _open(self) -> None:
        self._control, self._child_control = socket.socketpair()
        for end in (self._control, self._child_control):
            self._closing.callback(end.close)
        self._control.setblocking(False)
        stdin = await asyncio.to_thread(_file_in_memory, self._program.stdin)
        self._closing.callback(os.close, stdin)
        pipes: list[BoundedPipe] = []
        for limit in (self._limits.output, self._limits.output, _OUTPUT_OF_COMPILER):
            pipe = await BoundedPipe.open(limit, asyncio.Event() if pipes[1:] else self._overflow)
            self._closing.callback(pipe.close)
            pipes.append(pipe)
        self._stdout, self._stderr, self._compiler = pipes
        self.child_fds = [self._child_control.fileno(), stdin, *(pipe.child_fd for pipe in pipes)]

    async def _write_files(self, workspace: Workspace) -> None:
        binary = self._compiled.find(self._program) if self._recipe.compilation else None
        files = {**self._program.files, self._source: self._program.source.encode(errors="surrogatepass")}
        if binary is not None:
            files[self._binary] = binary
        try:
            await asyncio.to_thread(_write_all, workspace, files)
        except WorkspaceError as error:
            raise ProgramError(str(error)) from error

    async def _compile(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, workspace: Workspace
    ) -> StageResult | None:
        """Compiles what has to be compiled; what is known already took no time."""
        if not self._recipe.compilation:
            return None
        if self._compiled.find(self._program) is not None:
            return StageResult(StageEnd.EXITED, 0)
        seconds = self._limits.compile_seconds
        result, _ = await self._stage("compile", self._recipe.compilation, seconds, reader, writer)
        if result.succeeded:
            with contextlib.suppress(WorkspaceError):
                binary = await asyncio.to_thread(workspace.read, self._binary, _MAX_BINARY)
                self._compiled.add(self._program, binary)
        return StageResult(
            result.end,
            result.return_code,
            b"",
            self._compiler.text,
            result.seconds,
            result.cpu_seconds,
            result.peak_memory,
        )

    async def _stage(
        self,
        stage: str,
        command: tuple[str, ...],
        seconds: float,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> tuple[StageResult, bool]:
        """Runs one stage; also says whether it was reported, so that the sandbox is still there."""
        places = {"source": self._source, "program": f"./{self._binary}"}
        arguments = self._program.arguments if stage == "run" else ()
        orders = {
            "stage": stage,
            "command": [*(word.format(**places) for word in command), *arguments],
            "seconds": seconds,
            "memory": self._limits.memory if stage == "run" else None,
            "stack": self._recipe.stack,
            "script": stage == "run" and self._recipe.script,
            "environment": dict(self._recipe.environment),
            "executable": [self._binary] if stage == "run" and self._recipe.compilation else [],
        }
        body = json.dumps(orders).encode()
        writer.write(_HEADER.pack(len(body)) + body)
        return await self._ended(_next_report(reader), seconds)

    async def _ended(
        self, report: Coroutine[Any, Any, dict[str, Any] | None], seconds: float
    ) -> tuple[StageResult, bool]:
        """Waits for the report, for too much output, or for the end of all patience."""
        waiting = asyncio.ensure_future(report)
        flooded = asyncio.ensure_future(self._overflow.wait())
        begin = asyncio.get_running_loop().time()
        try:
            await asyncio.wait(
                {waiting, flooded}, timeout=seconds + _GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            took = asyncio.get_running_loop().time() - begin
            if flooded.done():
                return StageResult(StageEnd.OUTPUT_LIMIT, seconds=took), False
            if not waiting.done():
                return StageResult(StageEnd.TIMEOUT, seconds=took), False
            found = waiting.result()
        finally:
            for task in (waiting, flooded):
                task.cancel()
        if found is None:
            # Only what lives in the sandbox can end the process that reports.
            return StageResult(StageEnd.EXITED, _KILLED, seconds=took), False
        end, code = StageEnd.EXITED, found["return_code"]
        if found["timeout"]:
            end, code = StageEnd.TIMEOUT, None
        times = found["seconds"], found["cpu_seconds"]
        return StageResult(end, code, b"", b"", *times, found["peak_memory"]), True

    def _finished(self, run: StageResult) -> StageResult:
        flooded = self._overflow.is_set()
        return StageResult(
            StageEnd.OUTPUT_LIMIT if flooded else run.end,
            None if flooded else run.return_code,
            self._stdout.text,
            self._stderr.text,
            run.seconds,
            run.cpu_seconds,
            run.peak_memory,
        )

    def _fetch(self, workspace: Workspace) -> dict[str, bytes]:
        """What of the wanted files is there; none beyond the limit of all together."""
        found: dict[str, bytes] = {}
        left = self._limits.fetched
        for path in self._program.fetch:
            with contextlib.suppress(WorkspaceError):
                found[path] = workspace.read(path, left)
                left -= len(found[path])
        return found


def _free_names(program: Program, recipe: Recipe) -> tuple[str, str]:
    """Names of the source and of the compiled program that none of the program's files has."""
    source, number = recipe.file_name, 0
    stem, _, ending = recipe.file_name.rpartition(".")
    while source in program.files or source.removesuffix(f".{ending}") in program.files:
        number += 1
        source = f"{stem}_{number}.{ending}"
    return source, source.removesuffix(f".{ending}")


def _file_in_memory(text: str) -> int:
    """A descriptor that reads the text, and cannot write."""
    writing = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(writing), "wb") as stream:
            stream.write(text.encode(errors="surrogatepass"))
        return os.open(f"/proc/self/fd/{writing}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writing)


def _write_all(workspace: Workspace, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        workspace.write(path, data)


async def _next_report(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next report; None when the process that gives it is gone or no longer makes sense."""
    try:
        (length,) = _HEADER.unpack(await reader.readexactly(_HEADER.size))
        if length > _REPORT_BYTES:
            return None
        report: dict[str, Any] = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
    return report
