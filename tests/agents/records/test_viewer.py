from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Label, Static

from replgym.agents.records.run_data import read_run
from replgym.agents.records.viewer.viewer_app import ViewerApp
from replgym.agents.records.visible_text import visible_text
from replgym.agents.rollouts.episode import Failure, StopReason
from replgym.cli import main

from ..report.run_files import EVIL, episode, whole_run, write
from ..report.test_browser import rich_episode

pytestmark = pytest.mark.asyncio


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    whole_run(tmp_path)
    failed = {"failure": Failure.JUDGE, "failure_message": EVIL, "stop": StopReason.FAILURE, "reward": None}
    broken = episode(1).model_copy(update={"id": "broken", "verdict": None, **failed})
    write(tmp_path / "episodes" / "after-rich.jsonl", [rich_episode(), broken])
    return tmp_path


def told(app: ViewerApp) -> str:
    return str(app.query_one("#told", Label).render())


def read(app: ViewerApp) -> str:
    """What the reader shows, as text."""
    console = Console(width=200, file=StringIO())
    with console.capture() as captured:
        console.print(app.query_one("#episode", Static).content)
    return captured.get()


async def search(pilot: Pilot[None], text: str) -> None:
    await pilot.press("slash")
    pilot.app.query_one("#search", Input).value = text
    await pilot.press("enter")
    await pilot.pause(0.4)


async def test_filter_search_sort_and_read(run_folder: Path) -> None:
    app = ViewerApp(read_run(run_folder), lambda ids: f"w{ids[0]} ")
    async with app.run_test(size=(160, 50)) as pilot:
        assert told(app) == "252 episodes"
        await pilot.press("o")
        assert "solved" in told(app)
        assert all(entry.episode.solved for entry in app.shown)
        await pilot.press("o", "o")
        assert [entry.episode.id for entry in app.shown] == ["broken"]
        assert "alert(1)" in read(app)
        await pilot.press("o")
        await search(pilot, "needle-in-no-text")
        assert told(app) == "0 of 252 episodes"
        assert read(app).strip() == "No episode fits."
        await pilot.press("slash", "escape")
        await pilot.pause(0.4)
        assert told(app) == "252 episodes"
        assert app.query_one("#search", Input).value == ""
        await search(pilot, "And Then")
        assert [entry.episode.id for entry in app.shown] == ["rich"]
        await pilot.press("slash", "escape", "a")
        await pilot.pause(0.4)
        assert {entry.arm for entry in app.shown} == {"before"}
        await pilot.press("s", "s")
        assert "by reward" in told(app)
        rewards = [entry.episode.reward for entry in app.shown]
        assert rewards == sorted(rewards, key=float)
        await pilot.press("j", "j", "k")
        assert app.query_one("#episodes", DataTable).cursor_row == 1
        assert app.shown[1].episode.task_id in read(app)
        await pilot.press("enter")
        assert app.focused is app.query_one("#reader")
        await pilot.press("escape")
        assert app.focused is app.query_one("#episodes")


async def test_an_episode_with_everything(run_folder: Path) -> None:
    app = ViewerApp(read_run(run_folder), lambda ids: f"w{ids[0]} ")
    async with app.run_test(size=(200, 60)) as pilot:
        await search(pilot, "And Then")
        shown = read(app)
        for part in (
            "aaa/rich",
            "hello red ␀␇␈ ⟨U+202E⟩txt.exe a␍b",
            "[image/png,",
            "needle-in-a-traceback",
            "12 characters of output not kept",
            "died · killed by signal 9 · the variables were lost",
            "1 of 2 tests passed",
            "expected 3, got 4",
            "2 prompt + 3 response tokens, 2 sampled",
            "w7 w8 w9",
        ):
            assert part in shown, part


async def test_a_narrow_terminal_has_the_reader_below(run_folder: Path) -> None:
    app = ViewerApp(read_run(run_folder))
    async with app.run_test(size=(70, 40)) as pilot:
        await pilot.pause()
        table, reader = (app.query_one(name).region for name in ("#left", "#reader"))
        assert reader.y >= table.y + table.height
        assert reader.width == 70
        await pilot.resize_terminal(150, 40)
        await pilot.pause()
        assert app.query_one("#reader").region.y == app.query_one("#left").region.y


async def test_thousands_of_episodes(tmp_path: Path) -> None:
    base = episode(0)
    many = [base.model_copy(update={"id": f"e{n}", "sample": n}) for n in range(3000)]
    write(tmp_path / "episodes.jsonl", many)
    app = ViewerApp(read_run(tmp_path))
    async with app.run_test(size=(120, 40)) as pilot:
        assert told(app) == "3,000 episodes"
        await pilot.press("ctrl+end")
        await pilot.pause()
        assert app.query_one("#episodes", DataTable).cursor_row == 2999
        assert "e2999" in read(app)


async def test_nothing_in_a_text_commands_the_terminal() -> None:
    assert (
        visible_text("\x1b[31mred\x1b[0m\x1b]0;title\x07 \x1b \x7f\u202e\r\n\ta\rb")
        == "red ␛ ␡⟨U+202E⟩\n\ta␍b"
    )


async def test_view_needs_a_terminal(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(run_folder)]) == 2
    assert "view needs a terminal" in capsys.readouterr().err
    assert main(["view", str(run_folder / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err
