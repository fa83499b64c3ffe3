"""The data set that verl's trainer reads, and what verl's own would have made of the same conversations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest
import torch
from verl.utils.dataset.dataset_utils import SFTTensorCollator
from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset
from verl.utils.import_utils import load_extern_object

from replgym.agents.sft.samples import samples_of
from replgym.agents.tokens.branch import Branch
from replgym.agents.tokens.chat_template import ChatTemplate
from replgym.agents.tokens.token_file import TokenFile, TokenFileWriter
from replgym.agents.verl_adapter.token_dataset import TokenDataset
from replgym.envs.task_sources.conversation import Conversation

SYSTEM, GO = {"role": "system", "content": "Use tools."}, {"role": "user", "content": "go"}
CALL = {"role": "assistant", "content": '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'}
END = {"role": "assistant", "content": "done"}


def verls_own(messages: list[dict[str, str]], tokenizer: Any, folder: Path) -> tuple[list[int], list[int]]:
    path = folder / "own.parquet"
    pandas.DataFrame({"messages": [messages]}).to_parquet(path)
    settings = {"pad_mode": "no_padding", "max_length": 4096}
    row = MultiTurnSFTDataset(str(path), tokenizer, settings)[0]
    return row["input_ids"].tolist(), row["loss_mask"].tolist()


def ours(messages: list[dict[str, str]], tokenizer: Any) -> tuple[list[int], list[int]]:
    conversation = Conversation.model_validate({"id": "c", "source": "s", "messages": messages})
    (branch,) = samples_of(conversation, ChatTemplate(tokenizer))
    mask = [0] * len(branch.prompt_ids) + list(branch.response_mask)
    return list(branch.prompt_ids + branch.response_ids), mask


@pytest.mark.parametrize("answer", [{"role": "user", "content": "1"}, {"role": "tool", "content": "1"}])
def test_verls_own_learns_the_line_break_after_each_message_as_well(
    answer: dict[str, str], qwen: Any, tmp_path: Path
) -> None:
    messages = [SYSTEM, GO, CALL, answer, CALL, answer, END]
    (ids, mask), (its_ids, its_mask) = ours(messages, qwen), verls_own(messages, qwen, tmp_path)
    line_break = qwen.encode("\n")
    assert its_ids == ids + line_break
    differing = [place for place, learnt in enumerate(its_mask) if learnt != [*mask, 0][place]]
    assert [its_ids[place - 1 : place + 1] for place in differing] == [[qwen.eos_token_id, *line_break]] * 3
    assert [its_mask[place] for place in differing] == [1] * 3


def test_verls_own_refuses_two_answers_of_tools(qwen: Any, tmp_path: Path) -> None:
    answer = {"role": "tool", "content": "1"}
    messages = [SYSTEM, GO, CALL, answer, answer, END]
    with pytest.raises(AssertionError, match="apply_chat_template to each turn separately"):
        verls_own(messages, qwen, tmp_path)
    ids, mask = ours(messages, qwen)
    assert qwen.decode(ids) + "\n" == qwen.apply_chat_template(messages, tokenize=False)
    learnt = [number for number, keep in zip(ids, mask, strict=True) if keep]
    assert qwen.decode(learnt) == f"{CALL['content']}<|im_end|>{END['content']}<|im_end|>"


def test_verls_own_takes_words_of_a_tool_for_the_end_of_a_turn(qwen: Any, tmp_path: Path) -> None:
    messages = [SYSTEM, GO, CALL, {"role": "user", "content": "a<|im_end|>b"}, END]
    (ids, _), (its_ids, _) = ours(messages, qwen), verls_own(messages, qwen, tmp_path)
    assert its_ids.count(qwen.eos_token_id) == 6
    assert ids.count(qwen.eos_token_id) == 5
    assert qwen.decode(ids) + "\n" == qwen.decode(its_ids)


@pytest.fixture
def branches() -> list[Branch]:
    return [
        Branch(prompt_ids=(n, 2), response_ids=tuple(range(n + 1)), response_mask=(1,) * n + (0,))
        for n in range(600)
    ]


@pytest.fixture
def path(branches: list[Branch], tmp_path: Path) -> Path:
    with TokenFileWriter.to(tmp_path / "tokens.arrow") as file:
        for number, branch in enumerate(branches):
            file.add(str(number), branch)
    assert [each.name for each in tmp_path.iterdir()] == ["tokens.arrow"]
    return tmp_path / "tokens.arrow"


def test_samples_come_back_by_number(path: Path, branches: list[Branch]) -> None:
    file = TokenFile(path)
    assert len(file) == len(branches)
    for number in (0, 255, 256, 599):
        ids, mask = file[number]
        assert tuple(ids) == branches[number].prompt_ids + branches[number].response_ids
        assert tuple(mask) == (0, 0, *branches[number].response_mask)


def test_a_file_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), TokenFileWriter.to(tmp_path / "tokens.arrow"):
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_verl_loads_the_data_set_and_a_seed_gives_the_order(path: Path) -> None:
    found = load_extern_object("pkg://replgym.agents.verl_adapter.token_dataset", "TokenDataset")
    assert found is TokenDataset

    def firsts(seed: int) -> list[int]:
        made = TokenDataset([str(path)], None, {"seed": seed})
        return [int(made[place]["input_ids"][0]) for place in range(len(made))]

    assert sorted(firsts(0)) == list(range(600))
    assert firsts(0) == firsts(0) != firsts(1)
    batch = SFTTensorCollator("no_padding")([TokenDataset(str(path), None, {"seed": 0})[n] for n in range(4)])
    assert batch["input_ids"].offsets().diff().tolist() == [3 + first for first in firsts(0)[:4]]
    assert {batch[key].dtype for key in batch} == {torch.int64}
    assert batch["position_ids"][1].tolist() == list(range(3 + firsts(0)[1]))
