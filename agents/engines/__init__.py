"""Engines that are spoken to over HTTP, token ids in and token ids out."""

from .engine_error import EngineError, ExactnessError, RefusedError, UnavailableError
from .engine_fleet import EngineFleet
from .engine_wire import EngineAnswer, EngineCall, EngineWire, FinishReason, GenerateRequest
from .fleet_limits import FleetLimits
from .fleet_stats import FleetStats
from .scripted_engine import ScriptedEngine
from .sglang_training_wire import SGLangTrainingWire
from .sglang_wire import SGLangWire
from .vllm_wire import VLLMWire

__all__ = [
    "EngineAnswer",
    "EngineCall",
    "EngineError",
    "EngineFleet",
    "EngineWire",
    "ExactnessError",
    "FinishReason",
    "FleetLimits",
    "FleetStats",
    "GenerateRequest",
    "RefusedError",
    "SGLangTrainingWire",
    "SGLangWire",
    "ScriptedEngine",
    "UnavailableError",
    "VLLMWire",
]
