#!/usr/bin/env bash
# Installs what tests need and Python's registry does not have, where it is missing (Debian or Ubuntu, as root):
# Chromium for the pages of reports, and emulators of other processors.
set -euo pipefail

fail() {
  printf 'install_test_programs: %s\n' "$*" >&2
  exit 1
}

has_one_of() {
  local name
  for name in "$@"; do
    if command -v "$name" >/dev/null; then
      return
    fi
  done
  return 1
}

missing=()
has_one_of chromium chromium-browser google-chrome google-chrome-stable || missing+=(chromium)
has_one_of qemu-aarch64 || missing+=(qemu-user)
if [[ ${#missing[@]} == 0 ]]; then
  exit 0
fi
command -v apt-get >/dev/null || fail "only Debian and Ubuntu are supported; install by hand: ${missing[*]}"
[[ $(id -u) == 0 ]] || fail "needs root; run it with sudo"
log=$(mktemp)
printf 'install_test_programs: installing %s\n' "${missing[*]}" >&2
if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  fail "apt-get failed; the whole log: $log"
fi
rm "$log"
