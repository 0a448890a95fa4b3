#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need beside Go, git and make: a C compiler for the
# race detector. The lab fetches its own packages without installing them.
set -euo pipefail
command -v gcc >/dev/null && [ -e /usr/include/stdio.h ] && exit 0
[ "$(id -u)" = 0 ] || { echo "make test needs gcc, and root to install it" >&2; exit 1; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev
