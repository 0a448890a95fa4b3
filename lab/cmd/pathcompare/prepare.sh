#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what pathcompare compiles: a C++ compiler, LEMON and Boost.
set -euo pipefail
packages=(g++ liblemon-dev libboost-graph-dev)
dpkg-query -W "${packages[@]}" >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] || { echo "make compare needs ${packages[*]}, and root to install them" >&2; exit 1; }
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
