"""How SandboxFusion's CommonOJ compares outputs: line by line, without case, numbers within a tolerance."""

from __future__ import annotations

_RELATIVE = 1e-5
_SMALLEST = 1e-10


def same_lines(output: str, expected: str) -> bool:
    """Whether an output counts as the expected one.

    White space around every line and around the whole does not matter. Lines that differ are still the same
    when each is one number and they are within a relative 1e-5.
    """
    lines, wanted = output.strip().split("\n"), expected.strip().split("\n")
    return len(lines) == len(wanted) and all(map(_same_line, lines, wanted))


def _same_line(line: str, wanted: str) -> bool:
    line, wanted = line.strip().lower(), wanted.strip().lower()
    if line == wanted:
        return True
    try:
        found, number = float(line), float(wanted)
    except ValueError:
        return False
    return abs(found - number) / max(abs(number), _SMALLEST) < _RELATIVE
