"""The name under which verifiers finds `PyInterp-v0`: `vf-eval PyInterp-v0`."""

from replgym.agents.adapters.verifiers import PyInterpEnv, PyInterpHarness, PyInterpTaskset, load_environment

__all__ = ["PyInterpEnv", "PyInterpHarness", "PyInterpTaskset", "load_environment"]
