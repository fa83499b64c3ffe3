"""A real `GRPOTrainer` on the CPU: TRL renders, parses, calls and learns; a script may choose the tokens.

Run by `test_trl.py` in the environment that `scripts/setup_adapters.sh trl` builds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import trl

from replgym.agents import tiny_model
from replgym.agents.adapters.trl import PyInterpFactory

from .linear_play import CELLS, SETTINGS, WRONG

SIZE = tiny_model.TinyModelConfig(
    hidden_size=32, intermediate_size=48, layers=2, vocabulary=400, context=4096
)
MARK = "<|im_start|>assistant"


def call(tool: str, **arguments: str) -> str:
    return f"<tool_call>\n{json.dumps({'name': tool, 'arguments': arguments})}\n</tool_call>"


SOLVES = [call("python_interpreter", code=cell) for cell in CELLS]
FAILS = [call("submit", source=WRONG), call("python_interpreter", code="print(1)")]


@pytest.fixture
def factory() -> Iterator[PyInterpFactory]:
    made = PyInterpFactory(kernels=4, **SETTINGS)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """TRL warns that its environments are new."""
    monkeypatch.setenv("TRL_EXPERIMENTAL_SILENCE", "1")


def make_trainer(factory: PyInterpFactory, folder: Path, kind: Any = None, **settings: Any) -> Any:
    torch.set_num_threads(1)
    tokenizer = tiny_model.train_tokenizer(
        ["<tool_call> submit python_interpreter </tool_call>"], SIZE.vocabulary
    )
    templates = Path(trl.__file__).parent / "chat_templates"
    tokenizer.chat_template = (templates / "qwen2_5.jinja").read_text()
    settings = {"max_steps": 1, "max_completion_length": 1500, **settings}
    return (kind or trl.GRPOTrainer)(
        model=tiny_model.make_model(SIZE, tokenizer, 0),
        train_dataset=factory.dataset(),
        processing_class=tokenizer,
        environment_factory=factory,
        args=trl.GRPOConfig(
            output_dir=str(folder),
            per_device_train_batch_size=4,
            num_generations=2,
            learning_rate=1e-2,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            **settings,
        ),
    )


def scripted() -> Any:
    """A trainer whose even samples solve their tasks; only the choice of tokens is not the model's."""

    class Scripted(trl.GRPOTrainer):  # type: ignore[misc]
        seen: list[str] = []  # noqa: RUF012

        def _generate_single_turn(self, prompt_ids: list[list[int]], *_: Any, **__: Any) -> tuple[Any, None]:
            return [self._message(place, ids) for place, ids in enumerate(prompt_ids)], None

        def _message(self, place: int, ids: list[int]) -> list[int]:
            text = self.processing_class.decode(ids)
            self.seen.append(text)
            turn = text.count(MARK) - 1
            script = FAILS if WRONG in text or (turn == 0 and place % 2) else SOLVES
            said = script[turn] if turn < len(script) else "It is done."
            return self.processing_class.encode(f"{said}<|im_end|>")

    return Scripted


def test_a_group_learns_from_the_judge(factory: PyInterpFactory, tmp_path: Path) -> None:
    trainer = make_trainer(factory, tmp_path, scripted(), max_steps=2)
    before = [parameter.clone() for parameter in trainer.model.parameters()]
    trainer.train()
    steps = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert [entry["reward"] for entry in steps] == [0.5, 0.5]
    assert all(entry["frac_reward_zero_std"] == 0 and entry["grad_norm"] > 0 for entry in steps)
    assert any(not old.equal(new) for old, new in zip(before, trainer.model.parameters(), strict=True))
    last = [text for text in trainer.seen if text.count(MARK) == 4]
    assert len(last) == 4  # two groups in each of two steps
    assert all("<tool_response>\nb " in text and "<tool_response>\na " in text for text in last)
    assert any("the task is over" in text for text in trainer.seen)
    assert '"name": "submit"' in trainer.seen[0]
    assert [environment.get_reward() for environment in trainer.environments] == [1.0, 0.0, 1.0, 0.0]


def test_a_model_that_calls_nothing_is_trained_too(factory: PyInterpFactory, tmp_path: Path) -> None:
    trainer = make_trainer(factory, tmp_path, max_completion_length=16)
    trainer.train()
    (step,) = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert (step["reward"], step["tools/call_frequency"]) == (0.0, 0.0)
