"""A cell that asks gets its answer."""

from __future__ import annotations

import pytest

from replgym.kernels import CellStatus, Kernel

from .cells import PATIENCE, value

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
