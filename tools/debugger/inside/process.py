"""The debugged program's world: it finds itself as `__main__` of a process of its own."""

from __future__ import annotations

import _sitebuiltins
import asyncio
import builtins
import contextlib
import os
import pdb
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, ModuleType
from typing import Any

from .source import FILE, Source
from .streams import give_streams

_CALLS = 1000
"""The usual limit of recursion."""


class Process:
    """The module, the streams and the ways out.

    Args:
        source: The program.
        stdin: Its whole input.
        arguments: What follows its name in `sys.argv`.
    """

    def __init__(self, source: Source, stdin: str, arguments: Sequence[str]) -> None:
        self._stdin = stdin
        self._arguments = list(arguments)
        self._streams = (sys.stdout, sys.stderr)
        self._module = ModuleType("__main__")
        self._module.__file__ = FILE
        self._source = source

    @property
    def names(self) -> dict[str, Any]:
        """The module's names."""
        return vars(self._module)

    @contextlib.contextmanager
    def running(self, end: Callable[[int], None], stop: Callable[[FrameType], None]) -> Iterator[None]:
        """Everything is as a program expects it.

        Args:
            end: Called when the program ends its process.
            stop: Called with the frame that asks for a debugger.
        """
        self.names["__builtins__"] = builtins
        sys.modules["__main__"] = self._module
        sys.argv = [FILE, *self._arguments]
        give_streams(self._stdin)
        self._catch_exits(end)
        _catch_debuggers(stop)
        asyncio._set_running_loop(None)
        sys.setrecursionlimit(_depth() + _CALLS)
        yield

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[None]:
        """The kernel finds its own streams, whatever the program made of them."""
        theirs = {name: getattr(sys, name, None) for name in ("stdout", "stderr")}
        for stream in theirs.values():
            with contextlib.suppress(Exception):
                stream.flush()  # type: ignore[union-attr]
        sys.stdout, sys.stderr = self._streams
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            yield
        finally:
            asyncio._set_running_loop(loop)
            for name, stream in theirs.items():
                setattr(sys, name, stream)

    def _catch_exits(self, end: Callable[[int], None]) -> None:
        process, really_exit = os.getpid(), os._exit

        def exit_hard(status: int) -> None:
            if os.getpid() == process and threading.current_thread() is threading.main_thread():
                end(status)
            really_exit(status)

        os._exit = exit_hard  # type: ignore[assignment]
        for name in ("exit", "quit"):
            setattr(builtins, name, _sitebuiltins.Quitter(name, ""))


def _catch_debuggers(stop: Callable[[FrameType], None]) -> None:
    """A program that asks for a debugger has one already."""

    def hook(*_: object, **__: object) -> None:
        stop(sys._getframe(1))

    sys.breakpointhook = hook
    pdb.set_trace = hook


def _depth() -> int:
    depth, frame = 0, sys._getframe()
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    return depth
