"""The scripts for the shell, as far as they can be tried without installing everything once more."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted((ROOT / "scripts").glob("*.sh")), ROOT / ".ci" / "run"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_valid_and_executable(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)


def setup(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the set-up of a copy."""
    (folder / "scripts").mkdir(exist_ok=True)
    shutil.copy(ROOT / "scripts" / "setup.sh", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return subprocess.run(
        ["bash", str(folder / "scripts" / "setup.sh"), *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_setup_without_a_python_says_so_in_one_line(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    told = setup(tmp_path, PATH=str(tools), PYTHON="")
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.count("\n") == 1
    assert "found none of Python 3.12 3.11; install one" in told.stderr
    assert not (tmp_path / ".venv").exists()


def test_setup_with_a_wrong_python_or_kind_names_it(tmp_path: Path) -> None:
    told = setup(tmp_path, PYTHON="/no/python")
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "PYTHON=/no/python is none of Python 3.12 3.11" in told.stderr
    told = setup(tmp_path, "everything")
    assert told.stderr == "setup: 'everything' is unknown; use one of: train, base\n"


def test_engines_need_a_known_name_and_an_environment_to_share() -> None:
    def told(name: str) -> str:
        command = ["bash", str(ROOT / "scripts" / "setup_engines.sh"), name]
        ended = subprocess.run(
            command, env=os.environ | {"VENV": "/no"}, capture_output=True, text=True, check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        return ended.stderr

    assert told("tensorrt") == "setup_engines: 'tensorrt' is unknown; use one of: sglang, vllm, all\n"
    assert told("vllm") == "setup_engines: there is no /no; run: scripts/setup.sh train\n"
