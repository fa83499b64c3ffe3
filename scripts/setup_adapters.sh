#!/usr/bin/env bash
# Builds the environment in .adapters/NAME, where a framework is installed over the packages of .venv; a second run
# finds nothing to do.
#
#   scripts/setup_adapters.sh inspect|verifiers|trl
#
# OpenEnv stands beside verl. inspect_ai and verifiers want other versions of packages that both need, and verl fails
# to import where it finds TRL, so each of these has an environment of its own, which holds only what differs.
# VENV=/path/to/environment takes the rest from that one.
set -euo pipefail

readonly NAME=${1:-}
case $NAME in
  inspect) packages=(inspect_ai==0.3.285) ;;
  verifiers) packages=(verifiers==0.4.0) ;;
  trl) packages=(trl==1.16.0 jmespath==1.1.0) ;;
  *)
    printf "setup_adapters: '%s' is unknown; use one of: inspect, verifiers, trl\n" "$NAME" >&2
    exit 2
    ;;
esac
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root base=${VENV:-$root/.venv} packages
readonly venv=$root/.adapters/$NAME log=$root/.adapters/$NAME.log
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore

say() { printf 'setup_adapters: %s\n' "$*"; }

fail() {
  printf 'setup_adapters: %s\n' "$*" >&2
  exit 1
}

site_packages() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# What the environment was made from.
stamp() {
  "$base/bin/python" -V
  printf '%s\n%s\n' "$base" "$venv"
  cat "$root/scripts/setup_adapters.sh" "$root/pyproject.toml" | cksum
}

[[ -x $base/bin/python ]] || fail "there is no $base; run: scripts/setup.sh train"
mkdir -p "$root/.adapters"
exec 9>"$root/.adapters/$NAME.lock"
flock 9
if [[ -f $venv/.done && $(<"$venv/.done") == "$(stamp)" ]]; then
  say "ready: $venv"
  exit 0
fi
say "installing ${packages[*]}; log: $log"
rm -rf "$venv"
{
  "$base/bin/python" -m venv --without-pip "$venv"
  printf 'import site; site.addsitedir("%s")\n' "$(site_packages "$base")" >"$(site_packages "$venv")/base.pth"
  "$venv/bin/python" -m pip install --quiet --no-compile "${packages[@]}"
} >"$log" 2>&1 || {
  tail -n 15 "$log" >&2
  fail "$NAME cannot be installed; the whole log: $log"
}
stamp >"$venv/.done"
say "installed in $SECONDS s"
say "ready: $venv"
