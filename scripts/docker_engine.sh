#!/usr/bin/env bash
# A Docker engine for tests, where none runs: for containers without a network, and gone without a trace when stopped.
#
#   scripts/docker_engine.sh install         installs one, if there is none (Debian or Ubuntu, as root)
#   scripts/docker_engine.sh start [folder]  starts it, as root, and prints its address, for DOCKER_HOST
#   scripts/docker_engine.sh stop [folder]   stops it and removes the folder with all images and containers
set -euo pipefail

readonly COMMAND=${1:-} FOLDER=${2:-/var/tmp/replgym-docker}
readonly ADDRESS=unix://$FOLDER/docker.sock
readonly START_SECONDS=60 STOP_SECONDS=60

say() { printf 'docker_engine: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

require_root() {
  [[ $(id -u) == 0 ]] || fail "'$COMMAND' needs root; run it with sudo, or use an engine that runs already"
}

answers() { DOCKER_HOST=$1 docker version >/dev/null 2>&1; }

install_engine() {
  if command -v dockerd >/dev/null && command -v docker >/dev/null; then
    return
  fi
  require_root
  command -v apt-get >/dev/null || fail "only Debian and Ubuntu are supported; install Docker by hand: docs.docker.com/engine/install"
  say "installing docker.io"
  local packages=(docker.io iptables) log
  log=$(mktemp)
  # A service that starts by itself would be in the way of the one that is wanted.
  if ! { apt-get update -q && { ! apt-cache show docker-cli || packages+=(docker-cli); } &&
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "apt-get failed; the whole log: $log"
  fi
  rm "$log"
}

start_engine() {
  require_root
  command -v dockerd >/dev/null || fail "there is no dockerd; run: $0 install"
  if answers "$ADDRESS"; then
    printf '%s\n' "$ADDRESS"
    return
  fi
  mkdir -p "$FOLDER"
  # Without a bridge and rules it changes nothing in the network of the machine.
  setsid dockerd --data-root "$FOLDER/data" --exec-root "$FOLDER/exec" --pidfile "$FOLDER/pid" --host "$ADDRESS" \
    --bridge=none --iptables=false --ip6tables=false >"$FOLDER/log" 2>&1 </dev/null &
  local engine=$! end=$((SECONDS + START_SECONDS))
  until answers "$ADDRESS"; do
    if ((SECONDS > end)) || ! kill -0 "$engine" 2>/dev/null; then
      tail -n 5 "$FOLDER/log" >&2
      kill "$engine" 2>/dev/null || true
      fail "dockerd did not start; the whole log: $FOLDER/log"
    fi
    sleep 0.1
  done
  if [[ $(DOCKER_HOST=$ADDRESS docker info --format '{{.Driver}}') == vfs ]]; then
    say "the storage driver is vfs, which is very slow: use a folder on a disk that overlayfs can use"
  fi
  printf '%s\n' "$ADDRESS"
}

stop_engine() {
  local engine end=$((SECONDS + STOP_SECONDS))
  if [[ -s $FOLDER/pid ]]; then
    require_root
    engine=$(<"$FOLDER/pid")
    kill "$engine" 2>/dev/null || true
    while kill -0 "$engine" 2>/dev/null; do
      ((SECONDS < end)) || fail "dockerd, process $engine, does not stop"
      sleep 0.1
    done
  fi
  rm -rf "$FOLDER"
}

case $COMMAND in
  install) install_engine ;;
  start) start_engine ;;
  stop) stop_engine ;;
  *) fail "'$COMMAND' is unknown; use one of: install, start, stop" ;;
esac
