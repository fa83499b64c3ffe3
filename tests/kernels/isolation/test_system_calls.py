"""The numbers of system calls, against the headers of Linux where they are installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replgym.kernels.inside.system_calls import NUMBERS

_HEADERS = {
    "x86_64": ("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"),
    # The table of aarch64 is the generic one.
    "aarch64": ("/usr/aarch64-linux-gnu/include/asm-generic/unistd.h", "/usr/include/asm-generic/unistd.h"),
}
_DEFINITION = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", re.MULTILINE)
_MANY = 70


@pytest.mark.parametrize(("place", "architecture"), list(enumerate(_HEADERS)))
def test_numbers_are_those_of_the_headers(place: int, architecture: str) -> None:
    found = [path for path in map(Path, _HEADERS[architecture]) if path.exists()]
    if not found:
        pytest.skip(f"the headers of Linux for {architecture} are not installed (package linux-libc-dev)")
    defined = {name: int(number) for name, number in _DEFINITION.findall(found[0].read_text())}
    known = {name: numbers[place] for name, numbers in NUMBERS.items() if name in defined}
    assert known == {name: defined[name] for name in known}
    # Others came after the headers were made; a call that the architecture lacks is not in any.
    assert len(known) >= _MANY
    assert all(numbers[place] is not None for name, numbers in NUMBERS.items() if name in defined)
