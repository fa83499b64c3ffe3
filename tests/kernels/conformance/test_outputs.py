"""Streams in order, results and displays; floods are capped and counted."""

from __future__ import annotations

import base64
import json

import pytest

from replgym.kernels import CellStatus, Kernel, OutputKind

from .cells import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_streams_keep_their_order_and_are_merged(kernel: Kernel) -> None:
    code = "import sys\nfor i in range(3): print(i)\nprint('bad', file=sys.stderr)\nprint('end')\n'value'"
    result = await kernel.execute(code, timeout=PATIENCE)
    assert [(output.kind, output.text) for output in result.outputs] == [
        (OutputKind.STDOUT, "0\n1\n2\n"),
        (OutputKind.STDERR, "bad\n"),
        (OutputKind.STDOUT, "end\n"),
        (OutputKind.RESULT, "'value'"),
    ]


async def test_displays_are_mime_bundles(kernel: Kernel) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode()
    code = (
        "from IPython.display import HTML, JSON, Image, Markdown, display\nimport base64\n"
        f"display(HTML('<b>hi</b>'))\ndisplay(Image(data=base64.b64decode('{png}')))\n"
        "display(JSON({'a': [1, None]}))\ndisplay(Markdown('# hi'))\nHTML('<i>last</i>')"
    )
    html, image, data, markdown, last = (await kernel.execute(code, timeout=PATIENCE)).outputs
    assert html.kind is image.kind is data.kind is markdown.kind is OutputKind.DISPLAY
    assert html.data["text/html"] == "<b>hi</b>"
    assert image.data["image/png"].strip() == png
    assert json.loads(data.data["application/json"]) == {"a": [1, None]}
    assert markdown.data["text/markdown"] == "# hi"
    assert (last.kind, last.data["text/html"]) == (OutputKind.RESULT, "<i>last</i>")


PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2], [3, 4])"


@pytest.mark.parametrize(
    "code",
    [
        f"{PLOT};",
        f"{PLOT}\nplt.show()",
        f"{PLOT}\nplt.gcf()",
        f"%matplotlib inline\n{PLOT}\nplt.show()",
        "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\nplt.close()\nfigure",
    ],
)
async def test_figures_arrive_as_pictures(kernel: Kernel, code: str) -> None:
    result = await kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.OK, result.text()
    picture = next(output.data["image/png"] for output in result.outputs if "image/png" in output.data)
    assert base64.b64decode(picture).startswith(b"\x89PNG\r\n\x1a\n")
    assert "Figure" in result.text()


async def test_a_figure_is_shown_once(kernel: Kernel) -> None:
    await kernel.execute(f"{PLOT}\nplt.show()", timeout=PATIENCE)
    assert (await kernel.execute("1 + 1", timeout=PATIENCE)).text() == "2"
    assert await kernel.execute("import os; os.listdir()", timeout=PATIENCE)


async def test_output_and_figures_keep_their_order(kernel: Kernel) -> None:
    result = await kernel.execute(f"print('before')\n{PLOT}\nplt.show()\nprint('after')", timeout=PATIENCE)
    assert [sorted(output.data) for output in result.outputs] == [
        ["text/plain"],
        ["image/png", "text/plain"],
        ["text/plain"],
    ]
    assert [result.outputs[0].text, result.outputs[2].text] == ["before\n", "after\n"]


async def test_clear_output_replaces_what_was_shown(kernel: Kernel) -> None:
    code = (
        "from IPython.display import clear_output\nfor i in range(3):\n  clear_output(wait=True)\n  print(i)"
    )
    assert (await kernel.execute(code, timeout=PATIENCE)).text() == "2"


async def test_output_of_subprocesses_arrives_with_the_cell(kernel: Kernel) -> None:
    code = (
        "import os, subprocess\nprint('one')\nsubprocess.run(['echo', 'two'])\n"
        "print('three')\nos.system('echo four')"
    )
    result = await kernel.execute(f"{code};", timeout=PATIENCE)
    assert result.text().splitlines() == ["one", "two", "three", "four"]
    assert (await kernel.execute("!echo five", timeout=PATIENCE)).text().strip() == "five"


async def test_a_form_that_a_cell_registers_is_shown(fresh_kernel: Kernel) -> None:
    register = (
        "html = get_ipython().display_formatter.formatters['text/html']\n"
        "html.for_type(int, lambda n: f'<b>{n}</b>')"
    )
    await fresh_kernel.execute(f"{register};", timeout=PATIENCE)
    for code in ("7", "True"):
        result = await fresh_kernel.execute(code, timeout=PATIENCE)
        assert dict(result.outputs[0].data) == {"text/plain": code, "text/html": f"<b>{code}</b>"}
    plain = await fresh_kernel.execute("'7'", timeout=PATIENCE)
    assert dict(plain.outputs[0].data) == {"text/plain": "'7'"}
