"""The command that tells a user what this machine gives."""

from __future__ import annotations

import json

import pytest

from replgym.cli import main


def test_it_tells_every_layer_level_and_back_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for word in ("namespaces", "Landlock", "seccomp", "control groups", "auto takes", "jupyter", "docker"):
        assert word in said
    assert max(map(len, said.splitlines())) <= 100


def test_it_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["chosen"] in {level["name"] for level in report["levels"] if level["available"]}
    backends = {backend["name"]: backend for backend in report["backends"]}
    assert backends["jupyter"]["isolation"] == backends["fork"]["isolation"] == report["chosen"]
    assert backends["jupyter-spawn"]["protections"] == []
    assert all(finding["detail"] for finding in report["layers"])
    assert not backends["gateway"]["available"]
    assert "name the server" in backends["gateway"]["notes"][0]
