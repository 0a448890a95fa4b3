#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lints the contract with Spectral; needs Node.js with npx. A warning fails too.
set -eu
cd "$(dirname "$0")"
exec npx --yes @stoplight/spectral-cli@6.16.3 lint --ruleset .spectral.yaml --fail-severity=hint site-to-cloud-vpn.yaml
