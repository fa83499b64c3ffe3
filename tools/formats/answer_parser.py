"""A text format in which a message without a call is an answer.

With a format of calls inside, messages with calls are read as it reads them. Without one every message is an
answer: the format of a policy that must do without tools. Where calls are code, the program that ran last can
be the answer, and a message without a call says that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ..submit import Submit
from ..tool import Tool
from ..tool_call import ParsedAction, ToolCall
from .action_parser import ActionParser
from .message_reader import MessageReader
from .observation_messages import plain_message

_PLAIN = "Solve the task with a Python program. {shape}"
_AFTER_CALLS = "{instructions}\nWhen you are done, answer without a call. {shape}"
_LAST_CELL = (
    "Write the whole program in a block and run it; it is handed in when you then answer without a block."
)


class AnswerParser:
    """Reads calls, if there is a format for them, and tells answers from them."""

    def __init__(
        self,
        calls: ActionParser | None,
        shape: str,
        write: Callable[[str], str],
        mark: str = "",
        *,
        of_cells: bool = False,
    ) -> None:
        """Takes the format of calls and that of answers.

        Args:
            calls: Reads messages with calls; None when there are no tools.
            shape: One sentence for the model: what an answer looks like.
            write: Program -> the answer that holds it.
            mark: What an answer begins with, if anything.
            of_cells: Whether calls are code, and the program that ran last is the answer.
        """
        self._calls = calls
        self._of_cells = of_cells and calls is not None
        self._shape = _LAST_CELL if self._of_cells else shape
        self._write = write
        self._reader = MessageReader((), most=0, missing="", answer_mark=mark)

    @property
    def name(self) -> str:
        """The name of the format of calls."""
        return self._calls.name if self._calls else "answer"

    @property
    def stop(self) -> tuple[str, ...]:
        """The stop texts of the format of calls; an answer goes on to its end."""
        return self._calls.stop if self._calls else ()

    @property
    def native(self) -> bool:
        """Whether the schemas of the tools travel beside the messages."""
        return self._calls is not None and self._calls.native

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt."""
        if self._calls is None:
            return _PLAIN.format(shape=self._shape)
        if self._of_cells:
            return f"{self._calls.instructions(tools)}\n{self._shape}"
        return _AFTER_CALLS.format(instructions=self._calls.instructions(tools), shape=self._shape)

    def parse(self, text: str) -> ParsedAction:
        """Reads the calls; a message without any says `no_call` and what to write."""
        action = self._reader.read(text) if self._calls is None else self._calls.parse(text)
        if not action.no_call:
            return action
        missing = "no program has run yet" if self._of_cells else "there is no program in the message"
        return replace(action, error=f"{missing}. {self._shape}")

    def render_call(self, call: ToolCall) -> str:
        """A message that makes this call; an answer, when it is a submission.

        Raises:
            ValueError: If the tool cannot be called in this format.
        """
        if call.name == Submit.name and not self._of_cells:
            return self._write(str(call.arguments["source"]))
        if self._calls is None:
            raise ValueError(f"the tool {call.name!r} cannot be called: every message is an answer")
        return self._calls.render_call(call)

    def restore(self, text: str) -> str:
        """Puts back what an engine has cut off."""
        return self._calls.restore(text) if self._calls else text

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """The messages that tell the model what its calls gave."""
        return self._calls.observations(answers, protocol) if self._calls else plain_message(answers)
