"""The format of Qwen3-Coder: `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function>...`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from .cut_message import restored
from .fenced_syntax import FencedSyntax
from .hermes_parser import RESPONSE_STOP
from .hermes_syntax import CLOSE, HermesSyntax, render_hermes_call
from .message_reader import MessageReader
from .observation_messages import tool_messages
from .tool import Tool, openai_schema
from .tool_call import ParsedAction, ToolCall
from .xml_syntax import EXAMPLE, XmlSyntax, render_xml_call


class XmlParser:
    """Reads every function call of a message; one malformed call makes the message an error."""

    name = "xml"
    native = False

    def __init__(self, most: int = 16, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer."""
        self._most = most
        self._reader = MessageReader(
            (XmlSyntax(), HermesSyntax()),
            most=most,
            missing=f"there is no tool call; write {EXAMPLE}",
            opaque=(FencedSyntax(may_wrap=True),),
            answer_mark=answer_mark,
        )

    @property
    def stop(self) -> tuple[str, ...]:
        """The closing tag, or the beginning of a response where several calls are allowed."""
        return (CLOSE,) if self._most == 1 else (RESPONSE_STOP,)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the tools as Qwen3-Coder's template lists them."""
        listed = "\n".join(_described(tool) for tool in tools)
        return f"Solve the task with tools:\n<tools>\n{listed}\n</tools>\nCall a tool so: {EXAMPLE}"

    def parse(self, text: str) -> ParsedAction:
        """Takes the calls in their order, up to an invented response."""
        return self._reader.read(text)

    def render_call(self, call: ToolCall) -> str:
        """The call between its tags; as JSON where an argument spells tags that would end it."""
        text = render_xml_call(call)
        return text if self.parse(text).calls == (call,) else render_hermes_call(call)

    def restore(self, text: str) -> str:
        """Closes the call that is open at the end."""
        return restored(text, (f"\n{CLOSE}", f"\n</function>\n{CLOSE}"), self.parse)

    def observations(self, answers: Sequence[str], protocol: str = "") -> tuple[Mapping[str, str], ...]:
        """A message of a tool for each call; the chat template puts it between `<tool_response>` tags."""
        return tool_messages(answers)


def _described(tool: Tool) -> str:
    parameters = openai_schema(tool)["function"]["parameters"]["properties"]
    inner = "".join(
        f"\n<parameter>\n<name>{name}</name>\n<type>{about.get('type', 'string')}</type>\n"
        f"<description>{escape(about.get('description', ''))}</description>\n</parameter>"
        for name, about in parameters.items()
    )
    about = f"<name>{tool.name}</name>\n<description>{escape(tool.description)}</description>"
    return f"<function>\n{about}\n<parameters>{inner}\n</parameters>\n</function>"
