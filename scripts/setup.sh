#!/usr/bin/env bash
# Makes .venv in the repository root and installs the project into it; a second run finds nothing to do.
#
#   scripts/setup.sh          everything: environment, evaluation, training. Where there is an NVIDIA GPU: the tested
#                             versions of docker/training, with SGLang; elsewhere the same as `dev`
#   scripts/setup.sh dev      training on CPU, and what development and tests need, whatever the machine has
#   scripts/setup.sh base     environment and evaluation only, without torch and verl
#
# PYTHON=/path/to/python chooses the interpreter.
set -euo pipefail

readonly TORCH=2.13.0
readonly CPU_INDEX=https://download.pytorch.org/whl/cpu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root venv=$root/.venv
readonly log=$venv/setup.log locked=$root/docker/training
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

has_gpu() { nvidia-smi -L >/dev/null 2>&1; }

say() { printf 'setup: %s\n' "$*"; }

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# The version of an interpreter that may be used, such as 3.12; fails for all others.
supported() {
  "$1" -c 'import sys
version = "%d.%d" % sys.version_info[:2]
print(version)
sys.exit(version not in sys.argv[1:])' "${versions[@]}" 2>/dev/null
}

find_python() {
  local candidate
  if [[ -n ${PYTHON:-} ]]; then
    supported "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON is none of Python ${versions[*]}; name another, or leave it out"
    printf '%s\n' "$PYTHON"
    return
  fi
  while read -r candidate; do
    if [[ $candidate != "$venv"/* ]] && supported "$candidate" >/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done < <(type -aP "${versions[@]/#/python}" python3 python || true)
  fail "found none of Python ${versions[*]}; install one, or name it: PYTHON=/path/to/python $0"
}

# Whether .venv is of the version that PYTHON asks for, if it asks for one.
is_asked_for() {
  [[ -z ${PYTHON:-} || $(supported "$PYTHON") == "$(supported "$venv/bin/python")" ]]
}

stamp() {
  "$venv/bin/python" -V
  printf '%s\n' "$venv"
  cat "$root/pyproject.toml" "$root/scripts/setup.sh" "$locked"/*.txt | cksum
}

is_done() {
  local kind
  [[ -x $venv/bin/python ]] && is_asked_for || return 1
  for kind in "$@"; do
    [[ -f $venv/.done-$kind && $(<"$venv/.done-$kind") == "$(stamp 2>/dev/null)" ]] && return 0
  done
  return 1
}

ready() {
  say "ready: $venv"
  exit 0
}

# Versions of docker/training and those for development do not mix.
is_other_kind() {
  [[ ($kind == train && -f $venv/.done-dev) || ($kind == dev && -f $venv/.done-train) ]]
}

make_venv() {
  local python
  if [[ -e $venv ]] && ! is_other_kind && supported "$venv/bin/python" >/dev/null && is_asked_for &&
    "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    return
  fi
  python=$(find_python)
  say "making .venv with $("$python" -V) ($python)"
  rm -rf "$venv"
  if command -v uv >/dev/null && uv venv --quiet --seed --python "$python" "$venv"; then
    return
  fi
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$venv"
  else # Debian packs ensurepip apart; its pip can install another one.
    "$python" -m venv --without-pip "$venv"
    "$python" -m pip --quiet --python "$venv/bin/python" install pip ||
      fail "$python can make no virtual environment; run: apt-get install python3-venv"
  fi
}

pip_install() { "$venv/bin/python" -m pip install --quiet "$@" >>"$log" 2>&1; }

# uv, where it is present, is faster; whatever it does not manage, pip does.
install() {
  { command -v uv >/dev/null && VIRTUAL_ENV=$venv uv pip install --quiet "$@" >>"$log" 2>&1; } || pip_install "$@"
}

stop_with_log() {
  tail -n 15 "$log" >&2
  fail "$1; the whole log: $log"
}

install_torch() {
  if "$venv/bin/python" -c 'import torch' 2>/dev/null; then
    return
  fi
  say "installing torch $TORCH, the build for CPUs"
  if command -v uv >/dev/null && VIRTUAL_ENV=$venv UV_HTTP_TIMEOUT=10 uv pip install --quiet --torch-backend=cpu "torch==$TORCH" >>"$log" 2>&1; then
    return
  fi
  pip_install "torch==$TORCH+cpu" && return
  pip_install --timeout 10 --retries 1 --index-url "$CPU_INDEX" "torch==$TORCH+cpu" && return
  say "no CPU build can be had here; installing the larger default build of torch $TORCH"
  pip_install "torch==$TORCH" || stop_with_log "torch cannot be installed"
}

has_nvcc() { command -v nvcc >/dev/null || [[ -x ${CUDA_HOME:-/usr/local/cuda}/bin/nvcc ]]; }

# Without dependencies, since the list is whole, and sglang asks for a transformers that verl forbids.
install_locked() {
  say "installing what training on NVIDIA GPUs needs, several GB; log: $log"
  install --no-deps --requirement "$locked/requirements.txt" || stop_with_log "docker/training/requirements.txt cannot be installed"
  if ! has_nvcc; then
    say "left out: flash-attn, which is compiled with nvcc (CUDA 13.0 toolkit); a critic and padding-free attention need it"
  elif ! "$venv/bin/python" -c 'import flash_attn' 2>/dev/null; then
    say "compiling flash-attn, which can take an hour; MAX_JOBS=N bounds its processes"
    install --no-deps --no-build-isolation --requirement "$locked/flash-attn.txt" || stop_with_log "flash-attn cannot be compiled"
  fi
  install --no-deps --editable "$root" || stop_with_log "replgym cannot be installed"
}

install_extras() {
  say "installing replgym[$1]; log: $log"
  install --editable "${root}[$1]" || stop_with_log "replgym[$1] cannot be installed"
}

kind=${1:-train}
[[ $kind == train ]] && ! has_gpu && kind=dev
case $kind in
  train) versions=(3.12) good_for=(train) ;; # that of docker/training
  dev) versions=(3.12 3.11) good_for=(dev) ;; # those that verl supports
  base) versions=(3.12 3.11 3.13) good_for=(train dev base) ;;
  *) fail "'$kind' is unknown; use one of: train, dev, base" ;;
esac
is_done "${good_for[@]}" && ready

make_venv
: >"$log"
pip_install --upgrade pip || stop_with_log "pip cannot be upgraded"
case $kind in
  train) install_locked ;;
  dev)
    install_torch
    install_extras train,dev
    ;;
  base) install_extras eval ;;
esac
rm -f "$venv"/.done-*
stamp >"$venv/.done-$kind"
say "installed in $SECONDS s"
ready
