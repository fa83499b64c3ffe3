"""Supervised learning on demonstrations: next-token cross-entropy on the demonstrator's tokens alone.

Token ids are built by the same `Transcript` as in a rollout, so that the policy meets in training
exactly what it will meet when it acts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from ..policies.policy import Message
from ..rollouts.episode import Episode
from ..tokens.branch import Branch
from ..tokens.branch_builder import BranchBuilder
from ..tokens.chat_template import ChatTemplate
from ..tokens.transcript import Transcript
from .train_config import WarmStartConfig

Report = Callable[[int, float], None]
"""Called after every optimiser step with the step and its loss in nats per token."""


def branch_of(episode: Episode, template: ChatTemplate, render: Callable[[str], Message]) -> Branch | None:
    """The training sample of a demonstration, whose ids are made from its text.

    Args:
        episode: What was demonstrated.
        template: Of the model that learns.
        render: Makes the message that tells the model an observation.
    """
    transcript, branches = Transcript(template, episode.messages), BranchBuilder()
    for index, turn in enumerate(episode.turns):
        ids = (*template.encode(turn.action), template.end_of_turn)
        branches.sampled(transcript.context_ids, ids, exact=False)
        transcript.sampled(ids, turn.action)
        if index + 1 < len(episode.turns):
            messages = [render(turn.observation)]
            transcript.go_on(messages, transcript.answered(messages))
    return next(iter(branches.branches), None)


def train(
    model: Any, branches: Sequence[Branch], config: WarmStartConfig, *, pad: int, seed: int, report: Report
) -> None:
    """Fits `model` in place with AdamW and a linear decay of the learning rate.

    Args:
        model: A causal language model of `transformers` on CPU.
        branches: Training samples; loss falls only where `response_mask` is 1.
        config: Epochs, batch size and learning rate.
        pad: Any token id, for padding.
        seed: Order of the samples.
        report: Progress.
    """
    import torch

    rng = random.Random(seed)
    batches = [batch for _ in range(config.epochs) for batch in _batches(branches, config.batch_size, rng)]
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, len(batches)))
    model.train()
    for step, batch in enumerate(batches, start=1):
        loss = _loss(model, batch, pad)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        report(step, float(loss.detach()))
    model.eval()


def _rate(step: int, steps: int) -> float:
    """Ten steps up, then linearly down to a tenth."""
    return min(1.0, (step + 1) / 10) * (1 - 0.9 * step / max(1, steps))


def _batches(branches: Sequence[Branch], size: int, rng: random.Random) -> list[list[Branch]]:
    """Batches of samples of like length, in random order, so that little is padded."""
    order = sorted(
        branches, key=lambda branch: (len(branch.prompt_ids) + len(branch.response_ids), rng.random())
    )
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


def _loss(model: Any, batch: Sequence[Branch], pad: int) -> Any:
    """Mean negative log-likelihood (nats) of the masked-in tokens of a batch."""
    import torch

    width = max(len(branch.prompt_ids) + len(branch.response_ids) for branch in batch)
    ids = torch.full((len(batch), width), pad)
    attention = torch.zeros(len(batch), width, dtype=torch.long)
    targets = torch.full((len(batch), width), -100)
    for row, branch in enumerate(batch):
        tokens = torch.tensor(branch.prompt_ids + branch.response_ids)
        mask = torch.tensor((0,) * len(branch.prompt_ids) + branch.response_mask, dtype=torch.bool)
        ids[row, : len(tokens)] = tokens
        attention[row, : len(tokens)] = 1
        targets[row, : len(tokens)][mask] = tokens[mask]
    logits = model(input_ids=ids, attention_mask=attention).logits[:, :-1]
    return torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]), targets[:, 1:].reshape(-1), ignore_index=-100
    )
