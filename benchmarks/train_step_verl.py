"""One run of verl's trainer on the CPU, with this project's agent loop or with verl's own and a tool."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from train_step_notes import read_notes, steps_of
from train_step_outcome import Outcome
from train_step_work import EXTRACTION, Given, env_config, task

from replgym.agents.training.train_config import TrainConfig
from replgym.agents.training.verl_overrides import agent_loop_entry, verl_overrides
from replgym.agents.verl_adapter.names import AGENT_NAME
from replgym.agents.verl_runs.hydra_overrides import hydra_overrides
from replgym.agents.verl_runs.verl_process import run_verl
from replgym.envs import AsyncInterpreterEnv
from replgym.envs.task_data.verl_rows import verl_row, write_parquet
from replgym.tools.python_interpreter import PythonInterpreter
from replgym.tools.tool import openai_schema
from replgym.tools.tool_mode import ToolMode

_LOOPS = {AGENT_NAME: "NotedInterpreterLoop", "tool_agent": "NotedToolLoop"}
_TURNS_ROLLOUT = "actor_rollout_ref.rollout.multi_turn."
_MANAGER = "replgym.agents.verl_adapter.judge_reward_manager"


@dataclass(frozen=True, slots=True)
class VerlArm:
    """Who plays below verl's trainer."""

    agent: str
    """The agent loop."""
    mode: ToolMode
    """What the model is told of the tool, and what this project's loop does."""
    tool: str | None = None
    """The class of the tool of verl's own loop."""


ARMS = {
    "replgym, stateless": VerlArm(AGENT_NAME, ToolMode.STATELESS),
    "replgym, stateful": VerlArm(AGENT_NAME, ToolMode.STATEFUL),
    "verl, process per call": VerlArm("tool_agent", ToolMode.STATELESS, "process_per_call.ProcessPerCall"),
    "verl, replgym's tool": VerlArm(
        "tool_agent", ToolMode.STATEFUL, "replgym.agents.verl_adapter.interpreter_tool.InterpreterTool"
    ),
}


async def train(arm: VerlArm, given: Given, folder: Path) -> Outcome:
    """Trains for some steps; everything it writes is below the folder."""
    config = _config(arm, given)
    rows, loops, notes = folder / "rows.parquet", folder / "agent_loops.yaml", folder / "notes.jsonl"
    (folder / "episodes").mkdir()
    _write_rows(arm, given, rows)
    loops.write_text(yaml.safe_dump(_loop_entries(config, folder, notes)))
    steps: dict[int, Mapping[str, Any]] = {}
    overrides = verl_overrides(
        config,
        model=given.model,
        rows=rows,
        agent_loops=loops,
        output=folder / "checkpoints",
        steps=given.steps,
    )
    _find_modules()
    await run_verl(
        [*overrides, *hydra_overrides(_keys(arm, folder))],
        log=folder / "verl.log",
        metrics=folder / "metrics.jsonl",
        on_step=steps.__setitem__,
        check=lambda: None,
    )
    return Outcome(
        steps=steps_of(read_notes(notes)),
        update={number: float(found["timing_s/update_actor"]) for number, found in steps.items()},
        reward={number: float(found["critic/score/mean"]) for number, found in steps.items()},
        parts={number: _parts(found) for number, found in steps.items()},
    )


def _config(arm: VerlArm, given: Given) -> TrainConfig:
    return TrainConfig.parse(
        {
            "name": "train-step",
            "kernels": given.tasks * given.samples,
            "env": env_config(arm.mode).model_dump(mode="json"),
            "model": {"path": given.model},
            "rollout": {
                "samples_per_task": given.samples,
                "temperature": given.temperature,
                "max_prompt_tokens": given.max_prompt_tokens,
                "max_response_tokens": given.max_response_tokens,
                "max_turn_tokens": given.max_message_tokens,
            },
            "optimiser": {
                "steps": given.steps,
                "tasks_per_step": given.tasks,
                "learning_rate": given.learning_rate,
                "gradient_checkpointing": False,
            },
        }
    )


def _write_rows(arm: VerlArm, given: Given, path: Path) -> None:
    env = AsyncInterpreterEnv(env_config(arm.mode))
    tasks = [task(number) for number in range(given.tasks)]
    write_parquet(
        [
            verl_row(each, env.messages_for(each), index=index, split="train", agent_name=arm.agent)
            for index, each in enumerate(tasks)
        ],
        path,
    )


def _loop_entries(config: TrainConfig, folder: Path, notes: Path) -> list[dict[str, Any]]:
    (ours,) = agent_loop_entry(config, folder / "episodes")
    entries = {AGENT_NAME: ours, "tool_agent": {"name": "tool_agent"}}
    return [
        entry | {"_target_": f"noted_loops.{_LOOPS[name]}", "notes": str(notes)}
        for name, entry in entries.items()
    ]


def _keys(arm: VerlArm, folder: Path) -> dict[str, Any]:
    """What verl is told beyond a run of this project's."""
    keys: dict[str, Any] = {"trainer.save_freq": -1}
    if arm.tool is None:
        return keys
    tools = folder / "tools.yaml"
    tools.write_text(yaml.safe_dump({"tools": [_tool(arm.tool)]}))
    return keys | {
        f"{_TURNS_ROLLOUT}format": "hermes",
        f"{_TURNS_ROLLOUT}max_parallel_calls": 1,
        f"{_TURNS_ROLLOUT}max_tool_response_length": 4000,
        f"{_TURNS_ROLLOUT}tool_config_path": str(tools),
        "reward.reward_manager.source": "importlib",
        "reward.reward_manager.name": "JudgeRewardManager",
        "reward.reward_manager.module.path": f"pkg://{_MANAGER}",
        "+reward.reward_kwargs.extraction": EXTRACTION,
    }


def _tool(kind: str) -> dict[str, Any]:
    if not kind.startswith("replgym."):
        return {
            "class_name": kind,
            "config": {"type": "native"},
            "tool_schema": openai_schema(PythonInterpreter(stateless=True)),
        }
    return {"class_name": kind, "config": {"type": "native", "backend": "fork"}}


def _parts(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Verl's own account of a step."""
    mark = "timing_s/"
    return {name.removeprefix(mark): value for name, value in metrics.items() if name.startswith(mark)}


def _find_modules() -> None:
    """Has all processes of the trainer find what lies beside this file."""
    places = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    if places[0] not in places[1:]:
        os.environ["PYTHONPATH"] = os.pathsep.join(places)
