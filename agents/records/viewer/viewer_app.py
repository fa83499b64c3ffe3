"""The reader of a run in the terminal: a table to filter, sort and search, and the episode that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import DataTable, Footer, Input, Label, Static

from ...rollouts.episode import Episode
from ...rollouts.episode_level import level_of
from ..episode_traits import ending_of, outcome_of, written_tokens
from ..run_data import RunData
from ..run_decoder import Decode
from ..visible_text import visible_text
from .episode_view import MARKS, STYLES, episode_view

_NARROW = 110
_WAIT = 0.15


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table."""

    arm: str
    episode: Episode

    def holds(self, text: str) -> bool:
        """Whether anything in the episode has this text, whatever its case."""
        e = self.episode
        parts = [e.task_id, e.id, e.policy, ending_of(e), e.submission or "", e.failure_message]
        parts += [message.get("content", "") for message in e.messages]
        parts += [part for turn in e.turns for part in (turn.action, turn.observation, *turn.code)]
        parts += [test.message for test in e.verdict.tests] if e.verdict is not None else []
        return any(text in part.lower() for part in parts)


_COLUMNS: dict[str, Callable[[Entry], Any]] = {
    "": lambda entry: outcome_of(entry.episode),
    "task": lambda entry: entry.episode.task_id,
    "reward": lambda entry: entry.episode.reward if entry.episode.reward is not None else float("-inf"),
    "turns": lambda entry: len(entry.episode.turns),
    "tokens": lambda entry: written_tokens(entry.episode),
    "seconds": lambda entry: entry.episode.seconds,
    "ended": lambda entry: ending_of(entry.episode),
    "level": lambda entry: level_of(entry.episode),
    "run": lambda entry: entry.arm,
}
"""Title -> what the column is sorted by."""


class ViewerApp(App[None]):
    """Shows one run; nothing of it is changed."""

    CSS = """
    #left { width: 46%; min-width: 40; }
    #search { height: 3; }
    #told { height: 1; padding: 0 1; color: $text-muted; }
    #episodes { height: 1fr; }
    #reader { width: 1fr; padding: 0 2; border-left: solid $surface-lighten-2; }
    #reader:focus { border-left: thick $accent; }
    .narrow #body { layout: vertical; }
    .narrow #left { width: 100%; height: 45%; }
    .narrow #reader { width: 100%; height: 1fr; border-left: none; border-top: solid $surface-lighten-2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("o", "next_outcome", "Outcome"),
        Binding("a", "next_arm", "Part"),
        Binding("s", "next_sort", "Sort"),
        Binding("j", "move(1)", "Next"),
        Binding("k", "move(-1)", "Previous"),
        Binding("enter", "read", "Read", show=False),
        Binding("escape", "to_table", "Table", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, run: RunData, decode: Decode | None = None) -> None:
        """Takes the run.

        Args:
            run: What to show.
            decode: Token ids to text; without it, the ids are shown.
        """
        super().__init__()
        self.title = visible_text(run.name)
        self._run_data = run
        self._decode = decode
        groups = (*run.arms.items(), ("train", run.train))
        self._entries = [Entry(arm, episode) for arm, episodes in groups for episode in episodes]
        self._arms = ("", *(arm for arm, episodes in groups if episodes))
        self._outcome, self._arm, self._text = "", "", ""
        self._sorted, self._down = "", False
        self._waiting: Timer | None = None
        self.shown: Sequence[Entry] = ()
        """What the table lists, in its order."""

    def compose(self) -> ComposeResult:
        """Table to the left, reader to the right; one above the other where it is narrow."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Input(placeholder="search task, code, output, message", id="search")
                yield Label(id="told")
                yield DataTable[Any](id="episodes", cursor_type="row", zebra_stripes=True)
            with VerticalScroll(id="reader", can_focus=True):
                yield Static(id="episode")
        yield Footer()

    def on_mount(self) -> None:
        """Fills the table."""
        self._table.add_columns(*_COLUMNS)
        self._refill()
        self._table.focus()

    def on_resize(self, event: Resize) -> None:
        """Puts the reader below the table where there is no room beside it."""
        self.screen.set_class(event.size.width < _NARROW, "narrow")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Searches as soon as nothing is typed for a moment."""
        self._text = event.value.strip().lower()
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(_WAIT, self._refill)

    def on_input_submitted(self) -> None:
        """Goes to what was found."""
        self._table.focus()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Shows the episode under the cursor."""
        self._show(event.cursor_row)

    def on_data_table_row_selected(self) -> None:
        """Goes to the reader."""
        self.action_read()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """Sorts by a column; the other way round when it is chosen again."""
        self._sort_by(list(_COLUMNS)[event.column_index])

    def action_search(self) -> None:
        """Goes to the field of the search."""
        self.query_one("#search", Input).focus()

    def action_to_table(self) -> None:
        """Goes to the table; from the search, without its text."""
        search = self.query_one("#search", Input)
        if search.has_focus:
            search.value = ""
        self._table.focus()

    def action_read(self) -> None:
        """Goes to the reader."""
        self.query_one("#reader").focus()

    def action_move(self, by: int) -> None:
        """Goes to another episode."""
        self._table.move_cursor(row=max(0, min(len(self.shown) - 1, self._table.cursor_row + by)))

    def action_next_outcome(self) -> None:
        """Shows episodes of the next outcome only; of all after the last one."""
        self._outcome = _after(("", *MARKS), self._outcome)
        self._refill()

    def action_next_arm(self) -> None:
        """Shows the next part of the run only; all after the last one."""
        self._arm = _after(self._arms, self._arm)
        self._refill()

    def action_next_sort(self) -> None:
        """Sorts by the next column."""
        self._down = False
        self._sort_by(_after(("", *list(_COLUMNS)[1:]), self._sorted))

    @property
    def _table(self) -> DataTable[Any]:
        return self.query_one("#episodes", DataTable)

    def _sort_by(self, column: str) -> None:
        self._down = self._sorted == column and not self._down
        self._sorted = column
        self._refill()

    def _refill(self) -> None:
        found = [entry for entry in self._entries if self._fits(entry)]
        if self._sorted:
            found.sort(key=_COLUMNS[self._sorted], reverse=self._down)
        self.shown = found
        table = self._table
        table.clear()
        table.add_rows(map(_row, found))
        self._tell()
        self._show(0)

    def _fits(self, entry: Entry) -> bool:
        return (
            self._outcome in ("", outcome_of(entry.episode))
            and self._arm in ("", entry.arm)
            and (not self._text or entry.holds(self._text))
        )

    def _tell(self) -> None:
        total, shown = len(self._entries), len(self.shown)
        parts = [f"{shown:,} of {total:,} episodes" if shown < total else f"{total:,} episodes"]
        parts += [self._outcome] if self._outcome else []
        parts += [self._arm] if self._arm else []
        parts += [f"by {self._sorted}{', down' if self._down else ''}"] if self._sorted else []
        self.query_one("#told", Label).update(Text(" · ".join(parts)))

    def _show(self, row: int) -> None:
        reader = self.query_one("#reader", VerticalScroll)
        content = self.query_one("#episode", Static)
        if row >= len(self.shown):
            content.update(Text("No episode fits.", "italic"))
            return
        entry = self.shown[row]
        content.update(episode_view(self._run_data.complete_episode(entry.arm, entry.episode), self._decode))
        reader.scroll_home(animate=False)


def _row(entry: Entry) -> tuple[Text, ...]:
    e = entry.episode
    outcome = outcome_of(e)
    reward = "–" if e.reward is None else f"{e.reward:g}"
    numbers = (reward, f"{len(e.turns)}", f"{written_tokens(e):,}", f"{e.seconds:.1f}")
    return (
        Text(MARKS[outcome], f"bold {STYLES[outcome]}"),
        Text(visible_text(e.task_id)),
        *(Text(number, justify="right") for number in numbers),
        *(Text(visible_text(text)) for text in (ending_of(e), level_of(e), entry.arm)),
    )


def _after(names: Sequence[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)]
