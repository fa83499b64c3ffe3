"""Streams in order, results and displays; floods are capped and counted."""

from __future__ import annotations

import base64

import pytest

from replgym.kernels import Kernel, OutputKind

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
        "from IPython.display import HTML, Image, display\nimport base64\n"
        f"display(HTML('<b>hi</b>'))\ndisplay(Image(data=base64.b64decode('{png}')))\n"
    )
    html, image = (await kernel.execute(code, timeout=PATIENCE)).outputs
    assert html.kind is image.kind is OutputKind.DISPLAY
    assert html.data["text/html"] == "<b>hi</b>"
    assert image.data["image/png"].strip() == png


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
