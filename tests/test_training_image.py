"""What training on NVIDIA GPUs installs can be had, and fits together; the image names only what exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement

from replgym.cli import main

ROOT = Path(__file__).parents[1]
IMAGE = ROOT / "docker" / "training"
COMPILED_HERE = {"antlr4-python3-runtime"}
"""Locked packages without a wheel: pure Python."""


def requirements(name: str, folder: Path = IMAGE) -> list[Requirement]:
    lines = (folder / name).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def locked(folder: Path = IMAGE) -> list[Requirement]:
    return requirements("requirements.txt", folder)


def versions() -> dict[str, str]:
    return {package.name: str(package.specifier).removeprefix("==") for package in locked()}


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--python-version", "3.12", *arguments]
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=240)


def test_the_list_is_what_its_input_resolves_to(tmp_path: Path) -> None:
    for folder in ("docker", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", str(tmp_path / "scripts" / "lock_training.sh")]
    subprocess.run(command, env=os.environ | {"PATH": path}, check=True, timeout=240)
    assert locked(tmp_path / "docker" / "training") == locked(), "run scripts/lock_training.sh"


def test_every_package_has_a_wheel_for_the_image(tmp_path: Path) -> None:
    rest = tmp_path / "rest.txt"
    rest.write_text("\n".join(str(package) for package in locked() if package.name not in COMPILED_HERE))
    found = uv("--no-build", "--no-deps", "--python-platform", "x86_64-manylinux_2_34", str(rest))
    assert found.returncode == 0, found.stderr


def test_without_the_overrides_nothing_resolves() -> None:
    """When this fails, verl has mended its requirements, and overrides.txt can go."""
    found = uv("--python-platform", "x86_64-manylinux_2_34", str(IMAGE / "requirements.in"))
    assert found.returncode != 0
    assert "transformers" in found.stderr


def test_versions_are_exact_and_those_that_verl_is_tested_with() -> None:
    assert all(re.fullmatch(r"==[\w.]+", str(r.specifier)) for r in locked())
    found = versions()
    known = {"verl": "0.9.1", "sglang": "0.5.12", "torch": "2.11.0", "transformers": "5.9.0"}
    assert {name: found[name] for name in known} == known
    assert "flash-attn" not in found
    for override in requirements("overrides.txt"):
        absent = override.marker is not None and not override.marker.evaluate()
        assert absent == (override.name not in found)
        assert absent or found[override.name] in override.specifier


def test_what_compiles_flash_attn_is_installed_before_it() -> None:
    (flash_attn,) = requirements("flash-attn.txt")
    assert (flash_attn.name, str(flash_attn.specifier)) == ("flash-attn", "==2.8.3")
    assert {"einops", "ninja", "packaging", "psutil", "setuptools", "torch", "wheel"} <= versions().keys()


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    parsed = DockerfileParser(str(IMAGE / "Dockerfile")).structure
    return [(part["instruction"], part["value"]) for part in parsed if part["instruction"] != "COMMENT"]


def test_the_image_copies_files_that_exist_and_nothing_but_the_project(
    dockerfile: list[tuple[str, str]],
) -> None:
    ignore = (IMAGE / "Dockerfile.dockerignore").read_text().splitlines()
    allowed = {path for line in ignore if line.startswith("!") for path in ROOT.glob(line[1:])}
    assert ignore[1] == "*"
    parts = {ROOT / name for name in ("LICENSE", "README.md", "pyproject.toml", "pyinterp_v0", "replgym")}
    rooms = {path.resolve() for path in (ROOT / "replgym").iterdir() if path.is_symlink()}
    lists = set(IMAGE.glob("*.txt"))
    assert allowed == parts | rooms | lists
    copied = [value.split()[0] for instruction, value in dockerfile if instruction == "COPY"]
    assert [name for name in copied if name != "." and ROOT / name not in lists] == []


def test_the_image_runs_the_command_as_a_user_without_rights(dockerfile: list[tuple[str, str]]) -> None:
    last = dict(dockerfile)
    assert int(last["USER"]) > 0
    program, *arguments = json.loads(last["ENTRYPOINT"])
    assert program == "replgym"
    assert main([*arguments, "--help"]) == 0


def test_the_image_has_a_pinned_base_and_the_toolkit_of_its_torch(dockerfile: list[tuple[str, str]]) -> None:
    stages = [value.split() for instruction, value in dockerfile if instruction == "FROM"]
    names = [words[2] for words in stages if len(words) == 3]
    (base,) = {words[0] for words in stages} - set(names)
    toolkit = re.fullmatch(r"nvidia/cuda:(\d+\.\d+)\.\d+-devel-ubuntu24\.04", base)
    assert toolkit is not None
    assert versions()["cuda-toolkit"].startswith(toolkit[1])
