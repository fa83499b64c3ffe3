#!/usr/bin/env bash
# Fits a model to conversations with verl; without arguments a tiny one learns an expert's play on CPU, data included.
#
#   scripts/run_sft.sh [--config NAME|FILE] [--runs DIR] [--resume] [section.key=value ...]
#   scripts/run_sft.sh --config NAME --node-rank N --rendezvous HOST:PORT     the same on every node of a cluster
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh" train
if [[ $# -eq 0 && ! -f data/expert.parquet ]]; then
  "$root/.venv/bin/replgym" data sft play blackbox --policy expert --tasks 200 --output data/expert.parquet
fi
exec "$root/.venv/bin/replgym" sft "$@"
