"""Shells forked from one warm server on this machine."""

from __future__ import annotations

import sys
from dataclasses import replace

from ..backend_options import BackendOptions
from ..capabilities import Capabilities, Feature, IsolationLevel
from ..isolation.confined_server import ConfinedServer
from ..kernel_error import KernelStartError
from ..supervised_kernel import SupervisedKernel
from .shell_interpreter import ShellInterpreter
from .shell_start import ShellSettings

_FEATURES = frozenset(
    {
        Feature.FORK,
        Feature.FILES,
        Feature.PRELOAD,
        Feature.SEED,
        Feature.TRACED_DEATH,
        Feature.CAPPED_AT_SOURCE,
    }
)
_RAW_OUTPUT = (
    "Programs that write more to their output than one file may have are ended by that; printing is not."
)


class ShellBackend:
    """Starts shells, and owns the server that they are forked from.

    Args:
        options: What every interpreter is told.
    """

    def __init__(self, options: BackendOptions) -> None:
        self._options = options
        self._server = ConfinedServer(options, ".shell_process:warm")

    async def capabilities(self) -> Capabilities:
        """What its kernels promise on this machine."""
        if not sys.platform.startswith("linux"):
            raise KernelStartError("the back end 'fork' needs Linux; use backend='jupyter' here")
        promised = await self._server.capabilities("fork", _FEATURES)
        notes = [*promised.notes, _RAW_OUTPUT]
        if promised.isolation is IsolationLevel.LIMITS:
            notes.append("Live copies can reach each other's files and processes.")
        elif promised.isolation is IsolationLevel.RESTRICTED:
            notes.append("Live copies cannot be copied again.")
        return replace(promised, notes=tuple(notes))

    async def start_kernel(self) -> SupervisedKernel:
        """Starts one shell."""
        kernel = SupervisedKernel(self._launch, await self.capabilities(), setup=self._options.setup)
        return await kernel.start()

    async def close(self) -> None:
        """Ends the server and all shells; idempotent."""
        await self._server.close()

    async def _launch(self) -> ShellInterpreter:
        level = (await self.capabilities()).isolation
        settings = ShellSettings(
            output_limit=self._options.output_limit,
            seed=self._options.seed,
            readable=self._options.readable,
            apart=level in (IsolationLevel.NAMESPACES, IsolationLevel.RESTRICTED),
        )
        return await ShellInterpreter.start(self._server, settings)
