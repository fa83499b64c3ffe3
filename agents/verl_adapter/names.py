"""Names under which verl finds our parts; free of imports, so that planning a run costs nothing."""

AGENT_NAME = "interpreter"
"""The agent loop, in rows and in verl's agent-loop file."""
ENGINE = "transformers_cpu"
"""The rollout engine of CPU runs."""
CPU_WORKER = "replgym.agents.verl_adapter.cpu_worker"
"""What every process of a CPU run imports."""
