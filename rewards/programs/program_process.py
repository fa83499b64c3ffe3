"""The process in the sandbox that compiles a program, starts it and tells how it ended.

It is beside the program, not above it: what it tells is what the program lets it tell, so a run whose report
is missing counts against the program. It imports nothing of this project; it is loaded before it is confined.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import json
import os
import resource
import signal
import socket
import struct
import sys
import time
from typing import Any, NoReturn

_CONTROL, _STDIN, _STDOUT, _STDERR, _COMPILER_OUTPUT = 3, 4, 5, 6, 7
_PR_SET_DUMPABLE = 4
_HEADER = struct.Struct("!I")
_KEPT = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PATH",
    "PYTHONHASHSEED",
    "TMPDIR",
    "TZ",
    "USER",
)


def warm(_: object) -> None:
    """Loads this file into the server that forks, and what runs scripts, while their folders can be seen."""
    _scripts()


def main(_: object) -> None:
    """Takes orders from the host over a socket, one frame for each stage."""
    control = socket.socket(fileno=_CONTROL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while (orders := _receive(control)) is not None:
        for path in orders["executable"]:
            os.chmod(path, 0o755)
        _send(control, _run_stage(orders))


def _run_stage(orders: dict[str, Any]) -> dict[str, Any]:
    streams = (_STDIN, _COMPILER_OUTPUT, _COMPILER_OUTPUT)
    if orders["stage"] == "run":
        streams = (_STDIN, _STDOUT, _STDERR)
    begin = time.monotonic()
    child = os.fork()
    if child == 0:
        _become_program(orders, streams)
    end = begin + orders["seconds"]
    timeout = False
    while (ended := os.wait4(child, os.WNOHANG))[0] == 0:
        left = end - time.monotonic()
        if left <= 0 and not timeout:
            timeout = True
            os.killpg(child, signal.SIGKILL)
        signal.sigtimedwait({signal.SIGCHLD}, 0.05 if timeout else min(left, 1.0))
    _, status, usage = ended
    return {
        "timeout": timeout,
        "return_code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - begin,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": usage.ru_maxrss << 10,
    }


def _become_program(orders: dict[str, Any], streams: tuple[int, int, int]) -> NoReturn:
    try:
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(_CONTROL, 1 << 10)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        _limit(resource.RLIMIT_AS, orders["memory"])
        _limit(resource.RLIMIT_STACK, orders["stack"])
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        environment = kept | orders["environment"]
        if orders["script"]:
            _become_script(orders["command"], environment)
        os.execve(orders["command"][0], orders["command"], environment)
    except OSError as error:
        os.write(2, f"{orders['command'][0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _become_script(arguments: list[str], environment: dict[str, str]) -> NoReturn:
    """Does what `python SCRIPT …` does, without the start of an interpreter."""
    scripts = _scripts()
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # as of any other program: it may look at itself
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(environment)
    path = os.path.abspath(arguments[0])
    sys.argv = [path, *arguments[1:]]
    sys.path.insert(0, os.path.dirname(path))
    sys.dont_write_bytecode = True
    scripts.Streams().install()
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        scripts.refuse(error)
    scripts.run(code, path, lambda: None, collect=True)
    raise AssertionError("unreachable")


@functools.cache
def _scripts() -> Any:
    """The module that runs scripts, by its path: it must not bring the packages above it along."""
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sandbox", "script.py")
    spec = importlib.util.spec_from_file_location("_script", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _limit(which: int, value: int | None) -> None:
    if value is None:
        return
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _receive(control: socket.socket) -> dict[str, Any] | None:
    """The next frame; None when the host has no more to say."""
    header = _receive_exactly(control, _HEADER.size)
    if header is None:
        return None
    body = _receive_exactly(control, _HEADER.unpack(header)[0])
    message: dict[str, Any] | None = None if body is None else json.loads(body)
    return message


def _receive_exactly(control: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        chunk = control.recv(count - len(data))
        if not chunk:
            return None
        data += chunk
    return data


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    control.sendall(_HEADER.pack(len(body)) + body)
