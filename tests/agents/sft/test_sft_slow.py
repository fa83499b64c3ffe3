"""verl's own trainer on CPU: cut off at the end of a pass and resumed, on one node and on two."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from replgym.agents.policies.policy import PolicyContext, Sampling
from replgym.agents.policies.transformers_policy import TransformersPolicy
from replgym.agents.tokens.transcript import Transcript
from replgym.agents.verl_adapter.token_dataset import TokenDataset
from replgym.envs.task_sources.conversation import Conversation, write_conversations

from ...free_port import free_port
from ..test_training_slow import left_over
from ..test_verl_process import ROOT

BATCH, EPOCHS = 8, 4
SETTINGS = [
    "model.tiny.hidden_size=32",
    "model.tiny.layers=1",
    "model.tiny.vocabulary=400",
    "data.max_tokens=256",
    "data.heldout_share=0.25",
    "optimiser.learning_rate=0.03",
    f"optimiser.epochs={EPOCHS}",
    f"optimiser.batch_size={BATCH}",
]


def conversations() -> list[Conversation]:
    rng = random.Random(0)
    made = []
    for number in range(56):
        a, b = rng.randrange(9), rng.randrange(9)
        messages = [
            {"role": "user", "content": f"What is {a} plus {b}?"},
            {"role": "assistant", "content": f"```python\nprint({a} + {b})\n```"},
            {"role": "user", "content": f"```output\n{a + b}\n```"},
            {"role": "assistant", "content": f"It is {a + b}."},
        ]
        made.append(Conversation.model_validate({"id": str(number), "source": "sums", "messages": messages}))
    return made


def command(runs: Path, data: Path, *more: str) -> list[str]:
    program = [sys.executable, "-m", "replgym.cli", "sft", "--runs", str(runs)]
    return [*program, *SETTINGS, f"data.files=[{data}]", *more]


def losses(run: Path, key: str = "train/loss") -> dict[int, float]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return {line["step"]: line["data"][key] for line in lines if key in line["data"]}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_run_is_cut_off_and_resumed_to_a_model_that_has_learnt(tmp_path: Path) -> None:
    data, runs = tmp_path / "sums.parquet", tmp_path / "runs"
    write_conversations(conversations(), data)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "REPLGYM_TEST": str(tmp_path)}
    cut, whole = runs / "cut", runs / "whole"
    with (tmp_path / "out").open("w") as out:
        first = subprocess.Popen(
            command(runs, data, "name=cut"),
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while not (cut / "checkpoints" / "latest_checkpointed_iteration.txt").exists():
                assert first.poll() is None, (tmp_path / "out").read_text()
                time.sleep(0.05)
            first.send_signal(signal.SIGINT)
            assert first.wait(120) == 130, (tmp_path / "out").read_text()
        finally:
            first.kill()
    assert left_over(f"REPLGYM_TEST={tmp_path}") == []
    hint = shlex.split((tmp_path / "out").read_text().partition("Go on with: ")[2].splitlines()[0])
    finish([[sys.executable, "-m", "replgym.cli", *hint[1:]]], environment)
    meet = ["name=whole", "cluster.nodes=2", "--rendezvous", f"127.0.0.1:{free_port()}", "--node-rank"]
    finish([command(runs, data, *meet, rank) for rank in ("1", "0")], environment)
    assert left_over(f"REPLGYM_TEST={tmp_path}") == []

    counts = json.loads((whole / "data.json").read_text())
    assert (counts["samples"] + counts["heldout"], counts["bad_rows"]) == (56, 0)
    resumed, uncut = losses(cut), losses(whole)
    assert list(uncut) == list(range(1, EPOCHS * (counts["samples"] // BATCH) + 1))
    assert resumed == pytest.approx(uncut, abs=1e-3)
    assert uncut[1] > 2 * uncut[max(uncut)]
    assert losses(cut, "val/loss") == pytest.approx(
        {max(uncut): heldout_loss(cut / "models" / "trained", cut / "heldout.arrow")}, abs=1e-3
    )
    assert (await first_message(cut / "models" / "trained")).startswith("```")


def finish(commands: list[list[str]], environment: dict[str, str]) -> None:
    """Runs commands at the same time to a good end."""
    running = [
        subprocess.Popen(each, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for each in commands
    ]
    try:
        told = [process.communicate(timeout=600)[0] for process in running]
        assert [process.returncode for process in running] == [0] * len(running), "\n".join(told)
    finally:
        for process in running:
            process.kill()


def heldout_loss(model: Path, tokens: Path) -> float:
    """Mean loss of the learnt tokens of the first batch that is held out, by the exported model."""
    from transformers import AutoModelForCausalLM

    loaded: Any = AutoModelForCausalLM.from_pretrained(model)
    assert loaded.dtype == torch.float32
    samples = TokenDataset(str(tokens), None, {"seed": 0})
    found = []
    for place in range(BATCH):
        sample = samples[place]
        with torch.no_grad():
            logits = loaded(input_ids=sample["input_ids"][None]).logits[0, :-1]
        each = torch.nn.functional.cross_entropy(logits, sample["input_ids"][1:], reduction="none")
        found.append(each[sample["loss_mask"][1:].bool()])
    return float(torch.cat(found).mean())


async def first_message(model: Path) -> str:
    policy = TransformersPolicy.load(model)
    try:
        messages = [{"role": "user", "content": "What is 3 plus 4?"}]
        prompt = Transcript(policy.template, messages).context_ids
        context = PolicyContext(messages, "e", prompt_ids=prompt)
        return (await policy(context, Sampling(temperature=0, max_tokens=40))).text
    finally:
        policy.close()
