"""What a record keeps of a cell: text and pictures, each up to a cap, so that a log stays readable.

Whatever is left out is counted in `truncated`, like the output that the interpreter's own cap cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ...kernels.cell_result import CellError, CellOutput, CellResult, cut_middle
from ...tools.well_formed import well_formed

PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
"""Types of pictures that are kept; of all other types the plain text is."""
_TEXT = 10_000
_PICTURE = 300_000


def kept_result(result: CellResult) -> CellResult:
    """The part of a cell's result that goes into a record.

    Args:
        result: What the cell did.

    Returns:
        The same with well-formed text, at most 10,000 characters of it and 300,000 of pictures.
    """
    outputs, cut = _kept(result.outputs)
    error = None if result.error is None else _kept_error(result.error)
    return replace(
        result,
        outputs=outputs,
        error=error,
        truncated=result.truncated + cut,
        prompt=well_formed(result.prompt)[:_TEXT],
        cause=well_formed(result.cause)[:_TEXT],
    )


def _kept(outputs: tuple[CellOutput, ...]) -> tuple[tuple[CellOutput, ...], int]:
    text_left, picture_left, cut = _TEXT, _PICTURE, 0
    kept = []
    for output in outputs:
        data: dict[str, str] = {}
        for kind, content in _affordable(output.data):
            if kind == "text/plain":
                cut += max(0, len(content) - text_left)
                data[kind] = cut_middle(content, text_left) if text_left else ""
                text_left -= min(text_left, len(content))
            elif len(content) <= picture_left:
                data[kind] = content
                picture_left -= len(content)
            else:
                cut += len(content)
        if any(data.values()) or not any(output.data.values()):
            kept.append(CellOutput(output.kind, data))
    return tuple(kept), cut


def _affordable(data: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for kind in ("text/plain", *PICTURES):
        if kind in data:
            yield kind, well_formed(data[kind])


def _kept_error(error: CellError) -> CellError:
    return CellError(
        well_formed(error.name)[:_TEXT],
        cut_middle(well_formed(error.value), _TEXT),
        cut_middle(well_formed(error.traceback), _TEXT),
    )
