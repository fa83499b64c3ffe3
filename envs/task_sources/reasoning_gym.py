"""Procedural tasks of reasoning-gym (arXiv 2505.24760), judged by the package's own scorers.

A submission prints its answer. Where a data set of the package only compares texts, so do the tests. Where
it has a scorer of its own, that scorer is the special judge: it runs in the trusted process, gets the entry
as it was generated, and its full score of 1 is a pass. A scorer that raises on an answer rejects it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...rewards.comparison import ExactText, SpecialJudge
from ...rewards.tests import StdioCase, StdioTests
from ..task import Task, TaskMetadata
from .raw_row import RawRow
from .reader import SourceError
from .task_source import PackageRows, TaskSource

_NEEDS_PARTS = frozenset({"composite"})
"""Data sets of data sets, which mean nothing without settings."""
_SCORER = """\
import reasoning_gym


def accepts(stdin, output, expected):
    data = reasoning_gym.create_dataset({name!r}, seed={seed}, size={size})
    try:
        return data.score_answer(output.strip(), data[{index}]) >= 1.0
    except Exception:
        return False
"""


def _rows(
    split: str, datasets: Iterable[str] | str = (), size: int = 1000, seed: int = 0
) -> Iterator[Mapping[str, Any]]:
    from reasoning_gym.factory import DATASETS

    names = [datasets] if isinstance(datasets, str) else list(datasets)
    if unknown := sorted(set(names) - DATASETS.keys()):
        raise SourceError(f"data sets {unknown!r} are unknown; use some of: {', '.join(sorted(DATASETS))}")
    chosen = names or sorted(DATASETS.keys() - _NEEDS_PARTS)
    return _entries(chosen, size, 2 * seed + (split == "test"))


def _entries(names: list[str], size: int, seed: int) -> Iterator[Mapping[str, Any]]:
    """About as many entries of every data set, `size` in all."""
    import reasoning_gym
    from reasoning_gym.dataset import ProceduralDataset

    for place, name in enumerate(names):
        count = size // len(names) + (place < size % len(names))
        if not count:
            continue
        data = reasoning_gym.create_dataset(name, seed=seed, size=count)
        scored = type(data).score_answer is not ProceduralDataset.score_answer
        for index in range(count):
            entry = data[index]
            place_of_entry = {"name": name, "seed": seed, "size": count, "index": index}
            yield {
                **place_of_entry,
                "question": entry["question"],
                "answer": entry["answer"],
                "scored": scored,
                "answers_itself": entry["answer"] is not None
                and data.score_answer(entry["answer"], entry) >= 1.0,
            }


def _parse(row: RawRow) -> Task:
    name, place = row.text("name"), {key: row.values[key] for key in ("name", "seed", "size", "index")}
    answer = row.values.get("answer")
    scored = bool(row.values["scored"])
    if not scored and not isinstance(answer, str):
        raise row.error("answer", "it must be a text where answers are compared as texts")
    scorer = SpecialJudge(source=_SCORER.format(**place), modules=("reasoning_gym",))
    return Task(
        id=f"reasoning-gym/{name}/{place['seed']}-{place['size']}-{place['index']}",
        prompt=f"{row.text('question')}\n\nSubmit a Python program that prints the answer and nothing else.",
        tests=StdioTests(
            cases=(StdioCase(stdin="", expected=answer or ""),), comparison=scorer if scored else ExactText()
        ),
        metadata=TaskMetadata(source="reasoning-gym", tags=(name,), time_limit=20),
        reference=f"print({answer!r})" if row.values["answers_itself"] else None,
    )


REASONING_GYM = TaskSource(
    name="reasoning-gym",
    title="reasoning-gym",
    licence="Apache-2.0",
    files=PackageRows("reasoning-gym", "data", _rows),
    splits={"train": ("*.jsonl*",), "test": ("*.jsonl*",)},
    parse=_parse,
)
