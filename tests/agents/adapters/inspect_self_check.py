"""inspect's own checks of a sandbox, and a few more, over ours; run by the environment that has inspect."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import psutil
import pytest
import pytest_asyncio
from inspect_ai.util import OutputLimitExceededError, SandboxEnvironment, SandboxUnavailableError
from inspect_ai.util._sandbox.self_check import *  # noqa: F403

from replgym.agents.adapters.inspect import ReplgymSandbox

CANNOT_HOLD = {"test_exec_as_user": "an interpreter has one user, who is not root, and makes no others"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def task() -> AsyncIterator[None]:
    await ReplgymSandbox.task_init("self_check", None)
    yield
    await ReplgymSandbox.task_cleanup("self_check", None, True)


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox_env(request: pytest.FixtureRequest, task: None) -> AsyncIterator[SandboxEnvironment]:
    name = request.node.originalname
    if name in CANNOT_HOLD:
        request.node.add_marker(pytest.mark.xfail(reason=CANNOT_HOLD[name], strict=True))
    made = await ReplgymSandbox.sample_init("self_check", None, {})
    yield made["default"]
    await ReplgymSandbox.sample_cleanup("self_check", None, made, False)


async def test_more_output_than_allowed_is_an_error_that_shows_its_beginning(
    sandbox_env: SandboxEnvironment,
) -> None:
    with pytest.raises(OutputLimitExceededError) as caught:
        await sandbox_env.exec(["bash", "-c", "yes | head -c 11000000"])
    assert str(caught.value.truncated_output).startswith("y\ny\n")


async def test_what_a_command_leaves_running_does_not_keep_it_waiting(
    sandbox_env: SandboxEnvironment,
) -> None:
    result = await sandbox_env.exec(["bash", "-c", "sleep 600 & echo begun"])
    assert (result.success, result.stdout) == (True, "begun\n")


def runs(*command: str) -> bool:
    """Whether a process of this machine runs the command."""
    return any(each.info["cmdline"] == list(command) for each in psutil.process_iter(["cmdline"]))


async def test_a_cancelled_command_is_killed(sandbox_env: SandboxEnvironment) -> None:
    command = ("sleep", f"777.{os.getpid()}")
    running = asyncio.create_task(sandbox_env.exec(["sh", "-c", f"{' '.join(command)}; :"]))
    while not runs(*command):
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait([running])
    assert (await sandbox_env.exec(["echo", "next"])).stdout == "next\n"
    assert not runs(*command)


async def test_a_sandbox_that_is_killed_from_inside_starts_anew(sandbox_env: SandboxEnvironment) -> None:
    with pytest.raises(SandboxUnavailableError, match="died"):
        await sandbox_env.exec(["bash", "-c", "kill -9 -1; sleep 600"])
    assert (await sandbox_env.exec(["echo", "alive"])).stdout == "alive\n"


async def test_a_null_byte_is_told_as_inspect_tells_it(sandbox_env: SandboxEnvironment) -> None:
    with pytest.raises(ValueError, match="embedded null byte"):
        await sandbox_env.exec(["echo", "a\0b"])


async def test_an_answer_that_code_of_the_model_has_spoilt_is_no_result(
    sandbox_env: SandboxEnvironment,
) -> None:
    spoilt = "rm -f .replgym/answer; mkdir .replgym/answer"
    with pytest.raises(SandboxUnavailableError):
        await sandbox_env.exec(["sh", "-c", spoilt])
