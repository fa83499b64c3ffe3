"""One episode as the reader of the page shows it, with every cap said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...kernels.cell_result import CellOutput, CellResult, cut_middle
from ..records.spoken_text import spoken_text
from ..rollouts.episode import Episode, Turn
from ..rollouts.kept_result import PICTURES
from ..tokens.branch import Branch

TOKEN_CAP = 20_000
_TEXT_CAP = 20_000
_WRAPPED = ("hermes", "json", "native", "xml")
"""Protocols whose calls a person would rather see as cells."""


def episode_detail(episode: Episode) -> dict[str, Any]:
    """Everything that the reader shows, as JSON."""
    verdict = episode.verdict
    failed = None if episode.failure is None else f"{episode.failure}: {_cut(episode.failure_message)}"
    return {
        "id": episode.id,
        "policy": episode.policy,
        "attempt": episode.attempt,
        "parts": episode.reward_parts,
        "failure": failed,
        "messages": [[m.get("role", ""), _cut(m.get("content", ""))] for m in episode.messages],
        "turns": [_turn(turn) for turn in episode.turns],
        "submission": None if episode.submission is None else _cut(episode.submission),
        "tests": [
            [t.name, str(t.outcome), _cut(t.message), round(t.seconds, 4), t.peak_memory]
            for t in (verdict.tests if verdict else ())
        ],
        "branches": [_branch(branch) for branch in episode.branches],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    """Without what is empty, which most of it is."""
    told = {
        "action": _cut(turn.action),
        "said": _cut(spoken_text(turn)) if turn.code and turn.protocol in _WRAPPED else None,
        "observation": "" if _is_told_by_cells(turn) else _cut(turn.observation),
        "cells": _cells(turn.code, turn.results),
        "calls": turn.calls,
        "hostCalls": turn.host_calls,
        "parseError": turn.parse_error,
        "protocol": turn.protocol,
        "repaired": turn.repaired,
        "leftOut": turn.left_out,
        "invented": turn.invented_output,
        "finish": turn.finish_reason,
        "tokens": turn.completion_tokens,
        "policySeconds": round(turn.policy_seconds, 3),
        "environmentSeconds": round(turn.environment_seconds, 3),
    }
    return {key: value for key, value in told.items() if value or (key == "said" and value is not None)}


def _is_told_by_cells(turn: Turn) -> bool:
    """Whether the model was told what its cells gave, and nothing else."""
    texts = (result.text(_TEXT_CAP) for result in turn.results)
    return bool(turn.results) and turn.observation == "\n".join(filter(None, texts))


def _cells(code: Sequence[str], results: Sequence[CellResult]) -> list[dict[str, Any]]:
    recorded = len(results) == len(code)
    return [
        {"code": _cut(cell), **(_result(results[place]) if recorded else {})}
        for place, cell in enumerate(code)
    ]


def _result(result: CellResult) -> dict[str, Any]:
    error = result.error
    told = {
        "status": str(result.status),
        "outputs": [_output(output) for output in result.outputs],
        "error": None if error is None else _cut(error.traceback or f"{error.name}: {error.value}"),
        "seconds": round(result.duration, 3),
        "truncated": result.truncated,
        "lost": result.state_lost,
        "cause": _cut(result.cause),
    }
    return {key: value for key, value in told.items() if value}


def _output(output: CellOutput) -> list[Any]:
    """Kind and text, or kind, text and the picture."""
    text = _cut(output.text)
    picture = next(([kind, output.data[kind]] for kind in PICTURES if output.data.get(kind)), None)
    return [str(output.kind), text, *([picture] if picture else [])]


def _branch(branch: Branch) -> dict[str, Any]:
    return {
        "prompt": len(branch.prompt_ids),
        "ids": branch.response_ids[:TOKEN_CAP],
        "mask": branch.response_mask[:TOKEN_CAP],
        "logprobs": [round(value, 3) for value in branch.logprobs[:TOKEN_CAP]],
        "cut": max(0, len(branch.response_ids) - TOKEN_CAP),
        "exact": branch.exact,
    }


def _cut(text: str) -> str:
    return cut_middle(text, _TEXT_CAP)
