"""Tokens per second of this project's engine for CPUs, beside `generate` of transformers.

    python benchmarks/cpu_engine.py              two sizes of a model, about three minutes
    python benchmarks/cpu_engine.py --quick      seconds, to see that it runs

Contenders take turns on the same work. What the figures mean is written below the tables, in
benchmarks/results/cpu-engine.md.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import machine
import results
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from replgym.agents.policies.policy import Sampling
from replgym.agents.transformers_engine import BatchedGenerator

FOLDER = Path(__file__).parent / "results"
_PEER, _OURS = "transformers, generate", "replgym"
_VOCABULARY, _PAD = 2048, 0
_SIZES = {"0.5 M": (128, 256, 3, 4, 2), "5 M": (256, 768, 6, 8, 2)}
"""Hidden size, size between, layers, heads, heads of keys."""
_MEANING = """\
Prompts of 200 to 400 ids, messages of 16 to 128 sampled tokens, and 10 to 60 ids of output behind each.
`generate` samples the same message of all episodes as one batch, until the longest is over, and reads each
context anew; *replgym* keeps the cache of an episode, and lets each go on when its own message is over. Only
tokens that an episode asked for count. Random weights, 32-bit floats, sampling at temperature 1."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is sampled: for every episode a prompt, and the length of each message."""

    prompts: list[list[int]]
    lengths: list[list[int]]
    outputs: list[list[list[int]]]
    """What is read behind each message."""

    @property
    def tokens(self) -> int:
        """Sampled ones, of all episodes."""
        return sum(map(sum, self.lengths))


def work(episodes: int, messages: int) -> Work:
    """Draws prompts of 200 to 400 ids, messages of 16 to 128 and outputs of 10 to 60."""
    draw = random.Random(0)

    def ids(low: int, high: int) -> list[int]:
        return [draw.randrange(1, _VOCABULARY) for _ in range(draw.randint(low, high))]

    return Work(
        [ids(200, 400) for _ in range(episodes)],
        [[draw.randint(16, 128) for _ in range(messages)] for _ in range(episodes)],
        [[ids(10, 60) for _ in range(messages)] for _ in range(episodes)],
    )


async def by_replgym(model: Any, given: Work) -> None:
    """Every episode goes on as soon as its message is over."""
    generator = BatchedGenerator(model, ends=[], vocabulary=_VOCABULARY)

    async def play(number: int) -> None:
        context = list(given.prompts[number])
        for length, output in zip(given.lengths[number], given.outputs[number], strict=True):
            made = await generator.generate(context, Sampling(max_tokens=length), key=str(number))
            context += [*made.token_ids, *output]

    try:
        await asyncio.gather(*map(play, range(len(given.prompts))))
    finally:
        generator.close()


async def by_generate(model: Any, given: Work) -> None:
    """All episodes go on when the longest message is over."""
    contexts = [list(prompt) for prompt in given.prompts]
    for turn in range(len(given.lengths[0])):
        wanted = [lengths[turn] for lengths in given.lengths]
        width = max(map(len, contexts))
        ids = torch.tensor([[_PAD] * (width - len(context)) + context for context in contexts])
        mask = torch.tensor([[0] * (width - len(context)) + [1] * len(context) for context in contexts])
        made = model.generate(
            ids, attention_mask=mask, do_sample=True, max_new_tokens=max(wanted), eos_token_id=None
        )
        for context, row, length, outputs in zip(contexts, made, wanted, given.outputs, strict=True):
            context += [*row[width : width + length].tolist(), *outputs[turn]]


_CONTENDERS: dict[str, Callable[[Any, Work], Any]] = {_PEER: by_generate, _OURS: by_replgym}


def make_model(size: Sequence[int]) -> Any:
    """A random model of these sizes."""
    torch.manual_seed(0)
    hidden, between, layers, heads, shared = size
    config = Qwen2Config(
        vocab_size=_VOCABULARY,
        hidden_size=hidden,
        intermediate_size=between,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        max_position_embeddings=4096,
        pad_token_id=_PAD,
        tie_word_embeddings=True,
    )
    return Qwen2ForCausalLM(config).eval()


def measure(size: Sequence[int], given: Work, rounds: int) -> results.Samples:
    """Tokens per second of each contender, which take turns; a first round warms up."""
    samples: results.Samples = {name: {"tokens per second": []} for name in _CONTENDERS}
    models = {name: make_model(size) for name in _CONTENDERS}
    for number in range(rounds + 1):
        for name in random.sample(list(_CONTENDERS), len(_CONTENDERS)):
            begin = time.perf_counter()
            asyncio.run(_CONTENDERS[name](models[name], given))
            if number:
                rate = given.tokens / (time.perf_counter() - begin)
                samples[name]["tokens per second"].append(rate)
    return samples


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--episodes", type=int, default=32, help="at once (32)")
    parser.add_argument("--messages", type=int, default=4, help="of an episode (4)")
    parser.add_argument("--rounds", type=int, default=3, help="of each contender (3)")
    parser.add_argument("--threads", type=int, default=1, help="of torch (1)")
    parser.add_argument("--quick", action="store_true", help="a few episodes, and the small model alone")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where results go (benchmarks/results)")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        vars(arguments).update(episodes=4, messages=2, rounds=1)
    torch.set_num_threads(arguments.threads)
    given, about = work(arguments.episodes, arguments.messages), machine.describe(("torch", "transformers"))
    sizes = dict(list(_SIZES.items())[:1]) if arguments.quick else _SIZES
    measured = {name: measure(size, given, arguments.rounds) for name, size in sizes.items()}
    shape = {name: getattr(arguments, name) for name in ("episodes", "messages", "rounds", "threads")}
    text = page(measured, shape | {"tokens": given.tokens}, about)
    results.write(
        arguments.folder, "cpu-engine", {"machine": about, "given": shape, "samples": measured}, text
    )
    sys.stdout.write(text)
    return 0


def page(measured: dict[str, results.Samples], given: dict[str, Any], about: dict[str, object]) -> str:
    """Tables, and what ran."""
    parts = ["# The engine for CPUs"]
    for name, samples in measured.items():
        summary = results.summarise(samples, _PEER)
        parts += [f"## {name} parameters", results.table(summary)]
    told = [f"- {key}: {value}" for key, value in (given | about).items()]
    return "\n\n".join([*parts, "## What ran", _MEANING, "\n".join(told)]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
