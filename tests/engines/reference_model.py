"""One small model for every engine, and what `transformers` says of its weights: the truth they must tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from replgym.agents import tiny_model
from replgym.agents.tokens.chat_template import ChatTemplate

from ..agents.tiny_models import CORPUS

CONTEXT = 2048
"""Tokens that the model, and so every engine, can see."""
SIZE = tiny_model.TinyModelConfig(
    hidden_size=128,
    intermediate_size=128,
    layers=2,
    heads=2,
    key_value_heads=1,
    vocabulary=400,
    context=CONTEXT,
)
"""Heads of 64, which the kernels of all engines can compute."""


def save_reference_model(folder: Path) -> Path:
    """Writes the model and its tokenizer.

    Its distributions are far from uniform, and its likeliest texts are readable, so that engines which speak
    in texts can be compared letter by letter.
    """
    import torch

    tokenizer = tiny_model.train_tokenizer(CORPUS, SIZE.vocabulary)
    model = tiny_model.make_model(SIZE, tokenizer, seed=0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8.0)
        model.get_input_embeddings().weight[_unreadable(tokenizer)] = 0.0
    tiny_model.save(model, tokenizer, folder)
    return folder


def _unreadable(tokenizer: Any) -> list[int]:
    """Ids of single bytes that are no letters, and of special tokens other than the end of the turn."""
    texts = tokenizer.batch_decode([[token] for token in range(len(tokenizer))])
    readable = {token for token, text in enumerate(texts) if text.isascii() and text.isprintable()}
    specials = set(tokenizer.all_special_ids)
    return [
        token
        for token in range(len(tokenizer))
        if token != tokenizer.eos_token_id and (token in specials or token not in readable)
    ]


class ReferenceModel:
    """The saved model in `transformers`, one pass for every question: slow, and plainly right."""

    def __init__(self, folder: Path) -> None:
        """Loads it in float32."""
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(1)
        self.folder = folder
        self.template = ChatTemplate(AutoTokenizer.from_pretrained(folder))
        self._said: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
        self._model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def prompt(self, text: str) -> tuple[int, ...]:
        """Exact ids of a conversation that begins with this user message."""
        return tuple(self.template.initial([{"role": "user", "content": text}]))

    def greedy(self, prompt: Sequence[int], count: int) -> tuple[int, ...]:
        """The most likely ids, to the end of the turn or to `count`."""
        import torch

        key = (tuple(prompt), count)
        if key in self._said:
            return self._said[key]
        with torch.inference_mode():
            made = self._model.generate(
                torch.tensor([list(prompt)]),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                do_sample=False,
                max_new_tokens=count,
            )
        self._said[key] = tuple(made[0, len(prompt) :].tolist())
        return self._said[key]

    def prompt_with(self, length: int, *, most: int) -> tuple[str, tuple[int, ...]]:
        """The first user message whose likeliest answer has this length; text and exact ids.

        Args:
            length: Ids of the answer, end of the turn included; at least `most` if it is `most`.
            most: Where an answer is cut.
        """
        for number in range(1000):
            text = f"go {number}"
            if len(self.greedy(self.prompt(text), most)) == length:
                return text, self.prompt(text)
        raise AssertionError(f"no prompt has an answer of {length} ids")

    def logprobs(
        self, prompt: Sequence[int], ids: Sequence[int], temperature: float = 1.0
    ) -> tuple[float, ...]:
        """Natural log-probability of each id after all ids before it."""
        import torch

        with torch.inference_mode():
            logits = self._model(torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1]
        rows = torch.log_softmax(logits.float() / temperature, dim=-1)
        return tuple(rows.gather(1, torch.tensor(list(ids)).unsqueeze(1)).squeeze(1).tolist())
