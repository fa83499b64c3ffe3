"""A problem without tests: its statement, and how a solution of it is called."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

_ENTRY_POINT = r"^((?:[A-Za-z_]\w*\(\)\.)?[A-Za-z_]\w*)?$"


class Question(BaseModel):
    """One problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    text: str = Field(min_length=1)
    """The statement."""
    entry_point: str = Field(default="", pattern=_ENTRY_POINT)
    """`solve` or `Solution().solve`; empty for programs that read standard input."""
    style: str = ""
    features: tuple[str, ...] = ()
    seed: str = ""
    """The key of the seed that it was made of; empty for a question that was given."""

    @property
    def prompt(self) -> str:
        """The statement, and in what form a solution is wanted where it does not say so itself."""
        if not self.entry_point:
            wanted = "Write a whole program that reads standard input and writes to standard output."
            return self.text if _says_streams(self.text) else f"{self.text}\n\n{wanted}"
        owner, _, name = self.entry_point.rpartition("().")
        if re.search(rf"\b{re.escape(name)}\b", self.text):
            return self.text
        wanted = f"method `{name}` of class `{owner}`" if owner else f"function `{name}`"
        return f"{self.text}\n\nDefine the {wanted}."


def _says_streams(text: str) -> bool:
    plain = text.lower()
    return ("standard input" in plain or "stdin" in plain) and (
        "standard output" in plain or "stdout" in plain
    )
