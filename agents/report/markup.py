"""Pieces of markup that several sections share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .charts.line_chart import Series


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """A table of numbers, the first cell of each row its heading.

    Args:
        heads: Titles of the columns, as markup.
        rows: Cells as markup.
        texts: How many columns from the left hold text.
    """
    head = "".join(f'<th scope="col"{_text(place, texts)}>{title}</th>' for place, title in enumerate(heads))
    body = []
    for row in rows:
        cells = "".join(f"<td{_text(place, texts)}>{cell}</td>" for place, cell in enumerate(row) if place)
        body.append(f'<tr><th scope="row">{row[0]}</th>{cells}</tr>')
    whole = f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table">{whole}</div>'


def card(title: str, content: str, caption: str = "") -> str:
    """A figure with its title; nothing without content."""
    if not content:
        return ""
    told = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure class="card"><h3>{escape(title)}</h3>{content}{told}</figure>'


def cards(*made: str) -> str:
    """Figures side by side, where there is room."""
    return f'<div class="cards">{"".join(made)}</div>' if any(made) else ""


def legend(series: Iterable[Series]) -> str:
    """Names and colours of several lines."""
    items = (f"<span>{swatch(one.style)}{escape(one.name)}</span>" for one in series)
    return f'<div class="legend">{"".join(items)}</div>'


def swatch(style: str) -> str:
    """A spot of colour."""
    return f'<i class="swatch c-{escape(style)}"></i>'


def nothing(text: str) -> str:
    """Says that there is nothing to show."""
    return f'<p class="missing">{escape(text)}</p>'


def _text(place: int, texts: int) -> str:
    return ' class="text"' if place < texts else ""
