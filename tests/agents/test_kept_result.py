import base64
from pathlib import Path

import pytest

from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.rollouts.episode import Episode, Request
from replgym.agents.rollouts.episode_log import EpisodeLog, read_episodes
from replgym.agents.rollouts.kept_result import kept_result
from replgym.agents.rollouts.rollout import rollout
from replgym.envs import AsyncInterpreterEnv, EnvConfig, TaskSet
from replgym.kernels import KernelPool
from replgym.kernels.cell_result import CellError, CellOutput, CellResult, CellStatus, OutputKind
from replgym.rewards import Judge

PICTURE = base64.b64encode(b"\x89PNG not really").decode()
CELLS = [
    f"```python\nfrom IPython.display import display\nprint('text')\n"
    f"bundle = {{'image/png': '{PICTURE}', 'text/plain': 'a picture', 'text/html': '<b>x</b>'}}\n"
    "display(bundle, raw=True)\n```",
    "```python\nprint('\\ud800 lone')\n1 / 0\n```",
    "no code at all",
    "```python\nsubmit('def solution(x): return x')\n```",
]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_record_holds_what_each_cell_did(pool: KernelPool, judge: Judge, tmp_path: Path) -> None:
    (task,) = TaskSet.load("blackbox", split="heldout", levels=(1,), size=1)
    async with AsyncInterpreterEnv(EnvConfig(action_format="fenced"), pool=pool, judge=judge) as env:
        played = await rollout(env, ScriptedPolicy(CELLS), task=task)
    with EpisodeLog(tmp_path / "log.jsonl") as log:
        log.append(played)
    (episode,) = read_episodes(tmp_path / "log.jsonl")
    assert episode == played
    first, second, third, last = episode.turns
    assert first.results[0].outputs == (
        CellOutput(OutputKind.STDOUT, {"text/plain": "text\n"}),
        CellOutput(OutputKind.DISPLAY, {"text/plain": "a picture", "image/png": PICTURE}),
    )
    assert second.results[0].status is CellStatus.ERROR
    assert (second.results[0].error or CellError("", "", "")).name in (
        "ZeroDivisionError",
        "UnicodeEncodeError",
    )
    assert (third.results, third.requests) == ((), ())
    assert last.requests == (Request(tool="python_interpreter", cell=0),)
    assert all(len(turn.results) == len(turn.code) for turn in episode.turns)


def test_what_is_too_long_is_cut_and_counted() -> None:
    result = CellResult(
        CellStatus.OK,
        outputs=(
            CellOutput(OutputKind.STDOUT, {"text/plain": "a" * 9_000}),
            CellOutput(OutputKind.DISPLAY, {"image/png": "b" * 200_000, "text/plain": "<Figure>"}),
            CellOutput(OutputKind.DISPLAY, {"image/png": "c" * 200_000}),
            CellOutput(OutputKind.STDOUT, {"text/plain": "d" * 5_000}),
            CellOutput(OutputKind.STDOUT, {"text/plain": "e" * 5_000}),
        ),
        error=CellError("E", "\ud800", "t" * 30_000),
        truncated=3,
    )
    kept = kept_result(result)
    assert kept.truncated == 3 + 200_000 + (9_000 + 8 + 5_000 - 10_000) + 5_000
    assert [sorted(output.data) for output in kept.outputs] == [
        ["text/plain"],
        ["image/png", "text/plain"],
        ["text/plain"],
    ]
    assert "characters cut" in kept.outputs[-1].text
    assert kept.error is not None
    assert len(kept.error.traceback) < 11_000
    assert kept.error.value == "\ufffd"
    assert kept_result(kept).outputs[:2] == kept.outputs[:2]


def test_records_without_results_are_read() -> None:
    turns = '"turns":[{"action":"a","observation":"b","code":["c"]}]'
    old = f'{{"id":"1","task_id":"t","policy":"p","messages":[],"stop":"submitted",{turns}}}'
    (turn,) = Episode.model_validate_json(old).turns
    assert (turn.code, turn.results, turn.requests) == (("c",), (), ())
