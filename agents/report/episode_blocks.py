"""All episodes of a report inside its page: compressed blocks, of which a reader unpacks one at a time.

A page that unpacked everything at once would take minutes and gigabytes to open. The index, which the table
needs, is a block of its own; so are the words of the token ids.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

from ..records.run_decoder import Decode
from ..rollouts.episode import Episode
from .episode_detail import TOKEN_CAP, episode_detail
from .episode_index import EpisodeIndex

_BLOCK = 400_000
"""Characters of JSON from which on a block is full; more pack better, fewer open faster."""


class EpisodeBlocks:
    """Takes episodes one by one and gives the script elements that hold them."""

    def __init__(self) -> None:
        self._index = EpisodeIndex()
        self._firsts: list[int] = []
        self._packed: list[str] = []
        self._open: list[str] = []
        self._size = 0
        self._words: dict[str, dict[int, str]] = {}

    def __len__(self) -> int:
        return len(self._index)

    def add(self, arm: str, run: str, episode: Episode, decode: Decode | None = None) -> None:
        """Adds an episode.

        Args:
            arm: What the table says that it is of.
            run: The run's name, each a different one.
            episode: With its token branches.
            decode: Token ids to text; without it, the ids are shown.
        """
        if not self._open:
            self._firsts.append(len(self._index))
        self._index.add(arm, run, episode)
        self._open.append(_json(episode_detail(episode)))
        self._size += len(self._open[-1])
        if decode is not None:
            words = self._words.setdefault(run, {})
            for branch in episode.branches:
                words |= {i: decode([i]) for i in branch.response_ids[:TOKEN_CAP] if i not in words}
        if self._size >= _BLOCK:
            self._close()

    def elements(self) -> Iterator[str]:
        """The script elements: the index, the words of every run, and the blocks."""
        self._close()
        head = {
            "columns": self._index.columns(),
            "count": len(self._index),
            "blocks": self._firsts,
            "words": list(self._words),
        }
        yield _element("index", _packed(_json(head)))
        for number, words in enumerate(self._words.values()):
            yield _element(f"words-{number}", _packed(_json(words)))
        for number, packed in enumerate(self._packed):
            yield _element(f"block-{number}", packed)

    def _close(self) -> None:
        if self._open:
            self._packed.append(_packed(f"[{','.join(self._open)}]"))
            self._open, self._size = [], 0


def _json(value: Any) -> str:
    """In ASCII, so that whatever a text holds arrives as it was."""
    return json.dumps(value, separators=(",", ":"))


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("ascii"), 7, mtime=0)).decode("ascii")


def _element(name: str, packed: str) -> str:
    return f'<script type="application/gzip" id="{name}">{packed}</script>\n'
