"""Features of problems: a tree of which combinations are drawn, or combinations that are given one by one.

A tree is YAML or JSON: mappings are branches, lists and texts hold the leaves. Combinations are JSON lines
`{features, mandatory_features, style?}`, as X-Coder's feature stage writes them; `features` may be a tree
itself, and other fields are left alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from ...envs.task_sources.reader import SourceError
from ...envs.task_sources.row_error import RowError
from ...envs.task_sources.row_files import rows_of_file
from .problem_seed import ProblemSeed
from .style import Style

_TREES = (".yaml", ".yml", ".json")
_COMBINATIONS = (".jsonl", ".jsonl.gz", ".jsonl.zst")
_DRAWS_PER_TASK = 20
_BETWEEN = " / "


def read_seeds(
    path: Path, styles: Sequence[Style], *, tasks: int | None, features: int, mandatory: int, seed: int
) -> Iterator[ProblemSeed]:
    """The seeds of a file.

    Args:
        path: A tree, or combinations.
        styles: Given to the seeds in turn.
        tasks: How many; of a tree 100 by default, of combinations all.
        features: Leaves of a combination that is drawn.
        mandatory: How many of them the problem cannot do without.
        seed: Of the draws.

    Raises:
        SourceError: If the file cannot be read, or holds too few features.
        FileNotFoundError: If it is not there.
    """
    if not path.is_file():
        raise FileNotFoundError(f"--features {path}: there is no such file")
    if path.name.endswith(_COMBINATIONS):
        return _given(path, styles, tasks)
    if path.suffix in _TREES:
        return _drawn(path, styles, 100 if tasks is None else tasks, features, mandatory, seed)
    known = ", ".join((*_TREES, *_COMBINATIONS))
    raise SourceError(f"--features {path}: use a tree or combinations, which end in one of: {known}")


def leaves_of(tree: Any, above: tuple[str, ...] = ()) -> Iterator[str]:
    """The paths of all leaves, in the order of the tree.

    Raises:
        ValueError: If something in it is neither a branch nor a leaf.
    """
    if isinstance(tree, dict):
        for name, below in tree.items():
            yield from leaves_of(below, (*above, str(name)))
    elif isinstance(tree, list):
        for below in tree:
            yield from leaves_of(below, above)
    elif tree is None and above:
        yield _BETWEEN.join(above)
    elif isinstance(tree, str | int | float) and str(tree).strip():
        yield _BETWEEN.join((*above, str(tree).strip()))
    else:
        raise ValueError(f"{tree!r} is neither a branch nor a leaf")


def _drawn(
    path: Path, styles: Sequence[Style], tasks: int, features: int, mandatory: int, seed: int
) -> Iterator[ProblemSeed]:
    """Distinct combinations: at most as many as are asked for, and as the tree gives."""
    leaves = _leaves_of_file(path)
    if len(leaves) < features:
        raise SourceError(
            f"--features {path}: it has {len(leaves)} leaves; --features-per-task {features} needs as many"
        )
    draw, seen, made = random.Random(seed), set[tuple[Style, frozenset[str]]](), 0
    for _ in range(tasks * _DRAWS_PER_TASK):
        if made == tasks:
            return
        chosen, style = draw.sample(leaves, features), styles[made % len(styles)]
        if (style, frozenset(chosen)) not in seen:
            seen.add((style, frozenset(chosen)))
            made += 1
            yield ProblemSeed(features=tuple(chosen), mandatory=tuple(chosen[:mandatory]), style=style)


def _leaves_of_file(path: Path) -> list[str]:
    try:
        return list(dict.fromkeys(leaves_of(yaml.safe_load(path.read_text(encoding="utf-8")))))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        told = " ".join(str(error).split())
        raise SourceError(f"--features {path}: {told}; give a tree of mappings, lists and texts") from error


def _given(path: Path, styles: Sequence[Style], tasks: int | None) -> Iterator[ProblemSeed]:
    for place, row in enumerate(rows_of_file(path)):
        if tasks is not None and place >= tasks:
            return
        if isinstance(row.values, RowError):
            raise SourceError(f"--features {path}, row {row.number}: {row.values}")
        try:
            yield ProblemSeed(
                features=tuple(leaves_of(_decoded(row.values.get("features")))),
                mandatory=tuple(leaves_of(_decoded(row.values.get("mandatory_features") or []))),
                style=Style(row.values.get("style", styles[place % len(styles)])),
            )
        except ValueError as error:
            told = " ".join(str(error).split())
            raise SourceError(f"--features {path}, row {row.number}: {told}") from error


def _decoded(value: Any) -> Any:
    """A tree that is written as JSON text is read."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        return json.loads(value)
    return value
