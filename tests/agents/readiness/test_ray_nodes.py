"""The Ray cluster that a run joins, asked from outside."""

from __future__ import annotations

import pytest

from replgym.agents.training.readiness.ray_nodes import check_ray_nodes
from replgym.agents.verl_runs.readiness.finding import Status

from ...ray_cluster import two_nodes
from .machines import run_on_cpu, wrong


def test_a_run_with_a_ray_of_its_own_asks_for_nothing() -> None:
    assert list(check_ray_nodes(run_on_cpu())) == []


def test_an_address_where_nothing_is_fails_at_once() -> None:
    found = wrong(check_ray_nodes(run_on_cpu(cluster={"ray_address": "127.0.0.1:9"})))["Ray cluster"]
    assert found.status is Status.ERROR
    assert "127.0.0.1:9 does not answer" in found.value
    assert "ray start --head" in found.fix


@pytest.mark.slow
def test_nodes_and_their_gpus_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    with two_nodes(num_gpus=2) as cluster:

        def found(nodes: int, gpus: int) -> dict[str, object]:
            asked = {"ray_address": address, "nodes": nodes, "gpus_per_node": gpus}
            return dict(wrong(check_ray_nodes(run_on_cpu(cluster=asked))))

        address = cluster.address
        assert found(1, 2) == {}
        assert found(2, 2).keys() == {"Ray cluster"}
        assert found(1, 4).keys() == {"Ray cluster"}
        address = "auto"
        monkeypatch.setenv("RAY_ADDRESS", cluster.address)
        assert found(1, 2) == {}
