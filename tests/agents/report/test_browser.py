import base64
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from replgym.agents.report.page import write_report
from replgym.agents.rollouts.episode import Episode, Failure, StopReason, Turn
from replgym.agents.tokens.branch import Branch
from replgym.kernels.cell_result import CellError, CellOutput, CellResult, CellStatus, OutputKind
from replgym.rewards.verdict import Outcome, TestOutcome, Verdict

from .browser import open_browser, opened
from .run_files import EVIL, episode, whole_run, write

TRICKY = "\x1b[31mred\x1b[0m \x00\x07\x08 \u202etxt.exe a\rb \U0001f600"


def png() -> str:
    """A picture of one red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixel = zlib.compress(b"\x00\xff\x00\x00")
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return base64.b64encode(data).decode()


def failing_cell() -> CellResult:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><rect/></svg>'
    )
    return CellResult(
        CellStatus.ERROR,
        outputs=(
            CellOutput(OutputKind.STDOUT, {"text/plain": f"hello {TRICKY} {EVIL}\n"}),
            CellOutput(OutputKind.DISPLAY, {"text/plain": "<Figure 1>", "image/png": png()}),
            CellOutput(OutputKind.DISPLAY, {"image/svg+xml": svg}),
        ),
        error=CellError("ValueError", "bad", "Traceback\nValueError: needle-in-a-traceback"),
        duration=0.25,
        truncated=12,
    )


def rich_episode() -> Episode:
    """One with pictures, errors, hostile texts and a test that failed."""
    died = CellResult(CellStatus.DIED, cause="killed by signal 9", state_lost=True)
    message = f"I think {TRICKY}\n```python\nplot(1)\n```\nand then\n```text\nno cell\n```"
    return episode(0).model_copy(
        update={
            "id": "rich",
            "task_id": "aaa/rich",
            "turns": (
                Turn(
                    action=message,
                    observation="told",
                    code=("plot(1)", "other()"),
                    results=(failing_cell(), died),
                    calls=2,
                ),
                Turn(action="", observation="nothing was read", parse_error="no call"),
                Turn(
                    action='because <tool_call>{"name": "python_interpreter"}</tool_call>',
                    observation="5",
                    code=("print(5)",),
                    results=(
                        CellResult(CellStatus.OK, (CellOutput(OutputKind.STDOUT, {"text/plain": "5"}),)),
                    ),
                    protocol="hermes",
                ),
            ),
            "verdict": Verdict(
                (
                    TestOutcome("t1", Outcome.PASSED, seconds=0.001),
                    TestOutcome("t2", Outcome.WRONG_ANSWER, "expected 3, got 4", 0.5, 3 << 20),
                )
            ),
        }
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training run with all kinds of episodes, as a page."""
    folder = tmp_path_factory.mktemp("run")
    whole_run(folder)
    failed = {"failure": Failure.JUDGE, "failure_message": EVIL, "stop": StopReason.FAILURE, "reward": None}
    write(
        folder / "episodes" / "after-rich.jsonl",
        [rich_episode(), episode(1).model_copy(update={"id": "broken", "verdict": None, **failed})],
    )
    return write_report(folder, decode=lambda ids: f"w{ids[0]}{TRICKY if ids[0] == 8 else ''} ")


def status(page: Page) -> str:
    return page.locator("#status").inner_text()


def shown_tasks(page: Page) -> list[str]:
    return page.locator("#grid .row td.task").all_inner_texts()


def test_filter_search_sort_and_open(browser: Browser, run: Path) -> None:
    with opened(browser, run) as seen:
        page = seen.page
        assert status(page) == "252 episodes"
        page.get_by_label("Outcome").select_option("unsolved")
        assert re.fullmatch(r"1\d\d of 252 episodes", status(page))
        page.get_by_label("Outcome").select_option("")
        page.get_by_role("combobox", name="Level").select_option("2 · linear")
        assert all("blackbox/2/" in task for task in shown_tasks(page))
        page.get_by_role("combobox", name="Level").select_option("")
        page.get_by_label("Search").fill("NEEDLE-in-a-trace")
        expect(page.locator("#status")).to_have_text("1 of 252 episodes")
        expect(page.locator("#detail h3")).to_contain_text("aaa/rich")
        page.get_by_label("Search").fill("nothing has this text")
        expect(page.locator("#status")).to_have_text("0 of 252 episodes")
        expect(page.locator("#detail")).to_have_text("No episode fits.")
        page.get_by_label("Search").fill("")
        expect(page.locator("#status")).to_have_text("252 episodes")
        page.get_by_role("button", name="task").click()
        assert shown_tasks(page)[0] == "aaa/rich"
        assert page.locator("th.task").get_attribute("aria-sort") == "ascending"
        page.get_by_role("button", name="task").click()
        assert shown_tasks(page)[0].startswith("blackbox/3")
        page.locator("#grid .row").nth(2).click()
        expect(page.locator("#detail h3")).to_contain_text(shown_tasks(page)[2])
        assert seen.complaints == []


def check_pictures(page: Page, detail: Locator) -> None:
    pictures = detail.locator("img")
    assert pictures.count() == 2
    for place in range(2):
        picture = pictures.nth(place)
        picture.scroll_into_view_if_needed()
        page.wait_for_function(
            "image => image.complete && image.naturalWidth > 0", arg=picture.element_handle()
        )
    assert "<Figure 1>" in str(pictures.nth(0).get_attribute("alt"))


def check_tokens(detail: Locator) -> None:
    tokens = detail.locator(".strip .token")
    assert tokens.count() == 3
    masked = ["masked" in str(tokens.nth(n).get_attribute("class")) for n in range(3)]
    assert masked == [False, True, False]
    tokens.nth(2).hover()
    expect(detail.locator(".told")).to_have_text(re.compile(r"id 9.*logprob -2, p = 0\.135"))


def test_an_episode_shows_cells_pictures_verdict_and_tokens(browser: Browser, run: Path) -> None:
    with opened(browser, run.with_name(["report.html", "episode=rich"][0])) as seen:
        page = seen.page
        page.goto(f"{run.as_uri()}#episode=rich")
        page.reload()
        detail = page.locator("#detail")
        expect(detail.locator("h3")).to_contain_text("aaa/rich")
        check_pictures(page, detail)
        text = detail.inner_text()
        for told in (
            "hello red ␀␇␈ ⟨U+202E⟩txt.exe a␍b 😀",
            EVIL.replace("\u2028", " ").split()[0],
            "needle-in-a-traceback",
            "12 characters of output not kept",
            "died · killed by signal 9 · the variables were lost",
            "no cell",
            "because",
            "The message as it was written",
            "expected 3, got 4",
            "1 test passed",
            "2 prompt + 3 response tokens, 2 sampled",
        ):
            assert told in text, told
        assert "\x1b" not in text
        assert "<tool_call>" not in text, "until the message is unfolded"
        assert text.count("What the model was told") == 1, "where the cells do not say it"
        assert detail.get_by_role("img", name="1 of 2 tests passed").count() == 1
        check_tokens(detail)
        assert page.evaluate("document.scripts.length") == page.locator("script").count()
        assert seen.complaints == []


def test_everything_can_be_done_by_keyboard(browser: Browser, run: Path) -> None:
    with opened(browser, run) as seen:
        page = seen.page
        first, second = (page.locator("#grid .row td.task").nth(n).inner_text() for n in (0, 1))
        page.keyboard.press("j")
        expect(page.locator("#detail h3")).to_contain_text(second)
        page.keyboard.press("k")
        expect(page.locator("#detail h3")).to_contain_text(first)
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.type") == "search"
        page.keyboard.type("jk")
        expect(page.locator("#status")).to_have_text("0 of 252 episodes")
        page.keyboard.press("Escape")
        expect(page.locator("#status")).to_have_text("252 episodes")
        page.keyboard.press("Escape")
        row = "document.activeElement.closest('.row')?.getAttribute('aria-rowindex')"
        assert page.evaluate(row) == "2"
        page.keyboard.press("End")
        assert page.evaluate(row) == "253"
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid", "the focus can be seen"
        page.keyboard.press("ArrowUp")
        assert page.evaluate(row) == "252"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "detail"
        page.locator(".strip").first.focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator(".told").first).to_have_text(re.compile("^Token 1 of 3"))
        assert seen.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(browser: Browser, run: Path, dark: bool) -> None:
    with opened(browser, run, width=360, dark=dark) as seen:
        page = seen.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator("#grid td.task").first.is_visible()
        assert page.locator("#grid").evaluate("box => box.scrollWidth <= box.clientWidth")
        page.goto(f"{run.as_uri()}#episode=rich")
        page.reload()
        expect(page.locator("#detail h3")).to_contain_text("aaa/rich")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", shade)[:3])) < 150) is dark
        page.locator("#theme").click()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != shade
        assert seen.complaints == []


def test_texts_can_be_told_from_their_ground(browser: Browser, run: Path) -> None:
    """The contrast of WCAG AA, 4.5 to 1, for the texts that matter, in both themes."""
    for dark in (False, True):
        with opened(browser, run, dark=dark) as seen:
            for place in (
                ".caption",
                ".fact.unsolved, .fact.solved",
                "#grid .row td.text",
                ".eyebrow",
                ".about",
            ):
                found = seen.page.locator(place).first.evaluate(CONTRAST)
                assert found >= 4.5, (place, dark, found)


def test_five_thousand_episodes_open_at_once(browser: Browser, tmp_path: Path) -> None:
    base = episode(0)
    turns = tuple(
        base.turns[0].model_copy(update={"action": f"thought {n}\n" * 20, "observation": "seen " * 60})
        for n in range(3)
    )
    branch = Branch(
        prompt_ids=(1,),
        response_ids=tuple(range(300)),
        response_mask=(1, 0) * 150,
        logprobs=tuple(-n / 300 for n in range(300)),
    )
    played = episode(0).model_copy(update={"turns": turns, "branches": (branch,)})
    write(
        tmp_path / "episodes.jsonl",
        [played.model_copy(update={"id": f"e{n}", "sample": n, "reward": n % 3 / 2}) for n in range(5000)],
    )
    path = write_report(tmp_path, decode=lambda ids: f"w{ids[0]} ")
    with opened(browser, path) as seen:
        page = seen.page
        assert status(page) == "5,000 episodes"
        assert 0 < seen.work_seconds() < 3
        assert page.locator("#grid .row").count() < 60, "only rows in view are elements"
        page.locator("#grid").evaluate("box => { box.scrollTop = box.scrollHeight }")
        expect(page.locator("#grid .row").last).to_have_attribute("aria-rowindex", "5001")
        page.get_by_label("Search").fill("thought 2")
        expect(page.locator("#status")).to_have_text("5,000 episodes", timeout=20_000)
        assert seen.complaints == []


CONTRAST = """element => {
  const parse = (text) => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (color) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, n) => {
    const part = color[n] / 255;
    return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  let ground = element;
  while (parse(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const colours = [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
  const [a, b] = colours.map((colour) => light(parse(colour)));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
