#!/usr/bin/env bash
# Builds environments with real inference engines, each of its own in .engines; a second run finds nothing to do.
#
#   scripts/setup_engines.sh [sglang|vllm|all]
#
# Engines and verl want different versions of the same packages, so none is installed beside verl. Where there
# is no NVIDIA GPU they serve on the CPU, for tests: exactly the packages of scripts/engines/, and the PyTorch of
# .venv. VENV=/path/to/environment shares the PyTorch of that one instead.
set -euo pipefail

readonly TORCH=2.13.0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root base=${VENV:-$root/.venv}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

say() { printf 'setup_engines: %s\n' "$*"; }

fail() {
  printf 'setup_engines: %s\n' "$*" >&2
  exit 1
}

has_gpu() { nvidia-smi -L >/dev/null 2>&1; }

# What an environment was made from.
stamp() {
  "$base/bin/python" -V
  has_gpu && printf 'gpu\n'
  printf '%s\n' "$venv"
  cat "$root/scripts/setup_engines.sh" "$root/scripts/engines"/* | cksum
}

stop_with_log() {
  tail -n 15 "$log" >&2
  fail "$1; the whole log: $log"
}

# uv, where it is present, is faster; whatever it does not manage, pip does.
install() {
  { command -v uv >/dev/null && uv pip install --quiet --python "$venv/bin/python" "$@" >>"$log" 2>&1; } ||
    "$base/bin/python" -m pip --python "$venv/bin/python" install --quiet --no-compile "$@" >>"$log" 2>&1 ||
    stop_with_log "$engine cannot be installed"
}

site_packages() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# Hard links cost no space, and each environment may be removed without the other.
share_torch() {
  local from to name version
  from=$(site_packages "$base") to=$(site_packages "$venv")
  version=$("$base/bin/python" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null) || version=none
  [[ ${version%+*} == "$TORCH" ]] || fail "$base has torch $version, not $TORCH; run: scripts/setup.sh train"
  for name in torch torchgen functorch "torch-$version.dist-info"; do
    [[ -e $from/$name ]] || continue
    cp -al "$from/$name" "$to/" 2>/dev/null || { rm -rf "${to:?}/$name" && cp -a "$from/$name" "$to/"; }
  done
}

build() {
  local started=$SECONDS packages
  engine=$1 venv=$root/.engines/$1 log=$root/.engines/$1.log
  if [[ -f $venv/.done && $(<"$venv/.done") == "$(stamp)" ]]; then
    say "ready: $venv"
    return
  fi
  mkdir -p "$root/.engines"
  : >"$log"
  rm -rf "$venv"
  "$base/bin/python" -m venv --without-pip "$venv" >>"$log" 2>&1 || stop_with_log "no environment can be made"
  if has_gpu; then # written down, not tested
    say "installing ${FULL[$engine]} for NVIDIA GPUs; log: $log"
    install "${FULL[$engine]}"
  else
    say "installing $engine for CPUs; log: $log"
    share_torch
    install --no-deps --requirement "$root/scripts/engines/$engine-cpu.txt"
    packages=$(site_packages "$venv")
    if [[ $engine == sglang ]]; then # runs at every start of this environment's Python
      cp "$root/scripts/engines/cpu_stubs.py" "$packages"
      printf 'import cpu_stubs\n' >"$packages/cpu_stubs.pth"
    fi
  fi
  stamp >"$venv/.done"
  say "installed $engine in $((SECONDS - started)) s"
  say "ready: $venv"
}

declare -A FULL=([sglang]='sglang==0.5.23' [vllm]='vllm==0.32.0')
readonly FULL

case ${1:-all} in
  sglang | vllm) engines=("$1") ;;
  all) engines=(sglang vllm) ;;
  *) fail "'$1' is unknown; use one of: sglang, vllm, all" ;;
esac
[[ -x $base/bin/python ]] || fail "there is no $base; run: scripts/setup.sh train"
for engine in "${engines[@]}"; do
  build "$engine"
done
