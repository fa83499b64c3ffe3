"""Cells in fences."""

from __future__ import annotations

from .case import Case, cell

_BOTH = "fenced auto"
_NESTED = "text = '''\n```python\nnot this\n```\n'''\nprint(text)"
_DOCSTRING = 'def f():\n    """Use it so:\n\n    ```\n    f()\n    ```\n    """\n    return 1'


def _case(name: str, text: str, *codes: str, formats: str = _BOTH, **expected: object) -> Case:
    protocol = "fenced" if codes else str(expected.pop("protocol", ""))
    return Case(name, formats, text, tuple(map(cell, codes)), protocol, **expected)  # type: ignore[arg-type]


_CLOSED = "the ```python block is not closed"
_MISSING = "there is no ```python block"

FENCED = (
    _case("plain", "```python\nprint(f(0))\n```", "print(f(0))", said=""),
    _case("with words around", "Let me look.\n\n```python\nx = f(1)\n```\n", "x = f(1)", said="Let me look."),
    _case("py", "```py\nprint(1)\n```", "print(1)"),
    _case("python3", "```python3\nprint(1)\n```", "print(1)"),
    _case("py3", "```py3\nprint(1)\n```", "print(1)"),
    _case("ipython", "```ipython\n%timeit 1\n```", "%timeit 1"),
    _case("tool code of gemma", "```tool_code\nprint(1)\n```", "print(1)"),
    _case("capital letter", "```Python\nprint(1)\n```", "print(1)"),
    _case("space before the language", "``` python\nprint(1)\n```", "print(1)"),
    _case("attributes", '```python title="a.py" {.numbers}\nprint(1)\n```', "print(1)"),
    _case("tildes", "~~~python\nprint(1)\n~~~", "print(1)"),
    _case("tildes around backticks", "~~~python\ns = '```'\n```\n~~~", "s = '```'\n```"),
    _case("four backticks", "````python\ns = 1\n```\n````", "s = 1\n```"),
    _case("longer end", "```python\nprint(1)\n````", "print(1)"),
    _case("late on its line", "Run this: ```python\nprint(1)\n```", "print(1)", said="Run this:"),
    _case("in a list", "1. Try\n   ```python\n   if x:\n       f(2)\n   ```\n2. See", "if x:\n    f(2)"),
    _case("indented by a tab", "\t```python\n\tprint(1)\n\t```", "print(1)"),
    _case("end less indented", "    ```python\n    print(1)\n```", "print(1)"),
    _case("carriage returns", "```python\r\nx = 1\r\nprint(x)\r\n```\r\n", "x = 1\r\nprint(x)"),
    _case("blank lines kept", "```python\n\nx = 1\n\n\n```", "\nx = 1\n\n"),
    _case("tag right after the end", "<answer>\n```python\nx = 1\n```</answer>", "x = 1"),
    _case("fence in a long string", f"```python\n{_NESTED}\n```", _NESTED),
    _case("fence in a docstring", f"```python\n{_DOCSTRING}\n```", _DOCSTRING),
    _case("fence in a comment", "```python\nx = 1  # ``` no end\n```", "x = 1  # ``` no end"),
    _case(
        "apostrophe in a comment",
        "```python\n# don't '''stop\nx = 1\n```\nIt's so.",
        "# don't '''stop\nx = 1",
    ),
    _case(
        "long string without an end",
        "```python\nx = '''a\n```\nThat is all.",
        "x = '''a",
        said="That is all.",
    ),
    _case(
        "call in a string",
        "```python\nprint('<tool_call>{}</tool_call>')\n```",
        "print('<tool_call>{}</tool_call>')",
    ),
    _case(
        "thought in a string", "```python\nprint('</think>', '<think>')\n```", "print('</think>', '<think>')"
    ),
    _case("turn in a string", "```python\ns = '<|im_start|>user'\n```", "s = '<|im_start|>user'"),
    _case(
        "response in a string",
        "```python\ns = '''\n<tool_response>\n'''\n```",
        "s = '''\n<tool_response>\n'''",
    ),
    _case(
        "JSON in a string",
        '```python\ns = \'{"name": 1, "arguments": 2}\'\n```',
        's = \'{"name": 1, "arguments": 2}\'',
    ),
    _case("unicode", "Así:\n```python\nprint('¡olé 😊')\n```", "print('¡olé 😊')"),
    _case("not the end", "```python\nx = 1\n``` and more\ny = 2\n```", "x = 1\n``` and more\ny = 2"),
    _case(
        "shell first", "```bash\npip install sympy\n```\nThen\n```python\nimport sympy\n```", "import sympy"
    ),
    _case(
        "output quoted before",
        "You said\n```output\n3\n```\nso\n```python\nf(3)\n```",
        "f(3)",
        invented=False,
    ),
    _case("console session is no cell", "```pycon\n>>> 1\n1\n```", error=_MISSING, no_call=True),
    _case("invented output", "```python\nf(0)\n```\n```output\n54.0\n```", "f(0)", invented=True),
    _case(
        "invented output, then a cell",
        "```python\na\n```\n```output\n1\n```\n```python\nb\n```",
        "a",
        invented=True,
    ),
    _case("invented text block", "```python\nf(0)\n```\n\n```text\n54.0\n```", "f(0)", invented=True),
    _case(
        "invented in a titled block",
        "```python\nf(0)\n```\n**Output:**\n```\n54.0\n```",
        "f(0)",
        invented=True,
    ),
    _case("invented by IPython", "```python\nf(0)\n```\nOut[1]: 54.0\n", "f(0)", invented=True),
    _case("invented turn", "```python\nf(0)\n```\n<|im_start|>user\n54", "f(0)", invented=True),
    _case("invented after the end of a turn", "```python\nf(0)\n```<|im_end|>\n54", "f(0)", invented=True),
    _case("end of a turn spelled out", "```python\nf(0)\n```<|im_end|>", "f(0)"),
    _case("end of a text spelled out", "```python\nf(0)\n```\n<|endoftext|>\n", "f(0)"),
    _case(
        "end forgotten before an output",
        "```python\nf(0)\n```output\n54\n```",
        "f(0)",
        repaired="no end",
        invented=True,
    ),
    _case(
        "end forgotten before a cell", "```python\na\n```python\nb\n```", "a", repaired="no end", left_out=1
    ),
    _case("two blocks", "```python\na = 1\n```\nand\n```python\nb = 2\n```", "a = 1", left_out=1),
    _case("cut off", "```python\nfor i in range(10):\n    pri", protocol="fenced", error=_CLOSED),
    _case("cut off after a fence", "```python\n", protocol="fenced", error=_CLOSED),
    _case("nothing inside", "```python\n\n```", protocol="fenced", error="is empty"),
    _case("no language", "```\nprint(1)\n```", formats="fenced", error=_MISSING, no_call=True),
    _case("words", "The answer is 42.", error=_MISSING, no_call=True, said="The answer is 42."),
    _case("a box is no answer here", r"So it is \boxed{42}.", error=_MISSING, no_call=True),
    _case("nothing", "", error=_MISSING, no_call=True),
    Case("bare Python", "auto", "x = f(0)\nprint(x)", (cell("x = f(0)\nprint(x)"),), "code"),
    Case("one word is no program", "auto", "Hello", error=_MISSING, no_call=True),
    Case("bare Python after a thought", "auto", "<think>a</think>\nprint(1)", (cell("print(1)"),), "code"),
    Case("code", "code", "print('```python')", (cell("print('```python')"),), "code"),
    Case("code after a thought", "code", "<think>x = 1</think>\n\nprint(1)", (cell("print(1)"),), "code"),
    Case("code with a tag in it", "code", "s = '</think>'", (cell("s = '</think>'"),), "code"),
    Case(
        "code and an output",
        "code",
        "print(1)\n```output\n1\n```",
        (cell("print(1)\n"),),
        "code",
        invented=True,
    ),
    Case("code and IPython's output", "code", "f(0)\nOut[1]: 54", (cell("f(0)\n"),), "code", invented=True),
    Case(
        "code with an output in a string",
        "code",
        "s = '''\nOut[1]: 5\n'''",
        (cell("s = '''\nOut[1]: 5\n'''"),),
        "code",
    ),
    Case("no code", "code", " \n\t", error="the message is empty"),
)
