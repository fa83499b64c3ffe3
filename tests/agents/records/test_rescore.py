import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.policies.scripted_policy import ScriptedPolicy
from replgym.agents.records.run_data import read_run
from replgym.agents.records.stored_facts import stored_facts
from replgym.agents.rollouts.episode import Failure, StopReason
from replgym.agents.rollouts.episode_log import EpisodeLog, read_episodes
from replgym.agents.rollouts.rollout import rollout
from replgym.cli import main
from replgym.envs import AsyncInterpreterEnv, EnvConfig, TaskSet
from replgym.kernels import KernelPool
from replgym.rewards import Judge
from replgym.rewards.rubric import Rubric
from replgym.rewards.verdict import Outcome

from ..report.run_files import episode, write
from .stored_runs import MESSAGES


def test_another_rubric_makes_a_run_beside_the_old_one(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in stored_run.iterdir()}
    place = tmp_path / "new"
    rubric = '{"passed": 1, "void-turns": -0.5}'
    assert main(["rescore", str(stored_run), "--rubric", rubric, "--output", str(place)]) == 0
    assert {path.name: path.read_bytes() for path in stored_run.iterdir()} == before
    old, new = (read_run(path).arms["evaluation"] for path in (stored_run, place))
    assert [e.reward for e in old] == [0.0, 0.0]
    assert [e.reward for e in new] == [-0.5, -0.5]
    assert new[0].reward_parts == {"passed": 0.0, "void-turns": -0.5}
    assert [e.model_copy(update={"reward": 0, "reward_parts": {}}) for e in new] == [
        e.model_copy(update={"reward": 0, "reward_parts": {}}) for e in old
    ]
    record = json.loads((place / "run.json").read_text())
    assert record["rescored"]["rubric"] == json.loads(rubric)
    told = capsys.readouterr().out
    assert "evaluation" in told
    assert "-0.5" in told


def test_submissions_are_judged_again(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = tmp_path / "forged"
    (good, other) = read_run(stored_run).arms["evaluation"]
    assert good.verdict is not None
    tests = tuple(replace(test, outcome=Outcome.PASSED) for test in good.verdict.tests)
    failed = {
        "failure": Failure.POLICY,
        "reward": None,
        "stop": StopReason.FAILURE,
        "id": "broken",
        "sample": 5,
    }
    strange = {"task_id": "nowhere/1", "id": "strange"}
    with EpisodeLog(forged / "episodes.jsonl") as log:
        log.append(good.model_copy(update={"verdict": replace(good.verdict, tests=tests), "reward": 1.0}))
        log.append(other.model_copy(update=strange))
        log.append(other.model_copy(update=failed))
    (forged / "run.json").write_text((stored_run / "run.json").read_text())
    assert main(["rescore", str(forged), "--rubric", "all-pass", "--judge"]) == 1
    told = capsys.readouterr().out
    assert "strange: task 'nowhere/1' is not in the run's task sets" in told
    first, second, third = read_episodes(tmp_path / "forged-rescored" / "episodes.jsonl")
    assert (first.solved, first.reward) == (False, first.reward)
    assert first.verdict is not None
    assert Outcome.WRONG_ANSWER in {test.outcome for test in first.verdict.tests}
    assert second.verdict == other.verdict
    assert (third.failure, third.reward) == (Failure.POLICY, None)
    assert main(["rescore", str(forged), "--rubric", "all-pass"]) == 0
    assert (tmp_path / "forged-rescored-2").is_dir()


def test_a_training_run_keeps_its_files(tmp_path: Path) -> None:
    write(tmp_path / "run" / "episodes" / "train-1.jsonl", [episode(n, n > 1, step=1) for n in range(4)])
    write(tmp_path / "run" / "episodes" / "after.jsonl", [episode(n) for n in range(2)])
    assert main(["rescore", str(tmp_path / "run"), "--rubric", '{"passed": 2}']) == 0
    made = read_run(tmp_path / "run-rescored")
    assert [e.reward for e in made.train] == [0.0, 0.0, 2.0, 2.0]
    assert len(made.arms["after"]) == 2
    branches = [e.branches for _, e in made.complete_episodes()]
    assert all(branches), "token ids stay"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rubric", "nonesuch"], "--rubric: unknown preset 'nonesuch'"),
        (["--rubric", '{"nonesuch": 1}'], "--rubric: unknown reward 'nonesuch'"),
        (["--rubric", '{"overlong": 1}'], "needs the number of tokens"),
        (["--rubric", "all-pass", "--output", "."], "'.' exists"),
    ],
)
def test_what_cannot_be_scored_is_one_line(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    if "--output" not in arguments:
        arguments = [*arguments, "--output", str(tmp_path / "new")]
    assert main(["rescore", str(stored_run), *arguments]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "rubric",
    [{"preset": "all-pass"}, {"preset": "retool"}, {"passed": 1, "void-turns": -0.1, "tool-calls": 0.3}],
    ids=str,
)
async def test_stored_facts_score_as_the_live_ones(
    pool: KernelPool, judge: Judge, rubric: dict[str, Any]
) -> None:
    (task,) = TaskSet.load("blackbox", split="heldout", levels=(1,), size=1)
    config = EnvConfig(action_format="fenced", max_turns=12, cell_timeout=1.0, rubric=rubric)
    async with AsyncInterpreterEnv(config, pool=pool, judge=judge) as env:
        played = await rollout(env, ScriptedPolicy(list(MESSAGES)), task=task)
    facts = stored_facts(played, played.verdict, config.max_turns)
    assert Rubric.of(rubric).score(facts).parts == played.reward_parts
