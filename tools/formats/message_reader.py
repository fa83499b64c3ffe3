"""Takes a message apart: thoughts, calls, and what it invents.

The message is walked once, from mark to mark. What stands inside a call is its content, whatever it spells;
what stands in `<think>` is no call. Where the message goes on as somebody else, with a response, a turn or an
output after its call, it is cut: nothing from there on is read. The first call says which syntax counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..tool_call import ParsedAction, ToolCall
from .call_syntax import CallSyntax, MalformedCallError, NotACallError, ReadCalls
from .message_marks import FIRST, OTHER_TURN, OUTPUT, THOUGHT, TURN_END

_MOST_READ, _MOST_REFUSED = 64, 16
"""Places of a message at which a call is read, and at which none is found; bounds the work on any text."""
_THOUGHT_END = "</think>"


class MessageReader:
    """Reads messages whose calls are written in one of some syntaxes."""

    def __init__(
        self,
        syntaxes: Sequence[CallSyntax],
        *,
        most: int,
        missing: str,
        opaque: Sequence[CallSyntax] = (),
        answer_mark: str = "",
    ) -> None:
        """Takes what calls look like.

        Args:
            syntaxes: Calls in these are carried out.
            most: Calls of one message; further ones are counted.
            missing: Told to the model where there is no call.
            opaque: Read over as a whole: marks inside are no calls.
            answer_mark: A tag or a command of TeX from which on a message is an answer; empty for none.
        """
        self._syntaxes = {syntax.name: syntax for syntax in (*syntaxes, *opaque)}
        self._counted = frozenset(syntax.name for syntax in syntaxes)
        self._most = most
        self._missing = missing
        self._answer_mark = answer_mark
        groups = [f"(?P<{name}>{syntax.opening})" for name, syntax in self._syntaxes.items()]
        groups += [THOUGHT, OTHER_TURN, TURN_END, OUTPUT]
        if answer_mark:
            groups.append(f"(?P<answer>{re.escape(answer_mark)})")
        self._marks = re.compile(f"{FIRST}(?:{'|'.join(groups)})", re.MULTILINE)

    def read(self, text: str) -> ParsedAction:
        """Reads one message."""
        reading = _Reading(text, self._counted, self._most)
        while reading.reads < _MOST_READ and reading.refusals < _MOST_REFUSED:
            mark = self._marks.search(text, reading.place)
            if mark is None or not self._go_on(reading, mark):
                break
        return reading.action(self._missing)

    def _go_on(self, reading: _Reading, mark: re.Match[str]) -> bool:
        """Reads one mark; False where the message is cut for good."""
        kind = str(mark.lastgroup)
        reading.place = mark.end()
        match kind:
            case "thought":
                reading.skip_thought(mark, self._answer_mark)
            case "thought_end":
                reading.begin_anew()
            case "answer":
                reading.closed = True
            case "other_turn" | "turn_end":
                reading.cut(mark, invented=kind == "other_turn" or bool(reading.text[mark.end() :].strip()))
                return False
            case "output":
                if reading.calls and not reading.closed:
                    reading.cut(mark, invented=True)
            case _:
                reading.read_calls(self._syntaxes[kind], mark)
        return True


@dataclass(slots=True)
class _Reading:
    """One message on its way."""

    text: str
    counted: frozenset[str]
    most: int
    place: int = 0
    said_from: int | None = 0
    """Where what is said, beside calls and thoughts, goes on; None after a cut."""
    reads: int = 0
    refusals: int = 0
    closed: bool = False
    """Whether calls are no longer taken, only read over."""
    words: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    protocol: str = ""
    doubt: str = ""
    error: str = ""
    left_out: int = 0
    invented: bool = False

    def read_calls(self, syntax: CallSyntax, mark: re.Match[str]) -> None:
        self.reads += 1
        taken = syntax.name in self.counted and not self.closed and self.protocol in ("", syntax.name)
        try:
            made = syntax.read(self.text, mark.start())
        except NotACallError as error:
            self.refusals += 1
            self.doubt = self.doubt or (str(error) if taken else "")
        except MalformedCallError as error:
            self.refusals += 1
            if taken:
                self.error, self.protocol, self.closed = str(error), syntax.name, True
        else:
            self.place = made.end
            if taken:
                self._take(made, syntax.name, mark.start())

    def _take(self, made: ReadCalls, protocol: str, start: int) -> None:
        self._say_until(start)
        self.said_from = made.end
        self.protocol = protocol
        room = self.most - len(self.calls)
        self.calls += made.calls[:room]
        self.left_out += max(0, len(made.calls) - room)
        if made.repaired:
            self.notes.append(made.repaired)

    def skip_thought(self, mark: re.Match[str], answer_mark: str) -> None:
        self._say_until(mark.start())
        end = self.text.find(_THOUGHT_END, mark.end())
        answer = self.text.find(answer_mark, mark.end()) if end < 0 and answer_mark else -1
        self.place = end + len(_THOUGHT_END) if end >= 0 else answer if answer >= 0 else len(self.text)
        if self.said_from is not None:
            self.said_from = self.place
        if max(end, answer) < 0 and not self.closed:
            self.doubt = "the message ends inside <think>; close it with </think>, then make your call"

    def begin_anew(self) -> None:
        """All so far was a thought whose beginning is in the prompt."""
        self.words, self.calls, self.notes = [], [], []
        self.protocol = self.doubt = self.error = ""
        self.said_from, self.left_out = self.place, 0
        self.invented = self.closed = False

    def cut(self, mark: re.Match[str], *, invented: bool) -> None:
        self._say_until(mark.start())
        self.said_from, self.closed = None, True
        self.invented = self.invented or invented

    def action(self, missing: str) -> ParsedAction:
        self._say_until(len(self.text))
        said = "".join(self.words).strip()
        if self.error:
            told = f"{self.error}; nothing of the message was run" if self.calls else self.error
            return ParsedAction(text=said, error=told, protocol=self.protocol, invented_output=self.invented)
        if not self.calls:
            told = self.doubt or missing
            return ParsedAction(text=said, error=told, no_call=True, invented_output=self.invented)
        return ParsedAction(
            tuple(self.calls),
            said,
            protocol=self.protocol,
            repaired=", ".join(dict.fromkeys(self.notes)),
            left_out=self.left_out,
            invented_output=self.invented,
        )

    def _say_until(self, end: int) -> None:
        if self.said_from is not None:
            self.words.append(self.text[self.said_from : end])
            self.said_from = end
