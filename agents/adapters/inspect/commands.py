"""Commands and files of a sandbox, by requests to its interpreter.

What a request needs travels as files of the workspace, so that neither a long command nor a large input meets
a limit of the interpreter's own channel. Requests and cells go one at a time.
"""

from __future__ import annotations

import asyncio
import json
from importlib.resources import files
from typing import Any

from inspect_ai.util import SandboxUnavailableError

from ....kernels.cell_result import CellResult, CellStatus
from ....kernels.kernel import Kernel
from ....kernels.kernel_error import KernelError
from ....tools.interpreter_lender import InterpreterLender
from .answer import Answer

_FOLDER = ".replgym"
_GRACE = 10.0
"""Seconds that a request may take beyond the timeout of its command."""
_ANSWER_LIMIT = 1 << 20
_CELL = """\
(lambda names: (exec(compile({source!r}, "<sandbox>", "exec"), names), names["carry_out"]({folder}))[0])(
    {{"__name__": "sandbox"}})
"""
_PLACE = 'names["Path"](names["os"].environ["HOME"]) / ' + repr(_FOLDER)


class Commands:
    """Makes requests.

    Args:
        lender: Has the interpreter of the sandbox.
    """

    def __init__(self, lender: InterpreterLender) -> None:
        self._lender = lender
        self._lock = asyncio.Lock()
        source = files(__package__).joinpath("inside.py").read_text(encoding="utf-8")
        self._cell = _CELL.format(source=source, folder=_PLACE)

    async def execute(
        self,
        command: list[str],
        data: bytes,
        *,
        cwd: str | None,
        env: dict[str, str],
        timeout: float,
        limit: int,
    ) -> tuple[Answer, bytes, bytes]:
        """Runs a command; gives the answer and what it printed, each stream up to the limit.

        Raises:
            TimeoutError: If it did not end in time; it was killed.
            PermissionError: If it may not be started.
            ValueError: If an argument holds a null byte.
            SandboxUnavailableError: If the interpreter failed or died, or has no room.
        """
        request = {"command": command, "cwd": cwd, "env": env, "timeout": timeout, "limit": limit}
        async with self._lock:
            kernel = await self._kernel()
            answer = await self._ask(kernel, "execute", request, data, seconds=timeout + _GRACE)
            if answer.timed_out:
                raise TimeoutError(f"the command did not end within {timeout:g} s")
            return answer, await _get(kernel, "out", limit), await _get(kernel, "err", limit)

    async def read(self, path: str, *, limit: int, seconds: float) -> bytes | None:
        """The content of a file; None if it is longer than the limit.

        Raises:
            FileNotFoundError, PermissionError, IsADirectoryError: If it cannot be read.
            SandboxUnavailableError: If the interpreter failed or died, or has no room.
        """
        async with self._lock:
            kernel = await self._kernel()
            request = {"path": path, "limit": limit}
            if (await self._ask(kernel, "read", request, b"", seconds=seconds)).cut:
                return None
            found = await _get(kernel, "data", limit)
            await _put(kernel, "data", b"")
            return found

    async def write(self, path: str, data: bytes, *, seconds: float) -> None:
        """Writes a file, and makes the folders above it.

        Raises:
            PermissionError, IsADirectoryError: If it cannot be written.
            SandboxUnavailableError: If the interpreter failed or died, or has no room.
        """
        async with self._lock:
            kernel = await self._kernel()
            await self._ask(kernel, "write", {"path": path}, data, seconds=seconds)

    async def _kernel(self) -> Kernel:
        try:
            return await self._lender.take()
        except KernelError as error:
            raise SandboxUnavailableError(str(error)) from error

    async def _ask(
        self, kernel: Kernel, action: str, request: dict[str, Any], data: bytes, *, seconds: float
    ) -> Answer:
        """Has a request carried out inside."""
        await _put(kernel, "request", json.dumps(request | {"action": action}).encode())
        await _put(kernel, "data", data)
        try:
            result = await kernel.execute(self._cell, timeout=seconds)
        except KernelError as error:
            raise SandboxUnavailableError(str(error)) from error
        _require_done(result)
        answer = Answer.read(await _get(kernel, "answer", _ANSWER_LIMIT))
        if data:
            await _put(kernel, "data", b"")
        answer.require_carried_out()
        return answer


async def _put(kernel: Kernel, name: str, data: bytes) -> None:
    try:
        await kernel.write_file(f"{_FOLDER}/{name}", data)
    except KernelError as error:
        raise SandboxUnavailableError(str(error)) from error


async def _get(kernel: Kernel, name: str, limit: int) -> bytes:
    try:
        return await kernel.read_file(f"{_FOLDER}/{name}", limit=limit)
    except KernelError as error:
        raise SandboxUnavailableError(str(error)) from error


def _require_done(result: CellResult) -> None:
    if result.status is CellStatus.TIMEOUT:
        raise TimeoutError(result.text(500))
    if result.status is not CellStatus.OK:
        raise SandboxUnavailableError(f"the interpreter of the sandbox failed: {result.text(500)}")
