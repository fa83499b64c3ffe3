"""Rows come as a stream from files of every kind; what cannot be used is told, and reading goes on."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from replgym.envs import Task, TaskMetadata, TaskSet, UnknownTaskSetError
from replgym.envs.task_sources import (
    TASK_SOURCES,
    BadRow,
    LocalFiles,
    RawRow,
    RowError,
    SourceError,
    TaskSource,
    UnknownFormatError,
    read,
    row_files,
    rows_of_file,
)
from replgym.envs.task_sources.json_array import array_elements
from replgym.rewards import StdioCase, StdioTests

ROWS = [{"name": f"täsk {number}", "cases": [{"in": "[", "out": ']"\\'}] * number} for number in range(40)]


def parse(row: RawRow) -> Task:
    if row.values.get("trap"):
        raise ZeroDivisionError("parsers meet anything")
    return Task(
        id=row.text("name"),
        prompt="p",
        tests=StdioTests(cases=(StdioCase(stdin="", expected=row.text_or("expected", "1")),)),
        metadata=TaskMetadata(source="toy", time_limit=row.values.get("limit", 1.0)),
    )


TOY = TaskSource(
    name="toy",
    title="Toy",
    licence="none",
    files=LocalFiles("write one"),
    splits={"train": ("b/*.jsonl", "train*", "a.jsonl"), "test": ("test*",)},
    parse=parse,
)


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def write_parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)


WRITERS: dict[str, Callable[[Path], Any]] = {
    "a.jsonl": lambda path: path.write_bytes(lines(ROWS)),
    "bom.jsonl": lambda path: path.write_bytes(b"\xef\xbb\xbf" + lines(ROWS)),
    "blank.jsonl": lambda path: path.write_bytes(lines(ROWS).replace(b"\n", b"\r\n\r\n")),
    "a.jsonl.gz": lambda path: path.write_bytes(gzip.compress(lines(ROWS))),
    "a.jsonl.zst": lambda path: path.write_bytes(zstandard.compress(lines(ROWS))),
    "a.json": lambda path: path.write_text(json.dumps(ROWS)),
    "pretty.json": lambda path: path.write_text(json.dumps(ROWS, indent=2, ensure_ascii=False)),
    "a.json.gz": lambda path: path.write_bytes(gzip.compress(json.dumps(ROWS).encode())),
    "lines.json": lambda path: path.write_bytes(lines(ROWS)),
    "a.parquet": write_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    rows = list(rows_of_file(tmp_path / name))
    assert [row.values for row in rows] == ROWS
    assert [row.number for row in rows] == list(range(1, 41))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, so that every border falls everywhere."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(st.text(), json_values)), st.booleans())
def test_arrays_of_anything_are_read_back(rows: list[Any], pretty: bool) -> None:
    text = json.dumps(rows, indent=1 if pretty else None, ensure_ascii=False).encode("utf-8", "surrogatepass")
    elements = array_elements(Trickle(text), largest=1 << 20)
    assert [json.loads(element) for element in elements if element.strip()] == rows


def test_a_row_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_files, "LARGEST_ROW", 5000)
    rows = lines([{"name": "a"}, {"name": "x" * 20_000}, {"name": "b"}])
    (tmp_path / "a.jsonl").write_bytes(rows)
    tasks, bad = split(read(TOY, tmp_path / "a.jsonl"))
    assert [task.id for task in tasks] == ["a", "b"]
    assert len(bad) == 1
    assert len(bad[0].excerpt) <= 2000


def test_a_malformed_element_of_an_array_does_not_hide_the_next(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"name": "a"}, {"name": nope}, 7, {"name": "b"}, {"name": "cut')
    found = list(read(TOY, tmp_path / "a.json"))
    assert [each.id for each in found if isinstance(each, Task)] == ["a", "b"]
    assert [(each.row, each.field) for each in found if isinstance(each, BadRow)] == [
        (2, ""),
        (3, ""),
        (5, ""),
    ]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_a_file_that_is_cut_off_is_told_and_does_not_stop_the_others(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.jsonl").write_bytes(lines([{"name": "b"}]))
    source = replace(TOY, splits={"all": ("a*", "b*")})
    tasks, bad = split(read(source, tmp_path))
    assert tasks[-1].id == "b"
    assert "cut off" in bad[-1].message


def test_bad_rows_name_file_row_and_field_and_are_set_aside(tmp_path: Path) -> None:
    rows = [{"name": "a"}, {"name": ""}, {"name": "b", "expected": 3}, {"name": "c", "limit": -1},
            {"name": "d", "trap": True}, [1], {"name": "e"}, {"name": "\ud800"}]  # fmt: skip
    (tmp_path / "a.jsonl").write_bytes(lines(rows) + b"{broken\n" + lines([{"name": "f"}]))
    tasks = TaskSet("toy", *split(read(TOY, tmp_path)))
    assert [task.id for task in tasks] == ["a", "e", "f"]
    assert [(bad.file, bad.row, bad.field) for bad in tasks.bad_rows] == [
        ("a.jsonl", 2, "name"),
        ("a.jsonl", 3, "expected"),
        ("a.jsonl", 4, "time_limit"),
        ("a.jsonl", 5, ""),
        ("a.jsonl", 6, ""),
        ("a.jsonl", 8, ""),
        ("a.jsonl", 9, ""),
    ]
    assert "expected is 3; it must be a text" in tasks.bad_rows[1].message
    assert json.loads(tasks.bad_rows[1].excerpt) == rows[2]
    assert "ZeroDivisionError" in tasks.bad_rows[3].message
    assert "surrogate" in tasks.bad_rows[5].message
    assert tasks.bad_rows[6].excerpt.startswith("{broken")


def split(found: Iterator[Task | BadRow]) -> tuple[tuple[Task, ...], tuple[BadRow, ...]]:
    everything = list(found)
    tasks = tuple(each for each in everything if isinstance(each, Task))
    return tasks, tuple(each for each in everything if isinstance(each, BadRow))


def test_files_are_read_in_the_order_of_the_patterns(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a.jsonl", "train_2.jsonl", "train_1.jsonl", "b/x.jsonl", "test.jsonl"):
        (tmp_path / name).write_bytes(lines([{"name": name}]))
    order = [task.id for task in read(TOY, tmp_path) if isinstance(task, Task)]
    assert order == ["b/x.jsonl", "train_1.jsonl", "train_2.jsonl", "a.jsonl"]
    assert [task.id for task in read(TOY, tmp_path, split="test") if isinstance(task, Task)] == ["test.jsonl"]


def test_mistakes_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no rows")
    for path, options, kind, told in [
        (tmp_path, {}, SourceError, "needs b/*.jsonl or train* or a.jsonl"),
        (None, {}, SourceError, "needs a path: write one"),
        (tmp_path, {"split": "dev"}, SourceError, "split 'dev' is unknown; use one of: train, test"),
        (tmp_path / "notes.txt", {}, UnknownFormatError, "use .jsonl, .json"),
        (tmp_path / "nothing", {}, FileNotFoundError, "no such file or folder"),
        (tmp_path / "notes.txt", {"colour": 1}, SourceError, "has no option 'colour'"),
    ]:
        with pytest.raises(kind, match=told.replace("*", r"\*")):
            list(read(TOY, path, **options))
    with pytest.raises(UnknownTaskSetError, match="split 'dev' is unknown"):
        TaskSet.load("gsm8k", path=tmp_path, split="dev")


def test_task_sets_hold_every_id_once_and_can_be_limited(tmp_path: Path) -> None:
    row = {"question": "1+1?", "answer": "#### 2"}
    (tmp_path / "test.jsonl").write_bytes(lines([row] * 9))
    assert len(TaskSet.load("gsm8k", path=tmp_path, split="test", limit=4)) == 4
    native = TaskSet.load("gsm8k", path=tmp_path, split="test").take(1)[0].model_dump_json()
    (tmp_path / "own.jsonl").write_text(f"{native}\n{native}\n")
    tasks = TaskSet.load("tasks", path=tmp_path / "own.jsonl")
    assert len(tasks) == 1
    assert "is there twice" in tasks.bad_rows[0].message


def test_the_registry_is_sound() -> None:
    for name, source in TASK_SOURCES.items():
        assert source.name == name
        assert source.splits
        assert all(source.splits.values())


@pytest.mark.parametrize(
    ("method", "field", "value", "told"),
    [
        ("text", "x", "  ", "it must be a text that is not empty"),
        ("text_or", "x", 3, "x is 3; it must be a text"),
        ("texts", "x", ["a", 1], "it must be a list of texts"),
        ("items", "x", "ab", "it must be a list"),
        ("part", "x", [], "it must be an object with fields"),
        ("identifier", "x", True, "x is True"),
        ("decoded", "x", "{", "it must be JSON"),
        ("decoded_part", "x", '"[1]"', "it must be a JSON object"),
    ],
)
def test_fields_are_checked(method: str, field: str, value: Any, told: str) -> None:
    with pytest.raises(RowError, match=told.replace("[", r"\[")) as caught:
        getattr(RawRow({field: value}), method)(field)
    assert caught.value.field == field


def test_json_that_was_encoded_again_and_again_is_read() -> None:
    value: Any = {"a": [1]}
    row = RawRow({"outer": {"x": json.dumps(json.dumps(json.dumps(value)))}})
    assert row.part("outer").decoded("x") == value
    with pytest.raises(RowError, match=r"outer\.y is None"):
        row.part("outer").text("y")


READ_WITH_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from replgym.envs.task_sources import rows_of_file

warm_up, large = sys.argv[1:4], sys.argv[4:]
for path in warm_up:
    list(rows_of_file(Path(path)))
used = int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_DATA, (used + int({room}),) * 2)
for path in large:
    print(sum(len(row.values["text"]) for row in rows_of_file(Path(path))))
"""


def test_files_that_are_larger_than_memory_are_read(tmp_path: Path) -> None:
    room, count, size = 48 << 20, 96, 1 << 20
    paths = {
        rows: [tmp_path / f"{rows}.{suffix}" for suffix in ("jsonl.gz", "json", "parquet")]
        for rows in (1, count)
    }
    for rows, files in paths.items():
        for path in files:
            write_large(path, {"text": "x" * size}, rows)
    program = READ_WITH_LITTLE_MEMORY.replace("{room}", str(room))
    command = [sys.executable, "-c", program, *paths[1], *paths[count]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == [str(count * size)] * 3, done.stderr[-2000:]


def write_large(path: Path, row: dict[str, str], count: int) -> None:
    text = json.dumps(row).encode()
    if path.suffix == ".parquet":
        table = pyarrow.Table.from_pylist([row] * min(8, count))
        with pyarrow.parquet.ParquetWriter(
            path, table.schema, compression="zstd", use_dictionary=False
        ) as writer:
            for _ in range(max(1, count // 8)):
                writer.write_table(table)
        return
    array = path.suffix == ".json"
    with gzip.open(path, "wb", 1) if path.suffix == ".gz" else path.open("wb") as file:
        file.write(b"[" if array else b"")
        for number in range(count):
            file.write((b"," if array and number else b"") + text + (b"" if array else b"\n"))
        file.write(b"]" if array else b"")


def test_a_row_left_out_is_told_apart(tmp_path: Path) -> None:
    from replgym.envs.task_sources.row_error import RowLeftOut

    def refuse(row: RawRow) -> Task:
        raise RowLeftOut("name", row.values["name"], "it is left out")

    (tmp_path / "a.jsonl").write_bytes(lines(ROWS[:1]))
    source = TaskSource(
        name="t", title="", licence="", files=LocalFiles(""), splits={"all": ("*",)}, parse=refuse
    )
    (bad,) = read(source, tmp_path)
    assert isinstance(bad, BadRow)
    assert bad.left_out
