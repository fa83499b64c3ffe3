"""Runs programs in the sandbox of local kernels: each in a new process behind walls of its own.

Namespaces, Landlock, a system-call filter and limits come from the ladder of `kernels.isolation`, the
strongest level that this machine gives. A program reads its input from a file in memory; its output is read
as it comes, up to a limit. When it has ended, all that it started is killed before the result is given.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from ...kernels.backend_options import BackendOptions, Isolation
from ...kernels.forking.confined_fork import ConfinedFork
from ...kernels.isolation.confined_server import ConfinedServer
from ...kernels.kernel_error import ForkServerError, IsolationError, KernelError
from ...kernels.resource_limits import ResourceLimits
from ..verdict import JudgeError
from .compiled_programs import CompiledPrograms
from .languages import recipe_for
from .program import Program, ProgramLimits
from .program_result import ProgramResult
from .program_run import ProgramRun

_PROCESS = Path(__file__).absolute().with_name("program_process.py")
_START_SECONDS = 30.0


class SandboxedPrograms:
    """A `ProgramRunner` over one fork server.

    Args:
        isolation: How far programs are kept from everything else.
        limits: What a program may use at most, whatever a call allows.
        retries: How often a failure of the machine is tried again.
    """

    def __init__(
        self,
        *,
        isolation: Isolation = Isolation.AUTO,
        limits: ResourceLimits | None = None,
        retries: int = 2,
    ) -> None:
        options = BackendOptions(isolation=isolation, limits=limits or ResourceLimits())
        self._server = ConfinedServer(options, f"{_PROCESS}:warm")
        self._compiled = CompiledPrograms()
        self._retries = retries

    async def run(self, program: Program, limits: ProgramLimits) -> ProgramResult:
        """Runs one program; see `ProgramRunner.run`."""
        recipe = recipe_for(program.language)
        for attempt in range(self._retries + 1):
            try:
                return await self._run_once(ProgramRun(program, recipe, limits, self._compiled))
            except (KernelError, OSError) as error:
                if attempt == self._retries or isinstance(error, IsolationError):
                    reason = f"{type(error).__name__}: {error}"
                    raise JudgeError(
                        f"the program could not be run, {attempt + 1} times: {reason}"
                    ) from error
        raise AssertionError("unreachable")

    async def protections(self) -> tuple[str, ...]:
        """What programs are kept from on this machine."""
        rung = await self._server.rung()
        return tuple(sorted(map(str, rung.protections)))

    async def close(self) -> None:
        """Ends the server and all programs; idempotent."""
        await self._server.close()

    async def _run_once(self, run: ProgramRun) -> ProgramResult:
        server = await self._server.server()
        async with run:
            kernel = await self._server.fork(
                ConfinedFork(f"{_PROCESS}:main", lambda _: None, fds=run.child_fds, timeout=_START_SECONDS)
            )
            try:
                workspace = kernel.open_workspace()
                try:
                    result = await run.conduct(workspace, kernel.keeper)
                finally:
                    workspace.close()
                if not server.is_alive():
                    raise ForkServerError("the fork server died while the program ran")
                return result
            finally:
                kernel.keeper.kill()
                await asyncio.shield(kernel.remove())
