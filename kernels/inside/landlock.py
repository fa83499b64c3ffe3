"""Landlock: which files a process may reach, whatever its uid; also no TCP, and no signals to the outside.

Granted paths are below directories or are single files; everything else is refused from then on, for good,
and for everything that the process starts. `stat` and `connect` to a socket file are beyond Landlock.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from .system_calls import call

_VERSION_FLAG = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_FIRST_RIGHTS = 13
_READ_ONLY = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_TCP = 0b11
_SCOPES = 0b11
_TCP_SINCE, _DEVICES_SINCE, _SCOPES_SINCE = 4, 5, 6


def abi() -> int:
    """The version of Landlock on this machine, 0 without."""
    try:
        return call("landlock_create_ruleset", None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def restrict_files(readable: Iterable[str], writable: Iterable[str], *, tcp: bool) -> None:
    """Restricts the calling process; it must have `no_new_privs`.

    Args:
        readable: Files and folders to read and execute.
        writable: Files and folders to use freely.
        tcp: Whether TCP stays allowed, because the process has a network of its own.

    Raises:
        OSError: If Landlock is not there.
    """
    version = abi()
    rights = _all_rights(version)
    network = 0 if tcp or version < _TCP_SINCE else _TCP
    attributes = struct.pack("=QQQ", rights, network, _SCOPES if version >= _SCOPES_SINCE else 0)
    size = 24 if version >= _SCOPES_SINCE else 16 if version >= _TCP_SINCE else 8
    rules = call("landlock_create_ruleset", ctypes.create_string_buffer(attributes, 24), size, 0)
    try:
        for path in readable:
            _grant(rules, path, _READ_ONLY & rights)
        for path in writable:
            _grant(rules, path, rights)
        call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _all_rights(version: int) -> int:
    """All rights over files that this version knows; each of the first versions added one."""
    if version < 1:
        raise OSError(38, "this machine has no Landlock")
    later = {1: 0, 2: 1, 3: 2, 4: 2}.get(version, 3)
    return int((1 << (_FIRST_RIGHTS + later)) - 1)


def _grant(rules: int, path: str, rights: int) -> None:
    try:
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(file).st_mode):
            rights &= _FILE_RIGHTS
        call(
            "landlock_add_rule",
            rules,
            _PATH_BENEATH,
            ctypes.create_string_buffer(struct.pack("=Qi", rights, file), 12),
            0,
        )
    finally:
        os.close(file)
