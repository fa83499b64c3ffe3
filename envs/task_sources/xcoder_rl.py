"""X-Coder-RL-40k (arXiv 2601.06953): synthetic and real contest tasks with three kinds of tests.

The synthetic files are sorted by pass rate: read in order, they are the curriculum of the original training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...rewards.tests import AssertTests
from ..task import Task, TaskMetadata
from .chat_prompt import last_user_message
from .contest_fields import contest_prompt, flags
from .io_tests import CALL_PREAMBLE, IoTests, form_of, io_tests, time_budget
from .raw_row import RawRow
from .row_error import RowError
from .task_source import HubFiles, TaskSource

_SECONDS_A_TEST = 10.0


def _parse(row: RawRow) -> Task:
    kind = row.text_or("prompter_type")
    statement = row.text("problem") if row.has("problem") else last_user_message(row)
    if kind == "livecodebench":
        tests = io_tests(
            row.decoded_part("selected_uts").decoded_part("input_output"),
            code=statement,
            seconds=_SECONDS_A_TEST,
        )
    elif kind == "leetcode":
        tests = _assertions(row)
    else:
        tests = _stdio(row)
    origin = "synthetic" if row.file.startswith("syn_rl_data") else "real"
    return Task(
        id=f"xcoder-rl/{row.identifier('id')}",
        prompt=contest_prompt(statement, tests),
        tests=tests,
        metadata=TaskMetadata(
            source="xcoder-rl",
            tags=(form_of(tests), *((kind,) if kind else ()), origin, *flags(statement)),
            time_limit=time_budget(_SECONDS_A_TEST, tests),
        ),
    )


def _assertions(row: RawRow) -> AssertTests:
    """Pieces of Python that run after the submission, each of them one test."""
    part = row.decoded_part("input_output")
    cases = part.texts("test_cases")
    if not cases or not all(case.strip() for case in cases):
        raise part.error("test_cases", "it must have at least one test, and none that is empty")
    for number, case in enumerate(cases):
        try:
            compile(case, "<test>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise RowError(
                f"{part.within}test_cases[{number}]", case, f"it must be Python: {error}"
            ) from error
    return AssertTests(statements=cases, preamble=CALL_PREAMBLE)


def _stdio(row: RawRow) -> IoTests:
    if row.text_or("type") != "stdin_stdout":
        raise row.error("type", "it must be stdin_stdout, unless prompter_type is livecodebench or leetcode")
    part = row.decoded_part("input_output")
    values: Mapping[str, object] = {"inputs": part.items("inputs"), "outputs": part.items("outputs")}
    return io_tests(replace(part, values=values), seconds=_SECONDS_A_TEST)


_SYNTHETIC = tuple(
    f"*sorted_by_passrate/{name}.parquet"
    for name in ("rl_tasks_easy", *(f"part_{part:04}" for part in range(4)))
)
_REAL = tuple(
    f"*non_sys_prompt/{name}.parquet"
    for name in ("codeforces_9763", "klear_code", "leetcode_2772", "taco_13064")
)
XCODER_RL = TaskSource(
    name="xcoder-rl",
    title="X-Coder-RL-40k",
    licence="not stated",
    files=HubFiles("IIGroup/X-Coder-RL-40k"),
    splits={
        "synthetic": _SYNTHETIC,
        "real": _REAL,
        "train": (*_SYNTHETIC, *_REAL),
        "test": ("*non_sys_prompt/test_wo_prompt.parquet",),
    },
    parse=_parse,
)
