"""What the formats have in common whose calls stand between `<tool_call>` tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..tool_call import ParsedAction
from .call_syntax import CallSyntax
from .cut_message import restored
from .fenced_syntax import FencedSyntax
from .hermes_syntax import CLOSE
from .message_reader import MessageReader
from .observation_messages import tool_messages

RESPONSE_STOP = "<tool_response>"


class TaggedParser:
    """Reads every call of a message; one malformed call makes the message an error."""

    native = False
    closings: tuple[str, ...] = (f"\n{CLOSE}",)
    """What may be missing at the end of a message that was cut off."""

    def __init__(self, syntaxes: Sequence[CallSyntax], missing: str, most: int, answer_mark: str) -> None:
        """Takes the notations of calls.

        Args:
            syntaxes: Those that are read, the format's own first.
            missing: What to tell a model that called nothing.
            most: How many calls of a message are carried out.
            answer_mark: A text from which on a message is an answer.
        """
        self._most = most
        self._reader = MessageReader(
            tuple(syntaxes),
            most=most,
            missing=missing,
            opaque=(FencedSyntax(may_wrap=True),),
            answer_mark=answer_mark,
        )

    @property
    def stop(self) -> tuple[str, ...]:
        """The closing tag, or the beginning of a response where several calls are allowed."""
        return (CLOSE,) if self._most == 1 else (RESPONSE_STOP,)

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order, up to an invented response."""
        return self._reader.read(text)

    def restore(self, text: str) -> str:
        """Closes the call that is open at the end."""
        return restored(text, self.closings, self.parse)

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """A message of a tool for each call; the chat template puts it between `<tool_response>` tags."""
        return tool_messages(answers)
