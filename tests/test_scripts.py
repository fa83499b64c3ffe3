"""The scripts for the shell, as far as they can be tried without installing everything once more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted((ROOT / "scripts").rglob("*.sh")), ROOT / ".ci" / "run"]
FAKE_PYTHON = """#!/bin/bash
# Tells what it is asked to install, and makes environments that hold it.
case $1 in
  -V) echo "Python 3.12" ;;
  -c) if [[ $2 == *version_info* ]]; then echo 3.12; fi; [[ $2 != *flash_attn* && $2 != *torch* ]] ;;
  -m) case $2 in
    venv) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    pip) printf '%s\\n' "${*:3}" >>"$INSTALLED" ;;
  esac ;;
esac
"""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_valid_and_executable(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)


def test_scripts_hold_no_mistake_that_shellcheck_knows() -> None:
    program = str(Path(sys.executable).parent / "shellcheck")
    found = subprocess.run([program, *map(str, SCRIPTS)], capture_output=True, text=True, check=False)
    assert found.stdout == ""
    assert found.returncode == 0


def setup(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the set-up of a copy."""
    (folder / "scripts").mkdir(exist_ok=True)
    shutil.copy(ROOT / "scripts" / "setup.sh", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "docker", folder / "docker", dirs_exist_ok=True)
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
    assert told.stderr == "setup: 'everything' is unknown; use one of: train, dev, base\n"


def programs(folder: Path, **fakes: str) -> str:
    """A search path with the system's small tools and the given programs, and nothing else."""
    folder.mkdir()
    for name in ("bash", "cat", "cksum", "cp", "dirname", "mkdir", "rm", "tail"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in fakes.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return str(folder)


def installed(folder: Path, path: str, kind: str) -> list[str]:
    """What a set-up asks pip for."""
    log = folder / "installed"
    log.write_text("")
    environment = {"PATH": path, "PYTHON": "", "INSTALLED": str(log), "CUDA_HOME": "/no"}
    told = setup(folder, kind, **environment)
    assert told.returncode == 0, told.stdout + told.stderr
    return [line.replace(str(folder), "ROOT") for line in log.read_text().splitlines() if "pip" not in line]


LOCKED = [
    "install --quiet --no-deps --requirement ROOT/docker/training/requirements.txt",
    "install --quiet --no-deps --editable ROOT",
]
COMPILED = "install --quiet --no-deps --no-build-isolation --requirement ROOT/docker/training/flash-attn.txt"
DEVELOPMENT = ["install --quiet torch==2.13.0+cpu", "install --quiet --editable ROOT[train,dev]"]
FAKE_PROGRAM = "#!/bin/bash\n"


def test_setup_installs_the_locked_versions_where_there_is_a_gpu(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin", **{"python3.12": FAKE_PYTHON, "nvidia-smi": FAKE_PROGRAM})
    assert installed(tmp_path, path, "train") == LOCKED
    assert installed(tmp_path, path, "train") == []
    assert installed(tmp_path, path, "base") == []
    assert installed(tmp_path, path, "dev") == DEVELOPMENT
    assert installed(tmp_path, path, "train") == LOCKED


def test_setup_compiles_flash_attention_where_it_can(tmp_path: Path) -> None:
    fakes = {"python3.12": FAKE_PYTHON, "nvidia-smi": FAKE_PROGRAM, "nvcc": FAKE_PROGRAM}
    assert installed(tmp_path, programs(tmp_path / "bin", **fakes), "train") == [
        LOCKED[0],
        COMPILED,
        LOCKED[1],
    ]


def test_setup_without_a_gpu_installs_the_cpu_build(tmp_path: Path) -> None:
    path = programs(tmp_path / "bin", **{"python3.12": FAKE_PYTHON})
    assert installed(tmp_path, path, "train") == DEVELOPMENT
    assert installed(tmp_path, path, "dev") == []


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
