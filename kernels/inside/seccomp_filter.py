"""The system calls that code in an interpreter may not make, as a BPF program for the Linux kernel.

A list of what is refused, not of what is allowed: honest programs use too many calls to enumerate, and the
other layers do not rest on this one. Calls of another architecture's table kill the process. Namespaces
cannot be made, `clone3` seems not to exist (its flags lie out of the filter's sight), so that the C library
falls back to `clone`, whose flags are checked.
"""

from __future__ import annotations

import ctypes
import functools
import struct

from .system_calls import NUMBERS, architecture, number, prctl

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
_NAMESPACE_FLAGS = 0x7E020080
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_DGRAM, _SOCK_TYPES = 1, 2, 0xF
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_JUST_CHECKED = frozenset({"clone", "clone3", "ioctl", "prlimit64", "socket"})
_NEEDED = frozenset(
    {
        "capset",
        "close_range",
        "landlock_add_rule",
        "landlock_create_ruleset",
        "landlock_restrict_self",
        "seccomp",
    }
)
# Within namespaces of its own a program may have these.
_SHARED_WITH_THE_MACHINE = frozenset(
    {
        "connect",
        "mq_open",
        "mq_unlink",
        "msgctl",
        "msgget",
        "msgrcv",
        "msgsnd",
        "semctl",
        "semget",
        "semop",
        "semtimedop",
        "shmat",
        "shmctl",
        "shmget",
    }
)
_Rules = list[bytes]


def refuse_system_calls(*, own_network: bool) -> None:
    """Puts the filter on the calling process, all its threads to come and all that it starts, for good.

    Args:
        own_network: Whether it lives in network and IPC namespaces of its own. If not, it gets no sockets but
            connected pairs and Unix stream sockets that it may listen on, and no System V IPC.

    Raises:
        OSError: If the Linux kernel refuses, or the architecture is not known.
    """
    program = build(own_network=own_network)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(header, len(header)))


@functools.cache
def build(*, own_network: bool) -> bytes:
    """The filter's program."""
    machine = architecture()
    if machine is None:
        raise OSError(_ENOSYS, "no system call table for this architecture")
    rules = [
        _step(_LOAD, _ARCH),
        _step(_JUMP_EQUAL, _AUDIT_ARCH[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        rules += [_step(_JUMP_AT_LEAST, _X32, 0, 1), _error(_EPERM)]
    refused = set(NUMBERS) - _JUST_CHECKED - _NEEDED
    if own_network:
        refused -= _SHARED_WITH_THE_MACHINE
    for found in sorted({number(name) for name in refused} - {None}, key=str):
        rules += [_step(_JUMP_EQUAL, found or 0, 0, 1), _error(_EPERM)]
    rules += [_step(_JUMP_EQUAL, number("clone3") or 0, 0, 1), _error(_ENOSYS)]
    rules += _when("clone", [_argument(0), _step(_JUMP_SET, _NAMESPACE_FLAGS, 0, 1), _error(_EPERM)])
    rules += _when("ioctl", [_argument(1), *_refuse_values(_TIOCSTI, _TIOCLINUX)])
    # The limits of another process, which may have the same uid, are not ours to change.
    rules += _when("prlimit64", [_argument(0), _step(_JUMP_EQUAL, 0, 1, 0), _error(_EPERM)])
    rules += _when("socket", _sockets(own_network))
    return b"".join([*rules, _step(_RETURN, _ALLOW)])


def _sockets(own_network: bool) -> _Rules:
    families = (_AF_UNIX, _AF_INET, _AF_INET6) if own_network else (_AF_UNIX,)
    types = (_SOCK_STREAM, _SOCK_DGRAM) if own_network else (_SOCK_STREAM,)
    return [
        _argument(0),
        *_allow_values(families, _EAFNOSUPPORT),
        _argument(1),
        _step(_AND, _SOCK_TYPES),
        *_allow_values(types, _EPERM),
    ]


def _when(name: str, checks: _Rules) -> _Rules:
    """The checks, for one call alone; the call's number is loaded before and after."""
    body = [*checks, _step(_LOAD, _NUMBER)]
    return [_step(_JUMP_EQUAL, number(name) or 0, 0, len(body)), *body]


def _refuse_values(*values: int) -> _Rules:
    return [rule for value in values for rule in (_step(_JUMP_EQUAL, value, 0, 1), _error(_EPERM))]


def _allow_values(values: tuple[int, ...], error: int) -> _Rules:
    jumps = [_step(_JUMP_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return [*jumps, _error(error)]


def _argument(place: int) -> bytes:
    """Loads the low half of an argument; both architectures are little-endian."""
    return _step(_LOAD, _ARGUMENTS + 8 * place)


def _error(code: int) -> bytes:
    return _step(_RETURN, _ERROR | code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
