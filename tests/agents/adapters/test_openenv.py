"""The server and client of OpenEnv, over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from openenv.core import GenericEnvClient

from replgym.agents.adapters.openenv import PyInterpAction, PyInterpClient, make_app
from replgym.cli import main
from replgym.envs.env_config import ConfigError

from ...rewards.processes import alive, descendants, until
from .linear_play import CELLS, SETTINGS

BROKEN = {"backend_options": {"setup": "raise RuntimeError('no disk')"}, "acquire_timeout": 20.0}


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


def acquired(app: FastAPI) -> int:
    return int(app.state.pool.stats().acquired)


async def test_sessions_keep_their_own_state_up_to_the_reward() -> None:
    app = make_app(sessions=2, **SETTINGS)
    async with running(app) as url, PyInterpClient(base_url=url) as one, PyInterpClient(base_url=url) as two:
        first, second = await one.reset(seed=1), await two.reset(seed=1)
        assert first.observation.messages == second.observation.messages
        assert [message["role"] for message in first.observation.messages] == ["system", "user"]
        assert first.observation.text == first.observation.messages[1]["content"]
        printed = [await one.step(PyInterpAction(message=cell)) for cell in CELLS[:2]]
        assert [result.observation.text[:2] for result in printed] == ["b ", "a "]
        assert [(result.reward, result.done) for result in printed] == [(0.0, False)] * 2
        assert printed[1].observation.turns_left == 2
        other = await two.step(PyInterpAction(message="print(b)"))
        assert "NameError" in other.observation.text
        last = await one.step(PyInterpAction(message=CELLS[2]))
        assert (last.reward, last.done, last.observation.stop) == (1.0, True, "submitted")
        assert last.observation.metadata == {"reward_parts": {"passed": 1.0}}
        states = [await client.state() for client in (one, two)]
        assert [(state.step_count, state.done) for state in states] == [(3, True), (1, False)]
        assert states[0].task_id == states[1].task_id != ""
        again = await one.reset(task=states[0].task_id, episode_id="again")
        assert (again.done, again.observation.turns_left) == (False, 4)
        assert (await one.state()).episode_id == "again"


async def test_a_connection_that_ends_frees_its_interpreter_and_its_place() -> None:
    app = make_app(sessions=1, **SETTINGS)
    async with running(app) as url:
        client = PyInterpClient(base_url=url)
        await client.reset()
        await client.step(PyInterpAction(message="print(1)"))
        assert acquired(app) == 1
        late = PyInterpClient(base_url=url)
        with pytest.raises(RuntimeError, match="capacity"):
            await late.reset()
        assert client._ws is not None
        client._ws.transport.abort()  # as when a client is killed
        await until(lambda: acquired(app) == 0)
        async with PyInterpClient(base_url=url) as new:
            await until_accepted(new)
    assert app.state.pool.stats().alive == 0


async def until_accepted(client: PyInterpClient) -> None:
    """The place is free a little after the interpreter."""
    for _ in range(100):
        with contextlib.suppress(RuntimeError):
            await client.reset()
            return
        await client.disconnect()
        await asyncio.sleep(0.05)
    raise AssertionError("no place became free")


async def test_bad_requests_are_told_and_the_session_goes_on() -> None:
    async with running(make_app(sessions=1, **SETTINGS)) as url, GenericEnvClient(base_url=url) as client:
        with pytest.raises(RuntimeError, match="no episode runs"):
            await client.step({"message": "1"})
        with pytest.raises(RuntimeError, match="VALIDATION_ERROR"):
            await client.step({"code": "1"})
        with pytest.raises(RuntimeError, match="has no task 'nine'"):
            await client.reset(task="nine")
        start = await client.reset()
        empty = await client.step({"message": " "})
        assert "hidden function f" in start.observation["text"]
        assert "write a Python cell" in empty.observation["parse_error"]
        assert empty.observation["messages"] == [
            {"role": "user", "content": empty.observation["parse_error"]},
        ]


async def test_a_machine_that_fails_is_no_reward_of_0() -> None:
    app = make_app(sessions=1, **SETTINGS, **BROKEN)
    async with running(app) as url, PyInterpClient(base_url=url) as client:
        await client.reset()
        result = await client.step(PyInterpAction(message="1"))
    assert (result.done, result.reward, result.observation.stop) == (True, None, "failure")
    assert "no disk" in result.observation.failure


def test_settings_are_checked_before_anything_starts() -> None:
    settings: dict[str, Any] = {"max_turns": 0}
    with pytest.raises(ConfigError, match="max_turns=0"):
        make_app(**settings)


async def test_the_command_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "replgym.cli", "serve", "openenv", "--port", "0"]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([*command, "--settings", json.dumps(SETTINGS)], stderr=output)
    try:
        await until(lambda: "running on" in log.read_text() or process.poll() is not None, 120)
        address = re.search(r"http://[\d.:]+", log.read_text())
        assert address is not None, log.read_text()
        client = PyInterpClient(base_url=address[0])
        await client.reset()
        assert (await client.step(PyInterpAction(message="6 * 7"))).observation.text == "42"
        below = descendants(process.pid)
        assert below
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0
        await until(lambda: not alive(below))
        await client.disconnect()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "--open-to-all"),
        (["--sessions", "0"], "at least 1"),
        (["--settings", "{"], "JSON object"),
        (["--settings", "[]"], "JSON object"),
        (["--settings", '{"max_turns": 0}'], "max_turns=0"),
        (["--port", "81230"], "127.0.0.1:81230: bind(): port must be 0-65535; give another"),
        (["--workers", "2"], "--workers is for `replgym serve judge`"),
    ],
)
def test_bad_arguments_are_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "openenv", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert main(["serve", "judge", "--settings", "{}"]) == 2
