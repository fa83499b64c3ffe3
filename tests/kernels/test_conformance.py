"""What every back end promises, whatever the code in the cell does."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path

import pytest

from replgym.kernels import CellStatus, Kernel, KernelClosedError, OutputKind, UnsupportedError

from .conftest import KernelMaker

PATIENCE = 30.0
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _value(kernel: Kernel, expression: str) -> str:
    result = await kernel.execute(expression, timeout=PATIENCE)
    assert result.status is CellStatus.OK, result.text()
    return result.text()


async def test_it_is_a_kernel(kernel: Kernel) -> None:
    assert isinstance(kernel, Kernel)
    assert kernel.is_alive()


async def test_state_lives_across_cells(kernel: Kernel) -> None:
    assert (await kernel.execute("x = 20\ndef double(n): return 2 * n", timeout=PATIENCE)).outputs == ()
    assert await _value(kernel, "double(x) + 2") == "42"
    assert await _value(kernel, "_ + 1") == "43"


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


async def test_tracebacks_show_the_frames_of_cells_alone(kernel: Kernel) -> None:
    await kernel.execute("import json\ndef parse(text):\n    return json.loads(text)", timeout=PATIENCE)
    result = await kernel.execute("parse('{')", timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name == "JSONDecodeError"
    lines = result.error.traceback.splitlines()
    assert [line for line in lines if "File" in line] == [
        '  File "<cell 2>", line 1, in <module>',
        '  File "<cell 1>", line 3, in parse',
    ]
    assert "return json.loads(text)" in result.error.traceback
    assert lines[-1].startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert "\x1b" not in result.error.traceback
    assert "site-packages" not in result.error.traceback


async def test_chained_and_grouped_exceptions_are_told(kernel: Kernel) -> None:
    chained = await kernel.execute(
        "try: 1 / 0\nexcept Exception as e: raise KeyError('k') from e", timeout=PATIENCE
    )
    assert chained.error is not None
    assert "ZeroDivisionError" in chained.error.traceback
    assert "direct cause" in chained.error.traceback
    grouped = await kernel.execute(
        "raise ExceptionGroup('both', [ValueError(1), TypeError(2)])", timeout=PATIENCE
    )
    assert grouped.error is not None
    assert "ValueError: 1" in grouped.error.traceback
    assert "TypeError: 2" in grouped.error.traceback


async def test_an_exception_that_cannot_be_printed_is_still_an_error(kernel: Kernel) -> None:
    code = "class Odd(Exception):\n  def __str__(self): raise RuntimeError\nraise Odd()"
    result = await kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert await _value(kernel, "1 + 1") == "2"


@pytest.mark.parametrize("code", ["def f(:\n  pass", "  x = 1\n y = 2", "print('open"])
async def test_syntax_errors_name_the_line(kernel: Kernel, code: str) -> None:
    result = await kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name in ("SyntaxError", "IndentationError")
    assert "<cell 1>" in result.error.traceback


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "exit()", "import sys; sys.exit('bye')"])
async def test_leaving_the_script_ends_the_cell_and_not_the_interpreter(kernel: Kernel, code: str) -> None:
    await kernel.execute("x = 1", timeout=PATIENCE)
    result = await kernel.execute(f"{code}\nx = 2", timeout=PATIENCE)
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name == "SystemExit"
    assert [output.text for output in result.outputs] == []
    assert await _value(kernel, "x") == "1"


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(600)",
        "while True: pass",
        "import os; os.system('sleep 600')",
        "import asyncio; await asyncio.sleep(600)",
        "import subprocess; subprocess.run(['sleep', '600'])",
    ],
)
async def test_a_timeout_interrupts_and_keeps_the_variables(kernel: Kernel, code: str) -> None:
    await kernel.execute("x = 7", timeout=PATIENCE)
    result = await kernel.execute(
        f"print('begun')\n{code}\nprint('not reached')\nraise ValueError", timeout=0.5
    )
    assert result.status is CellStatus.TIMEOUT
    assert not result.state_lost
    assert result.outputs[0].text.startswith("begun\n")
    assert await _value(kernel, "x") == "7"


async def test_code_that_will_not_stop_costs_the_state(kernel: Kernel) -> None:
    await kernel.execute("x = 7", timeout=PATIENCE)
    stubborn = "import time\nwhile True:\n  try: time.sleep(600)\n  except BaseException: pass"
    result = await kernel.execute(f"print('begun')\n{stubborn}", timeout=0.5)
    assert result.status is CellStatus.TIMEOUT
    assert result.state_lost
    assert (await kernel.execute("x", timeout=PATIENCE)).status is CellStatus.ERROR
    assert await _value(kernel, "1 + 1") == "2"


@pytest.mark.parametrize(
    "code",
    ["import os; os._exit(3)", "import ctypes; ctypes.string_at(0)", "import os; os.kill(os.getpid(), 9)"],
)
async def test_death_is_reported_and_repaired(make_kernel: KernelMaker, code: str) -> None:
    kernel = await make_kernel(setup="answer = 42")
    await kernel.execute("x = 1", timeout=PATIENCE)
    result = await kernel.execute(f"print('last words', flush=True)\n{code}", timeout=PATIENCE * 10)
    assert result.status is CellStatus.DIED
    assert result.state_lost
    assert (await kernel.execute("x", timeout=PATIENCE)).status is CellStatus.ERROR
    assert await _value(kernel, "answer") == "42"


async def test_death_between_cells_is_reported_with_the_next(kernel: Kernel) -> None:
    code = "import threading, os, time\nthreading.Timer(0.05, lambda: os._exit(1)).start()"
    assert (await kernel.execute(code, timeout=PATIENCE)).status is CellStatus.OK
    while kernel.is_alive():
        await asyncio.sleep(0.01)
    result = await kernel.execute("1", timeout=PATIENCE)
    assert result.status is CellStatus.DIED
    assert result.state_lost
    assert await _value(kernel, "1") == "1"


async def test_input_is_asked_and_answered(kernel: Kernel) -> None:
    code = "print('hello')\nname = input('name? ')\nprint('hi', name)\nage = int(input('age? '))\nage + 1"
    first = await kernel.execute(code, timeout=PATIENCE)
    assert (first.status, first.prompt, first.text()) == (
        CellStatus.AWAITING_INPUT,
        "name? ",
        "hello\n[waiting for input: name? ]",
    )
    second = await kernel.reply("Ada", timeout=PATIENCE)
    assert (second.status, second.prompt, second.outputs[0].text) == (
        CellStatus.AWAITING_INPUT,
        "age? ",
        "hi Ada\n",
    )
    third = await kernel.reply("36", timeout=PATIENCE)
    assert (third.status, third.text()) == (CellStatus.OK, "37")


async def test_hundreds_of_prompts_in_one_cell(kernel: Kernel) -> None:
    ask = "get_ipython().kernel.raw_input(str(i))"
    code = f"total = 0\nfor i in range(300):\n  print(i)\n  total += int({ask})\ntotal"
    result = await kernel.execute(code, timeout=PATIENCE)
    for i in range(300):
        assert (result.status, result.prompt) == (CellStatus.AWAITING_INPUT, str(i))
        assert result.outputs[0].text == f"{i}\n"
        result = await kernel.reply(str(i), timeout=PATIENCE)
    assert result.text() == str(sum(range(300)))


async def test_a_reply_needs_a_waiting_cell(kernel: Kernel) -> None:
    with pytest.raises(RuntimeError, match="no cell waits"):
        await kernel.reply("x", timeout=PATIENCE)


async def test_a_new_cell_interrupts_one_that_waits_for_input(kernel: Kernel) -> None:
    await kernel.execute("x = 5", timeout=PATIENCE)
    assert (await kernel.execute("x = input()", timeout=PATIENCE)).status is CellStatus.AWAITING_INPUT
    assert await _value(kernel, "x") == "5"


async def test_the_continuation_of_a_cell_has_a_deadline(kernel: Kernel) -> None:
    await kernel.execute("input()\nwhile True: pass", timeout=PATIENCE)
    result = await kernel.reply("", timeout=0.3)
    assert result.status is CellStatus.TIMEOUT
    assert not result.state_lost


async def test_top_level_await(kernel: Kernel) -> None:
    assert await _value(kernel, "import asyncio\nawait asyncio.sleep(0.01)\n'done'") == "'done'"


async def test_a_flood_is_capped_and_counted(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute("for i in range(100_000): print(f'{i:09}')", timeout=PATIENCE)
    text = result.outputs[0].text
    assert result.status is CellStatus.OK
    assert (len(text), result.truncated) == (1000, 100_000 * 10 - 1000)
    assert text.startswith("000000000\n000000001\n")
    assert text.endswith("000099999\n")
    again = await kernel.execute("print('short')", timeout=PATIENCE)
    assert (again.text(), again.truncated) == ("short", 0)


async def test_one_huge_print_is_capped(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute("print('a' * 10_000_000 + 'z')", timeout=PATIENCE)
    assert (sum(len(output.text) for output in result.outputs), result.truncated) == (1000, 10_000_002 - 1000)
    assert result.outputs[-1].text.endswith("z\n")


async def test_a_huge_result_and_a_flood_of_displays_are_capped(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    result = await kernel.execute("'x' * 5_000_000", timeout=PATIENCE)
    assert sum(len(output.text) for output in result.outputs) <= 1000
    assert result.truncated >= 4_999_000
    result = await kernel.execute("for i in range(2000): display('y' * 100)", timeout=PATIENCE)
    assert sum(len(output.text) for output in result.outputs) <= 1000
    assert result.truncated >= 190_000


async def test_output_of_subprocesses_arrives_with_the_cell(kernel: Kernel) -> None:
    code = (
        "import os, subprocess\nprint('one')\nsubprocess.run(['echo', 'two'])\n"
        "print('three')\nos.system('echo four')"
    )
    result = await kernel.execute(f"{code};", timeout=PATIENCE)
    assert result.text().splitlines() == ["one", "two", "three", "four"]
    assert (await kernel.execute("!echo five", timeout=PATIENCE)).text().strip() == "five"


async def test_a_flood_from_a_subprocess_does_not_block(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(output_limit=1000)
    code = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(3 * 10**6 * str(1))'])"
    result = await kernel.execute(code, timeout=PATIENCE)
    assert result.status is CellStatus.OK
    assert result.truncated > 2_900_000


async def test_a_background_process_does_not_hold_the_cell(kernel: Kernel) -> None:
    result = await kernel.execute(
        "import subprocess\np = subprocess.Popen(['sleep', '600'])", timeout=PATIENCE
    )
    assert result.status is CellStatus.OK


async def test_unicode(kernel: Kernel) -> None:
    assert (
        await kernel.execute("print('é😀漢')\nimport os; os.system('printf ü😀');", timeout=PATIENCE)
    ).text() == "é😀漢\nü😀"
    assert await _value(kernel, "'\\ud800'.encode('utf-8', 'replace')") == "b'?'"
    assert (await kernel.execute("print('\\ud800')", timeout=PATIENCE)).text() == "\\ud800"
    assert "\\ud800" in (await kernel.execute("raise ValueError('\\ud800')", timeout=PATIENCE)).text()
    assert await _value(kernel, "1") == "1"


async def test_kernels_are_isolated(make_kernel: KernelMaker) -> None:
    one, two = await make_kernel(), await make_kernel()
    await asyncio.gather(
        one.execute("x = 1; open('f', 'w').close(); import os; os.environ['LEAK'] = '1'", timeout=PATIENCE),
        two.execute("x = 2", timeout=PATIENCE),
    )
    assert await _value(one, "x") == "1"
    assert await _value(two, "import os; x, os.listdir(), os.environ.get('LEAK')") == "(2, [], None)"


async def test_the_environment_of_the_host_stays_with_the_host(
    monkeypatch: pytest.MonkeyPatch, make_kernel: KernelMaker
) -> None:
    monkeypatch.setenv("MY_API_KEY", "secret")
    kernel = await make_kernel()
    assert await _value(kernel, "import os; os.environ.get('MY_API_KEY')") == ""
    assert (
        await _value(kernel, "[m for m in __import__('sys').modules if m.split('.')[0] == 'replgym']") == "[]"
    )


async def test_restart_gives_a_fresh_interpreter(make_kernel: KernelMaker) -> None:
    kernel = await make_kernel(setup="base = 10")
    await kernel.execute("x = 1", timeout=PATIENCE)
    await kernel.restart()
    result = await kernel.execute("base, 'x' in globals()", timeout=PATIENCE)
    assert (result.text(), result.state_lost) == ("(10, False)", False)


async def test_interrupt_stops_the_running_cell_and_nothing_else(kernel: Kernel) -> None:
    await kernel.interrupt()
    running = asyncio.create_task(kernel.execute("print('go')\nwhile True: pass", timeout=PATIENCE))
    await asyncio.sleep(0.3)
    await kernel.interrupt()
    result = await running
    assert result.status is CellStatus.ERROR
    assert result.error is not None
    assert result.error.name == "KeyboardInterrupt"


async def test_a_cancelled_caller_leaves_a_usable_kernel(kernel: Kernel) -> None:
    await kernel.execute("x = 3", timeout=PATIENCE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await kernel.execute("while True: pass", timeout=PATIENCE)
    assert await _value(kernel, "x") == "3"


async def test_a_kernel_that_forges_messages_is_replaced(kernel: Kernel) -> None:
    code = "get_ipython().kernel.session.key = b'forged'\nprint('hello')"
    result = await kernel.execute(code, timeout=PATIENCE * 10)
    assert result.status is CellStatus.DIED
    assert result.state_lost
    assert await _value(kernel, "1") == "1"


async def test_patched_json_cannot_hurt_the_host(kernel: Kernel) -> None:
    code = "import json\njson.dumps = lambda *a, **k: 'not json'\n"
    await kernel.execute(code, timeout=1.0)
    await kernel.execute("print(1)", timeout=1.0)
    await kernel.restart()
    assert await _value(kernel, "1") == "1"


async def test_fork_says_that_it_cannot(kernel: Kernel) -> None:
    with pytest.raises(UnsupportedError, match="backend='fork'"):
        await kernel.fork()


async def test_close_is_final_and_idempotent(kernel: Kernel) -> None:
    pid = int(await _value(kernel, "import os; os.getpid()"))
    await kernel.close()
    await kernel.close()
    assert not kernel.is_alive()
    assert not Path(f"/proc/{pid}").exists()
    for call in (kernel.execute("1", timeout=1), kernel.reply("", timeout=1), kernel.restart()):
        with pytest.raises(KernelClosedError):
            await call


async def test_close_ends_a_running_cell(kernel: Kernel) -> None:
    running = asyncio.create_task(kernel.execute("import time; time.sleep(600)", timeout=PATIENCE))
    await asyncio.sleep(0.2)
    await kernel.close()
    with pytest.raises(KernelClosedError):
        await running


async def test_close_takes_what_the_cell_started(kernel: Kernel) -> None:
    code = (
        "import subprocess\n"
        "pids = [subprocess.Popen(['sleep', '600'], start_new_session=new).pid for new in (False, True)]\n"
        "pids += [int(subprocess.check_output('setsid sleep 600 >/dev/null & echo $!', shell=True))]\n"
        "print(*pids)"
    )
    pids = [int(pid) for pid in (await kernel.execute(code, timeout=PATIENCE)).text().split()]
    assert all(_runs(pid) for pid in pids)
    await kernel.close()
    assert [pid for pid in pids if _runs(pid)] == []


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_the_working_folder_is_empty_private_and_gone_after(kernel: Kernel) -> None:
    folder = Path((await _value(kernel, "import os; os.getcwd()")).strip("'"))
    assert os.listdir(folder) == []
    await kernel.close()
    assert not folder.exists()
