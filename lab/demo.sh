#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a clean machine to a customer's working VPN: builds, boots the lab and
# plays the demo. Installs nothing and changes nothing of the machine's network:
# packages are unpacked below .lab/, and all that runs, runs in the lab.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "demo: $*" >&2; exit 1; }
began=$(date +%s)
phase() { echo "== $1 (after $(($(date +%s) - began)) s)"; }

[ "$(uname -s)" = Linux ] || fail "needs Linux, this is $(uname -s)"
[ "$(uname -m)" = x86_64 ] || fail "needs x86_64, this is $(uname -m)"
[ "$(id -u)" = 0 ] || fail "needs root: the lab makes network namespaces. Run: sudo make demo"
command -v apt-get >/dev/null || fail "needs apt: the lab's FRR and kernel come from Debian's or Ubuntu's packages"
command -v "${GO:-go}" >/dev/null || fail "needs Go 1.26 or newer in PATH"

phase "build"
make --no-print-directory build
phase "unpack FRR and the lab's kernel below .lab/"
bin/s2clab packages --into .lab/packages
phase "boot the lab and play the demo"
status=0
bin/s2clab demo --packages .lab/packages --results .lab/demo "$@" || status=$?
phase "done, exit $status"
exit "$status"
