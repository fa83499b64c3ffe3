"""A malformed row never becomes a task: the error names the field and says what should stand there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from replgym.envs.task import Task
from replgym.envs.task_sources.bad_row import BadRow
from replgym.envs.task_sources.raw_row import RawRow
from replgym.envs.task_sources.reader import read
from replgym.envs.task_sources.registry import TASK_SOURCES
from replgym.envs.task_sources.row_error import RowError

from . import rows

Change = Callable[[rows.Row], object]
BUILDERS: dict[str, tuple[str, Callable[[], rows.Row]]] = {
    "apps": ("apps", rows.apps),
    "apps-call": ("apps", rows.apps_call),
    "taco": ("taco", rows.taco),
    "taco-verified": ("taco-verified", rows.taco_verified),
    "code_contests": ("code_contests", rows.code_contests),
    "livecodebench": ("livecodebench", rows.livecodebench),
    "livecodebench-call": ("livecodebench", rows.livecodebench_call),
    "bigcodebench": ("bigcodebench", rows.bigcodebench),
    "xcoder": ("xcoder-rl", rows.xcoder_stdio),
    "xcoder-assertions": ("xcoder-rl", rows.xcoder_assertions),
    "xcoder-call": ("xcoder-rl", rows.xcoder_call),
    "klear": ("klear-codesub", rows.klear),
    "verl-sqa": ("verl-sqa", rows.verl_sqa),
    "verl-coder": ("verl-coder", rows.verl_coder),
    "common-oj": ("common-oj", rows.common_oj),
    "cruxeval": ("cruxeval", rows.cruxeval),
}
OWN_KEYS = {"url", "name", "picture_num", "raw_tags", "doc_struct", "index_level_0", "ability", "data_source"}


def put(field: str, value: object) -> Change:
    """Sets a field, or one inside it: `reward_model.ground_truth`."""

    def change(row: rows.Row) -> None:
        *path, last = field.split(".")
        for step in path:
            row = row[step]
        row[last] = value

    return change


def truth(value: object) -> Change:
    return put("input_output", json.dumps(value))


def encoded(field: str, value: object) -> Change:
    return put(field, json.dumps(value))


CASES: list[tuple[str, Change, str, str]] = [
    ("apps", put("question", None), "question", "a text"),
    ("apps", put("question", ["a"]), "question", "a text"),
    ("apps", put("problem_id", None), "id", "a text"),
    ("apps", put("input_output", '{"inputs": ["1"'), "input_output", "JSON"),
    ("apps", put("input_output", "[1]"), "input_output", "JSON object"),
    ("apps", put("input_output", {"inputs": []}), "input_output", "a text"),
    ("apps", put("solutions", "[1,"), "solutions", "JSON"),
    ("apps", put("solutions", "[1]"), "solutions", "list of sources"),
    ("apps", put("difficulty", 3), "difficulty", "a text"),
    ("apps", truth({"inputs": [], "outputs": []}), "input_output.inputs", "at least one test"),
    ("apps", truth({"outputs": ["1"]}), "input_output.inputs", "at least one test"),
    ("apps", truth({"inputs": ["1", "2"], "outputs": ["1"]}), "input_output.outputs", "2 entries"),
    ("apps", truth({"inputs": "12", "outputs": ["1", "2"]}), "input_output.inputs", "a list"),
    ("apps", truth({"inputs": [{"a": 1}], "outputs": ["1"]}), "input_output.inputs[0]", "list of lines"),
    ("apps", truth({"inputs": ["1"], "outputs": [True]}), "input_output.outputs[0]", "list of lines"),
    ("apps", truth({"inputs": ["1"], "outputs": [None]}), "input_output.outputs[0]", "list of lines"),
    ("apps", truth({"inputs": ["1"], "outputs": ["1"], "fn_name": 3}), "input_output.fn_name", "a text"),
    (
        "apps-call",
        truth({"inputs": ["x"], "outputs": [1], "fn_name": "f"}),
        "input_output.inputs[0]",
        "arguments",
    ),
    ("taco", put("tags", "['a'"), "tags", "a list"),
    ("taco", put("skill_types", [1]), "skill_types", "list of texts"),
    ("taco", put("time_limit", 2), "time_limit", "a text"),
    ("taco-verified", put("solutions", {"a": 1}), "solutions", "list of sources"),
    ("taco-verified", put("input_output", None), "input_output", "JSON object"),
    ("code_contests", put("name", ""), "name", "a text"),
    ("code_contests", put("public_tests", []), "public_tests", "an object"),
    (
        "code_contests",
        put("private_tests", {"input": ["1"], "output": []}),
        "private_tests.output",
        "1 entries",
    ),
    ("code_contests", put("private_tests", {"input": [1], "output": ["1"]}), "private_tests.input", "texts"),
    ("code_contests", put("source", 99), "source", "from 0 to 6"),
    ("code_contests", put("difficulty", []), "difficulty", "from 0 to 28"),
    ("code_contests", put("solutions", {"language": [3], "solution": []}), "solutions.language", "0 entries"),
    ("code_contests", put("time_limit", "2s"), "time_limit", "an object"),
    ("code_contests", put("time_limit", {"seconds": "2"}), "time_limit", "numbers"),
    ("code_contests", put("cf_tags", "math"), "cf_tags", "a list"),
    ("livecodebench", put("contest_date", "soon"), "contest_date", "ISO date"),
    ("livecodebench", put("contest_date", None), "contest_date", "ISO date"),
    ("livecodebench", put("platform", None), "platform", "a text"),
    ("livecodebench", put("public_test_cases", "[{"), "public_test_cases", "JSON"),
    ("livecodebench", put("public_test_cases", '{"a": 1}'), "public_test_cases", "list of tests"),
    ("livecodebench", put("private_test_cases", "!!!"), "private_test_cases", "base64"),
    ("livecodebench", put("private_test_cases", rows.packed("x")), "private_test_cases", "list of tests"),
    ("livecodebench", encoded("public_test_cases", [3]), "public_test_cases[0]", "an object"),
    (
        "livecodebench",
        encoded("public_test_cases", [{"input": "1", "output": "1", "testtype": "other"}]),
        "public_test_cases[0].testtype",
        "stdin or functional",
    ),
    (
        "livecodebench",
        encoded("public_test_cases", [{"input": "1", "testtype": "stdin"}]),
        "public_test_cases[0].output",
        "a text",
    ),
    (
        "livecodebench",
        encoded("public_test_cases", [{"input": "1", "output": "1", "testtype": "functional"}]),
        "testtype",
        "one type",
    ),
    ("livecodebench-call", put("metadata", "{}"), "metadata.func_name", "a text"),
    ("livecodebench-call", put("metadata", None), "metadata", "JSON object"),
    (
        "livecodebench-call",
        encoded("public_test_cases", [{"input": "[1", "output": "2", "testtype": "functional"}]),
        "public_test_cases[0].input",
        "one JSON value",
    ),
    ("bigcodebench", put("test", "x = ("), "test", "Python"),
    ("bigcodebench", put("test", "x = 1"), "test", "TestCases"),
    ("bigcodebench", put("code_prompt", "import"), "code_prompt", "Python"),
    ("bigcodebench", put("libs", "['math'"), "libs", "a list"),
    ("bigcodebench", put("instruct_prompt", ""), "instruct_prompt", "a text"),
    ("xcoder", put("type", "functional"), "type", "stdin_stdout"),
    ("xcoder", put("input_output", "{'inputs': []}"), "input_output", "JSON"),
    ("xcoder", put("id", None), "id", "a text"),
    ("xcoder-assertions", truth({"test_cases": []}), "input_output.test_cases", "at least one test"),
    ("xcoder-assertions", truth({"test_cases": [1]}), "input_output.test_cases", "texts"),
    ("xcoder-assertions", truth({"test_cases": ["assert ("]}), "input_output.test_cases[0]", "Python"),
    ("xcoder-call", put("selected_uts", None), "selected_uts", "JSON object"),
    ("xcoder-call", encoded("selected_uts", {"input_output": "{"}), "selected_uts", "JSON"),
    ("klear", put("prompt", []), "prompt", "messages"),
    ("klear", put("prompt", ["text"]), "prompt", "messages"),
    ("klear", put("reward_model", None), "reward_model", "an object"),
    ("klear", put("reward_model.ground_truth", "[]"), "reward_model.ground_truth", "hold tests"),
    (
        "klear",
        put("reward_model.ground_truth", [{"input": "1"}]),
        "reward_model.ground_truth[0]",
        "input and output",
    ),
    (
        "klear",
        put(
            "reward_model.ground_truth",
            [
                {"input": "1", "output": "1"},
                {"input": "1", "output": "1", "type": "functional", "fn_name": "f"},
            ],
        ),
        "reward_model.ground_truth",
        "same function",
    ),
    ("verl-sqa", put("reward_model.ground_truth", "{"), "reward_model.ground_truth", "JSON"),
    ("verl-sqa", put("extra_info", 3), "extra_info", "an object"),
    ("verl-coder", put("reward_model.ground_truth", "{}"), "reward_model.ground_truth", "one of"),
    (
        "verl-coder",
        put("reward_model.ground_truth", '{"functional": "("}'),
        "reward_model.ground_truth",
        "Python",
    ),
    ("common-oj", put("test", "[]"), "test", "at least one test"),
    ("common-oj", put("test", [{"input": {}, "output": {"stdout": "1"}}]), "test[0].input.stdin", "a text"),
    ("common-oj", put("test", [1]), "test[0]", "an object"),
    (
        "common-oj",
        put("test", [{"input": {"stdin": "1", "files": {"a": "b"}}, "output": {"stdout": "1"}}]),
        "test[0].input.files",
        "only stdin",
    ),
    (
        "common-oj",
        put("labels", {"programming_language": "java"}),
        "labels.programming_language",
        "python or cpp",
    ),
    ("cruxeval", put("output", "("), "output", "Python"),
    ("cruxeval", put("code", None), "code", "a text"),
]


@pytest.mark.parametrize(("builder", "change", "field", "fix"), CASES)
def test_malformed_row(builder: str, change: Change, field: str, fix: str) -> None:
    name, build = BUILDERS[builder]
    row = build()
    change(row)
    with pytest.raises(RowError) as caught:
        TASK_SOURCES[name].parse(RawRow(row, split="train"))
    assert str(caught.value).startswith(caught.value.field)
    assert field in caught.value.field or caught.value.field.startswith(field)
    assert fix in str(caught.value)


@pytest.mark.parametrize(
    "value", [None, 3, -1.5, True, "", "[", "{}", "null", [], [[]], {}, {"a": []}, "\x00"]
)
@pytest.mark.parametrize("builder", BUILDERS)
def test_any_value_anywhere_is_a_task_or_an_error(builder: str, value: Any) -> None:
    """No wrong type in any field breaks a parser in another way than by `RowError`."""
    name, build = BUILDERS[builder]
    for field in build():
        row = build()
        row[field] = value
        try:
            made = TASK_SOURCES[name].parse(RawRow(row, split="train"))
        except RowError:
            continue
        assert isinstance(made, Task)


def test_bad_rows_are_counted_and_reading_goes_on(tmp_path: Any) -> None:
    path = tmp_path / "train.jsonl"
    broken = rows.apps() | {"problem_id": 8, "input_output": "{"}
    lines = [
        json.dumps(rows.apps()),
        '{"question": ',
        json.dumps(broken),
        json.dumps(rows.apps_call() | {"problem_id": 9}),
    ]
    path.write_text("\n".join(lines))
    found = list(read(TASK_SOURCES["apps"], path))
    assert [type(item) for item in found] == [Task, BadRow, BadRow, Task]
    assert [(bad.row, bad.field) for bad in found if isinstance(bad, BadRow)] == [
        (2, ""),
        (3, "input_output"),
    ]
