#!/usr/bin/env bash
# Installs Chromium for the tests of the report, if there is no browser of that kind (Debian or Ubuntu, as root).
set -euo pipefail

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null; then
    exit 0
  fi
done
fail() {
  printf 'install_browser: %s\n' "$*" >&2
  exit 1
}
command -v apt-get >/dev/null || fail "only Debian and Ubuntu are supported; install Chromium by hand"
[[ $(id -u) == 0 ]] || fail "needs root; run it with sudo"
log=$(mktemp)
printf 'install_browser: installing chromium\n' >&2
if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; } >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  fail "apt-get failed; the whole log: $log"
fi
rm "$log"
