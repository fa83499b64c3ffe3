"""Amounts of bytes as people read them."""

from __future__ import annotations

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def shown(size: float) -> str:
    """Such as `1.5 GiB`; small amounts in MiB or KiB."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / KIB:.0f} KiB"
