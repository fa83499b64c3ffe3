"""The interpreter as a tool of verl's real `tool_agent`, and the sessions behind it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from hydra import compose, initialize_config_module
from verl.experimental.agent_loop.agent_loop import DictConfigWrap, ToolListWrap
from verl.experimental.agent_loop.tool_agent_loop import ToolAgentLoop
from verl.tools.tool_registry import initialize_tools_from_config
from verl.workers.rollout.replica import TokenOutput

from replgym.agents.verl_adapter import interpreter_tool
from replgym.agents.verl_adapter.interpreter_tool import InterpreterTool
from replgym.kernels.kernel_error import KernelError

SHIPPED = Path(interpreter_tool.__file__).with_name("tool_config.yaml")
TURNS = 4


class Trajectory:
    """What verl hands to a tool, as far as the tool looks."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id


@asynccontextmanager
async def tool_of(**config: Any) -> AsyncIterator[InterpreterTool]:
    tool = InterpreterTool({"type": "native", "backend": "fork", **config}, None)
    try:
        yield tool
    finally:
        await tool.close()


async def run(tool: InterpreterTool, trajectory: Trajectory, code: str) -> str:
    instance, _ = await tool.create(create_kwargs={})
    response, reward, metrics = await tool.execute(instance, {"code": code}, agent_data=trajectory)
    await tool.release(instance)
    assert (reward, metrics) == (None, {})
    return str(response.text).strip()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.01)


class Scripted:
    """An engine that calls the tool with one cell after the other, and then answers."""

    tokenizer = None

    def __init__(self, tokenizer: Any, cells: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._cells = list(cells)
        self.sampled: list[list[int]] = []

    async def generate(self, request_id: str, *, prompt_ids: list[int], **_: Any) -> TokenOutput:
        text = "Done."
        if self._cells:
            call = {"name": "python_interpreter", "arguments": {"code": self._cells.pop(0)}}
            text = f"<tool_call>\n{json.dumps(call)}\n</tool_call>"
        ids = [*self._tokenizer.encode(text, add_special_tokens=False), self._tokenizer.eos_token_id]
        self.sampled.append(ids)
        return TokenOutput(token_ids=ids, log_probs=[-0.5] * len(ids), stop_reason="completed")


def stock_loop(tool: InterpreterTool, engine: Scripted, tokenizer: Any) -> ToolAgentLoop:
    settings = ("format=hermes", f"max_assistant_turns={TURNS}", "max_tool_response_length=4000")
    with initialize_config_module("verl.trainer.config", version_base=None):
        config = compose(
            "ppo_trainer",
            [
                "data.max_prompt_length=2048",
                "data.max_response_length=8192",
                *(f"actor_rollout_ref.rollout.multi_turn.{setting}" for setting in settings),
            ],
        )
    return ToolAgentLoop(
        trainer_config=DictConfigWrap(config),
        server_manager=engine,
        tokenizer=tokenizer,
        processor=None,
        dataset_cls=None,
        data_config=DictConfigWrap(config.data),
        hf_model_type="qwen2",
        tools=ToolListWrap([tool]),
    )


async def test_verls_own_loop_keeps_variables_and_ends_the_session_with_the_trajectory(qwen: Any) -> None:
    async with tool_of() as tool:
        cells = ("x = 20", "y = x + 1", "print(x * y)")
        engines = [Scripted(qwen, [*cells[:2], f"print(x * y + {number})"]) for number in range(2)]
        made = await asyncio.gather(
            *(
                stock_loop(tool, engine, qwen).run(
                    {"temperature": 1.0}, raw_prompt=[{"role": "user", "content": "Compute."}]
                )
                for engine in engines
            )
        )
        for number, (output, engine) in enumerate(zip(made, engines, strict=True)):
            told = qwen.decode(output.response_ids)
            assert f"<tool_response>\n{420 + number}\n</tool_response>" in told
            assert output.num_turns == 1 + len(engine.sampled) + 3
            sampled = [
                one for one, mine in zip(output.response_ids, output.response_mask, strict=True) if mine
            ]
            assert sampled == [one for ids in engine.sampled for one in ids]
        await until(lambda: len(tool.sessions) == 0 and tool._pool.stats().acquired == 0)


async def test_the_shipped_file_makes_the_tool_as_verl_reads_it() -> None:
    (tool,) = initialize_tools_from_config(SHIPPED)
    try:
        assert type(tool).__name__ == InterpreterTool.__name__
        schema = tool.tool_schema.model_dump(exclude_none=True)["function"]
        assert schema["name"] == tool.name == "python_interpreter"
        assert schema["parameters"]["required"] == ["code"]
        config = yaml.safe_load(SHIPPED.read_text())["tools"][0]["config"]
        assert config["max_sessions"] == 64
    finally:
        await tool.close()


async def test_mistakes_of_the_model_are_told_to_it() -> None:
    async with tool_of(cell_timeout=0.5) as tool:
        mine = Trajectory("a")
        assert "ZeroDivisionError" in await run(tool, mine, "1 / 0")
        stopped = await run(tool, mine, "while True: pass")
        told = re.search(r"\[timed out after (\d+\.\d) s and was interrupted\]", stopped)
        assert told is not None, stopped
        assert float(told[1]) >= 0.5
        assert "EOFError: input() is not available" in await run(tool, mine, "print(input())")
        for arguments in ({}, {"code": 3}, {"code": "1", "more": 1}, ["code"], None):
            response, *_ = await tool.execute("i", arguments, agent_data=mine)
            assert response.text.startswith("python_interpreter: ")
        assert await run(tool, mine, "print('still here')") == "still here"


async def test_an_idle_session_is_given_up_and_the_model_told() -> None:
    async with tool_of(idle_seconds=0.2) as tool:
        mine, other = Trajectory("a"), Trajectory("b")
        await run(tool, mine, "x = 1")
        await until(lambda: len(tool.sessions) == 0)
        assert "gone.)\nTrue" in await run(tool, mine, "print('x' not in globals())")
        assert await run(tool, mine, "print(1)") == "1"
        assert await run(tool, other, "print(2)") == "2"


async def test_the_session_idle_for_longest_makes_room() -> None:
    async with tool_of(max_sessions=2) as tool:
        first, second, third = (Trajectory(key) for key in "abc")
        await run(tool, first, "x = 1")
        await run(tool, second, "x = 2")
        assert await run(tool, first, "print(x)") == "1"
        await run(tool, third, "x = 3")
        assert len(tool.sessions) == 2
        assert await run(tool, first, "print(x)") == "1"
        assert await run(tool, third, "print(x)") == "3"
        assert "gone" in await run(tool, second, "print(5)")


async def test_a_session_that_works_is_never_given_up() -> None:
    async with tool_of(max_sessions=1, idle_seconds=0.1, wait_seconds=20.0) as tool:
        first, second = Trajectory("a"), Trajectory("b")
        busy = asyncio.create_task(run(tool, first, "import time; time.sleep(1); print('slept')"))
        await until(lambda: len(tool.sessions) == 1)
        assert await run(tool, second, "print('waited')") == "waited"
        assert await busy == "slept"


async def test_calls_of_one_trajectory_run_one_after_the_other() -> None:
    async with tool_of() as tool:
        mine = Trajectory("a")
        await run(tool, mine, "x = 0")
        await asyncio.gather(*(run(tool, mine, "y = x; x = y + 1") for _ in range(10)))
        assert await run(tool, mine, "print(x)") == "10"


async def test_a_call_waits_only_so_long_for_an_interpreter() -> None:
    async with tool_of(max_sessions=1) as tool:
        first, second = Trajectory("a"), Trajectory("b")
        await run(tool, first, "import time")
        tool.sessions._wait_seconds = 0.2
        busy = asyncio.create_task(run(tool, first, "time.sleep(1)"))
        await asyncio.sleep(0)
        with pytest.raises(KernelError):
            await run(tool, second, "1")
        await busy


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"idle_seconds": 0}, "tools.config.idle_seconds=0 is not allowed"),
        ({"bakend": "fork"}, "tools.config.bakend is unknown; use: type, backend"),
        ({"backend": "x"}, "tools.config.backend='x' is not allowed"),
    ],
)
def test_wrong_settings_are_told_in_one_line(config: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=r"tools\.config") as caught:
        InterpreterTool({"type": "native", **config}, None)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_is_left_when_a_worker_is_killed() -> None:
    program = """
import asyncio, os
from replgym.agents.verl_adapter.interpreter_tool import InterpreterTool

class Trajectory:
    request_id = "a"

async def main():
    tool = InterpreterTool({"type": "native"}, None)
    mine = Trajectory()
    response, *_ = await tool.execute("i", {"code": "print('ready')"}, agent_data=mine)
    print("text", response.text, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    try:
        assert any("text ready" in line for line in worker.stdout)
        children = psutil.Process(worker.pid).children(recursive=True)
        assert children
    finally:
        worker.kill()
        worker.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
