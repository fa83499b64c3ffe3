"""The registry and the documentation know the same sets."""

from __future__ import annotations

import re
from pathlib import Path

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
