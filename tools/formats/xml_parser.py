"""The format of Qwen3-Coder: `<tool_call><function=NAME><parameter=KEY>VALUE</parameter></function>...`."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ..tool import Tool, openai_schema
from ..tool_call import ToolCall
from .hermes_syntax import CLOSE, HermesSyntax, render_hermes_call
from .tagged_parser import TaggedParser
from .xml_syntax import EXAMPLE, XmlSyntax, render_xml_call


class XmlParser(TaggedParser):
    """Reads and writes calls as tags."""

    name = "xml"
    closings = (f"\n{CLOSE}", f"\n</function>\n{CLOSE}")

    def __init__(self, most: int = 16, answer_mark: str = "") -> None:
        """Takes how many calls of a message are carried out, and what begins an answer."""
        missing = f"there is no tool call; write {EXAMPLE}"
        super().__init__((XmlSyntax(), HermesSyntax()), missing, most, answer_mark)

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The system prompt, with the tools as Qwen3-Coder's template lists them."""
        listed = "\n".join(_described(tool) for tool in tools)
        return f"Solve the task with tools:\n<tools>\n{listed}\n</tools>\nCall a tool so: {EXAMPLE}"

    def render_call(self, call: ToolCall) -> str:
        """The call between its tags; as JSON where an argument spells tags that would end it."""
        text = render_xml_call(call)
        return text if self.parse(text).calls == (call,) else render_hermes_call(call)


def _described(tool: Tool) -> str:
    parameters = openai_schema(tool)["function"]["parameters"]["properties"]
    inner = "".join(
        f"\n<parameter>\n<name>{name}</name>\n<type>{about.get('type', 'string')}</type>\n"
        f"<description>{escape(about.get('description', ''))}</description>\n</parameter>"
        for name, about in parameters.items()
    )
    about = f"<name>{tool.name}</name>\n<description>{escape(tool.description)}</description>"
    return f"<function>\n{about}\n<parameters>{inner}\n</parameters>\n</function>"
