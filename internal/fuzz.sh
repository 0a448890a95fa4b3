#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of both modules for the given time.
set -euo pipefail
cd "$(dirname "$0")/.."
time="${1:-30s}"
for module in . lab; do
	cd "$module"
	find . -name '*_test.go' -not -path './lab/*' -exec grep -HoE '^func Fuzz[A-Za-z0-9_]+' {} + | sort |
		while IFS=: read -r file target; do
			echo "== $module $file ${target#func }"
			# Minimising an interesting input may take longer than the run.
			go test -run '^$' -fuzz "^${target#func }\$" -fuzztime "$time" -fuzzminimizetime 10x "$(dirname "$file")"
		done
	cd - >/dev/null
done
