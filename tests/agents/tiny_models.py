"""A small random Qwen2-architecture model, and policies over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from replgym.agents import tiny_model
from replgym.agents.policies.policy import Completion, Message, Policy, PolicyContext, Sampling
from replgym.agents.tokens.chat_template import ChatTemplate

CORPUS = [
    "Find the hidden function f. Each cell may call f once.",
    "```python\nb = f(0)\n```",
    "```python\na = f(1) - b\nprint(a, b)\n```",
    "```output\n12 345\n```",
    '```python\nsubmit(f"def solution(x): return {a} * x + {b}")\n```',
] * 4
SIZE = tiny_model.TinyModelConfig(hidden_size=32, intermediate_size=48, layers=2, vocabulary=400)


def random_model(tokenizer: Any, seed: int) -> Any:
    """A model whose distributions are far from uniform, as those of a trained one are."""
    import torch

    model = tiny_model.make_model(SIZE, tokenizer, seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8.0)
    return model


def save_random_model(folder: Path, seed: int = 0) -> Path:
    """A folder that `from_pretrained` loads."""
    tokenizer = tiny_model.train_tokenizer(CORPUS, SIZE.vocabulary)
    tiny_model.save(random_model(tokenizer, seed), tokenizer, folder)
    return folder


class Recording:
    """Any policy, and all that it was asked and answered."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.name, self.template = policy.name, policy.template
        self.seen: list[tuple[PolicyContext, Sampling, Completion]] = []

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        completion = await self._policy(context, sampling)
        self.seen.append((context, sampling, completion))
        return completion


class Typed:
    """A token-exact policy that types what a function of the messages says."""

    name = "typed"

    def __init__(self, template: ChatTemplate, say: Callable[[Sequence[Message]], str]) -> None:
        self.template = template
        self._say = say

    async def __call__(self, context: PolicyContext, sampling: Sampling) -> Completion:
        text = self._say(context.messages)
        ids = (*self.template.encode(text), self.template.end_of_turn)
        return Completion(text=text, token_ids=ids, logprobs=(-0.5,) * len(ids))
