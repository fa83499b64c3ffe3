"""Which episodes a report carries along, and how they travel into the page.

A page with every episode of a long run would not open; a fixed number is taken, balanced over the arms and,
in training, spread over the steps. Texts are cut to a cap that says how much it cut.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ...kernels.cell_result import cut_middle
from ..rollouts.episode import Episode, Turn
from ..rollouts.episode_level import level_of
from ..tokens.branch import Branch
from .run_data import RunData

Decode = Callable[[Sequence[int]], str]
Chosen = list[tuple[str, Episode]]

_TEXT_CAP = 20_000
_TOKEN_CAP = 6_000
_GOLDEN = 0.6180339887498949


def select_episodes(run: RunData, cap: int) -> Chosen:
    """At most `cap` episodes with their arm: arms in turn, in each arm the steps in turn, far apart first."""
    columns = [
        [(arm, e) for e in _spread(episodes)] for arm, episodes in (*run.arms.items(), ("train", run.train))
    ]
    rows = zip_longest(*columns)
    chosen = [entry for row in rows for entry in row if entry is not None][:cap]
    order = {arm: place for place, arm in enumerate((*run.arms, "train"))}
    return sorted(chosen, key=lambda entry: (order[entry[0]], entry[1].step or 0))


def as_json(chosen: Chosen, branches: Mapping[str, Sequence[Branch]], decode: Decode | None) -> str:
    """The episodes as JSON that is safe inside a script element."""
    words: dict[int, str] = {}
    episodes = []
    for arm, episode in chosen:
        own = branches.get(f"{arm}/{episode.id}", ())
        if decode is not None:
            for branch in own:
                words |= {i: decode([i]) for i in branch.response_ids[:_TOKEN_CAP] if i not in words}
        episodes.append(_episode(arm, episode, own))
    text = json.dumps({"episodes": episodes, "words": words}, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _spread(episodes: Sequence[Episode]) -> list[Episode]:
    steps: defaultdict[int | None, list[Episode]] = defaultdict(list)
    for episode in episodes:
        steps[episode.step].append(episode)
    far_apart = [
        members for _, members in sorted(enumerate(steps.values()), key=lambda p: p[0] * _GOLDEN % 1)
    ]
    return [e for row in zip_longest(*far_apart) for e in row if e is not None]


def _episode(arm: str, episode: Episode, branches: Sequence[Branch]) -> dict[str, Any]:
    verdict = episode.verdict
    return {
        "arm": arm,
        "id": episode.id,
        "step": episode.step,
        "task": episode.task_id,
        "level": level_of(episode),
        "sample": episode.sample,
        "solved": episode.solved,
        "reward": episode.reward,
        "parts": episode.reward_parts,
        "stop": str(episode.stop),
        "failure": None if episode.failure is None else f"{episode.failure}: {_cut(episode.failure_message)}",
        "seconds": round(episode.seconds, 3),
        "messages": [
            {"role": m.get("role", ""), "content": _cut(m.get("content", ""))} for m in episode.messages
        ],
        "turns": [_turn(turn) for turn in episode.turns],
        "submission": None if episode.submission is None else _cut(episode.submission),
        "tests": [[t.name, str(t.outcome), _cut(t.message), round(t.seconds, 4)] for t in verdict.tests]
        if verdict
        else [],
        "branches": [_branch(branch) for branch in branches],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "action": _cut(turn.action),
        "observation": _cut(turn.observation),
        "code": [_cut(cell) for cell in turn.code],
        "calls": turn.calls,
        "hostCalls": turn.host_calls,
        "parseError": turn.parse_error,
        "protocol": turn.protocol,
        "repaired": turn.repaired,
        "invented": turn.invented_output,
        "finish": turn.finish_reason,
        "tokens": turn.completion_tokens,
        "policySeconds": round(turn.policy_seconds, 3),
        "environmentSeconds": round(turn.environment_seconds, 3),
    }


def _branch(branch: Branch) -> dict[str, Any]:
    return {
        "prompt": len(branch.prompt_ids),
        "ids": branch.response_ids[:_TOKEN_CAP],
        "mask": branch.response_mask[:_TOKEN_CAP],
        "logprobs": [round(value, 3) for value in branch.logprobs[:_TOKEN_CAP]],
        "cut": max(0, len(branch.response_ids) - _TOKEN_CAP),
        "exact": branch.exact,
    }


def _cut(text: str) -> str:
    return cut_middle(text, _TEXT_CAP)
