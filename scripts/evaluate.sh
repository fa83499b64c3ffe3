#!/usr/bin/env bash
# Evaluates a policy on a task set; the arguments are those of `replgym eval`.
#
#   scripts/evaluate.sh humaneval --policy reference
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" base
exec "$root/.venv/bin/replgym" eval "$@"
