"""What is installed is whole: the wheel holds every file of the rooms, and its entry points resolve."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("agents", "configs", "envs", "kernels", "pyinterp_v0", "replgym", "rewards", "tools")
PACKAGES = ("pyinterp_v0", "replgym")
FILES = ("LICENSE", "README.md", "pyproject.toml")
GENERATED = shutil.ignore_patterns("__pycache__", "*.pyc")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy, so that nothing is left in the repository."""
    copy = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        shutil.copytree(ROOT / part, copy / part, symlinks=True, ignore=GENERATED)
    for file in FILES:
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    subprocess.run(command, cwd=copy, check=True, timeout=120)
    return zipfile.ZipFile(next(copy.glob("*.whl")))


def test_the_wheel_holds_the_rooms_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    rooms = [path for part in PARTS if part not in PACKAGES for path in (ROOT / part).rglob("*")]
    files = {f"replgym/{path.relative_to(ROOT)}" for path in rooms if path.is_file()}
    own = [path for package in PACKAGES for path in (ROOT / package).iterdir()]
    files |= {str(path.relative_to(ROOT)) for path in own if path.is_file()}
    expected = {file for file in files if "__pycache__" not in file}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


def test_its_entry_points_resolve(wheel: zipfile.ZipFile) -> None:
    names = {Path(name).name: name for name in wheel.namelist()}
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(names["entry_points.txt"]).decode())
    assert set(entries.sections()) == {
        "console_scripts",
        "inspect_ai",
        "jupyter_client.kernel_provisioners",
        "verl.plugins",
    }
    ours = [section for section in entries.sections() if section != "inspect_ai"]  # it is tested where it is
    targets = [target for section in ours for _, target in entries.items(section)]
    program = "import pkgutil, sys; assert all(callable(pkgutil.resolve_name(name)) for name in sys.argv[1:])"
    subprocess.run([sys.executable, "-c", program, *targets], cwd=ROOT, check=True, timeout=120)
