"""Fenced code blocks of markdown as models write it: CommonMark, and its usual abuses.

Beyond CommonMark a fence may be indented at will, may follow text on its line when it names a language, and
its end may be followed by a tag, as in "```</answer>". A fence that names a language and is as long as that
of the block before it begins a new block: the end of the other was forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_OPENING = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_LATE_OPENING = re.compile(r".*[^`~](?P<fence>`{3,}|~{3,})(?P<info>[A-Za-z][\w+#.-]*)[ \t]*")
_CLOSING = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?:</?\w+>.*)?")
_LANGUAGE = re.compile(r"[\s{.]*([A-Za-z][\w+#]*)")
_MARKDOWN = frozenset({"markdown", "md"})
_SLACK = 3
"""How much deeper than its beginning the end of a block may be indented."""


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One fenced block."""

    code: str
    """Its lines, without a newline at the end."""
    language: str = ""
    """The first word after the fence, in lower case; empty without one."""
    closed: bool = True
    """False when the text ended before the block did."""


@dataclass(frozen=True, slots=True)
class _Fence:
    indent: int
    mark: str
    language: str

    def ends_at(self, line: str) -> bool:
        return self.is_closed_by(line) or self.is_forgotten_at(line)

    def is_closed_by(self, line: str) -> bool:
        found = _CLOSING.fullmatch(line)
        return (
            found is not None
            and found["fence"].startswith(self.mark)
            and _width(found["indent"]) <= self.indent + _SLACK
        )

    def is_forgotten_at(self, line: str) -> bool:
        found = _OPENING.fullmatch(line)
        return (
            found is not None
            and _LANGUAGE.match(found["info"]) is not None
            and found["fence"].startswith(self.mark)
            and _width(found["indent"]) <= self.indent
        )


def blocks_of(text: str) -> tuple[CodeBlock, ...]:
    """All blocks of a text in their order; a block of markdown is replaced by the blocks in it."""
    lines = text.replace("\r\n", "\n").split("\n")
    return tuple(_blocks(lines))


def _blocks(lines: Sequence[str]) -> Iterator[CodeBlock]:
    place = 0
    while place < len(lines):
        fence = _opening(lines[place])
        place += 1
        if fence is None:
            continue
        start = place
        ends = (n for n in range(start, len(lines)) if fence.ends_at(lines[n]))
        place = next(ends, len(lines))
        closed = place < len(lines) and fence.is_closed_by(lines[place])
        body = [_dedented(line, fence.indent) for line in lines[start:place]]
        place += closed
        if not closed and body and not body[-1].strip():
            body.pop()
        inner = tuple(_blocks(body)) if fence.language in _MARKDOWN else ()
        if inner:
            yield from inner
        else:
            yield CodeBlock("\n".join(body), fence.language, closed)


def _opening(line: str) -> _Fence | None:
    found = _OPENING.fullmatch(line)
    indent = found["indent"] if found else ""
    found = found or _LATE_OPENING.fullmatch(line)
    if found is None or ("`" in found["fence"] and "`" in found["info"]):
        return None
    language = _LANGUAGE.match(found["info"])
    return _Fence(_width(indent), found["fence"], language[1].lower() if language else "")


def _dedented(line: str, most: int) -> str:
    """The line without up to `most` columns of white space at its start."""
    removed = place = 0
    while place < len(line) and line[place] in " \t" and removed < most:
        removed += _width(line[place])
        place += 1
    return line[place:]


def _width(indent: str) -> int:
    return len(indent.expandtabs(4))
