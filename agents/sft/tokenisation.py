"""Files of conversations become files of tokenised samples, once, before anything trains.

Every template that refuses a message and every sample that is too long is found here; such rows are set aside
with their reason. Memory holds a few conversations, however large the files are.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ...envs.task_sources.bad_row import BadRow
from ...envs.task_sources.conversation import Conversation
from ..tokens.branch import Branch
from ..tokens.chat_template import ChatTemplate, ChatTemplateError
from ..tokens.token_file import TokenFileWriter
from .samples import samples_of
from .sft_data_settings import SftDataSettings

_CHUNK = 32

Tokenised = tuple[Branch, ...] | BadRow


class TokenCounts(BaseModel):
    """What became of the conversations."""

    conversations: int = 0
    samples: int = 0
    """Training samples."""
    heldout: int = 0
    """Samples that are measured only."""
    tokens: int = 0
    """Of training samples."""
    learnt_tokens: int = 0
    """Those of them whose mask is 1."""
    longest: int = 0
    """Tokens of the longest sample."""
    cut: int = 0
    """Samples that were cut."""
    bad_rows: int = 0
    """Rows that are no conversations, or that the chat template refuses."""
    left_out: int = 0
    """Conversations that are too long."""

    def leave_out(self, row: BadRow) -> None:
        """Counts a row of which nothing is learnt."""
        self.left_out += row.left_out
        self.bad_rows += not row.left_out

    def add(self, branch: Branch, *, held: bool) -> None:
        """Counts a sample."""
        length = len(branch.prompt_ids) + len(branch.response_ids)
        self.longest = max(self.longest, length)
        if held:
            self.heldout += 1
            return
        self.samples += 1
        self.tokens += length
        self.learnt_tokens += sum(branch.response_mask)


def tokenise(
    conversations: Iterable[Conversation | BadRow],
    settings: SftDataSettings,
    *,
    tokenizer: str,
    seed: int,
    train: Path,
    heldout: Path,
    aside: Path,
    on_conversation: Callable[[], None],
) -> TokenCounts:
    """Tokenises conversations as rollouts would have.

    Args:
        conversations: What to learn, and rows that could not be read.
        settings: Longest sample, share that is held out, processes.
        tokenizer: Folder or name of the model whose tokenizer and chat template are used.
        seed: With the id it decides what is held out.
        train: File of samples to write.
        heldout: The same for what is held out.
        aside: File for rows that cannot be used, one JSON object a line.
        on_conversation: Called for every row.
    """
    counts = TokenCounts()
    with ExitStack() as stack:
        files = [stack.enter_context(TokenFileWriter.to(path)) for path in (train, heldout)]
        unused = stack.enter_context(aside.open("w", encoding="utf-8"))
        for name, made in _tokenised(conversations, tokenizer, settings.processes):
            on_conversation()
            branches = made if isinstance(made, BadRow) else _fitted(name, made, settings, counts)
            if isinstance(branches, BadRow):
                counts.leave_out(branches)
                unused.write(json.dumps(asdict(branches)) + "\n")
                continue
            held = _share(f"{seed} {name}") < settings.heldout_share
            for branch in branches:
                files[held].add(name, branch)
                counts.add(branch, held=held)
    return counts


def _fitted(
    name: str, branches: tuple[Branch, ...], settings: SftDataSettings, counts: TokenCounts
) -> Tokenised:
    """Samples of at most `max_tokens`, or why there are none."""
    most, fitted = settings.max_tokens, []
    for branch in branches:
        length = len(branch.prompt_ids) + len(branch.response_ids)
        if length > most and settings.too_long == "drop":
            told = f"a sample has {length} tokens; data.max_tokens is {most}"
            return BadRow(name, 0, "messages", told, left_out=True)
        room = max(0, most - len(branch.prompt_ids))
        kept = branch.model_copy(
            update={"response_ids": branch.response_ids[:room], "response_mask": branch.response_mask[:room]}
        )
        if not any(kept.response_mask):
            told = f"the first {most} tokens of a sample hold nothing to learn; raise data.max_tokens"
            return BadRow(name, 0, "messages", told, left_out=True)
        counts.cut += length > most
        fitted.append(kept)
    counts.conversations += 1
    return tuple(fitted)


def _share(text: str) -> float:
    """A number from 0 up to 1 that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56


def _tokenised(
    conversations: Iterable[Conversation | BadRow], tokenizer: str, processes: int
) -> Iterator[tuple[str, Tokenised]]:
    """Every row with what became of it, in order."""
    left = iter(conversations)
    chunks = iter(lambda: list(islice(left, _CHUNK)), [])
    if processes == 1:
        for chunk in chunks:
            yield from _of_chunk(tokenizer, chunk)
        return
    waiting: deque[Future[list[tuple[str, Tokenised]]]] = deque()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for chunk in chunks:
            waiting.append(pool.submit(_of_chunk, tokenizer, chunk))
            if len(waiting) > 2 * processes:
                yield from waiting.popleft().result()
        for future in waiting:
            yield from future.result()


def _of_chunk(tokenizer: str, chunk: Sequence[Conversation | BadRow]) -> list[tuple[str, Tokenised]]:
    template = load_template(tokenizer)
    made: list[tuple[str, Tokenised]] = []
    for item in chunk:
        if isinstance(item, BadRow):
            made.append((item.file, item))
            continue
        try:
            made.append((item.id, samples_of(item, template)))
        except ChatTemplateError as error:
            made.append((item.id, BadRow(item.id, 0, "messages", str(error))))
    return made


@lru_cache(maxsize=1)
def load_template(tokenizer: str) -> ChatTemplate:
    """The chat template of a model, loaded once a process."""
    from transformers import AutoTokenizer

    loaded: Any = AutoTokenizer.from_pretrained(tokenizer)
    return ChatTemplate(loaded)
