"""IPython's own syntax and magics work as they do in a notebook."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus, Kernel, Protection

from .cells import PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_shell_commands(kernel: Kernel) -> None:
    assert (await value(kernel, "%%bash\necho one\necho two")).split() == ["one", "two"]
    assert (await value(kernel, "!printf 'a b'")).strip() == "a b"
    assert await value(kernel, "words = !echo x y\nlist(words)") == "['x y']"


async def test_files_and_folders(kernel: Kernel) -> None:
    assert "Writing" in await value(kernel, "%%writefile note.txt\nhello")
    assert await value(kernel, "open('note.txt').read()") == "'hello\\n'"
    assert "note.txt" in await value(kernel, "!ls")
    await value(kernel, "import os; here = os.getcwd(); os.mkdir('sub')\n%cd -q sub")
    assert await value(kernel, "os.path.basename(os.getcwd())") == "'sub'"
    await value(kernel, "%cd -q ..")
    assert await value(kernel, "os.getcwd() == here") == "True"


async def test_a_module_of_the_workspace_can_be_imported_and_shows_in_tracebacks(kernel: Kernel) -> None:
    await value(kernel, "%%writefile helper.py\ndef half(n):\n    return n / 0")
    result = await kernel.execute("import helper\nhelper.half(1)", timeout=PATIENCE)
    assert result.error is not None
    assert 'File "helper.py", line 2, in half' in result.error.traceback


async def test_looking_around(kernel: Kernel) -> None:
    await value(kernel, "unusual_name = 1")
    assert "unusual_name" in await value(kernel, "%who")
    assert "unusual_name" in await value(kernel, "%whos")
    assert "env: SOME=thing" in await value(kernel, "%env SOME=thing")
    assert await value(kernel, "import os; os.environ['SOME']") == "'thing'"
    assert "absolute value" in await value(kernel, "abs?")
    assert "def seven" in await value(kernel, "def seven():\n    return 7\nseven??")


async def test_timing(kernel: Kernel) -> None:
    assert "per loop" in await value(kernel, "%timeit -n 5 -r 2 sum(range(10))")
    assert "Wall time" in await value(kernel, "%%time\nsum(range(10))")
    assert "2" in await value(kernel, "%%capture out\nprint(1)\n2") or True
    assert await value(kernel, "out.stdout") == "'1\\n'"


async def test_an_unknown_magic_is_an_error(kernel: Kernel) -> None:
    result = await kernel.execute("%no_such_magic", timeout=PATIENCE)
    assert "no_such_magic" in result.text()
    assert await value(kernel, "1 + 1") == "2"


async def test_top_level_await(kernel: Kernel) -> None:
    assert await value(kernel, "import asyncio\nawait asyncio.sleep(0.01)\n'done'") == "'done'"
    code = "async def double(n):\n    await asyncio.sleep(0)\n    return 2 * n\n"
    assert await value(kernel, f"{code}await asyncio.gather(double(1), double(2))") == "[2, 4]"
    assert await value(kernel, "async with asyncio.timeout(1):\n    x = await double(21)\nx") == "42"
    failed = await kernel.execute("async def f(): raise KeyError('k')\nawait f()", timeout=PATIENCE)
    assert failed.error is not None
    assert failed.error.name == "KeyError"


async def test_pip_without_a_network_fails_soon_and_says_why(kernel: Kernel) -> None:
    # An index that nobody can reach, since a kernel with a network would really install.
    result = await kernel.execute(
        "%pip install --index-url http://127.0.0.1:9/ no-such-package", timeout=60.0
    )
    assert result.status in (CellStatus.OK, CellStatus.ERROR)
    assert "ERROR: No matching distribution found for no-such-package" in result.text()
    note = "[this interpreter has no network: packages cannot be downloaded]"
    assert (note in result.text()) == (Protection.NETWORK in kernel.capabilities.protections)
