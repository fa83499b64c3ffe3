"""Makes branches of what an engine saw and sampled, turn by turn.

Nothing but these two enters a branch. What stands between two sampled messages is whatever the engine saw
there. A prompt that does not begin with all that came before closes the branch and opens another, so every
sampled id is trained on exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .branch import Branch


@dataclass(slots=True)
class _Open:
    """The branch that may still grow."""

    ids: list[int]
    start: int
    """Where the response begins."""
    mask: list[int]
    logprobs: list[float] | None
    """None once a sampled message came without them."""
    exact: bool

    def copy(self) -> _Open:
        return replace(
            self,
            ids=list(self.ids),
            mask=list(self.mask),
            logprobs=None if self.logprobs is None else list(self.logprobs),
        )

    def branch(self) -> Branch:
        return Branch(
            prompt_ids=tuple(self.ids[: self.start]),
            response_ids=tuple(self.ids[self.start :]),
            response_mask=tuple(self.mask),
            logprobs=tuple(self.logprobs or ()),
            exact=self.exact,
        )


class BranchBuilder:
    """The branches of one episode."""

    def __init__(self) -> None:
        self._closed: list[Branch] = []
        self._open: _Open | None = None

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The branches so far, in the order in which they were sampled; each holds a sampled id."""
        return (*self._closed, *([self._open.branch()] if self._open else []))

    def sampled(
        self,
        prompt_ids: Sequence[int],
        token_ids: Sequence[int],
        logprobs: Sequence[float] = (),
        *,
        exact: bool = True,
    ) -> bool:
        """Adds a message.

        Args:
            prompt_ids: All that the engine saw.
            token_ids: What it sampled; with none nothing happens.
            logprobs: One for each of them, or none at all.
            exact: False when the ids were made from text.

        Returns:
            Whether the prompt broke with what came before, so that another branch began.
        """
        if not token_ids:
            return False
        broke = self._open is not None and list(prompt_ids[: len(self._open.ids)]) != self._open.ids
        if self._open is not None and broke:
            self._closed.append(self._open.branch())
            self._open = None
        if self._open is None:
            self._open = _Open(list(prompt_ids), len(prompt_ids), [], [], True)
        self._grow(self._open, prompt_ids, token_ids, logprobs)
        self._open.exact = self._open.exact and exact
        return broke

    def copy(self) -> BranchBuilder:
        """The same branches so far; what is added to one is not in the other."""
        twin = BranchBuilder()
        twin._closed = list(self._closed)
        twin._open = self._open.copy() if self._open else None
        return twin

    @staticmethod
    def _grow(
        branch: _Open, prompt_ids: Sequence[int], token_ids: Sequence[int], logprobs: Sequence[float]
    ) -> None:
        between = prompt_ids[len(branch.ids) :]
        branch.ids += [*between, *token_ids]
        branch.mask += [0] * len(between) + [1] * len(token_ids)
        if len(logprobs) != len(token_ids):
            branch.logprobs = None
        elif branch.logprobs is not None:
            branch.logprobs += [0.0] * len(between) + list(logprobs)
