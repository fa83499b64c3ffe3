"""Code Jam and Kick Start, from a checkout of Google's archive: a folder a problem, with all judge data.

A problem with a judge program of its own is left out, since that program only runs with Google's tools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import yaml

from ...rewards.comparison import FloatText
from ..task import Task, TaskMetadata
from .contest_fields import contest_prompt, flags
from .io_tests import stdio_tests, time_budget
from .raw_row import RawRow
from .row_error import RowError, RowLeftOut
from .row_files import FileRow
from .task_source import LocalFiles, TaskSource

_SECONDS_A_TEST = 60.0
_TOLERANCE = re.compile(r"float_tolerance\s+(\S+)")
_YEAR = re.compile(r"\b(20\d\d|19\d\d)\b")
_BLOCKS = frozenset({"p", "div", "br", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "pre", "table"})


def problem_rows(problem: Path) -> Iterator[FileRow]:
    """The one row of a problem's folder, found by its `problem.yaml`."""
    try:
        about = yaml.safe_load(problem.read_text())
        if not isinstance(about, dict):
            raise RowError("problem.yaml", about, "it must be a mapping")
        yield FileRow(1, {**about, **_contents(problem.parent)})
    except RowError as error:
        yield FileRow(1, error)
    except (OSError, ValueError, yaml.YAMLError) as error:
        yield FileRow(1, RowError("problem.yaml", str(problem), f"the folder must be readable: {error}"))


def _contents(folder: Path) -> dict[str, Any]:
    page = folder / "problem_statement" / "problem.html"
    inputs = sorted((folder / "data").rglob("*.in"), key=lambda path: (path.parent, _natural(path.name)))
    return {
        "id": "/".join(folder.parts[-4:]),
        "statement": _plain_text(page.read_text()) if page.is_file() else None,
        "has_validator": (folder / "output_validators").is_dir(),
        "tests": [(path.read_text(), _answer(path)) for path in inputs],
    }


def _answer(path: Path) -> str | None:
    answer = path.with_suffix(".ans")
    return answer.read_text() if answer.is_file() else None


def _natural(name: str) -> tuple[int | str, ...]:
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name))


def _parse(row: RawRow) -> Task:
    name = row.text("name")
    if row.values.get("has_validator") or "custom" in row.text_or("validation"):
        raise RowLeftOut("validation", row.values.get("validation"), "it needs a judge program of its own")
    statement, tests = row.text("statement"), row.items("tests")
    for number, (_, answer) in enumerate(tests):
        if answer is None:
            raise RowError(f"tests[{number}]", "no .ans file", "every .in file needs its .ans file")
    if not tests:
        raise row.error("tests", "the folder data must have at least one .in file")
    given = _TOLERANCE.search(row.text_or("output_validator_flags"))
    tolerance = _number(row, given[1]) if given else 1e-6
    judged = stdio_tests(tests, FloatText(absolute=tolerance, relative=tolerance), seconds=_SECONDS_A_TEST)
    contest = row.text_or("source")
    year = _YEAR.search(contest)
    return Task(
        id=f"google-contests/{row.text('id')}",
        prompt=contest_prompt(f"{name}\n\n{statement}", judged),
        tests=judged,
        metadata=TaskMetadata(
            source="google-contests",
            tags=tuple(filter(None, (contest, f"year:{year[1]}" if year else "", *flags(statement)))),
            time_limit=time_budget(_SECONDS_A_TEST, judged),
        ),
    )


def _number(row: RawRow, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise row.error("output_validator_flags", "float_tolerance must be a number") from error


class _Text(HTMLParser):
    """Collects the text of a page, with a new line for every block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a block, or a power or an index."""
        self.pieces.append("\n" if tag in _BLOCKS else {"sup": "^", "sub": "_"}.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        """Ends a block."""
        self.pieces.append("\n" if tag in _BLOCKS else "")

    def handle_data(self, data: str) -> None:
        """Takes text."""
        self.pieces.append(data)


def _plain_text(page: str) -> str:
    parser = _Text()
    parser.feed(page)
    parser.close()
    lines = (line.strip() for line in "".join(parser.pieces).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


GOOGLE_CONTESTS = TaskSource(
    name="google-contests",
    title="Google's Code Jam and Kick Start",
    licence="Apache-2.0",
    files=LocalFiles("a checkout of github.com/google/coding-competitions-archive"),
    splits={
        "all": ("*problem.yaml",),
        "codejam": ("*codejam/*problem.yaml",),
        "kickstart": ("*kickstart/*problem.yaml",),
    },
    parse=_parse,
    rows=problem_rows,
)
