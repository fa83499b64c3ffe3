"""Rows of two verl recipes: VERL-SQA's, made of APPS, and VerlCoder's, made of LeetCode and KodCode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..task import Task, TaskMetadata
from .chat_prompt import last_user_message
from .contest_fields import contest_prompt, flags
from .ground_truth import read_ground_truth
from .io_tests import form_of, io_tests, time_budget
from .raw_row import RawRow
from .row_error import RowLeftOut
from .task_source import LocalFiles, TaskSource

_SECONDS_A_TEST = 4.0
_SECONDS = 30.0


def _parse_sqa(row: RawRow) -> Task:
    question = last_user_message(row)
    model, about = row.part("reward_model"), _about(row)
    if not model.text_or("ground_truth").strip():
        raise RowLeftOut("reward_model.ground_truth", "", "problems without tests cannot be judged")
    reference = _target(about)
    tests = io_tests(
        model.decoded_part("ground_truth"),
        code=f"{question}\n{reference or ''}",
        seconds=_SECONDS_A_TEST,
        apps_rules=True,
    )
    return Task(
        id=f"verl-sqa/{about.text_or('split') or row.split}-{about.values.get('index', row.number - 1)}",
        prompt=contest_prompt(_without_prefix(question), tests),
        tests=tests,
        metadata=TaskMetadata(
            source="verl-sqa",
            tags=(form_of(tests), *flags(question)),
            time_limit=time_budget(_SECONDS_A_TEST, tests),
        ),
        reference=reference,
    )


def _without_prefix(question: str) -> str:
    """The problem without the request for tags that stands before it; how to ask is chosen elsewhere."""
    before, found, problem = question.partition("</answer> tags.")
    return problem if found and "<think>" in before and problem.strip() else question


def _target(about: RawRow) -> str | None:
    """The first solution, from `solution.target`: a source, or JSON text of a list of them."""
    solution = about.values.get("solution")
    target = solution.get("target") if isinstance(solution, Mapping) else solution
    if isinstance(target, str) and target.lstrip().startswith("["):
        target = replace(about, values={"target": target}).decoded("target")
    if isinstance(target, list | tuple):
        target = next((source for source in target if isinstance(source, str)), None)
    return target if isinstance(target, str) and target.strip() else None


def _parse_coder(row: RawRow) -> Task:
    about = _about(row)
    dataset = about.text_or("dataset") or row.text_or("data_source") or "coding"
    identity = about.values.get("task_id") or f"{row.split}-{about.values.get('index', row.number - 1)}"
    return Task(
        id=f"verl-coder/{dataset}/{identity}",
        prompt=f"{_question(row, about).strip()}\n\nSubmit a whole Python program.",
        tests=read_ground_truth(row.part("reward_model")),
        metadata=TaskMetadata(
            source="verl-coder",
            difficulty=(about.text_or("difficulty") or "unknown").lower(),
            tags=(dataset,),
            time_limit=_SECONDS,
        ),
        reference=about.text_or("reference") or None,
    )


def _question(row: RawRow, about: RawRow) -> str:
    """The question as it was before a prompt was made of it, where that is kept."""
    question = about.text_or("original_question") or last_user_message(row)
    declaration = about.text_or("function_declaration")
    return f"{question}\n\nThe function is declared as `{declaration}`." if declaration else question


def _about(row: RawRow) -> RawRow:
    return row.part("extra_info") if row.has("extra_info") else replace(row, values={}, within="extra_info.")


_SPLITS: Mapping[str, tuple[str, ...]] = {
    "train": ("*train*.parquet", "*train*.jsonl*"),
    "test": ("*test*.parquet", "*test*.jsonl*"),
}
VERL_SQA = TaskSource(
    name="verl-sqa",
    title="VERL-SQA's rows of APPS",
    licence="MIT (APPS)",
    files=LocalFiles("the folder that its apps_dataset.py writes, with train.parquet and test.parquet"),
    splits=_SPLITS,
    parse=_parse_sqa,
)
VERL_CODER = TaskSource(
    name="verl-coder",
    title="VerlCoder's rows of LeetCodeDataset and KodCode",
    licence="of LeetCodeDataset and KodCode",
    files=LocalFiles(
        "the folder that its prepare_coding_data.py writes, with train.parquet and test.parquet"
    ),
    splits=_SPLITS,
    parse=_parse_coder,
)
