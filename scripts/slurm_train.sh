#!/usr/bin/env bash
# A training run on all nodes of a SLURM job: Ray on every node, the run on the first.
#
#   sbatch --nodes=2 --gpus-per-node=8 --time=24:00:00 scripts/slurm_train.sh --config NAME [section.key=value ...]
#
# Submit it from the repository. That, its .venv (scripts/setup.sh, on a node with a GPU) and the folder of runs lie on
# a file system of all nodes. Five minutes before its time is over the job stops the run; submitted again with
# --resume, or requeued by SLURM, it goes on from the last checkpoint.
#SBATCH --job-name=replgym
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --requeue
#SBATCH --signal=B:TERM@300
#SBATCH --output=slurm-%j.log
#SBATCH --open-mode=append
set -euo pipefail
readonly WAIT_SECONDS=300
cd "${SLURM_SUBMIT_DIR:?submit this script with sbatch}"
export PATH=$PWD/.venv/bin:$PATH

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
read -r ip _ < <(hostname -I)
port=$((20000 + SLURM_JOB_ID % 10000))
export RAY_ADDRESS=$ip:$port

start_ray() {
  local count=$1 place=$2
  shift 2
  srun --overlap --nodes="$count" --ntasks="$count" "$place" \
    ray start --block --num-cpus="$SLURM_CPUS_ON_NODE" --num-gpus="$SLURM_GPUS_ON_NODE" "$@" &
}

alive() {
  python -c 'import ray
ray.init("auto", log_to_driver=False, logging_level="ERROR")
print(sum(node["Alive"] for node in ray.nodes()))' 2>/dev/null || printf '0\n'
}

start_ray 1 "--nodelist=${nodes[0]}" --head --node-ip-address="$ip" --port="$port"
until (($(alive) >= 1)); do
  ((SECONDS < WAIT_SECONDS)) || { echo "slurm_train: Ray does not start on ${nodes[0]}" >&2 && exit 1; }
  sleep 2
done
if ((${#nodes[@]} > 1)); then
  start_ray $((${#nodes[@]} - 1)) "--exclude=${nodes[0]}" --address="$RAY_ADDRESS"
fi
until (($(alive) >= ${#nodes[@]})); do
  ((SECONDS < WAIT_SECONDS)) || { echo "slurm_train: Ray does not start on all of: ${nodes[*]}" >&2 && exit 1; }
  sleep 2
done

resume=()
((${SLURM_RESTART_COUNT:-0} > 0)) && resume=(--resume)
replgym train "${resume[@]}" "$@" \
  "cluster.nodes=${#nodes[@]}" "cluster.gpus_per_node=$SLURM_GPUS_ON_NODE" cluster.ray_address=auto &
run=$!
trap 'kill -TERM "$run"' TERM
code=0
wait "$run" || code=$?
while kill -0 "$run" 2>/dev/null; do # the signal ended the wait, not the run
  code=0
  wait "$run" || code=$?
done
exit "$code"
