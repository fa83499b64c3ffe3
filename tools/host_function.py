"""A function that lives on the host and can be called from a cell.

The kernel holds only a stub. The stub asks for input with a prompt that begins with `PREFIX`; the host
reads the call from the prompt, and its answer is the input. Whatever code forges such a prompt has
merely made a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PREFIX = "\x1freplgym-host-call\x1f"
_MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class HostFunction:
    """One function of one argument."""

    name: str
    call: Callable[[Any], Any]
    """Takes a JSON value and returns one; a `ValueError` is raised in the cell with its message."""
    calls_per_cell: int | None = None
    """The most calls in one cell; None for no limit of its own."""


@dataclass(frozen=True, slots=True)
class HostCall:
    """One call that a cell has asked for."""

    function: str
    argument: Any


def read_host_call(prompt: str) -> HostCall | None:
    """The call in an input prompt, or None for a prompt of the cell's own.

    Raises:
        ValueError: If the prompt begins like a call and is none.
    """
    if not prompt.startswith(PREFIX):
        return None
    if len(prompt) > _MOST_CHARACTERS:
        raise ValueError(f"an argument may have at most {_MOST_CHARACTERS} characters")
    try:
        call = json.loads(prompt[len(PREFIX) :])
    except (ValueError, RecursionError):
        raise ValueError("the host call is not valid JSON") from None
    match call:
        case {"function": str(name), "arguments": [argument]}:
            return HostCall(name, argument)
    raise ValueError("a host call names a function and takes one argument")


def stubs_source(names: tuple[str, ...], submit: bool) -> str:
    """The cell that defines the stubs; `submit` also takes a function and sends its source.

    The stubs are no code of a cell, so that tracebacks leave their frames out.
    """
    program = _ASK.format(prefix=PREFIX) + "".join(_STUB.format(name=name) for name in names)
    if submit:
        program += _SUBMIT
        names = (*names, "submit")
    return _CELL.format(program=program, names=names)


_CELL = """\
def _define_stubs(program, names):
    import linecache
    file, stubs = "<host functions>", {{"__name__": "__main__", "ask": input}}
    linecache.cache[file] = (len(program), None, program.splitlines(True), file)
    exec(compile(program, file, "exec"), stubs)
    globals().update({{name: stubs[name] for name in names}})
_define_stubs({program!r}, {names!r})
del _define_stubs
"""

_ASK = """\
from inspect import getsource
from json import dumps, loads
from textwrap import dedent

def call_host(function, argument):
    reply = loads(ask({prefix!r} + dumps({{"function": function, "arguments": [argument]}})))
    if "error" in reply:
        raise RuntimeError(reply["error"])
    return reply["value"]
"""

_STUB = """
def {name}(x):
    return call_host("{name}", x)
"""

_SUBMIT = """
def submit(source):
    if callable(source):
        source = dedent(getsource(source))
        if not source.startswith(("def ", "class ", "\\x61sync ", "@")):
            raise TypeError("submit takes the source text of a program or a function made by def")
    return call_host("submit", source)
"""
# A cell with the word itself would have every interpreter make an event loop.
