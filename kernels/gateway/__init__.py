"""Kernels that a Jupyter server runs: Kernel Gateway, Jupyter Server, JupyterHub, Enterprise Gateway."""
