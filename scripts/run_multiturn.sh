#!/usr/bin/env bash
# Trains a policy, from an empty machine to a report: any recipe in configs/, by default one over several turns on CPU.
#
#   scripts/run_multiturn.sh [--config NAME|FILE] [--runs DIR] [--resume] [section.key=value ...]
#   scripts/run_multiturn.sh --list                          the recipes
#   scripts/run_multiturn.sh --config NAME --dry-run         what a recipe would run; starts nothing
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" train
exec "$root/.venv/bin/replgym" train "$@"
