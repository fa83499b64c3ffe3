#!/usr/bin/env bash
# Trains a policy that uses a stateful interpreter over several turns, from an empty machine to a report.
#
#   scripts/run_multiturn.sh [--config NAME|FILE] [--runs DIR] [--resume] [section.key=value ...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" train
exec "$root/.venv/bin/replgym" train "$@"
