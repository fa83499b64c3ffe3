"""How the first shell of a family comes to be: forked, confined, and heard of."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Any, Protocol

from ..forking.confined_fork import ConfinedFork
from ..inside.sandbox import Places
from ..isolation.confined_server import ConfinedKernel
from ..kernel_error import KernelStartError
from .family import Family
from .shell_files import ShellFiles
from .shell_wire import ShellWire

_SAID_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class ShellSettings:
    """What a shell is told."""

    output_limit: int
    seed: int | None
    readable: tuple[str, ...]
    apart: bool
    """Whether live copies can be kept from each other."""

    def argument(self, places: Places) -> dict[str, Any]:
        """The argument of the process, which sees its folders at these places."""
        own = [places.workspace, places.temporary, places.run]
        branches = {
            "workspace": places.workspace,
            "temporary": places.temporary,
            "reserve": places.run,
            "family": own,
            "readable": self.readable,
            "apart": self.apart,
        }
        return {"output_limit": self.output_limit, "seed": self.seed, "branches": branches}


class KernelForks(Protocol):
    """What a shell needs of a fork server."""

    async def fork(self, wanted: ConfinedFork) -> ConfinedKernel:
        """Forks a confined kernel; see `ConfinedServer.fork`."""
        ...


async def start_shell(
    server: KernelForks, settings: ShellSettings, timeout: float
) -> tuple[Family, ShellWire, ShellFiles]:
    """Forks a shell and waits for its greeting.

    Raises:
        KernelStartError: If there is none in time.
    """
    ours, theirs = socket.socketpair()
    wire, files = ShellWire(ours), ShellFiles()
    family: Family | None = None
    try:
        with theirs:
            wanted = ConfinedFork(
                ".shell_process:run",
                settings.argument,
                fds=[theirs.fileno(), files.log, files.stdout, files.stderr],
                stdout=files.stdout,
                stderr=files.stderr,
                timeout=timeout,
            )
            kernel = await server.fork(wanted)
            family = Family(kernel)
        await _greeted(kernel, wire, files, timeout)
    except BaseException:
        wire.close()
        if family is not None:
            await family.leave(None, [])
        files.close()
        raise
    return family, wire, files


async def _greeted(kernel: ConfinedKernel, wire: ShellWire, files: ShellFiles, timeout: float) -> None:
    dead: asyncio.Future[None] = asyncio.ensure_future(kernel.keeper.exited())
    awaited: list[asyncio.Future[Any]] = [wire.greeting, dead]
    try:
        await asyncio.wait(awaited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        dead.cancel()
    if wire.greeting.done() and not wire.greeting.cancelled():
        return
    said = files.last_words(_SAID_LIMIT).outputs.outputs()
    last_line = "".join(output.text for output in said).strip().splitlines()[-1:]
    reason = "died while it started" if dead.done() else f"said nothing within {timeout:g} s"
    raise KernelStartError(": ".join([f"the shell {reason}", *last_line]))
