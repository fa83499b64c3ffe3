"""Calls of the debugger as text: sections and commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.tools import Toolbox, ToolCall, ToolMode, make_parser
from replgym.tools.formats.debugger_call import debugger_call, debugger_text

TEXTS = st.text(alphabet=st.sampled_from("ab:=1'\"\n\t {}\\`#"), max_size=40) | st.sampled_from(
    ["program:\nx", "stdin: 1\n", "print(1)\n", "break 3\nrun", "commands:", "args: a", "'''\nprogram:\n'''"]
)
CALLS = st.fixed_dictionaries(
    {"command": TEXTS},
    optional={"program": TEXTS, "stdin": TEXTS, "args": st.lists(TEXTS, max_size=3)},
).map(lambda arguments: ToolCall("debugger", arguments))


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("run", {"command": "run"}),
        ("break 3\nrun\n", {"command": "break 3\nrun"}),
        (
            "program:\nn = input()\n\nprint(n)\nstdin:\n1 2\n3\ncommands:\nrun\nprint n",
            {"program": "n = input()\n\nprint(n)", "stdin": "1 2\n3\n", "command": "run\nprint n"},
        ),
        ("stdin: 7\nargs: a 'b c'\ncommand: run", {"stdin": "7\n", "args": ["a", "b c"], "command": "run"}),
        ("stdin:\ncommands:\nrun", {"stdin": "", "command": "run"}),
        ("args: it's\nrun", {"args": ["it's", "run"]}),
        ('{"command": "run", "stdin": "1"}', {"command": "run", "stdin": "1"}),
        ("{1, 2}", {"command": "{1, 2}"}),
        ("", {"command": ""}),
    ],
)
def test_sections_are_read(text: str, arguments: dict[str, object]) -> None:
    assert debugger_call(text) == ToolCall("debugger", arguments)


@given(CALLS)
def test_what_is_written_is_read_back(call: ToolCall) -> None:
    assert debugger_call(debugger_text(call)) == call


@given(st.text(max_size=200))
def test_every_text_is_a_call(text: str) -> None:
    assert debugger_call(text).name == "debugger"


@pytest.mark.parametrize("name", ["auto", "code", "fenced", "hermes", "json", "native", "xml"])
def test_every_format_writes_and_reads_the_call(name: str) -> None:
    parser = make_parser(name)
    arguments = {"program": "print('```')\nx = '''\n```\n'''", "stdin": "3 4\n", "command": "break 2\nrun"}
    call = ToolCall("debugger", arguments)
    assert parser.parse(parser.render_call(call)).calls == (call,)
    told = parser.instructions(Toolbox(mode=ToolMode.DEBUGGER).tools)
    assert "debugger" in told
    assert "debugger" not in parser.instructions(Toolbox(mode=ToolMode.STATEFUL).tools)


@pytest.mark.parametrize("fence", ["debugger", "gdb", "pdb"])
def test_a_block_for_a_debugger_is_its_call(fence: str) -> None:
    for name in ("auto", "fenced"):
        action = make_parser(name).parse(f"Let me look.\n```{fence}\nrun\nwhere\n```\n")
        assert action.calls == (ToolCall("debugger", {"command": "run\nwhere"}),)


def test_a_block_and_a_cell_are_two_calls() -> None:
    text = "```python\nx = 1\n```\n```debugger\nrun\n```\n"
    assert [call.name for call in make_parser("fenced", 2).parse(text).calls] == [
        "python_interpreter",
        "debugger",
    ]
