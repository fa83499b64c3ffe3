#!/usr/bin/env bash
# Checks style, types and behaviour; stops at the first that fails.
#
#   scripts/test.sh [--fast] [pytest arguments]      --fast leaves out tests that start engines or trainers
#
# Tests run in more workers than there are cores, since many wait; `-n 0` runs them one after the other.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
unset PYTHONDONTWRITEBYTECODE # many tests start processes: what those import is compiled once
bash scripts/setup.sh dev

selection=()
if [[ ${1:-} == --fast ]]; then
  selection=(-m "not slow")
  shift
else
  bash scripts/setup_engines.sh all
fi

run() {
  printf '\n$'
  printf ' %q' "$@"
  printf '\n'
  "$@"
}

run .venv/bin/ruff check
run .venv/bin/ruff format --check
run .venv/bin/mypy
run .venv/bin/python -m pytest -n "$(($(nproc) + 1))" --dist loadgroup --no-loadscope-reorder "${selection[@]}" "$@"
