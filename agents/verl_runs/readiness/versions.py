"""Packages at the versions that the adapter and verl work with, read from what these declare themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement
from packaging.version import Version

from ...run_settings.config_file import ConfigFile
from .finding import Finding

_FIX = "scripts/setup.sh, or pip install 'replgym[train]'"
_FLASH = "flash_attention_2"


def check_packages(names: Sequence[str], engine: str | None = None) -> Iterator[Finding]:
    """What training imports.

    Args:
        names: Packages.
        engine: One that runs inside verl, whose extra of the same name pins it.
    """
    needed = _declared("replgym", "train")
    pinned = _declared("verl", engine) if engine else {}
    for name in names:
        yield _package(name, needed.get(name.lower()), pinned.get(name.lower()))
    if engine:
        yield _engine(engine, pinned.get(engine))


def check_attention(config: ConfigFile, key: str, *, always: bool = False) -> Iterator[Finding]:
    """Verl loads models with flash-attn unless it is told another implementation.

    Args:
        config: The run.
        key: That of verl which names the implementation.
        always: Whether a part of the run takes no other.
    """
    chosen = {name.lstrip("+~"): value for name, value in config.verl.items()}.get(key.lstrip("+"))
    if config.platform == "cpu" or (chosen not in (None, _FLASH) and not always):
        return
    if find_spec("flash_attn") is not None:
        yield Finding.ok("flash-attn", str(_installed("flash-attn") or "installed"))
        return
    fix = "scripts/setup.sh compiles it where nvcc is"
    if not always:
        fix += f"; or set verl.{key}=sdpa, which is slower"
    yield Finding.error("flash-attn", "not installed", "any 2.x", fix)


def _package(name: str, need: Requirement | None, pinned: Requirement | None) -> Finding:
    """One of the trainer's own packages; what verl pins beside an engine may be another, and is told."""
    found = _installed(name)
    asked = str(need.specifier) if need else ""
    if found is None:
        return Finding.error(name, "not installed", asked, _FIX)
    if need and not need.specifier.contains(found, prereleases=True):
        return Finding.error(name, str(found), asked, f"pip install '{need.name}{need.specifier}'")
    if pinned and found not in pinned.specifier:
        fix = f"pip install '{pinned.name}{pinned.specifier}', if something fails"
        return Finding.warning(name, str(found), f"{pinned.specifier}, which verl is tested with", fix)
    return Finding.ok(name, str(found), asked)


def _engine(engine: str, need: Requirement | None) -> Finding:
    """Verl reads private parts of the engine, so that only its own version works."""
    found, asked = _installed(engine), str(need.specifier) if need else "the version that verl names"
    if found is None or (need and found not in need.specifier):
        fix = "scripts/setup.sh on a machine with a GPU, or docker/training"
        return Finding.error(engine, str(found or "not installed"), asked, fix)
    return Finding.ok(engine, str(found), asked)


def _installed(name: str) -> Version | None:
    try:
        return Version(version(name))
    except PackageNotFoundError:
        return None


def _declared(package: str, extra: str) -> Mapping[str, Requirement]:
    """What an extra of a package asks for, by name; nothing if the package is not installed."""
    try:
        lines = requires(package) or []
    except PackageNotFoundError:
        return {}
    asked = [Requirement(line) for line in lines]
    return {
        need.name.lower(): need
        for need in asked
        if need.marker is None or need.marker.evaluate({"extra": extra})
    }
