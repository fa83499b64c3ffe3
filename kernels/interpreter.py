"""The seam between a kernel and one live interpreter, whatever its process and its wire.

An interpreter is used until it is lost (dead, or talking nonsense) and then replaced by its
`SupervisedKernel`, which races every wait against that loss.
"""

from __future__ import annotations

from typing import Protocol

from .cell_result import CellResult, CellStatus


class Cell(Protocol):
    """One cell in flight."""

    @property
    def done(self) -> bool:
        """Whether the interpreter has finished with the cell."""
        ...

    @property
    def decided(self) -> bool:
        """Whether the owner has something to do: the cell is over, or asks for input."""
        ...

    @property
    def asks(self) -> bool:
        """Whether the cell waits for a line of input."""
        ...

    async def wait(self) -> None:
        """Waits until the cell is decided."""
        ...

    def withdraw(self) -> None:
        """Forgets the question, because the cell is being interrupted instead of answered."""
        ...

    def result(self, status: CellStatus | None = None, *, state_lost: bool = False) -> CellResult:
        """The result of this stretch; without a status, the interpreter's own word on how the cell ended."""
        ...


class Interpreter(Protocol):
    """One live interpreter."""

    @property
    def is_lost(self) -> bool:
        """Whether it is dead, or said something that cannot be trusted."""
        ...

    def is_alive(self) -> bool:
        """Whether its process runs."""
        ...

    async def lost(self) -> None:
        """Returns as soon as it is lost."""
        ...

    def why_lost(self) -> str:
        """What the host knows of why it was lost, in a few words for a model; often nothing."""
        ...

    def send(self, code: str, *, silent: bool = False) -> Cell:
        """Starts a cell; one at a time. A silent cell is not counted, shows nothing and may not ask."""
        ...

    def answer(self, cell: Cell, text: str) -> None:
        """Answers the question of a cell, which then begins a new stretch."""
        ...

    async def interrupt(self) -> None:
        """Sends the running cell a SIGINT."""
        ...

    async def write_file(self, path: str, data: bytes) -> None:
        """Puts a file into the workspace; see `Kernel.write_file`."""
        ...

    async def read_file(self, path: str, *, limit: int) -> bytes:
        """Gets a file from the workspace; see `Kernel.read_file`."""
        ...

    async def fork(self) -> Interpreter:
        """Clones the idle interpreter with its state; see `Kernel.fork`."""
        ...

    def kill(self) -> None:
        """Has it die at once, without waiting; idempotent."""
        ...

    async def close(self) -> None:
        """Kills it and everything it started, and removes its files; idempotent."""
        ...
