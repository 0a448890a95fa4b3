#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lints the contract with Spectral; needs Node.js with npx. A warning fails too.
set -eu
cd "$(dirname "$0")"
# Spectral finds the ruleset of OWASP beside itself, where npx put both.
exec npx --yes -p @stoplight/spectral-cli@6.16.3 -p @stoplight/spectral-owasp-ruleset@2.0.1 sh -c '
NODE_PATH="$(dirname "$(command -v spectral)")/.." exec spectral lint --ruleset .spectral.yaml --fail-severity=hint site-to-cloud-vpn.yaml'
