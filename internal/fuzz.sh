#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of both modules for the given time.
set -euo pipefail
cd "$(dirname "$0")/.."
time="${1:-30s}"
for module in . lab; do
	while IFS=: read -r file target; do
		echo "== $file $target"
		(cd "$module" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$(dirname "${file#"$module"/}")")
	done < <(cd "$module" && grep -rhoEH --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed -E 's#^\./##; s#:func #:#' | { [ "$module" = . ] && grep -v '^lab/' || cat; })
done
