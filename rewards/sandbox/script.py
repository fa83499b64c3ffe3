"""Runs a submission as `python solution.py` would, in a process that was forked for it.

The streams, the module `__main__`, the exit code, and the order in which things end are those of the
interpreter: threads are joined, exit handlers run, the module is emptied, the streams are flushed.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import io
import marshal
import os
import sys
import types
from collections.abc import Callable
from os import _exit  # by name, before a submission can change the module
from typing import Any, NoReturn

_FLUSH_FAILED = 120
_BUFFER = 1 << 16


class Streams:
    """Standard streams over descriptors 0, 1 and 2, made ahead of the processes that use them."""

    def __init__(self) -> None:
        self._stdin = _text(io.BufferedReader(io.FileIO(0, "r", closefd=False), _BUFFER), "<stdin>", "r")
        self._stdout = _text(io.BufferedWriter(io.FileIO(1, "w", closefd=False), _BUFFER), "<stdout>", "w")
        raw = io.BufferedWriter(io.FileIO(2, "w", closefd=False), _BUFFER)
        self._stderr = _text(raw, "<stderr>", "w", errors="backslashreplace", line_buffering=True)

    def install(self) -> None:
        """Makes them the streams of this process."""
        sys.stdin = sys.__stdin__ = self._stdin  # type: ignore[misc]
        sys.stdout = sys.__stdout__ = self._stdout  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self._stderr  # type: ignore[misc]


def _text(
    raw: Any, name: str, mode: str, *, errors: str = "surrogateescape", line_buffering: bool = False
) -> Any:
    raw.raw.name = name
    stream: Any = io.TextIOWrapper(raw, "utf-8", errors, "\n", line_buffering)
    stream.mode = mode
    return stream


def load(source: bytes, compiled: int, path: str) -> types.CodeType:
    """Compiles the source, or takes what an earlier process of the same submission has compiled.

    Args:
        source: The script.
        compiled: Descriptor of a file for the compiled code, empty at first.
        path: The name of the script.

    Raises:
        SyntaxError, ValueError, MemoryError, RecursionError: If it cannot be compiled.
    """
    size = os.fstat(compiled).st_size
    if size:
        code: types.CodeType = marshal.loads(os.pread(compiled, size, 0))
        return code
    code = compile(source, path, "exec", dont_inherit=True)
    os.write(compiled, marshal.dumps(code))
    return code


def run(code: types.CodeType, path: str, started: Callable[[], None], *, collect: bool) -> NoReturn:
    """Runs the script and ends the process.

    Args:
        code: The script.
        path: Its name.
        started: Called at the last moment before.
        collect: Whether objects in cycles have something to say at the end.
    """
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __cached__=None, __annotations__={})
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = main
    gc.enable()
    started()
    status = 0
    try:
        exec(code, main.__dict__)
    except BaseException as error:  # noqa: BLE001 - the boundary of the program
        status = _report(error)
    _exit(_finish(main, status, collect))


def refuse(error: BaseException) -> NoReturn:
    """Ends the process of a script that does not compile."""
    _report(error.with_traceback(None))
    _exit(_flush(1))


def _report(error: BaseException) -> int:
    """Shows an uncaught exception as the interpreter does; returns the exit code."""
    if isinstance(error, SystemExit):
        return _exit_code(error.code)
    error.__traceback__ = _below(error.__traceback__)
    with contextlib.suppress(BaseException):
        sys.stdout.flush()
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except SystemExit as another:
        return _exit_code(another.code)
    except BaseException:  # noqa: BLE001 - hooks raise anything
        with contextlib.suppress(BaseException):
            sys.__excepthook__(type(error), error, error.__traceback__)
    return 1


def _below(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback without our own frame."""
    return trace.tb_next if trace is not None and trace.tb_frame.f_code is run.__code__ else trace


def _exit_code(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    with contextlib.suppress(BaseException):
        sys.stderr.write(f"{code}\n")
    return 1


def _finish(main: types.ModuleType, status: int, collect: bool) -> int:
    threading = sys.modules.get("threading")
    if threading is not None:
        with contextlib.suppress(BaseException):
            threading._shutdown()
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    status = _flush(status)
    _empty(main, collect)
    return _flush(status)


def _empty(module: types.ModuleType, collect: bool) -> None:
    """Lets go of what the module holds, private names first, so that finalizers run."""
    names = module.__dict__
    for private in (True, False):
        for name in list(names):
            if isinstance(name, str) and name.startswith("_") == private and name != "__builtins__":
                with contextlib.suppress(BaseException):
                    names[name] = None
    if collect:
        with contextlib.suppress(BaseException):
            gc.collect()


def _flush(status: int) -> int:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException:  # noqa: BLE001 - streams of the submission raise anything
            status = status or _FLUSH_FAILED
    return status
