"""The program that is process 1 of a kernel's PID namespace; small, since there are as many as kernels.

It lets go of its descriptors, ignores SIGCHLD, so that whatever dies below it vanishes without being
collected, and sleeps for good. Its end is the end of everything in the namespace, and nothing inside can
bring it about: signals from there do not reach process 1. As a program of its own, and not a copy of the fork
server, it takes a page or two of memory.
"""

from __future__ import annotations

import os
import struct

from .system_calls import architecture

PATH = "/.first"
"""Where it lies in the root folder of kernels."""
_ADDRESS = 0x400000
_ELF_HEADER, _PROGRAM_HEADER = struct.Struct("<4s4B8xHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")
_HEADERS = _ELF_HEADER.size + _PROGRAM_HEADER.size
_MACHINE = {"x86_64": 62, "aarch64": 183}
_IGNORE = struct.pack("<QQQQ", 1, 0, 0, 0)
"""A `struct sigaction` with SIG_IGN; it stands before the code."""
_CODE = {
    "x86_64": (
        "31ff"  #       xor edi, edi
        "beffffffff"  # mov esi, -1
        "31d2"  #       xor edx, edx
        "b8b4010000"  # mov eax, 436           close_range
        "0f05"  #       syscall
        "bf11000000"  # mov edi, 17            SIGCHLD
        "be78004000"  # mov esi, 0x400078      the structure
        "31d2"  #       xor edx, edx
        "41ba08000000"  # mov r10d, 8
        "b80d000000"  # mov eax, 13            rt_sigaction
        "0f05"  #       syscall
        "b822000000"  # mov eax, 34            pause
        "0f05"  #       syscall
        "ebf7"  #       jmp to pause
    ),
    "aarch64": (
        "000080d2"  # mov x0, #0
        "01008092"  # mov x1, #-1
        "020080d2"  # mov x2, #0
        "883680d2"  # mov x8, #436             close_range
        "010000d4"  # svc #0
        "200280d2"  # mov x0, #17              SIGCHLD
        "41feff10"  # adr x1, .-56             the structure
        "020080d2"  # mov x2, #0
        "030180d2"  # mov x3, #8
        "c81080d2"  # mov x8, #134             rt_sigaction
        "010000d4"  # svc #0
        "000080d2"  # mov x0, #0
        "010080d2"  # mov x1, #0
        "020080d2"  # mov x2, #0
        "030080d2"  # mov x3, #0
        "280980d2"  # mov x8, #73              ppoll
        "010000d4"  # svc #0
        "faffff17"  # b to the first of the moves to x0
    ),
}


def program(machine: str) -> bytes:
    """The program for `x86_64` or `aarch64`, as an ELF file."""
    body = _IGNORE + bytes.fromhex(_CODE[machine])
    entry = _ADDRESS + _HEADERS + len(_IGNORE)
    size = _HEADERS + len(body)
    header = _ELF_HEADER.pack(
        b"\x7fELF", 2, 1, 1, 0, 2, _MACHINE[machine], 1, entry, _ELF_HEADER.size, 0, 0, 64, 56, 1, 0, 0, 0
    )
    loaded = _PROGRAM_HEADER.pack(1, 5, 0, _ADDRESS, _ADDRESS, size, size, 0x1000)
    return header + loaded + body


def install(root: str) -> None:
    """Puts the program into a root folder.

    Raises:
        OSError: If it cannot be written, or there is none for this machine.
    """
    machine = architecture()
    if machine is None:
        raise OSError(38, "no process 1 is known for this processor")
    file = os.open(root + PATH, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o555)
    try:
        os.write(file, program(machine))
    finally:
        os.close(file)


def start() -> int:
    """Starts the program; it is process 1 if the caller has just asked for a new PID namespace."""
    return os.posix_spawn(PATH, ["kernel"], {}, setsid=True)
