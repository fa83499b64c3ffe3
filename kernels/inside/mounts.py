"""Mounting, as far as a sandbox needs it."""

from __future__ import annotations

import ctypes
import os
import struct

from .system_calls import call

_MS_RDONLY, _MS_NOSUID, _MS_NODEV = 1, 2, 4
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 32, 4096, 16384, 1 << 18
_MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4


def make_mounts_private() -> None:
    """Keeps what is mounted from now on from every other mount namespace."""
    call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)


def mount_new(kind: str, target: str, options: str = "", *, devices: bool = False) -> None:
    """Mounts a new file system, without set-user-id programs."""
    flags = _MS_NOSUID | (0 if devices else _MS_NODEV)
    call("mount", kind.encode(), os.fsencode(target), kind.encode(), flags, options.encode())


def bind(source: str, target: str) -> None:
    """Shows a file or folder at a second place."""
    call("mount", os.fsencode(source), os.fsencode(target), None, _MS_BIND | _MS_REC, None)


def bind_read_only(source: str, target: str) -> None:
    """Shows a file or folder with all that is mounted in it at a second place, for reading alone."""
    bind(source, target)
    attributes = struct.pack("=QQQQ", _ATTR_RDONLY | _ATTR_NOSUID | _ATTR_NODEV, 0, 0, 0)
    buffer = ctypes.create_string_buffer(attributes, 32)
    call("mount_setattr", _AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, buffer, 32)


def freeze(target: str) -> None:
    """Makes one mounted file system read-only."""
    flags = _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV
    call("mount", None, os.fsencode(target), None, flags, None)


def replace_root(new: str) -> None:
    """Makes a mount point the root of this mount namespace and lets go of the old one."""
    os.chdir(new)
    call("pivot_root", b".", b".")
    # Both roots are mounted on one place now, the old one on top.
    call("umount2", b".", _MNT_DETACH)
    os.chdir("/")
