"""The seams to verl 0.9.1: an agent loop that owns its episode, and what verl lacks to run without a GPU.

verl imports `plugin` in every process through the entry point group `verl.plugins`; it only registers
names there. What changes torch or verl for a CPU run is in `cpu_worker`, which a run names explicitly in
`VERL_USE_EXTERNAL_MODULES`.
"""
