#!/usr/bin/env bash
# Writes docker/training/requirements.txt: every package that training on NVIDIA GPUs installs, with its version.
#
#   scripts/lock_training.sh [options of `uv pip compile`, such as --upgrade]
#
# Versions that stand there already are kept as long as they fit. Needs PyPI, and uv in .venv or on PATH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH=$PWD/.venv/bin:$PATH
export UV_PYTHON_DOWNLOADS=never UV_CUSTOM_COMPILE_COMMAND=scripts/lock_training.sh

# sglang's wheel needs glibc 2.34. What has to be compiled, flash-attn, has a file of its own.
exec uv --quiet pip compile pyproject.toml docker/training/requirements.in \
  --extra train \
  --override docker/training/overrides.txt \
  --output-file docker/training/requirements.txt \
  --python-version 3.12 --python-platform x86_64-manylinux_2_34 \
  --strip-extras --no-annotate "$@"
