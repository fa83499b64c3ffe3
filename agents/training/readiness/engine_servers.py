"""Whether the servers of `sglang_http` answer, and serve the model that is trained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import urlopen

from ...verl_runs.readiness.fault_line import fault_line
from ...verl_runs.readiness.finding import Finding
from ..train_config import TrainConfig

_SECONDS = 5.0


def check_engine_servers(config: TrainConfig) -> Iterator[Finding]:
    """Every address of `rollout.urls`."""
    if config.rollout.engine != "sglang_http":
        return
    for url in config.rollout.urls:
        yield _server(url.rstrip("/"), config.model.path)


def _server(url: str, model: str | None) -> Finding:
    need = "an SGLang server that answers"
    try:
        with urlopen(f"{url}/get_model_info", timeout=_SECONDS) as answer:
            info = json.load(answer)
        served = str(info["model_path"])
    except (OSError, URLError, HTTPException, ValueError, KeyError, TypeError) as error:
        told = f"{url}: {fault_line(error)}"
        fix = "start it (python -m sglang.launch_server --model-path MODEL), or correct rollout.urls"
        return Finding.error("engine server", told, need, fix)
    if model is not None and served.rstrip("/") != model.rstrip("/"):
        fix = "start it with the same --model-path; weights are replaced at the first step, sizes are not"
        return Finding.warning("engine server", f"{url} serves {served}", model, fix)
    return Finding.ok("engine server", f"{url} serves {served}")
