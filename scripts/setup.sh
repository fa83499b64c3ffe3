#!/usr/bin/env bash
# Makes .venv in the repository root and installs the project into it; a second run finds nothing to do.
#
#   scripts/setup.sh          everything: environment, evaluation, training, development
#   scripts/setup.sh base     environment and evaluation only, without torch and verl
#
# PYTHON=/path/to/python chooses the interpreter.
set -euo pipefail

readonly TORCH=2.13.0
readonly CPU_INDEX=https://download.pytorch.org/whl/cpu
readonly EXTRAS=${1:-train}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root venv=$root/.venv
readonly log=$venv/setup.log
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

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
  cat "$root/pyproject.toml" "$root/scripts/setup.sh" | cksum
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

make_venv() {
  local python
  if [[ -e $venv ]] && supported "$venv/bin/python" >/dev/null && is_asked_for &&
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
  if nvidia-smi -L >/dev/null 2>&1; then
    say "installing torch $TORCH, the build for NVIDIA GPUs"
    install "torch==$TORCH" || stop_with_log "torch cannot be installed"
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

case $EXTRAS in
  train)
    versions=(3.12 3.11) # those that verl supports
    wanted='train,dev'
    is_done train && ready
    ;;
  base)
    versions=(3.12 3.11 3.13)
    wanted=eval
    is_done train base && ready
    ;;
  *) fail "'$EXTRAS' is unknown; use one of: train, base" ;;
esac

make_venv
: >"$log"
pip_install --upgrade pip || stop_with_log "pip cannot be upgraded"
[[ $EXTRAS == base ]] || install_torch
say "installing replgym[$wanted]; log: $log"
install --editable "$root[$wanted]" || stop_with_log "replgym[$wanted] cannot be installed"
stamp >"$venv/.done-$EXTRAS"
say "installed in $SECONDS s"
ready
