"""One episode for the terminal: messages, cells with what they showed, the verdict, and the tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ....kernels.cell_result import CellOutput, CellResult, CellStatus, OutputKind, cut_middle
from ....rewards.verdict import Outcome, TestOutcome
from ...rollouts.episode import Episode, Turn
from ...tokens.branch import Branch
from ..episode_traits import ending_of, outcome_of
from ..run_decoder import Decode
from ..spoken_text import spoken_text
from ..visible_text import visible_text

MARKS = {"solved": "✓", "unsolved": "✗", "failure": "!"}
STYLES = {"solved": "green", "unsolved": "dark_orange3", "failure": "yellow"}
_TEXT, _TOKENS, _TESTS = 8_000, 4_000, 100


def episode_view(episode: Episode, decode: Decode | None = None) -> RenderableType:
    """Everything of an episode, from the first message to the last token.

    Args:
        episode: With its token branches.
        decode: Token ids to text; without it, the ids are shown.
    """
    return Group(*_parts(episode, decode))


def _parts(episode: Episode, decode: Decode | None) -> Iterator[RenderableType]:
    yield _head(episode)
    for message in episode.messages:
        yield _rule(message.get("role", ""))
        yield Text(_shown(message.get("content", "")))
    for number, turn in enumerate(episode.turns, start=1):
        yield _rule(f"Turn {number}", _about(turn))
        yield from _turn(turn)
    yield _rule("Submission")
    yield (
        Text("Nothing was submitted.", "italic") if episode.submission is None else _code(episode.submission)
    )
    if episode.failure_message:
        yield Text(_shown(episode.failure_message), STYLES["failure"])
    if episode.verdict is not None and episode.verdict.tests:
        yield _rule("Verdict")
        yield _verdict(episode.verdict.tests)
    for number, branch in enumerate(episode.branches, start=1):
        yield _rule("Tokens" if len(episode.branches) == 1 else f"Tokens, branch {number}")
        yield _tokens(branch, decode)


def _head(episode: Episode) -> Text:
    outcome = outcome_of(episode)
    reward = "–" if episode.reward is None else f"{episode.reward:g}"
    head = Text()
    head.append(f"{MARKS[outcome]} {visible_text(episode.task_id)}\n", f"bold {STYLES[outcome]}")
    step = "" if episode.step is None else f" · step {episode.step}"
    head.append(
        f"{ending_of(episode)} · reward {reward} · {episode.seconds:.1f} s · sample {episode.sample}{step}\n"
    )
    head.append(visible_text(f"{episode.policy} · {episode.id}"), "dim")
    for name, value in episode.reward_parts.items():
        head.append(f"\n{visible_text(name)} {value:g}", "dim")
    return head


def _about(turn: Turn) -> str:
    facts = [turn.protocol + (f", repaired: {turn.repaired}" if turn.repaired else "")]
    facts.append(f"{turn.completion_tokens} tokens" if turn.completion_tokens else "")
    facts.append("invented an output" if turn.invented_output else "")
    facts.append(f"{turn.policy_seconds:.1f} s + {turn.environment_seconds:.1f} s")
    return " · ".join(filter(None, facts))


def _turn(turn: Turn) -> Iterator[RenderableType]:
    said = spoken_text(turn)
    if said:
        yield Text(_shown(said))
    recorded = len(turn.results) == len(turn.code)
    for place, source in enumerate(turn.code):
        yield Padding(_code(source), (1, 0, 0, 0))
        if recorded:
            yield from (Padding(part, (0, 0, 0, 4)) for part in _result(turn.results[place]))
    if turn.parse_error:
        yield Text(_shown(turn.parse_error), STYLES["failure"])
    elif turn.observation and not (recorded and turn.code):
        yield Text(_shown(turn.observation), "dim")


def _result(result: CellResult) -> Iterator[RenderableType]:
    for output in result.outputs:
        style = "dark_orange3" if output.kind is OutputKind.STDERR else ""
        yield Text(_shown(_output(output)).rstrip("\n"), style)
    if result.error is not None:
        told = result.error.traceback or f"{result.error.name}: {result.error.value}"
        yield Text(_shown(told), STYLES["unsolved"])
    notes = [] if result.status in (CellStatus.OK, CellStatus.ERROR) else [str(result.status)]
    notes += [result.cause] if result.cause else []
    notes += ["the variables were lost"] if result.state_lost else []
    notes += [f"{result.truncated:,} characters of output not kept"] if result.truncated else []
    if notes:
        yield Text(_shown(" · ".join(notes)), STYLES["failure"])


def _output(output: CellOutput) -> str:
    pictures = [
        f"[{kind}, {len(data):,} characters]" for kind, data in output.data.items() if "image/" in kind
    ]
    return "\n".join([output.text, *pictures]) if pictures else output.text


def _verdict(tests: Sequence[TestOutcome]) -> RenderableType:
    passed = sum(test.outcome is Outcome.PASSED for test in tests)
    table = Table(
        box=None, pad_edge=False, title=f"{passed} of {len(tests)} tests passed", title_justify="left"
    )
    for head in ("test", "outcome", "message", "seconds"):
        table.add_column(head, overflow="fold", header_style="dim")
    ordered = sorted(tests, key=lambda test: test.outcome is Outcome.PASSED)
    for test in ordered[:_TESTS]:
        kind = "solved" if test.outcome is Outcome.PASSED else "unsolved"
        outcome = Text(f"{MARKS[kind]} {str(test.outcome).replace('_', ' ')}", STYLES[kind])
        table.add_row(Text(_shown(test.name)), outcome, Text(_shown(test.message)), f"{test.seconds:.3f}")
    if len(tests) > _TESTS:
        table.add_row(f"and {len(tests) - _TESTS} more", "", "", "")
    return table


def _tokens(branch: Branch, decode: Decode | None) -> Text:
    """Sampled tokens on a ground that is the stronger the less likely they were; others are dim."""
    ids = branch.response_ids[:_TOKENS]
    words: Mapping[int, str] = {} if decode is None else {i: decode([i]) for i in dict.fromkeys(ids)}
    count = sum(branch.response_mask)
    about = (
        f"{len(branch.prompt_ids):,} prompt + {len(branch.response_ids):,} response tokens, {count:,} sampled"
    )
    strip = Text(f"{about}{'' if branch.exact else '; ids made from text'}\n", "dim")
    for place, token in enumerate(ids):
        text = visible_text(words[token]) if token in words else f"{token} "
        known = branch.logprobs[place] if branch.logprobs else None
        strip.append(text, _shade(branch.response_mask[place] == 1, known))
    if len(branch.response_ids) > _TOKENS:
        strip.append(f"\n[… {len(branch.response_ids) - _TOKENS:,} more tokens]", "dim")
    return strip


def _shade(sampled: bool, logprob: float | None) -> str:
    if not sampled:
        return "dim underline"
    doubt = 0.1 if logprob is None else 1 - math.exp(min(0.0, logprob))
    red, green, blue = (round(a + (b - a) * doubt) for a, b in ((222, 0), (235, 96), (247, 168)))
    return f"{'black' if doubt < 0.5 else 'white'} on rgb({red},{green},{blue})"


def _code(source: str) -> Syntax:
    return Syntax(_shown(source), "python", theme="ansi_dark", word_wrap=True, background_color="default")


def _rule(title: str, note: str = "") -> RenderableType:
    text = Text(visible_text(title), "bold")
    text.append(f"  {visible_text(note)}" if note else "", "dim not bold")
    return Padding(Rule(text, align="left", style="dim"), (1, 0, 0, 0))


def _shown(text: str) -> str:
    return visible_text(cut_middle(text, _TEXT))
