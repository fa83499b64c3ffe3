from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from replgym.agents.records.notebook import notebook_of, write_notebook
from replgym.agents.records.run_data import read_run
from replgym.agents.records.spoken_text import spoken_text
from replgym.agents.rollouts.episode import Turn
from replgym.cli import main
from replgym.envs.black_box import task_of_id
from replgym.envs.hidden_world import Family, HiddenWorld, WorldError

from .stored_runs import CELLS


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(cell: Any) -> str:
    return "".join(output.get("text", "") for output in cell.outputs if output.output_type == "stream")


def test_the_notebook_of_an_episode_runs_and_prints_the_same(
    stored_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    episode = read_run(stored_run).arms["evaluation"][0]
    path = tmp_path / "made" / "episode.ipynb"
    assert main(["notebook", str(stored_run), episode.id[:10], "--output", str(path)]) == 0
    assert str(path) in capsys.readouterr().out
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    sources = [cell.source for cell in code_cells(stored)]
    assert [source for source in sources if source in CELLS] == [*CELLS[:6], *CELLS[7:]]
    assert sources.count("%reset -f") == 1
    markdown = "\n".join(cell.source for cell in stored.cells if cell.cell_type == "markdown")
    for told in (
        "### Turn 1\n\nThought 1.",
        "cost the interpreter",
        "no code here",
        " tests passed",
        "os._exit(3)",
    ):
        assert told in markdown
    again = nbformat.from_dict(stored)
    NotebookClient(again, timeout=60, allow_errors=False).execute()
    before, after = ({c.source: c for c in code_cells(n)} for n in (nbformat.read(path, 4), again))
    task = task_of_id(episode.task_id)
    assert task is not None
    assert task.world is not None
    value = task.world.answer(0)
    assert text_of(before[CELLS[0]]) == text_of(after[CELLS[0]]) == f"{value}\n"
    results = [n[CELLS[0]].outputs[-1]["data"]["text/plain"] for n in (before, after)]
    assert results == [str(value + 1)] * 2
    errors = [n[CELLS[1]].outputs[-1] for n in (before, after)]
    assert [error.ename for error in errors] == ["RuntimeError"] * 2
    assert errors[0].evalue == errors[1].evalue
    pictures = [n[CELLS[4]].outputs[0]["data"]["image/png"].strip() for n in (before, after)]
    assert pictures[0] == pictures[1]
    assert after[CELLS[5]].outputs[-1].ename == "KeyboardInterrupt"
    assert text_of(before[CELLS[7]]) == text_of(after[CELLS[7]]) == "False\n"
    assert text_of(before[CELLS[8]]) == text_of(after[CELLS[8]]) == ""


@pytest.mark.parametrize("family", Family)
def test_the_first_cell_answers_as_the_host_did(family: Family) -> None:
    parameters = {
        Family.LINEAR: (3, -4),
        Family.CHAIN: (5, 7, 300),
        Family.THRESHOLD: (4, -9, 9),
        Family.QUADRATIC: (2, -3, 1),
        Family.MODULAR: (2, 1, 7),
    }[family]
    task = task_of_id(f"blackbox/{list(Family).index(family) + 1}/{family}/{'_'.join(map(str, parameters))}")
    assert task is not None
    assert task.world is not None
    values = _played(task.world, (0, 5, 7))
    assert values == {x: _answer(task.world, x) for x in values}


def _answer(world: HiddenWorld, x: int) -> int | str:
    try:
        return world.answer(x)
    except WorldError as error:
        return str(error)


def _played(world: Any, points: tuple[int, ...]) -> dict[int, Any]:
    from replgym.agents.records.world_stubs import world_stubs

    class Shell:
        execution_count = 0

        def set_custom_exc(self, *_: object) -> None: ...

    shell = Shell()
    namespace: dict[str, Any] = {"get_ipython": lambda: shell}
    exec(world_stubs(world), namespace)
    values: dict[int, Any] = {}
    for x in points:
        shell.execution_count += 1
        try:
            values[x] = namespace["f"](x)
        except RuntimeError as error:
            values[x] = str(error)
    shell.execution_count += 1
    namespace["f"](0)
    with pytest.raises(RuntimeError, match="once per cell"):
        namespace["f"](0)
    return values


def test_records_without_results_become_notebooks(stored_run: Path, tmp_path: Path) -> None:
    episode = read_run(stored_run).arms["evaluation"][0]
    old = episode.model_copy(
        update={"turns": tuple(turn.model_copy(update={"results": ()}) for turn in episode.turns)}
    )
    notebook = notebook_of(old)
    assert [text_of(cell).strip() for cell in code_cells(notebook)[1:3]] == [
        turn.observation.strip() for turn in old.turns[:2]
    ]
    assert write_notebook(old, tmp_path / "old.ipynb").exists()
    empty = episode.model_copy(update={"turns": (), "verdict": None, "submission": None})
    assert "Nothing was judged." in notebook_of(empty).cells[-1].source


@pytest.mark.parametrize(
    ("action", "code", "spoken"),
    [
        ("a\n```python\nx\n```\nb\n```text\ny\n```", ("x",), "a\n\nb\n```text\ny\n```"),
        ("a\n```py\nx\n", ("x",), "a"),
        ("x", ("x",), ""),
        ('why <tool_call>{"name": 1}</tool_call> end', ("x",), "why  end"),
        ('why <tool_call>{"name": 1}', ("x",), "why"),
        ("```python\nx\n```", (), "```python\nx\n```"),
        ("", (), ""),
    ],
)
def test_what_a_message_says_beside_its_cells(action: str, code: tuple[str, ...], spoken: str) -> None:
    assert spoken_text(Turn(action=action, observation="", code=code)) == spoken


@pytest.mark.parametrize(
    ("name", "told"),
    [("nobody", "has no episode 'nobody'"), ("blackbox/9", "has no episode"), ("", "has no episode ''")],
)
def test_an_episode_that_is_not_there(
    stored_run: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    assert main(["notebook", str(stored_run), name]) == 2
    assert told in capsys.readouterr().err
