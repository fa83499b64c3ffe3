"""The documentation is true: its code runs, its commands and links exist, its tables are complete.

The Python blocks of a page run one after the other in one namespace. A ```text block right after a Python
block is what that one prints.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel

from replgym.agents.run_settings.monitoring import MonitoringSettings
from replgym.agents.sft.sft_config import SftConfig
from replgym.agents.training.train_config import TrainConfig
from replgym.cli import main
from replgym.envs import EnvConfig
from replgym.kernels import BackendOptions
from replgym.kernels.gateway.gateway_options import GatewayOptions

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
COMMANDS_WITH_PARTS = ("data", "serve", "data sft")
ELSEWHERE = (EnvConfig, BackendOptions, MonitoringSettings)
"""Sections of a training's settings that have a page of their own."""
COMMAND_OF_SCRIPT = {
    "scripts/run_multiturn.sh": "train",
    "scripts/run_sft.sh": "sft",
    "scripts/evaluate.sh": "eval",
}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int
    follows_directly: bool
    """Nothing but blank lines stands between it and the block before it."""


def blocks_of(page: Path) -> Iterator[Block]:
    source, end = page.read_text(), 0
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", source, re.MULTILINE | re.DOTALL):
        line = source.count("\n", 0, found.start()) + 1
        yield Block(found[1], found[2], line, not source[end : found.start()].strip())
        end = found.end()


def blocks(language: str) -> list[tuple[Path, Block]]:
    return [(page, block) for page in PAGES for block in blocks_of(page) if block.language == language]


def place(value: object) -> str | None:
    if isinstance(value, Path):
        return value.name
    return f"line {value.line}" if isinstance(value, Block) else None


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_blocks_run_and_print_what_the_page_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    printed = io.StringIO()
    for block in blocks_of(page):
        if block.language == "python":
            printed = io.StringIO()
            code = compile("\n" * block.line + block.text, str(page), "exec")
            with contextlib.redirect_stdout(printed):
                exec(code, namespace)
        elif block.language == "text" and block.follows_directly:
            assert printed.getvalue().rstrip() == block.text.rstrip(), f"{page.name}:{block.line}"


@pytest.mark.parametrize(("page", "block"), blocks("bash"), ids=place)
def test_bash_blocks_name_commands_and_options_that_exist(
    page: Path, block: Block, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True)
    for line in block.text.replace("\\\n", " ").splitlines():
        words = [word for word in shlex.split(line, comments=True) if word not in ("bash", "nice")]
        if not words:
            continue
        if words[0].startswith("scripts/"):
            assert (ROOT / words[0]).is_file()
            words = ["replgym", COMMAND_OF_SCRIPT.get(words[0], ""), *words[1:]]
        if words[0] == "replgym" and words[1]:
            check_command(words[1], words[2:], capsys)


def check_command(command: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    names = [command]
    while " ".join(names) in COMMANDS_WITH_PARTS:
        names, arguments = [*names, arguments[0]], arguments[1:]
    assert main([*names, "--help"]) == 0
    known = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", capsys.readouterr().out))
    given = {word.partition("=")[0] for word in arguments if word.startswith("-")}
    assert given <= known
    if command == "train":
        overrides = [word for word in arguments if re.match(r"\w+(\.\w+)*=", word)]
        TrainConfig.load(config_named(arguments, "multiturn_cpu"), overrides)
    if command == "sft":
        overrides = [word for word in arguments if re.match(r"\w+(\.\w+)*=", word)]
        SftConfig.load(config_named(arguments, "sft_cpu"), overrides)


def config_named(arguments: list[str], default: str) -> str:
    """The preset that a command names."""
    return arguments[arguments.index("--config") + 1] if "--config" in arguments else default


@pytest.mark.parametrize(("page", "block"), blocks("yaml"), ids=place)
def test_yaml_blocks_are_configurations(page: Path, block: Block, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(block.text)
    (SftConfig if page.name == "sft.md" else TrainConfig).load(path)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def keys_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in ELSEWHERE:
            yield from keys_of(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


@pytest.mark.parametrize(
    ("page", "model"),
    [
        ("environment.md", EnvConfig),
        ("interpreters.md", BackendOptions),
        ("interpreters.md", GatewayOptions),
        ("training.md", TrainConfig),
        ("sft.md", SftConfig),
        ("monitoring.md", MonitoringSettings),
    ],
    ids=place,
)
def test_tables_name_every_setting(page: str, model: type[BaseModel]) -> None:
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert set(keys_of(model)) - named == set(), f"docs/{page} leaves out these settings"
