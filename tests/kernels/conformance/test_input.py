"""A cell that asks gets its answer."""

from __future__ import annotations

import asyncio

import pytest

from replgym.kernels import CellStatus, Kernel

from .cells import FOREVER, PATIENCE, value

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
    assert await value(kernel, "x") == "5"


async def test_the_continuation_of_a_cell_has_a_deadline(kernel: Kernel) -> None:
    await kernel.execute("input()\nwhile True: pass", timeout=PATIENCE)
    result = await kernel.reply("", timeout=0.3)
    assert result.status is CellStatus.TIMEOUT
    assert not result.state_lost


async def test_an_unanswered_question_does_not_count_against_the_deadline(kernel: Kernel) -> None:
    asked = await kernel.execute("x = input('? ')\nx * 2", timeout=1.0)
    assert asked.status is CellStatus.AWAITING_INPUT
    await asyncio.sleep(1.2)
    assert (await kernel.reply("ab", timeout=1.0)).text() == "'abab'"


async def test_a_password_and_an_empty_line_are_answers(kernel: Kernel) -> None:
    code = "import getpass\nsecret = getpass.getpass('word: ')\nline = input()\n(secret, line)"
    assert (await kernel.execute(code, timeout=PATIENCE)).prompt == "word: "
    assert (await kernel.reply("geheim", timeout=PATIENCE)).status is CellStatus.AWAITING_INPUT
    assert (await kernel.reply("", timeout=PATIENCE)).text() == "('geheim', '')"


DEBUGGED = "def divide(a, b):\n    quotient = a / b\n    return quotient\n"


async def test_a_breakpoint_opens_the_debugger(kernel: Kernel) -> None:
    stopped = await kernel.execute("y = 1\nbreakpoint()\ny = 3\ny", timeout=PATIENCE)
    assert stopped.status is CellStatus.AWAITING_INPUT, stopped.text()
    assert "db>" in stopped.prompt or "Pdb" in stopped.prompt
    shown = await kernel.reply("p y + 40", timeout=PATIENCE)
    assert shown.status is CellStatus.AWAITING_INPUT
    assert "41" in shown.text()
    assert (await kernel.reply("c", timeout=PATIENCE)).text().splitlines()[-1] == "3"


async def test_pdb_steps(fresh_kernel: Kernel) -> None:
    result = await fresh_kernel.execute(
        f"{DEBUGGED}import pdb; pdb.set_trace()\ndivide(1, 2)", timeout=PATIENCE
    )
    assert result.status is CellStatus.AWAITING_INPUT, result.text()
    for command in ("n", "s"):
        result = await fresh_kernel.reply(command, timeout=PATIENCE)
        assert result.status is CellStatus.AWAITING_INPUT, result.text()
    assert (await fresh_kernel.reply("c", timeout=PATIENCE)).status is CellStatus.OK


async def test_the_debugger_after_an_error_sees_its_variables(kernel: Kernel) -> None:
    failed = await kernel.execute(f"{DEBUGGED}divide(6, 0)", timeout=PATIENCE)
    assert failed.status is CellStatus.ERROR
    opened = await kernel.execute("%debug", timeout=PATIENCE)
    assert opened.status is CellStatus.AWAITING_INPUT, opened.text()
    shown = await kernel.reply("p (a, b)", timeout=PATIENCE)
    assert "(6, 0)" in shown.text()
    up = await kernel.reply("up", timeout=PATIENCE)
    assert "divide(6, 0)" in up.text()
    assert (await kernel.reply("q", timeout=PATIENCE)).status is CellStatus.OK


async def test_a_debugger_that_is_left_open_is_closed_by_the_next_cell(kernel: Kernel) -> None:
    await kernel.execute("z = 5\nbreakpoint()\nz = 6", timeout=PATIENCE)
    result = await kernel.execute("z", timeout=PATIENCE)
    # IPython's debugger takes the interrupt for itself and lets the old cell run on.
    assert (result.status, result.state_lost) == (CellStatus.OK, False)
    assert result.text() in ("5", "6")


async def test_a_cell_that_asks_can_die_or_overrun(kernel: Kernel) -> None:
    await kernel.execute("import os\ninput()\nos._exit(1)", timeout=PATIENCE)
    assert (await kernel.reply("", timeout=FOREVER)).status is CellStatus.DIED
    await kernel.execute("x = 1\ninput()", timeout=PATIENCE)
    await kernel.restart()
    with pytest.raises(RuntimeError, match="no cell waits"):
        await kernel.reply("", timeout=PATIENCE)
