"""Text that every encoding can carry."""

from __future__ import annotations


def well_formed(text: str) -> str:
    """The text without lone surrogates, which no encoding can carry; pairs become their character."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
