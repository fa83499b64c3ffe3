"""Rights that a process gives up for good: capabilities, its uid, new privileges, being looked into."""

from __future__ import annotations

import ctypes
import os
import struct

from .system_calls import call, prctl

PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_READ_SEARCH = 2
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63


def hide_memory() -> None:
    """Makes the calling process unreadable and untraceable for processes without capabilities."""
    prctl(_PR_SET_DUMPABLE, 0)


def show_memory() -> None:
    """Takes `hide_memory` back."""
    prctl(_PR_SET_DUMPABLE, 1)


def die_with_parent(signal_number: int) -> None:
    """Has the parent's death send a signal. A change of uid or capabilities undoes it."""
    prctl(PR_SET_PDEATHSIG, signal_number)


def change_user(uid: int | None, *, keep_reading: bool) -> None:
    """Takes another uid and gives up every capability, also through set-user-id programs.

    Args:
        uid: The new user and group; None keeps the present one.
        keep_reading: Whether files stay readable whatever their mode: for a Python that lies where only
            root may read, behind a layer that hides all other files.
    """
    limit_capabilities(keep_reading=keep_reading)
    if uid is not None:
        os.setgroups([])
        if keep_reading:
            prctl(_PR_SET_KEEPCAPS, 1)
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    kept = 1 << _CAP_DAC_READ_SEARCH if keep_reading and uid is not None else 0
    _set_capabilities(kept)
    if kept:
        prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_READ_SEARCH)


def limit_capabilities(*, keep_reading: bool = False) -> None:
    """Keeps every program that is started from now on from having more capabilities than at most one."""
    for capability in range(_LAST_CAPABILITY + 1):
        if not (keep_reading and capability == _CAP_DAC_READ_SEARCH):
            try:
                prctl(_PR_CAPBSET_DROP, capability)
            except OSError:
                break  # beyond the last one, or already without the right to drop


def forbid_new_privileges() -> None:
    """Has `exec` never grant anything that the caller does not have."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _set_capabilities(kept: int) -> None:
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    data = struct.pack("=IIIIII", kept, kept, kept, 0, 0, 0)
    call("capset", ctypes.create_string_buffer(header, 8), ctypes.create_string_buffer(data, 24))
