"""Every setting that is not allowed is told in one line, before anything starts."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest
from pydantic import BaseModel, ValidationError

import replgym
from replgym.envs import AsyncInterpreterEnv, ConfigError, EnvConfig


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"task_set": "mbqq"}, "task_set='mbqq' is not allowed: use one of:"),
        ({"action_format": "yaml"}, "'yaml' is not allowed: use one of: auto, code, fenced, hermes, json"),
        ({"backend": "vm"}, "backend='vm' is not allowed: use one of:"),
        ({"max_turns": 0}, "max_turns=0 is not allowed: input should be greater than or equal to 1"),
        ({"max_turns": True}, "max_turns=True is not allowed: input should be a valid integer"),
        ({"max_turns": "3"}, "max_turns='3' is not allowed: input should be a valid integer"),
        ({"cell_timeout": -1.0}, "cell_timeout=-1.0 is not allowed: input should be greater than 0"),
        ({"cell_timeout": float("inf")}, "cell_timeout=inf is not allowed: input should be a finite number"),
        ({"episode_timeout": 0}, "episode_timeout=0 is not allowed"),
        ({"acquire_timeout": "soon"}, "acquire_timeout='soon' is not allowed"),
        ({"observation_limit": 1}, "observation_limit=1 is not allowed"),
        ({"parse_error_budget": 0}, "parse_error_budget=0 is not allowed"),
        (
            {"tools": ("browser", "submit")},
            "is not allowed: use one of: python_interpreter, debugger, submit",
        ),
        ({"tools": ("python_interpreter",)}, "tools: without 'submit' no task can be solved; add it, or"),
        ({"tools": ("submit", "submit")}, "a tool is named twice"),
        ({"tools": "submit"}, "tools='submit' is not allowed"),
        ({"rubric": {"beauty": 1.0}}, "unknown reward 'beauty'; use some of: code-r1, execution, fraction"),
        (
            {"rubric": "beauty"},
            "rubric='beauty' is not allowed: unknown preset 'beauty'; use one of: all-pass",
        ),
        ({"rubric": 1.0}, "rubric=1.0 is not allowed: give the name of a preset, or a mapping"),
        ({"code_extraction": "best"}, "code_extraction='best' is not allowed: use one of: all-joined"),
        (
            {"code_extraction": "last-block"},
            "not allowed with action_format='code', which reads code as a cell",
        ),
        (
            {"code_extraction": "last-cell", "action_format": "native"},
            "action_format='native', which has no cells that are code: use one of: auto, code, fenced",
        ),
        (
            {"code_extraction": "boxed"},
            "use one of: auto, fenced, hermes, json, native, xml; or mode='no-tool'",
        ),
        (
            {"mode": "notool"},
            "mode='notool' is not allowed: use one of: no-tool, stateless, stateful, debugger",
        ),
        (
            {"mode": "no-tool", "tools": ("python_interpreter", "submit")},
            "tools: mode='no-tool' has no 'python_interpreter'; use some of: submit",
        ),
        ({"calls_per_message": 0}, "calls_per_message=0 is not allowed"),
        ({"rubric": {}}, "a rubric needs at least one weight"),
        ({"rubric": {"passed": float("nan")}}, "must be finite"),
        ({"turns": 3}, "unknown setting 'turns'; use one of: acquire_timeout, action_format"),
        ({"task_options": {"split": "test"}}, "split 'test' is unknown; use one of: heldout, train"),
        ({"task_options": {"levels": (9,)}}, "levels [9] are unknown; use some of: [1, 2, 3, 4, 5]"),
        ({"task_options": {"colour": 1}}, "unexpected keyword argument 'colour'"),
        ({"task_options": {"size": 0}}, "no task is left; ask for more"),
        ({"render_mode": "human"}, "render_mode='human' is not allowed: use one of: ansi"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
@pytest.mark.filterwarnings("ignore:.*render_mode='human'")
def test_a_wrong_setting_is_told_in_one_line(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        gym.make("PyInterp-v0", disable_env_checker=True, **settings)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("num_envs", [0, -1, True, 2.0])
def test_a_wrong_number_of_environments_is_told(num_envs: Any) -> None:
    with pytest.raises(ConfigError, match=r"num_envs=.* is not allowed: give an integer of at least 1"):
        gym.make_vec("PyInterp-v0", num_envs=num_envs)


def test_a_config_travels_as_json_and_in_other_models() -> None:
    class Run(BaseModel):
        env: EnvConfig

    config = EnvConfig(task_options={"levels": [1]}, tools=("submit",), rubric={"fraction": 2})
    assert EnvConfig.model_validate_json(config.model_dump_json()) == config
    shaped = EnvConfig(rubric={"preset": {"name": "dapo", "limit": 512}, "submitted": 0.1, "clip": [-2, 1]})
    assert EnvConfig.model_validate_json(shaped.model_dump_json()) == shaped
    assert Run.model_validate({"env": {"max_turns": 3}}).env.max_turns == 3
    with pytest.raises(ValidationError, match="max_turns=0 is not allowed"):
        Run.model_validate({"env": {"max_turns": 0}})


def test_bad_task_options_are_told_before_a_kernel_starts() -> None:
    env = AsyncInterpreterEnv(EnvConfig(task_options={"size": -1}))
    with pytest.raises(ConfigError, match="no task is left"):
        _ = env.tasks


def test_the_package_has_a_version() -> None:
    assert replgym.__version__ == "0.1.0"


def test_a_pool_has_room_for_both_interpreters_of_an_episode() -> None:
    for mode, room in (("stateful", 3), ("stateless", 3), ("debugger", 6)):
        assert EnvConfig(mode=mode).make_pool(size=3, warm=1).stats().size == room


def test_tools_of_a_mode_follow_it() -> None:
    assert EnvConfig().tool_names == ("python_interpreter", "submit")
    assert EnvConfig(mode="no-tool").tool_names == ("submit",)
    assert EnvConfig(mode="debugger").tool_names == ("python_interpreter", "debugger", "submit")
    assert EnvConfig(mode="debugger").model_copy(update={"tools": ("submit",)}).tool_names == ("submit",)
