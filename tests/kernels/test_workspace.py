"""No path leads out of a workspace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replgym.kernels import WorkspaceError
from replgym.kernels.workspace import Workspace

NAMES = st.one_of(
    st.sampled_from(["..", ".", "", "/", "link", "out", "file", "folder", "~", "\0", "x" * 300, "a\nb", "é"]),
    st.text(max_size=8),
)
PATHS = st.lists(NAMES, max_size=5).map("/".join)


def _tree(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")
    }


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_bytes(b"secret")
    inside = outside / "workspace"
    (inside / "folder").mkdir(parents=True)
    (inside / "file").write_bytes(b"mine")
    (inside / "link").symlink_to("..")
    (inside / "out").symlink_to(outside / "secret")
    return outside


@given(path=PATHS)
def test_no_path_reads_what_lies_outside(outside: Path, path: str) -> None:
    workspace = Workspace(outside / "workspace")
    try:
        assert b"secret" not in workspace.read(path, 1000)
    except WorkspaceError:
        pass
    finally:
        workspace.close()


@given(path=PATHS)
def test_no_path_writes_outside(outside: Path, path: str) -> None:
    workspace = Workspace(outside / "workspace")
    before = {name: data for name, data in _tree(outside).items() if not name.startswith("workspace")}
    try:
        workspace.write(path, b"written")
        assert workspace.read(path, 1000) == b"written"
    except WorkspaceError:
        pass
    finally:
        workspace.close()
    after = {name: data for name, data in _tree(outside).items() if not name.startswith("workspace")}
    assert after == before


@given(data=st.binary(max_size=200), limit=st.integers(0, 200))
def test_a_read_is_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, limit: int
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w"))
    workspace.write("f", data)
    try:
        assert workspace.read("f", limit) == data
        assert len(data) <= limit
    except WorkspaceError:
        assert len(data) > limit
    finally:
        workspace.close()


def test_a_device_is_not_read(tmp_path: Path) -> None:
    workspace = Workspace(os.open("/dev", os.O_RDONLY | os.O_DIRECTORY))
    with pytest.raises(WorkspaceError, match="not a regular file"):
        workspace.read("zero", 1000)
    workspace.close()
    with pytest.raises(WorkspaceError, match="closed"):
        workspace.read("zero", 1000)
