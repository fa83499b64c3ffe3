"""The registry and the documentation know the same sets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from replgym.envs.task_sources.reader import matching
from replgym.envs.task_sources.registry import TASK_SOURCES
from replgym.envs.task_sources.task_source import HubFiles

ROOT = Path(__file__).parents[3]


def test_every_source_is_in_a_table() -> None:
    pages = "".join(page.read_text() for page in (ROOT / "docs").glob("data*.md"))
    rows = re.findall(r"^\| (`.*?) \|", pages, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert set(TASK_SOURCES) - named == set()


def test_names_titles_and_licences_are_given() -> None:
    for name, source in TASK_SOURCES.items():
        assert name == source.name
        assert source.title
        assert source.licence
        assert all(source.splits.values())
        if isinstance(source.files, HubFiles):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+", source.files.repository)


@pytest.mark.parametrize(
    ("name", "split", "names"),
    [
        ("apps", "test", ["test.jsonl"]),
        ("taco", "train", ["ALL/train-00000-of-00009.parquet", "ALL/train-00001-of-00009.parquet"]),
        ("taco-verified", "train", ["taco_verified.json"]),
        ("code_contests", "valid", ["data/valid-00000-of-00001-5e672c5751f060d3.parquet"]),
        ("livecodebench", "v2", ["test.jsonl", "test2.jsonl"]),
        ("bigcodebench", "v0.1.0_hf", ["data/v0.1.0_hf-00000-of-00001.parquet"]),
        ("cruxeval", "test", ["test.jsonl"]),
        (
            "xcoder-rl",
            "train",
            [
                "syn_rl_data/xcoder_data/sorted_by_passrate/rl_tasks_easy.parquet",
                "syn_rl_data/xcoder_data/sorted_by_passrate/part_0000.parquet",
                "syn_rl_data/xcoder_data/sorted_by_passrate/part_0001.parquet",
                "real_rl_data/non_sys_prompt/codeforces_9763.parquet",
                "real_rl_data/non_sys_prompt/leetcode_2772.parquet",
            ],
        ),
    ],
)
def test_splits_find_their_files_in_order(name: str, split: str, names: list[str]) -> None:
    """Among the files of the other splits, in the layout of the hub's repositories."""
    others = [
        *("README.md", "test3.jsonl", "data/v0.1.4-00000-of-00001.parquet"),
        *("real_rl_data/non_sys_prompt/test_wo_prompt.parquet", "train/data-00000-of-00009.arrow"),
    ]
    assert matching([*sorted(names), *others], TASK_SOURCES[name].splits[split]) == names
