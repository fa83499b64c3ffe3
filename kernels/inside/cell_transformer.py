"""IPython's own syntax in cells: `%magic`, `!command`, `help?`, pasted prompts."""

from __future__ import annotations

# mypy: disable-error-code="no-untyped-call"
import re

from IPython.core.inputtransformer2 import TransformerManager

_UNUSUAL = re.compile(r"\A\s|^\s*[%!?,;/]|=\s*[%!]|\?|>>>|\.\.\.|In \[|^[ \t]+$", re.MULTILINE)
"""What every cell has that is to be changed, and some others."""


class CellTransformer(TransformerManager):
    """Splits a cell into tokens only if there may be something to change: most are plain Python."""

    def __init__(self) -> None:
        super().__init__()
        self._own = self._counts()

    def transform_cell(self, cell: str) -> str:
        """Turns a cell into Python."""
        if _UNUSUAL.search(cell) or self._counts() != self._own:
            return str(super().transform_cell(cell))
        return cell if cell.endswith("\n") else f"{cell}\n"

    def _counts(self) -> tuple[int, ...]:
        """How many transformations there are; cells may add their own."""
        return len(self.cleanup_transforms), len(self.line_transforms), len(self.token_transformers)
