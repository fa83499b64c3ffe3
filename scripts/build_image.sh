#!/usr/bin/env bash
# Builds the image in which the docker back end runs kernels; a second run finds nothing to do.
#
#   scripts/build_image.sh              from docker/Dockerfile; needs a registry and a package index
#   scripts/build_image.sh --from-host  from the Python of this machine (Linux), where no registry can be reached
#
# IMAGE=name chooses another name than replgym-kernel, PYTHON=/path/to/python the interpreter that is copied,
# BASE=image the base of the Dockerfile. DOCKER_HOST chooses the engine.
set -euo pipefail

readonly IMAGE=${IMAGE:-replgym-kernel} BASE=${BASE:-python:3.11-slim}
# What cells may call through a shell.
readonly TOOLS=(sh bash awk basename cat chmod cmp comm cp cut date dd df diff dirname du echo egrep env expr false
  find grep gunzip gzip head id join kill ln ls md5sum mkdir mktemp mv nl nohup nproc od paste printenv printf ps pwd
  readlink realpath rm rmdir sed seq setsid sha256sum shuf sleep sort split stat tac tail tar tee test timeout touch
  tr true uname uniq wc which xargs yes)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root requirements=$root/docker/requirements.txt

say() { printf 'build_image: %s\n' "$*"; }

fail() {
  printf 'build_image: %s\n' "$*" >&2
  exit 1
}

# The real path of the interpreter to copy.
find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if python=$("$candidate" -c 'import os, sys
print(os.path.realpath(sys.executable))
sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null); then
      return
    fi
  done
  fail "found no Python 3.11 to 3.13; install one, or name it: PYTHON=/path/to/python"
}

from_host=
case ${1:-} in
  '') ;;
  --from-host) from_host=yes ;;
  *) fail "'$1' is unknown; use --from-host or nothing" ;;
esac

command -v docker >/dev/null || fail "there is no docker command; install it, or run: scripts/docker_engine.sh install"
problem=$(docker version --format '{{.Server.Version}}' 2>&1 >/dev/null) ||
  fail "no Docker engine answers (${problem##*$'\n'}); start one, set DOCKER_HOST, or run: scripts/docker_engine.sh start"

if [[ -n $from_host ]]; then
  find_python
  source_of_image=$("$python" -c 'import sys; print(sys.version, sys.base_prefix)')
else
  source_of_image=$BASE
fi
stamp=$({ printf '%s\n' "$source_of_image" "${from_host:-dockerfile}"; cat "$requirements" "$root/docker/Dockerfile" "${BASH_SOURCE[0]}"; } | sha256sum | cut -c1-16)

if [[ $(docker image inspect --format '{{index .Config.Labels "replgym.stamp"}}' "$IMAGE" 2>/dev/null || true) == "$stamp" ]]; then
  say "ready: $IMAGE"
  exit 0
fi

build() {
  say "building $IMAGE from $BASE"
  docker build --tag "$IMAGE" --build-arg "BASE=$BASE" --build-arg "STAMP=$stamp" "$root/docker" ||
    fail "the build failed; where no registry can be reached, use: scripts/build_image.sh --from-host"
}

# Copies a file under its own path, unless Python's prefix holds it already.
copy() {
  [[ $1 == "$prefix"/* || -e $tree$1 ]] && return
  mkdir -p "$tree${1%/*}"
  cp -L "$1" "$tree$1"
}

copy_libraries() {
  {
    ldd "$python" "${programs[@]}" 2>/dev/null || true # some are scripts
    find "$tree$prefix/lib" -name '*.so*' -exec ldd {} + 2>/dev/null || true
  } | grep -o '/[^ ]*' | tr -d : | grep -v "^$tree" | sort -u | while read -r library; do
    if [[ -f $library ]]; then copy "$library"; fi
  done
  # What wheels expect of every system.
  ldconfig -p | awk '$1 == "libgcc_s.so.1" || $1 == "libstdc++.so.6" {print $NF}' | while read -r library; do
    copy "$library"
  done
}

copy_tools() {
  local name path
  programs=()
  mkdir -p "$tree/bin" "$tree/usr/bin"
  for name in "${TOOLS[@]}"; do
    if path=$(type -P "$name"); then
      programs+=("$path")
      cp -L "$path" "$tree/bin/$name"
    fi
  done
  ln -s /bin/env "$tree/usr/bin/env"
}

import_host() {
  local prefix version packages started=$SECONDS
  prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
  version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
  packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  say "building $IMAGE from $("$python" -V) of this machine"
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  mkdir -p "$tree$prefix/bin" "$tree"/{etc,tmp,proc,sys,dev,run,workspace}
  tar -C "$prefix" --exclude=site-packages --exclude=dist-packages --exclude=__pycache__ --exclude='*.a' \
    --exclude="lib/$version/test" --exclude="lib/$version/idlelib" -cf - "lib/$version" | tar -C "$tree$prefix" -xf -
  find "$prefix/lib" -maxdepth 1 -name 'libpython*.so*' -exec cp -P {} "$tree$prefix/lib" \;
  cp -L "$python" "$tree$prefix/bin/$version"
  ln -s "$version" "$tree$prefix/bin/python3"
  ln -s python3 "$tree$prefix/bin/python"
  copy_tools
  "$python" -m pip install --no-compile --disable-pip-version-check --root-user-action ignore \
    --target "$tree$packages" --requirement "$requirements" >"$tree/log" 2>&1 || { tail -n 15 "$tree/log" >&2; fail "pip failed"; }
  rm "$tree/log"
  copy_libraries
  "$python" -m compileall -q -j 0 -s "$tree" -p / "$tree$prefix/lib/$version" "$tree$packages" >/dev/null 2>&1 || true # some are for other Pythons
  printf 'root:x:0:0::/:/bin/sh\nkernel:x:10001:10001::/workspace:/bin/sh\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nkernel:x:10001:\n' >"$tree/etc/group"
  chmod 1777 "$tree/tmp"
  chmod -R a+rX "$tree"
  tar -C "$tree" --owner=0 --group=0 -cf - . | docker import --change "ENV PATH=$prefix/bin:/bin:/usr/bin" \
    --change 'USER 10001:10001' --change 'WORKDIR /workspace' --change "LABEL replgym.stamp=$stamp" - "$IMAGE" >/dev/null
  say "built $IMAGE ($(du -sm "$tree" | cut -f1) MB) in $((SECONDS - started)) s"
}

old=$(docker image inspect --format '{{.Id}}' "$IMAGE" 2>/dev/null || true)
if [[ -n $from_host ]]; then import_host; else build; fi
if [[ -n $old ]]; then docker image rm "$old" >/dev/null 2>&1 || true; fi # still in use, or still wanted as a cache
