"""Evaluations as logs of inspect_ai (its JSON form, version 2), for its viewer and its tools.

Each set becomes one log, each episode a sample, and the samples of one task its epochs. Nothing of inspect_ai
is imported, and samples are written one at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...envs.whole_file import whole_file
from ..rollouts.episode import Episode
from ..rollouts.episode_log import EpisodeLogError
from .evaluated_run import EvaluatedRun
from .evaluation_summary import EvaluationSummary
from .spending import tokens_of

FOLDER = "inspect"
_SCORER = "hidden_tests"
_CORRECT, _INCORRECT = "C", "I"


def write_inspect_logs(folder: Path) -> list[str]:
    """Writes `inspect/TIME_SET_RUN.json` for every set of an evaluation; inspect_ai finds no other names.

    Args:
        folder: What `replgym eval` wrote.

    Returns:
        The names of the files, below the folder.

    Raises:
        UsageError: If nothing was evaluated there.
        EpisodeLogError: If a log cannot be written.
    """
    run, names = EvaluatedRun.read(folder), []
    for label in run.record.sets:
        name = f"{FOLDER}/{_file_name(run, label)}"
        _write(run, label, folder / name)
        names.append(name)
    return names


def _file_name(run: EvaluatedRun, label: str) -> str:
    parts = (run.record.created, label, run.record.identity)
    return "_".join(re.sub(r"[^A-Za-z0-9.+-]+", "-", part) for part in parts) + ".json"


def _write(run: EvaluatedRun, label: str, path: Path) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
        with whole_file(path) as beside, beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps(_head(run, label))[:-1] + ', "samples": [')
            for number, episode in enumerate(_of_set(run, label)):
                file.write((",\n" if number else "\n") + json.dumps(_sample(run, episode)))
            file.write("\n]}\n")
    except OSError as error:
        raise EpisodeLogError(f"{path}: {error.strerror}; make room") from error


def _of_set(run: EvaluatedRun, label: str) -> Iterator[Episode]:
    return (episode for episode in run.episodes() if episode.info.get("set") == label)


def _head(run: EvaluatedRun, label: str) -> dict[str, Any]:
    """Everything but the samples."""
    record, summary = run.record, EvaluationSummary.of(_of_set(run, label))
    ids = [task.id for task in run.tasks.values() if task.set == label]
    totals = [(tokens.prompt, tokens.completion) for tokens in map(tokens_of, _of_set(run, label))]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "version": 2,
        "status": "success" if summary.episodes == len(ids) * record.samples else "cancelled",
        "eval": {
            "eval_id": record.identity,
            "run_id": record.identity,
            "created": record.created,
            "task": f"replgym/{label}",
            "task_id": f"{record.identity}-{label}",
            "dataset": {"name": label, "samples": len(ids), "sample_ids": ids},
            "model": record.policy,
            "model_generate_config": _generation(record.settings),
            "config": {"epochs": record.samples},
            "packages": {"replgym": record.version},
            "metadata": {"settings": record.settings},
        },
        "plan": {"name": "plan", "steps": []},
        "results": {
            "total_samples": len(ids) * record.samples,
            "completed_samples": summary.scored,
            "scores": [_score_of(summary)],
        },
        "stats": {
            "started_at": record.created,
            "completed_at": now,
            "model_usage": {record.policy: _usage(sum(a for a, _ in totals), sum(b for _, b in totals))},
        },
    }


def _generation(settings: Mapping[str, Any]) -> dict[str, Any]:
    sampling = settings["sampling"]
    wanted = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens"}
    return {ours: sampling[theirs] for ours, theirs in wanted.items()} | {"seed": settings["seed"]}


def _score_of(summary: EvaluationSummary) -> dict[str, Any]:
    metrics: dict[str, float] = {"accuracy": summary.pass_at_1 or 0.0}
    if summary.standard_error is not None:
        metrics["stderr"] = summary.standard_error
    return {
        "name": _SCORER,
        "scorer": _SCORER,
        "scored_samples": summary.scored,
        "unscored_samples": summary.failed,
        "metrics": {name: {"name": name, "value": value} for name, value in metrics.items()},
    }


def _sample(run: EvaluatedRun, episode: Episode) -> dict[str, Any]:
    messages, tokens, model = _messages(episode), tokens_of(episode), run.record.policy
    usage = _usage(tokens.prompt, tokens.completion)
    sample: dict[str, Any] = {
        "id": episode.task_id,
        "epoch": episode.sample + 1,
        "input": messages[: len(episode.messages)],
        "target": "",
        "messages": messages,
        "output": _output(episode, model, usage),
        "metadata": {**episode.info, "stop": str(episode.stop), "reward": episode.reward},
        "model_usage": {model: usage},
        "total_time": episode.seconds,
        "working_time": episode.seconds,
        "uuid": episode.id,
    }
    if episode.failure is not None:
        told = f"{episode.failure}: {episode.failure_message}"
        return sample | {"error": {"message": told, "traceback": told, "traceback_ansi": told}}
    tests = [[test.name, str(test.outcome), test.message] for test in _tests(episode)]
    score = {
        "value": _CORRECT if episode.solved else _INCORRECT,
        "answer": episode.submission or "",
        "explanation": "\n".join(": ".join(filter(None, test)) for test in tests),
        "metadata": {"tests_passed": episode.verdict.fraction if episode.verdict is not None else 0.0},
    }
    return sample | {"scores": {_SCORER: score}}


def _tests(episode: Episode) -> Sequence[Any]:
    return episode.verdict.tests if episode.verdict is not None else ()


def _messages(episode: Episode) -> list[dict[str, str]]:
    """The conversation; what an environment answered comes from the user."""
    messages = [{"role": each["role"], "content": each["content"]} for each in episode.messages]
    for turn in episode.turns:
        messages += [
            {"role": "assistant", "content": turn.action},
            {"role": "user", "content": turn.observation},
        ]
    return messages[:-1] if episode.turns and not episode.turns[-1].observation else messages


def _output(episode: Episode, model: str, usage: Mapping[str, int]) -> dict[str, Any]:
    if not episode.turns:
        return {"model": model, "choices": [], "usage": usage}
    last = episode.turns[-1]
    reason = "max_tokens" if last.finish_reason == "length" else "stop"
    message = {"role": "assistant", "content": last.action, "source": "generate"}
    choice = {"message": message, "stop_reason": reason}
    return {"model": model, "choices": [choice], "completion": last.action, "usage": usage}


def _usage(prompt: int, completion: int) -> dict[str, int]:
    return {"input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion}
