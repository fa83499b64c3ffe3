"""Files of conversations become files of samples: what is too long, held out or set aside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from replgym.agents.sft.sft_data_settings import SftDataSettings
from replgym.agents.sft.tokenisation import TokenCounts, tokenise
from replgym.agents.tokens.token_file import TokenFile
from replgym.envs.task_sources.bad_row import BadRow
from replgym.envs.task_sources.conversation import Conversation


def conversation(name: str, *said: str) -> Conversation:
    messages = [{"role": "user", "content": "go"}]
    for text in said:
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": "on"}]
    return Conversation.model_validate({"id": name, "source": "s", "messages": messages[:-1]})


SHORT, LONG = conversation("short", "a"), conversation("long", "a", "b " * 50)
MANY = [conversation(str(n), f"answer {n}") for n in range(100)]


class Tokenised:
    def __init__(self, folder: Path, tokenizer: Path, **settings: Any) -> None:
        self.settings = SftDataSettings(files=("c.jsonl",), **settings)
        self.folder, self.tokenizer = folder, tokenizer
        self.counts = TokenCounts()
        self.seen = 0

    def of(self, conversations: Sequence[Conversation | BadRow], seed: int = 0) -> list[list[int]]:
        self.counts = tokenise(
            conversations,
            self.settings,
            tokenizer=str(self.tokenizer),
            seed=seed,
            train=self.folder / "train.arrow",
            heldout=self.folder / "heldout.arrow",
            aside=self.folder / "aside.jsonl",
            on_conversation=self._count,
        )
        return self.samples("train.arrow")

    def samples(self, name: str) -> list[list[int]]:
        file = TokenFile(self.folder / name)
        return [file[number][0].tolist() for number in range(len(file))]

    def aside(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "aside.jsonl").read_text().splitlines()]

    def _count(self) -> None:
        self.seen += 1


def test_what_is_too_long_is_set_aside_or_cut(tmp_path: Path, tiny_folder: Path) -> None:
    bad = BadRow("c.jsonl", 3, "messages", "it must be a list")
    dropped = Tokenised(tmp_path, tiny_folder, max_tokens=60)
    assert len(dropped.of([SHORT, bad, LONG])) == 1
    assert dropped.seen == 3
    told = dropped.counts
    assert (told.conversations, told.samples, told.left_out, told.bad_rows, told.cut) == (1, 1, 1, 1, 0)
    assert [row["file"] for row in dropped.aside()] == ["c.jsonl", "long"]
    assert dropped.aside()[1]["message"].endswith("data.max_tokens is 60")
    whole = Tokenised(tmp_path, tiny_folder, max_tokens=1000).of([SHORT, LONG])
    cut = Tokenised(tmp_path, tiny_folder, max_tokens=60, too_long="cut")
    assert cut.of([SHORT, LONG]) == [whole[0], whole[1][:60]]
    assert (cut.counts.cut, cut.counts.longest) == (1, 60)
    masks = [TokenFile(tmp_path / "train.arrow")[number][1] for number in range(2)]
    assert cut.counts.learnt_tokens == sum(int(mask.sum()) for mask in masks) < cut.counts.tokens


def test_a_prompt_that_fills_a_sample_leaves_nothing_to_learn(tmp_path: Path, tiny_folder: Path) -> None:
    message = {"role": "user", "content": "x " * 40}
    prompt = Conversation.model_validate(
        {"id": "p", "source": "s", "messages": [message, {"role": "assistant", "content": "a"}]}
    )
    made = Tokenised(tmp_path, tiny_folder, max_tokens=16, too_long="cut")
    assert made.of([prompt]) == []
    assert "nothing to learn" in made.aside()[0]["message"]


def test_what_is_held_out_depends_on_seed_and_id_alone(tmp_path: Path, tiny_folder: Path) -> None:
    made = Tokenised(tmp_path, tiny_folder, heldout_share=0.3)
    train, heldout = made.of(MANY), made.samples("heldout.arrow")
    assert len(train) + len(heldout) == 100
    assert 15 < len(heldout) == made.counts.heldout < 45
    made.of(MANY[::-1])
    assert sorted(made.samples("heldout.arrow")) == sorted(heldout)
    made.of(MANY, seed=1)
    assert sorted(made.samples("heldout.arrow")) != sorted(heldout)


def test_processes_change_nothing(tmp_path: Path, tiny_folder: Path) -> None:
    assert Tokenised(tmp_path, tiny_folder, processes=2).of(MANY) == Tokenised(tmp_path, tiny_folder).of(MANY)


def test_what_a_template_refuses_is_set_aside(tmp_path: Path, tiny_folder: Path) -> None:
    from transformers import AutoTokenizer

    strict = AutoTokenizer.from_pretrained(tiny_folder)
    strict.chat_template = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    strict.save_pretrained(tmp_path / "strict")
    system = {"role": "system", "content": "s"}
    messages = [system, *(each.model_dump() for each in SHORT.messages)]
    refused = Conversation.model_validate({"id": "r", "source": "s", "messages": messages})
    made = Tokenised(tmp_path, tmp_path / "strict")
    assert len(made.of([refused, SHORT])) == 1
    assert (made.counts.bad_rows, made.aside()[0]["message"]) == (
        1,
        "the chat template refuses these messages: no system",
    )


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_is_less_than_all(share: float) -> None:
    with pytest.raises(ValueError, match="heldout_share"):
        SftDataSettings(files=("c",), heldout_share=share)
