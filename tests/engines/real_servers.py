"""Real engines as servers of this machine: how each is started on a CPU, and that each is started once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ..free_port import free_port
from .engine_process import EngineProcess
from .engine_under_test import SLOTS
from .gguf_model import save_as_gguf
from .reference_model import CONTEXT

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".engines"
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}
_SGLANG = {"SGLANG_USE_CPU_ENGINE": "1", **_ONE_THREAD}
_VLLM = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    **_ONE_THREAD,
}


class RealServers:
    """The servers of one run of the tests, started when they are first asked for."""

    def __init__(self, model: Path, folder: Path) -> None:
        """Takes the folder of the model and one for logs."""
        self._model = model
        self._folder = folder
        self._processes: dict[str, EngineProcess] = {}

    def get(self, kind: str, name: str = "first") -> EngineProcess:
        """A server that runs and answers; further names give further servers of the same kind."""
        key = f"{kind}-{name}"
        if key not in self._processes:
            process = self._processes[key] = self._make(kind, free_port(), self._folder / f"{key}.log")
            process.start()
            process.wait_until_healthy()
        return self._processes[key]

    def close(self) -> None:
        """Kills all of them; idempotent."""
        for process in self._processes.values():
            process.kill()
        self._processes.clear()

    def _make(self, kind: str, port: int, log: Path) -> EngineProcess:
        match kind:
            case "sglang":
                return EngineProcess(self._sglang(port), port, log, _SGLANG)
            case "vllm":
                return EngineProcess(self._vllm(port), port, log, _VLLM)
            case "openai":
                return EngineProcess(self._llama(port), port, log)
        raise AssertionError(f"no server is known for {kind}")

    def _sglang(self, port: int) -> Sequence[str]:
        options = {
            "--model-path": self._model,
            "--served-model-name": "reference",
            "--host": "127.0.0.1",
            "--port": port,
            "--device": "cpu",
            "--dtype": "float32",
            "--attention-backend": "torch_native",
            "--sampling-backend": "pytorch",
            "--grammar-backend": "none",
            "--mem-fraction-static": 0.7,
            "--max-total-tokens": CONTEXT * SLOTS * 2,
            "--max-running-requests": SLOTS,
            "--context-length": CONTEXT,
            "--log-level": "warning",
        }
        flags = (
            "--disable-overlap-schedule",
            "--disable-cuda-graph",
            "--skip-server-warmup",
            "--sleep-on-idle",
            "--enable-metrics",
        )
        return [_python("sglang"), "-m", "sglang.launch_server", *_flat(options), *flags]

    def _vllm(self, port: int) -> Sequence[str]:
        options = {
            "--model": self._model,
            "--served-model-name": "reference",
            "--host": "127.0.0.1",
            "--port": port,
            "--dtype": "float32",
            "--max-model-len": CONTEXT,
            "--max-num-seqs": SLOTS,
            "--logprobs-mode": "processed_logprobs",
            "--uvicorn-log-level": "warning",
        }
        module = "vllm.entrypoints.openai.api_server"
        return [_python("vllm"), "-m", module, *_flat(options), "--enforce-eager"]

    def _llama(self, port: int) -> Sequence[str]:
        weights = self._folder / "model.gguf"
        if not weights.exists():
            save_as_gguf(self._model, weights)
        program = Path(__file__).with_name("llama_server.py")
        return [sys.executable, str(program), str(weights), str(port), str(CONTEXT), str(SLOTS)]


def _python(kind: str) -> str:
    python = ENVIRONMENTS / kind / "bin" / "python"
    assert python.exists(), f"{kind} is not built; run: scripts/setup_engines.sh {kind}"
    return str(python)


def _flat(options: dict[str, object]) -> list[str]:
    return [str(word) for option in options.items() for word in option]
